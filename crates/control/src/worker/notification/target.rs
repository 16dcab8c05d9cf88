//! The URL of a subscription, taken apart.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::Uri;
use model::topic::Protocol;

/// AWS's limit of an endpoint, in bytes.
const MAX_URL: usize = 2_048;

/// Where a message is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    protocol: Protocol,
    /// A name, or an address without brackets.
    host: String,
    port: u16,
    /// As the Host header wants it.
    authority: String,
    path: String,
}

impl Target {
    /// Reads a URL; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_URL {
            return Err(format!("the URL is longer than {MAX_URL} bytes"));
        }
        let uri: Uri = text
            .parse()
            .map_err(|error| format!("'{text}' is not a URL: {error}"))?;
        let protocol = match uri.scheme_str() {
            Some("http") => Protocol::Http,
            Some("https") => Protocol::Https,
            _ => return Err("the URL begins neither with http:// nor with https://".into()),
        };
        let authority = uri.authority().ok_or("the URL names no host")?;
        if authority.as_str().contains('@') {
            return Err(
                "a user and password in the URL are not supported by this version of Ginnel".into(),
            );
        }
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host) {
            Some("") if protocol == Protocol::Http => 80,
            Some("") => 443,
            // The parser leaves aside a port that is none.
            rest => rest
                .and_then(|rest| rest.strip_prefix(':')?.parse().ok())
                .ok_or_else(|| format!("'{authority}' names no port that there is"))?,
        };
        if !matches!(port, 80 | 443 | 1_024..) {
            return Err(format!(
                "the port {port} is not 80, 443 or one from 1024 on"
            ));
        }
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        if bare.is_some_and(|bare| bare.parse::<Ipv6Addr>().is_err()) {
            return Err(format!("'{host}' is no IPv6 address"));
        }
        if host.is_empty() {
            return Err("the URL names no host".into());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            protocol,
            host: bare.unwrap_or(host).to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path: path.to_owned(),
        })
    }

    /// HTTP or HTTPS.
    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The address, if the URL has one instead of a name.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The name or address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The Host header.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn urls_are_taken_apart() {
        let read = |text: &str| {
            let target = Target::parse(text).unwrap();
            let (host, path) = (target.host().to_owned(), target.path().to_owned());
            (host, target.port(), path, target.literal().is_some())
        };
        let wanted =
            |host: &str, port, path: &str, literal| (host.into(), port, path.into(), literal);
        assert_eq!(
            read("http://a.example"),
            wanted("a.example", 80, "/", false)
        );
        assert_eq!(
            read("https://a.example/x/?y=1"),
            wanted("a.example", 443, "/x/?y=1", false)
        );
        assert_eq!(read("http://[::1]:8080/x"), wanted("::1", 8080, "/x", true));
        assert_eq!(
            read("http://127.0.0.1:1024"),
            wanted("127.0.0.1", 1024, "/", true)
        );
        // What only a resolver reads as an address is a name until it is resolved.
        assert_eq!(read("http://0x7f.1/"), wanted("0x7f.1", 80, "/", false));
    }

    #[test]
    fn what_is_no_target() {
        for text in [
            "",
            "a.example",
            "/x",
            "ftp://a.example",
            "HTTP//x",
            "http://",
            "http:///x",
            "http://:80/",
            "http://a.example:22/",
            "http://a.example:0/",
            "http://a.example:/",
            "http://a.example:99999/",
            "http://user:secret@a.example/",
            "http://[::1",
            "http://[v1.x]/",
            "http://[fe80::1%25eth0]/",
            "http://a b/",
            "http://a\r\nX: y/",
            &format!("http://a.example/{}", "x".repeat(2_048)),
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
