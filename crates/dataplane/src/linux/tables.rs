// Made by `cargo xtask bpf` from bpf/shared/tables.h. Do not edit.

pub type __u8 = ::core::ffi::c_uchar;
pub type __u16 = ::core::ffi::c_ushort;
pub type __u32 = ::core::ffi::c_uint;
pub type __u64 = ::core::ffi::c_ulonglong;
pub type __be16 = __u16;
pub type __be32 = __u32;
pub const GO_ON: verdict = 0;
pub const DROP_MALFORMED: verdict = 1;
pub const DROP_NOT_IPV4: verdict = 2;
pub const DROP_FRAGMENT: verdict = 3;
pub const DROP_PROTOCOL: verdict = 4;
pub const DROP_SPOOFED_MAC: verdict = 5;
pub const DROP_SPOOFED_SOURCE: verdict = 6;
pub const DROP_SPOOFED_ARP: verdict = 7;
pub const DROP_NO_ENI: verdict = 8;
pub const DROP_NO_ROUTE: verdict = 9;
pub const DROP_GATE_CLOSED: verdict = 10;
pub const DROP_SECURITY_GROUP: verdict = 11;
pub const DROP_NO_LISTENER: verdict = 12;
pub const DROP_NO_TARGET: verdict = 13;
pub const DROP_PORT_ALLOCATION: verdict = 14;
pub const DROP_FLOW_QUOTA: verdict = 15;
pub const DROP_FLOW_TABLE_FULL: verdict = 16;
pub const DROP_NO_FLOW: verdict = 17;
pub const DROP_FLOW_CUT: verdict = 18;
pub const DROP_TARGET_GONE: verdict = 19;
pub const VERDICT_SLOTS: verdict = 32;
pub type verdict = ::core::ffi::c_uint;
pub const LAYOUT_VERSION: _bindgen_ty_1 = 1;
pub type _bindgen_ty_1 = ::core::ffi::c_uint;
pub const MAX_ENIS: table_limits = 16384;
pub const MAX_GATES: table_limits = 16384;
pub const MAX_GROUPS: table_limits = 16384;
pub const MAX_LISTENERS: table_limits = 16384;
pub const MAX_TARGETS: table_limits = 65536;
pub const MAX_FLOWS: table_limits = 262144;
pub const GROUPS_PER_ENI: table_limits = 5;
pub const RULES_PER_GROUP: table_limits = 64;
pub const SNAT_FIRST_PORT: table_limits = 1024;
pub const SNAT_PORTS: table_limits = 64512;
pub const SNAT_TRIES: table_limits = 16;
pub type table_limits = ::core::ffi::c_uint;
pub const ROLE_NONE: eni_role = 0;
pub const ROLE_WORKLOAD: eni_role = 1;
pub const ROLE_SYSTEM: eni_role = 2;
pub type eni_role = ::core::ffi::c_uint;
pub const FABRIC_BASE: _bindgen_ty_2 = 1681915904;
pub const FABRIC_MASK: _bindgen_ty_2 = 4290772992;
pub const PROBE_PORT: _bindgen_ty_2 = 4;
pub const PROBE_MAGIC: _bindgen_ty_2 = 1735289968;
pub type _bindgen_ty_2 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct eni {
    pub vpc: __u32,
    pub ip: __be32,
    pub ifindex: __u32,
    pub flow_quota: __u32,
    pub groups: [__u32; 5usize],
    pub mac: [__u8; 6usize],
    pub role: __u8,
    pub group_count: __u8,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of eni"][::core::mem::size_of::<eni>() - 44usize];
    ["Alignment of eni"][::core::mem::align_of::<eni>() - 4usize];
    ["Offset of field: eni::vpc"][::core::mem::offset_of!(eni, vpc) - 0usize];
    ["Offset of field: eni::ip"][::core::mem::offset_of!(eni, ip) - 4usize];
    ["Offset of field: eni::ifindex"][::core::mem::offset_of!(eni, ifindex) - 8usize];
    ["Offset of field: eni::flow_quota"][::core::mem::offset_of!(eni, flow_quota) - 12usize];
    ["Offset of field: eni::groups"][::core::mem::offset_of!(eni, groups) - 16usize];
    ["Offset of field: eni::mac"][::core::mem::offset_of!(eni, mac) - 36usize];
    ["Offset of field: eni::role"][::core::mem::offset_of!(eni, role) - 42usize];
    ["Offset of field: eni::group_count"][::core::mem::offset_of!(eni, group_count) - 43usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct gate {
    pub generation: __u32,
    pub vpc: __u32,
    pub ip: __be32,
    pub balancer: __u32,
    pub balancer_ip: __be32,
    pub balancer_vpc: __u32,
    pub groups: [__u32; 5usize],
    pub group_count: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of gate"][::core::mem::size_of::<gate>() - 48usize];
    ["Alignment of gate"][::core::mem::align_of::<gate>() - 4usize];
    ["Offset of field: gate::generation"][::core::mem::offset_of!(gate, generation) - 0usize];
    ["Offset of field: gate::vpc"][::core::mem::offset_of!(gate, vpc) - 4usize];
    ["Offset of field: gate::ip"][::core::mem::offset_of!(gate, ip) - 8usize];
    ["Offset of field: gate::balancer"][::core::mem::offset_of!(gate, balancer) - 12usize];
    ["Offset of field: gate::balancer_ip"][::core::mem::offset_of!(gate, balancer_ip) - 16usize];
    ["Offset of field: gate::balancer_vpc"][::core::mem::offset_of!(gate, balancer_vpc) - 20usize];
    ["Offset of field: gate::groups"][::core::mem::offset_of!(gate, groups) - 24usize];
    ["Offset of field: gate::group_count"][::core::mem::offset_of!(gate, group_count) - 44usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct address_key {
    pub vpc: __u32,
    pub ip: __be32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of address_key"][::core::mem::size_of::<address_key>() - 8usize];
    ["Alignment of address_key"][::core::mem::align_of::<address_key>() - 4usize];
    ["Offset of field: address_key::vpc"][::core::mem::offset_of!(address_key, vpc) - 0usize];
    ["Offset of field: address_key::ip"][::core::mem::offset_of!(address_key, ip) - 4usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct rule {
    pub network: __be32,
    pub mask: __be32,
    pub group: __u32,
    pub first_port: __u16,
    pub last_port: __u16,
    pub protocol: __u8,
    pub any_protocol: __u8,
    pub by_group: __u8,
    pub pad: __u8,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rule"][::core::mem::size_of::<rule>() - 20usize];
    ["Alignment of rule"][::core::mem::align_of::<rule>() - 4usize];
    ["Offset of field: rule::network"][::core::mem::offset_of!(rule, network) - 0usize];
    ["Offset of field: rule::mask"][::core::mem::offset_of!(rule, mask) - 4usize];
    ["Offset of field: rule::group"][::core::mem::offset_of!(rule, group) - 8usize];
    ["Offset of field: rule::first_port"][::core::mem::offset_of!(rule, first_port) - 12usize];
    ["Offset of field: rule::last_port"][::core::mem::offset_of!(rule, last_port) - 14usize];
    ["Offset of field: rule::protocol"][::core::mem::offset_of!(rule, protocol) - 16usize];
    ["Offset of field: rule::any_protocol"][::core::mem::offset_of!(rule, any_protocol) - 17usize];
    ["Offset of field: rule::by_group"][::core::mem::offset_of!(rule, by_group) - 18usize];
    ["Offset of field: rule::pad"][::core::mem::offset_of!(rule, pad) - 19usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub struct group {
    pub count: __u32,
    pub rules: [rule; 64usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of group"][::core::mem::size_of::<group>() - 1284usize];
    ["Alignment of group"][::core::mem::align_of::<group>() - 4usize];
    ["Offset of field: group::count"][::core::mem::offset_of!(group, count) - 0usize];
    ["Offset of field: group::rules"][::core::mem::offset_of!(group, rules) - 4usize];
};
impl Default for group {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct listener_key {
    pub balancer: __u32,
    pub port: __be16,
    pub protocol: __u8,
    pub pad: __u8,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of listener_key"][::core::mem::size_of::<listener_key>() - 8usize];
    ["Alignment of listener_key"][::core::mem::align_of::<listener_key>() - 4usize];
    ["Offset of field: listener_key::balancer"]
        [::core::mem::offset_of!(listener_key, balancer) - 0usize];
    ["Offset of field: listener_key::port"][::core::mem::offset_of!(listener_key, port) - 4usize];
    ["Offset of field: listener_key::protocol"]
        [::core::mem::offset_of!(listener_key, protocol) - 6usize];
    ["Offset of field: listener_key::pad"][::core::mem::offset_of!(listener_key, pad) - 7usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct listener {
    pub target_group: __u32,
    pub idle_seconds: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of listener"][::core::mem::size_of::<listener>() - 8usize];
    ["Alignment of listener"][::core::mem::align_of::<listener>() - 4usize];
    ["Offset of field: listener::target_group"]
        [::core::mem::offset_of!(listener, target_group) - 0usize];
    ["Offset of field: listener::idle_seconds"]
        [::core::mem::offset_of!(listener, idle_seconds) - 4usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct target_key {
    pub target_group: __u32,
    pub index: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of target_key"][::core::mem::size_of::<target_key>() - 8usize];
    ["Alignment of target_key"][::core::mem::align_of::<target_key>() - 4usize];
    ["Offset of field: target_key::target_group"]
        [::core::mem::offset_of!(target_key, target_group) - 0usize];
    ["Offset of field: target_key::index"][::core::mem::offset_of!(target_key, index) - 4usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct target {
    pub eni: __u32,
    pub ip: __be32,
    pub port: __be16,
    pub pad: __u16,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of target"][::core::mem::size_of::<target>() - 12usize];
    ["Alignment of target"][::core::mem::align_of::<target>() - 4usize];
    ["Offset of field: target::eni"][::core::mem::offset_of!(target, eni) - 0usize];
    ["Offset of field: target::ip"][::core::mem::offset_of!(target, ip) - 4usize];
    ["Offset of field: target::port"][::core::mem::offset_of!(target, port) - 8usize];
    ["Offset of field: target::pad"][::core::mem::offset_of!(target, pad) - 10usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct flow_key {
    pub ifindex: __u32,
    pub saddr: __be32,
    pub daddr: __be32,
    pub sport: __be16,
    pub dport: __be16,
    pub protocol: __u8,
    pub pad: [__u8; 3usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of flow_key"][::core::mem::size_of::<flow_key>() - 20usize];
    ["Alignment of flow_key"][::core::mem::align_of::<flow_key>() - 4usize];
    ["Offset of field: flow_key::ifindex"][::core::mem::offset_of!(flow_key, ifindex) - 0usize];
    ["Offset of field: flow_key::saddr"][::core::mem::offset_of!(flow_key, saddr) - 4usize];
    ["Offset of field: flow_key::daddr"][::core::mem::offset_of!(flow_key, daddr) - 8usize];
    ["Offset of field: flow_key::sport"][::core::mem::offset_of!(flow_key, sport) - 12usize];
    ["Offset of field: flow_key::dport"][::core::mem::offset_of!(flow_key, dport) - 14usize];
    ["Offset of field: flow_key::protocol"][::core::mem::offset_of!(flow_key, protocol) - 16usize];
    ["Offset of field: flow_key::pad"][::core::mem::offset_of!(flow_key, pad) - 17usize];
};
pub const SIDE_CLIENT: flow_side = 0;
pub const SIDE_TARGET: flow_side = 1;
pub type flow_side = ::core::ffi::c_uint;
pub const FIN_SENT: flow_closing = 1;
pub const FIN_AWAITS: flow_closing = 2;
pub const FIN_ACKED: flow_closing = 4;
pub type flow_closing = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct flow {
    pub gate: __u32,
    pub generation: __u32,
    pub out_ifindex: __u32,
    pub saddr: __be32,
    pub daddr: __be32,
    pub sport: __be16,
    pub dport: __be16,
    pub address_diff: __u32,
    pub port_diff: __u32,
    pub mac: [__u8; 6usize],
    pub side: __u8,
    pub closing: __u8,
    pub await_ack: __u32,
    pub eni: __u32,
    pub idle_seconds: __u32,
    pub last_seen: __u32,
    pub packets: __u64,
    pub bytes: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of flow"][::core::mem::size_of::<flow>() - 72usize];
    ["Alignment of flow"][::core::mem::align_of::<flow>() - 8usize];
    ["Offset of field: flow::gate"][::core::mem::offset_of!(flow, gate) - 0usize];
    ["Offset of field: flow::generation"][::core::mem::offset_of!(flow, generation) - 4usize];
    ["Offset of field: flow::out_ifindex"][::core::mem::offset_of!(flow, out_ifindex) - 8usize];
    ["Offset of field: flow::saddr"][::core::mem::offset_of!(flow, saddr) - 12usize];
    ["Offset of field: flow::daddr"][::core::mem::offset_of!(flow, daddr) - 16usize];
    ["Offset of field: flow::sport"][::core::mem::offset_of!(flow, sport) - 20usize];
    ["Offset of field: flow::dport"][::core::mem::offset_of!(flow, dport) - 22usize];
    ["Offset of field: flow::address_diff"][::core::mem::offset_of!(flow, address_diff) - 24usize];
    ["Offset of field: flow::port_diff"][::core::mem::offset_of!(flow, port_diff) - 28usize];
    ["Offset of field: flow::mac"][::core::mem::offset_of!(flow, mac) - 32usize];
    ["Offset of field: flow::side"][::core::mem::offset_of!(flow, side) - 38usize];
    ["Offset of field: flow::closing"][::core::mem::offset_of!(flow, closing) - 39usize];
    ["Offset of field: flow::await_ack"][::core::mem::offset_of!(flow, await_ack) - 40usize];
    ["Offset of field: flow::eni"][::core::mem::offset_of!(flow, eni) - 44usize];
    ["Offset of field: flow::idle_seconds"][::core::mem::offset_of!(flow, idle_seconds) - 48usize];
    ["Offset of field: flow::last_seen"][::core::mem::offset_of!(flow, last_seen) - 52usize];
    ["Offset of field: flow::packets"][::core::mem::offset_of!(flow, packets) - 56usize];
    ["Offset of field: flow::bytes"][::core::mem::offset_of!(flow, bytes) - 64usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct eni_stats {
    pub flows: __u64,
    pub drops: [__u64; 32usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of eni_stats"][::core::mem::size_of::<eni_stats>() - 264usize];
    ["Alignment of eni_stats"][::core::mem::align_of::<eni_stats>() - 8usize];
    ["Offset of field: eni_stats::flows"][::core::mem::offset_of!(eni_stats, flows) - 0usize];
    ["Offset of field: eni_stats::drops"][::core::mem::offset_of!(eni_stats, drops) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct gate_stats {
    pub connections: __u64,
    pub packets_in: __u64,
    pub bytes_in: __u64,
    pub packets_out: __u64,
    pub bytes_out: __u64,
    pub drops: [__u64; 32usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of gate_stats"][::core::mem::size_of::<gate_stats>() - 296usize];
    ["Alignment of gate_stats"][::core::mem::align_of::<gate_stats>() - 8usize];
    ["Offset of field: gate_stats::connections"]
        [::core::mem::offset_of!(gate_stats, connections) - 0usize];
    ["Offset of field: gate_stats::packets_in"]
        [::core::mem::offset_of!(gate_stats, packets_in) - 8usize];
    ["Offset of field: gate_stats::bytes_in"]
        [::core::mem::offset_of!(gate_stats, bytes_in) - 16usize];
    ["Offset of field: gate_stats::packets_out"]
        [::core::mem::offset_of!(gate_stats, packets_out) - 24usize];
    ["Offset of field: gate_stats::bytes_out"]
        [::core::mem::offset_of!(gate_stats, bytes_out) - 32usize];
    ["Offset of field: gate_stats::drops"][::core::mem::offset_of!(gate_stats, drops) - 40usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct probe {
    pub magic: __u32,
    pub gate: __u32,
    pub nonce: __u64,
    pub generation: __u32,
    pub balancer_ip: __be32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of probe"][::core::mem::size_of::<probe>() - 24usize];
    ["Alignment of probe"][::core::mem::align_of::<probe>() - 8usize];
    ["Offset of field: probe::magic"][::core::mem::offset_of!(probe, magic) - 0usize];
    ["Offset of field: probe::gate"][::core::mem::offset_of!(probe, gate) - 4usize];
    ["Offset of field: probe::nonce"][::core::mem::offset_of!(probe, nonce) - 8usize];
    ["Offset of field: probe::generation"][::core::mem::offset_of!(probe, generation) - 16usize];
    ["Offset of field: probe::balancer_ip"][::core::mem::offset_of!(probe, balancer_ip) - 20usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, PartialEq, Eq)]
pub struct clock {
    pub jiffies: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of clock"][::core::mem::size_of::<clock>() - 8usize];
    ["Alignment of clock"][::core::mem::align_of::<clock>() - 8usize];
    ["Offset of field: clock::jiffies"][::core::mem::offset_of!(clock, jiffies) - 0usize];
};
