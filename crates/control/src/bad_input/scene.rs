//! One account's things, of every noun, each with a secret in it.

use std::collections::BTreeMap;

use aws::Service;

use super::door::Door;
use super::form_body;
use crate::open::FirstKey;

/// In every name, tag and description that the owner chooses.
pub(super) const SECRET: &str = "hushhush";

/// What the owner makes, in order: service, operation, parameters. `{vpc}` is the last id with
/// that beginning that an answer told, `{lb}` the last load balancer's ARN, and so on. What is
/// refused as unsupported is left out.
const THINGS: &[(Service, &str, &str)] = &[
    (
        Service::Ec2,
        "CreateVpc",
        "CidrBlock=10.77.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=hushhush&TagSpecification.1.Tag.1.Value=hushhush",
    ),
    (
        Service::Ec2,
        "CreateSubnet",
        "VpcId={vpc}&CidrBlock=10.77.5.0/24&AvailabilityZone=us-east-1a",
    ),
    (
        Service::Ec2,
        "CreateTags",
        "ResourceId.1={subnet}&Tag.1.Key=hushhush&Tag.1.Value=hushhush",
    ),
    (Service::Ec2, "DescribeSecurityGroups", ""),
    (Service::Ec2, "DescribeNetworkAcls", ""),
    (
        Service::Ec2,
        "CreateSecurityGroup",
        "VpcId={vpc}&GroupName=hushhush&GroupDescription=hushhush",
    ),
    (
        Service::Ec2,
        "AuthorizeSecurityGroupIngress",
        "GroupId={sg}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443&IpPermissions.1.IpRanges.1.CidrIp=10.77.0.0/16&IpPermissions.1.IpRanges.1.Description=hushhush",
    ),
    (
        Service::Ec2,
        "CreateNetworkInterface",
        "SubnetId={subnet}&PrivateIpAddress=10.77.5.10&Description=hushhush&SecurityGroupId.1={sg}",
    ),
    (
        Service::Ec2,
        "AssignPrivateIpAddresses",
        "NetworkInterfaceId={eni}&SecondaryPrivateIpAddressCount=1",
    ),
    (Service::Ec2, "CreateRouteTable", "VpcId={vpc}"),
    (
        Service::Ec2,
        "AssociateRouteTable",
        "RouteTableId={rtb}&SubnetId={subnet}",
    ),
    (
        Service::Ec2,
        "CreateRoute",
        "RouteTableId={rtb}&DestinationCidrBlock=10.78.0.0/16&NetworkInterfaceId={eni}",
    ),
    (Service::Ec2, "CreateNetworkAcl", "VpcId={vpc}"),
    (
        Service::Ec2,
        "CreateNetworkAclEntry",
        "NetworkAclId={acl}&RuleNumber=100&Protocol=6&RuleAction=allow&Egress=false&CidrBlock=10.77.0.0/16&PortRange.From=1&PortRange.To=2",
    ),
    (Service::Ec2, "CreateInternetGateway", ""),
    (
        Service::Ec2,
        "AttachInternetGateway",
        "InternetGatewayId={igw}&VpcId={vpc}",
    ),
    (
        Service::Ec2,
        "CreateVpcPeeringConnection",
        "VpcId={vpc}&PeerVpcId={vpc}&TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=hushhush&TagSpecification.1.Tag.1.Value=hushhush",
    ),
    (Service::Ec2, "AllocateAddress", "Domain=vpc"),
    (
        Service::Ec2,
        "AssociateAddress",
        "AllocationId={eipalloc}&NetworkInterfaceId={eni}",
    ),
    (Service::Ec2, "AllocateAddress", ""),
    (
        Service::Ec2,
        "CreateNatGateway",
        "SubnetId={subnet}&AllocationId={eipalloc}",
    ),
    (
        Service::Ec2,
        "CreateManagedPrefixList",
        "PrefixListName=hushhush&MaxEntries=3&AddressFamily=IPv4&Entry.1.Cidr=10.77.0.0/16&Entry.1.Description=hushhush",
    ),
    (
        Service::Ec2,
        "AuthorizeSecurityGroupEgress",
        "GroupId={sg}&IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=8&IpPermissions.1.ToPort=-1&IpPermissions.1.PrefixListIds.1.PrefixListId={pl}&IpPermissions.1.PrefixListIds.1.Description=hushhush",
    ),
    (
        Service::Ec2,
        "CreateDhcpOptions",
        "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=hushhush.example",
    ),
    (
        Service::Ec2,
        "CreateFlowLogs",
        "ResourceId.1={vpc}&ResourceType=VPC&TrafficType=ALL&LogDestinationType=s3&LogDestination=arn:aws:s3:::hushhush",
    ),
    (
        Service::Ec2,
        "CreateNetworkInsightsPath",
        "Source={eni}&Destination={eni}&Protocol=tcp&ClientToken=hushhush",
    ),
    (
        Service::Elbv2,
        "CreateLoadBalancer",
        "Name=hushhush&Type=network&Scheme=internal&Subnets.member.1={subnet}",
    ),
    (
        Service::Elbv2,
        "CreateTargetGroup",
        "Name=hushhush&Protocol=TCP&Port=80&TargetType=ip&VpcId={vpc}",
    ),
    (
        Service::Elbv2,
        "RegisterTargets",
        "TargetGroupArn={targetgroup}&Targets.member.1.Id=10.77.5.10",
    ),
    (
        Service::Elbv2,
        "CreateListener",
        "LoadBalancerArn={loadbalancer}&Protocol=TCP&Port=80&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={targetgroup}",
    ),
    (
        Service::Elbv2,
        "AddTags",
        "ResourceArns.member.1={loadbalancer}&Tags.member.1.Key=hushhush&Tags.member.1.Value=hushhush",
    ),
    (
        Service::Ec2,
        "CreateVpcEndpointServiceConfiguration",
        "NetworkLoadBalancerArn.1={loadbalancer}&AcceptanceRequired=false",
    ),
    (
        Service::Ec2,
        "CreateTags",
        "ResourceId.1={vpce-svc}&Tag.1.Key=hushhush&Tag.1.Value=hushhush",
    ),
    (
        Service::Ec2,
        "ModifyVpcEndpointServicePermissions",
        "ServiceId={vpce-svc}&AddAllowedPrincipals.1=arn:aws:iam::{account}:root",
    ),
    (
        Service::Ec2,
        "CreateVpcEndpoint",
        "VpcEndpointType=Interface&VpcId={vpc}&ServiceName=com.amazonaws.vpce.us-east-1.{vpce-svc}&SubnetId.1={subnet}&SecurityGroupId.1={sg}&TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=hushhush&TagSpecification.1.Tag.1.Value=hushhush",
    ),
    (Service::Sns, "CreateTopic", "Name=hushhush"),
    (
        Service::Sns,
        "Subscribe",
        "TopicArn={topic}&Protocol=https&Endpoint=https://hushhush.example/x&ReturnSubscriptionArn=true",
    ),
    (
        Service::Ec2,
        "CreateVpcEndpointConnectionNotification",
        "ServiceId={vpce-svc}&ConnectionNotificationArn={topic}&ConnectionEvents.1=Accept",
    ),
    (Service::Iam, "CreateUser", "UserName=hushhush"),
    (Service::Iam, "CreateAccessKey", "UserName=hushhush"),
    (Service::Iam, "CreateGroup", "GroupName=hushhush"),
    (
        Service::Iam,
        "CreateRole",
        "RoleName=hushhush&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A{account}%3Aroot%22%7D%7D%5D%7D",
    ),
    (
        Service::Iam,
        "CreatePolicy",
        "PolicyName=hushhush&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22ec2%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D",
    ),
];

