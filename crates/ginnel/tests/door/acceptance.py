"""The demo's set-up and tear-down with boto3: the endpoint URL and the keys are all it knows.

Run by clients.rs. GINNEL, GINNEL_STATE and GINNEL_RUN name the binary and the instance, for the
two things that AWS has no call for: a second account, and binding an ENI to a namespace.
"""

import json
import os
import subprocess
import time

import boto3
from botocore.exceptions import ClientError

CIDR, SUBNET = "10.0.0.0/16", "10.0.1.0/24"


def ginnel(*words):
    out = subprocess.run([os.environ["GINNEL"], *words], check=True, capture_output=True, text=True)
    return out.stdout


class Tenant:
    def __init__(self, name):
        self.name = name
        who = json.loads(ginnel("account", "create", name, "-o", "json"))
        self.account = who["account"]
        session = boto3.Session(
            aws_access_key_id=who["access_key_id"],
            aws_secret_access_key=who["secret_access_key"],
            region_name=who["region"],
        )
        self.ec2 = session.client("ec2")
        self.elb = session.client("elbv2")
        assert session.client("sts").get_caller_identity()["Account"] == self.account
        self.vpc = self.ec2.create_vpc(CidrBlock=CIDR)["Vpc"]["VpcId"]
        self.ec2.get_waiter("vpc_available").wait(VpcIds=[self.vpc])
        zone = self.ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
        self.subnet = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=SUBNET, AvailabilityZone=zone
        )["Subnet"]["SubnetId"]
        # Load balancers reach their targets, whose ENIs carry the default group.
        default = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"][0]["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=default, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": CIDR}]}]
        )

    def workload(self, role, address):
        eni = self.ec2.create_network_interface(
            SubnetId=self.subnet, PrivateIpAddress=address, Description=role
        )["NetworkInterface"]["NetworkInterfaceId"]
        namespace = f"gnlt-{os.getpid()}-{role}"
        subprocess.run(["ip", "netns", "add", namespace], check=True)
        NAMESPACES.append(namespace)
        ginnel("attach", eni, namespace)
        return namespace, eni


NAMESPACES, SERVERS = [], []


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"{code} expected")


def curl(namespace, address):
    command = ["ip", "netns", "exec", namespace, "curl", "-sS", "--max-time", "2", f"http://{address}/"]
    out = subprocess.run(command, capture_output=True, text=True)
    return out.stdout if out.returncode == 0 else None


def wait(what, condition):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"gave up waiting for {what}")


