//! Ginnel under more or fewer rules, with more or fewer flows, with and without flow logs.
//!
//! ```text
//!  client 10.0.2.10 -- endpoint 10.0.1.x [subnet border, fabric] balancer -- 10.0.1.10 server
//!  neighbour 10.0.2.10 -------------- [the provider's VPC] ----------------- 10.0.1.10 server
//! ```
//!
//! Both lead from one subnet to another, so that network ACLs are asked.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sched::CpuSet;
use serde_json::Value;

use super::{Lane, PORT, Path, drop_injected, namespace};
use crate::measure::Measure;
use crate::testbed::ginnel::Ginnel;
use crate::testbed::tenant::Tenant;
use crate::testbed::{Netns, eventually};
use crate::tool::encode;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 10);
const SUBNET: &str = "10.0.2.0/24";
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 1);
/// How often flows are injected again when some were lost on the way.
const FILLS: usize = 5;

/// How many rules there are. All are looked at: only the last one matches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Of each group of every ENI, each way.
    pub(crate) groups: &'static [usize],
    /// Of each network ACL, each way.
    pub(crate) entries: usize,
}

/// One of each.
pub(crate) const PLAIN: Shape = Shape {
    groups: &[1],
    entries: 1,
};

/// Two tenants, an endpoint between them, and a neighbour of the server.
pub(crate) struct Scene {
    dial: Ipv4Addr,
    /// Flows that the table holds when something is measured.
    flows: u32,
    neighbour_eni: String,
    daemon: Rc<Ginnel>,
    client: Rc<Netns>,
    neighbour: Rc<Netns>,
    server: Rc<Netns>,
    vpcs: [(Tenant, &'static str); 2],
}

impl Scene {
    /// Makes it. `flows` are kept in the table.
    pub(crate) fn new(daemon: &Rc<Ginnel>, name: &str, shape: Shape, flows: u32) -> Result<Self> {
        let (client, neighbour) = (namespace("oc")?, namespace("on")?);
        let server = namespace("os")?;
        let provider = Tenant::new(daemon, &format!("provider-{name}"))?;
        let consumer = Tenant::new(daemon, &format!("consumer-{name}"))?;
        let groups = groups(&provider, shape)?;
        entries(&provider, shape)?;
        provider.attach_with(daemon, &server, (&provider.subnet, SERVER), &groups)?;
        let far = provider.add_subnet(SUBNET)?;
        let neighbour_eni = provider.attach_with(daemon, &neighbour, (&far, CLIENT), &groups)?;
        let service = provider.offer(SERVER, PORT, "TCP_UDP", PORT)?;
        let groups = self::groups(&consumer, shape)?;
        entries(&consumer, shape)?;
        let far = consumer.add_subnet(SUBNET)?;
        consumer.attach_with(daemon, &client, (&far, CLIENT), &groups)?;
        let endpoint = consumer.endpoint_with(&service, &groups)?;
        let dial = consumer.wait_for(&endpoint.need("vpcEndpointId")?, "available")?;
        drop_injected(&server)?;
        Ok(Self {
            dial,
            flows,
            neighbour_eni,
            daemon: Rc::clone(daemon),
            client,
            neighbour,
            server,
            vpcs: [(provider, "provider"), (consumer, "consumer")],
        })
    }

    /// Flow logs of all traffic of both VPCs, to a bucket.
    pub(crate) fn log(&self) -> Result<()> {
        for (tenant, name) in &self.vpcs {
            tenant.ec2(
                "CreateFlowLogs",
                &[
                    ("ResourceType", "VPC"),
                    ("ResourceId.1", &tenant.vpc),
                    ("TrafficType", "ALL"),
                    ("LogDestinationType", "s3"),
                    ("LogDestination", &format!("arn:aws:s3:::bench-{name}")),
                    ("MaxAggregationInterval", "60"),
                ],
            )?;
        }
        Ok(())
    }

    fn lane(&self, way: Way) -> Lane {
        let (client, dial) = match way {
            Way::Door => (&self.client, self.dial),
            Way::Local => (&self.neighbour, SERVER),
        };
        Lane {
            guards: Vec::new(),
            client: Rc::clone(client),
            server: Rc::clone(&self.server),
            between: Vec::new(),
            dial: SocketAddrV4::new(dial, PORT),
            listen: SocketAddrV4::new(SERVER, PORT),
            next_hop: ROUTER,
            source: CLIENT,
            flows: self.flows,
        }
    }

    /// Has the neighbour send a packet of each flow until the table has all of them.
    fn fill(&self) -> Result<()> {
        if self.flows <= 1 {
            return Ok(());
        }
        let me = std::env::current_exe()?;
        let frame = encode(&[self.lane(Way::Local).frame()?]);
        let flows = self.flows.to_string();
        let mut found = 0;
        for _ in 0..FILLS {
            let words = ["tool", "fill", "eth0", &frame, &flows];
            self.neighbour.command(&me).args(words).check()?;
            let full = eventually("the flows", Duration::from_secs(3), || {
                found = self.count().ok()?;
                (found >= u64::from(self.flows)).then_some(())
            });
            if full.is_ok() {
                return Ok(());
            }
        }
        // What a busy machine loses is little, and the tables are as full as they can be.
        ensure!(
            found >= u64::from(self.flows) * 99 / 100,
            "only {found} of {} flows are in the table",
            self.flows
        );
        Ok(())
    }

    /// Flows of the neighbour, by the daemon.
    fn count(&self) -> Result<u64> {
        let status: Value = serde_json::from_str(&self.daemon.cli(&["status", "-o", "json"])?)?;
        let interfaces = status["interfaces"].as_array().context("no interfaces")?;
        let ours = interfaces
            .iter()
            .find(|one| one["id"] == self.neighbour_eni.as_str());
        ours.and_then(|one| one["flows"].as_u64())
            .context("no count of flows")
    }
}

/// Between whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// Through the endpoint.
    Door,
    /// From ENI to ENI.
    Local,
}

/// A way through a scene.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is, for the report.
    pub(crate) about: &'static str,
    /// What it is compared with.
    pub(crate) base: &'static str,
    /// What is measured.
    pub(crate) measures: &'static [Measure],
    /// Where.
    pub(crate) scene: Rc<Scene>,
    /// Which way.
    pub(crate) way: Way,
}

