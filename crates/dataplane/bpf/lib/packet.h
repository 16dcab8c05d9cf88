/* SPDX-License-Identifier: Apache-2.0
 * The headers of a packet, and the places of its fields.
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
	L4_OFF = L3_OFF + sizeof(struct iphdr),
	UDP_END = L4_OFF + sizeof(struct udphdr),
	TCP_END = L4_OFF + sizeof(struct tcphdr),
	TCP_CSUM = L4_OFF + offsetof(struct tcphdr, check),
	UDP_CSUM = L4_OFF + offsetof(struct udphdr, check),
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

struct ports {
	__be16 source;
	__be16 dest;
};

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct ports ports;
} __attribute__((packed));

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

/* The MAC of every ENI's gateway: the host sides of all ENIs carry it. */
static const __u8 GATEWAY_MAC[6] = {0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c};

static __always_inline __u8 tcp_flags(const void *l4)
{
	return ((const __u8 *)l4)[13];
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

static __always_inline bool same_mac(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b &&
	       *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}
