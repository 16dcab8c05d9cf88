//! The demo's set-up: a provider and a consumer, both with 10.0.0.0/16.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws::Service;
use serde_json::json;

use super::stage::{self, Stage};
use super::tell::Teller;
use crate::client::{Client, Xml};
use crate::place::Credentials;

const CIDR: &str = "10.0.0.0/16";
const SUBNET: &str = "10.0.1.0/24";
const PORT: &str = "80";
const TARGET_PORT: &str = "8080";
/// The first address of a subnet that AWS hands out is its fifth.
pub(super) const TARGETS: [&str; 2] = ["10.0.1.10", "10.0.1.11"];
const CLIENT: &str = "10.0.1.10";
const STRANGER: &str = "10.0.1.66";
/// An endpoint that is not available by then has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the proofs need to know.
pub(super) struct Doors {
    pub(super) admin: Client,
    pub(super) provider: Client,
    pub(super) service: String,
    pub(super) endpoint: String,
    pub(super) address: String,
    pub(super) balancer: String,
    pub(super) client: String,
    pub(super) stranger: String,
    pub(super) stranger_eni: String,
}

impl Doors {
    /// What to try with `--keep`.
    pub(super) fn invitation(&self, stage: &Stage) -> String {
        let place = stage.place();
        format!(
            "Still here. Try:\n  ip netns exec {} curl http://{}/\n  eval \"$(ginnel env --state {})\"\n  ginnel status --state {} --run {}\nCtrl-C removes everything.",
            self.client,
            self.address,
            place.state.display(),
            place.state.display(),
            place.run.display()
        )
    }
}

/// One tenant's VPC.
struct Tenant {
    name: &'static str,
    client: Client,
    vpc: String,
    subnet: String,
}

pub(super) fn build(stage: &mut Stage, tell: &Teller) -> Result<Doors> {
    tell.step(
        "start Ginnel: the API and an empty data plane",
        "ginnel up",
        || stage.start_daemon(),
    )?;
    let admin = Client::new(stage.place().credentials()?);
    let provider = tenant(stage, tell, &admin, "provider")?;
    let balancer = offer(stage, tell, &admin, &provider)?;
    let consumer = tenant(stage, tell, &admin, "consumer")?;
    let account = consumer.client.credentials().account.clone();
    let service = publish(stage, tell, &provider, &balancer, &account)?;

    let clients = group(stage, tell, &consumer, "clients")?;
    let doors = group(stage, tell, &consumer, "endpoint")?;
    step(
        stage,
        tell,
        &consumer,
        "admit members of group clients on port 80",
        &format!(
            "aws ec2 authorize-security-group-ingress --group-id {doors} --protocol tcp --port {PORT} --source-group {clients}"
        ),
        (
            Service::Ec2,
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", &doors),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.FromPort", PORT),
                ("IpPermissions.1.ToPort", PORT),
                ("IpPermissions.1.Groups.1.GroupId", &clients),
            ],
        ),
    )?;
    let (client, _) = workload(
        stage,
        tell,
        &admin,
        &consumer,
        "client",
        CLIENT,
        Some(&clients),
    )?;
    let (stranger, stranger_eni) =
        workload(stage, tell, &admin, &consumer, "stranger", STRANGER, None)?;
    let endpoint = request(stage, tell, &consumer, &service, &doors)?;
    accept(stage, tell, &provider, &service, &endpoint)?;
    let address = tell.step(
        "wait for it to be available: a probe has crossed the path",
        &format!("aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoint}"),
        || wait_until_available(stage, &consumer.client, &endpoint),
    )?;
    Ok(Doors {
        admin,
        provider: provider.client,
        service,
        endpoint,
        address,
        balancer,
        client,
        stranger,
        stranger_eni,
    })
}

type Call<'a> = (Service, &'a str, &'a [(&'a str, &'a str)]);

fn step(
    stage: &Stage,
    tell: &Teller,
    who: &Tenant,
    what: &str,
    command: &str,
    (service, action, parameters): Call<'_>,
) -> Result<Xml> {
    stage.go_on()?;
    tell.step(&format!("{}: {what}", who.name), command, || {
        who.client.aws(service, action, parameters)
    })
}

fn tenant(stage: &Stage, tell: &Teller, admin: &Client, name: &'static str) -> Result<Tenant> {
    stage.go_on()?;
    let made = tell.step(
        &format!("make the account {name}"),
        &format!("ginnel account create {name}"),
        || admin.ginnel("CreateAccount", &json!({ "name": name })),
    )?;
    let text = |member: &str| -> Result<String> {
        let found = made.get(member).and_then(|value| value.as_str());
        Ok(found.with_context(|| format!("no {member}"))?.to_owned())
    };
    let mut tenant = Tenant {
        name,
        client: Client::new(Credentials {
            account: text("account")?,
            access_key_id: text("access_key_id")?,
            secret_access_key: text("secret_access_key")?,
            ..admin.credentials().clone()
        }),
        vpc: String::new(),
        subnet: String::new(),
    };
    tenant.vpc = step(
        stage,
        tell,
        &tenant,
        &format!("make a VPC with {CIDR}"),
        &format!("aws ec2 create-vpc --cidr-block {CIDR}"),
        (Service::Ec2, "CreateVpc", &[("CidrBlock", CIDR)]),
    )?
    .need("vpcId")?;
    let zone = format!("{}a", admin.credentials().region);
    tenant.subnet = step(
        stage,
        tell,
        &tenant,
        &format!("make a subnet with {SUBNET}"),
        &format!(
            "aws ec2 create-subnet --vpc-id {} --cidr-block {SUBNET} --availability-zone {zone}",
            tenant.vpc
        ),
        (
            Service::Ec2,
            "CreateSubnet",
            &[
                ("VpcId", &tenant.vpc),
                ("CidrBlock", SUBNET),
                ("AvailabilityZone", &zone),
            ],
        ),
    )?
    .need("subnetId")?;
    Ok(tenant)
}

