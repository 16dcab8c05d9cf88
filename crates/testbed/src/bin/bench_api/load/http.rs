//! One HTTP/1.1 answer, taken as it comes, at the least cost: its length and its status are
//! read, its body is only kept when somebody wants it.

use anyhow::{Context as _, Result, bail, ensure};

/// The longest head.
const HEAD: usize = 16 * 1024;
/// So much of a refusal is kept for the message.
const TOLD: usize = 2_000;
const END: &[u8] = b"\r\n\r\n";

/// An answer of which some has arrived.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    keep: bool,
    head: Vec<u8>,
    status: u16,
    closes: bool,
    /// What of the body is still to come, once the head is there.
    left: Option<usize>,
    body: Vec<u8>,
}

impl Incoming {
    /// Of which nothing has arrived.
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// Takes the next bytes; true when the answer is whole.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<bool> {
        let Some(left) = self.left else {
            // The end may lie across two pieces.
            let from = self.head.len().saturating_sub(END.len() - 1);
            self.head.extend_from_slice(bytes);
            let found = self.head[from..]
                .windows(END.len())
                .position(|part| part == END);
            let Some(at) = found else {
                ensure!(self.head.len() <= HEAD, "an answer's head has no end");
                return Ok(false);
            };
            let rest = self.head.split_off(from + at + END.len());
            self.read_head()?;
            return self.feed(&rest);
        };
        let left = left
            .checked_sub(bytes.len())
            .context("more came than the answer's Content-Length")?;
        self.left = Some(left);
        if self.keep || (self.status != 200 && self.body.len() < TOLD) {
            self.body.extend_from_slice(bytes);
        }
        Ok(left == 0)
    }

    fn read_head(&mut self) -> Result<()> {
        let text = std::str::from_utf8(&self.head).context("an answer's head")?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|code| code.parse().ok());
        self.status = status.context("an answer without a status")?;
        let mut length = None;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse().context("Content-Length")?);
            } else if name.eq_ignore_ascii_case("connection") {
                self.closes = value.eq_ignore_ascii_case("close");
            }
        }
        self.left = Some(length.context("an answer without Content-Length")?);
        Ok(())
    }

    /// Whether the server closes the connection after it.
    pub(crate) fn closes(&self) -> bool {
        self.closes
    }

    /// The body of a whole answer (empty unless it is kept); an error when it is a refusal.
    pub(crate) fn body(&mut self) -> Result<Vec<u8>> {
        let body = std::mem::take(&mut self.body);
        if self.status != 200 {
            bail!("{}: {}", self.status, String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests;
