//! Links, addresses and routes, by rtnetlink.

use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use futures_util::TryStreamExt as _;
use model::net::Mac;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkMessage,
};
use rtnetlink::packet_route::route::RouteScope;
use rtnetlink::{Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::kernel::Error;

/// A connection to the namespace of the thread that opened it. Synchronous: it drives its
/// own small runtime.
pub(super) struct Netlink {
    runtime: tokio::runtime::Runtime,
    handle: Handle,
}

/// A link as the kernel describes it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) up: bool,
}

/// One end of a new veth pair.
pub(super) struct End<'a> {
    pub(super) name: &'a str,
    pub(super) mac: Mac,
    /// Where it is born; `None` = the connection's namespace.
    pub(super) namespace: Option<BorrowedFd<'a>>,
}

impl Netlink {
    pub(super) fn open() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(Error::io("starting a runtime for netlink"))?;
        let handle = {
            let _entered = runtime.enter();
            let (connection, handle, _) =
                rtnetlink::new_connection().map_err(Error::io("opening a netlink socket"))?;
            runtime.spawn(connection);
            handle
        };
        Ok(Self { runtime, handle })
    }

    /// All links of the namespace.
    pub(super) fn links(&self) -> Result<Vec<Link>, Error> {
        let request = self.handle.link().get().execute();
        let messages: Vec<LinkMessage> = self
            .runtime
            .block_on(request.try_collect())
            .map_err(Error::netlink("listing links"))?;
        Ok(messages.into_iter().map(describe).collect())
    }

    /// One link by name.
    pub(super) fn link(&self, name: &str) -> Result<Option<Link>, Error> {
        Ok(self.links()?.into_iter().find(|link| link.name == name))
    }

    /// Makes a veth pair, both ends down, each born in its namespace.
    pub(super) fn add_pair(&self, here: &End<'_>, there: &End<'_>, mtu: u16) -> Result<(), Error> {
        let mut peer = LinkMessageBuilder::<LinkUnspec>::new()
            .name(there.name)
            .mtu(u32::from(mtu))
            .address(there.mac.0.to_vec());
        if let Some(namespace) = there.namespace {
            peer = peer.setns_by_fd(namespace.as_raw_fd());
        }
        let message = LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth)
            .name(here.name)
            .mtu(u32::from(mtu))
            .address(here.mac.0.to_vec())
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer.build())))
            .build();
        self.runtime
            .block_on(self.handle.link().add(message).execute())
            .map_err(Error::netlink(format!(
                "making the link {} - {}",
                here.name, there.name
            )))
    }

    /// Writes a link's alias: a note of ours that lives as long as the link.
    pub(super) fn set_alias(&self, index: u32, alias: &str) -> Result<(), Error> {
        self.set(
            LinkMessageBuilder::<LinkUnspec>::new()
                .index(index)
                .alias(alias)
                .build(),
            "writing a link's alias",
        )
    }

    /// Sets a link up.
    pub(super) fn up(&self, index: u32) -> Result<(), Error> {
        self.set(
            LinkMessageBuilder::<LinkUnspec>::new()
                .index(index)
                .up()
                .build(),
            "setting a link up",
        )
    }

    fn set(&self, message: LinkMessage, what: &str) -> Result<(), Error> {
        self.runtime
            .block_on(self.handle.link().set(message).execute())
            .map_err(Error::netlink(what))
    }

    /// Removes a link, and with it the other end. One that is gone is fine: the namespace of
    /// the other end may go at any moment.
    pub(super) fn remove(&self, index: u32) -> Result<(), Error> {
        match self
            .runtime
            .block_on(self.handle.link().del(index).execute())
        {
            Err(rtnetlink::Error::NetlinkError(answer)) if answer.raw_code() == -libc::ENODEV => {
                Ok(())
            }
            done => done.map_err(Error::netlink("removing a link")),
        }
    }

    /// The addresses of a link, with their prefix lengths.
    pub(super) fn addresses(&self, index: u32) -> Result<Vec<(IpAddr, u8)>, Error> {
        let request = self
            .handle
            .address()
            .get()
            .set_link_index_filter(index)
            .execute();
        let messages: Vec<AddressMessage> = self
            .runtime
            .block_on(request.try_collect())
            .map_err(Error::netlink("listing addresses"))?;
        let of = |message: AddressMessage| {
            let prefix = message.header.prefix_len;
            let found = message.attributes.into_iter();
            let mut found = found.filter_map(|attribute| match attribute {
                AddressAttribute::Address(ip) => Some(ip),
                _ => None,
            });
            found.next().map(|ip| (ip, prefix))
        };
        Ok(messages.into_iter().filter_map(of).collect())
    }

    /// Gives a link an address. Nobody else has it: IPv6 needs no detection of duplicates.
    pub(super) fn add_address(&self, index: u32, ip: IpAddr, prefix: u8) -> Result<(), Error> {
        let mut request = self.handle.address().add(index, ip, prefix).replace();
        if ip.is_ipv6() {
            request.message_mut().header.flags |= AddressHeaderFlags::Nodad;
        }
        self.runtime
            .block_on(request.execute())
            .map_err(Error::netlink(format!("adding the address {ip}/{prefix}")))
    }

    /// Takes an address from a link.
    pub(super) fn remove_address(&self, index: u32, ip: IpAddr, prefix: u8) -> Result<(), Error> {
        let mut message = AddressMessage::default();
        message.header.index = index;
        message.header.prefix_len = prefix;
        message.header.family = if ip.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        message.attributes = match ip {
            IpAddr::V4(_) => vec![AddressAttribute::Local(ip), AddressAttribute::Address(ip)],
            IpAddr::V6(_) => vec![AddressAttribute::Address(ip)],
        };
        self.runtime
            .block_on(self.handle.address().del(message).execute())
            .map_err(Error::netlink(format!(
                "removing the address {ip}/{prefix}"
            )))
    }

    /// Makes a gateway the way to everything of its family.
    pub(super) fn add_route(&self, index: u32, any: IpAddr, gateway: IpAddr) -> Result<(), Error> {
        self.add_route_to(index, (any, 0), Some(gateway))
    }

    /// Adds a route over a link, by a gateway or to neighbours.
    pub(super) fn add_route_to(
        &self,
        index: u32,
        to: (IpAddr, u8),
        gateway: Option<IpAddr>,
    ) -> Result<(), Error> {
        let what = || format!("adding the route {}/{}", to.0, to.1);
        let failed = |error: &dyn std::fmt::Display| Error::Io {
            what: format!("{}: {error}", what()),
            source: std::io::ErrorKind::InvalidInput.into(),
        };
        let mut route = RouteMessageBuilder::<IpAddr>::new()
            .destination_prefix(to.0, to.1)
            .map_err(|error| failed(&error))?
            .output_interface(index);
        if let Some(gateway) = gateway {
            route = route.gateway(gateway).map_err(|error| failed(&error))?;
        } else {
            route = route.scope(RouteScope::Link);
        }
        self.runtime
            .block_on(self.handle.route().add(route.build()).replace().execute())
            .map_err(Error::netlink(what()))
    }
}

fn describe(message: LinkMessage) -> Link {
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        alias: String::new(),
        up: message.header.flags.contains(LinkFlags::Up),
    };
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name = name,
            LinkAttribute::IfAlias(alias) => link.alias = alias,
            _ => {}
        }
    }
    link
}
