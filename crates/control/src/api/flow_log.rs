//! Flow logs: stored, checked and listed. The host delivers their records, and says where that
//! fails.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::flow_log::{Destination, FlowLog, Traffic, Watched};
use model::id::FlowLogId;
use model::world::{Change, Name, World};

use super::endpoint_wire::unsuccessful;
use super::page::page;
use super::{
    Call, Decision, filter, interface, not_found, parse_id, subnet, tags, unsupported, vpc,
};

mod destination;
mod format;

/// The stem of flow log ids in error codes.
const STEM: &str = "FlowLogId";
/// Resources and ids of one call: a commit holds so many changes.
const MAX_IDS: usize = 100;
/// Why nothing arrives without a data plane.
const NO_PACKETS: &str =
    "No packets flow here (ginnel up --no-dataplane), so there is nothing to record";

/// Makes a flow log for each resource; those that cannot have one are told one by one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateFlowLogsRequest,
) -> Result<Decision<ec2::CreateFlowLogsResult>, Fault> {
    let ec2::CreateFlowLogsRequest {
        client_token,
        deliver_cross_account_role,
        deliver_logs_permission_arn,
        destination_options,
        dry_run: _,
        log_destination,
        log_destination_type,
        log_format,
        log_group_name,
        max_aggregation_interval,
        resource_ids,
        resource_type,
        tag_specifications,
        traffic_type,
    } = request;
    let (operation, token) = ("CreateFlowLogs", client_token.as_deref());
    unsupported(&[(
        "DeliverCrossAccountRole",
        deliver_cross_account_role.is_some(),
    )])?;
    check_count("ResourceId", resource_ids)?;
    let kind = ResourceKind::parse(resource_type)?;
    let mut once: Vec<&String> = Vec::new();
    for text in resource_ids {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    let (mut watched, mut failed) = (Vec::new(), Vec::new());
    for text in once {
        match kind.find(world, call, text) {
            Ok(found) => watched.push((text, found)),
            Err(fault) => failed.push(unsuccessful(text, fault)),
        }
    }
    let reply = |ids: Vec<String>| ec2::CreateFlowLogsResult {
        client_token: client_token.clone(),
        flow_log_ids: ids,
        unsuccessful: failed.clone(),
    };
    if let Some(ids) = call.replayed(world, operation, token, request)? {
        let ids = ids.split(',').map(str::to_owned).collect();
        return Ok(Decision::unchanged(reply(ids)));
    }
    let destination = destination::read(&destination::Wanted {
        kind: log_destination_type.as_deref(),
        arn: log_destination.as_deref(),
        group: log_group_name.as_deref(),
        role: deliver_logs_permission_arn.as_deref(),
        options: destination_options.as_ref(),
    })?;
    let traffic = traffic(traffic_type.as_deref())?;
    let format = format::read(log_format.as_deref())?;
    let interval_seconds = interval(*max_aggregation_interval)?;
    let tags = tags::on_create(tag_specifications, "vpc-flow-log")?;
    let mut made = Vec::new();
    for (text, watched) in watched {
        let mut others = world.mentioning::<FlowLog>(watched);
        let twin = others.find(|other| other.destination.is_same_place(&destination));
        if let Some(other) = twin {
            return Err(Fault::bad_request(
                "FlowLogAlreadyExists",
                format!(
                    "The flow log '{}' of '{text}' goes to the same log destination; delete it first, or give another destination",
                    other.id
                ),
            ));
        }
        made.push(FlowLog {
            id: call.id(),
            owner: call.account,
            watched,
            traffic,
            destination: destination.clone(),
            format: format.clone(),
            interval_seconds,
            created: call.now,
            tags: tags.clone(),
        });
    }
    let ids: Vec<String> = made.iter().map(|made| made.id.to_string()).collect();
    let mut changes: Vec<Change> = made.into_iter().map(Change::from).collect();
    if !changes.is_empty() {
        changes.extend(call.remember(operation, token, request, &ids.join(",")));
    }
    Ok(Decision {
        reply: reply(ids),
        changes,
    })
}

fn check_count(parameter: &str, ids: &[String]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Err(Fault::missing(parameter));
    }
    if ids.len() > MAX_IDS {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!("{parameter} has {} values; give 1 to {MAX_IDS}", ids.len()),
        ));
    }
    Ok(())
}

