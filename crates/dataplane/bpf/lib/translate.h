/* SPDX-License-Identifier: Apache-2.0
 * What the slow path writes into a packet of a known flow. The fast path has its own, of the
 * same meaning, in eni.bpf.c.
 */
#pragma once
#include "parse.h"
#include "pass.h"

/* Fills `s->turned`: `base` as it leaves the translation of the flow that `p` belongs to. */
WHOLE int translated(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct packet *base NONNULL)
{
	if (p->family == 4) {
		struct flow_key key;
		struct flow *flow;
		struct address saddr, daddr;

		key_of(p, &key);
		flow = bpf_map_lookup_elem(&flows, &key);
		if (!flow)
			return -1;
		mapped(&saddr, flow->saddr);
		mapped(&daddr, flow->daddr);
		turn(s, base, &flow->track, &saddr, &daddr);
	} else {
		struct flow_key6 key;
		struct flow6 *flow;

		key6_of(p, &key);
		flow = bpf_map_lookup_elem(&flows6, &key);
		if (!flow)
			return -1;
		turn(s, base, &flow->track, &flow->saddr, &flow->daddr);
	}
	return 0;
}

WHOLE int count(struct __sk_buff *skb, const struct packet *p NONNULL, struct track *t NONNULL)
{
	__u32 segments = skb->gso_segs ?: 1;
	__u32 bytes = skb->len - L3_OFF;

	if (segments > 1)
		bytes += (segments - 1) * (header_end(skb, p) - L3_OFF);
	__sync_fetch_and_add(&t->packets, segments);
	__sync_fetch_and_add(&t->bytes, bytes);
	t->last_seen = bpf_jiffies64();
	return 0;
}

struct options {
	struct __sk_buff *skb;
	__u32 at; /* of the next option, from the frame's start */
	__u32 end;
	__u32 found; /* where the MSS option is */
};

static long next_option(__u32 index, struct options *o)
{
	__u8 head[2];

	if (o->at >= o->end || bpf_skb_load_bytes(o->skb, o->at, head, 1) || head[0] == 0)
		return 1;
	if (head[0] == 1) {
		o->at++;
		return 0;
	}
	if (o->at + 2 > o->end || bpf_skb_load_bytes(o->skb, o->at, head, 2) || head[1] < 2)
		return 1;
	if (head[0] == 2 && head[1] == 4 && o->at + 4 <= o->end) {
		o->found = o->at;
		return 1;
	}
	o->at += head[1];
	return 0;
}

/* A handshake learns of the smallest MTU on the way, because nothing else tells it: endpoints
 * send no ICMP about it (AWS clamps the MSS too). */
WHOLE int clamp(struct __sk_buff *skb, const struct packet *p NONNULL, __u32 mtu)
{
	__u32 most = mtu - (p->family == 4 ? 40 : 60), from, to;
	struct options o = {
		.skb = skb,
		.at = p->l4 + sizeof(struct tcphdr),
		.end = header_end(skb, p),
	};
	__be16 old, new = bpf_htons(most);

	bpf_loop(40, next_option, &o, 0);
	if (!o.found || bpf_skb_load_bytes(skb, o.found + 2, &old, 2) || bpf_ntohs(old) <= most)
		return 0;
	bpf_skb_store_bytes(skb, o.found + 2, &new, 2, 0);
	from = old;
	to = new;
	/* Checksums sum words that begin at even places. */
	if (o.found & 1) {
		from = __builtin_bswap16(old);
		to = __builtin_bswap16(new);
	}
	bpf_l4_csum_replace(skb, p->l4 + TCP_CSUM, from, to, 2);
	return 0;
}

WHOLE int write_addresses(struct __sk_buff *skb, struct scratch *s NONNULL, const struct packet *p NONNULL, __u32 diff)
{
	if (p->family == 4) {
		__be32 pair[2] = {s->turned.saddr.w[3], s->turned.daddr.w[3]};
		__u16 check;

		bpf_skb_load_bytes(skb, L3_OFF + offsetof(struct iphdr, check), &check, 2);
		check = ~fold16((__u16)~check + fold16(diff));
		bpf_skb_store_bytes(skb, L3_OFF + offsetof(struct iphdr, check), &check, 2, 0);
		bpf_skb_store_bytes(skb, L3_OFF + offsetof(struct iphdr, saddr), pair, 8, 0);
	} else {
		bpf_skb_store_bytes(skb, L3_OFF + offsetof(struct ip6, saddr), &s->turned.saddr, 32, 0);
	}
	return 0;
}

WHOLE int write_transport(struct __sk_buff *skb, const struct packet *p NONNULL, const struct track *t NONNULL)
{
	__u32 address_diff = t->address_diff, port_diff = t->port_diff;
	__be16 pair[2] = {t->sport, t->dport};

	switch (p->protocol) {
	case IPPROTO_TCP:
		bpf_l4_csum_replace(skb, p->l4 + TCP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR);
		bpf_l4_csum_replace(skb, p->l4 + TCP_CSUM, 0, port_diff, 0);
		bpf_skb_store_bytes(skb, p->l4, pair, 4, 0);
		break;
	case IPPROTO_UDP:
		bpf_l4_csum_replace(skb, p->l4 + UDP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
		bpf_l4_csum_replace(skb, p->l4 + UDP_CSUM, 0, port_diff, BPF_F_MARK_MANGLED_0);
		bpf_skb_store_bytes(skb, p->l4, pair, 4, 0);
		break;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		if (p->protocol == PROTO_ICMP6)
			bpf_l4_csum_replace(skb, p->l4 + ICMP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR);
		if (p->query) {
			__be16 old = p->reply ? p->dport : p->sport, id = p->reply ? t->dport : t->sport;

			bpf_l4_csum_replace(skb, p->l4 + ICMP_CSUM, old, id, 2);
			bpf_skb_store_bytes(skb, p->l4 + ICMP_ID, &id, 2, 0);
		}
		break;
	}
	return 0;
}

static __noinline int hand_over(struct __sk_buff *skb, const struct track *t)
{
	__u32 out_ifindex = t->out_ifindex;

	bpf_skb_store_bytes(skb, 0, t->mac, 6, 0);
	bpf_skb_store_bytes(skb, 6, GATEWAY_MAC, 6, 0);
	if (skb->pkt_type != PACKET_HOST)
		bpf_skb_change_type(skb, PACKET_HOST);
	skb->cb[CB_LINK] = out_ifindex;
	skb->cb[CB_GATE] = t->gate + 1;
	skb->cb[CB_SIDE] = t->side + 1;
	return bpf_redirect_peer(out_ifindex, 0);
}

/* A packet of a known flow, on its way. `s->turned` is what it becomes. */
WHOLE int forward(struct __sk_buff *skb, struct scratch *s NONNULL, const struct packet *p NONNULL, struct track *t NONNULL)
{
	struct settings *set = host();

	count(skb, p, t);
	if (t->way == WAY_LOCAL)
		return hand_over(skb, t);
	if (p->protocol == IPPROTO_TCP && p->flags & FLAG_SYN)
		clamp(skb, p, t->way == WAY_DOOR || !set ? MTU : set->uplink_mtu);
	write_transport(skb, p, t);
	write_addresses(skb, s, p, t->address_diff);
	return hand_over(skb, t);
}
