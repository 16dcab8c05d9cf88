// Made by `cargo xtask bpf` from bpf/shared/tables.h. Do not edit.

pub type __u8 = ::core::ffi::c_uchar;
pub type __u16 = ::core::ffi::c_ushort;
pub type __u32 = ::core::ffi::c_uint;
pub type __u64 = ::core::ffi::c_ulonglong;
pub type __be16 = __u16;
pub type __be32 = __u32;
pub const GO_ON: verdict = 0;
pub const DROP_MALFORMED: verdict = 1;
pub const DROP_NOT_IP: verdict = 2;
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
pub const DROP_GROUP_EGRESS: verdict = 20;
pub const DROP_ACL_EGRESS: verdict = 21;
pub const DROP_ACL_INGRESS: verdict = 22;
pub const DROP_ACL_REPLY_EGRESS: verdict = 23;
pub const DROP_ACL_REPLY_INGRESS: verdict = 24;
pub const DROP_ROUTE_BLACKHOLE: verdict = 25;
pub const DROP_NO_UPLINK: verdict = 26;
pub const DROP_NO_PUBLIC_ADDRESS: verdict = 27;
pub const DROP_DEST_CHECK: verdict = 28;
pub const DROP_MTU: verdict = 29;
pub const DROP_ICMP_UNRELATED: verdict = 30;
pub const DROP_ASYMMETRIC: verdict = 31;
pub const DROP_GATEWAY_ENDPOINT: verdict = 32;
pub const DROP_LINK_LOCAL: verdict = 33;
pub const DROP_PROVIDER_ACL: verdict = 34;
pub const DROP_TARGET_GROUP: verdict = 35;
pub const DROP_BALANCER_GROUP: verdict = 36;
pub const DROP_EXTENSION: verdict = 37;
pub const VERDICT_SLOTS: verdict = 48;
pub type verdict = ::core::ffi::c_uint;
pub const LAYOUT_VERSION: _bindgen_ty_1 = 2;
pub type _bindgen_ty_1 = ::core::ffi::c_uint;
pub const MAX_ENIS: table_limits = 16385;
pub const MAX_GATES: table_limits = 16384;
pub const MAX_ADDRESSES: table_limits = 65536;
pub const MAX_RULE_LISTS: table_limits = 65536;
pub const MAX_ROUTES: table_limits = 262144;
pub const MAX_NATS: table_limits = 4096;
pub const MAX_LISTENERS: table_limits = 16384;
pub const MAX_TARGETS: table_limits = 65536;
pub const MAX_FLOWS: table_limits = 262144;
pub const MAX_FLOWS6: table_limits = 65536;
pub const EVENT_BYTES: table_limits = 8388608;
pub const GROUPS_PER_ENI: table_limits = 5;
pub const RULES_PER_LIST: table_limits = 128;
pub const SNAT_FIRST_PORT: table_limits = 1024;
pub const SNAT_PORTS: table_limits = 64512;
pub const SNAT_TRIES: table_limits = 16;
pub const MTU: table_limits = 8500;
pub const EVENTS_PER_SECOND: table_limits = 16384;
pub const CAPTURE_BYTES: table_limits = 4194304;
pub const SNAP_BYTES: table_limits = 256;
pub const WATCHED_GATES: table_limits = 16;
pub type table_limits = ::core::ffi::c_uint;
pub const NOBODY: _bindgen_ty_2 = 4294967295;
pub type _bindgen_ty_2 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct address {
    pub w: [__be32; 4usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of address"][::core::mem::size_of::<address>() - 16usize];
    ["Alignment of address"][::core::mem::align_of::<address>() - 4usize];
    ["Offset of field: address::w"][::core::mem::offset_of!(address, w) - 0usize];
};
pub const ROLE_NONE: eni_role = 0;
pub const ROLE_WORKLOAD: eni_role = 1;
pub const ROLE_SYSTEM: eni_role = 2;
pub const ROLE_UPLINK: eni_role = 3;
pub type eni_role = ::core::ffi::c_uint;
pub const FABRIC_BASE: _bindgen_ty_3 = 1681915904;
pub const FABRIC_MASK: _bindgen_ty_3 = 4290772992;
pub const PROBE_PORT: _bindgen_ty_3 = 4;
pub const PROBE_MAGIC: _bindgen_ty_3 = 1735289968;
pub type _bindgen_ty_3 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct settings {
    pub epoch: __u32,
    pub uplink: __u32,
    pub uplink_mtu: __u32,
    pub seed: __u32,
    pub events: __u32,
    pub uplink_mac: [__u8; 6usize],
    pub pad: __u16,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of settings"][::core::mem::size_of::<settings>() - 28usize];
    ["Alignment of settings"][::core::mem::align_of::<settings>() - 4usize];
    ["Offset of field: settings::epoch"][::core::mem::offset_of!(settings, epoch) - 0usize];
    ["Offset of field: settings::uplink"][::core::mem::offset_of!(settings, uplink) - 4usize];
    ["Offset of field: settings::uplink_mtu"]
        [::core::mem::offset_of!(settings, uplink_mtu) - 8usize];
    ["Offset of field: settings::seed"][::core::mem::offset_of!(settings, seed) - 12usize];
    ["Offset of field: settings::events"][::core::mem::offset_of!(settings, events) - 16usize];
    ["Offset of field: settings::uplink_mac"]
        [::core::mem::offset_of!(settings, uplink_mac) - 20usize];
    ["Offset of field: settings::pad"][::core::mem::offset_of!(settings, pad) - 26usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct place {
    pub subnet: __u64,
    pub routes: __u64,
    pub acl: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of place"][::core::mem::size_of::<place>() - 24usize];
    ["Alignment of place"][::core::mem::align_of::<place>() - 8usize];
    ["Offset of field: place::subnet"][::core::mem::offset_of!(place, subnet) - 0usize];
    ["Offset of field: place::routes"][::core::mem::offset_of!(place, routes) - 8usize];
    ["Offset of field: place::acl"][::core::mem::offset_of!(place, acl) - 16usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct eni {
    pub place: place,
    pub vpc: __u32,
    pub ip: __be32,
    pub ifindex: __u32,
    pub flow_quota: __u32,
    pub groups: [__u32; 5usize],
    pub mac: [__u8; 6usize],
    pub role: __u8,
    pub group_count: __u8,
    pub source_check: __u8,
    pub pad: [__u8; 3usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of eni"][::core::mem::size_of::<eni>() - 72usize];
    ["Alignment of eni"][::core::mem::align_of::<eni>() - 8usize];
    ["Offset of field: eni::place"][::core::mem::offset_of!(eni, place) - 0usize];
    ["Offset of field: eni::vpc"][::core::mem::offset_of!(eni, vpc) - 24usize];
    ["Offset of field: eni::ip"][::core::mem::offset_of!(eni, ip) - 28usize];
    ["Offset of field: eni::ifindex"][::core::mem::offset_of!(eni, ifindex) - 32usize];
    ["Offset of field: eni::flow_quota"][::core::mem::offset_of!(eni, flow_quota) - 36usize];
    ["Offset of field: eni::groups"][::core::mem::offset_of!(eni, groups) - 40usize];
    ["Offset of field: eni::mac"][::core::mem::offset_of!(eni, mac) - 60usize];
    ["Offset of field: eni::role"][::core::mem::offset_of!(eni, role) - 66usize];
    ["Offset of field: eni::group_count"][::core::mem::offset_of!(eni, group_count) - 67usize];
    ["Offset of field: eni::source_check"][::core::mem::offset_of!(eni, source_check) - 68usize];
    ["Offset of field: eni::pad"][::core::mem::offset_of!(eni, pad) - 69usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct gate {
    pub place: place,
    pub balancer_place: place,
    pub generation: __u32,
    pub vpc: __u32,
    pub ip: address,
    pub balancer_ip: address,
    pub balancer: __u32,
    pub balancer_vpc: __u32,
    pub groups: [__u32; 5usize],
    pub balancer_groups: [__u32; 5usize],
    pub group_count: __u8,
    pub balancer_group_count: __u8,
    pub balancer_enforces: __u8,
    pub pad: [__u8; 5usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of gate"][::core::mem::size_of::<gate>() - 144usize];
    ["Alignment of gate"][::core::mem::align_of::<gate>() - 8usize];
    ["Offset of field: gate::place"][::core::mem::offset_of!(gate, place) - 0usize];
    ["Offset of field: gate::balancer_place"]
        [::core::mem::offset_of!(gate, balancer_place) - 24usize];
    ["Offset of field: gate::generation"][::core::mem::offset_of!(gate, generation) - 48usize];
    ["Offset of field: gate::vpc"][::core::mem::offset_of!(gate, vpc) - 52usize];
    ["Offset of field: gate::ip"][::core::mem::offset_of!(gate, ip) - 56usize];
    ["Offset of field: gate::balancer_ip"][::core::mem::offset_of!(gate, balancer_ip) - 72usize];
    ["Offset of field: gate::balancer"][::core::mem::offset_of!(gate, balancer) - 88usize];
    ["Offset of field: gate::balancer_vpc"][::core::mem::offset_of!(gate, balancer_vpc) - 92usize];
    ["Offset of field: gate::groups"][::core::mem::offset_of!(gate, groups) - 96usize];
    ["Offset of field: gate::balancer_groups"]
        [::core::mem::offset_of!(gate, balancer_groups) - 116usize];
    ["Offset of field: gate::group_count"][::core::mem::offset_of!(gate, group_count) - 136usize];
    ["Offset of field: gate::balancer_group_count"]
        [::core::mem::offset_of!(gate, balancer_group_count) - 137usize];
    ["Offset of field: gate::balancer_enforces"]
        [::core::mem::offset_of!(gate, balancer_enforces) - 138usize];
    ["Offset of field: gate::pad"][::core::mem::offset_of!(gate, pad) - 139usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct address_key {
    pub vpc: __u32,
    pub ip: address,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of address_key"][::core::mem::size_of::<address_key>() - 20usize];
    ["Alignment of address_key"][::core::mem::align_of::<address_key>() - 4usize];
    ["Offset of field: address_key::vpc"][::core::mem::offset_of!(address_key, vpc) - 0usize];
    ["Offset of field: address_key::ip"][::core::mem::offset_of!(address_key, ip) - 4usize];
};
pub const OWNER_ENI: owner_kind = 1;
pub const OWNER_GATE: owner_kind = 2;
pub type owner_kind = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct owner {
    pub kind: __u32,
    pub slot: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of owner"][::core::mem::size_of::<owner>() - 8usize];
    ["Alignment of owner"][::core::mem::align_of::<owner>() - 4usize];
    ["Offset of field: owner::kind"][::core::mem::offset_of!(owner, kind) - 0usize];
    ["Offset of field: owner::slot"][::core::mem::offset_of!(owner, slot) - 4usize];
};
pub const GROUP_INGRESS: rule_list = 0;
pub const GROUP_EGRESS: rule_list = 1;
pub const ACL_INGRESS: rule_list = 2;
pub const ACL_EGRESS: rule_list = 3;
pub type rule_list = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct rule_key {
    pub id: __u64,
    pub list: __u32,
    pub pad: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rule_key"][::core::mem::size_of::<rule_key>() - 16usize];
    ["Alignment of rule_key"][::core::mem::align_of::<rule_key>() - 8usize];
    ["Offset of field: rule_key::id"][::core::mem::offset_of!(rule_key, id) - 0usize];
    ["Offset of field: rule_key::list"][::core::mem::offset_of!(rule_key, list) - 8usize];
    ["Offset of field: rule_key::pad"][::core::mem::offset_of!(rule_key, pad) - 12usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct rule {
    pub network: address,
    pub mask: address,
    pub group: __u32,
    pub first: __u16,
    pub last: __u16,
    pub number: __u16,
    pub protocol: __u8,
    pub any_protocol: __u8,
    pub by_group: __u8,
    pub family: __u8,
    pub denies: __u8,
    pub pad: __u8,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rule"][::core::mem::size_of::<rule>() - 48usize];
    ["Alignment of rule"][::core::mem::align_of::<rule>() - 4usize];
    ["Offset of field: rule::network"][::core::mem::offset_of!(rule, network) - 0usize];
    ["Offset of field: rule::mask"][::core::mem::offset_of!(rule, mask) - 16usize];
    ["Offset of field: rule::group"][::core::mem::offset_of!(rule, group) - 32usize];
    ["Offset of field: rule::first"][::core::mem::offset_of!(rule, first) - 36usize];
    ["Offset of field: rule::last"][::core::mem::offset_of!(rule, last) - 38usize];
    ["Offset of field: rule::number"][::core::mem::offset_of!(rule, number) - 40usize];
    ["Offset of field: rule::protocol"][::core::mem::offset_of!(rule, protocol) - 42usize];
    ["Offset of field: rule::any_protocol"][::core::mem::offset_of!(rule, any_protocol) - 43usize];
    ["Offset of field: rule::by_group"][::core::mem::offset_of!(rule, by_group) - 44usize];
    ["Offset of field: rule::family"][::core::mem::offset_of!(rule, family) - 45usize];
    ["Offset of field: rule::denies"][::core::mem::offset_of!(rule, denies) - 46usize];
    ["Offset of field: rule::pad"][::core::mem::offset_of!(rule, pad) - 47usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct rules {
    pub count: __u32,
    pub rules: [rule; 128usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of rules"][::core::mem::size_of::<rules>() - 6148usize];
    ["Alignment of rules"][::core::mem::align_of::<rules>() - 4usize];
    ["Offset of field: rules::count"][::core::mem::offset_of!(rules, count) - 0usize];
    ["Offset of field: rules::rules"][::core::mem::offset_of!(rules, rules) - 4usize];
};
impl Default for rules {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct route_data {
    pub table: [__u32; 2usize],
    pub family: __u32,
    pub ip: address,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of route_data"][::core::mem::size_of::<route_data>() - 28usize];
    ["Alignment of route_data"][::core::mem::align_of::<route_data>() - 4usize];
    ["Offset of field: route_data::table"][::core::mem::offset_of!(route_data, table) - 0usize];
    ["Offset of field: route_data::family"][::core::mem::offset_of!(route_data, family) - 8usize];
    ["Offset of field: route_data::ip"][::core::mem::offset_of!(route_data, ip) - 12usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct route_key {
    pub prefix: __u32,
    pub data: route_data,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of route_key"][::core::mem::size_of::<route_key>() - 32usize];
    ["Alignment of route_key"][::core::mem::align_of::<route_key>() - 4usize];
    ["Offset of field: route_key::prefix"][::core::mem::offset_of!(route_key, prefix) - 0usize];
    ["Offset of field: route_key::data"][::core::mem::offset_of!(route_key, data) - 4usize];
};
pub const HOP_BLACKHOLE: hop_kind = 0;
pub const HOP_VPC: hop_kind = 1;
pub const HOP_ENI: hop_kind = 2;
pub const HOP_INTERNET: hop_kind = 3;
pub const HOP_NAT: hop_kind = 4;
pub const HOP_GATEWAY_ENDPOINT: hop_kind = 5;
pub type hop_kind = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct hop {
    pub kind: __u32,
    pub to: __u32,
    pub nat: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of hop"][::core::mem::size_of::<hop>() - 16usize];
    ["Alignment of hop"][::core::mem::align_of::<hop>() - 8usize];
    ["Offset of field: hop::kind"][::core::mem::offset_of!(hop, kind) - 0usize];
    ["Offset of field: hop::to"][::core::mem::offset_of!(hop, to) - 4usize];
    ["Offset of field: hop::nat"][::core::mem::offset_of!(hop, nat) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct nat {
    pub place: place,
    pub vpc: __u32,
    pub ip: __be32,
    pub public_ip: __be32,
    pub pad: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of nat"][::core::mem::size_of::<nat>() - 40usize];
    ["Alignment of nat"][::core::mem::align_of::<nat>() - 8usize];
    ["Offset of field: nat::place"][::core::mem::offset_of!(nat, place) - 0usize];
    ["Offset of field: nat::vpc"][::core::mem::offset_of!(nat, vpc) - 24usize];
    ["Offset of field: nat::ip"][::core::mem::offset_of!(nat, ip) - 28usize];
    ["Offset of field: nat::public_ip"][::core::mem::offset_of!(nat, public_ip) - 32usize];
    ["Offset of field: nat::pad"][::core::mem::offset_of!(nat, pad) - 36usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct known {
    pub eni: __u32,
    pub vpc: __u32,
    pub inside: address,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of known"][::core::mem::size_of::<known>() - 24usize];
    ["Alignment of known"][::core::mem::align_of::<known>() - 4usize];
    ["Offset of field: known::eni"][::core::mem::offset_of!(known, eni) - 0usize];
    ["Offset of field: known::vpc"][::core::mem::offset_of!(known, vpc) - 4usize];
    ["Offset of field: known::inside"][::core::mem::offset_of!(known, inside) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
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
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
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
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
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
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct target {
    pub eni: __u32,
    pub ip: address,
    pub port: __be16,
    pub pad: __u16,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of target"][::core::mem::size_of::<target>() - 24usize];
    ["Alignment of target"][::core::mem::align_of::<target>() - 4usize];
    ["Offset of field: target::eni"][::core::mem::offset_of!(target, eni) - 0usize];
    ["Offset of field: target::ip"][::core::mem::offset_of!(target, ip) - 4usize];
    ["Offset of field: target::port"][::core::mem::offset_of!(target, port) - 20usize];
    ["Offset of field: target::pad"][::core::mem::offset_of!(target, pad) - 22usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct flow_key {
    pub ifindex: __u32,
    pub saddr: __be32,
    pub daddr: __be32,
    pub sport: __be16,
    pub dport: __be16,
    pub kind: __u32,
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
    ["Offset of field: flow_key::kind"][::core::mem::offset_of!(flow_key, kind) - 16usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct flow_key6 {
    pub ifindex: __u32,
    pub saddr: address,
    pub daddr: address,
    pub sport: __be16,
    pub dport: __be16,
    pub kind: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of flow_key6"][::core::mem::size_of::<flow_key6>() - 44usize];
    ["Alignment of flow_key6"][::core::mem::align_of::<flow_key6>() - 4usize];
    ["Offset of field: flow_key6::ifindex"][::core::mem::offset_of!(flow_key6, ifindex) - 0usize];
    ["Offset of field: flow_key6::saddr"][::core::mem::offset_of!(flow_key6, saddr) - 4usize];
    ["Offset of field: flow_key6::daddr"][::core::mem::offset_of!(flow_key6, daddr) - 20usize];
    ["Offset of field: flow_key6::sport"][::core::mem::offset_of!(flow_key6, sport) - 36usize];
    ["Offset of field: flow_key6::dport"][::core::mem::offset_of!(flow_key6, dport) - 38usize];
    ["Offset of field: flow_key6::kind"][::core::mem::offset_of!(flow_key6, kind) - 40usize];
};
pub const SIDE_CLIENT: flow_side = 0;
pub const SIDE_TARGET: flow_side = 1;
pub type flow_side = ::core::ffi::c_uint;
pub const WAY_LOCAL: flow_way = 0;
pub const WAY_DOOR: flow_way = 1;
pub const WAY_OUT: flow_way = 2;
pub const WAY_NAT: flow_way = 3;
pub const WAY_IN: flow_way = 4;
pub type flow_way = ::core::ffi::c_uint;
pub const FIN_SENT: flow_closing = 1;
pub const FIN_AWAITS: flow_closing = 2;
pub const FIN_ACKED: flow_closing = 4;
pub type flow_closing = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct track {
    pub gate: __u32,
    pub generation: __u32,
    pub out_ifindex: __u32,
    pub epoch: __u32,
    pub address_diff: __u32,
    pub port_diff: __u32,
    pub sport: __be16,
    pub dport: __be16,
    pub mac: [__u8; 6usize],
    pub side: __u8,
    pub closing: __u8,
    pub way: __u8,
    pub tcp_flags: __u8,
    pub pad: __u16,
    pub last_seen: __u32,
    pub packets: __u64,
    pub bytes: __u64,
    pub nat: __u64,
    pub await_ack: __u32,
    pub eni: __u32,
    pub far: __u32,
    pub idle_seconds: __u32,
    pub first_seen: __u32,
    pub pad2: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of track"][::core::mem::size_of::<track>() - 96usize];
    ["Alignment of track"][::core::mem::align_of::<track>() - 8usize];
    ["Offset of field: track::gate"][::core::mem::offset_of!(track, gate) - 0usize];
    ["Offset of field: track::generation"][::core::mem::offset_of!(track, generation) - 4usize];
    ["Offset of field: track::out_ifindex"][::core::mem::offset_of!(track, out_ifindex) - 8usize];
    ["Offset of field: track::epoch"][::core::mem::offset_of!(track, epoch) - 12usize];
    ["Offset of field: track::address_diff"]
        [::core::mem::offset_of!(track, address_diff) - 16usize];
    ["Offset of field: track::port_diff"][::core::mem::offset_of!(track, port_diff) - 20usize];
    ["Offset of field: track::sport"][::core::mem::offset_of!(track, sport) - 24usize];
    ["Offset of field: track::dport"][::core::mem::offset_of!(track, dport) - 26usize];
    ["Offset of field: track::mac"][::core::mem::offset_of!(track, mac) - 28usize];
    ["Offset of field: track::side"][::core::mem::offset_of!(track, side) - 34usize];
    ["Offset of field: track::closing"][::core::mem::offset_of!(track, closing) - 35usize];
    ["Offset of field: track::way"][::core::mem::offset_of!(track, way) - 36usize];
    ["Offset of field: track::tcp_flags"][::core::mem::offset_of!(track, tcp_flags) - 37usize];
    ["Offset of field: track::pad"][::core::mem::offset_of!(track, pad) - 38usize];
    ["Offset of field: track::last_seen"][::core::mem::offset_of!(track, last_seen) - 40usize];
    ["Offset of field: track::packets"][::core::mem::offset_of!(track, packets) - 48usize];
    ["Offset of field: track::bytes"][::core::mem::offset_of!(track, bytes) - 56usize];
    ["Offset of field: track::nat"][::core::mem::offset_of!(track, nat) - 64usize];
    ["Offset of field: track::await_ack"][::core::mem::offset_of!(track, await_ack) - 72usize];
    ["Offset of field: track::eni"][::core::mem::offset_of!(track, eni) - 76usize];
    ["Offset of field: track::far"][::core::mem::offset_of!(track, far) - 80usize];
    ["Offset of field: track::idle_seconds"]
        [::core::mem::offset_of!(track, idle_seconds) - 84usize];
    ["Offset of field: track::first_seen"][::core::mem::offset_of!(track, first_seen) - 88usize];
    ["Offset of field: track::pad2"][::core::mem::offset_of!(track, pad2) - 92usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct flow {
    pub track: track,
    pub saddr: __be32,
    pub daddr: __be32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of flow"][::core::mem::size_of::<flow>() - 104usize];
    ["Alignment of flow"][::core::mem::align_of::<flow>() - 8usize];
    ["Offset of field: flow::track"][::core::mem::offset_of!(flow, track) - 0usize];
    ["Offset of field: flow::saddr"][::core::mem::offset_of!(flow, saddr) - 96usize];
    ["Offset of field: flow::daddr"][::core::mem::offset_of!(flow, daddr) - 100usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct flow6 {
    pub track: track,
    pub saddr: address,
    pub daddr: address,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of flow6"][::core::mem::size_of::<flow6>() - 128usize];
    ["Alignment of flow6"][::core::mem::align_of::<flow6>() - 8usize];
    ["Offset of field: flow6::track"][::core::mem::offset_of!(flow6, track) - 0usize];
    ["Offset of field: flow6::saddr"][::core::mem::offset_of!(flow6, saddr) - 96usize];
    ["Offset of field: flow6::daddr"][::core::mem::offset_of!(flow6, daddr) - 112usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct eni_stats {
    pub flows: __u64,
    pub events_lost: __u64,
    pub event_second: __u64,
    pub event_count: __u64,
    pub drops: [__u64; 48usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of eni_stats"][::core::mem::size_of::<eni_stats>() - 416usize];
    ["Alignment of eni_stats"][::core::mem::align_of::<eni_stats>() - 8usize];
    ["Offset of field: eni_stats::flows"][::core::mem::offset_of!(eni_stats, flows) - 0usize];
    ["Offset of field: eni_stats::events_lost"]
        [::core::mem::offset_of!(eni_stats, events_lost) - 8usize];
    ["Offset of field: eni_stats::event_second"]
        [::core::mem::offset_of!(eni_stats, event_second) - 16usize];
    ["Offset of field: eni_stats::event_count"]
        [::core::mem::offset_of!(eni_stats, event_count) - 24usize];
    ["Offset of field: eni_stats::drops"][::core::mem::offset_of!(eni_stats, drops) - 32usize];
};
impl Default for eni_stats {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct gate_stats {
    pub connections: __u64,
    pub packets_in: __u64,
    pub bytes_in: __u64,
    pub packets_out: __u64,
    pub bytes_out: __u64,
    pub drops: [__u64; 48usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of gate_stats"][::core::mem::size_of::<gate_stats>() - 424usize];
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
impl Default for gate_stats {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub const EVENT_REFUSED: event_kind = 0;
pub const EVENT_OPENED: event_kind = 1;
pub const EVENT_ENDED: event_kind = 2;
pub type event_kind = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct event {
    pub kind: __u8,
    pub verdict: __u8,
    pub family: __u8,
    pub side: __u8,
    pub eni: __u32,
    pub far: __u32,
    pub gate: __u32,
    pub saddr: address,
    pub daddr: address,
    pub out_saddr: address,
    pub out_daddr: address,
    pub sport: __be16,
    pub dport: __be16,
    pub out_sport: __be16,
    pub out_dport: __be16,
    pub flow_kind: __u32,
    pub first_seen: __u32,
    pub last_seen: __u32,
    pub way: __u8,
    pub tcp_flags: __u8,
    pub back_tcp_flags: __u8,
    pub pad: __u8,
    pub packets: __u64,
    pub bytes: __u64,
    pub back_packets: __u64,
    pub back_bytes: __u64,
    pub nat: __u64,
    pub back_last_seen: __u32,
    pub pad2: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of event"][::core::mem::size_of::<event>() - 152usize];
    ["Alignment of event"][::core::mem::align_of::<event>() - 8usize];
    ["Offset of field: event::kind"][::core::mem::offset_of!(event, kind) - 0usize];
    ["Offset of field: event::verdict"][::core::mem::offset_of!(event, verdict) - 1usize];
    ["Offset of field: event::family"][::core::mem::offset_of!(event, family) - 2usize];
    ["Offset of field: event::side"][::core::mem::offset_of!(event, side) - 3usize];
    ["Offset of field: event::eni"][::core::mem::offset_of!(event, eni) - 4usize];
    ["Offset of field: event::far"][::core::mem::offset_of!(event, far) - 8usize];
    ["Offset of field: event::gate"][::core::mem::offset_of!(event, gate) - 12usize];
    ["Offset of field: event::saddr"][::core::mem::offset_of!(event, saddr) - 16usize];
    ["Offset of field: event::daddr"][::core::mem::offset_of!(event, daddr) - 32usize];
    ["Offset of field: event::out_saddr"][::core::mem::offset_of!(event, out_saddr) - 48usize];
    ["Offset of field: event::out_daddr"][::core::mem::offset_of!(event, out_daddr) - 64usize];
    ["Offset of field: event::sport"][::core::mem::offset_of!(event, sport) - 80usize];
    ["Offset of field: event::dport"][::core::mem::offset_of!(event, dport) - 82usize];
    ["Offset of field: event::out_sport"][::core::mem::offset_of!(event, out_sport) - 84usize];
    ["Offset of field: event::out_dport"][::core::mem::offset_of!(event, out_dport) - 86usize];
    ["Offset of field: event::flow_kind"][::core::mem::offset_of!(event, flow_kind) - 88usize];
    ["Offset of field: event::first_seen"][::core::mem::offset_of!(event, first_seen) - 92usize];
    ["Offset of field: event::last_seen"][::core::mem::offset_of!(event, last_seen) - 96usize];
    ["Offset of field: event::way"][::core::mem::offset_of!(event, way) - 100usize];
    ["Offset of field: event::tcp_flags"][::core::mem::offset_of!(event, tcp_flags) - 101usize];
    ["Offset of field: event::back_tcp_flags"]
        [::core::mem::offset_of!(event, back_tcp_flags) - 102usize];
    ["Offset of field: event::pad"][::core::mem::offset_of!(event, pad) - 103usize];
    ["Offset of field: event::packets"][::core::mem::offset_of!(event, packets) - 104usize];
    ["Offset of field: event::bytes"][::core::mem::offset_of!(event, bytes) - 112usize];
    ["Offset of field: event::back_packets"]
        [::core::mem::offset_of!(event, back_packets) - 120usize];
    ["Offset of field: event::back_bytes"][::core::mem::offset_of!(event, back_bytes) - 128usize];
    ["Offset of field: event::nat"][::core::mem::offset_of!(event, nat) - 136usize];
    ["Offset of field: event::back_last_seen"]
        [::core::mem::offset_of!(event, back_last_seen) - 144usize];
    ["Offset of field: event::pad2"][::core::mem::offset_of!(event, pad2) - 148usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
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
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct watch {
    pub eni: __u32,
    pub snap: __u32,
    pub gates: [__u32; 16usize],
    pub lost: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of watch"][::core::mem::size_of::<watch>() - 80usize];
    ["Alignment of watch"][::core::mem::align_of::<watch>() - 8usize];
    ["Offset of field: watch::eni"][::core::mem::offset_of!(watch, eni) - 0usize];
    ["Offset of field: watch::snap"][::core::mem::offset_of!(watch, snap) - 4usize];
    ["Offset of field: watch::gates"][::core::mem::offset_of!(watch, gates) - 8usize];
    ["Offset of field: watch::lost"][::core::mem::offset_of!(watch, lost) - 72usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct note {
    pub at: __u64,
    pub from: __u32,
    pub to: __u32,
    pub gate: __u32,
    pub verdict: __u32,
    pub segments: __u32,
    pub came_length: __u32,
    pub went_length: __u32,
    pub answered: __u8,
    pub side: __u8,
    pub pad: [__u8; 2usize],
    pub came: [__u8; 256usize],
    pub went: [__u8; 256usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of note"][::core::mem::size_of::<note>() - 552usize];
    ["Alignment of note"][::core::mem::align_of::<note>() - 8usize];
    ["Offset of field: note::at"][::core::mem::offset_of!(note, at) - 0usize];
    ["Offset of field: note::from"][::core::mem::offset_of!(note, from) - 8usize];
    ["Offset of field: note::to"][::core::mem::offset_of!(note, to) - 12usize];
    ["Offset of field: note::gate"][::core::mem::offset_of!(note, gate) - 16usize];
    ["Offset of field: note::verdict"][::core::mem::offset_of!(note, verdict) - 20usize];
    ["Offset of field: note::segments"][::core::mem::offset_of!(note, segments) - 24usize];
    ["Offset of field: note::came_length"][::core::mem::offset_of!(note, came_length) - 28usize];
    ["Offset of field: note::went_length"][::core::mem::offset_of!(note, went_length) - 32usize];
    ["Offset of field: note::answered"][::core::mem::offset_of!(note, answered) - 36usize];
    ["Offset of field: note::side"][::core::mem::offset_of!(note, side) - 37usize];
    ["Offset of field: note::pad"][::core::mem::offset_of!(note, pad) - 38usize];
    ["Offset of field: note::came"][::core::mem::offset_of!(note, came) - 40usize];
    ["Offset of field: note::went"][::core::mem::offset_of!(note, went) - 296usize];
};
impl Default for note {
    fn default() -> Self {
        let mut s = ::core::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::core::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
#[repr(C)]
#[derive(Debug, Default, Copy, Clone, Hash, PartialEq, Eq)]
pub struct clock {
    pub jiffies: __u64,
    pub nanoseconds: __u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of clock"][::core::mem::size_of::<clock>() - 16usize];
    ["Alignment of clock"][::core::mem::align_of::<clock>() - 8usize];
    ["Offset of field: clock::jiffies"][::core::mem::offset_of!(clock, jiffies) - 0usize];
    ["Offset of field: clock::nanoseconds"][::core::mem::offset_of!(clock, nanoseconds) - 8usize];
};