/// What can be watched.
#[derive(Clone, Copy)]
enum ResourceKind {
    Vpc,
    Subnet,
    Interface,
}

impl ResourceKind {
    fn parse(text: &str) -> Result<Self, Fault> {
        let ours = ["VPC", "Subnet", "NetworkInterface"];
        let theirs = ec2::FlowLogsResourceType::ALL.contains(&text) && !ours.contains(&text);
        let name = format!("ResourceType={text} (give one of {})", ours.join(", "));
        unsupported(&[(&name, theirs)])?;
        match text {
            "VPC" => Ok(Self::Vpc),
            "Subnet" => Ok(Self::Subnet),
            "NetworkInterface" => Ok(Self::Interface),
            other => Err(Fault::invalid_value(
                "ResourceType",
                other,
                "give VPC, Subnet or NetworkInterface",
            )),
        }
    }

    /// The caller's thing of this kind.
    fn find(self, world: &World, call: &Call, text: &str) -> Result<Watched, Fault> {
        Ok(match self {
            Self::Vpc => Watched::Vpc(vpc::find_ref(world, call, text)?.id),
            Self::Subnet => Watched::Subnet(subnet::find_ref(world, call, text)?.id),
            Self::Interface => Watched::Interface(interface::find_ref(world, call, text)?.id),
        })
    }
}

/// A parameter that does not go with the others: flow logs have a code of their own for this.
fn mismatch(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidParameter", message)
}

fn traffic(text: Option<&str>) -> Result<Traffic, Fault> {
    match text {
        Some("ACCEPT") => Ok(Traffic::Accept),
        Some("REJECT") => Ok(Traffic::Reject),
        Some("ALL") => Ok(Traffic::All),
        Some(other) => Err(Fault::invalid_value(
            "TrafficType",
            other,
            "give ACCEPT, REJECT or ALL",
        )),
        None => Err(Fault::missing("TrafficType")),
    }
}

fn interval(seconds: Option<i32>) -> Result<u32, Fault> {
    match seconds {
        None | Some(600) => Ok(600),
        Some(60) => Ok(60),
        Some(other) => Err(mismatch(format!(
            "Value ({other}) for parameter MaxAggregationInterval is invalid: give 60 or 600"
        ))),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFlowLogs.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeFlowLogsRequest,
) -> Result<ec2::DescribeFlowLogsResult, Fault> {
    let ec2::DescribeFlowLogsRequest {
        dry_run: _,
        filter: filters,
        flow_log_ids,
        max_results,
        next_token,
    } = request;
    let names = [
        "deliver-log-status",
        "flow-log-id",
        "log-destination-type",
        "log-group-name",
        "resource-id",
        "traffic-type",
    ];
    filter::known(filters, &names)?;
    let mut mine: Vec<&Arc<FlowLog>> = if flow_log_ids.is_empty() {
        world.owned(call.account).collect()
    } else {
        flow_log_ids
            .iter()
            .map(|text| find(world, call, text))
            .collect::<Result<_, _>>()?
    };
    mine.sort_by_key(|log| log.id);
    mine.dedup_by_key(|log| log.id);
    let mine = mine.into_iter().map(|log| (log, wire(call, log))).collect();
    let values = |(_, listed): &(&Arc<FlowLog>, ec2::FlowLog), name: &str| {
        let value = match name {
            "deliver-log-status" => &listed.deliver_logs_status,
            "flow-log-id" => &listed.flow_log_id,
            "log-destination-type" => &listed.log_destination_type,
            "log-group-name" => &listed.log_group_name,
            "resource-id" => &listed.resource_id,
            "traffic-type" => &listed.traffic_type,
            _ => return None,
        };
        Some(value.iter().cloned().collect())
    };
    let found = filter::apply(mine, filters, values, |(log, _)| Some(&log.tags))?;
    let (given, next_token) = page(
        found,
        |(log, _)| log.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        !flow_log_ids.is_empty(),
    )?;
    Ok(ec2::DescribeFlowLogsResult {
        flow_logs: given.into_iter().map(|(_, listed)| listed).collect(),
        next_token,
    })
}

/// Removes flow logs; those that are not there are told one by one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFlowLogs.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteFlowLogsRequest,
) -> Result<Decision<ec2::DeleteFlowLogsResult>, Fault> {
    let ec2::DeleteFlowLogsRequest {
        dry_run: _,
        flow_log_ids,
    } = request;
    check_count("FlowLogId", flow_log_ids)?;
    let (mut failed, mut going) = (Vec::new(), Vec::new());
    for text in flow_log_ids {
        match find(world, call, text) {
            Ok(log) if going.contains(&log.id) => {}
            Ok(log) => going.push(log.id),
            Err(fault) => failed.push(unsuccessful(text, fault)),
        }
    }
    let going = going.into_iter();
    Ok(Decision {
        reply: ec2::DeleteFlowLogsResult {
            unsuccessful: failed,
        },
        changes: going.map(|id| Change::Remove(Name::FlowLog(id))).collect(),
    })
}

