//! Reachability Analyzer: would a connection arrive, and if not, what is in its way. The walk
//! itself is `plan::reach`; an answer is stored as it was given.

mod wire;

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::{InsightsAnalysisId, InsightsPathId};
use model::insights::{Analysis, Destination, Hop, Obstacle, Path};
use model::world::{Change, World};
use plan::reach::{Question, Walk, reach};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::page::page;
use super::{Call, Decision, endpoint, filter, interface, not_found, parse_id, tags, unsupported};

/// Stems of ids in error codes.
const PATH_STEM: &str = "NetworkInsightsPathId";
const ANALYSIS_STEM: &str = "NetworkInsightsAnalysisId";
/// AWS's limits of an account.
const MAX_PATHS: usize = 100;
const MAX_ANALYSES: usize = 1_000;

const CREATE: &str = "CreateNetworkInsightsPath";
const START: &str = "StartNetworkInsightsAnalysis";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInsightsPath.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateNetworkInsightsPathRequest,
) -> Result<Decision<ec2::CreateNetworkInsightsPathResult>, Fault> {
    let ec2::CreateNetworkInsightsPathRequest {
        client_token,
        destination,
        destination_ip,
        destination_port,
        dry_run: _,
        filter_at_destination,
        filter_at_source,
        protocol,
        source,
        source_ip,
        tag_specifications,
    } = request;
    unsupported(&[
        ("FilterAtDestination", filter_at_destination.is_some()),
        ("FilterAtSource", filter_at_source.is_some()),
        ("SourceIp", source_ip.is_some()),
    ])?;
    let reply = |path: &Path| ec2::CreateNetworkInsightsPathResult {
        network_insights_path: Some(wire::path(call, path)),
    };
    if let Some(earlier) = call.replayed(world, CREATE, Some(client_token), request)? {
        let path = find_path(world, call, &earlier)?;
        return Ok(Decision::unchanged(reply(path)));
    }
    let have = world.owned::<Path>(call.account).count();
    check_count("paths", have, MAX_PATHS)?;
    let path = Path {
        id: call.id(),
        owner: call.account,
        source: interface::find_ref(world, call, last_part("Source", source, "eni-")?)?.id,
        destination: read_destination(
            world,
            call,
            destination.as_deref(),
            destination_ip.as_deref(),
        )?,
        protocol: match protocol.as_str() {
            "tcp" => 6,
            "udp" => 17,
            other => return Err(Fault::invalid_value("Protocol", other, "give tcp or udp")),
        },
        port: destination_port.map(read_port).transpose()?,
        created: call.now,
        tags: tags::on_create(tag_specifications, "network-insights-path")?,
    };
    let reply = reply(&path);
    let remembered = call.remember(CREATE, Some(client_token), request, &path.id);
    let mut changes = vec![path.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

fn check_count(what: &str, have: usize, most: usize) -> Result<(), Fault> {
    if have < most {
        return Ok(());
    }
    Err(Fault::bad_request(
        "ResourceLimitExceeded",
        format!("The account has {have} of {most} network insights {what}; delete some first"),
    ))
}

fn read_port(port: i32) -> Result<u16, Fault> {
    u16::try_from(port)
        .map_err(|_| Fault::invalid_value("DestinationPort", &port.to_string(), "give 0 to 65535"))
}

/// An id, alone or at the end of an ARN.
fn last_part<'a>(name: &str, text: &'a str, prefix: &str) -> Result<&'a str, Fault> {
    let id = if text.starts_with("arn:") {
        text.rsplit('/').next().unwrap_or_default()
    } else {
        text
    };
    if id.starts_with(prefix) {
        return Ok(id);
    }
    Err(Fault::invalid_value(
        name,
        text,
        &format!("give an id or ARN that begins with {prefix}"),
    ))
}

