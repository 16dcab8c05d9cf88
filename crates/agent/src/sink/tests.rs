//! What is written is read back, and what is not is told.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use model::flow_log::{Destination, Traffic};
use model::id::{FlowLogId, Id, InterfaceId};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use signals::flow::{
    Action, Aggregator, Batch, Content, Counts, Direction, Flow, FlowLogSpec, Interface, Record,
    Sample,
};

use super::{Destinations, Failed, FlowSink, Sink, Writer};

const A: &str = "111111111111";
const B: &str = "222222222222";
/// 2026-03-04 05:06:00.
const T: i64 = 1_772_600_760;

fn eni(n: u128) -> InterfaceId {
    InterfaceId::new(n)
}

fn interface(n: u128, account: &str) -> Interface {
    Interface {
        id: eni(n),
        account: account.parse().expect("an account"),
        vpc: Id::new(1),
        subnet: Id::new(1),
        region: "us-east-1".into(),
        az_id: "use1-az1".into(),
        instance: None,
    }
}

fn bucket(parquet: bool) -> Destination {
    Destination::Bucket {
        arn: "arn:aws:s3:::logs/a".into(),
        parquet,
        hive: false,
        hourly: false,
    }
}

fn group(name: &str) -> Destination {
    Destination::LogGroup {
        name: name.into(),
        role: String::new(),
    }
}

fn spec(id: u128, account: &str, destination: Destination) -> FlowLogSpec {
    FlowLogSpec {
        id: FlowLogId::new(id),
        account: account.parse().expect("an account"),
        watched: BTreeMap::from([(eni(id), Arc::new(interface(id, account)))]),
        traffic: Traffic::All,
        destination,
        format: "${version} ${interface-id} ${srcaddr} ${dstport} ${bytes} ${start} ${action} ${log-status}".into(),
        interval_seconds: 60,
    }
}

fn flow(port: u16) -> Flow {
    let ip = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    Flow {
        direction: Direction::Egress,
        source: ip(1),
        source_port: 40_000,
        destination: ip(2),
        destination_port: port,
        packet_source: ip(1),
        packet_destination: ip(2),
        protocol: 6,
        action: Action::Accept,
        path: Some(1),
        leg: None,
    }
}

fn counts(bytes: u64, at: i64) -> Counts {
    Counts {
        packets: 1,
        bytes,
        tcp_flags: 0,
        first: at,
        last: at,
    }
}

fn sample(n: u128, port: u16, at: i64) -> Sample {
    Sample {
        interface: eni(n),
        flow: flow(port),
        counts: counts(100, at),
    }
}

/// A window with these flows' ports, and then silence.
fn batch(spec: &FlowLogSpec, ports: &[u16]) -> Batch {
    let interface = spec.watched.values().next().expect("an interface");
    let record = |content| Record {
        interface: Arc::clone(interface),
        content,
    };
    let flows = ports.iter();
    let flows = flows.map(|port| record(Content::Flow(flow(*port), counts(5_000_000_000, T + 1))));
    let mut records: Vec<Record> = flows.collect();
    records.push(record(Content::NoData(T + 60, T + 120)));
    Batch {
        target: Arc::new(spec.target().expect("a format")),
        records,
    }
}

const HEADER: &str = "version interface-id srcaddr dstport bytes start action log-status\n";

fn lines(ports: &[u16]) -> String {
    let flows = ports.iter().map(|port| {
        format!("2 eni-00000000000000001 10.0.0.1 {port} 5000000000 1772600761 ACCEPT OK\n")
    });
    flows.collect::<String>() + "2 eni-00000000000000001 - - - 1772600820 - NODATA\n"
}

/// Every file below a folder.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).expect("a file");
    let mut file = flate2::read::GzDecoder::new(file);
    file.read_to_string(&mut text).expect("gzip");
    text
}

fn to_files(root: &Path) -> Destinations {
    Destinations::new(root, "us-east-1", Box::new(std::io::sink()))
}

