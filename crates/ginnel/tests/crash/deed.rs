//! What a client does next: a call that must succeed, and what it changes in the client's book.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};

use crate::account::{Fields, Things, field, owned, rule};
use crate::caller::Parameter;
use crate::xml::Node;

/// A call.
#[derive(Debug)]
pub(crate) struct Deed {
    pub(crate) action: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    effect: Effect,
}

#[derive(Debug)]
enum Effect {
    /// A new object with these fields; the answer has its id in the element.
    Make {
        element: &'static str,
        fields: Fields,
    },
    /// Fields of objects get a value, or go.
    Change(Vec<(String, String, Option<String>)>),
    /// Objects go.
    Remove(Vec<String>),
}

const NAME: &str = "tag:Name";

impl Deed {
    /// The id of what was made, from the answer.
    pub(crate) fn made(&self, answer: &Node) -> Option<String> {
        match &self.effect {
            Effect::Make { element, .. } => Some(answer.find(element).unwrap().to_owned()),
            _ => None,
        }
    }

    /// The id of what was made, from a look at the account: names are unique.
    pub(crate) fn made_in(&self, seen: &Things) -> Option<String> {
        let Effect::Make { fields, .. } = &self.effect else {
            return None;
        };
        let mut named = seen
            .iter()
            .filter(|(_, it)| it.get(NAME) == fields.get(NAME));
        named.next().map(|(id, _)| id.clone())
    }

    /// Whether it makes something.
    pub(crate) fn makes(&self) -> bool {
        matches!(self.effect, Effect::Make { .. })
    }

    /// Writes the call's effect into a book.
    pub(crate) fn apply(&self, book: &mut Things, made: Option<&str>) {
        match &self.effect {
            Effect::Make { fields, .. } => {
                if let Some(id) = made {
                    book.insert(id.to_owned(), fields.clone());
                }
            }
            Effect::Change(changes) => {
                for (id, name, value) in changes {
                    let fields = book.get_mut(id).unwrap();
                    match value {
                        Some(value) => fields.insert(name.clone(), value.clone()),
                        None => fields.remove(name),
                    };
                }
            }
            Effect::Remove(ids) => {
                for id in ids {
                    book.remove(id).unwrap();
                }
            }
        }
    }
}

/// Chooses calls that must succeed.
pub(crate) struct Planner {
    rng: StdRng,
    count: u32,
    /// What stays: the VPC, the subnets and the service of the beginning.
    fixed: BTreeSet<String>,
    service: String,
    /// VPCs in which an endpoint may still be leaving.
    busy: BTreeSet<String>,
}

/// Calls by kind; the more often a kind stands here, the more often it is chosen.
const KINDS: [fn(&mut Planner, &Things) -> Option<Deed>; 20] = [
    Planner::make_vpc,
    Planner::make_subnet,
    Planner::make_subnet,
    Planner::make_group,
    Planner::make_group,
    Planner::make_interface,
    Planner::make_endpoint,
    Planner::make_endpoint,
    Planner::allow,
    Planner::allow,
    Planner::revoke,
    Planner::tag,
    Planner::untag,
    Planner::switch,
    Planner::switch,
    Planner::modify_endpoint,
    Planner::modify_endpoint,
    Planner::principals,
    Planner::remove,
    Planner::remove_endpoints,
];

impl Planner {
    pub(crate) fn new(rng: StdRng) -> Self {
        Self {
            rng,
            count: 0,
            fixed: BTreeSet::new(),
            service: String::new(),
            busy: BTreeSet::new(),
        }
    }

    /// Endpoints lead to this service; nothing of `fixed` is removed.
    pub(crate) fn settle_in(&mut self, fixed: BTreeSet<String>, service: String) {
        (self.fixed, self.service) = (fixed, service);
    }

    /// No endpoint is leaving any more.
    pub(crate) fn rest(&mut self) {
        self.busy.clear();
    }

    /// The next call.
    pub(crate) fn plan(&mut self, book: &Things) -> Deed {
        loop {
            let kind = KINDS.choose(&mut self.rng).unwrap();
            if let Some(deed) = kind(self, book) {
                return deed;
            }
        }
    }

