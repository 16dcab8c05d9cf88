//! Paths and analyses as EC2 lists them. Codes of explanations: AWS.md 12.4, and one of our own,
//! `NO_REACHABLE_TARGET`: AWS does not look at what is behind a listener of a service.

use aws::ec2;
use model::id::{BalancerId, EndpointId, InterfaceId, ListenerId, SecurityGroupId};
use model::insights::{Analysis, Destination, Hop, Obstacle, Path};
use model::security_group::{Peer, Permission};
use model::world::World;

use crate::api::{Call, refusal, tags};

/// The one status that there is: answers are given at once.
pub(super) const SUCCEEDED: &str = "succeeded";

/// A path.
pub(super) fn path(call: &Call, path: &Path) -> ec2::NetworkInsightsPath {
    let arn = |kind: &str, id: &dyn ToString| {
        let resource = format!("{kind}/{}", id.to_string());
        Some(call.arn_of("ec2", path.owner, &resource))
    };
    let (destination, destination_arn, destination_ip) = match path.destination {
        Destination::Endpoint(id) => (Some(id.to_string()), arn("vpc-endpoint", &id), None),
        Destination::Interface(id) => (Some(id.to_string()), arn("network-interface", &id), None),
        Destination::Address(ip) => (None, None, Some(ip.to_string())),
    };
    ec2::NetworkInsightsPath {
        created_date: Some(call.iso(path.created)),
        destination,
        destination_arn,
        destination_ip,
        destination_port: path.port.map(i32::from),
        network_insights_path_arn: arn("network-insights-path", &path.id),
        network_insights_path_id: Some(path.id.to_string()),
        protocol: Some(protocol_name(path.protocol).into()),
        source: Some(path.source.to_string()),
        source_arn: arn("network-interface", &path.source),
        tags: tags::ec2(&path.tags),
        ..ec2::NetworkInsightsPath::default()
    }
}

fn protocol_name(protocol: u8) -> &'static str {
    if protocol == 17 { "udp" } else { "tcp" }
}

/// An analysis.
pub(super) fn analysis(
    world: &World,
    call: &Call,
    analysis: &Analysis,
) -> ec2::NetworkInsightsAnalysis {
    let writer = Writer {
        world,
        call,
        path: world.insights_paths.get(&analysis.path),
    };
    let resource = format!("network-insights-analysis/{}", analysis.id);
    let hops = (1..).zip(&analysis.hops);
    // AWS lists the way only where there is one.
    let hops = hops.filter(|_| analysis.is_found());
    let obstacles = analysis.obstacles.iter();
    ec2::NetworkInsightsAnalysis {
        explanations: obstacles.map(|it| writer.explanation(it)).collect(),
        forward_path_components: hops.map(|(number, hop)| writer.hop(number, hop)).collect(),
        network_insights_analysis_arn: Some(call.arn_of("ec2", analysis.owner, &resource)),
        network_insights_analysis_id: Some(analysis.id.to_string()),
        network_insights_path_id: Some(analysis.path.to_string()),
        network_path_found: Some(analysis.is_found()),
        start_date: Some(call.iso(analysis.started)),
        status: Some(SUCCEEDED.into()),
        tags: tags::ec2(&analysis.tags),
        ..ec2::NetworkInsightsAnalysis::default()
    }
}

struct Writer<'a> {
    world: &'a World,
    call: &'a Call,
    path: Option<&'a std::sync::Arc<Path>>,
}

