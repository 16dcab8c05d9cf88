/* SPDX-License-Identifier: Apache-2.0
 * The records of a new flow: the target's side first, under a source port that is free there.
 */
#pragma once
#include "pass.h"

enum {
	ADMIT_BOUND = -1, /* new records were written */
	EEXIST_ = -17,
};

enum {
	TCP_IDLE = 350,
	UDP_IDLE = 180,
	ICMP_IDLE = 30,
	OTHER_IDLE = 600,
};

/* How a flow is to be translated, and to whom it goes. */
struct binding {
	struct address saddr; /* after NAT */
	struct address daddr;
	__be16 sport;
	__be16 dport;
	__u32 out_ifindex;
	__u32 eni; /* whose quota */
	__u32 gate;
	__u32 generation;
	__u32 idle_seconds;
	__u32 epoch;
	__u8 picks_port; /* find a free source port */
	__u8 to_mac[6];
	__u8 from_mac[6];
};

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	return hash ^ (hash >> 15);
}

/* The same flow always comes to the same target and port, if they are free; nobody outside
 * knows the seed. */
WHOLE __u32 hash_of(const struct packet *p NONNULL)
{
	struct settings *set = host();
	__u32 hash = set ? set->seed : 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		hash = mix(hash, p->saddr.w[i]);
#pragma unroll
	for (int i = 0; i < 4; i++)
		hash = mix(hash, p->daddr.w[i]);
	hash = mix(hash, (__u32)p->sport | (__u32)p->dport << 16);
	hash = mix(hash, p->kind);
	hash = (hash ^ (hash >> 13)) * 0x85ebca6b;
	return hash ^ (hash >> 16);
}

static __always_inline __u32 idle_of(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_IDLE;
	case IPPROTO_UDP:
		return UDP_IDLE;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return ICMP_IDLE;
	default:
		return OTHER_IDLE;
	}
}

static __always_inline void track_of(struct scratch *s, const struct binding *b, struct track *t, __u8 side)
{
	__builtin_memset(t, 0, sizeof(*t));
	t->gate = b->gate;
	t->generation = b->generation;
	t->side = side;
	t->way = s->way;
	t->nat = s->nat;
	t->eni = b->eni;
	t->far = s->far;
	t->idle_seconds = b->idle_seconds;
	t->last_seen = t->first_seen = bpf_jiffies64();
}

static __always_inline __u32 port_difference(__be16 old_source, __be16 new_source, __be16 old_dest, __be16 new_dest)
{
	return difference(old_source, new_source, old_dest, new_dest);
}

/* A flow whose record is where a new one's answers will be looked for ends: two senders of one
 * tuple to one link cannot both have them. */
WHOLE int displace4(struct flow_key *back NONNULL, const struct flow_key *key NONNULL)
{
	struct flow *old = bpf_map_lookup_elem(&flows, back);
	struct flow_key client;

	if (!old)
		return 0;
	mirror(old, back->kind, &client);
	/* Another CPU admitted the same flow a moment ago. */
	if (old->track.side == SIDE_TARGET && client.ifindex == key->ifindex && client.saddr == key->saddr &&
	    client.daddr == key->daddr && client.sport == key->sport && client.dport == key->dport)
		return 0;
	return forget4(back);
}

WHOLE int displace6(struct flow_key6 *back NONNULL, const struct flow_key6 *key NONNULL)
{
	struct flow6 *old = bpf_map_lookup_elem(&flows6, back);
	struct flow_key6 client;

	if (!old)
		return 0;
	mirror6(old, back->kind, &client);
	if (old->track.side == SIDE_TARGET && client.ifindex == key->ifindex && same_address(&client.saddr, &key->saddr) &&
	    same_address(&client.daddr, &key->daddr) && client.sport == key->sport && client.dport == key->dport)
		return 0;
	return forget6(back);
}

