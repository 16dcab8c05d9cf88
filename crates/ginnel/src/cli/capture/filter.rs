//! `--filter`: terms joined by `and`.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use model::verdict::Verdict;

use super::packet::{Frame, PROTOCOLS, Packet, protocol};

/// What must hold for a packet, on either side of the NAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    terms: Vec<(Term, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Proto(String),
    Port(u16),
    Host(IpNet),
    Verdict(Verdict),
    Dropped,
}

impl Filter {
    pub(super) fn holds(&self, packet: &Packet) -> bool {
        let mut terms = self.terms.iter();
        terms.all(|(term, wanted)| term.holds(packet) == *wanted)
    }
}

impl Term {
    fn holds(&self, packet: &Packet) -> bool {
        let any = |holds: &dyn Fn(&Frame) -> bool| {
            holds(&packet.came) || packet.went.as_ref().is_some_and(holds)
        };
        match self {
            Self::Proto(name) => any(&|frame| frame.heads.protocol == *name),
            Self::Port(port) => any(&|frame| {
                let ports = frame.heads.ports;
                ports.is_some_and(|(from, to)| from == *port || to == *port)
            }),
            Self::Host(net) => any(&|frame| {
                let mut ends = [frame.heads.source, frame.heads.destination].into_iter();
                ends.any(|ip| ip.is_some_and(|ip| net.contains(&ip)))
            }),
            Self::Verdict(verdict) => packet.verdict.as_deref() == Some(verdict.label()),
            Self::Dropped => packet.is_dropped(),
        }
    }
}

/// The words of a text, each with its place, counted from 1.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.text.get(self.at..)?;
        let skipped = left.len() - left.trim_start().len();
        let word = left.split_whitespace().next()?;
        let start = self.at + skipped;
        self.at = start + word.len();
        Some((self.text.get(..start)?.chars().count() + 1, word))
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Words { text, at: 0 };
        let end = text.chars().count() + 1;
        let mut terms = Vec::new();
        loop {
            let mut wanted = true;
            let mut next = words.next();
            while let Some((_, "not")) = next {
                wanted = !wanted;
                next = words.next();
            }
            let term = match next {
                Some(word) => term(word, &mut words, end)?,
                None => {
                    return Err(format!(
                        "place {end}: a term is missing: proto, port, host, verdict or dropped"
                    ));
                }
            };
            terms.push((term, wanted));
            match words.next() {
                None => return Ok(Self { terms }),
                Some((_, "and")) => {}
                Some((at, other)) => {
                    return Err(format!(
                        "place {at}: `{other}` where `and` or the end is expected"
                    ));
                }
            }
        }
    }
}

fn term((at, name): (usize, &str), words: &mut Words<'_>, end: usize) -> Result<Term, String> {
    let mut value = |what: &str| {
        words
            .next()
            .ok_or_else(|| format!("place {end}: `{name}` needs {what}"))
    };
    match name {
        "dropped" => Ok(Term::Dropped),
        "proto" => {
            let (at, value) = value("a protocol")?;
            if value == "arp" || PROTOCOLS.iter().any(|(known, _)| *known == value) {
                return Ok(Term::Proto(value.to_owned()));
            }
            let number: u8 = value.parse().map_err(|_| {
                format!("place {at}: `{value}` is no protocol; give tcp, udp, icmp, icmp6, arp or a number from 0 to 255")
            })?;
            Ok(Term::Proto(protocol(number)))
        }
        "port" => {
            let (at, value) = value("a port")?;
            let port = value.parse();
            port.map(Term::Port).map_err(|_| {
                format!("place {at}: `{value}` is no port; give a number from 0 to 65535")
            })
        }
        "host" => {
            let (at, value) = value("an address")?;
            let host = value.parse::<IpAddr>().map(IpNet::from);
            let net = host.or_else(|_| value.parse());
            net.map(Term::Host).map_err(|_| {
                format!("place {at}: `{value}` is no address; give one such as 10.0.1.10, or a network such as 10.0.0.0/16")
            })
        }
        "verdict" => {
            let (at, value) = value("a reason")?;
            let known = Verdict::ALL.iter().find(|it| it.label() == value);
            known.copied().map(Term::Verdict).ok_or_else(|| {
                format!("place {at}: there is no reason `{value}`; `ginnel explain` lists all")
            })
        }
        other => Err(format!(
            "place {at}: `{other}` is no term; there are proto, port, host, verdict and dropped"
        )),
    }
}