fn read_destination(
    world: &World,
    call: &Call,
    thing: Option<&str>,
    ip: Option<&str>,
) -> Result<Destination, Fault> {
    match (thing, ip) {
        (Some(text), None) => {
            if let Ok(id) = last_part("Destination", text, "vpce-") {
                return Ok(Destination::Endpoint(endpoint::find(world, call, id)?.id));
            }
            let id = last_part("Destination", text, "eni-").map_err(|_| {
                Fault::invalid_value(
                    "Destination",
                    text,
                    "give the id or ARN of a VPC endpoint or a network interface",
                )
            })?;
            let found = interface::find_ref(world, call, id)?;
            Ok(Destination::Interface(found.id))
        }
        (None, Some(ip)) => ip.parse().map(Destination::Address).map_err(|_| {
            Fault::invalid_value(
                "DestinationIp",
                ip,
                "give an IPv4 address of the source's VPC",
            )
        }),
        (None, None) => Err(Fault::missing("Destination")),
        (Some(_), Some(_)) => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "Destination and DestinationIp do not go together; leave one out",
        )),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInsightsPaths.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNetworkInsightsPathsRequest,
) -> Result<ec2::DescribeNetworkInsightsPathsResult, Fault> {
    let ec2::DescribeNetworkInsightsPathsRequest {
        dry_run: _,
        filters,
        max_results,
        network_insights_path_ids,
        next_token,
    } = request;
    filter::known(
        filters,
        &["destination", "destination-port", "protocol", "source"],
    )?;
    let mine: Vec<&Arc<Path>> = if network_insights_path_ids.is_empty() {
        world.owned(call.account).collect()
    } else {
        named(network_insights_path_ids, |text| {
            find_path(world, call, text)
        })?
    };
    let values = |path: &&Arc<Path>, name: &str| {
        let listed = wire::path(call, path);
        let one = match name {
            "destination" => listed.destination.or(listed.destination_ip),
            "destination-port" => listed.destination_port.map(|port| port.to_string()),
            "protocol" => listed.protocol,
            "source" => listed.source,
            _ => return None,
        };
        Some(one.into_iter().collect())
    };
    let found = filter::apply(mine, filters, values, |path| Some(&path.tags))?;
    let (given, next_token) = page(
        found,
        |path| path.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 100),
        !network_insights_path_ids.is_empty(),
    )?;
    Ok(ec2::DescribeNetworkInsightsPathsResult {
        network_insights_paths: given.into_iter().map(|it| wire::path(call, it)).collect(),
        next_token,
    })
}

/// The things with these ids, each once, in order.
fn named<'a, T: PartialEq>(
    ids: &[String],
    find: impl Fn(&str) -> Result<&'a Arc<T>, Fault>,
) -> Result<Vec<&'a Arc<T>>, Fault> {
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().map(|text| find(text)).collect()
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInsightsPath.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNetworkInsightsPathRequest,
) -> Result<Decision<ec2::DeleteNetworkInsightsPathResult>, Fault> {
    let ec2::DeleteNetworkInsightsPathRequest {
        dry_run: _,
        network_insights_path_id,
    } = request;
    let path = find_path(world, call, network_insights_path_id)?;
    let blockers = world.needing::<Analysis>(path.id);
    let blockers: Vec<String> = blockers.map(|it| it.id.to_string()).collect();
    if !blockers.is_empty() {
        return Err(Fault::bad_request(
            "AnalysisExistsForNetworkInsightsPath",
            format!(
                "The path '{}' has analyses; delete {} first",
                path.id,
                blockers.join(", ")
            ),
        ));
    }
    Ok(Decision {
        reply: ec2::DeleteNetworkInsightsPathResult {
            network_insights_path_id: Some(path.id.to_string()),
        },
        changes: vec![Change::Remove(path.id.into())],
    })
}

