/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that BPF programs and user space share: keys and values of the pinned maps.
 * Rust's side is generated from this file (`cargo xtask bpf`), never written by hand.
 * Change a struct or the meaning of a field: raise LAYOUT_VERSION, because running
 * programs and a newer agent meet in the same pinned maps.
 *
 * Addresses and ports are in network order (__be); everything else in host order.
 */
#pragma once
#include <linux/types.h>
#include "verdict.h"

enum { LAYOUT_VERSION = 2 };

enum table_limits {
	MAX_ENIS = 16385, /* the last is the uplink's */
	MAX_GATES = 16384,
	MAX_ADDRESSES = 65536,
	MAX_RULE_LISTS = 65536,
	MAX_ROUTES = 262144,
	MAX_NATS = 4096,
	MAX_LISTENERS = 16384,
	MAX_TARGETS = 65536,
	MAX_FLOWS = 262144, /* default; two entries a connection; set at load */
	MAX_FLOWS6 = 65536, /* a quarter of it */
	EVENT_BYTES = 8388608,
	GROUPS_PER_ENI = 5,
	RULES_PER_LIST = 128,
	SNAT_FIRST_PORT = 1024,
	SNAT_PORTS = 64512,
	SNAT_TRIES = 16,
	MTU = 8500, /* IP bytes; larger packets are dropped (AWS PrivateLink) */
	EVENTS_PER_SECOND = 16384, /* of one ENI */
	CAPTURE_BYTES = 4194304, /* while a capture is on */
	SNAP_BYTES = 256, /* of a captured frame */
	WATCHED_GATES = 16, /* an endpoint has one in each zone */
};

/* No such place: of gates, and of ENIs where the other end is not one. */
enum { NOBODY = 0xffffffff };

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
struct address {
	__be32 w[4];
};

enum eni_role {
	ROLE_NONE = 0,
	ROLE_WORKLOAD = 1,
	ROLE_SYSTEM = 2, /* Ginnel's own interface in the system VPC */
	ROLE_UPLINK = 3, /* the way out, where the operator named one */
};

/* The fabric addresses of the system VPC: gate N is 100.64.0.0 + N. */
enum {
	FABRIC_BASE = 0x64400000,
	FABRIC_MASK = 0xffc00000,
	PROBE_PORT = 4, /* UDP */
	PROBE_MAGIC = 0x676e6c70,
};

/* What concerns every packet of the host. */
struct settings {
	__u32 epoch; /* flows that were checked under another one are checked again */
	__u32 uplink; /* its link, or 0 */
	__u32 uplink_mtu;
	__u32 seed; /* of the hashes that choose targets and ports */
	__u32 events; /* bits: 1 << event_kind */
	__u8 uplink_mac[6];
	__u16 pad;
};

/* Where in its VPC an ENI stands. */
struct place {
	__u64 subnet;
	__u64 routes;
	__u64 acl;
};

/* A workload ENI, by slot. */
struct eni {
	struct place place;
	__u32 vpc;
	__be32 ip; /* the primary one; all are in `addresses` */
	__u32 ifindex; /* host side's, in the fabric namespace */
	__u32 flow_quota;
	__u32 groups[GROUPS_PER_ENI];
	__u8 mac[6];
	__u8 role;
	__u8 group_count;
	__u8 source_check;
	__u8 pad[3];
};

/* An endpoint ENI, by slot. */
struct gate {
	struct place place;
	struct place balancer_place;
	__u32 generation; /* 0 = closed */
	__u32 vpc;
	struct address ip;
	struct address balancer_ip;
	__u32 balancer;
	__u32 balancer_vpc;
	__u32 groups[GROUPS_PER_ENI];
	__u32 balancer_groups[GROUPS_PER_ENI];
	__u8 group_count;
	__u8 balancer_group_count;
	__u8 balancer_enforces;
	__u8 pad[5];
};

struct address_key {
	__u32 vpc;
	struct address ip;
};

enum owner_kind {
	OWNER_ENI = 1,
	OWNER_GATE = 2,
};

