"""Flow logs, and paths for the reachability analyzer."""

from lab import by, case, tags


@case
def flow_logs(lab):
    tenant = lab.tenant()
    ec2, vpc = tenant.ec2, tenant.vpc()
    subnet = tenant.subnet(vpc)
    made = ec2.create_flow_logs(
        ResourceIds=[vpc, subnet][:1], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3",
        LogDestination="arn:aws:s3:::logs", MaxAggregationInterval=60, TagSpecifications=tags("vpc-flow-log"),
    )
    assert made["Unsuccessful"] == [] and len(made["FlowLogIds"]) == 1, made
    log = made["FlowLogIds"][0]
    told = ec2.describe_flow_logs(FlowLogIds=[log])["FlowLogs"][0]
    assert told["FlowLogStatus"] == "ACTIVE" and told["ResourceId"] == vpc, told
    assert ec2.describe_flow_logs(Filter=by("resource-id", vpc))["FlowLogs"][0]["FlowLogId"] == log
    left = ec2.delete_flow_logs(FlowLogIds=[log, "fl-0123456789abcdef0"])["Unsuccessful"]
    assert [one["Error"]["Code"] for one in left] == ["InvalidFlowLogId.NotFound"], left


@case
def reachability(lab):
    provider, tenant = lab.passage()
    ec2, subnet = tenant.ec2, tenant.net
    endpoint = tenant.endpoint(tenant.home, provider.service_name, subnet)["VpcEndpointId"]
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    path = ec2.create_network_insights_path(
        Source=eni, Destination=endpoint, Protocol="tcp", DestinationPort=443, ClientToken="once"
    )["NetworkInsightsPath"]["NetworkInsightsPathId"]
    ec2.describe_network_insights_paths(NetworkInsightsPathIds=[path])
    analysis = ec2.start_network_insights_analysis(NetworkInsightsPathId=path, ClientToken="once")
    analysis = analysis["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
    ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[analysis])
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    ec2.delete_network_insights_path(NetworkInsightsPathId=path)