/// Answers at once: the analysis has succeeded when the call returns.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartNetworkInsightsAnalysis.html>
pub(crate) fn start(
    world: &World,
    call: &Call,
    request: &ec2::StartNetworkInsightsAnalysisRequest,
) -> Result<Decision<ec2::StartNetworkInsightsAnalysisResult>, Fault> {
    let ec2::StartNetworkInsightsAnalysisRequest {
        additional_accounts,
        client_token,
        dry_run: _,
        filter_in_arns,
        filter_out_arns,
        network_insights_path_id,
        tag_specifications,
    } = request;
    unsupported(&[
        ("AdditionalAccount", !additional_accounts.is_empty()),
        ("FilterInArn", !filter_in_arns.is_empty()),
        ("FilterOutArn", !filter_out_arns.is_empty()),
    ])?;
    let reply = |analysis: &Analysis| ec2::StartNetworkInsightsAnalysisResult {
        network_insights_analysis: Some(wire::analysis(world, call, analysis)),
    };
    if let Some(earlier) = call.replayed(world, START, Some(client_token), request)? {
        let analysis = find_analysis(world, call, &earlier)?;
        return Ok(Decision::unchanged(reply(analysis)));
    }
    let path = find_path(world, call, network_insights_path_id)?;
    let have = world.owned::<Analysis>(call.account).count();
    check_count("analyses", have, MAX_ANALYSES)?;
    let walk = reach(world, &question(world, call, path)?).map_err(|refused| {
        Fault::bad_request(
            "UnsupportedOperation",
            format!("{refused}; give an endpoint, one of its network interfaces or its address as the path's destination"),
        )
    })?;
    let Walk { hops, obstacles } = visible(world, call, walk);
    let analysis = Analysis {
        id: call.id(),
        owner: call.account,
        path: path.id,
        started: call.now,
        hops,
        obstacles,
        tags: tags::on_create(tag_specifications, "network-insights-analysis")?,
    };
    let reply = reply(&analysis);
    let remembered = call.remember(START, Some(client_token), request, &analysis.id);
    let mut changes = vec![analysis.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

/// What a path asks, if its ends are still there.
fn question<'a>(world: &'a World, call: &Call, path: &Path) -> Result<Question<'a>, Fault> {
    let interface = |id| {
        let found = world.interface(call.account, id);
        found.ok_or_else(|| not_found(interface::STEM, id))
    };
    match path.destination {
        Destination::Endpoint(id) => {
            world
                .endpoint(call.account, id)
                .ok_or_else(|| not_found(endpoint::STEM, id))?;
        }
        Destination::Interface(id) => {
            interface(id)?;
        }
        Destination::Address(_) => {}
    }
    Ok(Question {
        source: interface(path.source)?,
        destination: path.destination,
        protocol: path.protocol,
        port: path.port,
    })
}

