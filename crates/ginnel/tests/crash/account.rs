//! What an account holds, as flat records that can be compared, and that each is whole.

use std::collections::{BTreeMap, BTreeSet};

use aws::Service;

use crate::caller::{Answer, Caller, Parameter};
use crate::xml::Node;

/// The fields of an object; of a set (tags, rules, groups) each member is a field.
pub(crate) type Fields = BTreeMap<String, String>;

/// All objects by their ids, without those that AWS makes along with others.
pub(crate) type Things = BTreeMap<String, Fields>;

/// Looks at everything; an object that is half made fails the test. Nothing while an endpoint's
/// deletion is not finished: that goes on between the calls.
pub(crate) fn look(caller: &Caller) -> Option<Things> {
    let describe = |action: &str, list: &str| -> Vec<Node> {
        let body = caller.must(Service::Ec2, action, &[]);
        body.list(list).to_vec()
    };
    let endpoints = describe("DescribeVpcEndpoints", "vpcEndpointSet");
    let leaves = |endpoint: &Node| endpoint.text("state").eq_ignore_ascii_case("deleting");
    if endpoints.iter().any(leaves) {
        return None;
    }
    let mut things = Things::new();
    let mut add = |node: &Node, id: &str, kind: &str, fields: &[(&str, &str)]| {
        let mut record: Fields = fields.iter().map(|(n, v)| field(n, node.text(v))).collect();
        record.extend([field("kind", kind)]);
        record.extend(sets(node));
        things.insert(node.text(id).to_owned(), record);
    };
    let vpcs = describe("DescribeVpcs", "vpcSet");
    for vpc in &vpcs {
        add(vpc, "vpcId", "vpc", &[("cidr", "cidrBlock")]);
    }
    for subnet in describe("DescribeSubnets", "subnetSet") {
        let fields = [
            ("vpc", "vpcId"),
            ("cidr", "cidrBlock"),
            ("zone", "availabilityZone"),
            ("public", "mapPublicIpOnLaunch"),
        ];
        add(&subnet, "subnetId", "subnet", &fields);
    }
    let mut defaults = Vec::new();
    for group in describe("DescribeSecurityGroups", "securityGroupInfo") {
        if group.text("groupName") == "default" {
            defaults.push(group.text("vpcId").to_owned());
        } else {
            let fields = [("vpc", "vpcId"), ("name", "groupName")];
            add(&group, "groupId", "group", &fields);
        }
    }
    let interfaces = describe("DescribeNetworkInterfaces", "networkInterfaceSet");
    for eni in &interfaces {
        if eni.text("interfaceType") == "interface" {
            let fields = [("vpc", "vpcId"), ("subnet", "subnetId")];
            add(eni, "networkInterfaceId", "interface", &fields);
        }
    }
    for endpoint in &endpoints {
        add(endpoint, "vpcEndpointId", "endpoint", &[("vpc", "vpcId")]);
    }
    let services = describe(
        "DescribeVpcEndpointServiceConfigurations",
        "serviceConfigurationSet",
    );
    for service in &services {
        let fields = [("accept", "acceptanceRequired")];
        add(service, "serviceId", "service", &fields);
    }

    for vpc in &vpcs {
        let id = vpc.text("vpcId");
        let hostnames = [("VpcId", id), ("Attribute", "enableDnsHostnames")].map(owned);
        let told = caller.must(Service::Ec2, "DescribeVpcAttribute", &hostnames);
        let hostnames = told.find("value").unwrap_or_default();
        things
            .get_mut(id)
            .unwrap()
            .extend([field("dns", hostnames)]);
    }
    for service in &services {
        let id = service.text("serviceId");
        let action = "DescribeVpcEndpointServicePermissions";
        let told = caller.must(Service::Ec2, action, &[owned(("ServiceId", id))]);
        let principals = told.list("allowedPrincipals").iter();
        let principals = principals.map(|one| format!("principal:{}", one.text("principal")));
        things
            .get_mut(id)
            .unwrap()
            .extend(principals.map(|name| (name, String::new())));
    }
    let ids = |nodes: &[Node], id: &str| -> Vec<String> {
        let mut all: Vec<_> = nodes.iter().map(|node| node.text(id).to_owned()).collect();
        all.sort();
        all
    };
    defaults.sort();
    let all = ids(&vpcs, "vpcId");
    assert_eq!(defaults, all, "one default group a VPC");
    for (action, list, is_default) in [
        (
            "DescribeNetworkAcls",
            "networkAclSet",
            is_default_acl as fn(&Node) -> bool,
        ),
        ("DescribeRouteTables", "routeTableSet", is_main_table),
    ] {
        if let Some(mut found) = made_along(caller, action, list) {
            found.retain(is_default);
            assert_eq!(ids(&found, "vpcId"), all, "{action}: one default a VPC");
        }
    }
    check_endpoints(&endpoints, &interfaces);
    check_places(&things);
    Some(things)
}