impl Path for Case {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn carries(&self, measure: Measure) -> bool {
        self.measures.contains(&measure)
    }

    fn base(&self) -> &'static str {
        self.base
    }

    fn setup(&self, _cpus: CpuSet) -> Result<Lane> {
        Ok(self.scene.lane(self.way))
    }

    fn settle(&self, _lane: &Lane) -> Result<()> {
        self.scene.fill()
    }
}

/// The groups of a shape. Rules that do not match differ from the packet in the address alone,
/// which is looked at last.
fn groups(tenant: &Tenant, shape: Shape) -> Result<Vec<String>> {
    let mut made = Vec::new();
    let last = shape.groups.len().saturating_sub(1);
    for (index, rules) in shape.groups.iter().enumerate() {
        let group = tenant.add_group(&format!("bench-{index}"))?;
        rule(
            tenant,
            "RevokeSecurityGroupEgress",
            &group,
            &["0.0.0.0/0".to_owned()],
        )?;
        let admits = usize::from(index == last);
        let others = (0..rules.saturating_sub(admits)).map(|n| format!("192.168.{index}.{n}/32"));
        let mut ranges: Vec<_> = others.collect();
        ranges.extend((admits == 1).then(|| "10.0.0.0/16".to_owned()));
        for action in [
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
        ] {
            rule(tenant, action, &group, &ranges)?;
        }
        made.push(group);
    }
    Ok(made)
}

fn rule(tenant: &Tenant, action: &str, group: &str, ranges: &[String]) -> Result<()> {
    let names: Vec<_> = (1..=ranges.len())
        .map(|number| format!("IpPermissions.1.IpRanges.{number}.CidrIp"))
        .collect();
    let mut parameters = vec![("GroupId", group), ("IpPermissions.1.IpProtocol", "-1")];
    parameters.extend(
        names
            .iter()
            .zip(ranges)
            .map(|(name, range)| (name.as_str(), range.as_str())),
    );
    tenant.ec2(action, &parameters).map(drop)
}

/// Entries before the one that every default ACL has and that lets everything through.
fn entries(tenant: &Tenant, shape: Shape) -> Result<()> {
    let found = tenant.ec2(
        "DescribeNetworkAcls",
        &[
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", &tenant.vpc),
        ],
    )?;
    let acl = found.need("networkAclId")?;
    for number in 1..shape.entries {
        for egress in ["true", "false"] {
            tenant.ec2(
                "CreateNetworkAclEntry",
                &[
                    ("NetworkAclId", &acl),
                    ("RuleNumber", &number.to_string()),
                    ("Protocol", "-1"),
                    ("RuleAction", "deny"),
                    ("Egress", egress),
                    ("CidrBlock", &format!("192.168.9.{number}/32")),
                ],
            )?;
        }
    }
    Ok(())
}
