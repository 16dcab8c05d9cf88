/* SPDX-License-Identifier: Apache-2.0
 * The single exit of a refused packet: counted by reason, at its ENI and, when it got that
 * far, at its endpoint.
 */
#pragma once
#include "packet.h"

#define NO_GATE 0xffffffff

static __noinline int leave(struct __sk_buff *skb, __u32 gate_slot, __u32 verdict)
{
	__u32 ifindex = skb->ifindex;
	__u32 *slot;

	if (verdict >= VERDICT_SLOTS)
		return TC_ACT_SHOT;
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (slot) {
		struct eni_stats *stats = bpf_map_lookup_elem(&eni_stats, slot);

		if (stats)
			__sync_fetch_and_add(&stats->drops[verdict], 1);
	}
	if (gate_slot != NO_GATE) {
		struct gate_stats *stats = bpf_map_lookup_elem(&gate_stats, &gate_slot);

		if (stats)
			__sync_fetch_and_add(&stats->drops[verdict], 1);
	}
	return TC_ACT_SHOT;
}
