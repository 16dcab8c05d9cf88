//! Connect, request, response, close; one or many at a time.
//!
//! The client closes first and in the normal way (FIN), so TIME_WAIT stays with the client, whose
//! namespace has a wide port range and reuses such ports (`net.ipv4.tcp_tw_reuse`). Nothing is
//! reset. One at a time is a plain blocking client; many are one event loop.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, socket};
use nix::unistd::{read, write};

use super::{Reading, Window, ready};

/// The listener's mark among the events; connections carry their descriptor's number.
const LISTENER: u64 = u64::MAX;
const BATCH: usize = 64;

/// Answers each first byte and closes after the client has closed.
pub(super) fn serve(listen: SocketAddrV4) -> Result<()> {
    let listener = TcpListener::bind(listen)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    ready();
    let mut open: Vec<Option<TcpStream>> = Vec::new();
    let mut events = [EpollEvent::empty(); BATCH];
    loop {
        let count = match epoll.wait(&mut events, 1000u16) {
            Err(Errno::EINTR) => continue,
            count => count?,
        };
        for event in &events[..count] {
            if event.data() == LISTENER {
                let (stream, _) = listener.accept()?;
                let slot = stream.as_raw_fd() as usize;
                epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, slot as u64))?;
                if open.len() <= slot {
                    open.resize_with(slot + 1, || None);
                }
                open[slot] = Some(stream);
            } else if let Some(slot) = open.get_mut(event.data() as usize) {
                // Level-triggered: there is something to read, so this does not block.
                let mut bytes = [0; 16];
                let alive = slot.as_mut().is_some_and(|stream| {
                    matches!(stream.read(&mut bytes), Ok(1..)) && stream.write_all(b"!").is_ok()
                });
                if !alive {
                    *slot = None;
                }
            }
        }
    }
}

/// Connects, asks and closes through the window.
pub(super) fn load(dial: SocketAddrV4, together: usize, window: &Window) -> Result<Reading> {
    let mut client: Box<dyn Client> = if together == 1 {
        Box::new(One { dial })
    } else {
        Box::new(Many::start(dial, together)?)
    };
    let mut tally = Tally::default();
    let warm = Instant::now() + window.warm_up();
    while Instant::now() < warm {
        client.turn(&mut tally)?;
    }
    tally = Tally::default();
    let first = window.meter.mark()?;
    let start = Instant::now();
    while start.elapsed() < window.length() {
        client.turn(&mut tally)?;
    }
    let length = start.elapsed();
    let last = window.meter.mark()?;
    ensure!(
        tally.failed * 100 <= tally.done,
        "{} of {} connections failed: {:?}",
        tally.failed,
        tally.done + tally.failed,
        tally.last
    );
    Ok(Reading {
        seconds: length.as_secs_f64(),
        count: tally.done,
        errors: tally.failed,
        offered: None,
        latency: None,
        cpu: last.since(&first),
    })
}

#[derive(Default)]
struct Tally {
    done: u64,
    failed: u64,
    last: Option<std::io::Error>,
}

trait Client {
    /// Moves on by a little and counts what was finished.
    fn turn(&mut self, tally: &mut Tally) -> Result<()>;
}

struct One {
    dial: SocketAddrV4,
}

impl Client for One {
    fn turn(&mut self, tally: &mut Tally) -> Result<()> {
        let ask = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(self.dial)?;
            stream.write_all(b"?")?;
            stream.read_exact(&mut [0])
        };
        match ask() {
            Ok(()) => tally.done += 1,
            Err(error) => {
                tally.failed += 1;
                tally.last = Some(error);
                ensure!(tally.failed < 1000, "too many failures: {:?}", tally.last);
            }
        }
        Ok(())
    }
}

/// Many connections in one event loop; a slot is opened again as soon as it is done.
struct Many {
    dial: SockaddrIn,
    epoll: Epoll,
    slots: Vec<Slot>,
    events: [EpollEvent; BATCH],
    moved: Instant,
}

struct Slot {
    socket: OwnedFd,
    asked: bool,
}

impl Many {
    fn start(dial: SocketAddrV4, together: usize) -> Result<Self> {
        let dial = SockaddrIn::from(dial);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let slots = (0..together)
            .map(|slot| open(&epoll, &dial, slot))
            .collect::<Result<_>>()?;
        Ok(Self {
            dial,
            epoll,
            slots,
            events: [EpollEvent::empty(); BATCH],
            moved: Instant::now(),
        })
    }
}

impl Client for Many {
    fn turn(&mut self, tally: &mut Tally) -> Result<()> {
        let count = match self.epoll.wait(&mut self.events, 100u16) {
            Err(Errno::EINTR) => return Ok(()),
            count => count?,
        };
        if count > 0 {
            self.moved = Instant::now();
        } else if self.moved.elapsed() > Duration::from_secs(5) {
            bail!("no connection moved for 5 s");
        }
        for event in &self.events[..count] {
            let index = event.data() as usize;
            let slot = self.slots.get_mut(index).context("unknown slot")?;
            let ended = if slot.asked {
                match read(&slot.socket, &mut [0; 16]) {
                    Ok(1..) => Some(Ok(())),
                    Err(Errno::EAGAIN) => None,
                    Ok(0) => Some(Err(Errno::ECONNRESET)),
                    Err(error) => Some(Err(error)),
                }
            } else {
                // The first event is the end of connect; a failed one fails the write.
                slot.asked = true;
                write(&slot.socket, b"?").err().map(Err)
            };
            match ended {
                None => continue,
                Some(Ok(())) => tally.done += 1,
                Some(Err(error)) => {
                    tally.failed += 1;
                    tally.last = Some(error.into());
                    ensure!(tally.failed < 1000, "too many failures: {error}");
                }
            }
            // The old socket is closed here, in the normal way.
            *slot = open(&self.epoll, &self.dial, index)?;
        }
        Ok(())
    }
}

fn open(epoll: &Epoll, dial: &SockaddrIn, slot: usize) -> Result<Slot> {
    let socket = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    match connect(socket.as_raw_fd(), dial) {
        Ok(()) | Err(Errno::EINPROGRESS) => {}
        Err(error) => return Err(error).context("connect"),
    }
    // Edge-triggered, so that one registration serves both "connected" and "answered".
    let wanted = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
    epoll.add(&socket, EpollEvent::new(wanted, slot as u64))?;
    Ok(Slot {
        socket,
        asked: false,
    })
}
