/* SPDX-License-Identifier: Apache-2.0
 * Captures: what a packet was when it came, what became of it, and what it was when it went.
 * Only `eni_watched` uses this, which is loaded for a capture and gone after it.
 */
#pragma once
#include "leave.h"

static __always_inline __u32 slot_at(__u32 ifindex)
{
	__u32 *slot = bpf_map_lookup_elem(&ports, &ifindex);

	return slot ? *slot : NOBODY;
}

/* The first bytes of the frame; returns its whole length. */
static __always_inline __u32 keep(struct __sk_buff *skb, const struct watch *watch, __u8 *bytes)
{
	__u32 length = skb->len, kept = watch->snap;

	if (kept > length)
		kept = length;
	if (kept > SNAP_BYTES)
		kept = SNAP_BYTES;
	if (kept > 0)
		bpf_skb_load_bytes(skb, 0, bytes, kept);
	return length;
}

static __noinline int note_before(struct __sk_buff *skb, struct watch *watch, struct note *note)
{
	skb->cb[CB_VERDICT] = 0;
	skb->cb[CB_LINK] = 0;
	skb->cb[CB_SIDE] = 0;
	skb->cb[CB_GATE] = 0;
	note->at = bpf_ktime_get_ns();
	note->segments = skb->gso_segs ?: 1;
	note->came_length = keep(skb, watch, note->came);
	return 0;
}

static __always_inline bool is_watched(const struct watch *watch, const struct note *note)
{
	if (watch->eni != NOBODY && (note->from == watch->eni || note->to == watch->eni))
		return true;
	if (note->gate == NOBODY)
		return false;
	for (int i = 0; i < WATCHED_GATES; i++)
		if (note->gate == watch->gates[i])
			return true;
	return false;
}

static __noinline int note_after(struct __sk_buff *skb, struct watch *watch, struct note *note, int action)
{
	__u32 link = skb->cb[CB_LINK];

	note->verdict = skb->cb[CB_VERDICT];
	note->gate = skb->cb[CB_GATE] - 1;
	note->side = skb->cb[CB_SIDE];
	note->from = slot_at(skb->ifindex);
	note->to = link ? slot_at(link) : NOBODY;
	note->went_length = 0;
	note->answered = 0;
	if (action == TC_ACT_REDIRECT) {
		note->answered = !link;
		if (!link)
			note->to = note->from;
	}
	if (!is_watched(watch, note))
		return 0;
	if (action == TC_ACT_REDIRECT)
		note->went_length = keep(skb, watch, note->went);
	/* No wake-ups: they cost more than all the rest, and the reader looks by itself. */
	if (bpf_ringbuf_output(&captures, note, sizeof(*note), BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&watch->lost, 1);
	return 0;
}