WHOLE int bind4(struct scratch *s NONNULL, struct packet *p NONNULL, struct binding *b NONNULL)
{
	struct flow *out = (struct flow *)&s->out6, *in = (struct flow *)&s->in6;
	struct flow_key key, back;
	__u32 first = mix(hash_of(p), 0x67696e6e) % SNAT_PORTS;
	long error = -1;

	key_of(p, &key);
	back = (struct flow_key){
		.ifindex = b->out_ifindex,
		.saddr = b->daddr.w[3],
		.daddr = b->saddr.w[3],
		.sport = b->dport,
		.dport = b->sport,
		.kind = p->kind,
	};
	track_of(s, b, &in->track, SIDE_TARGET);
	in->track.out_ifindex = p->ifindex;
	in->saddr = key.daddr;
	in->daddr = key.saddr;
	in->track.sport = key.dport;
	in->track.dport = key.sport;
	in->track.address_diff = difference(back.saddr, in->saddr, back.daddr, in->daddr);
	__builtin_memcpy(in->track.mac, b->from_mac, 6);
	if (!b->picks_port) {
		in->track.port_diff = port_difference(back.sport, in->track.sport, back.dport, in->track.dport);
		displace4(&back, &key);
		error = bpf_map_update_elem(&flows, &back, in, BPF_ANY);
	} else {
		for (int i = 0; i < SNAT_TRIES; i++) {
			back.dport = bpf_htons(SNAT_FIRST_PORT + (first + i * 7919) % SNAT_PORTS);
			in->track.port_diff = port_difference(back.sport, in->track.sport, back.dport, in->track.dport);
			error = bpf_map_update_elem(&flows, &back, in, BPF_NOEXIST);
			if (error != EEXIST_)
				break;
		}
	}
	if (error)
		return error == EEXIST_ ? DROP_PORT_ALLOCATION : DROP_FLOW_TABLE_FULL;

	track_of(s, b, &out->track, SIDE_CLIENT);
	out->track.out_ifindex = b->out_ifindex;
	out->track.epoch = b->epoch;
	out->saddr = back.daddr;
	out->daddr = back.saddr;
	out->track.sport = back.dport;
	out->track.dport = back.sport;
	out->track.address_diff = difference(key.saddr, out->saddr, key.daddr, out->daddr);
	out->track.port_diff = port_difference(key.sport, out->track.sport, key.dport, out->track.dport);
	__builtin_memcpy(out->track.mac, b->to_mac, 6);
	error = bpf_map_update_elem(&flows, &key, out, BPF_NOEXIST);
	if (error) {
		if (b->picks_port)
			bpf_map_delete_elem(&flows, &back);
		/* Another CPU admitted the same flow a moment ago: its records serve. */
		return error == EEXIST_ ? GO_ON : DROP_FLOW_TABLE_FULL;
	}
	b->sport = back.dport;
	return ADMIT_BOUND;
}

