/* SPDX-License-Identifier: Apache-2.0
 * Flow records: a connection has two, one for each direction, written target side first
 * and removed together. Whoever deletes the client side's record settles the accounts.
 * Each family has its table; what they share is `struct track`, which comes first in both.
 */
#pragma once
#include "event.h"

static __always_inline void key_of(const struct packet *p, struct flow_key *key)
{
	*key = (struct flow_key){
		.ifindex = p->ifindex,
		.saddr = p->saddr.w[3],
		.daddr = p->daddr.w[3],
		.sport = p->sport,
		.dport = p->dport,
		.kind = p->kind,
	};
}

static __always_inline void key6_of(const struct packet *p, struct flow_key6 *key)
{
	key->ifindex = p->ifindex;
	key->saddr = p->saddr;
	key->daddr = p->daddr;
	key->sport = p->sport;
	key->dport = p->dport;
	key->kind = p->kind;
}

/* The record of a packet's flow, if it is known. */
static __noinline struct track *find(const struct packet *p)
{
	if (p->family == 4) {
		struct flow_key key;

		key_of(p, &key);
		return bpf_map_lookup_elem(&flows, &key);
	} else {
		struct flow_key6 key;

		key6_of(p, &key);
		return bpf_map_lookup_elem(&flows6, &key);
	}
}

static __always_inline void mirror(const struct flow *flow, __u32 kind, struct flow_key *key)
{
	*key = (struct flow_key){
		.ifindex = flow->track.out_ifindex,
		.saddr = flow->daddr,
		.daddr = flow->saddr,
		.sport = flow->track.dport,
		.dport = flow->track.sport,
		.kind = kind,
	};
}

static __always_inline void mirror6(const struct flow6 *flow, __u32 kind, struct flow_key6 *key)
{
	key->ifindex = flow->track.out_ifindex;
	key->saddr = flow->daddr;
	key->daddr = flow->saddr;
	key->sport = flow->track.dport;
	key->dport = flow->track.sport;
	key->kind = kind;
}

/* The other direction's record of the flow that a packet belongs to. */
static __noinline struct track *other_of(const struct packet *p)
{
	if (p->family == 4) {
		struct flow_key key;
		struct flow *flow;

		key_of(p, &key);
		flow = bpf_map_lookup_elem(&flows, &key);
		if (!flow)
			return NULL;
		mirror(flow, p->kind, &key);
		return bpf_map_lookup_elem(&flows, &key);
	} else {
		struct flow_key6 key;
		struct flow6 *flow;

		key6_of(p, &key);
		flow = bpf_map_lookup_elem(&flows6, &key);
		if (!flow)
			return NULL;
		mirror6(flow, p->kind, &key);
		return bpf_map_lookup_elem(&flows6, &key);
	}
}

/* The accounts of a flow whose records are gone. */
static __always_inline void settle(__u32 eni_slot, __u32 gate_slot, __u64 packets, __u64 bytes, __u64 back_packets, __u64 back_bytes)
{
	struct eni_stats *eni = bpf_map_lookup_elem(&eni_stats, &eni_slot);
	struct gate_stats *gate;

	if (eni)
		__sync_fetch_and_sub(&eni->flows, 1);
	if (gate_slot == NOBODY)
		return;
	gate = bpf_map_lookup_elem(&gate_stats, &gate_slot);
	if (!gate)
		return;
	__sync_fetch_and_add(&gate->packets_in, packets);
	__sync_fetch_and_add(&gate->bytes_in, bytes);
	__sync_fetch_and_add(&gate->packets_out, back_packets);
	__sync_fetch_and_add(&gate->bytes_out, back_bytes);
}

/* What an event tells of a flow whose record may be another's any moment. */
struct farewell {
	__u32 eni;
	__u32 gate;
	__u64 packets;
	__u64 bytes;
	__u64 back_packets;
	__u64 back_bytes;
};

static __always_inline void remember(struct farewell *last, const struct track *client, const struct track *target)
{
	last->eni = client->eni;
	last->gate = client->gate;
	last->packets = client->packets;
	last->bytes = client->bytes;
	last->back_packets = target ? target->packets : 0;
	last->back_bytes = target ? target->bytes : 0;
}

