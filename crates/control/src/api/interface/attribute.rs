//! Attributes of interfaces, and what binds them to machines.

use aws::{Fault, ec2};
use model::id::AttachmentId;
use model::interface::{Interface, Role};
use model::world::{Claim, World};

use super::list::wire;
use super::{check_description, find_ref, find_workload, manager};
use crate::api::{Call, Decision, parse_id, security_group, unsupported};

/// Changes one attribute of a workload's interface.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyNetworkInterfaceAttributeRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ModifyNetworkInterfaceAttributeRequest {
        associate_public_ip_address,
        associated_subnet_ids,
        attachment,
        connection_tracking_specification,
        description,
        dry_run: _,
        ena_srd_specification,
        enable_primary_ipv6,
        groups,
        network_interface_id,
        source_dest_check,
    } = request;
    unsupported(&[
        (
            "AssociatePublicIpAddress",
            *associate_public_ip_address == Some(true),
        ),
        ("AssociatedSubnetId", !associated_subnet_ids.is_empty()),
        ("Attachment", attachment.is_some()),
        (
            "ConnectionTrackingSpecification",
            connection_tracking_specification.is_some(),
        ),
        ("EnaSrdSpecification", ena_srd_specification.is_some()),
        ("EnablePrimaryIpv6", *enable_primary_ipv6 == Some(true)),
    ])?;
    let known = find_workload(world, call, network_interface_id, "change")?;
    let mut interface = Interface::clone(known);
    let check = source_dest_check.as_ref().and_then(|check| check.value);
    let note = description.as_ref().map(|note| note.value.as_deref());
    let given = [
        note.is_some(),
        !groups.is_empty(),
        check.is_some(),
        *associate_public_ip_address == Some(false),
        *enable_primary_ipv6 == Some(false),
    ];
    match given.iter().filter(|given| **given).count() {
        1 => {}
        0 => {
            return Err(Fault::bad_request(
                "MissingParameter",
                "The request must contain the parameter Description, SecurityGroupId or SourceDestCheck",
            ));
        }
        _ => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "Only one attribute can be modified with one call; make a call for each",
            ));
        }
    }
    if let Some(check) = check {
        interface.source_check = check;
    }
    if let Some(note) = note {
        interface.description = check_description(note)?;
    }
    if !groups.is_empty() {
        let vpc = world.vpc(call.account, interface.vpc);
        let vpc = vpc.ok_or_else(|| Fault::internal(format!("{} has no VPC", interface.id)))?;
        interface.groups = security_group::groups_of_vpc(world, call, vpc, groups)?;
    }
    Ok(Decision {
        reply: (),
        changes: vec![interface.into()],
    })
}

/// Puts the one attribute that has a default back to it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetNetworkInterfaceAttribute.html>
pub(crate) fn reset(
    world: &World,
    call: &Call,
    request: &ec2::ResetNetworkInterfaceAttributeRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ResetNetworkInterfaceAttributeRequest {
        dry_run: _,
        network_interface_id,
        source_dest_check,
    } = request;
    let known = find_workload(world, call, network_interface_id, "change")?;
    if source_dest_check.is_none() {
        return Err(Fault::missing("SourceDestCheck"));
    }
    let mut interface = Interface::clone(known);
    interface.source_check = true;
    Ok(Decision {
        reply: (),
        changes: vec![interface.into()],
    })
}