WHOLE int bind6(struct scratch *s NONNULL, struct packet *p NONNULL, struct binding *b NONNULL)
{
	struct flow6 *out = &s->out6, *in = &s->in6;
	struct flow_key6 *back = &s->key6;
	struct flow_key6 key;
	__u32 first = mix(hash_of(p), 0x67696e6e) % SNAT_PORTS;
	long error = -1;

	key6_of(p, &key);
	back->ifindex = b->out_ifindex;
	back->saddr = b->daddr;
	back->daddr = b->saddr;
	back->sport = b->dport;
	back->dport = b->sport;
	back->kind = p->kind;
	track_of(s, b, &in->track, SIDE_TARGET);
	in->track.out_ifindex = p->ifindex;
	in->saddr = p->daddr;
	in->daddr = p->saddr;
	in->track.sport = p->dport;
	in->track.dport = p->sport;
	in->track.address_diff = address_difference(&back->saddr, &in->saddr, &back->daddr, &in->daddr);
	__builtin_memcpy(in->track.mac, b->from_mac, 6);
	if (!b->picks_port) {
		in->track.port_diff = port_difference(back->sport, in->track.sport, back->dport, in->track.dport);
		displace6(back, &key);
		error = bpf_map_update_elem(&flows6, back, in, BPF_ANY);
	} else {
		for (int i = 0; i < SNAT_TRIES; i++) {
			back->dport = bpf_htons(SNAT_FIRST_PORT + (first + i * 7919) % SNAT_PORTS);
			in->track.port_diff = port_difference(back->sport, in->track.sport, back->dport, in->track.dport);
			error = bpf_map_update_elem(&flows6, back, in, BPF_NOEXIST);
			if (error != EEXIST_)
				break;
		}
	}
	if (error)
		return error == EEXIST_ ? DROP_PORT_ALLOCATION : DROP_FLOW_TABLE_FULL;

	track_of(s, b, &out->track, SIDE_CLIENT);
	out->track.out_ifindex = b->out_ifindex;
	out->track.epoch = b->epoch;
	out->saddr = back->daddr;
	out->daddr = back->saddr;
	out->track.sport = back->dport;
	out->track.dport = back->sport;
	out->track.address_diff = address_difference(&p->saddr, &out->saddr, &p->daddr, &out->daddr);
	out->track.port_diff = port_difference(p->sport, out->track.sport, p->dport, out->track.dport);
	__builtin_memcpy(out->track.mac, b->to_mac, 6);
	error = bpf_map_update_elem(&flows6, &key, out, BPF_NOEXIST);
	if (error) {
		if (b->picks_port)
			bpf_map_delete_elem(&flows6, back);
		return error == EEXIST_ ? GO_ON : DROP_FLOW_TABLE_FULL;
	}
	b->sport = back->dport;
	return ADMIT_BOUND;
}

/* Tells that a flow opened. */
WHOLE int tell_opened(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct binding *b NONNULL)
{
	struct event *event = event_of(b->eni);

	if (!event)
		return 0;
	event->kind = EVENT_OPENED;
	event->family = p->family;
	event->eni = b->eni;
	event->far = s->far;
	event->gate = b->gate;
	event->way = s->way;
	event->saddr = p->saddr;
	event->daddr = p->daddr;
	event->sport = p->sport;
	event->dport = p->dport;
	event->flow_kind = p->kind;
	event->out_saddr = b->saddr;
	event->out_daddr = b->daddr;
	event->out_sport = b->sport;
	event->out_dport = b->dport;
	event->nat = s->nat;
	event->first_seen = event->last_seen = event->back_last_seen = bpf_jiffies64();
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Writes the records, within the ENI's quota. */
WHOLE int bind(struct scratch *s NONNULL, struct packet *p NONNULL, struct binding *b NONNULL)
{
	__u32 slot = b->eni, gate_slot = b->gate;
	struct eni_stats *stats = bpf_map_lookup_elem(&eni_stats, &slot);
	struct eni *eni = bpf_map_lookup_elem(&enis, &slot);
	struct gate_stats *gate;
	int verdict;

	if (!stats || !eni || (__s64)stats->flows >= (__s64)eni->flow_quota)
		return DROP_FLOW_QUOTA;
	/* Counted before the records can be found, so that an early end finds it counted. */
	__sync_fetch_and_add(&stats->flows, 1);
	verdict = p->family == 4 ? bind4(s, p, b) : bind6(s, p, b);
	if (verdict != ADMIT_BOUND) {
		__sync_fetch_and_sub(&stats->flows, 1);
		return verdict;
	}
	if (gate_slot != NOBODY) {
		gate = bpf_map_lookup_elem(&gate_stats, &gate_slot);
		if (gate)
			__sync_fetch_and_add(&gate->connections, 1);
	}
	if (wanted(EVENT_OPENED))
		tell_opened(s, p, b);
	return GO_ON;
}