fn is_default_acl(acl: &Node) -> bool {
    acl.text("default") == "true"
}

fn is_main_table(table: &Node) -> bool {
    let mut associations = table.list("associationSet").iter();
    associations.any(|association| association.text("main") == "true")
}

/// Objects of a kind that this version may not have yet.
fn made_along(caller: &Caller, action: &str, list: &str) -> Option<Vec<Node>> {
    match caller.call(Service::Ec2, action, &[]) {
        Answer::Done { body, .. } => Some(body.list(list).to_vec()),
        Answer::Refused { code, .. } if code == "UnsupportedOperation" => None,
        other => panic!("{action}: {other:?}"),
    }
}

/// An endpoint has all its ENIs, in its subnets and with its groups, and no ENI is left over.
fn check_endpoints(endpoints: &[Node], interfaces: &[Node]) {
    const OF: &str = "VPC Endpoint Interface ";
    let mut of: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for eni in interfaces {
        if let Some(endpoint) = eni.text("description").strip_prefix(OF) {
            of.entry(endpoint).or_default().push(eni);
        }
    }
    let groups = |node: &Node| -> BTreeSet<String> {
        let groups = node.list("groupSet").iter();
        groups
            .map(|group| group.text("groupId").to_owned())
            .collect()
    };
    for endpoint in endpoints {
        let id = endpoint.text("vpcEndpointId");
        let mine = of.remove(id).unwrap_or_default();
        for (list, member) in [
            ("networkInterfaceIdSet", "networkInterfaceId"),
            ("subnetIdSet", "subnetId"),
        ] {
            let named: BTreeSet<&str> = endpoint.list(list).iter().map(Node::own).collect();
            let found: BTreeSet<&str> = mine.iter().map(|eni| eni.text(member)).collect();
            assert!(
                named == found && !found.is_empty(),
                "{endpoint:?} with {mine:?}"
            );
        }
        for eni in mine {
            assert_eq!(groups(eni), groups(endpoint), "{endpoint:?} and {eni:?}");
        }
    }
    assert!(of.is_empty(), "ENIs of no endpoint: {of:?}");
}

/// Nothing is in a place that is not there.
fn check_places(things: &Things) {
    for (id, fields) in things {
        let named = fields
            .iter()
            .filter_map(|(name, value)| match name.as_str() {
                "vpc" | "subnet" => Some(value.as_str()),
                _ => name
                    .strip_prefix("in-subnet:")
                    .or_else(|| name.strip_prefix("group:")),
            });
        for place in named {
            assert!(
                things.contains_key(place),
                "{id} is in {place}, which is not there"
            );
        }
    }
}

/// Tags, groups, subnets and rules.
fn sets(node: &Node) -> Fields {
    let mut fields = Fields::new();
    for tag in node.list("tagSet") {
        fields.extend([field(
            &format!("tag:{}", tag.text("key")),
            tag.text("value"),
        )]);
    }
    for group in node.list("groupSet") {
        fields.extend([field(&format!("group:{}", group.text("groupId")), "")]);
    }
    for subnet in node.list("subnetIdSet") {
        fields.extend([field(&format!("in-subnet:{}", subnet.own()), "")]);
    }
    for (list, way) in [("ipPermissions", "in"), ("ipPermissionsEgress", "out")] {
        for permission in node.list(list) {
            for range in permission.list("ipRanges") {
                let (protocol, port) = (permission.text("ipProtocol"), permission.text("fromPort"));
                fields.extend([rule(way, protocol, port, range.text("cidrIp"))]);
            }
        }
    }
    fields
}

/// A security group's rule as a field.
pub(crate) fn rule(way: &str, protocol: &str, port: &str, cidr: &str) -> (String, String) {
    field(&format!("{way}:{protocol}/{port}/{cidr}"), "")
}

/// A field from its name and value.
pub(crate) fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// A parameter from its name and value.
pub(crate) fn owned((name, value): (&str, &str)) -> Parameter {
    (name.to_owned(), value.to_owned())
}