/* Removes both records of the connection that `key` names. */
WHOLE int forget4(struct flow_key *key NONNULL)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key), *target;
	struct flow_key client, back;
	struct farewell last;
	struct event *event = NULL;

	if (!flow)
		return 0;
	client = *key;
	mirror(flow, key->kind, &back);
	if (flow->track.side == SIDE_TARGET) {
		struct flow_key swap = client;

		client = back;
		back = swap;
		flow = bpf_map_lookup_elem(&flows, &client);
		if (!flow) {
			bpf_map_delete_elem(&flows, &back);
			return 0;
		}
	}
	target = bpf_map_lookup_elem(&flows, &back);
	remember(&last, &flow->track, &target->track);
	if (wanted(EVENT_ENDED))
		event = event_of(last.eni);
	if (event) {
		event->kind = EVENT_ENDED;
		event->family = 4;
		mapped(&event->saddr, client.saddr);
		mapped(&event->daddr, client.daddr);
		event->sport = client.sport;
		event->dport = client.dport;
		event->flow_kind = client.kind;
		mapped(&event->out_saddr, flow->saddr);
		mapped(&event->out_daddr, flow->daddr);
		event_flow(event, &flow->track, target ? &target->track : NULL);
	}
	if (bpf_map_delete_elem(&flows, &client)) {
		/* Somebody else was faster, and tells. */
		if (event)
			bpf_ringbuf_discard(event, 0);
		return 0;
	}
	bpf_map_delete_elem(&flows, &back);
	if (event)
		bpf_ringbuf_submit(event, 0);
	settle(last.eni, last.gate, last.packets, last.bytes, last.back_packets, last.back_bytes);
	return 0;
}

WHOLE int forget6(struct flow_key6 *key NONNULL)
{
	struct flow6 *flow = bpf_map_lookup_elem(&flows6, key), *target;
	struct flow_key6 client, back;
	struct farewell last;
	struct event *event = NULL;

	if (!flow)
		return 0;
	if (flow->track.side == SIDE_CLIENT) {
		client = *key;
		mirror6(flow, key->kind, &back);
	} else {
		back = *key;
		mirror6(flow, key->kind, &client);
		flow = bpf_map_lookup_elem(&flows6, &client);
		if (!flow) {
			bpf_map_delete_elem(&flows6, &back);
			return 0;
		}
	}
	target = bpf_map_lookup_elem(&flows6, &back);
	remember(&last, &flow->track, &target->track);
	if (wanted(EVENT_ENDED))
		event = event_of(last.eni);
	if (event) {
		event->kind = EVENT_ENDED;
		event->family = 6;
		event->saddr = client.saddr;
		event->daddr = client.daddr;
		event->sport = client.sport;
		event->dport = client.dport;
		event->flow_kind = client.kind;
		event->out_saddr = flow->saddr;
		event->out_daddr = flow->daddr;
		event_flow(event, &flow->track, target ? &target->track : NULL);
	}
	if (bpf_map_delete_elem(&flows6, &client)) {
		if (event)
			bpf_ringbuf_discard(event, 0);
		return 0;
	}
	bpf_map_delete_elem(&flows6, &back);
	if (event)
		bpf_ringbuf_submit(event, 0);
	settle(last.eni, last.gate, last.packets, last.bytes, last.back_packets, last.back_bytes);
	return 0;
}

WHOLE int forget(const struct packet *p NONNULL)
{
	if (p->family == 4) {
		struct flow_key key;

		key_of(p, &key);
		return forget4(&key);
	} else {
		struct flow_key6 key;

		key6_of(p, &key);
		return forget6(&key);
	}
}

/* What the flow has come to when a packet with SYN, FIN or RST passes, or any after a FIN. */
enum course {
	COURSE_GO_ON = 0,
	COURSE_ENDS = 1, /* forward this packet, then forget the flow */
	COURSE_ANEW = 2, /* a new connection with the old one's addresses */
};

/* `payload`: bytes after the TCP header, by the IP header. */
static __always_inline int follow(struct track *flow, struct track *other, __u8 flags, __u32 seq, __u32 ack_seq, __u32 payload)
{
	if ((flags & (FLAG_SYN | FLAG_ACK | FLAG_RST)) == FLAG_SYN && flow->closing)
		return COURSE_ANEW;
	flow->tcp_flags |= telling_flags(flags);
	if (flags & FLAG_RST)
		return COURSE_ENDS;
	if (!other)
		return COURSE_GO_ON;
	if (flags & FLAG_FIN) {
		other->await_ack = seq + payload + 1;
		other->closing |= FIN_AWAITS;
		flow->closing |= FIN_SENT;
	}
	if ((flags & FLAG_ACK) && (flow->closing & FIN_AWAITS) &&
	    (__s32)(ack_seq - flow->await_ack) >= 0)
		flow->closing |= FIN_ACKED;
	if ((flow->closing & FIN_ACKED) && (other->closing & FIN_ACKED))
		return COURSE_ENDS;
	return COURSE_GO_ON;
}
