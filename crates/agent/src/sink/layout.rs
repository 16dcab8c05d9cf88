//! Names of files, as AWS makes them, below one directory.
//!
//! Buckets are in `s3/`, log groups in `log-groups/ACCOUNT/`: neither can be mistaken for the
//! other, and no tenant reaches another's log groups. Parts that a tenant chose cannot lead out
//! of their place.

use std::path::PathBuf;

use model::account::AccountId;
use model::flow_log::Traffic;
use model::id::InterfaceId;
use signals::flow::Target;
use time::OffsetDateTime;

/// A file of a bucket, as its flow log asks for it.
pub(super) struct Place<'a> {
    /// The bucket's ARN, with a folder or none.
    pub(super) arn: &'a str,
    /// Parquet instead of text.
    pub(super) parquet: bool,
    /// Hive-compatible names of folders.
    pub(super) hive: bool,
    /// A folder an hour.
    pub(super) hourly: bool,
}

/// The file's path below the root. `hash` tells files of the same minute apart.
pub(super) fn file(
    place: &Place<'_>,
    target: &Target,
    region: &str,
    at: i64,
    hash: u32,
) -> PathBuf {
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute) = (at.hour(), at.minute());
    let account = target.account;
    let mut path = PathBuf::from("s3");
    let rest = place.arn.strip_prefix("arn:aws:s3:::");
    path.extend(parts(rest.unwrap_or(place.arn)));
    path.push("AWSLogs");
    if place.hive {
        path.push(format!("aws-account-id={account}"));
        path.push("aws-service=vpcflowlogs");
        path.push(format!("aws-region={region}"));
        path.push(format!("year={year:04}"));
        path.push(format!("month={month:02}"));
        path.push(format!("day={day:02}"));
        if place.hourly {
            path.push(format!("hour={hour:02}"));
        }
    } else {
        path.push(account.to_string());
        path.push("vpcflowlogs");
        path.push(region);
        path.push(format!("{year:04}"));
        path.push(format!("{month:02}"));
        path.push(format!("{day:02}"));
        if place.hourly {
            path.push(format!("{hour:02}"));
        }
    }
    let end = if place.parquet { "parquet" } else { "gz" };
    path.push(format!(
        "{account}_vpcflowlogs_{region}_{}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{hash:08x}.log.{end}",
        target.id
    ));
    path
}

/// The path of an interface's stream in a log group, below the root.
pub(super) fn stream(
    account: AccountId,
    group: &str,
    interface: InterfaceId,
    traffic: Traffic,
) -> PathBuf {
    let mut path = PathBuf::from("log-groups");
    path.push(account.to_string());
    path.extend(parts(group));
    let end = match traffic {
        Traffic::All => "all",
        Traffic::Accept => "accept",
        Traffic::Reject => "reject",
    };
    path.push(format!("{interface}-{end}"));
    path
}

/// The parts between slashes, each as one harmless name.
fn parts(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split('/').filter(|part| !part.is_empty());
    parts.map(|part| {
        let only_dots = part.bytes().all(|byte| byte == b'.');
        let mut name = String::new();
        for c in part.chars() {
            if c.is_control() || c == '%' || only_dots {
                name.push_str(&format!("%{:02X}", u32::from(c)));
            } else {
                name.push(c);
            }
        }
        name
    })
}

#[cfg(test)]
mod tests {
    use model::flow_log::{Destination, Traffic};
    use signals::flow::{Format, Target};

    use super::{Place, file, stream};

    fn target() -> Target {
        Target {
            id: "fl-0123456789abcdef0".parse().expect("an id"),
            account: "123456789012".parse().expect("an account"),
            traffic: Traffic::All,
            destination: Destination::LogGroup {
                name: String::new(),
                role: String::new(),
            },
            format: Format::default(),
            interval: 60,
        }
    }

    #[test]
    fn files_are_where_aws_has_them() {
        // 2026-03-04 05:06:07
        let at = 1_772_600_767;
        let name =
            "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260304T0506Z_0000abcd.log";
        for (arn, parquet, hive, hourly, path) in [
            (
                "arn:aws:s3:::logs",
                false,
                false,
                false,
                "s3/logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/03/04",
            ),
            (
                "arn:aws:s3:::logs/a/b/",
                true,
                false,
                true,
                "s3/logs/a/b/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/03/04/05",
            ),
            (
                "arn:aws:s3:::logs/a",
                false,
                true,
                false,
                "s3/logs/a/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=04",
            ),
            (
                "arn:aws:s3:::logs/../../x\n/%",
                true,
                true,
                true,
                "s3/logs/%2E%2E/%2E%2E/x%0A/%25/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=04/hour=05",
            ),
        ] {
            let place = Place {
                arn,
                parquet,
                hive,
                hourly,
            };
            let end = if parquet { "parquet" } else { "gz" };
            let found = file(&place, &target(), "us-east-1", at, 0xabcd);
            assert_eq!(found.to_str(), Some(&*format!("{path}/{name}.{end}")));
        }
    }

    #[test]
    fn streams_are_named_by_interface_and_traffic() {
        let eni = "eni-0123456789abcdef0".parse().expect("an id");
        let account = "123456789012".parse().expect("an account");
        for (group, traffic, path) in [
            ("flows", Traffic::All, "flows/eni-0123456789abcdef0-all"),
            (
                "/a//b/",
                Traffic::Accept,
                "a/b/eni-0123456789abcdef0-accept",
            ),
            (
                "../..",
                Traffic::Reject,
                "%2E%2E/%2E%2E/eni-0123456789abcdef0-reject",
            ),
        ] {
            let found = stream(account, group, eni, traffic);
            let path = format!("log-groups/123456789012/{path}");
            assert_eq!(found.to_str(), Some(&*path));
        }
    }
}
