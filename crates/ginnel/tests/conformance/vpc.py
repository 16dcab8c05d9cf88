"""VPCs, subnets, DHCP options, regions and zones, tags."""

from lab import by, case, tags, wait


@case
def vpcs(lab):
    ec2 = lab.tenant().ec2
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", Name="one", role="test"))["Vpc"]
    vpc = made["VpcId"]
    assert made["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"] == "associated", made
    assert not made["IsDefault"] and made["InstanceTenancy"] == "default"
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc])
    for more in ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"):
        ec2.create_vpc(CidrBlock=more)
    assert [one["VpcId"] for one in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]] == [vpc]
    for filters in (by("tag:Name", "o*"), by("tag-key", "role"), by("vpc-id", vpc), by("cidr", "10.0.0.0/16")):
        found = [one["VpcId"] for one in ec2.describe_vpcs(Filters=filters)["Vpcs"]]
        assert found == [vpc], (filters, found)
    assert ec2.describe_vpcs(Filters=by("state", "pending"))["Vpcs"] == []
    pages = list(ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
    assert sum(len(page["Vpcs"]) for page in pages) == 5, pages
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    for attribute, member, wanted in (
        ("enableDnsSupport", "EnableDnsSupport", True),
        ("enableDnsHostnames", "EnableDnsHostnames", True),
        ("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", False),
    ):
        told = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert told[member]["Value"] is wanted, told
    ec2.delete_vpc(VpcId=vpc)
    assert len(ec2.describe_vpcs()["Vpcs"]) == 4


@case
def subnets(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    made = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b", TagSpecifications=tags("subnet")
    )["Subnet"]
    subnet = made["SubnetId"]
    assert made["AvailableIpAddressCount"] == 251 and made["AvailabilityZone"] == "us-east-1b", made
    assert made["SubnetArn"].endswith(f":subnet/{subnet}"), made
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24")
    ec2.get_waiter("subnet_available").wait(SubnetIds=[subnet])
    for filters in (by("availability-zone", "us-east-1b"), by("cidr-block", "10.0.1.0/24"), by("tag:Name", "*ance")):
        found = [one["SubnetId"] for one in ec2.describe_subnets(Filters=filters)["Subnets"]]
        assert found == [subnet], (filters, found)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]
    assert len(ec2.describe_subnets(Filters=by("vpc-id", vpc))["Subnets"]) == 2
    ec2.delete_subnet(SubnetId=subnet)


@case
def regions_and_zones(lab):
    ec2 = lab.tenant().ec2
    regions = ec2.describe_regions()["Regions"]
    assert "us-east-1" in [one["RegionName"] for one in regions], regions
    ec2.describe_regions(RegionNames=["us-east-1"])
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert len(zones) >= 2 and all(one["ZoneId"] for one in zones), zones
    ec2.describe_availability_zones(ZoneNames=["us-east-1a"], Filters=by("state", "available"))


@case
def tags_of_things(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    told = ec2.describe_tags(Filters=by("resource-id", vpc))["Tags"]
    assert {(one["Key"], one["Value"], one["ResourceType"]) for one in told} == {("a", "1", "vpc"), ("b", "", "vpc")}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a"}])
    assert [one["Key"] for one in ec2.describe_tags(Filters=by("resource-type", "vpc"))["Tags"]] == ["b"]


@case
def default_vpc(lab):
    ec2 = lab.tenant().ec2
    made = ec2.create_default_vpc()["Vpc"]
    assert made["IsDefault"] and made["CidrBlock"] == "172.31.0.0/16", made
    wait("the default VPC", lambda: ec2.describe_vpcs(Filters=by("is-default", "true"))["Vpcs"])
    assert ec2.describe_subnets(Filters=by("default-for-az", "true"))["Subnets"]


@case
def account_attributes(lab):
    ec2 = lab.tenant().ec2
    told = ec2.describe_account_attributes()["AccountAttributes"]
    platforms = [one for one in told if one["AttributeName"] == "supported-platforms"]
    assert platforms[0]["AttributeValues"][0]["AttributeValue"] == "VPC", told
    ec2.describe_account_attributes(AttributeNames=["default-vpc"])


@case
def dhcp_options(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    made = ec2.create_dhcp_options(
        DhcpConfigurations=[
            {"Key": "domain-name", "Values": ["example.internal"]},
            {"Key": "domain-name-servers", "Values": ["10.0.0.2", "10.0.0.3"]},
        ],
        TagSpecifications=tags("dhcp-options"),
    )["DhcpOptions"]
    options = made["DhcpOptionsId"]
    told = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"]
    assert {one["Key"] for one in told[0]["DhcpConfigurations"]} == {"domain-name", "domain-name-servers"}
    ec2.describe_dhcp_options(Filters=by("key", "domain-name"))
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == options
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
