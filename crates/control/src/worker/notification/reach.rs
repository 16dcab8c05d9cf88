//! Where notifications may go. Tenants name the URLs and we dial them: so that nobody uses us
//! to call what only we can reach, an address must be one of the public Internet, or in a range
//! that the operator has opened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// IPv4 addresses of which none is a host of the public Internet (IANA's registry of special
/// purpose addresses; multicast; class E).
const NOT_PUBLIC_4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The only IPv6 addresses that were given out: whatever is outside is local, embeds an IPv4
/// address or is nothing.
const GIVEN_OUT_6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Within those: protocol assignments with Teredo, documentation (two), 6to4.
const NOT_PUBLIC_6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The addresses that notifications may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    opened: Vec<IpNet>,
}

impl Reach {
    /// Reads the ranges that the operator opens; `dev` opens loopback.
    pub(crate) fn parse(ranges: &[String], dev: bool) -> Result<Self, String> {
        let loopback = ["127.0.0.0/8", "::1/128"].map(String::from);
        let loopback = loopback.iter().filter(|_| dev);
        let read = |text: &String| {
            text.parse::<IpNet>()
                .map_err(|_| format!("--allow-notify {text}: give a range, such as 127.0.0.0/8"))
        };
        let opened = ranges.iter().chain(loopback).map(read);
        Ok(Self {
            opened: opened.collect::<Result<_, _>>()?,
        })
    }

    /// Whether an address may be dialled.
    pub(crate) fn permits(&self, ip: IpAddr) -> bool {
        // ::ffff:10.0.0.1 is dialled as 10.0.0.1.
        let ip = ip.to_canonical();
        self.opened.iter().any(|range| range.contains(&ip)) || is_public(ip)
    }

    /// Of the addresses of a name, those that may be dialled.
    pub(crate) fn choose(&self, found: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let found = found.into_iter();
        found.filter(|at| self.permits(at.ip())).collect()
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !NOT_PUBLIC_4.iter().any(|range| range.contains(&ip)),
        IpAddr::V6(ip) => {
            GIVEN_OUT_6.contains(&ip) && !NOT_PUBLIC_6.iter().any(|range| range.contains(&ip))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::Reach;

    fn permits(reach: &Reach, text: &str) -> bool {
        reach.permits(text.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet() {
        let reach = Reach::default();
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.9",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!permits(&reach, ip), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(permits(&reach, ip), "{ip}");
        }
    }

    #[test]
    fn the_operator_opens_ranges() {
        let open = |ranges: &[&str], dev| {
            let ranges: Vec<String> = ranges.iter().map(|it| (*it).into()).collect();
            Reach::parse(&ranges, dev)
        };
        let lab = open(&["10.1.0.0/16", "fd00::/8"], false).unwrap();
        assert!(permits(&lab, "10.1.2.3") && permits(&lab, "::ffff:10.1.2.3"));
        assert!(permits(&lab, "fd00::1"));
        assert!(!permits(&lab, "10.2.0.1") && !permits(&lab, "127.0.0.1"));
        let dev = open(&[], true).unwrap();
        assert!(permits(&dev, "127.0.0.1") && permits(&dev, "::1") && !permits(&dev, "10.0.0.1"));
        assert!(open(&["10.0.0.0"], false).unwrap_err().contains("10.0.0.0"));
    }

    /// Written by hand once more, octet by octet.
    fn is_special([a, b, c, _]: [u8; 4]) -> bool {
        matches!(
            (a, b, c),
            (0 | 10 | 127, _, _)
                | (100, 64..=127, _)
                | (169, 254, _)
                | (172, 16..=31, _)
                | (192, 0, 0 | 2)
                | (192, 31, 196)
                | (192, 52, 193)
                | (192, 88, 99)
                | (192, 168, _)
                | (198, 18 | 19, _)
                | (198, 51, 100)
                | (203, 0, 113)
                | (224..=255, _, _)
        )
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_judged_alike_in_both_forms(octets: [u8; 4]) {
            let ip = Ipv4Addr::from(octets);
            let wanted = !is_special(octets);
            prop_assert_eq!(Reach::default().permits(ip.into()), wanted);
            prop_assert_eq!(Reach::default().permits(IpAddr::V6(ip.to_ipv6_mapped())), wanted);
            // Forms that embed it without being it are never dialled.
            prop_assert!(!Reach::default().permits(IpAddr::V6(ip.to_ipv6_compatible())));
        }

        #[test]
        fn no_ipv6_address_outside_of_2000_3_is_public(bits: u128) {
            let ip = std::net::Ipv6Addr::from(bits);
            if bits >> 125 != 1 && ip.to_ipv4_mapped().is_none() {
                prop_assert!(!Reach::default().permits(ip.into()));
            }
        }
    }
}