/* Who has an address in a VPC. */
struct owner {
	__u32 kind;
	__u32 slot;
};

enum rule_list {
	GROUP_INGRESS = 0,
	GROUP_EGRESS = 1,
	ACL_INGRESS = 2,
	ACL_EGRESS = 3,
};

struct rule_key {
	__u64 id; /* a group's slot, an ACL's key */
	__u32 list;
	__u32 pad;
};

/* A permission of a group, or an entry of an ACL. */
struct rule {
	struct address network;
	struct address mask;
	__u32 group; /* the peer's group, when by_group */
	__u16 first; /* selector: destination port, or ICMP type * 256 + code */
	__u16 last;
	__u16 number; /* an ACL entry's */
	__u8 protocol;
	__u8 any_protocol;
	__u8 by_group;
	__u8 family; /* 4 or 6; of networks */
	__u8 denies;
	__u8 pad;
};

/* The first rule that matches decides; none refuses. */
struct rules {
	__u32 count;
	struct rule rules[RULES_PER_LIST];
};

/* What of a route is matched: the whole table and family, then the network's bits. */
struct route_data {
	__u32 table[2]; /* low half first */
	__u32 family;
	struct address ip;
};

struct route_key {
	__u32 prefix; /* bits of `data` that count */
	struct route_data data;
};

enum hop_kind {
	HOP_BLACKHOLE = 0,
	HOP_VPC = 1, /* `to`: the VPC */
	HOP_ENI = 2, /* `to`: the slot */
	HOP_INTERNET = 3,
	HOP_NAT = 4, /* `nat` */
	HOP_GATEWAY_ENDPOINT = 5,
};

struct hop {
	__u32 kind;
	__u32 to;
	__u64 nat;
};

struct nat {
	struct place place;
	__u32 vpc;
	__be32 ip;
	__be32 public_ip;
	__u32 pad;
};

/* Whose a public address is. */
struct known {
	__u32 eni;
	__u32 vpc;
	struct address inside;
};

