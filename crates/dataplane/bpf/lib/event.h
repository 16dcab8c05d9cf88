/* SPDX-License-Identifier: Apache-2.0
 * What is told to user space: refused packets, flows that open and end. Only what somebody
 * asked for, at most EVENTS_PER_SECOND of one ENI, and never waited for: what is not told is
 * counted, so that silence is never mistaken for peace.
 */
#pragma once
#include "packet.h"

static __always_inline bool wanted(__u32 kind)
{
	struct settings *set = host();

	return set && set->events & (1 << kind);
}

/* Room for an event of this ENI; NULL when there is none, which is counted. */
static __always_inline struct event *event_of(__u32 eni_slot)
{
	struct eni_stats *stats = bpf_map_lookup_elem(&eni_stats, &eni_slot);
	struct event *event;
	__u64 second;

	if (!stats)
		return NULL;
	second = bpf_ktime_get_ns() >> 30;
	if (stats->event_second != second) {
		stats->event_second = second;
		stats->event_count = 0;
	}
	if (stats->event_count >= EVENTS_PER_SECOND) {
		__sync_fetch_and_add(&stats->events_lost, 1);
		return NULL;
	}
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&stats->events_lost, 1);
		return NULL;
	}
	__sync_fetch_and_add(&stats->event_count, 1);
	__builtin_memset(event, 0, sizeof(*event));
	return event;
}

/* A flow's side of an event: `client` is its record from who opened it. */
static __always_inline void event_flow(struct event *event, const struct track *client, const struct track *target)
{
	event->eni = client->eni;
	event->far = client->far;
	event->gate = client->gate;
	event->way = client->way;
	event->nat = client->nat;
	event->back_last_seen = client->last_seen;
	event->out_sport = client->sport;
	event->out_dport = client->dport;
	event->first_seen = client->first_seen;
	event->last_seen = client->last_seen;
	event->tcp_flags = client->tcp_flags;
	event->packets = client->packets;
	event->bytes = client->bytes;
	if (target) {
		event->back_tcp_flags = target->tcp_flags;
		event->back_packets = target->packets;
		event->back_bytes = target->bytes;
		event->back_last_seen = target->last_seen;
	}
}
