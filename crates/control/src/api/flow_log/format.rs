//! The fields of a flow log's records (AWS.md 12.2).

use aws::Fault;

use super::mismatch;

/// The fields of version 2, which are the default.
const VERSION_2: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Those of later versions.
const LATER: [&str; 28] = [
    // 3
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    // 4
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    // 5
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    // 7
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    // 8 to 10
    "reject-reason",
    "resource-id",
    "encryption-status",
];

/// Reads LogFormat.
pub(super) fn read(text: Option<&str>) -> Result<String, Fault> {
    let Some(text) = text else {
        return Ok(VERSION_2.map(|name| format!("${{{name}}}")).join(" "));
    };
    let mut seen: Vec<&str> = Vec::new();
    for part in text.split_ascii_whitespace() {
        let refuse = |why: &str| {
            Err(mismatch(format!(
                "Value ({part}) in parameter LogFormat is invalid: {why}"
            )))
        };
        let name = part.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
        match name {
            None => return refuse("give fields as in ${version} ${srcaddr}, with spaces between"),
            Some(name) if !VERSION_2.contains(&name) && !LATER.contains(&name) => {
                return refuse(&format!(
                    "there is no such field; there are {}, {}",
                    VERSION_2.join(", "),
                    LATER.join(", ")
                ));
            }
            Some(name) if seen.contains(&name) => return refuse("give each field once"),
            Some(name) => seen.push(name),
        }
    }
    if seen.is_empty() {
        return Err(mismatch(
            "LogFormat names no field; give some, or leave it out for the default",
        ));
    }
    Ok(text.to_owned())
}
