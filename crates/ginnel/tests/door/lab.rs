//! Two tenants with the same addresses and an endpoint between them, made through the API.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws::Service;
use ginnel::client::Client;
use serde_json::json;
use testbed::ginnel::Ginnel;
use testbed::{Netns, eventually};

pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// The consumer's client and the provider's target have the same address, on purpose.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
pub(crate) const TARGET: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
pub(crate) const TARGET_PORT: u16 = 8080;

/// One tenant's VPC.
pub(crate) struct Tenant {
    pub(crate) client: Client,
    pub(crate) vpc: String,
    pub(crate) subnet: String,
}

/// The passage, open.
pub(crate) struct Lab {
    // Namespaces last: the daemon's links go before them.
    pub(crate) ginnel: Ginnel,
    pub(crate) consumer: Tenant,
    pub(crate) provider: Tenant,
    pub(crate) service: String,
    pub(crate) endpoint: String,
    pub(crate) client_eni: String,
    pub(crate) client_ns: Netns,
    pub(crate) target_ns: Netns,
}

/// A caller with the variables that a command printed.
pub(crate) fn caller(who: &testbed::ginnel::Credentials, url: &str) -> Client {
    let get = |name: &str| who.get(name).cloned().unwrap_or_default();
    Client::new(ginnel::place::Credentials {
        endpoint_url: url.to_owned(),
        region: get("AWS_REGION"),
        account: String::new(),
        access_key_id: get("AWS_ACCESS_KEY_ID"),
        secret_access_key: get("AWS_SECRET_ACCESS_KEY"),
    })
}

impl Tenant {
    pub(crate) fn new(ginnel: &Ginnel, name: &str) -> Self {
        let client = caller(&ginnel.account(name).unwrap(), ginnel.url());
        let ec2 = |action, parameters: &[(&str, &str)]| {
            client.aws(Service::Ec2, action, parameters).unwrap()
        };
        let vpc = ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")])
            .need("vpcId")
            .unwrap();
        let subnet = ec2(
            "CreateSubnet",
            &[
                ("VpcId", &vpc),
                ("CidrBlock", "10.0.1.0/24"),
                ("AvailabilityZone", "us-east-1a"),
            ],
        );
        Self {
            subnet: subnet.need("subnetId").unwrap(),
            client,
            vpc,
        }
    }

    pub(crate) fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> ginnel::client::Xml {
        self.client.aws(Service::Ec2, action, parameters).unwrap()
    }

    pub(crate) fn elb(&self, action: &str, parameters: &[(&str, &str)]) -> ginnel::client::Xml {
        self.client.aws(Service::Elbv2, action, parameters).unwrap()
    }

    /// An ENI in a namespace of its own, attached.
    pub(crate) fn workload(&self, ginnel: &Ginnel, role: &str, ip: Ipv4Addr) -> (Netns, String) {
        let made = self.ec2(
            "CreateNetworkInterface",
            &[
                ("SubnetId", &self.subnet),
                ("PrivateIpAddress", &ip.to_string()),
            ],
        );
        let eni = made.need("networkInterfaceId").unwrap();
        let namespace = Netns::new(role).unwrap();
        ginnel.cli(&["attach", &eni, namespace.name()]).unwrap();
        (namespace, eni)
    }

    /// A load balancer with a listener per port, and the service in front of it.
    pub(crate) fn offer(&self, target: Ipv4Addr, protocol: &str, ports: &[u16]) -> String {
        let balancer = self
            .elb(
                "CreateLoadBalancer",
                &[
                    ("Name", "lb"),
                    ("Type", "network"),
                    ("Scheme", "internal"),
                    ("Subnets.member.1", &self.subnet),
                ],
            )
            .need("LoadBalancerArn")
            .unwrap();
        let group = self
            .elb(
                "CreateTargetGroup",
                &[
                    ("Name", "tg"),
                    ("Protocol", protocol),
                    ("Port", &TARGET_PORT.to_string()),
                    ("TargetType", "ip"),
                    ("VpcId", &self.vpc),
                ],
            )
            .need("TargetGroupArn")
            .unwrap();
        self.elb(
            "RegisterTargets",
            &[
                ("TargetGroupArn", &group),
                ("Targets.member.1.Id", &target.to_string()),
            ],
        );
        for port in ports {
            self.elb(
                "CreateListener",
                &[
                    ("LoadBalancerArn", &balancer),
                    ("Protocol", protocol),
                    ("Port", &port.to_string()),
                    ("DefaultActions.member.1.Type", "forward"),
                    ("DefaultActions.member.1.TargetGroupArn", &group),
                ],
            );
        }
        let service = self
            .ec2(
                "CreateVpcEndpointServiceConfiguration",
                &[
                    ("NetworkLoadBalancerArn.1", &balancer),
                    ("AcceptanceRequired", "false"),
                ],
            )
            .need("serviceId")
            .unwrap();
        self.ec2(
            "ModifyVpcEndpointServicePermissions",
            &[("ServiceId", &service), ("AddAllowedPrincipals.1", "*")],
        );
        service
    }

