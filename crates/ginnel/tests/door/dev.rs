//! `ginnel up --dev`, as somebody meets it who used an emulator until now.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;
use testbed::ginnel::{Credentials, Ginnel};

const DEV: &[&str] = &["--dev", "--no-dataplane"];

/// Keys that nobody has made.
fn stranger(ginnel: &Ginnel, region: &str) -> Credentials {
    [
        ("AWS_ENDPOINT_URL", ginnel.url()),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

fn vpcs(ginnel: &Ginnel, who: &Credentials) -> Vec<String> {
    let answer = ginnel.aws_as(who, &["ec2", "describe-vpcs"]).unwrap();
    let mut ids: Vec<String> = answer["Vpcs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vpc| vpc["VpcId"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

fn post(ginnel: &Ginnel, path: &str, header: &str) -> String {
    let address = ginnel.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn every_key_and_region_works_and_reset_empties_all_of_them() {
    if !testbed::usable() {
        return;
    }
    let mut ginnel = Ginnel::start(DEV).unwrap();
    let (here, there) = (
        stranger(&ginnel, "us-east-1"),
        stranger(&ginnel, "eu-west-1"),
    );
    let me = ginnel
        .aws_as(&here, &["sts", "get-caller-identity"])
        .unwrap();
    assert_eq!(me["Account"], "123456789012");
    // AWS's default VPC, in each region another.
    let default = ginnel
        .aws_as(
            &there,
            &[
                "ec2",
                "describe-vpcs",
                "--filters",
                "Name=is-default,Values=true",
            ],
        )
        .unwrap();
    assert_eq!(default["Vpcs"][0]["CidrBlock"], "172.31.0.0/16");
    assert_ne!(vpcs(&ginnel, &here), vpcs(&ginnel, &there));
    let made = ginnel
        .aws_as(
            &there,
            &["ec2", "create-vpc", "--cidr-block", "10.0.0.0/16"],
        )
        .unwrap();
    let made = made["Vpc"]["VpcId"].as_str().unwrap().to_owned();
    assert!(vpcs(&ginnel, &there).contains(&made));
    assert!(!vpcs(&ginnel, &here).contains(&made));
    // Another account is one AssumeRole away, and sees nothing of the first but its own default.
    let role = "arn:aws:iam::210987654321:role/any";
    let session = ginnel
        .aws_as(
            &there,
            &[
                "sts",
                "assume-role",
                "--role-arn",
                role,
                "--role-session-name",
                "me",
            ],
        )
        .unwrap();
    let mut other = there.clone();
    for (name, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        let value = session["Credentials"][member].as_str().unwrap();
        other.insert(name.into(), value.into());
    }
    let who: Value = ginnel
        .aws_as(&other, &["sts", "get-caller-identity"])
        .unwrap();
    assert_eq!(who["Account"], "210987654321");
    assert_eq!(vpcs(&ginnel, &other).len(), 1);
    assert!(!vpcs(&ginnel, &other).contains(&made));

    // What was made is there after a restart, until it is reset.
    ginnel.kill().unwrap();
    ginnel.restart().unwrap();
    let there = stranger(&ginnel, "eu-west-1");
    assert!(vpcs(&ginnel, &there).contains(&made));
    let refused = post(&ginnel, "/_ginnel/reset", "Origin: http://evil.example\r\n");
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(vpcs(&ginnel, &there).contains(&made));
    let reset = post(&ginnel, "/_ginnel/reset", "");
    assert!(reset.starts_with("HTTP/1.1 200"), "{reset}");
    assert_eq!(vpcs(&ginnel, &there).len(), 1);
    assert!(!vpcs(&ginnel, &there).contains(&made));
}

#[test]
fn without_dev_one_region_is_served_and_nothing_is_reset() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let mut elsewhere = ginnel.administrator().clone();
    elsewhere.insert("AWS_REGION".into(), "eu-west-1".into());
    elsewhere.insert("AWS_DEFAULT_REGION".into(), "eu-west-1".into());
    let refused = ginnel.aws_as(&elsewhere, &["ec2", "describe-vpcs"]);
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("us-east-1"), "{told}");
    let unknown = ginnel.aws_as(&stranger(&ginnel, "us-east-1"), &["ec2", "describe-vpcs"]);
    assert!(unknown.is_err());
    let reset = post(&ginnel, "/_ginnel/reset", "");
    assert!(reset.contains("UnsupportedOperation"), "{reset}");
}

#[test]
fn dev_listens_on_the_loopback_address_only() {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_ginnel"))
        .args(["up", "--dev", "--no-dataplane", "--listen", "0.0.0.0:0"])
        .arg("--state")
        .arg(dir.path().join("state"))
        .arg("--run")
        .arg(dir.path().join("run"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && told.contains("loopback"), "{told}");
}
