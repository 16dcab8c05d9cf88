//! The lab itself: nothing stays behind, packets flow, forged frames arrive as forged.

use ginnel_testbed as testbed;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use testbed::packet::{self, Macs, Tcp};
use testbed::raw::{RawSender, Sniffer};
use testbed::server::Server;
use testbed::{Netns, client, eventually, flow, link, proc};

const LIMIT: Duration = Duration::from_secs(5);

/// A port of the second namespace of `link::pair`.
fn bee(port: u16) -> SocketAddr {
    ([10, 99, 0, 2], port).into()
}

#[test]
fn a_panic_leaves_no_namespace_and_no_process() {
    if !testbed::usable() {
        return;
    }
    let left = Mutex::new(None);
    let result = std::panic::catch_unwind(|| {
        let ns = Netns::new("panic").expect("namespace");
        ns.set_resolver([127, 0, 0, 9].into()).expect("resolver");
        let child = ns
            .command("tail")
            .args(["-f", "/dev/null"])
            .spawn()
            .expect("child");
        *left.lock().expect("lock") =
            Some((ns.name().to_owned(), ns.path().to_owned(), child.pid()));
        // Forgotten by its guard: the namespace must still end it.
        std::mem::forget(child);
        panic!("as a failing test would");
    });
    assert!(result.is_err());
    let (name, path, pid) = left.into_inner().expect("lock").expect("set");
    assert!(!path.exists(), "{} is still there", path.display());
    assert!(!Path::new("/etc/netns").join(name).exists());
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(
        status.is_empty() || status.contains(") Z "),
        "still runs: {status}"
    );
}

#[test]
fn leftovers_of_the_dead_are_swept_and_those_of_the_living_stay() {
    if !testbed::usable() {
        return;
    }
    // A process of its own makes one and is killed with no chance to clean up.
    let dead = format!("gnlt-{}-0-dead", u32::MAX / 2);
    let own = Netns::new("living").expect("namespace");
    let add = std::process::Command::new("ip")
        .args(["netns", "add", &dead])
        .status();
    assert!(add.expect("ip").success());
    // Sweeping happens once per process, so another process must do it.
    let me = std::env::current_exe().expect("path");
    let swept = std::process::Command::new(me)
        .args(["--exact", "a_command_sees_its_namespace"])
        .status();
    assert!(swept.expect("sweeper").success());
    assert!(!Path::new("/run/netns").join(dead).exists());
    assert!(own.path().exists());
}

#[test]
fn a_command_sees_its_namespace() {
    if !testbed::usable() {
        return;
    }
    let ns = Netns::new("cmd").expect("namespace");
    let links = ns
        .command("ip")
        .args(["-o", "link"])
        .check()
        .expect("ip link");
    assert_eq!(links.lines().count(), 1, "only loopback: {links}");
    assert!(links.contains("LOOPBACK,UP"), "{links}");
    ns.set_resolver([10, 7, 0, 2].into()).expect("resolver");
    let seen = ns
        .command("cat")
        .arg("/etc/resolv.conf")
        .check()
        .expect("cat");
    assert!(seen.starts_with("nameserver 10.7.0.2\n"), "{seen}");
    let host = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert!(!host.contains("10.7.0.2"));
    ns.sysctl("net.ipv4.ip_forward", "1").expect("sysctl");
    assert!(ns.sysctl("kernel.panic", "0").is_err());
}

#[test]
fn a_child_is_waited_for_and_ended() {
    if !testbed::usable() {
        return;
    }
    let ns = Netns::new("child").expect("namespace");
    let script = "trap 'echo bye; exit 3' TERM; echo ready now; while :; do read -t 0.05 x <> /dev/zero; done";
    let mut child = ns
        .command("bash")
        .args(["-c", script])
        .spawn()
        .expect("child");
    assert_eq!(
        child.wait_for_line("ready", LIMIT).expect("line"),
        "ready now"
    );
    assert_eq!(ns.members(), [child.pid()]);
    assert_eq!(child.terminate(LIMIT).expect("end").code(), Some(3));
    assert!(child.stdout().ends_with("bye\n"));
    let failed = ns
        .command("false")
        .spawn()
        .expect("child")
        .wait_for_line("x", LIMIT);
    assert!(failed.expect_err("no line").to_string().contains("ended"));
}

#[test]
fn sockets_talk_over_a_veth() {
    if !testbed::usable() {
        return;
    }
    let (a, b) = link::pair("talk").expect("pair");
    let http = Server::http(&b, bee(80), "bee").expect("http");
    let reply = client::http_get(&a, http.address(), "/hello", LIMIT).expect("reply");
    assert_eq!(reply.status, 200);
    assert!(
        reply.body.starts_with("name=bee peer=10.99.0.1:"),
        "{}",
        reply.body
    );
    assert!(reply.body.ends_with("path=/hello\n"), "{}", reply.body);
    http.set_status(503);
    assert_eq!(
        client::http_get(&a, http.address(), "/", LIMIT)
            .expect("reply")
            .status,
        503
    );

    let tcp = Server::echo_tcp(&b, bee(0)).expect("echo");
    assert_eq!(
        client::echo_tcp(&a, tcp.address(), b"ping", LIMIT).expect("echo"),
        b"ping"
    );
    let udp = Server::echo_udp(&b, bee(0)).expect("echo");
    let (back, from) = client::echo_udp(&a, udp.address(), b"pong", LIMIT).expect("echo");
    assert_eq!((back.as_slice(), from), (&b"pong"[..], udp.address()));
}

