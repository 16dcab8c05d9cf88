//! The demo's HTTP server: names itself and the address that it saw.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Context as _, Result};

/// Serves until it is ended.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// Where to listen
    listen: SocketAddr,
    /// What to call itself
    name: String,
}

impl Server {
    pub(crate) fn run(self) -> Result<()> {
        let listener = TcpListener::bind(self.listen)
            .with_context(|| format!("listening on {}", self.listen))?;
        println!("ready");
        for stream in listener.incoming() {
            // One broken client is not the end of the server.
            if let Err(error) = stream.and_then(|stream| answer(&stream, &self.name)) {
                eprintln!("{error}");
            }
        }
        Ok(())
    }
}

fn answer(mut stream: &TcpStream, name: &str) -> std::io::Result<()> {
    let peer = stream.peer_addr()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().transpose()? {
        if line.is_empty() {
            break;
        }
    }
    let body = format!("served-by={name} peer={}\n", peer.ip());
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
