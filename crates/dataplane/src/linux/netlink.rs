//! Links, addresses and routes, by rtnetlink.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd as _, BorrowedFd};

use futures_util::TryStreamExt as _;
use model::net::Mac;
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkMessage,
};
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

    /// Removes a link, and with it the other end.
    pub(super) fn remove(&self, index: u32) -> Result<(), Error> {
        self.runtime
            .block_on(self.handle.link().del(index).execute())
            .map_err(Error::netlink("removing a link"))
    }

    /// Gives a link an address.
    pub(super) fn add_address(&self, index: u32, ip: Ipv4Addr, prefix: u8) -> Result<(), Error> {
        self.runtime
            .block_on(
                self.handle
                    .address()
                    .add(index, IpAddr::V4(ip), prefix)
                    .replace()
                    .execute(),
            )
            .map_err(Error::netlink(format!("adding the address {ip}/{prefix}")))
    }

    /// Adds a route by gateway over a link.
    pub(super) fn add_route(
        &self,
        index: u32,
        to: (Ipv4Addr, u8),
        gateway: Ipv4Addr,
    ) -> Result<(), Error> {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(to.0, to.1)
            .gateway(gateway)
            .output_interface(index)
            .build();
        self.runtime
            .block_on(self.handle.route().add(route).replace().execute())
            .map_err(Error::netlink(format!(
                "adding the route {}/{} via {gateway}",
                to.0, to.1
            )))
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
