//! For tests: a provider and a consumer with the same addresses, built up to where a test starts.

use model::id::VpcId;
use model::subnet::Subnet;
use model::world::Change;

use super::tests::{Desk, first};

/// A desk at which the provider stands, who has a VPC with a subnet in each of zones a and b;
/// the consumer has one with subnets in a, b and c, and a second subnet in a.
pub(crate) struct Scene {
    pub(crate) desk: Desk,
    /// Provider's and consumer's.
    pub(crate) vpcs: [String; 2],
    pub(crate) provider_subnets: Vec<String>,
    /// In a, b, c and a.
    pub(crate) subnets: Vec<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut desk = Desk::new();
        let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
        let provider_subnets = ['a', 'b'].map(|zone| subnet(&mut desk, &vpc, zone));
        desk.switch_account();
        let theirs = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
        let subnets = ['a', 'b', 'c', 'a'].map(|zone| subnet(&mut desk, &theirs, zone));
        desk.switch_account();
        Self {
            desk,
            vpcs: [vpc, theirs],
            provider_subnets: provider_subnets.to_vec(),
            subnets: subnets.to_vec(),
        }
    }

    /// Does something as the consumer.
    pub(crate) fn consumer<T>(&mut self, act: impl FnOnce(&mut Desk) -> T) -> T {
        self.desk.switch_account();
        let done = act(&mut self.desk);
        self.desk.switch_account();
        done
    }

    /// A load balancer in zones a and b.
    pub(crate) fn balancer(&mut self, name: &str) -> String {
        let [a, b] = [0, 1].map(|at| self.provider_subnets[at].clone());
        let parameters =
            format!("Name={name}&Type=network&Subnets.member.1={a}&Subnets.member.2={b}");
        self.desk
            .make("elbv2:CreateLoadBalancer", &parameters, "LoadBalancerArn")
    }

    /// A TCP target group.
    pub(crate) fn group(&mut self, name: &str) -> String {
        let parameters = format!(
            "Name={name}&Protocol=TCP&Port=8080&TargetType=ip&VpcId={}",
            self.vpcs[0]
        );
        self.desk
            .make("elbv2:CreateTargetGroup", &parameters, "TargetGroupArn")
    }

    /// A TCP listener.
    pub(crate) fn listener(&mut self, balancer: &str, group: &str, port: u16) -> String {
        let parameters = listener(balancer, group, "TCP", port);
        self.desk
            .make("elbv2:CreateListener", &parameters, "ListenerArn")
    }

    /// A service with a load balancer of its own that the consumer may see; its id.
    pub(crate) fn service(&mut self, name: &str, acceptance: bool) -> String {
        let balancer = self.balancer(name);
        let parameters =
            format!("NetworkLoadBalancerArn.1={balancer}&AcceptanceRequired={acceptance}");
        let id = self.desk.make(
            "CreateVpcEndpointServiceConfiguration",
            &parameters,
            "serviceId",
        );
        let consumer = self.consumer(|desk| desk.call.account);
        self.desk.ok(
            "ModifyVpcEndpointServicePermissions",
            &format!("ServiceId={id}&AddAllowedPrincipals.1=arn:aws:iam::{consumer}:root"),
        );
        id
    }

    /// The parameters of CreateVpcEndpoint for the consumer's subnets with these places.
    pub(crate) fn wanted(&self, service: &str, places: &[usize]) -> String {
        let mut text = format!(
            "VpcEndpointType=Interface&VpcId={}&ServiceName=com.amazonaws.vpce.us-east-1.{service}",
            self.vpcs[1]
        );
        for (at, place) in places.iter().enumerate() {
            text += &format!("&SubnetId.{}={}", at + 1, self.subnets[*place]);
        }
        text
    }

    /// A consumer's endpoint in zone a.
    pub(crate) fn endpoint(&mut self, service: &str) -> String {
        let wanted = self.wanted(service, &[0]);
        self.consumer(|desk| desk.make("CreateVpcEndpoint", &wanted, "vpcEndpointId"))
    }

    /// The state that the consumer sees.
    pub(crate) fn state(&mut self, endpoint: &str) -> String {
        let parameters = format!("VpcEndpointId.1={endpoint}");
        let text = self.consumer(|desk| desk.ok("DescribeVpcEndpoints", &parameters));
        first(&text, "state").unwrap()
    }

    /// Changes that are not a handler's.
    pub(crate) fn apply(&mut self, changes: &[Change]) {
        let world = &self.desk.world;
        self.desk.world = world.apply(changes, world.revision + 1);
        assert_eq!(self.desk.world.check(), Vec::<String>::new());
    }
}

/// The parameters of CreateListener.
pub(crate) fn listener(balancer: &str, group: &str, protocol: &str, port: u16) -> String {
    format!(
        "LoadBalancerArn={balancer}&Protocol={protocol}&Port={port}&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}"
    )
}

/// A subnet of 256 addresses.
fn subnet(desk: &mut Desk, vpc: &str, zone: char) -> String {
    let id: VpcId = vpc.parse().unwrap();
    let number = desk.world.needing::<Subnet>(id).count();
    let parameters =
        format!("VpcId={vpc}&CidrBlock=10.0.{number}.0/24&AvailabilityZone=us-east-1{zone}");
    desk.make("CreateSubnet", &parameters, "subnetId")
}
