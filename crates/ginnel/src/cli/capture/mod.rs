//! `ginnel capture`: packets of an ENI or an endpoint, as they came and as they went on.

mod file;
mod filter;
mod packet;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::administrator;
use super::reads::{interrupts, to_the_end};
use crate::client::Client;
use crate::place::Place;
use file::File;
use filter::Filter;
use packet::{Batch, Packet, Subject};

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(100);

/// Shows packets of an ENI or an endpoint on both sides of the NAT, with what became of them and
/// why; or writes them to a file for Wireshark and tshark. Packets are captured only while this
/// runs; one capture at a time.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Filters are terms joined by `and`, each may have `not` before it:\n  proto tcp|udp|icmp|icmp6|arp|NUMBER    host ADDRESS or NETWORK    port NUMBER\n  verdict REASON (`ginnel explain` lists them)    dropped\n\nExample:\n  sudo ginnel capture vpce-0123456789abcdef0 --for 30s -w file.pcapng\n  sudo ginnel capture eni-0123456789abcdef0 --filter 'proto tcp and port 443 and dropped'\n  tshark -r file.pcapng -T fields -e frame.time -e frame.interface_name -e frame.comment"
)]
pub(crate) struct Capture {
    /// An ENI (eni-...) or an endpoint (vpce-...)
    target: String,
    /// Only packets that this holds for, before or after NAT
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
    /// How long; until Ctrl-C otherwise
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    length: Option<Duration>,
    /// Write a pcapng file
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Bytes of each frame to keep, 14 to 256
    #[arg(long, value_name = "BYTES", default_value_t = model::host::MAX_SNAP)]
    snap: u16,
}

/// Where packets go.
enum Sink {
    File(File),
    Lines,
}

/// What has been seen so far.
#[derive(Default)]
struct Tally {
    told: u64,
    filtered: u64,
    dropped: u64,
    lost: u64,
}

impl Capture {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        let client = administrator(place)?;
        let interrupts = interrupts()?;
        let begun = SystemTime::now();
        let request = json!({ "target": self.target, "snap": self.snap });
        let started = client.ginnel("StartCapture", &request)?;
        let ticket = started.get("ticket").cloned().unwrap_or_default();
        let ticket = json!({ "ticket": ticket });
        let outcome = self.follow(&client, &started, &ticket, &interrupts);
        if outcome.is_err() {
            // It ends by itself soon; it need not wait.
            let _ = client.ginnel("StopCapture", &ticket);
        }
        to_the_end(outcome.and_then(|tally| self.sum_up(&tally, begun)))
    }

    fn follow(
        &self,
        client: &Client,
        started: &Value,
        ticket: &Value,
        interrupts: &Receiver<()>,
    ) -> Result<Tally> {
        let subject = Subject::new(&self.target, started)?;
        let mut tally = Tally::default();
        let mut sink = match &self.write {
            Some(path) => Sink::File(File::create(path, &subject, self.snap)?),
            None => Sink::Lines,
        };
        eprintln!("capturing {}; Ctrl-C ends it", self.target);
        let until = self
            .length
            .and_then(|length| Instant::now().checked_add(length));
        let fetched = self.fetch(client, ticket, interrupts, until, |packets| {
            tally.take(self.filter.as_ref(), &subject, &mut sink, packets)
        });
        // Closed properly also when the daemon went away meanwhile.
        if let Sink::File(file) = sink {
            file.close()?;
        }
        fetched.map(|()| tally)
    }

    fn fetch(
        &self,
        client: &Client,
        ticket: &Value,
        interrupts: &Receiver<()>,
        until: Option<Instant>,
        mut take: impl FnMut(Batch) -> Result<()>,
    ) -> Result<()> {
        loop {
            let caught = Batch::read(client.ginnel("PollCapture", ticket)?)?;
            let more = caught.more;
            take(caught)?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let pause = match left {
                Some(left) if left.is_zero() => break,
                _ if more => Duration::ZERO,
                Some(left) => left.min(BETWEEN),
                None => BETWEEN,
            };
            match interrupts.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let mut caught = Batch::read(client.ginnel("StopCapture", ticket)?)?;
        loop {
            let more = caught.more;
            take(caught)?;
            if !more {
                return Ok(());
            }
            caught = Batch::read(client.ginnel("PollCapture", ticket)?)?;
        }
    }

    fn sum_up(&self, tally: &Tally, begun: SystemTime) -> Result<ExitCode> {
        let Tally {
            told,
            filtered,
            dropped,
            lost,
        } = tally;
        let ended = SystemTime::now();
        let took = ended.duration_since(begun).unwrap_or_default();
        let mut text = format!(
            "{told} packets, {dropped} of them dropped by the data plane; {lost} lost; {:.1} s, {} to {}",
            took.as_secs_f64(),
            humantime::format_rfc3339_millis(begun),
            humantime::format_rfc3339_millis(ended),
        );
        if self.filter.is_some() {
            text += &format!("; {filtered} others did not match the filter");
        }
        match &self.write {
            Some(path) => writeln!(std::io::stdout(), "{}: {text}", path.display())
                .context("printing the summary")?,
            None => eprintln!("{text}"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Tally {
    fn take(
        &mut self,
        filter: Option<&Filter>,
        subject: &Subject,
        sink: &mut Sink,
        caught: Batch,
    ) -> Result<()> {
        self.lost = caught.lost;
        let mut text = String::new();
        for packet in &caught.packets {
            if filter.is_some_and(|filter| !filter.holds(packet)) {
                self.filtered += 1;
                continue;
            }
            self.told += 1;
            self.dropped += u64::from(packet.is_dropped());
            match sink {
                Sink::File(file) => file.write(subject, packet)?,
                Sink::Lines => text += &line(subject, packet),
            }
        }
        if let Sink::File(file) = sink {
            // What was fetched is in the file, whatever comes.
            return file.flush();
        }
        let mut out = std::io::stdout();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}

/// One line: time, direction, addresses, length, what became of it.
fn line(subject: &Subject, packet: &Packet) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(packet.at_ns);
    let mut text = format!(
        "{} {:<3} {} {} > {}: {}, {}",
        humantime::format_rfc3339_micros(time),
        subject.direction(packet),
        packet.came.heads,
        packet.from(),
        packet.to(),
        packet.size(),
        packet.fate_text(),
    );
    if let Some(went) = packet.other_side() {
        text += &format!(", after NAT {}", went.heads);
    }
    text.push('\n');
    text
}
