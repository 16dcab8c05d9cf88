/* SPDX-License-Identifier: Apache-2.0
 * ICMP errors: they belong to the flow of the packet that they are about, and are translated
 * with it, outside and inside (RFC 5508).
 */
#pragma once
#include "translate.h"

/* What is embedded, as the flow's key: the packet was delivered to the sender of the error, so
 * the flow's direction is the opposite one. */
WHOLE int embedded(struct __sk_buff *skb, const struct packet *p NONNULL, struct packet *inner NONNULL)
{
	__u32 at = p->l4 + ICMP_LEN;
	struct icmp icmp;
	__be16 pair[2];

	inner->ifindex = p->ifindex;
	inner->family = p->family;
	if (p->family == 4) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || *(__u8 *)&ip != 0x45)
			return -1;
		mapped(&inner->saddr, ip.daddr);
		mapped(&inner->daddr, ip.saddr);
		inner->protocol = ip.protocol;
		at += sizeof(ip);
	} else {
		struct ip6 ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || *(__u8 *)&ip >> 4 != 6)
			return -1;
		inner->saddr = ip.daddr;
		inner->daddr = ip.saddr;
		inner->protocol = ip.next;
		at += sizeof(ip);
	}
	if (bpf_skb_load_bytes(skb, at, &icmp, sizeof(icmp)))
		return -1;
	inner->l4 = at;
	inner->flags = 0;
	inner->query = 0;
	inner->reply = 0;
	inner->kind = inner->protocol;
	switch (inner->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		__builtin_memcpy(pair, &icmp, 4);
		inner->sport = pair[1];
		inner->dport = pair[0];
		return 0;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		if ((inner->protocol == PROTO_ICMP) != (p->family == 4))
			return -1;
		icmp_ports(inner, &icmp);
		if (icmp.type != 8 && icmp.type != 0 && inner->protocol == PROTO_ICMP)
			return -1;
		if (!inner->query)
			return -1;
		pair[0] = inner->sport;
		inner->sport = inner->dport;
		inner->dport = pair[0];
		return 0;
	default:
		return -1;
	}
}

WHOLE int write_embedded(struct __sk_buff *skb, struct scratch *s NONNULL, const struct packet *p NONNULL, const struct packet *inner NONNULL, const struct track *t NONNULL)
{
	__u32 check_at = p->l4 + ICMP_CSUM, ip_at = p->l4 + ICMP_LEN;
	__u32 diff = t->address_diff;

	if (p->family == 4) {
		__be32 pair[2] = {s->turned.daddr.w[3], s->inner_saddr.w[3]};
		__u16 check;

		bpf_skb_load_bytes(skb, ip_at + offsetof(struct iphdr, check), &check, 2);
		check = ~fold16((__u16)~check + fold16(diff));
		bpf_skb_store_bytes(skb, ip_at + offsetof(struct iphdr, check), &check, 2, 0);
		bpf_skb_store_bytes(skb, ip_at + offsetof(struct iphdr, saddr), pair, 8, 0);
	} else {
		bpf_l4_csum_replace(skb, check_at, 0, diff, 0);
		bpf_skb_store_bytes(skb, ip_at + offsetof(struct ip6, saddr), &s->turned.daddr, 16, 0);
		bpf_skb_store_bytes(skb, ip_at + offsetof(struct ip6, daddr), &s->inner_saddr, 16, 0);
	}
	if (inner->query) {
		/* The embedded one is a request when its id was its source, which is `dport` here. */
		__be16 old = inner->reply ? inner->sport : inner->dport;
		__be16 id = inner->reply ? t->sport : t->dport;

		bpf_l4_csum_replace(skb, check_at, old, id, 2);
		bpf_skb_store_bytes(skb, inner->l4 + ICMP_ID, &id, 2, 0);
	} else {
		__be16 pair[2] = {t->dport, t->sport};

		bpf_l4_csum_replace(skb, check_at, 0, t->port_diff, 0);
		bpf_skb_store_bytes(skb, inner->l4, pair, 4, 0);
	}
	return 0;
}

WHOLE int related(struct __sk_buff *skb, struct scratch *s NONNULL)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct packet *p = &s->packet, *inner = &s->inner;
	__u32 ifindex = skb->ifindex, *slot = bpf_map_lookup_elem(&ports, &ifindex), sender, outer_diff;
	struct ethhdr *eth = data;
	struct track *t;
	struct gate *gate;
	struct eni *from;
	int verdict;

	if (!slot)
		return leave(skb, p, NOBODY, DROP_NO_ENI);
	sender = *slot;
	from = bpf_map_lookup_elem(&enis, &sender);
	if (!from || from->role == ROLE_NONE)
		return leave(skb, p, NOBODY, DROP_NO_ENI);
	if (embedded(skb, p, inner))
		return leave(skb, p, NOBODY, DROP_ICMP_UNRELATED);
	t = find(inner);
	if (!t)
		return leave(skb, p, NOBODY, DROP_ICMP_UNRELATED);
	if (t->gate != NOBODY) {
		__u32 gate_slot = t->gate;

		gate = bpf_map_lookup_elem(&gates, &gate_slot);
		if (!gate || !gate->generation || gate->generation != t->generation) {
			forget(inner);
			return leave(skb, p, gate_slot, DROP_FLOW_CUT);
		}
	}
	if (from->role == ROLE_WORKLOAD) {
		s->slot = sender;
		if (data + sizeof(*eth) > end || !same_mac(eth->h_source, from->mac))
			return leave(skb, p, NOBODY, DROP_SPOOFED_MAC);
		if (!guard(s, p, from))
			return leave(skb, p, NOBODY, DROP_SPOOFED_SOURCE);
	}
	if (!same_address(&p->daddr, &inner->daddr) || translated(s, inner, p))
		return leave(skb, p, NOBODY, DROP_ICMP_UNRELATED);
	/* Where the embedded packet went to, on the other side. */
	outer_diff = t->address_diff;
	p->query = 1; /* a NAT gateway takes it */
	s->inner_saddr = s->turned.saddr;
	if (!same_address(&p->saddr, &inner->saddr)) {
		/* From a hop on the way: it keeps its address where no source is translated. */
		if (same_address(&s->inner_saddr, &inner->saddr))
			s->turned.saddr = p->saddr;
		outer_diff = p->family == 4 ?
			difference(p->saddr.w[3], s->turned.saddr.w[3], p->daddr.w[3], s->turned.daddr.w[3]) :
			address_difference(&p->saddr, &s->turned.saddr, &p->daddr, &s->turned.daddr);
	}
	verdict = recheck(s, p, t);
	if (verdict != GO_ON)
		return leave(skb, p, NOBODY, verdict == MOVED ? DROP_ICMP_UNRELATED : verdict);
	count(skb, p, t);
	if (t->way != WAY_LOCAL) {
		write_embedded(skb, s, p, inner, t);
		if (p->family == 6)
			bpf_l4_csum_replace(skb, p->l4 + ICMP_CSUM, 0, outer_diff, BPF_F_PSEUDO_HDR);
		write_addresses(skb, s, p, outer_diff);
	}
	return hand_over(skb, t);
}
