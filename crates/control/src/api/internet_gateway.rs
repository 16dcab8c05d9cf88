//! Internet gateways.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::Address;
use model::id::InternetGatewayId;
use model::internet_gateway::InternetGateway;
use model::nat_gateway::NatGateway;
use model::world::{Change, Name, World};

use super::page::page;
use super::{Call, Decision, filter, not_found, parse_id, quota, refusal, select, tags, vpc};

/// The stem of internet gateway ids in error codes.
pub(crate) const STEM: &str = "InternetGatewayID";
/// The same in error codes of routes.
pub(crate) const GATEWAY_STEM: &str = "GatewayID";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateInternetGatewayRequest,
) -> Result<Decision<ec2::CreateInternetGatewayResult>, Fault> {
    let ec2::CreateInternetGatewayRequest {
        dry_run: _,
        tag_specifications,
    } = request;
    let gateway = InternetGateway {
        id: call.id(),
        owner: call.account,
        vpc: None,
        tags: tags::on_create(tag_specifications, "internet-gateway")?,
    };
    call.check_quota(
        &quota::INTERNET_GATEWAYS,
        world.owned::<InternetGateway>(call.account).count(),
        "InternetGatewayLimitExceeded",
        &format!("The account {}", call.account),
    )?;
    Ok(Decision {
        reply: ec2::CreateInternetGatewayResult {
            internet_gateway: Some(wire(&gateway)),
        },
        changes: vec![gateway.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html>
pub(crate) fn attach(
    world: &World,
    call: &Call,
    request: &ec2::AttachInternetGatewayRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::AttachInternetGatewayRequest {
        dry_run: _,
        internet_gateway_id,
        vpc_id,
    } = request;
    let gateway = find_ref(world, call, internet_gateway_id)?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    if let Some(there) = gateway.vpc {
        return Err(Fault::bad_request(
            "Resource.AlreadyAssociated",
            format!(
                "resource {} is already attached to network {there}; detach it first",
                gateway.id
            ),
        ));
    }
    if let Some(there) = world.internet_gateway_of(vpc.id) {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "Network {} already has an internet gateway attached: {}",
                vpc.id, there.id
            ),
        ));
    }
    let mut gateway = InternetGateway::clone(gateway);
    gateway.vpc = Some(vpc.id);
    Ok(Decision {
        reply: (),
        changes: vec![gateway.into()],
    })
}

/// Detaches a gateway; routes to it are black holes from then on.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html>
pub(crate) fn detach(
    world: &World,
    call: &Call,
    request: &ec2::DetachInternetGatewayRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DetachInternetGatewayRequest {
        dry_run: _,
        internet_gateway_id,
        vpc_id,
    } = request;
    let gateway = find_ref(world, call, internet_gateway_id)?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    if gateway.vpc != Some(vpc.id) {
        return Err(Fault::bad_request(
            "Gateway.NotAttached",
            format!(
                "resource {} is not attached to network {}",
                gateway.id, vpc.id
            ),
        ));
    }
    let nats = world.needing::<NatGateway>(vpc.id);
    let public = nats.filter(|nat| nat.address.is_some());
    let public = public.map(|nat| format!("delete {}", nat.id));
    let given = world.needing::<Address>(vpc.id);
    let given = given.map(|address| format!("disassociate {} ({})", address.id, address.ip));
    let public: Vec<String> = public.chain(given).collect();
    if !public.is_empty() {
        return Err(Fault::bad_request(
            "DependencyViolation",
            format!(
                "Network {} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway: {} first",
                vpc.id,
                public.join(", ")
            ),
        ));
    }
    let mut gateway = InternetGateway::clone(gateway);
    gateway.vpc = None;
    Ok(Decision {
        reply: (),
        changes: vec![gateway.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInternetGateways.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeInternetGatewaysRequest,
) -> Result<ec2::DescribeInternetGatewaysResult, Fault> {
    let ec2::DescribeInternetGatewaysRequest {
        dry_run: _,
        filters,
        internet_gateway_ids: ids,
        max_results,
        next_token,
    } = request;
    let names = [
        "attachment.state",
        "attachment.vpc-id",
        "internet-gateway-id",
        "owner-id",
    ];
    filter::known(filters, &names)?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, ids, find, filters, "attachment.vpc-id")?;
    let values = |gateway: &&Arc<InternetGateway>, name: &str| {
        let attachment = gateway.vpc.into_iter();
        Some(match name {
            "attachment.state" => attachment.map(|_| "available".to_owned()).collect(),
            "attachment.vpc-id" => attachment.map(|vpc| vpc.to_string()).collect(),
            "internet-gateway-id" => vec![gateway.id.to_string()],
            "owner-id" => vec![gateway.owner.to_string()],
            _ => return None,
        })
    };
    let found = filter::apply(mine, filters, values, |gateway| Some(&gateway.tags))?;
    let (given, next_token) = page(
        found,
        |gateway| gateway.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !ids.is_empty(),
    )?;
    Ok(ec2::DescribeInternetGatewaysResult {
        internet_gateways: given.into_iter().map(|gateway| wire(gateway)).collect(),
        next_token,
    })
}

/// Removes a gateway that is not attached.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteInternetGateway.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteInternetGatewayRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteInternetGatewayRequest {
        dry_run: _,
        internet_gateway_id,
    } = request;
    let gateway = find_ref(world, call, internet_gateway_id)?;
    let id = gateway.id;
    let attached = gateway.vpc.into_iter();
    let mut blockers: Vec<String> = attached
        .map(|vpc| format!("its attachment to '{vpc}'"))
        .collect();
    let others = world.dependents(id);
    blockers.extend(others.map(|name| refusal::blocker(world, name)));
    refusal::dependency(&format!("The internetGateway '{id}'"), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::InternetGateway(id))],
    })
}

/// The caller's gateway with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<InternetGateway>, Fault> {
    let id: InternetGatewayId = parse_id(STEM, text)?;
    world
        .internet_gateway(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// A gateway as EC2 lists it.
fn wire(gateway: &InternetGateway) -> ec2::InternetGateway {
    let attachments = gateway.vpc.into_iter();
    ec2::InternetGateway {
        attachments: attachments
            .map(|vpc| ec2::InternetGatewayAttachment {
                state: Some("available".into()),
                vpc_id: Some(vpc.to_string()),
            })
            .collect(),
        internet_gateway_id: Some(gateway.id.to_string()),
        owner_id: Some(gateway.owner.to_string()),
        tags: tags::ec2(&gateway.tags),
    }
}

#[cfg(test)]
mod tests;
