"""Users, groups, roles, policies and keys."""

import json

from lab import case, refused

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]}


def trust(account):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        }],
    })


def policy_of(iam, name="readers"):
    return iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]


@case
def users(lab):
    tenant = lab.tenant()
    iam = tenant.iam
    made = iam.create_user(UserName="ann", Path="/staff/", Tags=[{"Key": "team", "Value": "net"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{tenant.account}:user/staff/ann" and made["UserId"].startswith("AIDA"), made
    assert iam.get_user(UserName="ann")["User"]["Path"] == "/staff/"
    iam.tag_user(UserName="ann", Tags=[{"Key": "floor", "Value": "2"}])
    iam.untag_user(UserName="ann", TagKeys=["team"])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [{"Key": "floor", "Value": "2"}]
    iam.update_user(UserName="ann", NewUserName="anna")
    assert [one["UserName"] for one in iam.list_users(PathPrefix="/staff/")["Users"]] == ["anna"]
    refused("EntityAlreadyExists", iam.create_user, UserName="anna")
    iam.delete_user(UserName="anna")
    refused("NoSuchEntity", iam.get_user, UserName="anna")
    iam.list_account_aliases()


@case
def keys(lab):
    iam = lab.tenant().iam
    iam.create_user(UserName="ann")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    key = {"UserName": "ann", "AccessKeyId": made["AccessKeyId"]}
    assert made["Status"] == "Active" and made["SecretAccessKey"], made
    iam.update_access_key(**key, Status="Inactive")
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])["UserName"] == "ann"
    refused("DeleteConflict", iam.delete_user, UserName="ann")
    iam.delete_access_key(**key)
    iam.delete_user(UserName="ann")


@case
def groups(lab):
    iam = lab.tenant().iam
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="net")
    iam.add_user_to_group(GroupName="net", UserName="ann")
    assert [one["UserName"] for one in iam.get_group(GroupName="net")["Users"]] == ["ann"]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName="ann")["Groups"]] == ["net"]
    iam.put_group_policy(GroupName="net", PolicyName="inline", PolicyDocument=json.dumps(ALLOW))
    assert iam.get_group_policy(GroupName="net", PolicyName="inline")["PolicyDocument"] == ALLOW
    assert iam.list_group_policies(GroupName="net")["PolicyNames"] == ["inline"]
    iam.delete_group_policy(GroupName="net", PolicyName="inline")
    policy = policy_of(iam)
    iam.attach_group_policy(GroupName="net", PolicyArn=policy)
    assert iam.list_attached_group_policies(GroupName="net")["AttachedPolicies"][0]["PolicyArn"] == policy
    iam.detach_group_policy(GroupName="net", PolicyArn=policy)
    iam.update_group(GroupName="net", NewGroupName="network")
    assert [one["GroupName"] for one in iam.list_groups()["Groups"]] == ["network"]
    iam.remove_user_from_group(GroupName="network", UserName="ann")
    iam.delete_group(GroupName="network")


@case
def user_policies(lab):
    iam = lab.tenant().iam
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="inline", PolicyDocument=json.dumps(ALLOW))
    assert iam.get_user_policy(UserName="ann", PolicyName="inline")["PolicyDocument"] == ALLOW
    assert iam.list_user_policies(UserName="ann")["PolicyNames"] == ["inline"]
    iam.delete_user_policy(UserName="ann", PolicyName="inline")
    policy = policy_of(iam)
    iam.attach_user_policy(UserName="ann", PolicyArn=policy)
    assert iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"][0]["PolicyArn"] == policy
    assert iam.list_entities_for_policy(PolicyArn=policy)["PolicyUsers"][0]["UserName"] == "ann"
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    iam.detach_user_policy(UserName="ann", PolicyArn=policy)
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=policy)
    told = iam.get_user(UserName="ann")["User"]
    assert told["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy, told
    iam.delete_user_permissions_boundary(UserName="ann")


@case
def roles(lab):
    tenant = lab.tenant()
    iam = tenant.iam
    made = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=trust(tenant.account), Description="reads",
        Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]
    assert made["Arn"].endswith(":role/reader") and made["RoleId"].startswith("AROA"), made
    told = iam.get_role(RoleName="reader")["Role"]
    assert told["AssumeRolePolicyDocument"] == json.loads(trust(tenant.account)), told
    iam.update_role(RoleName="reader", Description="reads more", MaxSessionDuration=7200)
    iam.update_assume_role_policy(RoleName="reader", PolicyDocument=trust("210987654321"))
    iam.tag_role(RoleName="reader", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_role(RoleName="reader", TagKeys=["a"])
    assert iam.list_role_tags(RoleName="reader")["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=json.dumps(ALLOW))
    assert iam.get_role_policy(RoleName="reader", PolicyName="inline")["PolicyDocument"] == ALLOW
    assert iam.list_role_policies(RoleName="reader")["PolicyNames"] == ["inline"]
    iam.delete_role_policy(RoleName="reader", PolicyName="inline")
    policy = policy_of(iam)
    iam.attach_role_policy(RoleName="reader", PolicyArn=policy)
    assert iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"][0]["PolicyArn"] == policy
    iam.detach_role_policy(RoleName="reader", PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=policy)
    iam.delete_role_permissions_boundary(RoleName="reader")
    assert iam.list_instance_profiles_for_role(RoleName="reader")["InstanceProfiles"] == []
    assert [one["RoleName"] for one in iam.list_roles()["Roles"]] == ["reader"]
    iam.delete_role(RoleName="reader")


@case
def managed_policies(lab):
    tenant = lab.tenant()
    iam = tenant.iam
    policy = policy_of(iam)
    assert policy == f"arn:aws:iam::{tenant.account}:policy/readers"
    second = iam.create_policy_version(PolicyArn=policy, PolicyDocument=json.dumps(DENY))["PolicyVersion"]
    assert second["VersionId"] == "v2" and not second["IsDefaultVersion"], second
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v2")
    told = iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]
    assert told["Document"] == DENY and told["IsDefaultVersion"], told
    assert len(iam.list_policy_versions(PolicyArn=policy)["Versions"]) == 2
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v2"
    assert [one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]] == [policy]
    iam.delete_policy(PolicyArn=policy)


@case
def simulation(lab):
    iam = lab.tenant().iam
    told = iam.simulate_custom_policy(
        PolicyInputList=[json.dumps(ALL)], ActionNames=["ec2:DescribeVpcs", "ec2:CreateVpc"]
    )["EvaluationResults"]
    assert {one["EvalActionName"] for one in told} == {"ec2:DescribeVpcs", "ec2:CreateVpc"}, told


@case
def simulation_of_a_user(lab):
    iam = lab.tenant().iam
    user = iam.create_user(UserName="ann")["User"]["Arn"]
    told = iam.simulate_principal_policy(PolicySourceArn=user, ActionNames=["ec2:CreateVpc"])["EvaluationResults"]
    assert told[0]["EvalDecision"] == "implicitDeny", told