/// The ids of the things, by kind: `vpc`, `loadbalancer`.
#[derive(Debug, Default)]
pub(super) struct Ids(pub(super) BTreeMap<String, Vec<String>>);

impl Ids {
    /// The newest of a kind.
    pub(super) fn last(&self, kind: &str) -> Option<&str> {
        self.0.get(kind)?.last().map(String::as_str)
    }

    /// Every id.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }

    /// Takes every id of the owner's that an answer tells.
    fn learn(&mut self, owner: &str, text: &str) {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || "-:/._".contains(c));
        for word in text.split(ends).filter(|word| !word.is_empty()) {
            if let Some(kind) = kind_of(owner, word) {
                let known = self.0.entry(kind).or_default();
                if !known.iter().any(|it| it == word) {
                    known.push(word.to_owned());
                }
            }
        }
    }
}

/// The kind of an id; `None` of what is none.
fn kind_of(owner: &str, word: &str) -> Option<String> {
    if let Some(arn) = word.strip_prefix("arn:aws:") {
        let mut parts = arn.splitn(4, ':');
        let (service, _, account, resource) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        return match (service, account == owner) {
            (_, false) => None,
            ("sns", true) if resource.contains(':') => Some("subscription".into()),
            ("sns", true) => Some("topic".into()),
            ("iam", true) if resource == "root" => None,
            ("iam" | "elasticloadbalancing", true) => Some(resource.split('/').next()?.to_owned()),
            _ => None,
        };
    }
    let (kind, digits) = word.rsplit_once('-')?;
    let hex = digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && kind
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
    .then(|| kind.to_owned())
}

/// Makes everything that this version can make.
pub(super) fn furnish(door: &Door, who: &FirstKey) -> Ids {
    let mut ids = Ids::default();
    for (service, operation, parameters) in THINGS {
        let mut text = parameters.replace("{account}", &who.account);
        let mut missing = false;
        while let Some((before, rest)) = text.split_once('{') {
            let (kind, after) = rest.split_once('}').unwrap();
            let Some(id) = ids.last(kind) else {
                missing = true;
                break;
            };
            text = format!("{before}{id}{after}");
        }
        if missing {
            continue;
        }
        let body = form_body(*service, operation, &text);
        let answer = door.call(who, *service, operation, body.as_bytes());
        let unsupported = answer.body.contains("<Code>UnsupportedOperation</Code>");
        assert!(
            answer.status == 200 || unsupported,
            "{operation} {text}: {answer:?}"
        );
        ids.learn(&who.account, &answer.body);
    }
    for kind in [
        "vpc",
        "subnet",
        "sg",
        "eni",
        "vpce",
        "vpce-svc",
        "loadbalancer",
    ] {
        assert!(ids.last(kind).is_some(), "the scene has no {kind}: {ids:?}");
    }
    ids
}
