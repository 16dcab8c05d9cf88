/* SPDX-License-Identifier: Apache-2.0
 * The single exit of a refused packet: counted by reason, at its ENI and, when it got that
 * far, at its endpoint; told when somebody listens.
 */
#pragma once
#include "event.h"
#include "parse.h"

/* What became of a packet, for a test run and for captures. */
enum {
	CB_VERDICT = 0,
	CB_LINK = 1, /* that it was handed to */
	CB_SIDE = 2, /* of the flow that it belongs to, plus one */
	CB_FAR = 3, /* the ENI that it did not reach, plus one */
	CB_GATE = 4, /* that it came to, plus one */
};

WHOLE int tell_refused(struct __sk_buff *skb, const struct packet *p, __u32 slot, __u32 gate_slot, __u32 verdict)
{
	struct event *event = event_of(slot);
	__u32 segments = skb->gso_segs ?: 1;

	if (!event)
		return 0;
	event->kind = EVENT_REFUSED;
	event->verdict = verdict;
	event->eni = slot;
	event->far = skb->cb[CB_FAR] - 1;
	event->side = skb->cb[CB_SIDE];
	event->gate = gate_slot;
	if (p) {
		event->family = p->family;
		event->saddr = p->saddr;
		event->daddr = p->daddr;
		event->sport = p->sport;
		event->dport = p->dport;
		event->flow_kind = p->kind;
		event->tcp_flags = telling_flags(p->flags);
	}
	event->packets = segments;
	event->bytes = skb->len > L3_OFF ? skb->len - L3_OFF : 0;
	if (p && segments > 1)
		event->bytes += (segments - 1) * (header_end(skb, p) - L3_OFF);
	event->first_seen = event->last_seen = bpf_jiffies64();
	bpf_ringbuf_submit(event, 0);
	return 0;
}

WHOLE int leave(struct __sk_buff *skb, const struct packet *p, __u32 gate_slot, __u32 verdict)
{
	__u32 ifindex = skb->ifindex;
	__u32 *slot;

	skb->cb[CB_VERDICT] = verdict;
	skb->cb[CB_GATE] = gate_slot + 1;
	if (verdict >= VERDICT_SLOTS)
		return TC_ACT_SHOT;
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (slot) {
		struct eni_stats *stats = bpf_map_lookup_elem(&eni_stats, slot);

		if (stats)
			__sync_fetch_and_add(&stats->drops[verdict], 1);
		if (wanted(EVENT_REFUSED))
			tell_refused(skb, p, *slot, gate_slot, verdict);
	}
	if (gate_slot != NOBODY) {
		struct gate_stats *stats = bpf_map_lookup_elem(&gate_stats, &gate_slot);

		if (stats)
			__sync_fetch_and_add(&stats->drops[verdict], 1);
	}
	return TC_ACT_SHOT;
}