/// Two targets with a real HTTP server each, behind a Network Load Balancer.
fn offer(stage: &mut Stage, tell: &Teller, admin: &Client, provider: &Tenant) -> Result<String> {
    let targets = group(stage, tell, provider, "targets")?;
    step(
        stage,
        tell,
        provider,
        "admit the load balancer's subnet on the servers' port",
        &format!(
            "aws ec2 authorize-security-group-ingress --group-id {targets} --protocol tcp --port {TARGET_PORT} --cidr {SUBNET}"
        ),
        (
            Service::Ec2,
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", &targets),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.FromPort", TARGET_PORT),
                ("IpPermissions.1.ToPort", TARGET_PORT),
                ("IpPermissions.1.IpRanges.1.CidrIp", SUBNET),
            ],
        ),
    )?;
    for (name, address) in ["target-1", "target-2"].into_iter().zip(TARGETS) {
        let (namespace, _) = workload(stage, tell, admin, provider, name, address, Some(&targets))?;
        tell.step(
            &format!("provider: start an HTTP server on {address}:{TARGET_PORT}"),
            &format!("ip netns exec {namespace} ginnel demo-server {address}:{TARGET_PORT} {name}"),
            || stage.serve(&namespace, &format!("{address}:{TARGET_PORT}"), name),
        )?;
    }
    let balancer = step(
        stage,
        tell,
        provider,
        "make a Network Load Balancer",
        &format!(
            "aws elbv2 create-load-balancer --name orders --type network --scheme internal --subnets {}",
            provider.subnet
        ),
        (
            Service::Elbv2,
            "CreateLoadBalancer",
            &[
                ("Name", "orders"),
                ("Type", "network"),
                ("Scheme", "internal"),
                ("Subnets.member.1", &provider.subnet),
            ],
        ),
    )?
    .need("LoadBalancerArn")?;
    let group = step(
        stage,
        tell,
        provider,
        "make a target group",
        &format!(
            "aws elbv2 create-target-group --name orders --protocol TCP --port {TARGET_PORT} --target-type ip --vpc-id {}",
            provider.vpc
        ),
        (
            Service::Elbv2,
            "CreateTargetGroup",
            &[
                ("Name", "orders"),
                ("Protocol", "TCP"),
                ("Port", TARGET_PORT),
                ("TargetType", "ip"),
                ("VpcId", &provider.vpc),
            ],
        ),
    )?
    .need("TargetGroupArn")?;
    step(
        stage,
        tell,
        provider,
        "register both targets",
        &format!(
            "aws elbv2 register-targets --target-group-arn {group} --targets Id={} Id={}",
            TARGETS[0], TARGETS[1]
        ),
        (
            Service::Elbv2,
            "RegisterTargets",
            &[
                ("TargetGroupArn", &group),
                ("Targets.member.1.Id", TARGETS[0]),
                ("Targets.member.2.Id", TARGETS[1]),
            ],
        ),
    )?;
    step(
        stage,
        tell,
        provider,
        "listen on port 80",
        &format!(
            "aws elbv2 create-listener --load-balancer-arn {balancer} --protocol TCP --port {PORT} --default-actions Type=forward,TargetGroupArn={group}"
        ),
        (
            Service::Elbv2,
            "CreateListener",
            &[
                ("LoadBalancerArn", &balancer),
                ("Protocol", "TCP"),
                ("Port", PORT),
                ("DefaultActions.member.1.Type", "forward"),
                ("DefaultActions.member.1.TargetGroupArn", &group),
            ],
        ),
    )?;
    Ok(balancer)
}

/// An endpoint service that only the consumer's account sees, and whose connections wait for
/// acceptance. Returns its id.
fn publish(
    stage: &Stage,
    tell: &Teller,
    provider: &Tenant,
    balancer: &str,
    account: &str,
) -> Result<String> {
    let service = step(
        stage,
        tell,
        provider,
        "publish an endpoint service, with acceptance",
        &format!(
            "aws ec2 create-vpc-endpoint-service-configuration --network-load-balancer-arns {balancer} --acceptance-required"
        ),
        (
            Service::Ec2,
            "CreateVpcEndpointServiceConfiguration",
            &[
                ("NetworkLoadBalancerArn.1", balancer),
                ("AcceptanceRequired", "true"),
            ],
        ),
    )?
    .need("serviceId")?;
    let principal = format!("arn:aws:iam::{account}:root");
    step(
        stage,
        tell,
        provider,
        "allow the consumer's account to see it",
        &format!(
            "aws ec2 modify-vpc-endpoint-service-permissions --service-id {service} --add-allowed-principals {principal}"
        ),
        (
            Service::Ec2,
            "ModifyVpcEndpointServicePermissions",
            &[
                ("ServiceId", &service),
                ("AddAllowedPrincipals.1", &principal),
            ],
        ),
    )?;
    Ok(service)
}

