"""VPC endpoints."""

import json

from lab import by, case, refused, tags, wait


def state_of(tenant, endpoint):
    return tenant.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"]


@case
def interface_endpoints(lab):
    provider, consumer = lab.passage()
    ec2, group = consumer.ec2, consumer.group(consumer.home)
    made = consumer.endpoint(
        consumer.home, provider.service_name, consumer.net, SecurityGroupIds=[group], ClientToken="once",
        PrivateDnsEnabled=False, TagSpecifications=tags("vpc-endpoint"),
    )
    endpoint = made["VpcEndpointId"]
    assert made["VpcEndpointType"] == "Interface" and made["RequesterManaged"] is False, made
    assert made["DnsEntries"][0]["DnsName"].startswith(endpoint), made
    wait("available", lambda: state_of(consumer, endpoint) == "available")
    for filters in (
        by("vpc-id", consumer.home), by("service-name", provider.service_name), by("vpc-endpoint-state", "available"),
        by("vpc-endpoint-type", "Interface"), by("tag:Name", "conf*"), by("vpc-endpoint-id", endpoint),
    ):
        found = [one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]
        assert found == [endpoint], (filters, found)
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"][0]
    assert eni["InterfaceType"] == "vpc_endpoint" and eni["RequesterManaged"] is True, eni
    refused("OperationNotPermitted", ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"])
    other = consumer.group(consumer.home, "other")
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group])
    told = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert [one["GroupId"] for one in told["Groups"]] == [other], told
    left = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-0123456789abcdef0"])["Unsuccessful"]
    assert [one["Error"]["Code"] for one in left] == ["InvalidVpcEndpoint.NotFound"], left
    wait("the endpoint to go", lambda: not ec2.describe_vpc_endpoints()["VpcEndpoints"])


@case
def endpoint_subnets(lab):
    provider, consumer = lab.passage()
    far = provider.subnet(provider.home, "10.0.2.0/24", "b")
    both = provider.elbv2.create_load_balancer(
        Name="both", Type="network", Scheme="internal", Subnets=[provider.net, far]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    _, name = provider.offer(both, consumer)
    second = consumer.subnet(consumer.home, "10.0.2.0/24", "b")
    endpoint = consumer.endpoint(consumer.home, name, consumer.net)["VpcEndpointId"]
    wait("available", lambda: state_of(consumer, endpoint) == "available")
    consumer.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[second])
    told = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert set(told["SubnetIds"]) == {consumer.net, second}, told
    consumer.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[consumer.net])


@case
def gateway_endpoints(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert made["VpcEndpointType"] == "Gateway" and json.loads(made["PolicyDocument"])["Statement"], made
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[table])
    told = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert told["RouteTableIds"] == [table] and told["State"] == "available", told
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert endpoint in [one.get("GatewayId") for one in routes], routes
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
    }
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(policy))
    told = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert json.loads(told["PolicyDocument"]) == policy, told
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True, RemoveRouteTableIds=[table])
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    services = ec2.describe_vpc_endpoint_services(
        ServiceNames=["com.amazonaws.us-east-1.s3"], Filters=by("service-type", "Gateway")
    )["ServiceDetails"]
    assert services[0]["Owner"] == "amazon" and services[0]["ServiceType"] == [{"ServiceType": "Gateway"}], services


@case
def associations(lab):
    provider, consumer = lab.passage()
    endpoint = consumer.endpoint(consumer.home, provider.service_name, consumer.net)["VpcEndpointId"]
    told = consumer.ec2.describe_vpc_endpoint_associations(VpcEndpointIds=[endpoint])
    assert told["VpcEndpointAssociations"] == [], told
