//! Tiny clients inside a namespace.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::flow::{Verifier, fill};
use crate::netns::Netns;
use crate::proc::pause;

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// Opens a TCP connection from inside the namespace; reads and writes time out after `limit`.
pub fn connect(ns: &Netns, to: SocketAddr, limit: Duration) -> Result<TcpStream> {
    let stream = ns
        .run(|| TcpStream::connect_timeout(&to, limit))?
        .with_context(|| format!("connect from {} to {to}", ns.name()))?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One HTTP request on a connection of its own.
pub fn http_get(ns: &Netns, to: SocketAddr, path: &str, limit: Duration) -> Result<Reply> {
    let mut stream = connect(ns, to, limit)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .context("read the answer")?;
    let (head, body) = text.split_once("\r\n\r\n").context("no end of header")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok(Reply {
        status: status.context("no status line")?,
        body: body.to_owned(),
    })
}

/// Sends bytes to a TCP echo server and returns what came back.
pub fn echo_tcp(ns: &Netns, to: SocketAddr, bytes: &[u8], limit: Duration) -> Result<Vec<u8>> {
    let mut stream = connect(ns, to, limit)?;
    stream.write_all(bytes)?;
    let mut back = vec![0; bytes.len()];
    stream.read_exact(&mut back)?;
    Ok(back)
}

/// Sends one datagram to an echo server and returns the answer and who gave it.
pub fn echo_udp(
    ns: &Netns,
    to: SocketAddr,
    bytes: &[u8],
    limit: Duration,
) -> Result<(Vec<u8>, SocketAddr)> {
    let any: SocketAddr = if to.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let socket = ns.run(|| UdpSocket::bind(any))??;
    socket.set_read_timeout(Some(limit))?;
    socket.send_to(bytes, to)?;
    let mut buffer = vec![0; 65_536];
    let (length, from) = socket
        .recv_from(&mut buffer)
        .with_context(|| format!("no datagram came back from {to}"))?;
    Ok((buffer[..length].to_vec(), from))
}

/// Sends `total` bytes of the pattern to a [`crate::server::Server::sink`] at `rate` bytes per
/// second (0 = as fast as it goes) and returns their checksum.
pub fn bulk(ns: &Netns, to: SocketAddr, total: u64, rate: u64, limit: Duration) -> Result<u64> {
    let mut stream = connect(ns, to, limit)?;
    let start = Instant::now();
    let mut checksum = Verifier::default();
    let mut buffer = vec![0; 65_536];
    let mut sent = 0;
    while sent < total {
        if start.elapsed() > limit {
            bail!("sent {sent} of {total} bytes within {limit:?}");
        }
        let length = buffer.len().min((total - sent) as usize);
        fill(sent, &mut buffer[..length]);
        stream.write_all(&buffer[..length])?;
        checksum.take(&buffer[..length]);
        sent += length as u64;
        if rate > 0 {
            let due = Duration::from_secs_f64(sent as f64 / rate as f64);
            pause(due.saturating_sub(start.elapsed()));
        }
    }
    Ok(checksum.checksum())
}