impl Writer<'_> {
    fn component(&self, kind: &str, id: &dyn ToString) -> ec2::AnalysisComponent {
        let id = id.to_string();
        let resource = format!("{kind}/{id}");
        ec2::AnalysisComponent {
            arn: Some(self.call.arn_of("ec2", self.call.account, &resource)),
            id: Some(id),
            name: None,
        }
    }

    fn interface(&self, id: InterfaceId) -> ec2::AnalysisComponent {
        self.component("network-interface", &id)
    }

    fn endpoint(&self, id: EndpointId) -> ec2::AnalysisComponent {
        self.component("vpc-endpoint", &id)
    }

    fn group(&self, id: SecurityGroupId) -> ec2::AnalysisComponent {
        let name = self.world.security_groups.get(&id);
        ec2::AnalysisComponent {
            name: name.map(|group| group.name.clone()),
            ..self.component("security-group", &id)
        }
    }

    fn balancer(&self, id: BalancerId, name: &str) -> ec2::AnalysisComponent {
        let resource = format!("loadbalancer/net/{name}/{id}");
        self.balancing(&resource, Some(name.to_owned()))
    }

    fn listener(&self, id: ListenerId, balancer: BalancerId, name: &str) -> ec2::AnalysisComponent {
        let resource = format!("listener/net/{name}/{balancer}/{id}");
        self.balancing(&resource, None)
    }

    fn balancing(&self, resource: &str, name: Option<String>) -> ec2::AnalysisComponent {
        let arn = self
            .call
            .arn_of("elasticloadbalancing", self.call.account, resource);
        ec2::AnalysisComponent {
            id: Some(arn.clone()),
            arn: Some(arn),
            name,
        }
    }

    fn hop(&self, number: i32, hop: &Hop) -> ec2::PathComponent {
        let mut listed = ec2::PathComponent {
            sequence_number: Some(number),
            ..ec2::PathComponent::default()
        };
        match hop {
            Hop::Interface(id) => {
                listed.component = Some(self.interface(*id));
                if let Some(interface) = self.world.interfaces.get(id) {
                    listed.subnet = Some(self.component("subnet", &interface.subnet));
                    listed.vpc = Some(self.component("vpc", &interface.vpc));
                }
                if number == 1 {
                    listed.outbound_header = self.header();
                }
            }
            Hop::Rule {
                group, permission, ..
            } => {
                listed.component = Some(self.group(*group));
                listed.security_group_rule = Some(rule(*group, permission));
            }
            Hop::Endpoint(id) => {
                listed.component = Some(self.endpoint(*id));
                let endpoint = self.world.endpoints.get(id);
                let service = endpoint.and_then(|it| self.world.services.get(&it.provider()?));
                listed.service_name = service.map(|it| it.name(&self.call.region));
            }
            Hop::Balancer {
                balancer,
                name,
                listener,
                port: _,
            } => {
                listed.component = Some(self.balancer(*balancer, name));
                listed.elastic_load_balancer_listener =
                    Some(self.listener(*listener, *balancer, name));
            }
            Hop::Target {
                interface,
                ip,
                port,
            } => {
                listed.component = Some(self.interface(*interface));
                listed.inbound_header = Some(ec2::AnalysisPacketHeader {
                    destination_addresses: vec![format!("{ip}/32")],
                    destination_port_ranges: vec![one_port(*port)],
                    ..self.header().unwrap_or_default()
                });
            }
        }
        listed
    }

    /// The packet as the source sends it.
    fn header(&self) -> Option<ec2::AnalysisPacketHeader> {
        let path = self.path?;
        let to = match path.destination {
            Destination::Address(ip) => Some(ip),
            Destination::Interface(id) => self.world.interfaces.get(&id).map(|it| it.ip),
            Destination::Endpoint(_) => None,
        };
        Some(ec2::AnalysisPacketHeader {
            destination_addresses: to.iter().map(|ip| format!("{ip}/32")).collect(),
            destination_port_ranges: path.port.iter().map(|port| one_port(*port)).collect(),
            protocol: Some(path.protocol.to_string()),
            ..ec2::AnalysisPacketHeader::default()
        })
    }

    fn explanation(&self, obstacle: &Obstacle) -> ec2::Explanation {
        let code = |code: &str| ec2::Explanation {
            explanation_code: Some(code.into()),
            ..ec2::Explanation::default()
        };
        let asked = self.path.and_then(|path| path.port).map(i32::from);
        match obstacle {
            Obstacle::SourceNotAttached(id) => ec2::Explanation {
                component: Some(self.interface(*id)),
                network_interface: Some(self.interface(*id)),
                ..code("BAD_STATE_ATTACHMENT")
            },
            Obstacle::NoRoute(ip) => ec2::Explanation {
                address: ip.map(|ip| ip.to_string()),
                component: self.path.map(|path| self.interface(path.source)),
                ..code("NO_ROUTE_TO_DESTINATION")
            },
            Obstacle::EndpointClosed { endpoint, state } => ec2::Explanation {
                component: Some(self.endpoint(*endpoint)),
                state: Some(refusal::state_name(*state).into()),
                vpc_endpoint: Some(self.endpoint(*endpoint)),
                ..code("BAD_STATE")
            },
            Obstacle::NoBalancerInZone { endpoint, zone } => ec2::Explanation {
                availability_zones: zone.iter().map(|it| it.name(&self.call.region)).collect(),
                component: Some(self.endpoint(*endpoint)),
                vpc_endpoint: Some(self.endpoint(*endpoint)),
                ..code("ELB_INSTALLED_AZ_RESTRICTION")
            },
            Obstacle::NotAdmitted { interface, groups } => {
                let groups: Vec<_> = groups.iter().map(|id| self.group(*id)).collect();
                ec2::Explanation {
                    component: Some(self.interface(*interface)),
                    direction: Some("ingress".into()),
                    network_interface: Some(self.interface(*interface)),
                    port: asked,
                    protocols: self
                        .path
                        .map(|path| protocol_name(path.protocol).to_owned())
                        .into_iter()
                        .collect(),
                    security_group: groups.first().cloned(),
                    security_groups: groups,
                    ..code("ENI_SG_RULES_MISMATCH")
                }
            }
            Obstacle::NoListener { balancer, port } => {
                let balancer = balancer.as_ref().map(|(id, name)| self.balancer(*id, name));
                ec2::Explanation {
                    load_balancer_arn: balancer.as_ref().and_then(|it| it.arn.clone()),
                    component: balancer,
                    load_balancer_listener_port: port.map(i32::from),
                    port: port.map(i32::from),
                    ..code("ELB_LISTENER_PORT_RESTRICTION")
                }
            }
            Obstacle::NoTarget {
                balancer,
                registered,
            } => {
                let balancer = balancer.as_ref().map(|(id, name)| self.balancer(*id, name));
                ec2::Explanation {
                    load_balancer_arn: balancer.as_ref().and_then(|it| it.arn.clone()),
                    // Only the load balancer's owner learns which of the two it is.
                    missing_component: balancer.as_ref().map(|_| {
                        if *registered == 0 {
                            "registered target".into()
                        } else {
                            "attached target".into()
                        }
                    }),
                    component: balancer,
                    ..code("NO_REACHABLE_TARGET")
                }
            }
        }
    }
}

fn one_port(port: u16) -> ec2::PortRange {
    ec2::PortRange {
        from: Some(port.into()),
        to: Some(port.into()),
    }
}

fn rule(group: SecurityGroupId, permission: &Permission) -> ec2::AnalysisSecurityGroupRule {
    let Permission {
        protocol,
        from,
        to,
        peer,
    } = permission;
    let (cidr, list, member) = match peer {
        Peer::Cidr4(net) => (Some(net.to_string()), None, group),
        Peer::Cidr6(net) => (Some(net.to_string()), None, group),
        Peer::Group(id) => (None, None, *id),
        Peer::PrefixList(id) => (None, Some(id.to_string()), group),
    };
    ec2::AnalysisSecurityGroupRule {
        cidr,
        direction: Some("ingress".into()),
        port_range: protocol.filter(|_| *from >= 0).map(|_| ec2::PortRange {
            from: Some(*from),
            to: Some(*to),
        }),
        prefix_list_id: list,
        protocol: Some(protocol.map_or("all".into(), |it| protocol_name(it).into())),
        security_group_id: Some(member.to_string()),
    }
}
