/* SPDX-License-Identifier: Apache-2.0
 * Flow records: a connection has two, one for each direction, written target side first
 * and removed together. Whoever deletes the client side's record settles the accounts.
 */
#pragma once
#include "packet.h"

static __always_inline void flow_mirror(const struct flow *flow, __u8 protocol, struct flow_key *key)
{
	*key = (struct flow_key){
		.ifindex = flow->out_ifindex,
		.saddr = flow->daddr,
		.daddr = flow->saddr,
		.sport = flow->dport,
		.dport = flow->sport,
		.protocol = protocol,
	};
}

/* Remove both records of the connection that `key` names; adds their counts to the gate's. */
static __noinline int forget(struct flow_key *key)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key), *other;
	struct flow_key mirror, client;
	struct gate_stats *gate;
	struct eni_stats *eni;
	__u64 packets, bytes, other_packets = 0, other_bytes = 0;
	__u32 gate_slot, eni_slot;
	__u8 side;

	if (!flow)
		return 0;
	flow_mirror(flow, key->protocol, &mirror);
	gate_slot = flow->gate;
	eni_slot = flow->eni;
	side = flow->side;
	packets = flow->packets;
	bytes = flow->bytes;
	other = bpf_map_lookup_elem(&flows, &mirror);
	if (other) {
		other_packets = other->packets;
		other_bytes = other->bytes;
	}
	client = side == SIDE_CLIENT ? *key : mirror;
	if (bpf_map_delete_elem(&flows, &client))
		return 0;
	bpf_map_delete_elem(&flows, side == SIDE_CLIENT ? &mirror : key);
	eni = bpf_map_lookup_elem(&eni_stats, &eni_slot);
	if (eni)
		__sync_fetch_and_sub(&eni->flows, 1);
	gate = bpf_map_lookup_elem(&gate_stats, &gate_slot);
	if (!gate)
		return 0;
	if (side == SIDE_TARGET) {
		__u64 swap = packets;

		packets = other_packets;
		other_packets = swap;
		swap = bytes;
		bytes = other_bytes;
		other_bytes = swap;
	}
	__sync_fetch_and_add(&gate->packets_in, packets);
	__sync_fetch_and_add(&gate->bytes_in, bytes);
	__sync_fetch_and_add(&gate->packets_out, other_packets);
	__sync_fetch_and_add(&gate->bytes_out, other_bytes);
	return 0;
}

/* What the flow has come to when a packet with SYN, FIN or RST passes, or any after a FIN. */
enum course {
	COURSE_GO_ON = 0,
	COURSE_ENDS = 1, /* forward this packet, then forget the flow */
	COURSE_ANEW = 2, /* a new connection with the old one's addresses */
};

static __noinline int follow_tcp(struct __sk_buff *skb, struct flow_key *key)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct flow *flow = bpf_map_lookup_elem(&flows, key), *other;
	struct flow_key mirror;
	struct iphdr *ip = data + L3_OFF;
	struct tcphdr *tcp = data + L4_OFF;
	__u8 flags;

	if (!flow || data + TCP_END > end)
		return COURSE_GO_ON;
	flags = tcp_flags(tcp);
	if (flags & FLAG_RST)
		return COURSE_ENDS;
	if ((flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN && flow->closing)
		return COURSE_ANEW;
	flow_mirror(flow, key->protocol, &mirror);
	other = bpf_map_lookup_elem(&flows, &mirror);
	if (!other)
		return COURSE_GO_ON;
	if (flags & FLAG_FIN) {
		__u32 payload = bpf_ntohs(ip->tot_len) - sizeof(*ip) - tcp->doff * 4;

		other->await_ack = bpf_ntohl(tcp->seq) + payload + 1;
		other->closing |= FIN_AWAITS;
		flow->closing |= FIN_SENT;
	}
	if ((flags & FLAG_ACK) && (flow->closing & FIN_AWAITS) &&
	    (__s32)(bpf_ntohl(tcp->ack_seq) - flow->await_ack) >= 0)
		flow->closing |= FIN_ACKED;
	if ((flow->closing & FIN_ACKED) && (other->closing & FIN_ACKED))
		return COURSE_ENDS;
	return COURSE_GO_ON;
}
