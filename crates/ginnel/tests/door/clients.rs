//! Unmodified clients: the real AWS CLI and boto3, with `AWS_ENDPOINT_URL` and the credentials
//! of `ginnel env` and nothing else.

use std::process::Command;

use testbed::ginnel::Ginnel;

/// The script does the whole set-up and tear-down of two tenants, and checks each answer.
#[test]
fn boto3_sets_up_uses_and_removes_a_passage() {
    script("boto3", "acceptance.py", &["-c", "import boto3"], "python3");
}

#[test]
fn the_aws_cli_sets_up_uses_and_removes_a_passage() {
    script("the AWS CLI", "acceptance.sh", &["--version"], "aws");
}

fn script(client: &str, name: &str, probe: &[&str], program: &str) {
    if !testbed::usable() {
        return;
    }
    let there = Command::new(program).args(probe).output();
    if !there.is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: {client} is not installed; scripts/packages.sh test installs it");
        return;
    }
    let ginnel = Ginnel::start(&[]).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/door/").to_owned() + name;
    let interpreter = if name.ends_with(".py") {
        "python3"
    } else {
        "bash"
    };
    let out = Command::new(interpreter)
        .arg(file)
        .envs(ginnel.administrator())
        .env("GINNEL", env!("CARGO_BIN_EXE_ginnel"))
        .env("GINNEL_STATE", ginnel.state())
        .env("GINNEL_RUN", ginnel.run())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}