    /// A creation, with a name that nothing else has.
    fn make(
        &mut self,
        action: &'static str,
        element: &'static str,
        tagged: &str,
        parameters: Vec<Parameter>,
        mut fields: Fields,
    ) -> Deed {
        self.count += 1;
        let name = format!("made-{}", self.count);
        let mut parameters = parameters;
        parameters.extend(
            [
                ("TagSpecification.1.ResourceType", tagged),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", &name),
                ("TagSpecification.1.Tag.2.Key", "k1"),
                ("TagSpecification.1.Tag.2.Value", "of old"),
            ]
            .map(owned),
        );
        fields.extend([field(NAME, &name), field("tag:k1", "of old")]);
        Deed {
            action,
            parameters,
            effect: Effect::Make { element, fields },
        }
    }

    fn make_vpc(&mut self, book: &Things) -> Option<Deed> {
        // AWS's quota is five.
        if of_kind(book, "vpc").count() >= 4 {
            return None;
        }
        let cidr = format!("10.{}.0.0/16", self.rng.random_range(1..200));
        let fields = [
            field("kind", "vpc"),
            field("cidr", &cidr),
            field("dns", "false"),
        ];
        let parameters = vec![owned(("CidrBlock", &cidr))];
        Some(self.make("CreateVpc", "vpcId", "vpc", parameters, fields.into()))
    }

    fn make_subnet(&mut self, book: &Things) -> Option<Deed> {
        let vpc = self.any_of(book, "vpc")?;
        let third = self.rng.random_range(0..250);
        let cidr = book[&vpc]["cidr"].replace("0.0/16", &format!("{third}.0/24"));
        let others: Vec<&Fields> = inside(book, "subnet", &vpc).map(|(_, it)| it).collect();
        if others.len() >= 6 || others.iter().any(|other| other["cidr"] == cidr) {
            return None;
        }
        let zones = of_kind(book, "subnet").map(|(_, fields)| &fields["zone"]);
        let zone = zones.choose(&mut self.rng)?.clone();
        let fields = [
            field("kind", "subnet"),
            field("vpc", &vpc),
            field("cidr", &cidr),
            field("zone", &zone),
            field("public", "false"),
        ];
        let parameters = [
            ("VpcId", vpc.as_str()),
            ("CidrBlock", &cidr),
            ("AvailabilityZone", &zone),
        ];
        let parameters = parameters.map(owned).into();
        Some(self.make(
            "CreateSubnet",
            "subnetId",
            "subnet",
            parameters,
            fields.into(),
        ))
    }

    fn make_group(&mut self, book: &Things) -> Option<Deed> {
        let vpc = self.any_of(book, "vpc")?;
        if inside(book, "group", &vpc).count() >= 4 {
            return None;
        }
        let name = format!("group-{}", self.count + 1);
        let fields = [
            field("kind", "group"),
            field("vpc", &vpc),
            field("name", &name),
            rule("out", "-1", "", "0.0.0.0/0"),
        ];
        let parameters = [
            ("VpcId", vpc.as_str()),
            ("GroupName", &name),
            ("GroupDescription", "of a client"),
        ];
        let parameters = parameters.map(owned).into();
        let action = "CreateSecurityGroup";
        Some(self.make(
            action,
            "groupId",
            "security-group",
            parameters,
            fields.into(),
        ))
    }

    fn make_interface(&mut self, book: &Things) -> Option<Deed> {
        let group = self.any_of(book, "group")?;
        let vpc = &book[&group]["vpc"];
        let subnets = inside(book, "subnet", vpc).map(|(id, _)| id);
        let subnet = subnets.choose(&mut self.rng)?;
        if inside(book, "interface", vpc).count() >= 4 {
            return None;
        }
        let fields = [
            field("kind", "interface"),
            field("vpc", vpc),
            field("subnet", subnet),
            field(&format!("group:{group}"), ""),
        ];
        let parameters = [("SubnetId", subnet), ("SecurityGroupId.1", &group)];
        let parameters = parameters.map(|(name, value)| field(name, value)).into();
        Some(self.make(
            "CreateNetworkInterface",
            "networkInterfaceId",
            "network-interface",
            parameters,
            fields.into(),
        ))
    }

