"""Security groups and their rules."""

from lab import by, case, refused, tags


@case
def groups(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    made = ec2.create_security_group(
        GroupName="web", Description="web servers", VpcId=vpc, TagSpecifications=tags("security-group")
    )
    group = made["GroupId"]
    assert made["SecurityGroupArn"].endswith(f":security-group/{group}"), made
    told = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert told["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}], told
    names = {one["GroupName"] for one in ec2.describe_security_groups(Filters=by("vpc-id", vpc))["SecurityGroups"]}
    assert names == {"default", "web"}, names
    for filters in (by("group-name", "w?b"), by("description", "web*"), by("tag:Name", "conformance")):
        found = [one["GroupId"] for one in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]]
        assert found == [group], (filters, found)
    assert ec2.delete_security_group(GroupId=group)["GroupId"] == group


@case
def rules(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    group, other = tenant.group(vpc), tenant.group(vpc, "other")
    web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    made = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {**web, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}]},
            {**web, "UserIdGroupPairs": [{"GroupId": other, "Description": "friends"}]},
        ],
        TagSpecifications=tags("security-group-rule"),
    )["SecurityGroupRules"]
    assert len(made) == 2 and made[0]["GroupOwnerId"] == tenant.account, made
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="icmp", FromPort=8, ToPort=-1, CidrIp="10.0.0.0/8")
    ec2.authorize_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.0.0.2/32"}]}]
    )
    told = ec2.describe_security_group_rules(Filters=by("group-id", group))["SecurityGroupRules"]
    assert len(told) == 5, told
    ids = [one["SecurityGroupRuleId"] for one in made]
    assert len(ec2.describe_security_group_rules(SecurityGroupRuleIds=ids)["SecurityGroupRules"]) == 2
    merged = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert sorted(one["IpProtocol"] for one in merged) == ["icmp", "tcp"], merged
    gone = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids[:1])
    assert gone["Return"] is True
    ec2.revoke_security_group_ingress(
        GroupId=group, IpPermissions=[{**web, "UserIdGroupPairs": [{"GroupId": other}]}]
    )
    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    assert len(ec2.describe_security_group_rules(Filters=by("group-id", group))["SecurityGroupRules"]) == 2


@case
def rules_of_lists(lab):
    tenant = lab.tenant()
    ec2 = tenant.ec2
    group = tenant.group(tenant.vpc())
    name = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=40, AddressFamily="IPv4", Entries=[{"Cidr": "10.1.0.0/16"}]
    )["PrefixList"]["PrefixListId"]
    one = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": name, "Description": "d"}]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[one])["SecurityGroupRules"][0]
    assert made["PrefixListId"] == name, made
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[one])
    told = ec2.describe_security_groups(Filters=by("ip-permission.prefix-list-id", name))["SecurityGroups"][0]
    assert told["IpPermissions"][0]["PrefixListIds"] == one["PrefixListIds"], told
    # It counts with its most entries.
    two = {**one, "FromPort": 444, "ToPort": 444}
    refused(
        "RulesPerSecurityGroupLimitExceeded", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[two]
    )
    used = ec2.get_managed_prefix_list_associations(PrefixListId=name)["PrefixListAssociations"]
    assert used == [{"ResourceId": group, "ResourceOwner": tenant.account}], used
    refused("DependencyViolation", ec2.delete_managed_prefix_list, PrefixListId=name)
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[one])
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    ec2.delete_managed_prefix_list(PrefixListId=name)


@case
def rules_change(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    group, other = tenant.group(vpc), tenant.group(vpc, "other")
    rule = ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="10.0.0.0/8"
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[{
            "SecurityGroupRuleId": rule,
            "SecurityGroupRule": {
                "IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "CidrIpv4": "10.1.0.0/16", "Description": "moved",
            },
        }],
    )
    told = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
    assert (told["FromPort"], told["ToPort"], told["CidrIpv4"], told["Description"]) == (81, 82, "10.1.0.0/16", "moved")
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule, "Description": "told"}]
    )
    ec2.update_security_group_rule_descriptions_egress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}],
    )
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": other}]}],
    )
    ec2.describe_security_group_references(GroupId=[other])
    ec2.describe_stale_security_groups(VpcId=vpc)
