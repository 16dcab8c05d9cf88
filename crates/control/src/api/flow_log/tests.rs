//! Flow logs through the dispatcher.

use crate::api::tests::{Desk, first};

const CREATE: &str = "CreateFlowLogs";
const BUCKET: &str = "TrafficType=ALL&LogDestinationType=s3&LogDestination=arn:aws:s3:::records";
const GROUP: &str = "TrafficType=REJECT&LogGroupName=records&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/logs";

/// A desk with a VPC, its subnet and an interface there.
fn with_things() -> (Desk, [String; 3]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let of = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &of, "networkInterfaceId");
    (desk, [vpc, subnet, eni])
}

fn of(kind: &str, id: &str) -> String {
    format!("ResourceType={kind}&ResourceId.1={id}")
}

/// The id of the one that an answer lists.
fn made(text: &str) -> String {
    let ids = first(text, "flowLogIdSet").unwrap_or_default();
    first(&ids, "item").unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn logs_are_made_listed_and_removed() {
    let (mut desk, [vpc, subnet, eni]) = with_things();
    let tag = "TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=blue";
    let whole = made(&desk.ok(CREATE, &format!("{}&{BUCKET}&{tag}", of("VPC", &vpc))));
    let part = made(&desk.ok(CREATE, &format!("{}&{GROUP}", of("Subnet", &subnet))));
    let fields = "LogFormat=${srcaddr} ${flow-direction}&MaxAggregationInterval=60&DestinationOptions.FileFormat=parquet&DestinationOptions.PerHourPartition=true";
    let one = format!("{}&{BUCKET}&{fields}", of("NetworkInterface", &eni));
    let one = made(&desk.ok(CREATE, &one));
    let all = desk.ok("DescribeFlowLogs", "");
    assert_eq!(
        all.matches("<flowLogStatus>ACTIVE</flowLogStatus>").count(),
        3,
        "{all}"
    );
    for (id, parts) in [
        (
            &whole,
            vec![
                "<trafficType>ALL</trafficType>",
                "<logDestinationType>s3</logDestinationType>",
                "<logDestination>arn:aws:s3:::records</logDestination>",
                "<maxAggregationInterval>600</maxAggregationInterval>",
                "<logFormat>${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}</logFormat>",
                "<fileFormat>plain-text</fileFormat>",
                "<deliverLogsStatus>FAILED</deliverLogsStatus>",
                "No packets flow here",
                "<key>team</key>",
            ],
        ),
        (
            &part,
            vec![
                "<trafficType>REJECT</trafficType>",
                "<logDestinationType>cloud-watch-logs</logDestinationType>",
                "<logGroupName>records</logGroupName>",
                "<logDestination>arn:aws:logs:us-east-1:123456789012:log-group:records</logDestination>",
                "<deliverLogsPermissionArn>arn:aws:iam::123456789012:role/logs</deliverLogsPermissionArn>",
            ],
        ),
        (
            &one,
            vec![
                "<logFormat>${srcaddr} ${flow-direction}</logFormat>",
                "<maxAggregationInterval>60</maxAggregationInterval>",
                "<fileFormat>parquet</fileFormat>",
                "<perHourPartition>true</perHourPartition>",
            ],
        ),
    ] {
        let text = desk.ok("DescribeFlowLogs", &format!("FlowLogId.1={id}"));
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    for (name, value, found) in [
        ("resource-id", vpc.as_str(), &[&whole][..]),
        ("log-destination-type", "s3", &[&whole, &one]),
        ("log-group-name", "rec*", &[&part]),
        ("traffic-type", "REJECT", &[&part]),
        ("deliver-log-status", "SUCCESS", &[]),
        ("flow-log-id", &one, &[&one]),
        ("tag:team", "blue", &[&whole]),
    ] {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let text = desk.ok("DescribeFlowLogs", &filter);
        for id in [&whole, &part, &one] {
            assert_eq!(
                text.contains(id.as_str()),
                found.contains(&id),
                "{name}={value}"
            );
        }
    }
    let gone = "fl-00000000000000000";
    let delete = format!("FlowLogId.1={whole}&FlowLogId.2={gone}");
    let text = desk.ok("DeleteFlowLogs", &delete);
    assert!(
        text.contains("<code>InvalidFlowLogId.NotFound</code>") && text.contains(gone),
        "{text}"
    );
    assert!(!text.contains(&whole), "{text}");
    let fault = desk.fault("DescribeFlowLogs", &format!("FlowLogId.1={whole}"));
    assert_eq!(fault.code, "InvalidFlowLogId.NotFound");
    // What is watched may go.
    desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
    assert!(desk.ok("DescribeFlowLogs", "").contains(&eni));
}

#[test]
fn what_is_not_there_is_told_one_by_one() {
    let (mut desk, [vpc, _, eni]) = with_things();
    let parameters = format!(
        "{}&ResourceId.2=vpc-00000000000000000&ResourceId.3={eni}&{BUCKET}",
        of("VPC", &vpc)
    );
    let text = desk.ok(CREATE, &parameters);
    for code in ["InvalidVpcID.NotFound", "InvalidVpcID.Malformed"] {
        assert!(text.contains(&format!("<code>{code}</code>")), "{text}");
    }
    assert_eq!(desk.world.flow_logs.size(), 1);
    desk.switch_account();
    let text = desk.ok(CREATE, &format!("{}&{BUCKET}", of("VPC", &vpc)));
    assert!(text.contains("InvalidVpcID.NotFound"), "{text}");
    assert!(!desk.ok("DescribeFlowLogs", "").contains("fl-"));
}

#[test]
fn a_token_makes_one_and_a_destination_takes_one() {
    let (mut desk, [vpc, ..]) = with_things();
    let base = format!("{}&{BUCKET}", of("VPC", &vpc));
    let with_token = format!("{base}&ClientToken=a");
    let id = made(&desk.ok(CREATE, &with_token));
    assert_eq!(made(&desk.ok(CREATE, &with_token)), id);
    let other = with_token.replace("TrafficType=ALL", "TrafficType=ACCEPT");
    let fault = desk.fault(CREATE, &other);
    assert_eq!(fault.code, "IdempotentParameterMismatch");
    let fault = desk.fault(CREATE, &base);
    assert_eq!(fault.code, "FlowLogAlreadyExists");
    assert!(fault.message.contains(&id), "{}", fault.message);
    desk.ok(CREATE, &base.replace("records", "others"));
}

#[test]
fn refusals_of_create() {
    let (mut desk, [vpc, ..]) = with_things();
    let to = |rest: &str| format!("{}&{rest}", of("VPC", &vpc));
    let s3 = to(BUCKET);
    let logs = to(GROUP);
    for (parameters, code, word) in [
        (
            s3.replace("=VPC", "=TransitGateway"),
            "UnsupportedOperation",
            "TransitGateway",
        ),
        (s3.replace("=VPC", "=Rack"), "InvalidParameterValue", "Rack"),
        (
            s3.replace("TrafficType=ALL&", ""),
            "MissingParameter",
            "TrafficType",
        ),
        (
            s3.replace("TrafficType=ALL", "TrafficType=SOME"),
            "InvalidParameterValue",
            "SOME",
        ),
        (
            s3.replace("=s3", "=kinesis-data-firehose"),
            "UnsupportedOperation",
            "kinesis",
        ),
        (s3.replace("=s3", "=tape"), "InvalidParameterValue", "tape"),
        (
            format!("{s3}&LogGroupName=a"),
            "InvalidParameter",
            "LogGroupName",
        ),
        (
            format!("{s3}&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/x"),
            "InvalidParameter",
            "DeliverLogsPermissionArn",
        ),
        (
            s3.replace("&LogDestination=arn:aws:s3:::records", ""),
            "InvalidParameter",
            "LogDestination",
        ),
        (s3.replace(":::records", ":::R"), "InvalidParameter", ":::R"),
        (
            s3.replace(":::records", ":::records/AWSLogs/"),
            "InvalidParameter",
            "AWSLogs",
        ),
        (
            format!("{s3}&DestinationOptions.FileFormat=csv"),
            "InvalidParameterValue",
            "csv",
        ),
        (
            format!("{s3}&MaxAggregationInterval=61"),
            "InvalidParameter",
            "61",
        ),
        (
            format!("{s3}&LogFormat=${{colour}}"),
            "InvalidParameter",
            "${colour}",
        ),
        (
            format!("{s3}&LogFormat=version"),
            "InvalidParameter",
            "version",
        ),
        (
            format!("{s3}&LogFormat=${{start}} ${{start}}"),
            "InvalidParameter",
            "once",
        ),
        (
            format!("{s3}&LogFormat=${{start}} ${{vpce-id}}"),
            "InvalidParameter",
            "ginnel-endpoint-v1",
        ),
        (
            format!("{s3}&DeliverCrossAccountRole=arn:aws:iam::123456789012:role/x"),
            "UnsupportedOperation",
            "DeliverCrossAccountRole",
        ),
        (
            logs.replace(
                "&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/logs",
                "",
            ),
            "InvalidParameter",
            "DeliverLogsPermissionArn",
        ),
        (
            logs.replace("role/logs", "user/logs"),
            "InvalidParameter",
            "user/logs",
        ),
        (
            logs.replace("&LogGroupName=records", ""),
            "InvalidParameter",
            "LogGroupName",
        ),
        (
            format!("{logs}&LogDestination=arn:aws:logs:us-east-1:123456789012:log-group:a"),
            "InvalidParameter",
            "LogDestination",
        ),
        (
            format!("{logs}&DestinationOptions.FileFormat=parquet"),
            "InvalidParameter",
            "DestinationOptions",
        ),
    ] {
        let fault = desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
        assert!(fault.message.contains(word), "{word}: {}", fault.message);
    }
    // Ginnel's own fields are behind a name.
    let own = "LogFormat=ginnel-endpoint-v1";
    let id = made(&desk.ok(CREATE, &format!("{}&{own}", s3.replace("records", "legs"))));
    let text = desk.ok("DescribeFlowLogs", &format!("FlowLogId.1={id}"));
    assert!(
        text.contains("<logFormat>ginnel-endpoint-v1</logFormat>"),
        "{text}"
    );
    // A log group by its ARN is the same as one by its name.
    let by_arn = logs.replace(
        "LogGroupName=records",
        "LogDestination=arn:aws:logs:us-east-1:123456789012:log-group:records:*",
    );
    desk.ok(CREATE, &by_arn);
    assert_eq!(desk.fault(CREATE, &logs).code, "FlowLogAlreadyExists");
}

#[test]
fn a_log_can_be_tagged_later() {
    let (mut desk, [vpc, ..]) = with_things();
    let id = made(&desk.ok(CREATE, &format!("{}&{BUCKET}", of("VPC", &vpc))));
    desk.ok(
        "CreateTags",
        &format!("ResourceId.1={id}&Tag.1.Key=team&Tag.1.Value=red"),
    );
    let text = desk.ok(
        "DescribeTags",
        "Filter.1.Name=resource-type&Filter.1.Value.1=vpc-flow-log",
    );
    assert!(
        text.contains(&id) && text.contains("<value>red</value>"),
        "{text}"
    );
    let text = desk.ok("tagging:GetResources", "{}");
    let arn = format!("arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/{id}");
    assert!(text.contains(&arn), "{text}");
}