/// A walk without what another account has: its load balancers and targets have no names here.
fn visible(world: &World, call: &Call, walk: Walk) -> Walk {
    let mine = |id| world.load_balancer(call.account, id).is_some();
    let hops = walk.hops.into_iter().filter(|hop| match hop {
        Hop::Balancer { balancer, .. } => mine(*balancer),
        Hop::Target { interface, .. } => world.interface(call.account, *interface).is_some(),
        Hop::Interface(_) | Hop::Rule { .. } | Hop::Endpoint(_) => true,
    });
    let obstacles = walk.obstacles.into_iter().map(|obstacle| match obstacle {
        Obstacle::NoListener { balancer, port } => Obstacle::NoListener {
            balancer: balancer.filter(|(id, _)| mine(*id)),
            port,
        },
        Obstacle::NoTarget {
            balancer,
            registered,
        } => {
            let balancer = balancer.filter(|(id, _)| mine(*id));
            Obstacle::NoTarget {
                registered: balancer.as_ref().map_or(0, |_| registered),
                balancer,
            }
        }
        other @ (Obstacle::SourceNotAttached(_)
        | Obstacle::NoRoute(_)
        | Obstacle::EndpointClosed { .. }
        | Obstacle::NoBalancerInZone { .. }
        | Obstacle::NotAdmitted { .. }) => other,
    });
    Walk {
        hops: hops.collect(),
        obstacles: obstacles.collect(),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInsightsAnalyses.html>
pub(crate) fn describe_analyses(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNetworkInsightsAnalysesRequest,
) -> Result<ec2::DescribeNetworkInsightsAnalysesResult, Fault> {
    let ec2::DescribeNetworkInsightsAnalysesRequest {
        analysis_end_time,
        analysis_start_time,
        dry_run: _,
        filters,
        max_results,
        network_insights_analysis_ids,
        network_insights_path_id,
        next_token,
    } = request;
    filter::known(filters, &["path-found", "status"])?;
    let from = read_time("AnalysisStartTime", analysis_start_time.as_deref())?;
    let until = read_time("AnalysisEndTime", analysis_end_time.as_deref())?;
    let path = network_insights_path_id.as_deref();
    let path = path.map(|text| find_path(world, call, text)).transpose()?;
    let mut mine: Vec<&Arc<Analysis>> = if network_insights_analysis_ids.is_empty() {
        match path {
            Some(path) => world.needing(path.id).collect(),
            None => world.owned(call.account).collect(),
        }
    } else {
        named(network_insights_analysis_ids, |text| {
            find_analysis(world, call, text)
        })?
    };
    mine.retain(|it| {
        path.is_none_or(|path| path.id == it.path)
            && from.is_none_or(|from| it.started.0 >= from)
            && until.is_none_or(|until| it.started.0 <= until)
    });
    let values = |analysis: &&Arc<Analysis>, name: &str| {
        Some(vec![match name {
            "path-found" => analysis.is_found().to_string(),
            "status" => wire::SUCCEEDED.to_owned(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |it| Some(&it.tags))?;
    let (given, next_token) = page(
        found,
        |it| it.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 100),
        !network_insights_analysis_ids.is_empty(),
    )?;
    let given = given.into_iter();
    Ok(ec2::DescribeNetworkInsightsAnalysesResult {
        network_insights_analyses: given.map(|it| wire::analysis(world, call, it)).collect(),
        next_token,
    })
}

/// Milliseconds since 1970 of an ISO 8601 time.
fn read_time(name: &str, text: Option<&str>) -> Result<Option<i64>, Fault> {
    let read = |text: &str| {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Fault::invalid_value(name, text, "give a time such as 2026-01-01T00:00:00Z")
        })?;
        Ok(i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    };
    text.map(read).transpose()
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInsightsAnalysis.html>
pub(crate) fn delete_analysis(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNetworkInsightsAnalysisRequest,
) -> Result<Decision<ec2::DeleteNetworkInsightsAnalysisResult>, Fault> {
    let ec2::DeleteNetworkInsightsAnalysisRequest {
        dry_run: _,
        network_insights_analysis_id,
    } = request;
    let analysis = find_analysis(world, call, network_insights_analysis_id)?;
    Ok(Decision {
        reply: ec2::DeleteNetworkInsightsAnalysisResult {
            network_insights_analysis_id: Some(analysis.id.to_string()),
        },
        changes: vec![Change::Remove(analysis.id.into())],
    })
}

/// The caller's path with this id.
pub(crate) fn find_path<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Path>, Fault> {
    let id: InsightsPathId = parse_id(PATH_STEM, text)?;
    let found = world.insights_paths.get(&id);
    found
        .filter(|found| found.owner == call.account)
        .ok_or_else(|| not_found(PATH_STEM, id))
}

/// The caller's analysis with this id.
pub(crate) fn find_analysis<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Analysis>, Fault> {
    let id: InsightsAnalysisId = parse_id(ANALYSIS_STEM, text)?;
    let found = world.insights_analyses.get(&id);
    found
        .filter(|found| found.owner == call.account)
        .ok_or_else(|| not_found(ANALYSIS_STEM, id))
}

#[cfg(test)]
mod tests;