/// The caller's flow log with this id.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<FlowLog>, Fault> {
    let id: FlowLogId = parse_id(STEM, text)?;
    world
        .flow_log(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

fn wire(call: &Call, log: &FlowLog) -> ec2::FlowLog {
    let failure = if call.report.dataplane {
        call.report.undelivered.get(&log.id).cloned()
    } else {
        Some(NO_PACKETS.into())
    };
    let mut listed = ec2::FlowLog {
        creation_time: Some(super::iso(log.created)),
        deliver_logs_status: Some(
            if failure.is_some() {
                "FAILED"
            } else {
                "SUCCESS"
            }
            .into(),
        ),
        deliver_logs_error_message: failure,
        flow_log_id: Some(log.id.to_string()),
        flow_log_status: Some("ACTIVE".into()),
        log_format: Some(log.format.clone()),
        max_aggregation_interval: i32::try_from(log.interval_seconds).ok(),
        resource_id: Some(match log.watched {
            Watched::Vpc(id) => id.to_string(),
            Watched::Subnet(id) => id.to_string(),
            Watched::Interface(id) => id.to_string(),
        }),
        tags: tags::ec2(&log.tags),
        traffic_type: Some(
            match log.traffic {
                Traffic::Accept => "ACCEPT",
                Traffic::Reject => "REJECT",
                Traffic::All => "ALL",
            }
            .into(),
        ),
        ..ec2::FlowLog::default()
    };
    match &log.destination {
        Destination::LogGroup { name, role } => {
            listed.deliver_logs_permission_arn = Some(role.clone());
            listed.log_destination_type = Some("cloud-watch-logs".into());
            listed.log_group_name = Some(name.clone());
            // Terraform replaces a flow log whose destination it does not see again.
            let group = format!("log-group:{name}");
            listed.log_destination = Some(call.arn_of("logs", log.owner, &group));
        }
        Destination::Bucket {
            arn,
            parquet,
            hive,
            hourly,
        } => {
            listed.log_destination_type = Some("s3".into());
            listed.log_destination = Some(arn.clone());
            let file_format = if *parquet { "parquet" } else { "plain-text" };
            listed.destination_options = Some(ec2::DestinationOptionsResponse {
                file_format: Some(file_format.into()),
                hive_compatible_partitions: Some(*hive),
                per_hour_partition: Some(*hourly),
            });
        }
    }
    listed
}

#[cfg(test)]
mod tests;
