//! Tenants made through the API: accounts, VPCs, workloads, services and endpoints.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws::Service;
use product::client::{Client, Xml};
use product::place::Credentials;

use crate::ginnel::Ginnel;
use crate::netns::Netns;
use crate::proc::eventually;

/// An endpoint that is not in its state by then has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// One tenant's account with a VPC 10.0.0.0/16 and a subnet 10.0.1.0/24.
#[derive(Debug)]
pub struct Tenant {
    /// As the tenant.
    pub client: Client,
    /// Its VPC.
    pub vpc: String,
    /// Its subnet.
    pub subnet: String,
}

/// The operator of a daemon.
pub fn operator(ginnel: &Ginnel) -> Client {
    caller(ginnel.administrator(), ginnel.url())
}

fn caller(who: &crate::ginnel::Credentials, url: &str) -> Client {
    let get = |name: &str| who.get(name).cloned().unwrap_or_default();
    Client::new(Credentials {
        endpoint_url: url.to_owned(),
        region: get("AWS_REGION"),
        account: String::new(),
        access_key_id: get("AWS_ACCESS_KEY_ID"),
        secret_access_key: get("AWS_SECRET_ACCESS_KEY"),
    })
}

impl Tenant {
    /// A new account, its VPC and its subnet in the first zone.
    pub fn new(ginnel: &Ginnel, name: &str) -> Result<Self> {
        let client = caller(&ginnel.account(name)?, ginnel.url());
        let mut tenant = Self {
            client,
            vpc: String::new(),
            subnet: String::new(),
        };
        let made = tenant.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")])?;
        tenant.vpc = made.need("vpcId")?;
        tenant.subnet = tenant.add_subnet("10.0.1.0/24")?;
        tenant.open_default_group()?;
        Ok(tenant)
    }

    /// Another subnet in the first zone; returns its id.
    pub fn add_subnet(&self, block: &str) -> Result<String> {
        let zone = format!("{}a", self.client.credentials().region);
        let made = self.ec2(
            "CreateSubnet",
            &[
                ("VpcId", &self.vpc),
                ("CidrBlock", block),
                ("AvailabilityZone", &zone),
            ],
        )?;
        made.need("subnetId")
    }

    /// Lets everybody in the VPC reach the ENIs that carry its default group: load balancers
    /// reach their targets.
    fn open_default_group(&self) -> Result<()> {
        let default = self.ec2(
            "DescribeSecurityGroups",
            &[
                ("Filter.1.Name", "vpc-id"),
                ("Filter.1.Value.1", &self.vpc),
                ("Filter.2.Name", "group-name"),
                ("Filter.2.Value.1", "default"),
            ],
        )?;
        self.admit_vpc(&default.need("groupId")?)
    }

    /// An EC2 operation.
    pub fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Xml> {
        self.client.aws(Service::Ec2, action, parameters)
    }