struct listener_key {
	__u32 balancer;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

struct listener {
	__u32 target_group;
	__u32 idle_seconds;
};

struct target_key {
	__u32 target_group;
	__u32 index;
};

struct target {
	__u32 eni;
	struct address ip;
	__be16 port;
	__u16 pad;
};

/* A packet as it enters the fabric; the link is its sender's identity. Ports of a ping: the
 * request has its id as source, the answer as destination. */
struct flow_key {
	__u32 ifindex;
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u32 kind; /* protocol, ICMP type << 8 (a request's), ICMP code << 16 */
};

struct flow_key6 {
	__u32 ifindex;
	struct address saddr;
	struct address daddr;
	__be16 sport;
	__be16 dport;
	__u32 kind;
};

enum flow_side {
	SIDE_CLIENT = 0, /* from who opened it; owns the quota */
	SIDE_TARGET = 1,
};

enum flow_way {
	WAY_LOCAL = 0, /* from ENI to ENI, nothing translated */
	WAY_DOOR = 1, /* through an endpoint to a target */
	WAY_OUT = 2, /* by the internet gateway */
	WAY_NAT = 3, /* by a NAT gateway */
	WAY_IN = 4, /* from outside to a public address */
};

enum flow_closing {
	FIN_SENT = 1, /* this direction sent FIN */
	FIN_AWAITS = 2, /* the other direction's FIN awaits an ACK of this one */
	FIN_ACKED = 4, /* this direction acknowledged the other's FIN */
};

/* One direction of a connection; the other is at the key that mirror() works out. */
struct track {
	__u32 gate; /* or NOBODY */
	__u32 generation; /* the gate's, when the flow was admitted */
	__u32 out_ifindex;
	__u32 epoch; /* of the last check; 0: never */
	__u32 address_diff; /* checksum difference of both addresses */
	__u32 port_diff;
	__be16 sport; /* after NAT */
	__be16 dport;
	__u8 mac[6]; /* the receiver's */
	__u8 side;
	__u8 closing;
	__u8 way;
	__u8 tcp_flags; /* SYN, FIN, RST and SYN-ACK that passed, as flow logs tell them */
	__u16 pad;
	__u32 last_seen; /* low half of jiffies */
	__u64 packets;
	__u64 bytes; /* IP bytes */
	__u64 nat; /* key of the NAT gateway */
	__u32 await_ack; /* the ACK number that acknowledges the other's FIN */
	__u32 eni; /* slot whose quota this flow counts in */
	__u32 far; /* slot of the ENI at the other end, or NOBODY */
	__u32 idle_seconds;
	__u32 first_seen; /* low half of jiffies */
	__u32 pad2;
};

struct flow {
	struct track track;
	__be32 saddr; /* after NAT */
	__be32 daddr;
};

struct flow6 {
	struct track track;
	struct address saddr;
	struct address daddr;
};

struct eni_stats {
	__u64 flows;
	__u64 events_lost; /* not told: too many, or no room */
	__u64 event_second;
	__u64 event_count; /* told in that second */
	__u64 drops[VERDICT_SLOTS];
};

struct gate_stats {
	__u64 connections;
	__u64 packets_in; /* from clients; counted when a flow ends */
	__u64 bytes_in;
	__u64 packets_out;
	__u64 bytes_out;
	__u64 drops[VERDICT_SLOTS];
};

enum event_kind {
	EVENT_REFUSED = 0,
	EVENT_OPENED = 1,
	EVENT_ENDED = 2,
};

/* What is told of a packet or a flow, in the ring buffer. */
struct event {
	__u8 kind;
	__u8 verdict;
	__u8 family;
	__u8 side; /* of the refused packet, where its flow is known */
	__u32 eni; /* a refused packet's sender; a flow's quota's owner */
	__u32 far; /* or NOBODY */
	__u32 gate; /* or NOBODY */
	struct address saddr; /* as the client sends */
	struct address daddr;
	struct address out_saddr; /* as the target gets */
	struct address out_daddr;
	__be16 sport;
	__be16 dport;
	__be16 out_sport;
	__be16 out_dport;
	__u32 flow_kind;
	__u32 first_seen; /* low halves of jiffies */
	__u32 last_seen;
	__u8 way;
	__u8 tcp_flags;
	__u8 back_tcp_flags;
	__u8 pad;
	__u64 packets;
	__u64 bytes;
	__u64 back_packets;
	__u64 back_bytes;
	__u64 nat;
	__u32 back_last_seen;
	__u32 pad2;
};

/* The probe's UDP payload: sent by the agent, completed by the program that reflects it. */
struct probe {
	__u32 magic;
	__u32 gate;
	__u64 nonce;
	__u32 generation; /* written by the program: what it found open */
	__be32 balancer_ip; /* written by the program: where it would have gone */
};

/* What a capture is about: packets of an ENI, or those through an endpoint. */
struct watch {
	__u32 eni; /* or NOBODY */
	__u32 snap; /* bytes kept of each frame */
	__u32 gates[WATCHED_GATES]; /* filled up with NOBODY */
	__u64 lost; /* written by the program: packets that found no room */
};

/* A captured packet: as it came, what became of it, and as it went. */
struct note {
	__u64 at; /* CLOCK_MONOTONIC */
	__u32 from; /* the sending ENI's slot, or NOBODY */
	__u32 to; /* whom it was handed to, or NOBODY */
	__u32 gate; /* or NOBODY */
	__u32 verdict; /* of a refusal; 0: none */
	__u32 segments; /* of a GSO packet */
	__u32 came_length; /* of the whole frame */
	__u32 went_length; /* 0: it did not go on */
	__u8 answered; /* sent back to where it came from, as something else */
	__u8 side; /* of its flow, plus one; 0: it has none, or its flow was cut */
	__u8 pad[2];
	__u8 came[SNAP_BYTES];
	__u8 went[SNAP_BYTES];
};

/* User space's view of the kernel's clock, written by the `clock` program. */
struct clock {
	__u64 jiffies;
	__u64 nanoseconds; /* since boot (CLOCK_MONOTONIC) */
};
