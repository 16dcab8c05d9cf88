"""Route tables and network ACLs."""

from lab import by, case, refused, tags


@case
def route_tables(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    main = ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true"))["RouteTables"][0]
    assert [one["DestinationCidrBlock"] for one in main["Routes"]] == ["10.0.0.0/16"], main
    assert main["Routes"][0]["GatewayId"] == "local" and main["Routes"][0]["Origin"] == "CreateRouteTable", main
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("route-table"))["RouteTable"]["RouteTableId"]
    associated = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert associated["AssociationState"]["State"] == "associated", associated
    told = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    assert told["Associations"][0]["SubnetId"] == subnet and not told["Associations"][0]["Main"], told
    found = ec2.describe_route_tables(Filters=by("association.subnet-id", subnet))["RouteTables"]
    assert [one["RouteTableId"] for one in found] == [table]
    second = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    moved = ec2.replace_route_table_association(AssociationId=associated["AssociationId"], RouteTableId=second)
    ec2.disassociate_route_table(AssociationId=moved["NewAssociationId"])
    ec2.delete_route_table(RouteTableId=second)
    ec2.delete_route_table(RouteTableId=table)


@case
def routes(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    where = {"RouteTableId": table, "DestinationCidrBlock": "192.168.0.0/16"}
    assert ec2.create_route(**where, NetworkInterfaceId=eni)["Return"] is True
    ec2.replace_route(**where, NetworkInterfaceId=other)
    told = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [one.get("NetworkInterfaceId") for one in told if one["DestinationCidrBlock"] != "10.0.0.0/16"] == [other]
    ec2.delete_route(**where)
    assert len(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]) == 1


@case
def routes_for_prefix_lists(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    eni, other = (
        ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)
    )
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "192.168.0.0/16"}]
    )["PrefixList"]["PrefixListId"]
    where = {"RouteTableId": table, "DestinationPrefixListId": made}
    ec2.create_route(**where, NetworkInterfaceId=eni)
    ec2.replace_route(**where, NetworkInterfaceId=other)
    used = ec2.get_managed_prefix_list_associations(PrefixListId=made)["PrefixListAssociations"]
    assert [one["ResourceId"] for one in used] == [table], used
    refused("DependencyViolation", ec2.delete_managed_prefix_list, PrefixListId=made)
    found = ec2.describe_route_tables(Filters=by("route.destination-prefix-list-id", made))["RouteTables"]
    assert [one["RouteTableId"] for one in found] == [table]
    ec2.delete_route(**where)
    ec2.delete_managed_prefix_list(PrefixListId=made)


@case
def network_acls(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    default = ec2.describe_network_acls(Filters=by("vpc-id", vpc))["NetworkAcls"][0]
    assert default["IsDefault"] and {one["RuleNumber"] for one in default["Entries"]} == {100, 32767}, default
    acl = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tags("network-acl"))["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    ec2.create_network_acl_entry(
        **entry, Protocol="6", RuleAction="allow", CidrBlock="0.0.0.0/0", PortRange={"From": 443, "To": 443}
    )
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=110, Egress=True, Protocol="1", RuleAction="deny",
        CidrBlock="0.0.0.0/0", IcmpTypeCode={"Type": 8, "Code": -1},
    )
    ec2.replace_network_acl_entry(**entry, Protocol="-1", RuleAction="deny", CidrBlock="10.9.0.0/16")
    told = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert {(one["RuleNumber"], one["Egress"]) for one in told} == {(100, False), (110, True), (32767, False), (32767, True)}
    association = next(one for one in default["Associations"] if one["SubnetId"] == subnet)
    moved = ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )["NewAssociationId"]
    ec2.describe_network_acls(Filters=by("association.subnet-id", subnet) + by("default", "false"))
    ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
    ec2.delete_network_acl_entry(**entry)
    ec2.delete_network_acl(NetworkAclId=acl)