    /// With an ENI in each of one to three subnets.
    fn make_endpoint(&mut self, book: &Things) -> Option<Deed> {
        let group = self.any_of(book, "group")?;
        let vpc = &book[&group]["vpc"];
        let most = self.rng.random_range(1..=3);
        let subnets = self.zonal(book, vpc, &BTreeSet::new(), most);
        if subnets.is_empty() || of_kind(book, "endpoint").count() >= 6 {
            return None;
        }
        let mut fields = Fields::from([
            field("kind", "endpoint"),
            field("vpc", vpc),
            field(&format!("group:{group}"), ""),
        ]);
        let mut parameters = vec![
            field("VpcEndpointType", "Interface"),
            field("ServiceName", &self.service),
            field("VpcId", vpc),
            field("SecurityGroupId.1", &group),
        ];
        parameters.extend(listed("SubnetId", &subnets));
        let sets = subnets.iter().map(|id| format!("in-subnet:{id}"));
        fields.extend(sets.map(|name| (name, String::new())));
        let action = "CreateVpcEndpoint";
        Some(self.make(action, "vpcEndpointId", "vpc-endpoint", parameters, fields))
    }

    /// At most so many subnets of a VPC, each in a zone of its own and none in `without`.
    fn zonal(
        &mut self,
        book: &Things,
        vpc: &str,
        without: &BTreeSet<&String>,
        most: usize,
    ) -> Vec<String> {
        let mut zones = without.clone();
        let all = inside(book, "subnet", vpc);
        let mut all = all.sample(&mut self.rng, usize::MAX);
        all.retain(|(_, fields)| zones.insert(&fields["zone"]));
        all.into_iter()
            .take(most)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Subnets and groups in one call.
    fn modify_endpoint(&mut self, book: &Things) -> Option<Deed> {
        let id = self.any_of(book, "endpoint")?;
        let (old, vpc) = (&book[&id], &book[&id]["vpc"]);
        let subnets = members(old, "in-subnet:");
        let zones = subnets.iter().map(|id| &book[id]["zone"]).collect();
        let added = self.zonal(book, vpc, &zones, 1);
        let mut removed = Vec::new();
        if subnets.len() + added.len() > 1 && self.rng.random() {
            removed.extend(subnets.choose(&mut self.rng).cloned());
        }
        let groups = members(old, "group:");
        let others = inside(book, "group", vpc).map(|(id, _)| id);
        let others = others.filter(|id| !groups.contains(id));
        let joined: Vec<String> = others.choose(&mut self.rng).cloned().into_iter().collect();
        let mut left = Vec::new();
        if groups.len() > 1 {
            left.extend(groups.choose(&mut self.rng).cloned());
        }
        let mut parameters = vec![field("VpcEndpointId", &id)];
        let mut changes = Vec::new();
        for (parameter, ids, set, stays) in [
            ("AddSubnetId", added, "in-subnet", true),
            ("RemoveSubnetId", removed, "in-subnet", false),
            ("AddSecurityGroupId", joined, "group", true),
            ("RemoveSecurityGroupId", left, "group", false),
        ] {
            parameters.extend(listed(parameter, &ids));
            for member in ids {
                let value = stays.then(String::new);
                changes.push((id.clone(), format!("{set}:{member}"), value));
            }
        }
        change("ModifyVpcEndpoint", parameters, changes)
    }

    /// Three rules at once.
    fn allow(&mut self, book: &Things) -> Option<Deed> {
        let group = self.any_of(book, "group")?;
        let port = self.rng.random_range(1..60_000).to_string();
        let some = members(&book[&group], "in:");
        if some.len() > 12 || some.iter().any(|it| it.contains(&format!("/{port}/"))) {
            return None;
        }
        let ranges = ["10.1.0.0/16", "10.2.0.0/16", "192.168.7.0/24"].map(str::to_owned);
        let action = "AuthorizeSecurityGroupIngress";
        rules(action, group, &port, &ranges, Some(String::new()))
    }

    /// All rules of one port at once.
    fn revoke(&mut self, book: &Things) -> Option<Deed> {
        let group = self.any_of(book, "group")?;
        let some = members(&book[&group], "in:tcp/");
        let parts = some.iter().filter_map(|it| it.split_once('/'));
        let parts: Vec<(&str, &str)> = parts.collect();
        let (port, _) = *parts.choose(&mut self.rng)?;
        let ranges = parts.iter().filter(|(other, _)| *other == port);
        let ranges: Vec<String> = ranges.map(|(_, range)| (*range).to_owned()).collect();
        rules("RevokeSecurityGroupIngress", group, port, &ranges, None)
    }

    /// Two tags on up to four objects.
    fn tag(&mut self, book: &Things) -> Option<Deed> {
        let ids = book.keys().cloned().sample(&mut self.rng, 4);
        let (mut parameters, mut changes) = (listed("ResourceId", &ids), Vec::new());
        for (at, key) in ["k2", "k3"].into_iter().enumerate() {
            let value = self.rng.random_range(0..1_000).to_string();
            parameters.push(field(&format!("Tag.{}.Key", at + 1), key));
            parameters.push(field(&format!("Tag.{}.Value", at + 1), &value));
            let name = format!("tag:{key}");
            let each = ids
                .iter()
                .map(|id| (id.clone(), name.clone(), Some(value.clone())));
            changes.extend(each);
        }
        change("CreateTags", parameters, changes)
    }

    fn untag(&mut self, book: &Things) -> Option<Deed> {
        let key = *["k1", "k2", "k3"].choose(&mut self.rng)?;
        let name = format!("tag:{key}");
        let tagged = book.iter().filter(|(_, fields)| fields.contains_key(&name));
        let ids: Vec<String> = tagged.map(|(id, _)| id.clone()).sample(&mut self.rng, 4);
        let mut parameters = listed("ResourceId", &ids);
        parameters.push(field("Tag.1.Key", key));
        let changes = ids.into_iter().map(|id| (id, name.clone(), None)).collect();
        change("DeleteTags", parameters, changes)
    }

    /// An attribute that is true or false.
    fn switch(&mut self, book: &Things) -> Option<Deed> {
        let (kind, action, id, name, parameter) = *[
            (
                "vpc",
                "ModifyVpcAttribute",
                "VpcId",
                "dns",
                "EnableDnsHostnames.Value",
            ),
            (
                "subnet",
                "ModifySubnetAttribute",
                "SubnetId",
                "public",
                "MapPublicIpOnLaunch.Value",
            ),
            (
                "service",
                "ModifyVpcEndpointServiceConfiguration",
                "ServiceId",
                "accept",
                "AcceptanceRequired",
            ),
        ]
        .choose(&mut self.rng)?;
        let which = self.any_of(book, kind)?;
        let value = if book[&which][name] == "true" {
            "false"
        } else {
            "true"
        };
        let parameters = vec![field(id, &which), field(parameter, value)];
        let changes = vec![(which, name.to_owned(), Some(value.to_owned()))];
        change(action, parameters, changes)
    }

    /// Two more in the service's allow-list, or three fewer.
    fn principals(&mut self, book: &Things) -> Option<Deed> {
        let id = self.any_of(book, "service")?;
        let mut some = members(&book[&id], "principal:");
        let mut parameters = vec![field("ServiceId", &id)];
        let value = if some.len() > 5 {
            some.truncate(3);
            parameters.extend(listed("RemoveAllowedPrincipals", &some));
            None
        } else {
            let account = self.rng.random_range(100_000_000_000_u64..999_999_999_990);
            let principals = [account, account + 1].map(|it| format!("arn:aws:iam::{it}:root"));
            some = principals.into();
            parameters.extend(listed("AddAllowedPrincipals", &some));
            Some(String::new())
        };
        let changes = some.iter();
        let changes = changes.map(|it| (id.clone(), format!("principal:{it}"), value.clone()));
        let action = "ModifyVpcEndpointServicePermissions";
        change(action, parameters, changes.collect())
    }

    /// Anything but an endpoint that nothing needs.
    fn remove(&mut self, book: &Things) -> Option<Deed> {
        let free = |(id, fields): &(&String, &Fields)| {
            let used = |other: &Fields| {
                let sets = [format!("group:{id}"), format!("in-subnet:{id}")];
                ["vpc", "subnet"]
                    .iter()
                    .any(|place| other.get(*place) == Some(id))
                    || sets.iter().any(|name| other.contains_key(name))
            };
            let vpc = fields.get("vpc").unwrap_or(id);
            let still = fields["kind"] == "interface" || !self.busy.contains(vpc);
            !self.fixed.contains(*id) && still && !book.values().any(used)
        };
        let free = book.iter().filter(free);
        let (id, fields) = free.choose(&mut self.rng)?;
        let (action, parameter) = match fields["kind"].as_str() {
            "vpc" => ("DeleteVpc", "VpcId"),
            "subnet" => ("DeleteSubnet", "SubnetId"),
            "group" => ("DeleteSecurityGroup", "GroupId"),
            "interface" => ("DeleteNetworkInterface", "NetworkInterfaceId"),
            _ => return None,
        };
        Some(Deed {
            action,
            parameters: vec![field(parameter, id)],
            effect: Effect::Remove(vec![id.clone()]),
        })
    }

    /// One or two endpoints at once.
    fn remove_endpoints(&mut self, book: &Things) -> Option<Deed> {
        let most = self.rng.random_range(1..=2);
        let some = of_kind(book, "endpoint").sample(&mut self.rng, most);
        for (_, fields) in &some {
            self.busy.insert(fields["vpc"].clone());
        }
        let ids: Vec<String> = some.into_iter().map(|(id, _)| id.clone()).collect();
        (!ids.is_empty()).then(|| Deed {
            action: "DeleteVpcEndpoints",
            parameters: listed("VpcEndpointId", &ids),
            effect: Effect::Remove(ids),
        })
    }

    fn any_of(&mut self, book: &Things, kind: &str) -> Option<String> {
        let all = of_kind(book, kind).map(|(id, _)| id.clone());
        all.choose(&mut self.rng)
    }
}

fn of_kind<'a>(
    book: &'a Things,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Fields)> + use<'a> {
    book.iter()
        .filter(move |(_, fields)| fields["kind"] == kind)
}

/// What a VPC has of a kind.
fn inside<'a>(
    book: &'a Things,
    kind: &'a str,
    vpc: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Fields)> + use<'a> {
    of_kind(book, kind).filter(move |(_, fields)| fields["vpc"] == vpc)
}