    /// An ELBv2 operation.
    pub fn elb(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Xml> {
        self.client.aws(Service::Elbv2, action, parameters)
    }

    /// The same tenant at the daemon's present address, after a restart.
    pub fn meet_again(&mut self, ginnel: &Ginnel) {
        let mut who = self.client.credentials().clone();
        who.endpoint_url = ginnel.url().to_owned();
        self.client = Client::new(who);
    }

    /// Attaches a new ENI to a namespace, as `eth0`; returns the ENI's id.
    pub fn attach(&self, ginnel: &Ginnel, namespace: &Netns, ip: Ipv4Addr) -> Result<String> {
        self.attach_with(ginnel, namespace, (&self.subnet, ip), &[])
    }

    /// The same in any subnet, with these groups instead of the default one.
    pub fn attach_with(
        &self,
        ginnel: &Ginnel,
        namespace: &Netns,
        (subnet, ip): (&str, Ipv4Addr),
        groups: &[String],
    ) -> Result<String> {
        let ip = ip.to_string();
        let mut parameters = vec![("SubnetId", subnet), ("PrivateIpAddress", &ip)];
        let named = numbered("SecurityGroupId", groups);
        parameters.extend(named.iter().map(|(name, id)| (name.as_str(), *id)));
        let made = self.ec2("CreateNetworkInterface", &parameters)?;
        let eni = made.need("networkInterfaceId")?;
        ginnel.cli(&["attach", &eni, namespace.name()])?;
        Ok(eni)
    }

    /// A load balancer in front of one target, and an endpoint service that everybody may use
    /// without acceptance; returns the service's id. `protocol` is TCP, UDP or TCP_UDP.
    pub fn offer(
        &self,
        target: Ipv4Addr,
        target_port: u16,
        protocol: &str,
        port: u16,
    ) -> Result<String> {
        let balancer = self.elb(
            "CreateLoadBalancer",
            &[
                ("Name", "lb"),
                ("Type", "network"),
                ("Scheme", "internal"),
                ("Subnets.member.1", &self.subnet),
            ],
        )?;
        let balancer = balancer.need("LoadBalancerArn")?;
        let group = self.elb(
            "CreateTargetGroup",
            &[
                ("Name", "tg"),
                ("Protocol", protocol),
                ("Port", &target_port.to_string()),
                ("TargetType", "ip"),
                ("VpcId", &self.vpc),
            ],
        )?;
        let group = group.need("TargetGroupArn")?;
        self.elb(
            "RegisterTargets",
            &[
                ("TargetGroupArn", &group),
                ("Targets.member.1.Id", &target.to_string()),
            ],
        )?;
        self.elb(
            "CreateListener",
            &[
                ("LoadBalancerArn", &balancer),
                ("Protocol", protocol),
                ("Port", &port.to_string()),
                ("DefaultActions.member.1.Type", "forward"),
                ("DefaultActions.member.1.TargetGroupArn", &group),
            ],
        )?;
        let service = self.ec2(
            "CreateVpcEndpointServiceConfiguration",
            &[
                ("NetworkLoadBalancerArn.1", &balancer),
                ("AcceptanceRequired", "false"),
            ],
        )?;
        let service = service.need("serviceId")?;
        self.ec2(
            "ModifyVpcEndpointServicePermissions",
            &[("ServiceId", &service), ("AddAllowedPrincipals.1", "*")],
        )?;
        Ok(service)
    }

    /// A security group that admits all of the VPC; returns its id.
    pub fn open_group(&self, name: &str) -> Result<String> {
        let group = self.add_group(name)?;
        self.admit_vpc(&group)?;
        Ok(group)
    }

    /// A security group that admits nobody yet and lets everything out; returns its id.
    pub fn add_group(&self, name: &str) -> Result<String> {
        let group = self.ec2(
            "CreateSecurityGroup",
            &[
                ("GroupName", name),
                ("GroupDescription", "of the laboratory"),
                ("VpcId", &self.vpc),
            ],
        )?;
        group.need("groupId")
    }

    fn admit_vpc(&self, group: &str) -> Result<()> {
        self.ec2(
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", group),
                ("IpPermissions.1.IpProtocol", "-1"),
                ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
            ],
        )?;
        Ok(())
    }

    /// Asks for an endpoint; returns the answer.
    pub fn endpoint(&self, service: &str, group: &str) -> Result<Xml> {
        self.endpoint_with(service, &[group.to_owned()])
    }

    /// The same with several groups.
    pub fn endpoint_with(&self, service: &str, groups: &[String]) -> Result<Xml> {
        let region = &self.client.credentials().region;
        let service = format!("com.amazonaws.vpce.{region}.{service}");
        let mut parameters = vec![
            ("VpcEndpointType", "Interface"),
            ("VpcId", &self.vpc),
            ("ServiceName", &service),
            ("SubnetId.1", &self.subnet),
        ];
        let named = numbered("SecurityGroupId", groups);
        parameters.extend(named.iter().map(|(name, id)| (name.as_str(), *id)));
        self.ec2("CreateVpcEndpoint", &parameters)
    }

    /// An endpoint's state; `None` when there is no such endpoint.
    pub fn state(&self, endpoint: &str) -> Option<String> {
        let id = [("VpcEndpointId.1", endpoint)];
        self.ec2("DescribeVpcEndpoints", &id).ok()?.first("state")
    }

    /// Waits for a state, and returns the endpoint's address.
    pub fn wait_for(&self, endpoint: &str, state: &str) -> Result<Ipv4Addr> {
        eventually(&format!("{endpoint} to be {state}"), PATIENCE, || {
            (self.state(endpoint).as_deref() == Some(state)).then_some(())
        })?;
        self.address(endpoint)
    }

    /// An endpoint's address.
    pub fn address(&self, endpoint: &str) -> Result<Ipv4Addr> {
        let interfaces = self.ec2(
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "description"),
                ("Filter.1.Value.1", &format!("*{endpoint}")),
            ],
        )?;
        let found = interfaces.all("privateIpAddress");
        ensure!(!found.is_empty(), "{endpoint} has no interface");
        found[0].parse().context("an interface's address")
    }
}

/// A list's members as parameters, counted from 1.
fn numbered<'a>(list: &str, members: &'a [String]) -> Vec<(String, &'a str)> {
    let members = members.iter().enumerate();
    members
        .map(|(index, one)| (format!("{list}.{}", index + 1), one.as_str()))
        .collect()
}
