//! `ginnel observe`: flows as they come and go, filters, and what it says at its end.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use testbed::server::Server;
use testbed::{Child, client, eventually};

use crate::lab::{LIMIT, Lab};

const SILENCE: Duration = Duration::from_millis(300);

fn command(lab: &Lab, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
    command.arg("observe").args(words);
    command.arg("--state").arg(lab.ginnel.state());
    command.arg("--run").arg(lab.ginnel.run());
    command
}

/// What is told without following, and what is said of it.
fn look(lab: &Lab, words: &[&str]) -> (Vec<String>, String) {
    let out = command(lab, words).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success(), "{said}");
    let text = String::from_utf8(out.stdout).unwrap();
    (text.lines().map(str::to_owned).collect(), said)
}

/// One that follows, and is followed in turn: flows are told from now on.
fn follow(lab: &Lab, words: &[&str]) -> Child {
    let words = [&["-f"], words].concat();
    let child = Child::start(&mut command(lab, &words)).unwrap();
    // Flows are told when the agent has heard that somebody watches.
    eventually("flows to be covered", LIMIT, || {
        let (_, said) = look(lab, &[]);
        said.contains("flows from ").then_some(())
    })
    .unwrap();
    child
}

#[test]
fn flows_are_followed_with_counts_until_ctrl_c() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    let dial = lab.dial();
    let mut running = follow(&lab, &[]);
    client::http_get(&lab.client_ns, dial, "/", LIMIT).unwrap();
    let opened = running.wait_for_line(" OPEN ", LIMIT).unwrap();
    let way = format!(" {} tcp 10.0.1.10:", lab.client_eni);
    let to = format!(" > {dial} (as ");
    let through = format!(" through {} by endpoint", lab.endpoint);
    for part in [&way, &to, &through] {
        assert!(opened.contains(part.as_str()), "{opened}");
    }
    let ended = running.wait_for_line(" END ", LIMIT).unwrap();
    assert!(ended.contains(&way) && ended.contains(&through), "{ended}");
    let (_, counts) = ended.split_once(": sent ").unwrap();
    let words: Vec<&str> = counts
        .split([' ', ','])
        .filter(|it| !it.is_empty())
        .collect();
    let ["bytes", "answered"] = [words[3], words[4]] else {
        panic!("{ended}");
    };
    for (packets, bytes) in [(words[0], words[2]), (words[5], words[7])] {
        let (packets, bytes): (u64, u64) = (packets.parse().unwrap(), bytes.parse().unwrap());
        assert!(packets >= 4 && bytes > packets * 40, "{ended}");
    }
    running.signal(Signal::SIGINT).unwrap();
    let status = running.wait(LIMIT).unwrap();
    assert_eq!(status.code(), Some(130), "{}", running.told());
    let said = running.stderr();
    assert!(said.contains(" shown; covered: refusals from "), "{said}");
    assert!(
        said.contains(", flows from ") && said.contains(" until "),
        "{said}"
    );
    assert!(said.trim_end().ends_with("(UTC); 0 lost"), "{said}");
}

#[test]
fn filters_choose_by_kind_label_interface_and_endpoint() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    let dial = lab.dial();
    let ended = follow(&lab, &["--verdict", "end"]);
    client::http_get(&lab.client_ns, dial, "/", LIMIT).unwrap();
    // Through the endpoint, and not.
    client::connect(&lab.client_ns, (dial.ip(), 81).into(), SILENCE).unwrap_err();
    client::connect(&lab.client_ns, ([10, 0, 1, 99], 80).into(), SILENCE).unwrap_err();
    let wanted = |words: &[&str], part: &str| {
        eventually(part, LIMIT, || {
            let (lines, _) = look(&lab, words);
            let found = lines.iter().any(|line| line.contains(part));
            found.then_some(lines)
        })
        .unwrap()
    };
    let routes = wanted(&["--verdict", "no-route"], ": no-route: ");
    assert!(
        routes.iter().all(|line| line.contains(": no-route: ")),
        "{routes:?}"
    );
    let rejects = wanted(
        &["--verdict", "REJECT", "--eni", &lab.client_eni],
        ": no-listener: ",
    );
    assert!(
        rejects
            .iter()
            .all(|line| line.contains(" REJECT ") && line.contains(&lab.client_eni))
    );
    assert!(
        rejects.iter().any(|line| line.contains(": no-route: ")),
        "{rejects:?}"
    );
    let through = wanted(&["--vpce", &lab.endpoint], ": no-listener: ");
    let named = |line: &String| line.contains(&lab.endpoint);
    assert!(through.iter().all(named), "{through:?}");
    assert!(
        through.iter().any(|line| line.contains(" OPEN ")),
        "{through:?}"
    );
    let (nothing, said) = look(&lab, &["--eni", "eni-0123456789abcdef0"]);
    assert!(
        nothing.is_empty() && said.starts_with("0 shown; "),
        "{nothing:?} {said}"
    );
    let lines = wanted(&["--verdict", "no-listener", "-o", "json"], "no-listener");
    for line in lines {
        let one: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(one["kind"], "REJECT");
        assert_eq!(one["verdict"], "no-listener");
        assert_eq!(one["eni"], lab.client_eni.as_str());
        assert_eq!(one["endpoint"], lab.endpoint.as_str());
        assert_eq!(one["tuple"]["destination_port"], 81);
    }
    // The one that follows ends only.
    eventually("an end", LIMIT, || {
        ended.stdout().contains(" END ").then_some(())
    })
    .unwrap();
    assert!(ended.stdout().lines().all(|line| line.contains(" END ")));

    let out = command(&lab, &["--verdict", "DENY"]).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(!out.status.success());
    for part in ["DENY", "REJECT, OPEN, END", "security-group-egress"] {
        assert!(said.contains(part), "{said}");
    }
}
