//! What people read: `ginnel get`, `describe` and `events`.

use std::process::{Command, Output, Stdio};

use aws::Service;
use serde_json::Value;
use testbed::ginnel::Ginnel;
use testbed::tenant::{Tenant, operator};

use crate::lab::LIMIT;

/// The binary against this daemon, as the administrator.
fn command(ginnel: &Ginnel, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
    command
        .args(words)
        .env("GINNEL_STATE", ginnel.state())
        .env("GINNEL_RUN", ginnel.run())
        .env_remove("AWS_ENDPOINT_URL")
        .stdin(Stdio::null());
    command
}

/// Exit code, stdout and stderr.
fn run(ginnel: &Ginnel, words: &[&str]) -> (Option<i32>, String, String) {
    heard(command(ginnel, words).output().unwrap())
}

fn heard(out: Output) -> (Option<i32>, String, String) {
    (
        out.status.code(),
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

/// What is printed by a call that must succeed.
fn shown(ginnel: &Ginnel, words: &[&str]) -> String {
    let (code, out, error) = run(ginnel, words);
    assert_eq!(code, Some(0), "{words:?}: {out}{error}");
    out
}

#[test]
fn things_are_listed_described_and_followed_in_the_trail() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let client = operator(&ginnel);
    let ec2 = |action: &str, parameters: &[(&str, &str)]| {
        client.aws(Service::Ec2, action, parameters).unwrap()
    };
    let made = ec2(
        "CreateVpc",
        &[
            ("CidrBlock", "10.0.0.0/16"),
            ("TagSpecification.1.ResourceType", "vpc"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", "web"),
        ],
    );
    let vpc = made.need("vpcId").unwrap();
    let other = ec2("CreateVpc", &[("CidrBlock", "10.1.0.0/16")]);
    let other = other.need("vpcId").unwrap();
    let subnet = ec2(
        "CreateSubnet",
        &[("VpcId", &vpc), ("CidrBlock", "10.0.1.0/24")],
    );
    let subnet = subnet.need("subnetId").unwrap();

    // As a table, by kind in any form; by id and by name.
    let table = shown(&ginnel, &["get", "vpcs"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].contains("VPC") && lines[0].contains("CIDR"),
        "{table}"
    );
    assert!(table.contains(&vpc) && table.contains("web") && table.contains("10.1.0.0/16"));
    for word in [vpc.as_str(), "web"] {
        let one = shown(&ginnel, &["get", "vpc", word]);
        assert!(one.contains(&vpc) && !one.contains(&other), "{one}");
    }
    let wide = shown(&ginnel, &["get", "vpc", "-o", "wide"]);
    assert!(
        wide.contains("OWNER") && wide.contains("Name=web"),
        "{wide}"
    );

    // For programs.
    let names = shown(&ginnel, &["get", "vpc", &vpc, &other, "-o", "name"]);
    let mut names: Vec<&str> = names.lines().collect();
    names.sort_unstable();
    let mut wanted = [format!("vpc/{vpc}"), format!("vpc/{other}")];
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    let json = shown(&ginnel, &["get", "vpc", &vpc, "-o", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["vpcId"], vpc.as_str());
    assert_eq!(json[0]["isDefault"], false);
    assert_eq!(json[0]["tagSet"][0]["value"], "web");
    let query = ["get", "vpc", "--query", "[?cidrBlock=='10.0.0.0/16'].vpcId"];
    let found: Value = serde_json::from_str(&shown(&ginnel, &query)).unwrap();
    assert_eq!(found, serde_json::json!([vpc]));
    let yaml = shown(&ginnel, &[&query[..], &["-o", "yaml"]].concat());
    assert_eq!(yaml, format!("- {vpc}\n"));

    // All about one.
    let all = shown(&ginnel, &["describe", "vpc", "web"]);
    for part in [
        vpc.as_str(),
        "cidrBlock: 10.0.0.0/16",
        "Refers to",
        "dhcp-options",
        "Referred to by",
        &subnet,
        "Last changes",
        "CreateVpc",
    ] {
        assert!(all.contains(part), "{part} is not in:\n{all}");
    }
    assert!(!all.contains(&other), "{all}");
    let query = ["describe", "vpc", &vpc, "--query", "referredToBy.subnet"];
    let found: Value = serde_json::from_str(&shown(&ginnel, &query)).unwrap();
    assert_eq!(found, serde_json::json!([subnet]));

    // The trail, newest last, and the end of it.
    let events = shown(&ginnel, &["events", &vpc, "--writes"]);
    let place = |name: &str| events.find(name).unwrap();
    assert!(place("CreateVpc") < place("CreateSubnet"), "{events}");
    let last = shown(&ginnel, &["events", "--writes", "-n", "1", "-o", "json"]);
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last[0]["eventName"], "CreateSubnet", "{last}");
    let kinds = shown(&ginnel, &["events", "--kind", "subnet"]);
    assert_eq!(kinds.lines().count(), 2, "{kinds}");

    // Every kind can be listed.
    let kinds = shown(&ginnel, &["get"]);
    let kinds = kinds.lines().skip(1).filter(|line| line.contains("  "));
    let mut count = 0;
    for kind in kinds.filter_map(|line| line.split_whitespace().next()) {
        shown(&ginnel, &["get", kind, "-o", "wide"]);
        count += 1;
    }
    assert!(count > 30, "{count} kinds");
}

#[test]
fn what_is_not_there_and_what_is_not_understood() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let (code, out, error) = run(&ginnel, &["get", "vpc", "vpc-00000000000000000"]);
    assert_eq!(code, Some(1), "{out}{error}");
    assert!(
        error.contains("vpc-00000000000000000") && error.contains("ginnel get vpc"),
        "{error}"
    );
    // The calls that take ids take those of each kind.
    for (kind, id) in [
        ("subnet", "subnet-00000000000000000"),
        ("sg", "sg-00000000000000000"),
        ("rule", "sgr-00000000000000000"),
        ("eni", "eni-00000000000000000"),
        ("rtb", "rtb-00000000000000000"),
        ("acl", "acl-00000000000000000"),
        ("igw", "igw-00000000000000000"),
        ("nat", "nat-00000000000000000"),
        ("eip", "eipalloc-00000000000000000"),
        ("dhcp-options", "dopt-00000000000000000"),
        ("pl", "pl-00000000000000000"),
        ("endpoint", "vpce-00000000000000000"),
        ("service", "vpce-svc-00000000000000000"),
        ("notification", "vpce-nfn-00000000000000000"),
        ("flow-log", "fl-00000000000000000"),
        ("insights-path", "nip-00000000000000000"),
        ("event", "00000000-0000-0000-0000-000000000000"),
        ("nlb", "none"),
        ("user", "none"),
        ("quota", "L-00000000"),
    ] {
        let (code, out, error) = run(&ginnel, &["get", kind, id]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{error}");
        assert!(error.contains(&format!(" {id} in account ")), "{error}");
    }
    let (code, _, error) = run(&ginnel, &["describe", "subnet", "vpc-00000000000000000"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("the id of a kind vpc"), "{error}");
    let (code, _, error) = run(&ginnel, &["events", "vpc-00000000000000000", "--writes"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("vpc-00000000000000000"), "{error}");
    let (code, _, error) = run(&ginnel, &["get", "vpc"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(error.contains("there is no vpc yet"), "{error}");
    for (words, named) in [
        (&["get", "vcp"][..], "did you mean vpc?"),
        (&["get", "vpc", "--query", "[?"], "jmespath.org"),
        (&["get", "vpc", "--query", "[]", "-o", "table"], "-o json"),
        (&["events", "--kind", "tag"], "no event changes a tag"),
        (&["describe", "vpc"], "<ID>"),
    ] {
        let (code, out, error) = run(&ginnel, words);
        assert_eq!(code, Some(2), "{words:?}: {out}{error}");
        assert!(error.contains(named), "{words:?}: {error}");
    }
}

#[test]
fn other_callers_see_their_own_and_what_they_are_let_into() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let tenant = Tenant::new(&ginnel, "vendor").unwrap();
    let who = tenant.client.credentials();
    let as_tenant = |words: &[&str]| {
        let mut command = command(&ginnel, words);
        command
            .env("AWS_ENDPOINT_URL", &who.endpoint_url)
            .env("AWS_REGION", &who.region)
            .env("AWS_ACCESS_KEY_ID", &who.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &who.secret_access_key);
        heard(command.output().unwrap())
    };
    let (code, out, error) = as_tenant(&["get", "vpc", "-o", "name"]);
    assert_eq!(
        (code, out),
        (Some(0), format!("vpc/{}\n", tenant.vpc)),
        "{error}"
    );
    // The administrator's own account has none, and no key to the tenant's.
    let (_, out, _) = run(&ginnel, &["get", "vpc", "-o", "name"]);
    assert_eq!(out, "");
    let (code, _, error) = run(&ginnel, &["get", "vpc", "--account", "vendor"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("OrganizationAccountAccessRole"), "{error}");
    // Until a role there trusts it.
    let operator = shown(
        &ginnel,
        &["get", "account", "--query", "[?name!='vendor'].account"],
    );
    let operator: Value = serde_json::from_str(&operator).unwrap();
    let trust = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": operator[0] },
            "Action": "sts:AssumeRole",
        }],
    });
    let iam = |action: &str, parameters: &[(&str, &str)]| {
        let done = tenant.client.aws(Service::Iam, action, parameters);
        done.unwrap()
    };
    iam(
        "CreateRole",
        &[
            ("RoleName", "reader"),
            ("AssumeRolePolicyDocument", &trust.to_string()),
        ],
    );
    iam(
        "AttachRolePolicy",
        &[
            ("RoleName", "reader"),
            ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ],
    );
    let words = [
        "get",
        "vpc",
        "--account",
        "vendor",
        "--role",
        "reader",
        "-o",
        "name",
    ];
    assert_eq!(shown(&ginnel, &words), format!("vpc/{}\n", tenant.vpc));
    // All pages: IAM gives a hundred users at once.
    for number in 0..103 {
        iam("CreateUser", &[("UserName", &format!("user-{number:03}"))]);
    }
    let (_, out, error) = as_tenant(&["get", "users", "-o", "name"]);
    assert_eq!(out.lines().count(), 103, "{error}");
    assert!(out.contains("user/user-102\n"), "{out}");
}

#[test]
fn what_is_behind_an_endpoint_is_told_from_both_sides() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let tenant = Tenant::new(&ginnel, "vendor").unwrap();
    let service = tenant
        .offer([10, 0, 1, 10].into(), 8080, "TCP", 80)
        .unwrap();
    let group = tenant.open_group("open").unwrap();
    let made = tenant.endpoint(&service, &group).unwrap();
    let endpoint = made.need("vpcEndpointId").unwrap();
    let who = tenant.client.credentials();
    let describe = |kind: &str, id: &str| -> Value {
        let mut command = command(&ginnel, &["describe", kind, id, "-o", "json"]);
        command
            .env("AWS_ENDPOINT_URL", &who.endpoint_url)
            .env("AWS_REGION", &who.region)
            .env("AWS_ACCESS_KEY_ID", &who.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &who.secret_access_key);
        let (code, out, error) = heard(command.output().unwrap());
        assert_eq!((code, error.as_str()), (Some(0), ""), "{out}");
        serde_json::from_str(&out).unwrap()
    };
    let told = describe("endpoint", &endpoint);
    assert_eq!(
        told["refersTo"]["security-group"],
        serde_json::json!([group])
    );
    assert_eq!(
        told["referredToBy"]["connection"],
        serde_json::json!([endpoint])
    );
    let told = describe("svc", &service);
    assert_eq!(
        told["referredToBy"]["endpoint"],
        serde_json::json!([endpoint])
    );
    // A load balancer is asked for by its name; the trail has neither that nor its ARN.
    let told = describe("nlb", "lb");
    assert_eq!(
        told["referredToBy"]["endpoint-service"],
        serde_json::json!([service])
    );
    assert_eq!(
        told["events"][0]["eventName"], "CreateLoadBalancer",
        "{told}"
    );
}

#[test]
fn watching_prints_what_changes_and_ends_well() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let client = operator(&ginnel);
    let mut vpcs = testbed::Child::start(&mut command(&ginnel, &["get", "vpc", "-w"])).unwrap();
    vpcs.wait_for_line("CHANGE", LIMIT).unwrap();
    let words = ["events", "-f", "--kind", "vpc"];
    let mut events = testbed::Child::start(&mut command(&ginnel, &words)).unwrap();
    events.wait_for_line("OPERATION", LIMIT).unwrap();
    let made = client
        .aws(Service::Ec2, "CreateVpc", &[("CidrBlock", "10.0.0.0/16")])
        .unwrap();
    let vpc = made.need("vpcId").unwrap();
    let line = vpcs.wait_for_line(&vpc, LIMIT).unwrap();
    assert!(line.starts_with("new "), "{line}");
    let line = events.wait_for_line(&vpc, LIMIT).unwrap();
    assert!(line.contains("CreateVpc"), "{line}");
    client
        .aws(Service::Ec2, "DeleteVpc", &[("VpcId", &vpc)])
        .unwrap();
    let line = vpcs.wait_for_line("gone", LIMIT).unwrap();
    assert!(line.contains(&vpc), "{line}");
    for child in [&mut vpcs, &mut events] {
        child.signal(nix::sys::signal::Signal::SIGINT).unwrap();
        assert_eq!(child.wait(LIMIT).unwrap().code(), Some(0));
    }
}