#[test]
fn a_bulk_transfer_arrives_whole_and_at_its_rate() {
    if !testbed::usable() {
        return;
    }
    let (a, b) = link::pair("bulk").expect("pair");
    let sink = Server::sink(&b, bee(0)).expect("sink");
    let start = std::time::Instant::now();
    let sum = client::bulk(&a, sink.address(), 2_000_001, 10_000_000, LIMIT).expect("bulk");
    assert!(
        start.elapsed() >= Duration::from_millis(190),
        "{:?}",
        start.elapsed()
    );
    let got = eventually("the sink's report", LIMIT, || sink.received().pop()).expect("report");
    assert_eq!((got.bytes, got.checksum), (2_000_001, sum));
    assert_eq!((got.first_wrong, got.closed), (None, true));
}

#[test]
fn numbered_datagrams_show_an_outage() {
    if !testbed::usable() {
        return;
    }
    let (a, b) = link::pair("udp").expect("pair");
    let receiver = flow::UdpReceiver::start(&b, bee(0)).expect("receiver");
    let sender = flow::UdpSender::start(&a, receiver.address(), 2000).expect("sender");
    let reached = |number| {
        eventually("datagrams", LIMIT, || {
            (receiver.report().highest? >= number).then_some(())
        })
        .expect("traffic")
    };
    reached(50);
    assert_eq!(receiver.report().lost, 0);
    b.ip("link set eth0 down").expect("down");
    proc::pause(Duration::from_millis(50));
    b.ip("link set eth0 up").expect("up");
    reached(receiver.report().highest.unwrap_or(0) + 50);
    let sent = sender.stop();
    let report = eventually("the last one", LIMIT, || {
        let report = receiver.report();
        (report.highest? + 1 == sent).then_some(report)
    })
    .expect("last");
    assert_eq!(report.received + report.lost, sent);
    assert_eq!((report.duplicates, report.reordered), (0, 0));
    assert!(
        report.longest_gap >= Duration::from_millis(40),
        "{report:?}"
    );
    assert_eq!(report.peers.len(), 1);
}

#[test]
fn forged_frames_arrive_as_they_were_forged() {
    if !testbed::usable() {
        return;
    }
    let (a, b) = link::pair("forge").expect("pair");
    let (here, there) = (
        link::mac(&a, "eth0").expect("mac"),
        link::mac(&b, "eth0").expect("mac"),
    );
    let sniffer = Sniffer::start(&b, "eth0").expect("sniffer");
    let sender = RawSender::open(&a, "eth0").expect("sender");
    let macs = Macs {
        from: here,
        to: there,
    };
    let (liar, target) = (
        SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 66), 1234),
        SocketAddrV4::new(Ipv4Addr::new(10, 99, 0, 2), 53),
    );

    sender
        .send(&packet::udp(macs, liar, target, b"forged").expect("udp"))
        .expect("send");
    let seen = sniffer
        .wait_for("the forged datagram", LIMIT, |frame| {
            packet::read(frame).filter(|seen| seen.payload == b"forged")
        })
        .expect("datagram");
    assert_eq!(
        (seen.from, seen.to, packet::is_udp(&seen)),
        (liar, target, true)
    );

    let syn = Tcp {
        syn: true,
        sequence: 7,
        ..Tcp::default()
    };
    sender
        .send(&packet::tcp(macs, liar, target, syn, b"").expect("tcp"))
        .expect("send");
    let from_liar =
        |frame: &[u8]| packet::read(frame).filter(|s| s.protocol == 6 && s.from == liar);
    sniffer
        .wait_for("the forged SYN", LIMIT, from_liar)
        .expect("SYN");

    let claim = packet::arp_request(
        here,
        Ipv4Addr::new(10, 99, 0, 77),
        Ipv4Addr::new(10, 99, 0, 77),
    );
    let claim = claim.expect("arp");
    sender.send(&claim).expect("send");
    sniffer
        .wait_for("the ARP claim", LIMIT, |frame| {
            (frame == claim).then_some(())
        })
        .expect("claim");

    // Checksums are right: the kernel on the other side answers a ping to itself.
    let back = Sniffer::start(&a, "eth0").expect("sniffer");
    let (one, two) = (Ipv4Addr::new(10, 99, 0, 1), Ipv4Addr::new(10, 99, 0, 2));
    sender
        .send(&packet::ping(macs, one, two, 9, 1).expect("ping"))
        .expect("send");
    back.wait_for("the answer", LIMIT, |frame| {
        packet::read(frame).filter(|seen| seen.protocol == 1 && *seen.from.ip() == two)
    })
    .expect("answer");
}
