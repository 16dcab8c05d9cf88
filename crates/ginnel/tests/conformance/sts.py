"""Sessions."""

import json

from lab import case


@case
def identity(lab):
    tenant = lab.tenant()
    told = tenant.sts.get_caller_identity()
    assert told["Account"] == tenant.account and told["Arn"].startswith("arn:aws:iam::"), told


@case
def session_tokens(lab):
    tenant = lab.tenant()
    made = tenant.sts.get_session_token(DurationSeconds=900)["Credentials"]
    used = tenant.client("sts", id=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"])
    assert used.get_caller_identity()["Account"] == tenant.account


@case
def roles(lab):
    tenant = lab.tenant()
    trust = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{tenant.account}:root"},
        }],
    }
    role = tenant.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    made = tenant.sts.assume_role(RoleArn=role, RoleSessionName="night", DurationSeconds=900)
    assert made["AssumedRoleUser"]["Arn"].endswith(":assumed-role/reader/night"), made
    keys = made["Credentials"]
    used = tenant.client("sts", id=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    assert used.get_caller_identity()["Arn"] == made["AssumedRoleUser"]["Arn"]
