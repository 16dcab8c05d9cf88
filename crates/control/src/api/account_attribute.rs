//! What an account may do, in EC2's old words.

use aws::{Fault, ec2};
use model::world::World;

use super::{Call, quota};

/// The attributes, in AWS's order.
const ATTRIBUTES: [&str; 6] = [
    "supported-platforms",
    "vpc-max-security-groups-per-interface",
    "max-elastic-ips",
    "max-instances",
    "vpc-max-elastic-ips",
    "default-vpc",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAccountAttributes.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeAccountAttributesRequest,
) -> Result<ec2::DescribeAccountAttributesResult, Fault> {
    let ec2::DescribeAccountAttributesRequest {
        attribute_names,
        dry_run: _,
    } = request;
    let mut asked = attribute_names.iter();
    if let Some(other) = asked.find(|name| !ATTRIBUTES.contains(&name.as_str())) {
        let why = format!("the attributes are {}", ATTRIBUTES.join(", "));
        return Err(Fault::invalid_value("AttributeName", other, &why));
    }
    let wanted = |name: &&str| {
        attribute_names.is_empty() || attribute_names.iter().any(|asked| asked == name)
    };
    let attributes = ATTRIBUTES.into_iter().filter(wanted).map(|name| {
        let value = value(world, call, name);
        ec2::AccountAttribute {
            attribute_name: Some(name.into()),
            attribute_values: vec![ec2::AccountAttributeValue {
                attribute_value: Some(value),
            }],
        }
    });
    Ok(ec2::DescribeAccountAttributesResult {
        account_attributes: attributes.collect(),
    })
}

fn value(world: &World, call: &Call, name: &str) -> String {
    let quota = |quota| call.quotas.value(quota).to_string();
    match name {
        "supported-platforms" => "VPC".into(),
        "vpc-max-security-groups-per-interface" => quota(&quota::GROUPS_PER_INTERFACE),
        "max-elastic-ips" | "vpc-max-elastic-ips" => quota(&quota::ADDRESSES),
        // AWS's default; there are no instances here.
        "max-instances" => "20".into(),
        _ => {
            let vpc = world.default_vpc(call.account);
            vpc.map_or_else(|| "none".into(), |vpc| vpc.id.to_string())
        }
    }
}

#[cfg(test)]
mod tests;