def main():
    provider, consumer = Tenant("vendor"), Tenant("customer")

    target_ns, target_eni = provider.workload("target", "10.0.1.10")
    SERVERS.append(
        subprocess.Popen(
            ["ip", "netns", "exec", target_ns, os.environ["GINNEL"], "demo-server", "10.0.1.10:8080", "one"],
            stdout=subprocess.PIPE,
        )
    )
    assert SERVERS[0].stdout.readline() == b"ready\n"
    lb = provider.elb.create_load_balancer(
        Name="orders", Type="network", Scheme="internal", Subnets=[provider.subnet]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    wait("the load balancer", lambda: provider.elb.describe_load_balancers(LoadBalancerArns=[lb])["LoadBalancers"][0]["State"]["Code"] == "active")
    group = provider.elb.create_target_group(
        Name="orders", Protocol="TCP", Port=8080, VpcId=provider.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    provider.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.10"}])
    listener = provider.elb.create_listener(
        LoadBalancerArn=lb, Protocol="TCP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    health = provider.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in health] == ["healthy"], health
    made = provider.ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[lb], AcceptanceRequired=True,
        TagSpecifications=[{"ResourceType": "vpc-endpoint-service", "Tags": [{"Key": "Name", "Value": "orders"}]}],
    )["ServiceConfiguration"]
    service, name = made["ServiceId"], made["ServiceName"]

    # The allow-list is enforced: who is not on it cannot tell the service from none.
    refused("InvalidServiceName", consumer.ec2.describe_vpc_endpoint_services, ServiceNames=[name])
    asked = dict(
        VpcEndpointType="Interface", VpcId=consumer.vpc, ServiceName=name, SubnetIds=[consumer.subnet]
    )
    refused("InvalidServiceName", consumer.ec2.create_vpc_endpoint, **asked)
    principal = f"arn:aws:iam::{consumer.account}:root"
    provider.ec2.modify_vpc_endpoint_service_permissions(ServiceId=service, AddAllowedPrincipals=[principal])
    listed = provider.ec2.describe_vpc_endpoint_service_permissions(ServiceId=service)
    assert [one["Principal"] for one in listed["AllowedPrincipals"]] == [principal]
    details = consumer.ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
    assert details[0]["Owner"] == provider.account, details

    client_ns, client_eni = consumer.workload("client", "10.0.1.10")
    sg = consumer.ec2.create_security_group(GroupName="door", Description="door", VpcId=consumer.vpc)["GroupId"]
    consumer.ec2.authorize_security_group_ingress(
        GroupId=sg, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp=CIDR
    )
    token = dict(asked, SecurityGroupIds=[sg], ClientToken="once")
    endpoint = consumer.ec2.create_vpc_endpoint(**token)["VpcEndpoint"]
    assert endpoint["State"] == "pendingAcceptance", endpoint
    again = consumer.ec2.create_vpc_endpoint(**token)["VpcEndpoint"]
    assert again["VpcEndpointId"] == endpoint["VpcEndpointId"]
    vpce = endpoint["VpcEndpointId"]
    refused("IdempotentParameterMismatch", consumer.ec2.create_vpc_endpoint, **dict(token, SecurityGroupIds=[]))

    # Acceptance is enforced: nothing passes before.
    eni = consumer.ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
    address = eni["NetworkInterfaces"][0]["PrivateIpAddress"]
    assert curl(client_ns, address) is None
    waiting = provider.ec2.describe_vpc_endpoint_connections(Filters=[{"Name": "service-id", "Values": [service]}])
    assert [one["VpcEndpointId"] for one in waiting["VpcEndpointConnections"]] == [vpce]
    # The consumer cannot accept for the provider.
    refused("InvalidVpcEndpointServiceId.NotFound", consumer.ec2.accept_vpc_endpoint_connections, ServiceId=service, VpcEndpointIds=[vpce])
    answer = provider.ec2.accept_vpc_endpoint_connections(ServiceId=service, VpcEndpointIds=[vpce])
    assert answer["Unsuccessful"] == [], answer
    state = lambda: consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[vpce])["VpcEndpoints"][0]["State"]
    wait("available", lambda: state() == "available")
    body = curl(client_ns, address)
    assert body and "served-by=one" in body, body

    # Tear-down, against the order first.
    refused("DependencyViolation", consumer.ec2.delete_vpc, VpcId=consumer.vpc)
    refused("ResourceInUse", provider.elb.delete_load_balancer, LoadBalancerArn=lb)
    left = provider.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service])["Unsuccessful"]
    assert left[0]["Error"]["Code"] == "ExistingVpcEndpointConnections", left
    provider.ec2.reject_vpc_endpoint_connections(ServiceId=service, VpcEndpointIds=[vpce])
    assert curl(client_ns, address) is None
    assert state() == "rejected"
    assert consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[vpce])["Unsuccessful"] == []

    def gone():
        try:
            state()
        except ClientError as error:
            return error.response["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"

    wait("the endpoint to be gone", gone)
    assert provider.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service])["Unsuccessful"] == []
    provider.elb.delete_listener(ListenerArn=listener)
    provider.elb.delete_load_balancer(LoadBalancerArn=lb)
    provider.elb.delete_target_group(TargetGroupArn=group)
    consumer.ec2.delete_security_group(GroupId=sg)
    for tenant, interface in [(provider, target_eni), (consumer, client_eni)]:
        ginnel("detach", interface)
        tenant.ec2.delete_network_interface(NetworkInterfaceId=interface)
        tenant.ec2.delete_subnet(SubnetId=tenant.subnet)
        tenant.ec2.delete_vpc(VpcId=tenant.vpc)
        assert tenant.ec2.describe_vpcs()["Vpcs"] == []
        assert tenant.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
        assert tenant.ec2.describe_security_groups()["SecurityGroups"] == []
    print("boto3: set up, used, removed")


try:
    main()
finally:
    for server in SERVERS:
        server.kill()
        server.wait()
    for namespace in NAMESPACES:
        subprocess.run(["ip", "netns", "del", namespace], check=False)
