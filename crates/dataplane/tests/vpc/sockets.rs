//! Sockets of all kinds inside namespaces.

use std::cell::Cell;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use model::host::EniSlot;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use testbed::{Netns, client};

use super::lab::{Eni, Vpc};
use super::{LIMIT, SILENCE};

thread_local! {
    static PATIENCE: Cell<Duration> = const { Cell::new(LIMIT) };
}

/// How long to wait for what may not come: long, unless a refusal is expected.
pub(crate) fn patience() -> Duration {
    PATIENCE.get()
}

/// Runs `what`, of which nothing is expected to come.
pub(crate) fn in_vain<T>(what: impl FnOnce() -> T) -> T {
    PATIENCE.set(SILENCE);
    let out = what();
    PATIENCE.set(LIMIT);
    out
}

/// A UDP socket inside a namespace.
pub(crate) fn udp(ns: &Netns, at: impl Into<SocketAddr>) -> UdpSocket {
    let at = at.into();
    let socket = ns.run(|| UdpSocket::bind(at)).unwrap().unwrap();
    socket.set_read_timeout(Some(patience())).unwrap();
    socket
}

/// A UDP socket that is connected.
pub(crate) fn dial(ns: &Netns, to: SocketAddr) -> UdpSocket {
    let any: IpAddr = if to.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = udp(ns, (any, 0));
    ns.run(|| socket.connect(to)).unwrap().unwrap();
    socket
}

/// A raw socket of a protocol, with `UdpSocket`'s methods.
pub(crate) fn raw(ns: &Netns, protocol: SockProtocol) -> UdpSocket {
    let family = if matches!(protocol, SockProtocol::IcmpV6) {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    let open = || socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol);
    let socket = UdpSocket::from(ns.run(open).unwrap().unwrap());
    socket.set_read_timeout(Some(patience())).unwrap();
    socket
}

/// The namespace's own ping: a socket of which the kernel sets id and checksum.
pub(crate) fn pinger(ns: &Netns, to: IpAddr) -> UdpSocket {
    ns.sysctl("net.ipv4.ping_group_range", "0 0").unwrap();
    let (family, protocol) = if to.is_ipv4() {
        (AddressFamily::Inet, SockProtocol::Icmp)
    } else {
        (AddressFamily::Inet6, SockProtocol::IcmpV6)
    };
    let open = || socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, protocol);
    UdpSocket::from(ns.run(open).unwrap().unwrap())
}

/// Pings once; whether an answer with the same bytes came back from there.
pub(crate) fn ping(ns: &Netns, to: impl Into<IpAddr>) -> bool {
    let to = to.into();
    let socket = pinger(ns, to);
    socket.set_read_timeout(Some(patience())).unwrap();
    let kinds = if to.is_ipv4() { (8, 0) } else { (128, 129) };
    let mut message = *b"\0\0\0\0\0\0\0\x01ginnel";
    message[0] = kinds.0;
    socket.send_to(&message, (to, 0)).unwrap();
    let mut back = [0; 64];
    let Ok((length, from)) = socket.recv_from(&mut back) else {
        return false;
    };
    assert_eq!(from.ip(), to);
    assert_eq!((back[0], &back[6..length]), (kinds.1, &message[6..]));
    true
}

/// Whom a server in `ns` at `at` sees a datagram from `from` come from; `None` when it does not
/// come, or its answer does not.
pub(crate) fn send(ns: &Netns, at: SocketAddr, from: &Netns, to: SocketAddr) -> Option<SocketAddr> {
    let server = udp(ns, at);
    server.set_read_timeout(Some(patience())).unwrap();
    let socket = dial(from, to);
    socket.send(b"there").unwrap();
    let mut bytes = [0; 16];
    let (length, seen) = match server.recv_from(&mut bytes) {
        Ok(got) => got,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(&bytes[..length], b"there");
    server.send_to(b"back", seen).unwrap();
    let length = match socket.recv(&mut bytes) {
        Ok(length) => length,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(&bytes[..length], b"back");
    Some(seen)
}

impl Vpc {
    /// Whether UDP from one ENI to another's port arrives, and its answer.
    pub(crate) fn udp(&self, from: Eni, to: Eni, port: u16) -> bool {
        let at = to.at(port);
        send(self.ns(to), at, self.ns(from), at).is_some()
    }

    /// The same of IPv6.
    pub(crate) fn udp6(&self, from: Eni, to: Eni, port: u16) -> bool {
        let at = to.at6(port);
        send(self.ns(to), at, self.ns(from), at).is_some()
    }

    /// Whether a TCP connection from one ENI to another's port opens.
    pub(crate) fn tcp(&self, from: Eni, to: Eni, port: u16) -> bool {
        let at = to.at(port);
        let _listener = listen(self.ns(to), at);
        client::connect(self.ns(from), at, patience()).is_ok()
    }

    /// Runs `what`, which must fail, and be counted at `eni` under `label`.
    pub(crate) fn refused(&self, eni: Eni, label: &'static str, what: impl FnOnce() -> bool) {
        let before = self.drops(eni, label);
        assert!(!in_vain(what), "it passed, but {label} was expected");
        self.counted(eni.slot, label, before + 1);
    }

    /// Waits until so many drops are counted.
    pub(crate) fn counted(&self, eni: EniSlot, label: &'static str, least: u64) {
        self.host.counted(eni, label, least);
    }
}

/// A TCP listener inside a namespace.
pub(crate) fn listen(ns: &Netns, at: SocketAddr) -> TcpListener {
    ns.run(|| TcpListener::bind(at)).unwrap().unwrap()
}

/// An open TCP connection, both ends here.
pub(crate) struct Pair {
    pub(crate) client: TcpStream,
    pub(crate) server: TcpStream,
    /// Whom the server sees.
    pub(crate) peer: SocketAddr,
}

/// Connects from `from` to `to`, which leads to `at` in `ns`.
pub(crate) fn connect(ns: &Netns, at: SocketAddr, from: &Netns, to: SocketAddr) -> Pair {
    let listener = listen(ns, at);
    let client = client::connect(from, to, LIMIT).unwrap();
    let (server, peer) = listener.accept().unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    server.set_nodelay(true).unwrap();
    Pair {
        client,
        server,
        peer,
    }
}

impl Pair {
    /// Bytes cross and come back.
    pub(crate) fn talk(&mut self) {
        let mut bytes = *b"hello";
        self.client.write_all(&bytes).unwrap();
        self.server.read_exact(&mut bytes).unwrap();
        self.server.write_all(b"reply").unwrap();
        self.client.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"reply");
    }
}

/// The destination port of a frame that opens a TCP connection, or answers that, and the segment
/// size in it.
pub(crate) fn handshake(frame: &[u8]) -> Option<(u16, u16)> {
    let (protocol, tcp) = match frame.get(12..14)? {
        [0x86, 0xdd] => (frame.get(20)?, 54),
        _ => (frame.get(23)?, 34),
    };
    let header = frame.get(tcp..tcp + 24)?;
    let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    // Linux writes it as the first option.
    let there = *protocol == 6 && header[13] & 2 != 0 && header[20..22] == [2, 4];
    there.then(|| (number(2), number(22)))
}
