//! Flow logs of a real daemon: what both ends counted is what the records say, to the byte.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use testbed::proc::pause;
use testbed::raw::Sniffer;
use testbed::server::Server;
use testbed::{Netns, client, packet};

use crate::lab::{LIMIT, Lab};

/// Recording begins when the agent has looked at what is open: at most its tick later.
const BEGIN: Duration = Duration::from_millis(2_500);
const IP_UDP: u64 = 28;
/// All ports that are dialled in these tests.
const SERVED: [u64; 4] = [80, 8080, 53, 9];
const CUSTOM: &str = "${interface-id} ${vpc-id} ${flow-direction} ${tcp-flags} ${traffic-path} ${pkt-srcaddr} ${pkt-dstaddr} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// A record: its fields by name.
type Record = BTreeMap<String, String>;
/// Packets and bytes by protocol, the client's port and whether they went there (or came back).
type Counted = BTreeMap<(u64, u16, bool), (u64, u64)>;

const TCP: u64 = 6;
const UDP: u64 = 17;

fn count(counted: &mut Counted, protocol: u64, port: u16, there: bool, bytes: u64) {
    let sum = counted.entry((protocol, port, there)).or_default();
    sum.0 += 1;
    sum.1 += bytes;
}

fn udp(ns: &Netns, at: SocketAddr) -> UdpSocket {
    let socket = ns.run(|| UdpSocket::bind(at)).unwrap().unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket
}

fn dial(ns: &Netns, port: u16, to: SocketAddr) -> UdpSocket {
    let socket = udp(ns, (Ipv4Addr::UNSPECIFIED, port).into());
    ns.run(|| socket.connect(to)).unwrap().unwrap();
    socket
}

/// A workload of the consumer with a security group of its own, which admits the VPC or nobody.
fn workload(lab: &Lab, name: &str, ip: Ipv4Addr, open: bool) -> (Netns, String) {
    let namespace = Netns::new(name).unwrap();
    let (vpc, subnet) = (&lab.consumer.vpc, &lab.consumer.subnet);
    let group = match open {
        true => lab.consumer.open_group(name).unwrap(),
        false => {
            let asked = [
                ("GroupName", name),
                ("GroupDescription", "nobody"),
                ("VpcId", vpc),
            ];
            let made = lab.consumer.ec2("CreateSecurityGroup", &asked).unwrap();
            made.need("groupId").unwrap()
        }
    };
    let ip = ip.to_string();
    let asked = [
        ("SubnetId", subnet.as_str()),
        ("PrivateIpAddress", &ip),
        ("SecurityGroupId.1", &group),
    ];
    let made = lab.consumer.ec2("CreateNetworkInterface", &asked).unwrap();
    let eni = made.need("networkInterfaceId").unwrap();
    lab.ginnel.cli(&["attach", &eni, namespace.name()]).unwrap();
    (namespace, eni)
}

/// A flow log of 60 seconds; returns its id.
fn log(who: &testbed::tenant::Tenant, kind: &str, id: &str, more: &[(&str, &str)]) -> String {
    let mut asked = vec![
        ("ResourceType", kind),
        ("ResourceId.1", id),
        ("MaxAggregationInterval", "60"),
    ];
    asked.extend(more);
    let made = who.ec2("CreateFlowLogs", &asked).unwrap();
    let ids = made.value().unwrap();
    let id = ids.pointer("/flowLogIdSet/0").and_then(|id| id.as_str());
    id.unwrap_or_else(|| panic!("{ids}")).to_owned()
}

fn to_bucket<'a>(traffic: &'a str, arn: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("TrafficType", traffic),
        ("LogDestinationType", "s3"),
        ("LogDestination", arn),
    ]
}