fn group(stage: &Stage, tell: &Teller, who: &Tenant, name: &str) -> Result<String> {
    step(
        stage,
        tell,
        who,
        &format!("make the security group {name}"),
        &format!(
            "aws ec2 create-security-group --group-name {name} --description {name} --vpc-id {}",
            who.vpc
        ),
        (
            Service::Ec2,
            "CreateSecurityGroup",
            &[
                ("GroupName", name),
                ("GroupDescription", name),
                ("VpcId", &who.vpc),
            ],
        ),
    )?
    .need("groupId")
}

/// A namespace with an ENI; returns both names.
fn workload(
    stage: &mut Stage,
    tell: &Teller,
    admin: &Client,
    who: &Tenant,
    role: &str,
    address: &str,
    group: Option<&str>,
) -> Result<(String, String)> {
    let mut parameters = vec![
        ("SubnetId", who.subnet.as_str()),
        ("PrivateIpAddress", address),
    ];
    parameters.extend(group.map(|group| ("SecurityGroupId.1", group)));
    let option = group.map_or_else(String::new, |group| format!(" --groups {group}"));
    let eni = step(
        stage,
        tell,
        who,
        &format!("make an ENI for {role}"),
        &format!(
            "aws ec2 create-network-interface --subnet-id {} --private-ip-address {address}{option}",
            who.subnet
        ),
        (Service::Ec2, "CreateNetworkInterface", &parameters),
    )?
    .need("networkInterfaceId")?;
    let namespace = tell.step(
        &format!("{}: make the namespace of {role}", who.name),
        "ip netns add NAME",
        || stage.namespace(role),
    )?;
    tell.step(
        &format!("{}: attach the ENI to it", who.name),
        &format!("ginnel attach {eni} {namespace}"),
        || {
            admin.ginnel(
                "AttachInterface",
                &json!({
                    "interface": eni,
                    "namespace": format!("/run/netns/{namespace}"),
                    "device": "eth0",
                }),
            )
        },
    )?;
    Ok((namespace, eni))
}

fn request(
    stage: &Stage,
    tell: &Teller,
    consumer: &Tenant,
    service: &str,
    group: &str,
) -> Result<String> {
    let region = &consumer.client.credentials().region;
    let name = format!("com.amazonaws.vpce.{region}.{service}");
    let made = step(
        stage,
        tell,
        consumer,
        "ask for an interface endpoint",
        &format!(
            "aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id {} --service-name {name} --subnet-ids {} --security-group-ids {group}",
            consumer.vpc, consumer.subnet
        ),
        (
            Service::Ec2,
            "CreateVpcEndpoint",
            &[
                ("VpcEndpointType", "Interface"),
                ("VpcId", &consumer.vpc),
                ("ServiceName", &name),
                ("SubnetId.1", &consumer.subnet),
                ("SecurityGroupId.1", group),
            ],
        ),
    )?;
    let state = made.need("state")?;
    if state != "pendingAcceptance" {
        bail!("the endpoint is {state}, and should wait for the provider");
    }
    made.need("vpcEndpointId")
}

fn accept(
    stage: &Stage,
    tell: &Teller,
    provider: &Tenant,
    service: &str,
    endpoint: &str,
) -> Result<()> {
    step(
        stage,
        tell,
        provider,
        "accept the connection",
        &format!(
            "aws ec2 accept-vpc-endpoint-connections --service-id {service} --vpc-endpoint-ids {endpoint}"
        ),
        (
            Service::Ec2,
            "AcceptVpcEndpointConnections",
            &[("ServiceId", service), ("VpcEndpointId.1", endpoint)],
        ),
    )
    .map(drop)
}

/// Returns the endpoint's address.
fn wait_until_available(stage: &Stage, consumer: &Client, endpoint: &str) -> Result<String> {
    let mut waited = Duration::ZERO;
    let between = Duration::from_millis(5);
    loop {
        stage.go_on()?;
        let found = consumer.aws(
            Service::Ec2,
            "DescribeVpcEndpoints",
            &[("VpcEndpointId.1", endpoint)],
        )?;
        let state = found.need("state")?;
        if state == "available" {
            break;
        }
        if waited > PATIENCE {
            bail!("the endpoint is still {state} after {PATIENCE:?}");
        }
        stage::pause(between);
        waited += between;
    }
    consumer
        .aws(
            Service::Ec2,
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "description"),
                ("Filter.1.Value.1", &format!("*{endpoint}*")),
            ],
        )?
        .need("privateIpAddress")
}
