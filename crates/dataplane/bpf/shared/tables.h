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

enum { LAYOUT_VERSION = 1 };

enum table_limits {
	MAX_ENIS = 16384,
	MAX_GATES = 16384,
	MAX_GROUPS = 16384,
	MAX_LISTENERS = 16384,
	MAX_TARGETS = 65536,
	MAX_FLOWS = 262144, /* default; two entries a connection; set at load */
	GROUPS_PER_ENI = 5,
	RULES_PER_GROUP = 64,
	SNAT_FIRST_PORT = 1024,
	SNAT_PORTS = 64512,
	SNAT_TRIES = 16,
};

enum eni_role {
	ROLE_NONE = 0,
	ROLE_WORKLOAD = 1,
	ROLE_SYSTEM = 2, /* Ginnel's own interface in the system VPC */
};

/* The fabric addresses of the system VPC: gate N is 100.64.0.0 + N. */
enum {
	FABRIC_BASE = 0x64400000,
	FABRIC_MASK = 0xffc00000,
	PROBE_PORT = 4, /* UDP */
	PROBE_MAGIC = 0x676e6c70,
};

/* A workload ENI, by slot. */
struct eni {
	__u32 vpc;
	__be32 ip;
	__u32 ifindex; /* host side's, in the fabric namespace */
	__u32 flow_quota;
	__u32 groups[GROUPS_PER_ENI];
	__u8 mac[6];
	__u8 role;
	__u8 group_count;
};

/* An endpoint ENI, by slot. */
struct gate {
	__u32 generation; /* 0 = closed */
	__u32 vpc;
	__be32 ip;
	__u32 balancer;
	__be32 balancer_ip;
	__u32 balancer_vpc;
	__u32 groups[GROUPS_PER_ENI];
	__u32 group_count;
};

struct address_key {
	__u32 vpc;
	__be32 ip;
};

struct rule {
	__be32 network;
	__be32 mask;
	__u32 group; /* the source group, when by_group */
	__u16 first_port;
	__u16 last_port;
	__u8 protocol;
	__u8 any_protocol;
	__u8 by_group;
	__u8 pad;
};

struct group {
	__u32 count;
	struct rule rules[RULES_PER_GROUP];
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
	__be32 ip;
	__be16 port;
	__u16 pad;
};

/* A packet as it enters the fabric; the link is its sender's identity. */
struct flow_key {
	__u32 ifindex;
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 pad[3];
};

enum flow_side {
	SIDE_CLIENT = 0, /* client to target; owns the quota */
	SIDE_TARGET = 1,
};

enum flow_closing {
	FIN_SENT = 1, /* this direction sent FIN */
	FIN_AWAITS = 2, /* the other direction's FIN awaits an ACK of this one */
	FIN_ACKED = 4, /* this direction acknowledged the other's FIN */
};

/* One direction of a connection; the other is at the key that flow_mirror() works out. */
struct flow {
	__u32 gate;
	__u32 generation;
	__u32 out_ifindex;
	__be32 saddr; /* after NAT */
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u32 address_diff; /* checksum difference of both addresses */
	__u32 port_diff;
	__u8 mac[6]; /* the receiver's */
	__u8 side;
	__u8 closing;
	__u32 await_ack; /* the ACK number that acknowledges the other's FIN */
	__u32 eni; /* slot whose quota this flow counts in */
	__u32 idle_seconds;
	__u32 last_seen; /* low half of jiffies */
	__u64 packets;
	__u64 bytes; /* IP bytes */
};

struct eni_stats {
	__u64 flows;
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

/* The probe's UDP payload: sent by the agent, completed by the program that reflects it. */
struct probe {
	__u32 magic;
	__u32 gate;
	__u64 nonce;
	__u32 generation; /* written by the program: what it found open */
	__be32 balancer_ip; /* written by the program: where it would have gone */
};

/* User space's view of the kernel's clock, written by the `clock` program. */
struct clock {
	__u64 jiffies;
};