fn is_delivered(who: &testbed::tenant::Tenant, logs: usize) {
    let shown = who.ec2("DescribeFlowLogs", &[]).unwrap();
    let delivered = shown.all("deliverLogsStatus");
    assert_eq!(delivered, vec!["SUCCESS"; logs]);
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

/// Stops the daemon, so that everything is written; returns where.
fn stop(lab: &Lab) -> PathBuf {
    lab.ginnel.cli(&["down"]).unwrap();
    let root = lab.ginnel.state().join("flow-logs");
    let open = files(&root.join("open"));
    assert!(open.is_empty(), "{open:?}");
    root
}

/// The files of a log in the bucket.
fn of(root: &Path, log: &str) -> Vec<PathBuf> {
    let mut found = files(&root.join("s3/logs/lab"));
    found.retain(|path| path.to_string_lossy().contains(log));
    assert!(!found.is_empty(), "{log} has no file");
    found
}

fn parse(names: &str, lines: &str) -> Vec<Record> {
    let names: Vec<&str> = names.split(' ').collect();
    let record = |line: &str| -> Record {
        let values: Vec<&str> = line.split(' ').collect();
        assert_eq!(values.len(), names.len(), "{line}");
        let pairs = names.iter().zip(values);
        let owned = pairs.map(|(name, value)| ((*name).to_owned(), value.to_owned()));
        owned.collect()
    };
    lines.lines().map(record).collect()
}

/// The records of a log in the bucket.
fn records(root: &Path, log: &str) -> Vec<Record> {
    let mut found = Vec::new();
    for path in of(root, log) {
        let out = Command::new("gzip").arg("-dc").arg(&path).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        let text = String::from_utf8(out.stdout).unwrap();
        let (names, lines) = text.split_once('\n').unwrap();
        found.extend(parse(names, lines));
    }
    found
}

fn number(record: &Record, name: &str) -> u64 {
    record[name]
        .parse()
        .unwrap_or_else(|_| panic!("{record:?}"))
}

/// What an ENI's records say, by the port of the client's side.
fn told(records: &[Record], eni: &str, action: &str) -> Counted {
    let mut sum = Counted::new();
    let ours = |it: &&Record| it["interface-id"] == eni && it["log-status"] == "OK";
    for record in records.iter().filter(ours) {
        if record["action"] != action || !["6", "17"].contains(&record["protocol"].as_str()) {
            continue;
        }
        let (start, end) = (number(record, "start"), number(record, "end"));
        assert!(start / 60 == end / 60 && start <= end, "{record:?}");
        let (source, destination) = (number(record, "srcport"), number(record, "dstport"));
        let there = SERVED.contains(&destination);
        let port = if there { source } else { destination };
        let known = sum
            .entry((number(record, "protocol"), port as u16, there))
            .or_insert((0, 0));
        known.0 += number(record, "packets");
        known.1 += number(record, "bytes");
    }
    sum
}

/// A flow is there once a window at an ENI.
fn assert_once(records: &[Record]) {
    let mut once = BTreeSet::new();
    for record in records.iter().filter(|it| it["log-status"] == "OK") {
        let names = [
            "interface-id",
            "srcaddr",
            "dstaddr",
            "srcport",
            "dstport",
            "protocol",
            "action",
        ];
        let flow = names.map(|name| &record[name]);
        let window = number(record, "start") / 60;
        assert!(once.insert((window, flow)), "twice: {record:?}");
    }
}

/// The ones of these ports.
fn only(counted: &Counted, keep: impl Fn(u16) -> bool) -> Counted {
    let kept = counted.iter().filter(|((_, port, _), _)| keep(*port));
    kept.map(|(key, value)| (*key, *value)).collect()
}

/// TCP as it passed an interface, by the port of the client's side.
fn tcp_seen(frames: &[Vec<u8>], served: u16) -> Counted {
    let mut counted = Counted::new();
    for frame in frames {
        let Some(seen) = packet::read(frame).filter(|seen| seen.protocol == 6) else {
            continue;
        };
        let bytes = u64::from(u16::from_be_bytes([frame[16], frame[17]]));
        match seen.to.port() == served {
            true => count(&mut counted, TCP, seen.from.port(), true, bytes),
            false => count(&mut counted, TCP, seen.to.port(), false, bytes),
        }
    }
    counted
}

/// Datagrams of random sizes there, and some back, counted where they are sent.
fn converse(
    socket: &UdpSocket,
    server: &UdpSocket,
    random: &mut StdRng,
    mut counted: impl FnMut(u16, bool, u64),
) {
    let mut buffer = vec![0; 9_000];
    for _ in 0..random.random_range(1..5) {
        let size = random.random_range(0..8_400);
        socket.send(&vec![1; size]).unwrap();
        let (got, peer) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(got, size);
        counted(peer.port(), true, size as u64 + IP_UDP);
        for _ in 0..random.random_range(0..3) {
            let size = random.random_range(0..8_400);
            server.send_to(&vec![2; size], peer).unwrap();
            assert_eq!(socket.recv(&mut buffer).unwrap(), size);
            counted(peer.port(), false, size as u64 + IP_UDP);
        }
    }
}

#[test]
fn a_thousand_flows_are_recorded_to_the_byte() {
    if !testbed::usable() {
        return;
    }
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let lab = Lab::new("TCP_UDP");
    let neighbour = Ipv4Addr::new(10, 0, 1, 20);
    let refuser = Ipv4Addr::new(10, 0, 1, 40);
    let (neighbour_ns, neighbour_eni) = workload(&lab, "neighbour", neighbour, true);
    let (_idle_ns, idle_eni) = workload(&lab, "idle", Ipv4Addr::new(10, 0, 1, 30), true);
    let (_refuser_ns, refuser_eni) = workload(&lab, "refuser", refuser, false);
    let (consumer, provider) = (&lab.consumer, &lab.provider);
    let all = log(
        consumer,
        "VPC",
        &consumer.vpc,
        &to_bucket("ALL", "arn:aws:s3:::logs/lab/"),
    );
    let rejected = log(
        consumer,
        "VPC",
        &consumer.vpc,
        &to_bucket("REJECT", "arn:aws:s3:::logs/lab/refused/"),
    );
    let accepted = [
        ("TrafficType", "ACCEPT"),
        ("LogDestinationType", "cloud-watch-logs"),
        ("LogGroupName", "accepted"),
        (
            "DeliverLogsPermissionArn",
            "arn:aws:iam::123456789012:role/logs",
        ),
    ];
    log(consumer, "NetworkInterface", &lab.client_eni, &accepted);
    let mut columns = to_bucket("ALL", "arn:aws:s3:::logs/lab/");
    columns.push(("DestinationOptions.FileFormat", "parquet"));
    let parquet = log(consumer, "Subnet", &consumer.subnet, &columns);
    let mut custom = to_bucket("ALL", "arn:aws:s3:::logs/lab/");
    custom.push(("LogFormat", CUSTOM));
    let theirs = log(provider, "VPC", &provider.vpc, &custom);
    pause(BEGIN);

    let dial_at = lab.dial();
    let served = udp(&lab.target_ns, Lab::serve_at());
    let beside = udp(&neighbour_ns, (neighbour, 53).into());
    let _echo = Server::echo_tcp(&lab.target_ns, Lab::serve_at()).unwrap();
    let near = Sniffer::both_ways(&lab.client_ns, "eth0").unwrap();
    let far = Sniffer::both_ways(&lab.target_ns, "eth0").unwrap();
    // By the client's port, as the client saw it; by the load balancer's, as the target did.
    let (mut client, mut target) = (Counted::new(), Counted::new());
    let through = |port: u16| port >= 20_000;
    for number in 0..500 {
        let port = 20_000 + number;
        let socket = dial(&lab.client_ns, port, dial_at);
        converse(&socket, &served, &mut random, |peer, there, bytes| {
            count(&mut client, UDP, port, there, bytes);
            count(&mut target, UDP, peer, there, bytes);
        });
        let port = 10_000 + number;
        let socket = dial(&lab.client_ns, port, (neighbour, 53).into());
        converse(&socket, &beside, &mut random, |_, there, bytes| {
            count(&mut client, UDP, port, there, bytes);
        });
    }
    for _ in 0..50 {
        let mut stream = client::connect(&lab.client_ns, dial_at, LIMIT).unwrap();
        for _ in 0..random.random_range(1..4) {
            let mut bytes = vec![3; random.random_range(1..8_000)];
            stream.write_all(&bytes).unwrap();
            stream.read_exact(&mut bytes).unwrap();
        }
    }
    let mut refused = Counted::new();
    for port in 15_000..15_020 {
        let socket = dial(&lab.client_ns, port, (refuser, 9).into());
        for _ in 0..random.random_range(1..4) {
            let size = random.random_range(0..8_400);
            socket.send(&vec![4; size]).unwrap();
            count(&mut refused, UDP, port, true, size as u64 + IP_UDP);
        }
    }
    // The ends of the connections are on their way.
    pause(Duration::from_secs(1));
    let (near, far) = (
        tcp_seen(&near.frames(), 80),
        tcp_seen(&far.frames(), Lab::serve_at().port()),
    );
    assert_eq!((near.len(), far.len()), (100, 100));
    client.extend(near);
    target.extend(far);
    client.extend(refused.clone());
    is_delivered(consumer, 4);
    is_delivered(provider, 1);
    let door = [
        ("Filter.1.Name", "interface-type"),
        ("Filter.1.Value.1", "vpc_endpoint"),
    ];
    let door = consumer.ec2("DescribeNetworkInterfaces", &door).unwrap();
    let door = door.need("networkInterfaceId").unwrap();
    let (vpc, target_vpc) = (consumer.vpc.clone(), provider.vpc.clone());
    let root = stop(&lab);

    let seen = records(&root, &all);
    assert_once(&seen);
    let compare = |what: &str, told: &Counted, counted: &Counted| {
        let keys: BTreeSet<_> = told.keys().chain(counted.keys()).collect();
        let off = keys
            .into_iter()
            .find(|key| told.get(key) != counted.get(key));
        if let Some(key) = off {
            panic!(
                "{what}: {key:?}: records {:?}, counted {:?}; {} of {} flows' ways are there",
                told.get(key),
                counted.get(key),
                told.len(),
                counted.len()
            );
        }
    };
    let accepted = |eni: &str| told(&seen, eni, "ACCEPT");
    compare("client", &accepted(&lab.client_eni), &client);
    compare("endpoint", &accepted(&door), &only(&client, through));
    let beside = only(&client, |port| port < 15_000);
    compare("neighbour", &accepted(&neighbour_eni), &beside);
    compare("refuser", &told(&seen, &refuser_eni, "REJECT"), &refused);
    compare("refuser", &accepted(&refuser_eni), &Counted::new());
    compare(
        "client",
        &told(&seen, &lab.client_eni, "REJECT"),
        &Counted::new(),
    );
    // Whoever is idle has nothing but NODATA, one of each window.
    let idle = seen.iter().filter(|it| it["interface-id"] == idle_eni);
    let idle: Vec<_> = idle.collect();
    assert!((1..=3).contains(&idle.len()), "{idle:?}");
    assert!(
        idle.iter().all(|it| it["log-status"] == "NODATA"),
        "{idle:?}"
    );
    assert!(seen.iter().all(|it| it["log-status"] != "SKIPDATA"));

    let only_refused = records(&root, &rejected);
    let is_refused = |it: &Record| it["action"] == "REJECT" || it["log-status"] == "NODATA";
    assert!(only_refused.iter().all(is_refused));
    compare(
        "rejects",
        &told(&only_refused, &refuser_eni, "REJECT"),
        &refused,
    );

    let group = files(&root.join("log-groups"));
    let [stream] = &group[..] else {
        panic!("{group:?}");
    };
    let name = format!("accepted/{}-accept", lab.client_eni);
    assert!(stream.ends_with(&name), "{stream:?}");
    let names = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
    let lines = parse(names, &std::fs::read_to_string(stream).unwrap());
    assert!(lines.iter().all(|it| it["action"] == "ACCEPT"));
    assert_once(&lines);
    compare("stream", &told(&lines, &lab.client_eni, "ACCEPT"), &client);

    let lines = records(&root, &theirs);
    assert_once(&lines);
    let target_eni = lines[0]["interface-id"].clone();
    compare("target", &told(&lines, &target_eni, "ACCEPT"), &target);
    for line in lines.iter().filter(|it| it["log-status"] == "OK") {
        let there = line["dstport"] == "8080";
        assert_eq!(line["vpc-id"], target_vpc);
        assert_eq!(
            line["flow-direction"],
            if there { "ingress" } else { "egress" }
        );
        assert_eq!(line["traffic-path"], if there { "-" } else { "1" });
        assert_eq!(line["pkt-srcaddr"], line["srcaddr"]);
        assert_eq!(line["pkt-dstaddr"], line["dstaddr"]);
        let flags = number(line, "tcp-flags");
        let wanted = match (line["protocol"].as_str(), there) {
            ("6", true) => vec![2, 3, 1],
            ("6", false) => vec![18, 19, 1],
            _ => vec![0],
        };
        assert!(wanted.contains(&flags), "{line:?}");
    }
    assert_ne!(vpc, target_vpc);
    read_columns(&root, &parquet, &lab.client_eni, &client);
}

/// Parquet as another reader finds it: the client's packets and bytes.
fn read_columns(root: &Path, log: &str, eni: &str, counted: &Counted) {
    let known = Command::new("python3")
        .args(["-c", "import pyarrow"])
        .output();
    if !known.is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: reading Parquet with pyarrow, which python3 does not have");
        return;
    }
    let script = "import sys, pyarrow.parquet as p
rows = [row for path in sys.argv[2:] for row in p.read_table(path).to_pylist()]
rows = [row for row in rows if row['interface_id'] == sys.argv[1] and row['protocol'] in (6, 17)]
print(sum(row['packets'] for row in rows), sum(row['bytes'] for row in rows))";
    let out = Command::new("python3")
        .args(["-c", script, eni])
        .args(of(root, log))
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let (packets, bytes) = counted
        .values()
        .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let told = String::from_utf8(out.stdout).unwrap();
    assert_eq!(told.trim(), format!("{packets} {bytes}"));
}

