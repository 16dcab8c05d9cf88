//! Where the records of a flow log are to go.

use aws::{Fault, ec2};
use model::flow_log::Destination;

use super::mismatch;
use crate::api::unsupported;

/// What a request says about it.
pub(super) struct Wanted<'a> {
    /// LogDestinationType.
    pub(super) kind: Option<&'a str>,
    /// LogDestination.
    pub(super) arn: Option<&'a str>,
    /// LogGroupName.
    pub(super) group: Option<&'a str>,
    /// DeliverLogsPermissionArn.
    pub(super) role: Option<&'a str>,
    /// DestinationOptions.
    pub(super) options: Option<&'a ec2::DestinationOptionsRequest>,
}

/// The one place that the request names.
pub(super) fn read(wanted: &Wanted<'_>) -> Result<Destination, Fault> {
    let kind = wanted.kind.unwrap_or("cloud-watch-logs");
    unsupported(&[(
        "LogDestinationType=kinesis-data-firehose (give cloud-watch-logs or s3)",
        kind == "kinesis-data-firehose",
    )])?;
    match kind {
        "cloud-watch-logs" => log_group(wanted),
        "s3" => bucket(wanted),
        other => Err(Fault::invalid_value(
            "LogDestinationType",
            other,
            "give cloud-watch-logs or s3",
        )),
    }
}

fn log_group(wanted: &Wanted<'_>) -> Result<Destination, Fault> {
    if wanted.options.is_some() {
        return Err(mismatch(
            "DestinationOptions are for LogDestinationType s3; leave them out",
        ));
    }
    let role = wanted.role.ok_or_else(|| {
        mismatch(
            "LogDestinationType cloud-watch-logs needs DeliverLogsPermissionArn; give the ARN of a role that may write to the log group",
        )
    })?;
    if !is_role(role) {
        return Err(mismatch(format!(
            "Value ({role}) for parameter DeliverLogsPermissionArn is invalid: give the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME"
        )));
    }
    let name = match (wanted.group, wanted.arn) {
        (Some(_), Some(_)) => {
            return Err(mismatch(
                "LogGroupName and LogDestination cannot both be given; leave one of them out",
            ));
        }
        (None, None) => {
            return Err(mismatch(
                "LogDestinationType cloud-watch-logs needs a log group; give LogGroupName, or its ARN in LogDestination",
            ));
        }
        (Some(name), None) => name,
        (None, Some(arn)) => group_of(arn).ok_or_else(|| {
            mismatch(format!(
                "Value ({arn}) for parameter LogDestination is invalid: give the ARN of a log group, arn:aws:logs:REGION:ACCOUNT:log-group:NAME"
            ))
        })?,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
        return Err(mismatch(format!(
            "Value ({name}) for parameter LogGroupName is invalid: give 1 to 512 letters, digits and characters of '_-/.#'"
        )));
    }
    Ok(Destination::LogGroup {
        name: name.to_owned(),
        role: role.to_owned(),
    })
}

/// `arn:aws:iam::ACCOUNT:role/NAME`, with or without a path.
fn is_role(arn: &str) -> bool {
    let rest = arn.strip_prefix("arn:aws:iam::");
    let parts = rest.and_then(|rest| rest.split_once(":role/"));
    parts.is_some_and(|(account, name)| {
        account.parse::<model::account::AccountId>().is_ok() && !name.is_empty()
    })
}

/// The name in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, which may end in `:*`.
fn group_of(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:aws:logs:")?;
    let (_, name) = rest.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}

fn bucket(wanted: &Wanted<'_>) -> Result<Destination, Fault> {
    for (name, given) in [
        ("LogGroupName", wanted.group.is_some()),
        ("DeliverLogsPermissionArn", wanted.role.is_some()),
    ] {
        if given {
            return Err(mismatch(format!(
                "{name} is for LogDestinationType cloud-watch-logs; leave it out for s3"
            )));
        }
    }
    let arn = wanted.arn.ok_or_else(|| {
        mismatch(
            "LogDestinationType s3 needs LogDestination; give the ARN of a bucket, arn:aws:s3:::NAME or arn:aws:s3:::NAME/FOLDER/",
        )
    })?;
    check_bucket(arn)?;
    let (mut parquet, mut hive, mut hourly) = (false, false, false);
    if let Some(ec2::DestinationOptionsRequest {
        file_format,
        hive_compatible_partitions,
        per_hour_partition,
    }) = wanted.options
    {
        parquet = match file_format.as_deref() {
            None | Some("plain-text") => false,
            Some("parquet") => true,
            Some(other) => {
                return Err(Fault::invalid_value(
                    "DestinationOptions.FileFormat",
                    other,
                    "give plain-text or parquet",
                ));
            }
        };
        hive = hive_compatible_partitions.unwrap_or(false);
        hourly = per_hour_partition.unwrap_or(false);
    }
    Ok(Destination::Bucket {
        arn: arn.to_owned(),
        parquet,
        hive,
        hourly,
    })
}

fn check_bucket(arn: &str) -> Result<(), Fault> {
    let refuse = |why: &str| {
        Err(mismatch(format!(
            "Value ({arn}) for parameter LogDestination is invalid: {why}"
        )))
    };
    let rest = arn.strip_prefix("arn:aws:s3:::").unwrap_or_default();
    let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(allowed) {
        return refuse("give the ARN of a bucket, arn:aws:s3:::NAME or arn:aws:s3:::NAME/FOLDER/");
    }
    if folder.split('/').any(|part| part == "AWSLogs") {
        return refuse("the folder AWSLogs is made by the service; name another, or none");
    }
    Ok(())
}
