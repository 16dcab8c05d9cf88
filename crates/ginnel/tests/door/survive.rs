//! SIGKILL of the daemon, under traffic.

use std::time::Duration;

use nix::sys::signal::Signal;
use rand::{RngExt as _, SeedableRng as _};
use testbed::client;
use testbed::flow::{UdpReceiver, UdpSender};
use testbed::proc::pause;
use testbed::server::Server;

use crate::lab::{LIMIT, Lab};

#[test]
fn a_transfer_outlives_the_daemon_and_everything_is_there_after_a_restart() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new("TCP");
    let sink = Server::sink(&lab.target_ns, Lab::serve_at()).unwrap();
    let dial = lab.dial();
    // Ten seconds at 20 MB/s.
    let (total, rate) = (200_000_000, 20_000_000);
    let before = lab.status();
    let sent = std::thread::scope(|scope| {
        let ns = &lab.client_ns;
        let transfer =
            scope.spawn(move || client::bulk(ns, dial, total, rate, Duration::from_secs(40)));
        pause(Duration::from_secs(4));
        lab.ginnel.kill().unwrap();
        pause(Duration::from_secs(2));
        lab.ginnel.restart().unwrap();
        transfer.join().unwrap().unwrap()
    });
    let received = testbed::eventually("the whole transfer", LIMIT, || {
        sink.received().into_iter().find(|one| one.bytes == total)
    })
    .unwrap();
    assert_eq!(received.first_wrong, None);
    assert_eq!(received.checksum, sent);
    lab.meet_again();
    let after = lab.status();
    for part in ["accounts", "region"] {
        assert_eq!(after[part], before[part]);
    }
    let known = |status: &serde_json::Value, list: &str, member: &str| {
        let items = status[list].as_array().unwrap().iter();
        items.map(|item| item[member].clone()).collect::<Vec<_>>()
    };
    for (list, member) in [
        ("endpoints", "id"),
        ("endpoints", "state"),
        ("endpoints", "addresses"),
        ("interfaces", "id"),
        ("interfaces", "namespace"),
        ("interfaces", "attached"),
    ] {
        assert_eq!(known(&after, list, member), known(&before, list, member));
    }
    assert_eq!(lab.dial(), dial);
    client::bulk(&lab.client_ns, dial, 1_000_000, 0, LIMIT).unwrap();
}

#[test]
fn a_clean_stop_leaves_the_data_plane_forwarding() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new("TCP");
    let _echo = Server::echo_tcp(&lab.target_ns, Lab::serve_at()).unwrap();
    let dial = lab.dial();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        lab.ginnel.daemon().signal(signal).unwrap();
        let status = lab.ginnel.daemon().wait(LIMIT).unwrap();
        assert!(status.success(), "{signal}: {status}");
        client::echo_tcp(&lab.client_ns, dial, b"still here", LIMIT).unwrap();
        let told = lab.ginnel.cli(&["status"]).unwrap_err();
        assert!(format!("{told:#}").contains("keeps forwarding"), "{told:#}");
        lab.ginnel.restart().unwrap();
    }
}

/// Kills at random moments of the daemon's life: starting, taking over the programs, serving a
/// write. The rate and the number of kills are those of the issue; the seed is printed.
#[test]
fn two_hundred_kills_lose_no_packet_and_no_acknowledged_write() {
    if !testbed::usable() {
        return;
    }
    const KILLS: usize = 200;
    const RATE: u32 = 20_000;
    let seed: u64 = std::env::var("GINNEL_SEED").map_or(20_261_121, |text| text.parse().unwrap());
    eprintln!("seed {seed} (GINNEL_SEED)");
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let mut lab = Lab::new("UDP");
    let receiver = UdpReceiver::start(&lab.target_ns, Lab::serve_at()).unwrap();
    let sender = UdpSender::start(&lab.client_ns, lab.dial(), RATE).unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    let attached = attachments(&lab);
    assert!(
        attached.len() >= 3,
        "two workloads and Ginnel's own: {attached:?}"
    );
    for round in 0..KILLS {
        // Half of the kills hit the start, half a daemon that serves writes.
        if round % 2 == 0 {
            lab.meet_again();
            let vpc = lab
                .consumer
                .ec2("CreateVpc", &[("CidrBlock", "10.9.0.0/16")])
                .unwrap();
            acknowledged.push(vpc.need("vpcId").unwrap());
            pause(Duration::from_micros(rng.random_range(0..3_000)));
            lab.ginnel.kill().unwrap();
            lab.ginnel.launch().unwrap();
            pause(Duration::from_micros(rng.random_range(0..60_000)));
            lab.ginnel.kill().unwrap();
        } else {
            lab.ginnel.restart().unwrap();
        }
    }
    lab.meet_again();
    let sent = sender.stop();
    let report = testbed::eventually("the last packet", LIMIT, || {
        let report = receiver.report();
        (report.received >= sent).then_some(report)
    });
    let report = report.unwrap_or_else(|_| receiver.report());
    assert_eq!(
        (report.received, report.lost),
        (sent, 0),
        "seed {seed}: {report:?}"
    );
    assert!(
        sent > 50_000,
        "only {sent} packets were sent: the test was too short to mean anything"
    );
    assert_eq!(
        attachments(&lab),
        attached,
        "seed {seed}: a program was detached meanwhile"
    );
    let listed = lab.consumer.ec2("DescribeVpcs", &[]).unwrap().all("vpcId");
    for vpc in &acknowledged {
        assert!(
            listed.contains(vpc),
            "seed {seed}: {vpc} was acknowledged and is lost"
        );
    }
    eprintln!(
        "{KILLS} kills, {sent} packets, {} writes: nothing lost",
        acknowledged.len()
    );
}

/// The pinned attachments of programs to ENIs: an attachment that was made anew is another inode.
fn attachments(lab: &Lab) -> Vec<(String, u64)> {
    use std::os::unix::fs::DirEntryExt as _;
    let pins = std::fs::read_dir(lab.ginnel.run().join("bpf/links")).unwrap();
    let mut found: Vec<_> = pins
        .map(|pin| {
            let pin = pin.unwrap();
            (pin.file_name().to_string_lossy().into_owned(), pin.ino())
        })
        .collect();
    found.sort();
    found
}