#[test]
fn flows_that_are_open_across_restarts_are_not_counted_twice() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new("UDP");
    let neighbour = Ipv4Addr::new(10, 0, 1, 20);
    let (neighbour_ns, _) = workload(&lab, "neighbour", neighbour, true);
    let all = log(
        &lab.consumer,
        "VPC",
        &lab.consumer.vpc,
        &to_bucket("ALL", "arn:aws:s3:::logs/lab/"),
    );
    pause(BEGIN);
    let server = udp(&neighbour_ns, (neighbour, 53).into());
    let socket = dial(&lab.client_ns, 10_000, (neighbour, 53).into());
    let send = |times: usize| {
        for _ in 0..times {
            socket.send(&[1; 72]).unwrap();
            server.recv_from(&mut [0; 100]).unwrap();
        }
    };
    send(10);
    let root = stop(&lab);
    let sum = |eni: &str| {
        let told = told(&records(&root, &all), eni, "ACCEPT");
        told.get(&(UDP, 10_000, true)).copied()
    };
    assert_eq!(sum(&lab.client_eni), Some((10, 1_000)));
    // Nobody looks.
    send(3);
    lab.ginnel.restart().unwrap();
    pause(BEGIN);
    send(5);
    lab.ginnel.kill().unwrap();
    lab.ginnel.restart().unwrap();
    lab.meet_again();
    pause(BEGIN);
    send(4);
    is_delivered(&lab.consumer, 1);
    stop(&lab);
    // The five are lost with the daemon, unless their window was over.
    let (packets, bytes) = sum(&lab.client_eni).unwrap();
    assert!([14, 19].contains(&packets), "{packets}");
    assert_eq!(bytes, packets * 100);
    let seen = records(&root, &all);
    let mut skipped = seen.iter().filter(|it| it["log-status"] == "SKIPDATA");
    assert!(skipped.any(|it| it["interface-id"] == lab.client_eni));
}
