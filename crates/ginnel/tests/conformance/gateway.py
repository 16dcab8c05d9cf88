"""Internet gateways, NAT gateways, addresses."""

from lab import by, case, refused, tags, wait


@case
def internet_gateways(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    made = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway"))["InternetGateway"]
    gateway = made["InternetGatewayId"]
    assert made["Attachments"] == [] and made["OwnerId"] == tenant.account, made
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    told = ec2.describe_internet_gateways(Filters=by("attachment.vpc-id", vpc))["InternetGateways"]
    assert told[0]["Attachments"] == [{"State": "available", "VpcId": vpc}], told
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.describe_internet_gateways(InternetGatewayIds=[gateway])
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


@case
def addresses(lab):
    ec2 = lab.tenant().ec2
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))
    allocation = made["AllocationId"]
    assert made["PublicIp"] and made["Domain"] == "vpc", made
    told = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert told[0]["PublicIp"] == made["PublicIp"], told
    ec2.describe_addresses(Filters=by("public-ip", made["PublicIp"]))
    ec2.describe_addresses_attribute(AllocationIds=[allocation], Attribute="domain-name")
    ec2.release_address(AllocationId=allocation)
    assert ec2.describe_addresses()["Addresses"] == []


@case
def addresses_of_interfaces(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    eni = ec2.create_network_interface(
        SubnetId=tenant.subnet(vpc), SecondaryPrivateIpAddressCount=1
    )["NetworkInterface"]
    name, second = eni["NetworkInterfaceId"], eni["PrivateIpAddresses"][1]["PrivateIpAddress"]
    made = ec2.allocate_address(Domain="vpc")
    wanted = {"AllocationId": made["AllocationId"], "NetworkInterfaceId": name, "PrivateIpAddress": second}
    refused("Gateway.NotAttached", ec2.associate_address, **wanted)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    association = ec2.associate_address(**wanted)["AssociationId"]
    told = ec2.describe_addresses(Filters=by("association-id", association))["Addresses"][0]
    assert (told["NetworkInterfaceId"], told["PrivateIpAddress"]) == (name, second), told
    assert told["NetworkInterfaceOwnerId"] == tenant.account, told
    told = ec2.describe_network_interfaces(Filters=by("addresses.association.public-ip", made["PublicIp"]))
    told = told["NetworkInterfaces"][0]["PrivateIpAddresses"][1]["Association"]
    assert told["AllocationId"] == made["AllocationId"] and told["IpOwnerId"] == tenant.account, told
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=made["AllocationId"])
    ec2.disassociate_address(AssociationId=association)
    refused("InvalidAssociationID.NotFound", ec2.disassociate_address, AssociationId=association)
    ec2.release_address(AllocationId=made["AllocationId"])


@case
def nat_gateways(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation, TagSpecifications=tags("natgateway"))
    gateway = made["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[gateway], WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    told = ec2.describe_nat_gateways(Filters=by("vpc-id", vpc))["NatGateways"][0]
    assert told["NatGatewayAddresses"][0]["AllocationId"] == allocation, told
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    wait(
        "the NAT gateway to go",
        lambda: all(one["State"] in ("deleted", "deleting") for one in ec2.describe_nat_gateways()["NatGateways"]),
    )
