"""VPC peering connections, of one account and of two."""

from lab import by, case, refused, tags, wait


def state(tenant, name):
    found = tenant.ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[name])["VpcPeeringConnections"]
    return found[0]["Status"]["Code"]


@case
def two_accounts(lab):
    one, two = lab.tenant("requester"), lab.tenant("accepter")
    mine, theirs = one.vpc("10.0.0.0/16"), two.vpc("10.1.0.0/16")
    asked = one.ec2.create_vpc_peering_connection(
        VpcId=mine, PeerVpcId=theirs, PeerOwnerId=two.account, PeerRegion=one.region,
        TagSpecifications=tags("vpc-peering-connection"),
    )["VpcPeeringConnection"]
    name = asked["VpcPeeringConnectionId"]
    assert asked["Status"]["Code"] == "initiating-request" and asked["Tags"], asked
    wait("the request", lambda: state(one, name) == "pending-acceptance")
    refused("OperationNotPermitted", one.ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=name)
    table = one.ec2.describe_route_tables(Filters=by("vpc-id", mine))["RouteTables"][0]["RouteTableId"]
    where = {"RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/16"}
    one.ec2.create_route(**where, VpcPeeringConnectionId=name)

    def route():
        told = one.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return next(one for one in told if one.get("VpcPeeringConnectionId") == name)["State"]

    assert route() == "blackhole"
    told = two.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=name)["VpcPeeringConnection"]
    assert told["Status"]["Code"] in ("provisioning", "active") and not told.get("Tags"), told
    wait("the way", lambda: state(two, name) == "active")
    assert route() == "active"
    found = one.ec2.describe_vpc_peering_connections(
        Filters=by("requester-vpc-info.vpc-id", mine) + by("status-code", "active")
    )["VpcPeeringConnections"]
    assert [it["AccepterVpcInfo"]["CidrBlock"] for it in found] == ["10.1.0.0/16"], found
    assert two.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=name)["Return"] is True
    wait("the end", lambda: state(one, name) == "deleted")
    assert route() == "blackhole"
    one.ec2.delete_route(**where)


@case
def requests_that_come_to_nothing(lab):
    tenant = lab.tenant()
    one, two, same = tenant.vpc("10.0.0.0/16"), tenant.vpc("10.1.0.0/16"), tenant.vpc("10.0.0.0/16")

    def ask(vpc, peer):
        made = tenant.ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)
        return made["VpcPeeringConnection"]["VpcPeeringConnectionId"]

    name = ask(one, two)
    assert ask(one, two) == name
    assert tenant.ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=name)["Return"] is True
    assert state(tenant, name) == "rejected"
    refused("InvalidStateTransition", tenant.ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=name)
    failed = ask(one, same)
    wait("the failure", lambda: state(tenant, failed) == "failed")
    listed = tenant.ec2.get_paginator("describe_vpc_peering_connections").paginate(PaginationConfig={"PageSize": 5})
    names = [it["VpcPeeringConnectionId"] for page in listed for it in page["VpcPeeringConnections"]]
    assert sorted(names) == sorted([name, failed]), names
