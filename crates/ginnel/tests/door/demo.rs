//! The demo's proofs as tests, and that it leaves nothing.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use testbed::Child;

/// What the machine has of namespaces, links, mounts and firewall rules; of demos only what is
/// of the one with this pid.
fn machine(demo: u32) -> Vec<String> {
    let own = format!("ginnel-demo-{demo}-");
    let of_mine = |line: &&str| {
        // Other tests run beside this one, on traces of these names.
        let others = ["gnlt-", "ginnel-lab-", "/tmp/.tmp", "ginnel-demo-"];
        line.contains(&own) || !others.iter().any(|other| line.contains(other))
    };
    let read = |program: &str, words: &[&str]| {
        let out = Command::new(program).args(words).output();
        let text = out.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
        text.unwrap_or_default()
            .lines()
            .filter(of_mine)
            // Ids of namespaces come and go with their order of appearance.
            .map(|line| line.split(" (id:").next().unwrap_or(line).to_owned())
            .collect::<Vec<_>>()
    };
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut all = read("ip", &["netns", "list"]);
    all.extend(read("ip", &["-o", "link"]));
    all.extend(read("nft", &["list", "ruleset"]));
    let mounts = mounts.lines().filter(of_mine).map(str::to_owned);
    all.extend(mounts.filter(|line| line.contains("ginnel") || line.contains(" bpf ")));
    all.sort();
    all
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ginnel"))
}

#[test]
fn every_proof_passes_and_nothing_is_left() {
    if !testbed::usable() {
        return;
    }
    let before = machine(0);
    let demo = binary()
        .args(["demo", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = demo.id();
    let out = demo.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let proofs: Vec<&Value> = lines
        .iter()
        .filter(|line| line["kind"] == "proof")
        .collect();
    assert_eq!(proofs.len(), 5, "{text}");
    assert!(lines.iter().all(|line| line["ok"] != false), "{text}");
    assert_eq!(machine(pid), before);
}

#[test]
fn an_interrupted_demo_cleans_up() {
    if !testbed::usable() {
        return;
    }
    let before = machine(0);
    // In the middle of the set-up, and while it waits for Ctrl-C.
    for line in ["attach the ENI", "Still here"] {
        let mut command = binary();
        command.args(["demo", "--keep"]);
        let mut demo = Child::start(&mut command).unwrap();
        let limit = Duration::from_secs(30);
        demo.wait_for_line(line, limit).unwrap();
        demo.signal(Signal::SIGINT).unwrap();
        let status = demo.wait(limit).unwrap();
        assert_eq!(status.code(), Some(130), "{}", demo.told());
        let pid = demo.pid().as_raw().unsigned_abs();
        assert_eq!(machine(pid), before);
    }
}
