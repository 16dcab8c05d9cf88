//! Flow logs to their destinations.
//!
//! [`FlowSink`] takes samples and the time, and never waits: records are made by
//! [`signals::flow::Aggregator`] and handed to the [`Writer`], a thread behind a bounded queue,
//! which writes them with a [`Sink`]. [`Destinations`] is the one with files: the S3 layout
//! ([`layout`]), text and Parquet, and log groups. What cannot be written is counted, and the
//! next window says SKIPDATA.

mod bucket;
mod layout;
mod parquet;
mod stream;
mod text;
mod writer;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use model::id::{FlowLogId, InterfaceId};
use signals::flow::{Aggregator, Batch, FlowLogSpec, Loss, Sample};

pub use writer::{MAX_QUEUED, Writer, WriterStats};

use bucket::Buckets;
use stream::Streams;

/// Where records end up. Its methods may take as long as they like: the writer's thread calls.
pub trait Sink: Send {
    /// Writes the records of one window. `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Some records were not written; the others were.
    fn write(&mut self, batch: &Batch, now: i64) -> Result<(), Failed>;

    /// Does what is due.
    ///
    /// # Errors
    ///
    /// It will be tried again, nothing is lost.
    fn tick(&mut self, now: i64) -> Result<(), String>;

    /// Puts everything into place, because nothing follows.
    ///
    /// # Errors
    ///
    /// The next start will do it, nothing is lost.
    fn close(&mut self) -> Result<(), String>;
}

/// Records that were not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How many, by interface.
    pub lost: BTreeMap<InterfaceId, u64>,
    /// Why.
    pub error: String,
}

impl Failed {
    /// All of a window.
    pub fn all(batch: &Batch, error: impl ToString) -> Self {
        Self {
            lost: writer::count(&batch.records),
            error: error.to_string(),
        }
    }
}

/// Files below one directory, and stdout.
pub struct Destinations {
    buckets: Buckets,
    streams: Streams,
}

impl Destinations {
    /// Everything below `root`, with the records of `/ginnel/stdout` to `out`. Completes what a
    /// crash left unfinished there.
    pub fn new(root: &Path, region: &str, out: Box<dyn Write + Send>) -> Self {
        Self {
            buckets: Buckets::new(root, region),
            streams: Streams::new(root, out),
        }
    }
}

impl Sink for Destinations {
    fn write(&mut self, batch: &Batch, now: i64) -> Result<(), Failed> {
        match &batch.target.destination {
            model::flow_log::Destination::LogGroup { name, role: _ } => {
                self.streams.write(batch, name)
            }
            model::flow_log::Destination::Bucket { .. } => {
                let written = self.buckets.write(batch, now);
                written.map_err(|error| Failed::all(batch, error))
            }
        }
    }

    fn tick(&mut self, now: i64) -> Result<(), String> {
        self.buckets.tick(now)
    }

    fn close(&mut self) -> Result<(), String> {
        self.buckets.tick(i64::MAX)
    }
}

/// Flow logs from samples to files.
pub struct FlowSink {
    aggregator: Aggregator,
    writer: Writer,
}

impl FlowSink {
    /// Files below `root`; nothing is recorded until [`FlowSink::configure`].
    ///
    /// # Errors
    ///
    /// The writer's thread could not be started.
    pub fn new(root: &Path, region: &str) -> io::Result<Self> {
        let (root, region) = (root.to_owned(), region.to_owned());
        // On the writer's thread: what a crash left may take its time.
        let open = move || Destinations::new(&root, &region, Box::new(io::stdout()));
        Ok(Self::with(
            Aggregator::default(),
            Writer::spawn(MAX_QUEUED, open)?,
        ))
    }

    /// From parts of the caller's choice.
    pub fn with(aggregator: Aggregator, writer: Writer) -> Self {
        Self { aggregator, writer }
    }

    /// Records these flow logs from now on, and no others.
    pub fn configure(&mut self, specs: Vec<FlowLogSpec>, now: i64) {
        self.writer.keep(specs.iter().map(|spec| spec.id).collect());
        for (id, error) in self.aggregator.configure(specs, now) {
            self.writer.failed(id, &error.to_string());
        }
    }

    /// Counts what was seen.
    pub fn offer(&mut self, sample: &Sample) {
        self.aggregator.offer(sample);
    }

    /// Something was not seen at this interface, or at an unknown one.
    pub fn lost(&mut self, interface: Option<InterfaceId>, count: u64) {
        self.aggregator.lost(Loss { interface, count });
    }

    /// Hands over the windows that ended, and lets the writer do what is due.
    pub fn tick(&mut self, now: i64) {
        for ((id, interface), count) in self.writer.take_lost() {
            self.aggregator.lost_of(id, interface, count);
        }
        for batch in self.aggregator.tick(now) {
            self.writer.offer(batch);
        }
        self.writer.tick(now);
    }

    /// What the writer did so far.
    pub fn stats(&self) -> WriterStats {
        self.writer.stats()
    }

    /// The same for one flow log; none if nothing happened yet.
    pub fn stats_of(&self, id: FlowLogId) -> Option<WriterStats> {
        self.writer.stats_of(id)
    }
}

impl Drop for FlowSink {
    /// Writes what there is, and waits for it.
    fn drop(&mut self) {
        for batch in self.aggregator.finish() {
            self.writer.push(batch);
        }
        self.writer.stop();
    }
}

#[cfg(test)]
mod tests;
