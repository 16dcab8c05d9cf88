//! `ginnel capture`: files that other tools read, lines, filters, and its end.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use testbed::ginnel::Ginnel;
use testbed::server::Server;
use testbed::tenant::Tenant;
use testbed::{Child, Netns, client, eventually};

use crate::lab::{LIMIT, Lab};

const SILENCE: Duration = Duration::from_millis(300);

fn command(ginnel: &Ginnel, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
    command.args(words);
    command.arg("--state").arg(ginnel.state());
    command.arg("--run").arg(ginnel.run());
    command
}

fn capture(ginnel: &Ginnel, words: &[&str]) -> Child {
    let words = [&["capture"], words].concat();
    let child = Child::start(&mut command(ginnel, &words)).unwrap();
    eventually("the capture to begin", LIMIT, || {
        child.stderr().contains("capturing").then_some(())
    })
    .unwrap();
    child
}

fn end(mut child: Child) -> String {
    child.signal(Signal::SIGINT).unwrap();
    let status = child.wait(LIMIT).unwrap();
    assert!(status.success(), "{}", child.told());
    format!("{}{}", child.stdout(), child.stderr())
}

/// A packet of a file: its interface's name, the direction, the comment, the frame.
type Read = (String, u32, String, Vec<u8>);

fn read(path: &Path) -> Vec<Read> {
    let mut reader = PcapNgReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let (mut names, mut found) = (Vec::new(), Vec::new());
    while let Some(block) = reader.next_block() {
        match block.unwrap() {
            Block::InterfaceDescription(interface) => {
                let name = interface.options.into_iter().find_map(|it| match it {
                    InterfaceDescriptionOption::IfName(name) => Some(name.into_owned()),
                    _ => None,
                });
                names.push(name.unwrap());
            }
            Block::EnhancedPacket(packet) => {
                let (mut direction, mut comment) = (0, String::new());
                for option in &packet.options {
                    match option {
                        EnhancedPacketOption::Comment(text) => comment = text.to_string(),
                        EnhancedPacketOption::Flags(flags) => direction = *flags,
                        _ => {}
                    }
                }
                let name = names[packet.interface_id as usize].clone();
                found.push((name, direction, comment, packet.data.to_vec()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_file_has_both_sides_of_the_nat_and_tshark_reads_it() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.pcapng");
    let path = file.to_str().unwrap();
    let dial = lab.dial();
    let running = capture(&lab.ginnel, &[&lab.endpoint, "-w", path]);
    client::http_get(&lab.client_ns, dial, "/", LIMIT).unwrap();
    // Not admitted: no listener there.
    client::connect(&lab.client_ns, (dial.ip(), 81).into(), SILENCE).unwrap_err();
    let told = end(running);
    assert!(told.contains(" 0 lost;"), "{told}");
    let packets = read(&file);
    let total = told
        .lines()
        .find_map(|it| it.strip_prefix(&format!("{path}: ")));
    let counted: usize = total.unwrap().split(' ').next().unwrap().parse().unwrap();
    let dropped: Vec<_> = packets
        .iter()
        .filter(|it| it.2.contains("dropped: "))
        .collect();
    assert!(!dropped.is_empty(), "{packets:?}");
    for (interface, direction, comment, _) in &dropped {
        assert_eq!((interface.as_str(), *direction), (lab.endpoint.as_str(), 1));
        assert!(
            comment.contains("dropped: no-listener (The service's"),
            "{comment}"
        );
    }
    // Every admitted packet is there twice, with the addresses of each side.
    let side = |name: &str, direction: u32| {
        let of = packets
            .iter()
            .filter(|it| it.0 == name && it.1 == direction);
        of.filter(|it| !it.2.contains("dropped")).count()
    };
    let (there, back) = (side(&lab.endpoint, 1), side(&lab.endpoint, 2));
    assert!(there >= 4 && back >= 3, "{packets:?}");
    assert_eq!((side("after NAT", 2), side("after NAT", 1)), (there, back));
    assert_eq!(there + back + dropped.len(), counted);
    let (_, _, comment, frame) = &packets[0];
    assert!(
        comment.starts_with(&format!("in {} tcp 10.0.1.10:", lab.client_eni)),
        "{comment}"
    );
    assert!(
        comment.ends_with(&format!("> {dial} [S], admitted")),
        "{comment}"
    );
    assert_eq!(frame[30..34], dial_octets(&lab));
    let (side, direction, comment, _) = &packets[1];
    assert_eq!((side.as_str(), *direction), ("after NAT", 2));
    let out = format!("out {} > eni-", lab.endpoint);
    assert!(
        comment.starts_with(&out) && comment.ends_with(" after NAT"),
        "{comment}"
    );

    let Ok(out) = Command::new("tshark")
        .args(["-r", path, "-T", "fields"])
        .args([
            "-e",
            "frame.interface_name",
            "-e",
            "tcp.dstport",
            "-e",
            "frame.comment",
        ])
        .output()
    else {
        eprintln!("skipped: no tshark here");
        return;
    };
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), packets.len(), "{text}");
    for (line, (name, _, comment, frame)) in lines.iter().zip(&packets) {
        let port = u16::from_be_bytes([frame[36], frame[37]]);
        assert_eq!(*line, format!("{name}\t{port}\t{comment}"));
    }
}

fn dial_octets(lab: &Lab) -> [u8; 4] {
    let text = lab.dial().ip().to_string();
    text.parse::<std::net::Ipv4Addr>().unwrap().octets()
}

#[test]
fn lines_are_filtered_and_a_second_capture_is_refused_by_name() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _echo = Server::echo_tcp(&lab.target_ns, Lab::serve_at()).unwrap();
    let dial = lab.dial();
    let words = [
        &lab.client_eni,
        "--filter",
        "proto tcp and port 81 and dropped",
    ];
    let mut running = capture(&lab.ginnel, &words);
    let second = lab.ginnel.cli(&["capture", &lab.endpoint, "--for", "1s"]);
    let refused = format!("{:#}", second.unwrap_err());
    assert!(refused.contains("one capture at a time"), "{refused}");
    assert!(
        refused.contains(&lab.client_eni) && refused.contains("pid/"),
        "{refused}"
    );

    client::echo_tcp(&lab.client_ns, dial, b"hello", LIMIT).unwrap();
    client::connect(&lab.client_ns, (dial.ip(), 81).into(), SILENCE).unwrap_err();
    let line = running.wait_for_line("no-listener", LIMIT).unwrap();
    let wanted = format!(
        "> {}:81 [S] {} > {}: ",
        dial.ip(),
        lab.client_eni,
        lab.endpoint
    );
    assert!(
        line.contains(" out tcp 10.0.1.10:") && line.contains(&wanted),
        "{line}"
    );
    let told = end(running);
    assert!(!told.contains("admitted"), "{told}");
    assert!(told.contains("others did not match the filter"), "{told}");
    // The place is free again, and this one ends by itself.
    let told = lab
        .ginnel
        .cli(&["capture", &lab.endpoint, "--for", "200ms"])
        .unwrap();
    assert_eq!(told, "");
}

#[test]
fn a_capture_whose_reader_died_ends_by_itself() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let mut running = capture(&lab.ginnel, &[&lab.endpoint]);
    running.signal(Signal::SIGKILL).unwrap();
    running.wait(LIMIT).unwrap();
    eventually("the place to be free", Duration::from_secs(10), || {
        lab.ginnel
            .cli(&["capture", &lab.endpoint, "--for", "1ms"])
            .ok()
    })
    .unwrap();
}

#[test]
fn what_cannot_be_captured_is_refused() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let refused = |words: &[&str]| {
        let out = command(&ginnel, &[&["capture"], words].concat())
            .output()
            .unwrap();
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    let cases = [
        ("eni-0123456789abcdef0", "does not exist"),
        ("vpce-0123456789abcdef0", "does not exist"),
        ("web", "InvalidNetworkInterfaceID.Malformed"),
    ];
    for (target, wanted) in cases {
        let error = refused(&[target]);
        assert!(error.contains(wanted), "{error}");
    }
    let error = refused(&["eni-0123456789abcdef0", "--filter", "proto tcp or port 1"]);
    assert!(error.contains("place 11: `or` where `and`"), "{error}");
    let error = refused(&["eni-0123456789abcdef0", "--for", "soon"]);
    assert!(error.contains("--for"), "{error}");

    let tenant = Tenant::new(&ginnel, "tenant").unwrap();
    let namespace = Netns::new("workload").unwrap();
    let eni = tenant
        .attach(&ginnel, &namespace, "10.0.1.10".parse().unwrap())
        .unwrap();
    let error = refused(&[&eni]);
    assert!(
        error.contains("there is no data plane") && error.contains("--no-dataplane"),
        "{error}"
    );
}