/// An interface that is not its owner's to touch.
pub(super) fn managed(interface: &Interface, by: &str, verb: &str) -> Fault {
    Fault::bad_request(
        "OperationNotPermitted",
        format!(
            "The network interface '{}' is managed by {by}; {verb} that instead",
            interface.id
        ),
    )
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaceAttribute.html>
pub(crate) fn describe_attribute(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNetworkInterfaceAttributeRequest,
) -> Result<ec2::DescribeNetworkInterfaceAttributeResult, Fault> {
    let ec2::DescribeNetworkInterfaceAttributeRequest {
        attribute,
        dry_run: _,
        network_interface_id,
    } = request;
    let interface = find_ref(world, call, network_interface_id)?;
    let listed = wire(world, call, interface);
    let attribute = attribute.as_deref();
    let attribute = attribute.ok_or_else(|| Fault::missing("Attribute"))?;
    let mut result = ec2::DescribeNetworkInterfaceAttributeResult {
        network_interface_id: listed.network_interface_id,
        ..ec2::DescribeNetworkInterfaceAttributeResult::default()
    };
    match attribute {
        "description" => {
            result.description = Some(ec2::AttributeValue {
                value: listed.description,
            });
        }
        "groupSet" => result.groups = listed.groups,
        "sourceDestCheck" => {
            result.source_dest_check = Some(ec2::AttributeBooleanValue {
                value: listed.source_dest_check,
            });
        }
        "attachment" => result.attachment = listed.attachment,
        "associatePublicIpAddress" => result.associate_public_ip_address = Some(false),
        other => {
            let why = format!(
                "give one of {}",
                ec2::NetworkInterfaceAttribute::ALL.join(", ")
            );
            return Err(Fault::invalid_value("Attribute", other, &why));
        }
    }
    Ok(result)
}

/// There are no instances to attach to.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachNetworkInterface.html>
pub(crate) fn attach(
    world: &World,
    call: &Call,
    request: &ec2::AttachNetworkInterfaceRequest,
) -> Result<Decision<ec2::AttachNetworkInterfaceResult>, Fault> {
    let ec2::AttachNetworkInterfaceRequest {
        device_index: _, // of the instance that is not there
        dry_run: _,
        ena_queue_count: _,
        ena_srd_specification: _,
        instance_id,
        network_card_index: _,
        network_interface_id,
    } = request;
    let interface = find_workload(world, call, network_interface_id, "use")?;
    let digits = instance_id.strip_prefix("i-").unwrap_or_default();
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if ![8, 17].contains(&digits.len()) || !digits.bytes().all(hex) {
        return Err(Fault::bad_request(
            "InvalidInstanceID.Malformed",
            format!("Invalid id: \"{instance_id}\" (expecting \"i-...\")"),
        ));
    }
    Err(Fault::bad_request(
        "InvalidInstanceID.NotFound",
        format!(
            "The instance ID '{instance_id}' does not exist: Ginnel has no instances; bind the interface to a network namespace with: ginnel attach {} NAMESPACE",
            interface.id
        ),
    ))
}

/// Takes an interface back from the namespace that `ginnel attach` bound it to.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachNetworkInterface.html>
pub(crate) fn detach(
    world: &World,
    call: &Call,
    request: &ec2::DetachNetworkInterfaceRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DetachNetworkInterfaceRequest {
        attachment_id: text,
        dry_run: _,
        force: _, // detaching never waits for the workload
    } = request;
    let absent = || {
        Fault::bad_request(
            "InvalidAttachmentID.NotFound",
            format!(
                "The attachment '{text}' does not exist; DescribeNetworkInterfaces lists those that do"
            ),
        )
    };
    if let Some(digits) = text.strip_prefix("ela-attach-") {
        let id = format!("eni-{digits}").parse().ok();
        let found = id.and_then(|id| world.interface(call.account, id));
        let by = found.and_then(|found| Some((found, manager(world, found)?)));
        let (interface, by) = by.ok_or_else(absent)?;
        return Err(managed(interface, &by, "delete"));
    }
    let id: AttachmentId = parse_id("AttachmentID", text)?;
    let found = world.claimant::<Interface>(Claim::Attachment(id));
    let found = found.filter(|interface| interface.owner == call.account);
    let mut interface = Interface::clone(found.ok_or_else(absent)?);
    if let Role::Workload { attachment, .. } = &mut interface.role {
        *attachment = None;
    }
    Ok(Decision {
        reply: (),
        changes: vec![interface.into()],
    })
}

#[cfg(test)]
mod tests;