#[test]
fn text_is_closed_after_five_minutes() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = to_files(root.path());
    let spec = spec(1, A, bucket(false));
    sink.write(&batch(&spec, &[80]), T).expect("written");
    sink.write(&batch(&spec, &[81]), T + 60).expect("written");
    sink.tick(T + 299).expect("nothing due");
    assert!(files(&root.path().join("s3")).is_empty());
    sink.tick(T + 300).expect("closed");
    let found = files(root.path());
    let [file] = &found[..] else {
        panic!("{found:?}");
    };
    let folder = root
        .path()
        .join("s3/logs/a/AWSLogs/111111111111/vpcflowlogs/us-east-1/2026/03/04");
    assert_eq!(file.parent(), Some(&*folder));
    let name = file.file_name().expect("a name").to_str().expect("text");
    let start = "111111111111_vpcflowlogs_us-east-1_fl-00000000000000001_20260304T0506Z_";
    assert!(
        name.starts_with(start) && name.ends_with(".log.gz"),
        "{name}"
    );
    assert_eq!(
        unzip(file),
        format!("{HEADER}{}{}", lines(&[80]), lines(&[81]))
    );
    // Another of the same minute is another file.
    sink.write(&batch(&spec, &[82]), T).expect("written");
    sink.close().expect("closed");
    assert_eq!(files(root.path()).len(), 2);
}

#[test]
fn a_clock_that_was_set_back_keeps_no_file_open() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = to_files(root.path());
    let spec = spec(1, A, bucket(false));
    sink.write(&batch(&spec, &[80]), T).expect("written");
    sink.tick(T - 86_400).expect("closed");
    assert_eq!(files(&root.path().join("s3")).len(), 1);
}

#[test]
fn a_file_that_is_full_is_closed() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = to_files(root.path());
    sink.buckets.max_bytes = 500;
    let spec = spec(1, A, bucket(false));
    for port in 0..20 {
        sink.write(&batch(&spec, &[port]), T).expect("written");
    }
    sink.close().expect("closed");
    let found = files(root.path());
    assert!(found.len() > 3, "{found:?}");
    let all: usize = found
        .iter()
        .map(|file| unzip(file).lines().count() - 1)
        .sum();
    assert_eq!(all, 40);
}

#[test]
fn parquet_is_read_back() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = to_files(root.path());
    let spec = spec(1, A, bucket(true));
    sink.write(&batch(&spec, &[80, 65_535]), T)
        .expect("written");
    sink.close().expect("closed");
    let found = files(root.path());
    let [file] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(file.to_string_lossy().ends_with(".log.parquet"), "{file:?}");
    let reader = SerializedFileReader::new(fs::File::open(file).expect("a file"));
    let reader = reader.expect("Parquet");
    let rows: Vec<_> = reader.get_row_iter(None).expect("rows").flatten().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1].get_int(0).ok(), Some(2));
    assert_eq!(rows[1].get_int(3).ok(), Some(65_535));
    assert_eq!(rows[1].get_long(4).ok(), Some(5_000_000_000));
    assert_eq!(
        rows[1].get_string(6).map(String::as_str).ok(),
        Some("ACCEPT")
    );
    assert!(rows[2].get_int(3).is_err(), "null");
    assert_eq!(
        rows[2].get_string(7).map(String::as_str).ok(),
        Some("NODATA")
    );
    read_with_pyarrow(file);
}

/// Another reader's opinion.
fn read_with_pyarrow(file: &Path) {
    let known = Command::new("python3")
        .args(["-c", "import pyarrow"])
        .output();
    if !known.is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: reading Parquet with pyarrow, which python3 does not have");
        return;
    }
    let script = "import sys, pyarrow.parquet as p
t = p.read_table(sys.argv[1])
print([(f.name, str(f.type)) for f in t.schema])
for row in t.to_pylist(): print(list(row.values()))";
    let out = Command::new("python3")
        .args(["-c", script])
        .arg(file)
        .output();
    let out = out.expect("python3");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{errors}");
    let expected = "[('version', 'int32'), ('interface_id', 'string'), ('srcaddr', 'string'), ('dstport', 'int32'), ('bytes', 'int64'), ('start', 'int64'), ('action', 'string'), ('log_status', 'string')]
[2, 'eni-00000000000000001', '10.0.0.1', 80, 5000000000, 1772600761, 'ACCEPT', 'OK']
[2, 'eni-00000000000000001', '10.0.0.1', 65535, 5000000000, 1772600761, 'ACCEPT', 'OK']
[2, 'eni-00000000000000001', None, None, None, 1772600820, None, 'NODATA']
";
    assert_eq!(String::from_utf8_lossy(&out.stdout), expected);
}

