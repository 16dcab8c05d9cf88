//! Every operation that is carried out, called by boto3, each answer held against its model. The
//! table of operations is this test's output, which `.config/nextest.toml` shows.

use std::process::Command;

use testbed::ginnel::Ginnel;

#[test]
fn every_answer_is_what_the_models_say() {
    let there = Command::new("python3")
        .args(["-c", "import boto3"])
        .output();
    if !there.is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: boto3 is not installed; scripts/packages.sh test installs it");
        return;
    }
    // Notifications go to a subscriber of the script's own.
    let ginnel = Ginnel::start(&["--no-dataplane", "--allow-notify", "127.0.0.0/8"]).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/run.py");
    let out = Command::new("python3")
        .args(["-B", script])
        .envs(ginnel.administrator())
        .env("GINNEL", env!("CARGO_BIN_EXE_ginnel"))
        .env("GINNEL_STATE", ginnel.state())
        .env("GINNEL_RUN", ginnel.run())
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&out.stdout));
    assert!(
        out.status.success(),
        "the table above says what does not conform\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
}
