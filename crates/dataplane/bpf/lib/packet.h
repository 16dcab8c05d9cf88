/* SPDX-License-Identifier: Apache-2.0
 * The headers of a packet, the places of its fields, and what the slow path knows of it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "maps.h"

enum {
	L3_OFF = sizeof(struct ethhdr),
	L4_OFF = L3_OFF + sizeof(struct iphdr), /* of IPv4 */
	L6_LEN = 40, /* an IPv6 header */
	L4_OFF6 = L3_OFF + L6_LEN,
	UDP_END = L4_OFF + sizeof(struct udphdr),
	TCP_END = L4_OFF + sizeof(struct tcphdr),
	TCP_CSUM = offsetof(struct tcphdr, check),
	UDP_CSUM = offsetof(struct udphdr, check),
	ICMP_CSUM = 2,
	ICMP_ID = 4,
	ICMP_LEN = 8,
};

enum {
	FLAG_FIN = 0x01,
	FLAG_SYN = 0x02,
	FLAG_RST = 0x04,
	FLAG_ACK = 0x10,
};

/* linux/if_arp.h drags in libc headers that do not exist for this target. */
enum {
	ARP_ETHERNET = 1,
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
};

enum {
	PROTO_ICMP = 1,
	PROTO_ICMP6 = 58,
};

struct ports {
	__be16 source;
	__be16 dest;
};

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct ports ports;
} __attribute__((packed));

/* linux/ipv6.h, without what it drags in. */
struct ip6 {
	__be32 first; /* version, class, label */
	__be16 length;
	__u8 next;
	__u8 hops;
	struct address saddr;
	struct address daddr;
};

struct icmp {
	__u8 type;
	__u8 code;
	__be16 check;
	__be16 id;
	__be16 rest;
};

struct arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_len;
	__u8 protocol_len;
	__be16 op;
	__u8 sender_mac[6];
	__be32 sender_ip;
	__u8 target_mac[6];
	__be32 target_ip;
} __attribute__((packed));

/* A packet, for all that is not the fast path. */
struct packet {
	struct address saddr;
	struct address daddr;
	__be16 sport;
	__be16 dport;
	__u32 kind; /* as in flow_key */
	__u32 ifindex;
	__u16 selector; /* what rules ask: see struct rule */
	__u8 protocol;
	__u8 family;
	__u8 flags; /* TCP's */
	__u8 l4; /* offset of the transport header */
	__u8 reply; /* an answer to a ping: its id is its destination port */
	__u8 query; /* a ping or its answer */
};

/* The MAC of every ENI's gateway: the host sides of all ENIs carry it. */
static const __u8 GATEWAY_MAC[6] = {0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c};

static __always_inline __u8 tcp_flags(const void *l4)
{
	return ((const __u8 *)l4)[13];
}

/* Flags that flow logs tell: an ACK only with a SYN. */
static __always_inline __u8 telling_flags(__u8 flags)
{
	__u8 told = flags & (FLAG_FIN | FLAG_SYN | FLAG_RST);

	return told & FLAG_SYN ? told | (flags & FLAG_ACK) : told;
}

static __always_inline __u32 fold32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

static __always_inline __u16 fold16(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* RFC 1624: what to add to a checksum's sum when two words become two others. */
static __always_inline __u32 difference(__u32 old_a, __u32 new_a, __u32 old_b, __u32 new_b)
{
	return fold32((__u64)(__u32)~old_a + new_a + (__u32)~old_b + new_b);
}

/* The same for two addresses. */
static __always_inline __u32 address_difference(const struct address *old_a, const struct address *new_a, const struct address *old_b, const struct address *new_b)
{
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)(__u32)~old_a->w[i] + new_a->w[i] + (__u32)~old_b->w[i] + new_b->w[i];
	return fold32(sum);
}

static __always_inline bool same_mac(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b &&
	       *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}

static __always_inline bool same_address(const struct address *a, const struct address *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] && a->w[3] == b->w[3];
}

static __always_inline bool is_mapped(const struct address *ip)
{
	return !ip->w[0] && !ip->w[1] && ip->w[2] == bpf_htonl(0xffff);
}

static __always_inline void mapped(struct address *to, __be32 ip)
{
	to->w[0] = 0;
	to->w[1] = 0;
	to->w[2] = bpf_htonl(0xffff);
	to->w[3] = ip;
}