#[test]
fn the_next_start_completes_what_a_crash_left() {
    for parquet in [false, true] {
        let root = tempfile::tempdir().expect("a folder");
        let spec = spec(1, A, bucket(parquet));
        let mut before = to_files(root.path());
        before.write(&batch(&spec, &[80]), T).expect("written");
        // No close: a crash. It tore a line, half a file, and one that was only begun.
        drop(before);
        let found = files(root.path());
        let [open] = &found[..] else {
            panic!("{found:?}");
        };
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(open)
            .expect("a file");
        file.write_all(b"2 eni-0000").expect("written");
        fs::write(open.with_extension("part"), "half").expect("written");
        fs::write(open.with_file_name("x.lines"), "s3/logs").expect("written");
        let kept = fs::read(open).expect("a file");
        let mut after = to_files(root.path());
        after.tick(T).expect("completed");
        let done = files(root.path());
        assert_eq!(done.len(), 1, "{done:?}");
        if !parquet {
            assert_eq!(unzip(&done[0]), format!("{HEADER}{}", lines(&[80])));
        }
        // A crash between the last two steps: the same file once more, not a second one.
        fs::write(open, kept).expect("written");
        to_files(root.path()).tick(T + 900).expect("completed");
        assert_eq!(files(root.path()), done);
    }
}

#[test]
fn what_cannot_be_closed_is_tried_again() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = to_files(root.path());
    let spec = spec(1, A, bucket(false));
    fs::write(root.path().join("s3"), "in the way").expect("written");
    // Asking whether the file exists fails already.
    let failed = sink.write(&batch(&spec, &[80]), T).expect_err("refused");
    assert_eq!(failed.lost, BTreeMap::from([(eni(1), 2)]));
    fs::remove_file(root.path().join("s3")).expect("removed");
    sink.write(&batch(&spec, &[81]), T).expect("written");
    fs::write(root.path().join("s3"), "in the way").expect("written");
    let error = sink.tick(T + 300).expect_err("cannot be closed");
    assert!(error.contains("fl-00000000000000001"), "{error}");
    sink.write(&batch(&spec, &[82]), T + 301)
        .expect("still open");
    sink.tick(T + 310).expect("not again at once");
    fs::remove_file(root.path().join("s3")).expect("removed");
    sink.tick(T + 330).expect("closed");
    let found = files(root.path());
    assert_eq!(
        unzip(&found[0]),
        format!("{HEADER}{}{}", lines(&[81]), lines(&[82]))
    );
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn log_groups_are_appended_to() {
    let root = tempfile::tempdir().expect("a folder");
    let out = Kept::default();
    let mut sink = Destinations::new(root.path(), "us-east-1", Box::new(out.clone()));
    let spec = |name| spec(1, A, group(name));
    sink.write(&batch(&spec("/a/b"), &[80]), T)
        .expect("written");
    let path = root
        .path()
        .join("log-groups/111111111111/a/b/eni-00000000000000001-all");
    assert_eq!(fs::read_to_string(&path).expect("a file"), lines(&[80]));
    // A crash tore a line, longer than what is looked at in one step.
    let torn = "x".repeat(10_000);
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("a file");
    file.write_all(torn.as_bytes()).expect("written");
    sink.write(&batch(&spec("a/b"), &[81]), T).expect("written");
    let all = lines(&[80]) + &lines(&[81]);
    assert_eq!(fs::read_to_string(&path).expect("a file"), all);
    sink.write(&batch(&spec("/ginnel/stdout"), &[82]), T)
        .expect("written");
    let printed = out.0.lock().expect("a lock").clone();
    assert_eq!(String::from_utf8_lossy(&printed), lines(&[82]));
    // A folder where a file is: the records are lost, and it is said which.
    let within = spec("a/b/eni-00000000000000001-all");
    let failed = sink.write(&batch(&within, &[83]), T).expect_err("refused");
    assert_eq!(failed.lost, BTreeMap::from([(eni(1), 2)]));
    assert!(failed.error.contains("a/b/eni-"), "{}", failed.error);
}

/// Takes a window only when it is told to, and tells what it took.
struct Slow {
    went: Sender<Vec<Record>>,
    go: Receiver<bool>,
}

impl Sink for Slow {
    fn write(&mut self, batch: &Batch, _now: i64) -> Result<(), Failed> {
        self.went.send(batch.records.clone()).expect("a test");
        match self.go.recv() {
            Ok(true) | Err(_) => Ok(()),
            Ok(false) => Err(Failed::all(batch, "the disk is on fire")),
        }
    }

