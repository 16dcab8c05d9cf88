"""Network interfaces."""

from lab import by, case, refused, tags


@case
def interfaces(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet, group = tenant.subnet(vpc), tenant.group(vpc)
    made = ec2.create_network_interface(
        SubnetId=subnet, PrivateIpAddress="10.0.1.10", Description="first", Groups=[group],
        TagSpecifications=tags("network-interface"),
    )["NetworkInterface"]
    eni = made["NetworkInterfaceId"]
    assert made["PrivateIpAddresses"][0]["Primary"] and made["MacAddress"], made
    ec2.create_network_interface(SubnetId=subnet)
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[eni])
    for filters in (
        by("private-ip-address", "10.0.1.10"), by("addresses.private-ip-address", "10.0.1.10"),
        by("description", "fi*"), by("group-id", group), by("tag:Name", "conformance"), by("mac-address", made["MacAddress"]),
    ):
        found = [one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]]
        assert found == [eni], (filters, found)
    assert len(ec2.describe_network_interfaces(Filters=by("subnet-id", subnet))["NetworkInterfaces"]) == 2
    ec2.delete_network_interface(NetworkInterfaceId=eni)


@case
def interface_attributes(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet, group = tenant.subnet(vpc), tenant.group(vpc)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "changed"})
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[group])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    told = ec2.describe_network_interfaces(Filters=by("source-dest-check", "false"))["NetworkInterfaces"]
    assert [one["NetworkInterfaceId"] for one in told] == [eni], told
    ec2.reset_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck="true")
    for attribute in ("description", "groupSet", "sourceDestCheck", "attachment"):
        told = ec2.describe_network_interface_attribute(NetworkInterfaceId=eni, Attribute=attribute)
        assert told["NetworkInterfaceId"] == eni, told
    told = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert told["Description"] == "changed" and told["Groups"][0]["GroupId"] == group, told
    assert told["SourceDestCheck"] is True, told


@case
def interface_addresses(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    made = ec2.create_network_interface(
        SubnetId=subnet,
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.0.1.20", "Primary": True}, {"PrivateIpAddress": "10.0.1.21", "Primary": False},
        ],
    )["NetworkInterface"]
    eni = made["NetworkInterfaceId"]
    assert made["PrivateIpAddress"] == "10.0.1.20", made
    added = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=2)
    assert len(added["AssignedPrivateIpAddresses"]) == 2, added
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    move = {"NetworkInterfaceId": other, "PrivateIpAddresses": ["10.0.1.21"]}
    refused("InvalidIPAddress.InUse", ec2.assign_private_ip_addresses, **move)
    ec2.assign_private_ip_addresses(**move, AllowReassignment=True)
    told = ec2.describe_network_interfaces(Filters=by("addresses.private-ip-address", "10.0.1.21"))["NetworkInterfaces"]
    assert [one["NetworkInterfaceId"] for one in told] == [other], told
    ec2.unassign_private_ip_addresses(**move)
    told = ec2.describe_network_interfaces(NetworkInterfaceIds=[other])["NetworkInterfaces"][0]
    assert len(told["PrivateIpAddresses"]) == 1, told


@case
def interface_attachment(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    eni = ec2.create_network_interface(SubnetId=tenant.subnet(vpc))["NetworkInterface"]["NetworkInterfaceId"]
    # There are no instances: an interface is attached with `ginnel attach`.
    refused(
        "InvalidInstanceID.NotFound", ec2.attach_network_interface,
        NetworkInterfaceId=eni, InstanceId="i-0123456789abcdef0", DeviceIndex=1,
    )
    refused(
        "InvalidAttachmentID.NotFound", ec2.detach_network_interface, AttachmentId="eni-attach-0123456789abcdef0",
    )
