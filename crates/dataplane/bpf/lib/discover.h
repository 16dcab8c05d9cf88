/* SPDX-License-Identifier: Apache-2.0
 * IPv6 neighbour discovery (RFC 4861): every address is behind the gateway's MAC. Nothing is
 * learnt from it, and no multicast leaves an ENI.
 */
#pragma once
#include "parse.h"
#include "answer.h"

enum {
	SOLICITATION = 135,
	ADVERTISEMENT = 136,
	ADVERTISED_LEN = 32, /* with one link-layer address */
	TARGET_LINK_ADDRESS = 2,
};

struct solicitation {
	struct icmp icmp;
	struct address target;
};

struct advertisement {
	__u8 type;
	__u8 code;
	__be16 check;
	__be32 flags; /* solicited, override */
	struct address target;
	__u8 option;
	__u8 option_len; /* in 8 bytes */
	__u8 mac[6];
};

WHOLE int advertise(struct __sk_buff *skb, const struct address *target NONNULL)
{
	const __u32 whole = L4_OFF6 + sizeof(struct advertisement);
	struct advertisement *said;
	void *data, *end;
	struct ip6 *ip;
	struct ethhdr *eth;

	if (bpf_skb_change_tail(skb, whole, 0) || bpf_skb_pull_data(skb, whole))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + whole > end)
		return TC_ACT_SHOT;
	eth = data;
	ip = data + L3_OFF;
	said = data + L4_OFF6;
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, GATEWAY_MAC, 6);
	ip->daddr = ip->saddr;
	ip->saddr = *target;
	ip->length = bpf_htons(sizeof(*said));
	ip->hops = 255;
	said->type = ADVERTISEMENT;
	said->code = 0;
	said->check = 0;
	said->flags = bpf_htonl(0x60000000);
	said->target = *target;
	said->option = TARGET_LINK_ADDRESS;
	said->option_len = 1;
	__builtin_memcpy(said->mac, GATEWAY_MAC, 6);
	said->check = ~fold16(sum_words((__u16 *)said, sizeof(*said) / 2) +
			      sum_words((__u16 *)&ip->saddr, 16) + bpf_htons(PROTO_ICMP6) +
			      bpf_htons(sizeof(*said)));
	return bpf_redirect_peer(skb->ifindex, 0);
}

WHOLE int discover(struct __sk_buff *skb, struct scratch *s NONNULL)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 ifindex = skb->ifindex, *slot = bpf_map_lookup_elem(&ports, &ifindex);
	struct packet *p = &s->packet;
	struct solicitation asked;
	struct ethhdr *eth = data;
	struct eni *eni;
	__u8 hops;

	if (!slot)
		return leave(skb, NULL, NOBODY, DROP_NO_ENI);
	eni = bpf_map_lookup_elem(&enis, slot);
	if (!eni || eni->role == ROLE_NONE)
		return leave(skb, NULL, NOBODY, DROP_NO_ENI);
	if (p->protocol != PROTO_ICMP6 || bpf_skb_load_bytes(skb, L4_OFF6, &asked, sizeof(asked)) ||
	    bpf_skb_load_bytes(skb, L3_OFF + offsetof(struct ip6, hops), &hops, 1) ||
	    asked.icmp.type != SOLICITATION || asked.icmp.code || hops != 255)
		return leave(skb, NULL, NOBODY, DROP_LINK_LOCAL);
	if (eni->role != ROLE_UPLINK && (data + sizeof(*eth) > end || !same_mac(eth->h_source, eni->mac)))
		return leave(skb, NULL, NOBODY, DROP_SPOOFED_ARP);
	/* Duplicate address detection: nobody else has it. */
	if (is_unspecified(&p->saddr))
		return TC_ACT_SHOT;
	if (eni->role == ROLE_UPLINK)
		return advertise(skb, &asked.target);
	if (!is_link_local(&p->saddr) && !has_address(eni->vpc, &p->saddr, *slot))
		return leave(skb, NULL, NOBODY, DROP_SPOOFED_ARP);
	if (has_address(eni->vpc, &asked.target, *slot))
		return TC_ACT_SHOT;
	return advertise(skb, &asked.target);
}
