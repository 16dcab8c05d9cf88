//! Raw frames: a sender that injects them and a listener that lists them.
//!
//! Frames that the listener sees may carry partial checksums and be larger than the MTU
//! (segmentation is left to a device that a veth does not have).

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, MultiHeaders, SetSockOpt, SockFlag, SockProtocol, SockType,
    bind, recvfrom, send, sendmmsg, socket,
};
use nix::{setsockopt_impl, sockopt_impl};

use crate::link::link_address;
use crate::netns::Netns;
use crate::proc::eventually;
use crate::server::readable;

/// From linux/if_packet.h; the libc crate does not name it.
const PACKET_QDISC_BYPASS: libc::c_int = 20;
const PACKET_OUTGOING: u8 = 4;

sockopt_impl!(
    /// Hand frames straight to the driver.
    QdiscBypass, SetOnly, libc::SOL_PACKET, PACKET_QDISC_BYPASS, bool
);

/// A socket that injects frames at one interface, past the queueing discipline.
#[derive(Debug)]
pub struct RawSender {
    socket: OwnedFd,
}

impl RawSender {
    /// Opens at an interface of a namespace.
    pub fn open(ns: &Netns, interface: &str) -> Result<Self> {
        ns.run(|| Self::open_here(interface))?
    }

    /// Opens at an interface of the caller's own namespace.
    pub fn open_here(interface: &str) -> Result<Self> {
        // Protocol 0: the socket receives nothing, so it costs the receive path nothing.
        let socket = raw_socket(interface, None)?;
        QdiscBypass
            .set(&socket, &true)
            .context("PACKET_QDISC_BYPASS")?;
        Ok(Self { socket })
    }

    /// Sends one whole Ethernet frame.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        send(self.socket.as_raw_fd(), frame, MsgFlags::empty()).context("send frame")?;
        Ok(())
    }

    /// Makes ready to send these frames, all in one call, again and again.
    pub fn batch(&self, frames: Vec<Vec<u8>>) -> Batch<'_> {
        Batch {
            socket: &self.socket,
            headers: MultiHeaders::preallocate(frames.len(), None),
            addresses: vec![None; frames.len()],
            frames,
        }
    }
}

/// Some frames, by one `sendmmsg` per call.
pub struct Batch<'a> {
    socket: &'a OwnedFd,
    headers: MultiHeaders<LinkAddr>,
    frames: Vec<Vec<u8>>,
    addresses: Vec<Option<LinkAddr>>,
}

impl Batch<'_> {
    /// The frames, to change them before they are sent again.
    pub fn frames(&mut self) -> &mut [Vec<u8>] {
        &mut self.frames
    }

    /// Sends the batch; returns how many frames the driver took.
    pub fn send(&mut self) -> Result<usize> {
        let fd = self.socket.as_raw_fd();
        let slices: Vec<_> = self.frames.iter().map(|one| [IoSlice::new(one)]).collect();
        let sent = sendmmsg(
            fd,
            &mut self.headers,
            &slices,
            &self.addresses,
            [],
            MsgFlags::empty(),
        );
        match sent {
            Ok(results) => Ok(results.count()),
            // The receiving side's backlog was full: those frames are lost, as on a wire.
            Err(Errno::ENOBUFS | Errno::EAGAIN) => Ok(0),
            Err(error) => Err(error).context("sendmmsg"),
        }
    }
}

/// Collects the frames that arrive at one interface (or also those that leave), until dropped.
#[derive(Debug)]
pub struct Sniffer {
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sniffer {
    /// Starts listening; frames sent from now on are seen.
    pub fn start(ns: &Netns, interface: &str) -> Result<Self> {
        Self::listen(ns, interface, false)
    }

    /// Like [`Sniffer::start`], with the frames that leave by the interface too.
    pub fn both_ways(ns: &Netns, interface: &str) -> Result<Self> {
        Self::listen(ns, interface, true)
    }

    fn listen(ns: &Netns, interface: &str, leaving: bool) -> Result<Self> {
        let socket = ns.run(|| raw_socket(interface, Some(SockProtocol::EthAll)))??;
        let frames = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&frames), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 17];
            while !until.load(Ordering::Relaxed) {
                if !readable(&socket) {
                    continue;
                }
                let Ok((length, from)) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)
                else {
                    continue;
                };
                let wanted = |from: LinkAddr| leaving || from.pkttype() != PACKET_OUTGOING;
                if from.is_some_and(wanted) {
                    let mut frames = to.lock().unwrap_or_else(PoisonError::into_inner);
                    frames.push(buffer[..length].to_vec());
                }
            }
        });
        Ok(Self {
            frames,
            stop,
            thread: Some(thread),
        })
    }

    /// All frames so far.
    pub fn frames(&self) -> Vec<Vec<u8>> {
        let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        frames.clone()
    }

    /// Waits for a frame of which `wanted` makes something.
    pub fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T> {
        eventually(what, limit, || {
            self.frames().iter().find_map(|frame| wanted(frame))
        })
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn raw_socket(interface: &str, protocol: Option<SockProtocol>) -> Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        protocol,
    )
    .context("raw socket")?;
    // The address carries protocol 0, which keeps the one the socket was made with.
    bind(socket.as_raw_fd(), &link_address(interface)?)
        .with_context(|| format!("bind raw socket to {interface}"))?;
    Ok(socket)
}
