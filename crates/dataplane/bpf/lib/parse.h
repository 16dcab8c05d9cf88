/* SPDX-License-Identifier: Apache-2.0
 * Bytes to `struct packet`, for the slow path.
 */
#pragma once
#include "packet.h"

enum parsed {
	PARSED_DISCOVERY = -1, /* IPv6 neighbour discovery and its kin */
	PARSED_ERROR = -2, /* an ICMP error */
};

static __always_inline bool is_link_local(const struct address *ip)
{
	return (ip->w[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

static __always_inline bool is_unspecified(const struct address *ip)
{
	return !ip->w[0] && !ip->w[1] && !ip->w[2] && !ip->w[3];
}

static __always_inline bool is_multicast6(const struct address *ip)
{
	return (ip->w[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

/* Ports of a ping or of another ICMP message: a request has its id as source, an answer as
 * destination, so that an answer's mirror is its request. */
static __always_inline void icmp_ports(struct packet *p, const struct icmp *icmp)
{
	__u8 type = icmp->type, class = type;

	p->query = 0;
	p->reply = 0;
	p->sport = 0;
	p->dport = 0;
	p->selector = (__u16)type << 8 | icmp->code;
	if (p->protocol == PROTO_ICMP) {
		p->reply = type == 0 || type == 14;
		p->query = p->reply || type == 8 || type == 13;
		class = type == 0 ? 8 : type == 14 ? 13 : type;
	} else {
		p->reply = type == 129;
		p->query = p->reply || type == 128;
		class = type == 129 ? 128 : type;
	}
	if (p->query && p->reply)
		p->dport = icmp->id;
	else if (p->query)
		p->sport = icmp->id;
	p->kind = p->protocol | (__u32)class << 8 | (__u32)icmp->code << 16;
}

static __always_inline bool is_error(const struct packet *p, __u8 type)
{
	if (p->protocol == PROTO_ICMP)
		return type == 3 || type == 11 || type == 12;
	return type >= 1 && type <= 4;
}

WHOLE int parse_transport(struct __sk_buff *skb, struct packet *p NONNULL)
{
	struct icmp icmp;
	__u8 head[20];

	p->sport = 0;
	p->dport = 0;
	p->selector = 0;
	p->flags = 0;
	p->query = 0;
	p->reply = 0;
	p->kind = p->protocol;
	switch (p->protocol) {
	case IPPROTO_TCP:
		if (bpf_skb_load_bytes(skb, p->l4, head, 20))
			return DROP_MALFORMED;
		p->flags = head[13];
		break;
	case IPPROTO_UDP:
		if (bpf_skb_load_bytes(skb, p->l4, head, 8))
			return DROP_MALFORMED;
		break;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		if ((p->protocol == PROTO_ICMP) != (p->family == 4))
			return DROP_MALFORMED;
		if (bpf_skb_load_bytes(skb, p->l4, &icmp, sizeof(icmp)))
			return DROP_MALFORMED;
		icmp_ports(p, &icmp);
		if (is_error(p, icmp.type))
			return PARSED_ERROR;
		if (p->protocol == PROTO_ICMP6 && icmp.type >= 133 && icmp.type <= 137)
			return PARSED_DISCOVERY;
		return GO_ON;
	default:
		return GO_ON;
	}
	p->sport = *(__be16 *)head;
	p->dport = *(__be16 *)(head + 2);
	p->selector = bpf_ntohs(p->dport);
	return GO_ON;
}

WHOLE int parse4(struct __sk_buff *skb, struct packet *p NONNULL)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, L3_OFF, &ip, sizeof(ip)) || *(__u8 *)&ip != 0x45)
		return DROP_MALFORMED;
	if (ip.frag_off & bpf_htons(0x3fff))
		return DROP_FRAGMENT;
	mapped(&p->saddr, ip.saddr);
	mapped(&p->daddr, ip.daddr);
	p->family = 4;
	p->protocol = ip.protocol;
	p->l4 = L4_OFF;
	return parse_transport(skb, p);
}

WHOLE int parse6(struct __sk_buff *skb, struct packet *p NONNULL)
{
	struct ip6 ip;

	if (bpf_skb_load_bytes(skb, L3_OFF, &ip, sizeof(ip)) || *(__u8 *)&ip >> 4 != 6)
		return DROP_MALFORMED;
	/* A mapped address would be somebody's IPv4 address. */
	if (is_mapped(&ip.saddr) || is_mapped(&ip.daddr))
		return DROP_MALFORMED;
	p->saddr = ip.saddr;
	p->daddr = ip.daddr;
	p->family = 6;
	p->protocol = ip.next;
	p->l4 = L4_OFF6;
	switch (ip.next) {
	case 44:
		return DROP_FRAGMENT;
	case 0:
	case 43:
	case 60:
	case 51:
	case 135:
		return DROP_EXTENSION;
	}
	if (is_multicast6(&p->daddr) || is_link_local(&p->saddr) || is_link_local(&p->daddr))
		return ip.next == PROTO_ICMP6 ? PARSED_DISCOVERY : DROP_LINK_LOCAL;
	return parse_transport(skb, p);
}

/* Where the transport header ends; of all but TCP it has eight bytes. */
WHOLE __u32 header_end(struct __sk_buff *skb, const struct packet *p NONNULL)
{
	__u8 offset = 0;

	if (p->protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, p->l4 + 12, &offset, 1))
		return p->l4 + sizeof(struct udphdr);
	return p->l4 + (offset >> 4) * 4;
}