    /// An endpoint whose group admits everybody; returns its id.
    pub(crate) fn endpoint(&self, service: &str) -> String {
        let group = self
            .ec2(
                "CreateSecurityGroup",
                &[
                    ("GroupName", &format!("open-{service}")),
                    ("GroupDescription", "open"),
                    ("VpcId", &self.vpc),
                ],
            )
            .need("groupId")
            .unwrap();
        self.ec2(
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", &group),
                ("IpPermissions.1.IpProtocol", "-1"),
                ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
            ],
        );
        self.ec2(
            "CreateVpcEndpoint",
            &[
                ("VpcEndpointType", "Interface"),
                ("VpcId", &self.vpc),
                (
                    "ServiceName",
                    &format!("com.amazonaws.vpce.us-east-1.{service}"),
                ),
                ("SubnetId.1", &self.subnet),
                ("SecurityGroupId.1", &group),
            ],
        )
        .need("vpcEndpointId")
        .unwrap()
    }

    pub(crate) fn state(&self, endpoint: &str) -> Option<String> {
        self.client
            .aws(
                Service::Ec2,
                "DescribeVpcEndpoints",
                &[("VpcEndpointId.1", endpoint)],
            )
            .ok()?
            .first("state")
    }

    /// Waits for a state, and returns the endpoint's address.
    pub(crate) fn wait_for(&self, endpoint: &str, state: &str) -> Ipv4Addr {
        eventually(&format!("{endpoint} to be {state}"), LIMIT, || {
            (self.state(endpoint).as_deref() == Some(state)).then_some(())
        })
        .unwrap();
        self.address(endpoint)
    }

    pub(crate) fn address(&self, endpoint: &str) -> Ipv4Addr {
        let interfaces = self.ec2(
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "description"),
                ("Filter.1.Value.1", &format!("*{endpoint}")),
            ],
        );
        let text = interfaces.need("privateIpAddress").unwrap();
        text.parse().unwrap()
    }
}

impl Lab {
    /// TCP (`TCP`) or UDP (`UDP`) on port 80.
    pub(crate) fn new(protocol: &str) -> Self {
        let ginnel = Ginnel::start(&[]).unwrap();
        let provider = Tenant::new(&ginnel, "provider");
        let (target_ns, _) = provider.workload(&ginnel, "target", TARGET);
        let service = provider.offer(TARGET, protocol, &[80]);
        let consumer = Tenant::new(&ginnel, "consumer");
        let (client_ns, client_eni) = consumer.workload(&ginnel, "client", CLIENT);
        let endpoint = consumer.endpoint(&service);
        consumer.wait_for(&endpoint, "available");
        Self {
            ginnel,
            consumer,
            provider,
            service,
            endpoint,
            client_eni,
            client_ns,
            target_ns,
        }
    }

    /// What the client dials.
    pub(crate) fn dial(&self) -> SocketAddr {
        (self.consumer.address(&self.endpoint), 80).into()
    }

    /// Where the target's server listens.
    pub(crate) fn serve_at() -> SocketAddr {
        (TARGET, TARGET_PORT).into()
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let text = self.ginnel.cli(&["status", "-o", "json"]).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Callers with the daemon's present address, after a restart.
    pub(crate) fn meet_again(&mut self) {
        for tenant in [&mut self.consumer, &mut self.provider] {
            let mut who = tenant.client.credentials().clone();
            who.endpoint_url = self.ginnel.url().to_owned();
            tenant.client = Client::new(who);
        }
    }
}

/// An operation of Ginnel's own, as the operator.
pub(crate) fn operator(ginnel: &Ginnel) -> Client {
    caller(ginnel.administrator(), ginnel.url())
}

pub(crate) fn attach_request(eni: &str, namespace: &str) -> serde_json::Value {
    json!({ "interface": eni, "namespace": namespace, "device": "eth0" })
}
