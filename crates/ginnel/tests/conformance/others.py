"""CloudTrail, quotas, tagging, and what is known but refused."""

import datetime

from lab import case, wait


@case
def trail(lab):
    tenant = lab.tenant()
    vpc = tenant.vpc()
    now = datetime.datetime.now(datetime.timezone.utc)

    def events():
        return tenant.cloudtrail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateVpc"}],
            StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(hours=1), MaxResults=10,
        )["Events"]

    told = wait("the record", events)
    assert len(told) == 1 and vpc in told[0]["CloudTrailEvent"], told


@case
def quotas(lab):
    quotas = lab.tenant().service_quotas
    told = quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-29B6F2EB")["Quota"]
    assert told["ServiceCode"] == "vpc" and told["Value"] > 0, told
    quotas.get_aws_default_service_quota(ServiceCode="vpc", QuotaCode="L-29B6F2EB")
    assert quotas.list_service_quotas(ServiceCode="vpc")["Quotas"]
    assert quotas.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
    assert "vpc" in [one["ServiceCode"] for one in quotas.list_services()["Services"]]


@case
def tagged_resources(lab):
    tenant = lab.tenant()
    vpc = tenant.vpc()
    tenant.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "net"}])
    tagging = tenant.resourcegroupstaggingapi
    told = tagging.get_resources(TagFilters=[{"Key": "team", "Values": ["net"]}])["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in told] == [f"arn:aws:ec2:us-east-1:{tenant.account}:vpc/{vpc}"], told
    tagging.get_resources(ResourceTypeFilters=["ec2:vpc"], ResourcesPerPage=10)
    assert tagging.get_tag_keys()["TagKeys"] == ["team"]
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["net"]
