//! Values that could be meant, from the names and shapes of the models.

use aws::Service;
use aws::call::Protocol;

use super::model::Leaf;

/// What a member's name says of its value: the kind of an id, as [`scene`] calls it.
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    const KINDS: &[(&str, &str)] = &[
        ("connectionnotificationid", "vpce-nfn"),
        ("vpcendpointid", "vpce"),
        ("serviceid", "vpce-svc"),
        ("securitygroupruleid", "sgr"),
        ("networkinterfaceid", "eni"),
        ("routetableid", "rtb"),
        ("networkaclid", "acl"),
        ("internetgatewayid", "igw"),
        ("natgatewayid", "nat"),
        ("allocationid", "eipalloc"),
        ("prefixlistid", "pl"),
        ("dhcpoptionsid", "dopt"),
        ("flowlogid", "fl"),
        ("insightspathid", "nip"),
        ("insightsanalysisid", "nia"),
        ("attachmentid", "eni-attach"),
        ("associationid", "rtbassoc"),
        ("gatewayid", "igw"),
        ("instanceid", "i"),
        ("subnetid", "subnet"),
        ("subnets", "subnet"),
        ("securitygroups", "sg"),
        ("groupid", "sg"),
        ("vpcid", "vpc"),
        ("resourceid", "vpc"),
        ("resources", "vpc"),
        ("loadbalancerarn", "loadbalancer"),
        ("targetgrouparn", "targetgroup"),
        ("listenerarn", "listener"),
        ("subscriptionarn", "subscription"),
        ("notificationarn", "topic"),
        ("topicarn", "topic"),
        ("rolearn", "role"),
        ("policysourcearn", "user"),
        ("policyarn", "policy"),
        ("resourcearn", "loadbalancer"),
        ("groups", "sg"),
    ];
    let name = name.to_lowercase();
    let name = name.trim_start_matches("add").trim_start_matches("remove");
    KINDS
        .iter()
        .find(|(part, _)| {
            name.trim_end_matches('s')
                .ends_with(part.trim_end_matches('s'))
        })
        .map(|(_, kind)| *kind)
}

/// An id of a kind that nothing has.
fn absent(service: Service, kind: &str) -> String {
    let elb = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
    match kind {
        "loadbalancer" if service == Service::Sns => absent(service, "topic"),
        "loadbalancer" => format!("{elb}:loadbalancer/net/gone/0123456789abcdef"),
        "targetgroup" => format!("{elb}:targetgroup/gone/0123456789abcdef"),
        "listener" => format!("{elb}:listener/net/gone/0123456789abcdef/0123456789abcdef"),
        "topic" => "arn:aws:sns:us-east-1:123456789012:gone".into(),
        "subscription" => {
            "arn:aws:sns:us-east-1:123456789012:gone:01234567-89ab-cdef-0123-456789abcdef".into()
        }
        "role" | "user" | "policy" => format!("arn:aws:iam::123456789012:{kind}/gone"),
        kind => format!("{kind}-0123456789abcdef0"),
    }
}

/// A value that could be meant: an id that nothing has, the first of an enumeration, a number.
pub(super) fn plausible(service: Service, leaf: &Leaf) -> String {
    if let Some(first) = &leaf.first {
        return first.clone();
    }
    match leaf.kind.as_str() {
        "integer" | "long" | "double" | "float" => "5".into(),
        "boolean" => "true".into(),
        "timestamp" if matches!(service.protocol(), Protocol::Form(_)) => {
            "2026-01-01T00:00:00.000Z".into()
        }
        "timestamp" => "1767225600".into(),
        "blob" => "AAAA".into(),
        _ => match kind_of(leaf.name()) {
            Some(kind) => absent(service, kind),
            None if leaf.name().contains("Cidr") => "10.5.0.0/16".into(),
            None if leaf.name().contains("Policy") && leaf.name().contains("Document") => {
                r#"{"Version":"2012-10-17","Statement":[]}"#.into()
            }
            None => "plain".into(),
        },
    }
}
