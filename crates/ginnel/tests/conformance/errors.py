"""Error codes, provoked one by one (AWS.md 1.5, 2, 4.5, 6.4 and 11)."""

import os
import urllib.error
import urllib.request

from botocore.exceptions import ClientError

from lab import by, case, refused, wait

VPC, SUBNET, GROUP = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
ENI, TABLE, ACL = "eni-0123456789abcdef0", "rtb-0123456789abcdef0", "acl-0123456789abcdef0"
ENDPOINT, SERVICE, LIST = "vpce-0123456789abcdef0", "vpce-svc-0123456789abcdef0", "pl-0123456789abcdef0"
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"


def provoke(table):
    """(code, call, parameters) each; all are tried, and all that went wrong is told."""
    wrong, missing = [], None
    for code, call, parameters in table:
        try:
            refused(code, call, **parameters)
        except AssertionError as error:
            cause = error.__context__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "UnsupportedOperation":
                missing = cause
            else:
                wrong.append(f"{call.__name__}({parameters}): {error}")
    assert not wrong, "\n    ".join(["", *wrong])
    if missing is not None:
        raise missing


def not_there(lab):
    return lab.tenant("errors").ec2


@case
def nothing_there(lab):
    ec2 = not_there(lab)
    provoke([
        ("InvalidVpcID.NotFound", ec2.describe_vpcs, {"VpcIds": [VPC]}),
        ("InvalidVpcID.NotFound", ec2.delete_vpc, {"VpcId": VPC}),
        ("InvalidVpcID.NotFound", ec2.create_subnet, {"VpcId": VPC, "CidrBlock": "10.0.0.0/24"}),
        ("InvalidSubnetID.NotFound", ec2.describe_subnets, {"SubnetIds": [SUBNET]}),
        ("InvalidSubnetID.NotFound", ec2.delete_subnet, {"SubnetId": SUBNET}),
        ("InvalidGroup.NotFound", ec2.describe_security_groups, {"GroupIds": [GROUP]}),
        ("InvalidGroup.NotFound", ec2.delete_security_group, {"GroupId": GROUP}),
        ("InvalidSecurityGroupRuleId.NotFound", ec2.describe_security_group_rules, {"SecurityGroupRuleIds": ["sgr-0123456789abcdef0"]}),
        ("InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, {"NetworkInterfaceIds": [ENI]}),
        ("InvalidNetworkInterfaceID.NotFound", ec2.delete_network_interface, {"NetworkInterfaceId": ENI}),
        ("InvalidVpcEndpointId.NotFound", ec2.describe_vpc_endpoints, {"VpcEndpointIds": [ENDPOINT]}),
        ("InvalidVpcEndpointId.NotFound", ec2.modify_vpc_endpoint, {"VpcEndpointId": ENDPOINT, "AddSubnetIds": [SUBNET]}),
        ("InvalidVpcEndpointServiceId.NotFound", ec2.describe_vpc_endpoint_service_configurations, {"ServiceIds": [SERVICE]}),
        ("InvalidVpcEndpointServiceId.NotFound", ec2.describe_vpc_endpoint_service_permissions, {"ServiceId": SERVICE}),
        ("InvalidVpcEndpointServiceId.NotFound", ec2.accept_vpc_endpoint_connections, {"ServiceId": SERVICE, "VpcEndpointIds": [ENDPOINT]}),
        ("InvalidServiceName", ec2.describe_vpc_endpoint_services, {"ServiceNames": ["com.amazonaws.us-east-1.nothing"]}),
    ])


@case
def nothing_there_either(lab):
    ec2 = not_there(lab)
    provoke([
        ("InvalidRouteTableID.NotFound", ec2.describe_route_tables, {"RouteTableIds": [TABLE]}),
        ("InvalidRouteTableID.NotFound", ec2.delete_route_table, {"RouteTableId": TABLE}),
        ("InvalidNetworkAclID.NotFound", ec2.describe_network_acls, {"NetworkAclIds": [ACL]}),
        ("InvalidNetworkAclID.NotFound", ec2.delete_network_acl, {"NetworkAclId": ACL}),
        (("InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound"), ec2.describe_managed_prefix_lists, {"PrefixListIds": [LIST]}),
        ("InvalidConnectionNotification", ec2.describe_vpc_endpoint_connection_notifications, {"ConnectionNotificationId": "vpce-nfn-0123456789abcdef0"}),
        ("InvalidInternetGatewayID.NotFound", ec2.describe_internet_gateways, {"InternetGatewayIds": ["igw-0123456789abcdef0"]}),
        ("NatGatewayNotFound", ec2.describe_nat_gateways, {"NatGatewayIds": ["nat-0123456789abcdef0"]}),
        ("InvalidAllocationID.NotFound", ec2.describe_addresses, {"AllocationIds": ["eipalloc-0123456789abcdef0"]}),
        (("InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsID.NotFound"), ec2.describe_dhcp_options, {"DhcpOptionsIds": ["dopt-0123456789abcdef0"]}),
    ])


@case
def malformed(lab):
    ec2 = not_there(lab)
    provoke([
        ("InvalidVpcID.Malformed", ec2.describe_vpcs, {"VpcIds": ["vpc-xyz"]}),
        ("InvalidSubnetID.Malformed", ec2.describe_subnets, {"SubnetIds": ["net-1"]}),
        ("InvalidGroupId.Malformed", ec2.describe_security_groups, {"GroupIds": ["sg-"]}),
        ("InvalidNetworkInterfaceID.Malformed", ec2.describe_network_interfaces, {"NetworkInterfaceIds": ["eni-1"]}),
        ("InvalidVpcEndpointId.Malformed", ec2.describe_vpc_endpoints, {"VpcEndpointIds": ["vpce"]}),
        ("InvalidVpcEndpointServiceIdId.Malformed", ec2.describe_vpc_endpoint_service_configurations, {"ServiceIds": ["svc"]}),
        ("InvalidID", ec2.create_tags, {"Resources": ["thing-1"], "Tags": [{"Key": "a", "Value": "b"}]}),
        ("InvalidVpcRange", ec2.create_vpc, {"CidrBlock": "10.0.0.0/8"}),
        ("InvalidParameterValue", ec2.create_vpc, {"CidrBlock": "ten"}),
    ])


@case
def parameters(lab):
    ec2 = not_there(lab)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    filters = by("no-such-filter", "x")
    provoke([
        (("InvalidParameterValue", "InvalidFilter"), ec2.describe_vpcs, {"Filters": filters}),
        (("InvalidParameterValue", "InvalidFilter"), ec2.describe_vpc_endpoints, {"Filters": filters}),
        ("InvalidParameterCombination", ec2.describe_vpcs, {"VpcIds": [vpc], "MaxResults": 5}),
        ("InvalidNextToken", ec2.describe_vpcs, {"NextToken": "nonsense"}),
        ("InvalidNextToken", ec2.describe_vpc_endpoints, {"NextToken": "nonsense"}),
        ("TagLimitExceeded", ec2.create_tags, {"Resources": [vpc], "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}),
    ])


@case
def dry_runs(lab):
    """DryRunOperation for each operation that changes something, as far as parameters are at hand."""
    provider, consumer = lab.passage()
    ec2, vpc, subnet = consumer.ec2, consumer.home, consumer.net
    group = consumer.group(vpc)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    endpoint = consumer.endpoint(vpc, provider.service_name, subnet)["VpcEndpointId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8"}
    out = [{"IpProtocol": "udp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    service = {"ServiceId": provider.service}
    ids = {**service, "VpcEndpointIds": [endpoint]}
    new = {"VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": provider.service_name, "SubnetIds": [subnet]}
    other = provider.balancer(provider.net, "other")
    before = ec2.describe_tags()["Tags"]
    provoke([
        ("DryRunOperation", call, {**parameters, "DryRun": True})
        for call, parameters in [
            (ec2.create_vpc, {"CidrBlock": "10.0.0.0/16"}),
            (ec2.create_subnet, {"VpcId": vpc, "CidrBlock": "10.0.9.0/24"}),
            (ec2.create_security_group, {"GroupName": "dry", "Description": "dry", "VpcId": vpc}),
            (ec2.delete_security_group, {"GroupId": group}),
            (ec2.authorize_security_group_ingress, {"GroupId": group, **rule}),
            (ec2.authorize_security_group_egress, {"GroupId": group, "IpPermissions": out}),
            (ec2.revoke_security_group_egress, {"GroupId": group, "IpPermissions": everything}),
            (ec2.create_network_interface, {"SubnetId": subnet}),
            (ec2.delete_network_interface, {"NetworkInterfaceId": eni}),
            (ec2.create_tags, {"Resources": [vpc], "Tags": [{"Key": "a", "Value": "b"}]}),
            (ec2.delete_tags, {"Resources": [vpc], "Tags": [{"Key": "a"}]}),
            (ec2.create_vpc_endpoint, new),
            (ec2.modify_vpc_endpoint, {"VpcEndpointId": endpoint, "AddSecurityGroupIds": [group]}),
            (ec2.delete_vpc_endpoints, {"VpcEndpointIds": [endpoint]}),
            (provider.ec2.create_vpc_endpoint_service_configuration, {"NetworkLoadBalancerArns": [other]}),
            (provider.ec2.modify_vpc_endpoint_service_configuration, {**service, "AcceptanceRequired": True}),
            (provider.ec2.modify_vpc_endpoint_service_permissions, {**service, "AddAllowedPrincipals": ["*"]}),
            (provider.ec2.reject_vpc_endpoint_connections, ids),
            (provider.ec2.delete_vpc_endpoint_service_configurations, {"ServiceIds": [provider.service]}),
            (ec2.describe_vpcs, {}),
            (ec2.describe_vpc_endpoints, {}),
        ]
    ])
    assert ec2.describe_tags()["Tags"] == before
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1


@case
def conflicts(lab):
    provider, consumer = lab.passage()
    ec2, vpc, subnet = consumer.ec2, consumer.home, consumer.net
    group = consumer.group(vpc)
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8"}
    ec2.authorize_security_group_ingress(**rule)
    eni = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.10", Groups=[group])
    twin = consumer.subnet(vpc, "10.0.3.0/24", "a")
    far = consumer.subnet(vpc, "10.0.4.0/24", "c")
    endpoint = {"VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": provider.service_name}
    default = ec2.describe_security_groups(Filters=by("group-name", "default"))["SecurityGroups"][0]["GroupId"]
    foreign = provider.group(provider.home)
    assert eni
    provoke([
        ("DependencyViolation", ec2.delete_vpc, {"VpcId": vpc}),
        ("DependencyViolation", ec2.delete_subnet, {"SubnetId": subnet}),
        ("DependencyViolation", ec2.delete_security_group, {"GroupId": group}),
        ("CannotDelete", ec2.delete_security_group, {"GroupId": default}),
        ("InvalidGroup.Duplicate", ec2.create_security_group, {"GroupName": "door", "Description": "x", "VpcId": vpc}),
        ("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, rule),
        ("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, {**rule, "ToPort": 3}),
        ("InvalidSubnet.Conflict", ec2.create_subnet, {"VpcId": vpc, "CidrBlock": "10.0.1.0/25"}),
        ("InvalidSubnet.Range", ec2.create_subnet, {"VpcId": vpc, "CidrBlock": "10.9.0.0/24"}),
        ("InvalidIPAddress.InUse", ec2.create_network_interface, {"SubnetId": subnet, "PrivateIpAddress": "10.0.1.10"}),
        ("InvalidServiceName", ec2.create_vpc_endpoint, {**endpoint, "ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"}),
        ("InvalidGroup.NotFound", ec2.create_vpc_endpoint, {**endpoint, "SubnetIds": [subnet], "SecurityGroupIds": [foreign]}),
        (("DuplicateSubnetsInSameZone", "InvalidParameter"), ec2.create_vpc_endpoint, {**endpoint, "SubnetIds": [subnet, twin]}),
        ("InvalidParameter", ec2.create_vpc_endpoint, {**endpoint, "SubnetIds": [far]}),
    ])


@case
def tokens(lab):
    provider, consumer = lab.passage()
    endpoint = {
        "VpcEndpointType": "Interface", "VpcId": consumer.home, "ServiceName": provider.service_name,
        "SubnetIds": [consumer.net], "ClientToken": "t",
    }
    first = consumer.ec2.create_vpc_endpoint(**endpoint)
    assert first["ClientToken"] == "t", first
    again = consumer.ec2.create_vpc_endpoint(**endpoint)
    assert again["VpcEndpoint"]["VpcEndpointId"] == first["VpcEndpoint"]["VpcEndpointId"]
    other = {**endpoint, "PrivateDnsEnabled": False}
    refused("IdempotentParameterMismatch", consumer.ec2.create_vpc_endpoint, **other)


@case
def balancers(lab):
    tenant = lab.tenant()
    elb, vpc = tenant.elbv2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    arn = tenant.balancer(subnet)
    group = elb.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    second = elb.create_target_group(Name="second", Protocol="TCP", Port=81, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    listener = {
        "LoadBalancerArn": arn, "Protocol": "TCP", "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
    }
    elb.create_listener(**listener)
    tenant.offer(arn)
    new = {"Name": "two", "Type": "network", "Scheme": "internal"}
    gone = {"lb": ARN + "loadbalancer/net/x/0123456789abcdef", "tg": ARN + "targetgroup/x/0123456789abcdef"}
    provoke([
        ("LoadBalancerNotFound", elb.describe_load_balancers, {"LoadBalancerArns": [gone["lb"]]}),
        ("LoadBalancerNotFound", elb.describe_load_balancer_attributes, {"LoadBalancerArn": gone["lb"]}),
        ("TargetGroupNotFound", elb.describe_target_groups, {"TargetGroupArns": [gone["tg"]]}),
        ("TargetGroupNotFound", elb.register_targets, {"TargetGroupArn": gone["tg"], "Targets": [{"Id": "10.0.0.1"}]}),
        ("ListenerNotFound", elb.describe_listeners, {"ListenerArns": [ARN + "listener/net/x/0123456789abcdef/0123456789abcdef"]}),
        ("ResourceInUse", elb.delete_load_balancer, {"LoadBalancerArn": arn}),
        ("ResourceInUse", elb.delete_target_group, {"TargetGroupArn": group}),
        ("DuplicateListener", elb.create_listener, {**listener, "DefaultActions": [{"Type": "forward", "TargetGroupArn": second}]}),
        ("DuplicateTargetGroupName", elb.create_target_group, {"Name": "web", "Protocol": "UDP", "Port": 53, "VpcId": vpc, "TargetType": "ip"}),
        ("DuplicateLoadBalancerName", elb.create_load_balancer, {**new, "Name": "orders", "Subnets": [tenant.subnet(vpc, "10.0.7.0/24", "b")]}),
        ("SubnetNotFound", elb.create_load_balancer, {**new, "Subnets": [SUBNET]}),
        ("ValidationError", elb.create_load_balancer, {**new, "Name": "-bad-", "Subnets": [subnet]}),
        (("InvalidTarget", "ValidationError"), elb.register_targets, {"TargetGroupArn": group, "Targets": [{"Id": "not-an-address"}]}),
    ])


@case
def signatures(lab):
    tenant = lab.tenant()
    wrong = tenant.client("ec2", secret="x" * 40)
    refused("AuthFailure", wrong.describe_vpcs)
    refused("AuthFailure", tenant.client("ec2", id="AKIAIOSFODNN7EXAMPLE").describe_vpcs)
    refused("SignatureDoesNotMatch", tenant.client("sts", secret="x" * 40).get_caller_identity)
    refused("InvalidClientTokenId", tenant.client("sts", id="AKIAIOSFODNN7EXAMPLE").get_caller_identity)
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], data=b"Action=DescribeVpcs&Version=2016-11-15")
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        assert error.code == 400 or error.code == 403, error.code
        assert b"<Code>MissingAuthenticationToken</Code>" in error.read()
    else:
        raise AssertionError("an unsigned call succeeded")
    refused("UnsupportedOperation", tenant.ec2.describe_instances)


@case
def states(lab):
    provider, consumer = lab.passage(acceptance=True)
    endpoint = consumer.endpoint(consumer.home, provider.service_name, consumer.net)["VpcEndpointId"]
    ids = {"ServiceId": provider.service, "VpcEndpointIds": [endpoint, ENDPOINT]}
    left = provider.ec2.accept_vpc_endpoint_connections(**ids)["Unsuccessful"]
    assert [one["ResourceId"] for one in left] == [ENDPOINT], left

    def available():
        told = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
        return told["State"] == "available"

    wait("available", available)
    left = provider.ec2.accept_vpc_endpoint_connections(ServiceId=provider.service, VpcEndpointIds=[endpoint])
    assert left["Unsuccessful"][0]["Error"]["Code"] == "InvalidState", left
