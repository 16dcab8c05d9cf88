//! Listeners, and the targets behind them.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use model::host::{Document, EniSlot, Listener, ListenerKey, Target, TargetGroupSlot, VpcNumber};
use model::listener::TCP_IDLE_SECONDS;
use model::world::World;

use super::number;

const TCP: u8 = 6;
/// A UDP flow without packets for so long is forgotten (NLB).
const UDP_IDLE_SECONDS: u32 = 120;

/// All listeners, and the attached targets of their groups.
pub(super) fn listeners(world: &World, document: &mut Document) {
    let Document {
        tables, interfaces, ..
    } = document;
    let at: BTreeMap<(VpcNumber, IpAddr), EniSlot> = interfaces
        .iter()
        .flat_map(|(slot, interface)| {
            let all = [interface.address.ip].into_iter();
            let all = all.chain(interface.more.iter().copied());
            all.map(|ip| ((interface.address.vpc, ip), *slot))
        })
        .collect();
    for listener in world.listeners.values() {
        let (Some(balancer), Some(group)) = (
            world.load_balancers.get(&listener.balancer),
            world.target_groups.get(&listener.target_group),
        ) else {
            continue;
        };
        for protocol in listener.protocol.numbers() {
            tables.listeners.insert(
                ListenerKey {
                    balancer: balancer.slot,
                    protocol: *protocol,
                    port: listener.port,
                },
                Listener {
                    target_group: group.slot,
                    idle_seconds: if *protocol == TCP {
                        listener.tcp_idle_seconds.unwrap_or(TCP_IDLE_SECONDS)
                    } else {
                        UDP_IDLE_SECONDS
                    },
                },
            );
        }
        let vpc = number(world, group.vpc);
        let targets = group.targets.iter().filter_map(|target| {
            let ip = IpAddr::V4(target.ip);
            Some(Target {
                eni: *at.get(&(vpc, ip))?,
                ip,
                port: target.port,
            })
        });
        let slot: TargetGroupSlot = group.slot;
        tables.targets.insert(slot, targets.collect());
    }
}