    fn tick(&mut self, _now: i64) -> Result<(), String> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn slow(max_queued: usize) -> (FlowSink, Sender<bool>, Receiver<Vec<Record>>) {
    let ((went, gone), (go, come)) = (channel(), channel());
    let writer = Writer::spawn(max_queued, move || Slow { went, go: come });
    let sink = FlowSink::with(Aggregator::default(), writer.expect("a thread"));
    (sink, go, gone)
}

fn told(records: &[Record]) -> Vec<&'static str> {
    let tell = |record: &Record| match record.content {
        Content::Flow(..) => "flow",
        Content::NoData(..) => "none",
        Content::SkipData(..) => "skip",
    };
    records.iter().map(tell).collect()
}

#[test]
fn a_slow_disk_stalls_nobody_and_is_told() {
    let (mut sink, go, gone) = slow(3);
    let specs = vec![spec(1, A, group("a")), spec(2, B, group("a"))];
    let ids = [specs[0].id, specs[1].id];
    sink.configure(specs, T);
    sink.offer(&sample(1, 80, T + 1));
    sink.tick(T + 75);
    // The first window is being written, and is held up.
    assert_eq!(told(&gone.recv().expect("a window")), ["flow"]);
    for port in 0..5 {
        sink.offer(&sample(1, port, T + 61));
    }
    sink.tick(T + 135);
    let stats = sink.stats_of(ids[0]).expect("counts");
    assert_eq!(
        (stats.written, stats.lost),
        (0, 3),
        "room for 3 and 1 is taken"
    );
    assert!(stats.last_error.expect("one").contains("queue is full"));
    // The other tenant has all its room.
    assert_eq!(sink.stats_of(ids[1]), None);
    drop(go);
    let rest: Vec<_> = (0..3).map(|_| gone.recv().expect("a window")).collect();
    let rest: Vec<_> = rest.iter().map(|records| told(records)).collect();
    assert_eq!(rest, [vec!["none"], vec!["flow", "flow"], vec!["none"]]);
    // The loss is in the next window.
    sink.tick(T + 195);
    assert_eq!(told(&gone.recv().expect("a window")), ["skip"]);
    assert_eq!(told(&gone.recv().expect("a window")), ["none"]);
}

#[test]
fn a_failing_disk_is_counted_and_told() {
    let (mut sink, go, gone) = slow(100);
    sink.configure(vec![spec(1, A, group("a"))], T);
    sink.offer(&sample(1, 80, T + 1));
    sink.tick(T + 75);
    assert_eq!(told(&gone.recv().expect("a window")), ["flow"]);
    // The second window is made before the first fails, and written after that is counted.
    sink.offer(&sample(1, 80, T + 61));
    sink.tick(T + 135);
    go.send(false).expect("a thread");
    assert_eq!(told(&gone.recv().expect("a window")), ["flow"]);
    let stats = sink.stats();
    assert_eq!((stats.written, stats.lost, stats.errors), (0, 1, 1));
    assert_eq!(stats.last_error.as_deref(), Some("the disk is on fire"));
    go.send(true).expect("a thread");
    sink.tick(T + 195);
    assert_eq!(told(&gone.recv().expect("a window")), ["skip"]);
    assert_eq!(sink.stats().written, 1);
    drop(go);
}

#[test]
fn nothing_is_lost_at_the_end() {
    let root = tempfile::tempdir().expect("a folder");
    let mut sink = FlowSink::new(root.path(), "us-east-1").expect("a thread");
    let mut bad = spec(3, A, bucket(false));
    bad.format = "${colour}".into();
    let bad_id = bad.id;
    sink.configure(
        vec![spec(1, A, bucket(false)), spec(2, B, group("b")), bad],
        T,
    );
    let stats = sink.stats_of(bad_id).expect("counts");
    assert!(stats.last_error.expect("one").contains("${colour}"));
    for port in 0..1_000 {
        sink.offer(&sample(1, port, T + 1));
        sink.offer(&sample(2, port, T + 1));
    }
    sink.lost(Some(eni(2)), 7);
    sink.tick(T + 2);
    drop(sink);
    let found = files(root.path());
    let [stream, file] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(unzip(file).lines().count(), 1_001);
    let text = fs::read_to_string(stream).expect("a file");
    assert_eq!(text.lines().count(), 1_001);
    assert!(text.ends_with(" - SKIPDATA\n"), "{text}");
}