/// The members of a set among the fields.
fn members(fields: &Fields, set: &str) -> Vec<String> {
    let all = fields.keys().filter_map(|name| name.strip_prefix(set));
    all.map(str::to_owned).collect()
}

/// `Name.1`, `Name.2` and so on.
fn listed(name: &str, values: &[String]) -> Vec<Parameter> {
    let numbered = values.iter().enumerate();
    let numbered = numbered.map(|(at, value)| field(&format!("{name}.{}", at + 1), value));
    numbered.collect()
}

/// Nothing, if nothing changes.
fn change(
    action: &'static str,
    parameters: Vec<Parameter>,
    changes: Vec<(String, String, Option<String>)>,
) -> Option<Deed> {
    (!changes.is_empty()).then_some(Deed {
        action,
        parameters,
        effect: Effect::Change(changes),
    })
}

/// Rules of one port for several ranges.
fn rules(
    action: &'static str,
    group: String,
    port: &str,
    ranges: &[String],
    value: Option<String>,
) -> Option<Deed> {
    let mut parameters = vec![
        field("GroupId", &group),
        field("IpPermissions.1.IpProtocol", "tcp"),
        field("IpPermissions.1.FromPort", port),
        field("IpPermissions.1.ToPort", port),
    ];
    for (at, range) in ranges.iter().enumerate() {
        let name = format!("IpPermissions.1.IpRanges.{}.CidrIp", at + 1);
        parameters.push(field(&name, range));
    }
    let names = ranges.iter().map(|range| rule("in", "tcp", port, range).0);
    let changes = names.map(|name| (group.clone(), name, value.clone()));
    change(action, parameters, changes.collect())
}
