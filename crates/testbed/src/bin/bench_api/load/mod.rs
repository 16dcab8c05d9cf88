//! The load generator: one thread, signed bytes, many connections.
//!
//! Requests are signed before the clock starts, so that between two of them there is nothing but
//! `poll`, `read` and `write`. Each connection has one operation under way; its next begins when
//! the answer to the last is whole. A server that closes a connection after its answer is dialled
//! again, and that time is its own.

mod http;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use self::http::Incoming;
use crate::testbed::bench::Interrupt;

/// An answer that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Requests that belong together, in their order: one for most, one a page for a list.
#[derive(Debug, Clone)]
pub(crate) struct Operation(pub(crate) Vec<Vec<u8>>);

/// What to send, how, and how long.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    /// To whom.
    pub(crate) to: SocketAddr,
    /// How many operations at a time.
    pub(crate) at_a_time: usize,
    /// Taken in turn.
    pub(crate) operations: &'a [Operation],
    /// Whether to begin again after the last one.
    pub(crate) again: bool,
    /// No operation begins later; those under way are waited for.
    pub(crate) limit: Option<Duration>,
    /// Whether the answers are wanted.
    pub(crate) keep: bool,
    /// Ends it with an error.
    pub(crate) interrupt: &'a Interrupt,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// From the first byte sent to the last received.
    pub(crate) seconds: f64,
    /// Milliseconds of each whole operation, in the order in which they ended.
    pub(crate) latencies: Vec<f64>,
    /// Operation and body of each answer, if they are kept; in the order of the operations.
    pub(crate) answers: Vec<(usize, String)>,
}

/// One connection and what is under way on it.
struct Lane {
    stream: TcpStream,
    incoming: Incoming,
    /// Which operation, and which of its requests; none when there is nothing more to do.
    work: Option<(usize, usize)>,
    since: Instant,
}

impl Load<'_> {
    /// Sends it all and waits for every answer. A refusal ends it with an error.
    pub(crate) fn drive(&self) -> Result<Outcome> {
        let mut lanes = (0..self.at_a_time)
            .map(|_| self.lane())
            .collect::<Result<Vec<_>>>()?;
        let mut buffer = vec![0; 256 * 1024];
        let mut outcome = Outcome::default();
        let mut begun = 0;
        let start = Instant::now();
        for lane in &mut lanes {
            self.begin(lane, &mut begun, start)?;
        }
        loop {
            let mut busy: Vec<&mut Lane> =
                lanes.iter_mut().filter(|one| one.work.is_some()).collect();
            if busy.is_empty() {
                break;
            }
            let ready = wait(&busy)?;
            if !ready.contains(&true) {
                self.interrupt.check()?;
                let late = busy.iter().any(|lane| lane.since.elapsed() > PATIENCE);
                ensure!(!late, "no answer within {PATIENCE:?}");
            }
            for (lane, ready) in busy.iter_mut().zip(ready) {
                if ready && self.receive(lane, &mut buffer)? {
                    self.advance(lane, &mut begun, start, &mut outcome)?;
                }
            }
        }
        outcome.seconds = start.elapsed().as_secs_f64();
        outcome.answers.sort_by_key(|(operation, _)| *operation);
        Ok(outcome)
    }

    fn lane(&self) -> Result<Lane> {
        Ok(Lane {
            stream: dial(self.to)?,
            incoming: Incoming::new(self.keep),
            work: None,
            since: Instant::now(),
        })
    }

    /// Begins the next operation, if there is one and time for it.
    fn begin(&self, lane: &mut Lane, begun: &mut usize, start: Instant) -> Result<()> {
        lane.work = None;
        lane.since = Instant::now();
        let all = self.operations.len();
        let over = self.limit.is_some_and(|limit| lane.since - start >= limit);
        if over || all == 0 || (*begun >= all && !self.again) {
            return Ok(());
        }
        lane.work = Some((*begun % all, 0));
        *begun += 1;
        self.send(lane)
    }

    fn send(&self, lane: &mut Lane) -> Result<()> {
        let Some((operation, step)) = lane.work else {
            return Ok(());
        };
        lane.incoming = Incoming::new(self.keep);
        let bytes = self.operations[operation].0.get(step);
        let bytes = bytes.context("an operation without a request")?;
        // A request is smaller than any socket's buffer: a part of it is an error.
        lane.stream.write_all(bytes).context("send a request")
    }

    /// Reads what is there; true when the answer is whole.
    fn receive(&self, lane: &mut Lane, buffer: &mut [u8]) -> Result<bool> {
        loop {
            match lane.stream.read(buffer) {
                Ok(0) => bail!("the server closed the connection before its answer was whole"),
                Ok(length) => {
                    if lane.incoming.feed(&buffer[..length])? {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("read an answer"),
            }
        }
    }

    /// Takes a whole answer, and goes on to the next request or the next operation.
    fn advance(
        &self,
        lane: &mut Lane,
        begun: &mut usize,
        start: Instant,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let Some((operation, step)) = lane.work else {
            return Ok(());
        };
        let body = lane.incoming.body()?;
        if self.keep {
            let body = String::from_utf8(body).context("an answer's body")?;
            outcome.answers.push((operation, body));
        }
        if lane.incoming.closes() {
            lane.stream = dial(self.to)?;
        }
        if step + 1 < self.operations[operation].0.len() {
            lane.work = Some((operation, step + 1));
            return self.send(lane);
        }
        let took = lane.since.elapsed().as_secs_f64() * 1e3;
        outcome.latencies.push(took);
        self.begin(lane, begun, start)
    }
}

/// Which of them have something to read; none after a second.
fn wait(lanes: &[&mut Lane]) -> Result<Vec<bool>> {
    let mut waiting: Vec<PollFd<'_>> = lanes
        .iter()
        .map(|lane| PollFd::new(lane.stream.as_fd(), PollFlags::POLLIN))
        .collect();
    match poll(&mut waiting, PollTimeout::from(1_000u16)) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(error) => return Err(error).context("poll"),
    }
    let ready = |fd: &PollFd<'_>| fd.any().unwrap_or(true);
    Ok(waiting.iter().map(ready).collect())
}

fn dial(to: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, Duration::from_secs(10))
        .with_context(|| format!("connect to {to}"))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests;
