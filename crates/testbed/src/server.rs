//! Tiny servers inside a namespace, on threads of this process.
//!
//! Only the socket is made inside the namespace; it stays there, whichever thread serves it.
//! Every server stops when dropped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::flow::{Received, Verifier};
use crate::netns::Netns;

/// How long a server thread waits before it looks whether it should stop.
const TICK: u16 = 20;

/// Something that serves on threads until dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    status: Arc<AtomicU16>,
    served: Arc<AtomicU64>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// HTTP: every answer's body is `name=<name> peer=<address it saw> path=<path>`.
    pub fn http(ns: &Netns, address: SocketAddr, name: &str) -> Result<Self> {
        let name = name.to_owned();
        Self::tcp(ns, address, move |stream, peer, shared| {
            let status = shared.status.load(Ordering::Relaxed);
            answer_http(stream, peer, &name, status)
        })
    }

    /// TCP: every byte comes back.
    pub fn echo_tcp(ns: &Netns, address: SocketAddr) -> Result<Self> {
        Self::tcp(ns, address, |mut stream, _, shared| {
            let mut buffer = vec![0; 65_536];
            while shared.wait(&stream) {
                match stream.read(&mut buffer)? {
                    0 => break,
                    length => stream.write_all(&buffer[..length])?,
                }
            }
            Ok(())
        })
    }

    /// TCP sink that checks every byte against the pattern of [`crate::flow`].
    pub fn sink(ns: &Netns, address: SocketAddr) -> Result<Self> {
        Self::tcp(ns, address, |mut stream, peer, shared| {
            let mut buffer = vec![0; 262_144];
            let mut verifier = Verifier::default();
            while shared.wait(&stream) {
                match stream.read(&mut buffer) {
                    Ok(0) => {
                        verifier.close();
                        break;
                    }
                    Ok(length) => verifier.take(&buffer[..length]),
                    Err(_) => break,
                }
            }
            let mut all = shared
                .received
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            all.push(verifier.result(peer));
            Ok(())
        })
    }

    /// UDP: every datagram goes back to where it came from.
    pub fn echo_udp(ns: &Netns, address: SocketAddr) -> Result<Self> {
        let socket = ns.run(|| UdpSocket::bind(address))?.context("bind UDP")?;
        let bound = socket.local_addr()?;
        Ok(Self::start(bound, move |shared| {
            let mut buffer = vec![0; 65_536];
            while !shared.stop.load(Ordering::Relaxed) {
                if !readable(&socket) {
                    continue;
                }
                if let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                    shared.served.fetch_add(1, Ordering::Relaxed);
                    let _ = socket.send_to(&buffer[..length], peer);
                }
            }
        }))
    }

    /// Where it listens (the real port when 0 was asked for).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections (or datagrams) taken so far.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// The status that an HTTP server answers from now on, for health-check tests.
    pub fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// What a sink has got, one entry per finished connection.
    pub fn received(&self) -> Vec<Received> {
        let all = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    fn tcp(
        ns: &Netns,
        address: SocketAddr,
        serve: impl Fn(TcpStream, SocketAddr, &Shared) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = ns
            .run(|| TcpListener::bind(address))?
            .with_context(|| format!("listen on {address} in {}", ns.name()))?;
        let bound = listener.local_addr()?;
        Ok(Self::start(bound, move |shared| {
            // Scoped: connections end before the server's thread does.
            std::thread::scope(|scope| {
                while !shared.stop.load(Ordering::Relaxed) {
                    if !readable(&listener) {
                        continue;
                    }
                    if let Ok((stream, peer)) = listener.accept() {
                        shared.served.fetch_add(1, Ordering::Relaxed);
                        let (serve, shared) = (&serve, &shared);
                        scope.spawn(move || {
                            // A reset by the peer ends one connection, not the server.
                            let _ = serve(stream, peer, shared);
                        });
                    }
                }
            });
        }))
    }

    fn start(address: SocketAddr, body: impl FnOnce(Shared) + Send + 'static) -> Self {
        let shared = Shared {
            stop: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            served: Arc::default(),
            received: Arc::default(),
        };
        let (stop, status) = (Arc::clone(&shared.stop), Arc::clone(&shared.status));
        let (served, received) = (Arc::clone(&shared.served), Arc::clone(&shared.received));
        let thread = std::thread::spawn(move || body(shared));
        Self {
            address,
            stop,
            thread: Some(thread),
            status,
            served,
            received,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Shared {
    stop: Arc<AtomicBool>,
    status: Arc<AtomicU16>,
    served: Arc<AtomicU64>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Shared {
    /// Waits until the stream can be read; false when the server should stop.
    fn wait(&self, stream: &TcpStream) -> bool {
        while !self.stop.load(Ordering::Relaxed) {
            if readable(stream) {
                return true;
            }
        }
        false
    }
}

fn answer_http(
    mut stream: TcpStream,
    peer: SocketAddr,
    name: &str,
    status: u16,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < 16_384 {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            length => head.extend_from_slice(&piece[..length]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or("?");
    let body = format!("name={name} peer={peer} path={path}\n");
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Lab\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Waits one tick for something to read (or an error to fetch).
pub(crate) fn readable(source: &impl AsFd) -> bool {
    let mut wanted = [PollFd::new(source.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut wanted, PollTimeout::from(TICK)), Ok(1..))
}
