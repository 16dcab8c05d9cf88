/* SPDX-License-Identifier: Apache-2.0
 * The first packet of a flow: guard, route, security groups, load balancer, NAT. The second
 * half (from bind() on) needs nothing of the consumer but the answer of the first, so that
 * it can move to the target's host.
 */
#pragma once
#include "answer.h"
#include "flow.h"
#include "group.h"

enum admission {
	ADMIT_BOUND = -1, /* new records were written */
	ADMIT_PROBE = -2, /* from the system VPC: for answer_probe() */
	ADMIT_STRAY = -3, /* a TCP segment to an endpoint in the middle of an unknown connection */
};

/* Where the load balancer sends the flow. Its place: Maglev among healthy targets. */
static __always_inline struct target *balance(__u32 target_group)
{
	__u32 *count = bpf_map_lookup_elem(&target_counts, &target_group);
	struct target_key key = {.target_group = target_group};

	if (!count || !*count)
		return NULL;
	key.index = bpf_get_prandom_u32() % *count;
	return bpf_map_lookup_elem(&targets, &key);
}

/* Writes both records: the target side first, under a source port that is free there. */
static __always_inline int bind(struct flow_key *key, struct eni *client, struct gate *gate, struct target *to, struct listener *listener, __u32 generation, __u32 gate_slot, __u32 eni_slot)
{
	struct eni *target;
	struct flow_key back = {};
	struct flow out = {}, in = {};
	__u32 slot, first, now = bpf_jiffies64();
	long error = -1;

	slot = to->eni;
	target = bpf_map_lookup_elem(&enis, &slot);
	if (!target || target->role != ROLE_WORKLOAD || target->ip != to->ip ||
	    target->vpc != gate->balancer_vpc)
		return DROP_TARGET_GONE;

	back.ifindex = target->ifindex;
	back.saddr = to->ip;
	back.daddr = gate->balancer_ip;
	back.sport = to->port;
	back.protocol = key->protocol;

	in.gate = gate_slot;
	in.generation = generation;
	in.out_ifindex = key->ifindex;
	in.saddr = key->daddr;
	in.daddr = key->saddr;
	in.sport = key->dport;
	in.dport = key->sport;
	in.address_diff = difference(back.saddr, in.saddr, back.daddr, in.daddr);
	__builtin_memcpy(in.mac, client->mac, 6);
	in.side = SIDE_TARGET;
	in.eni = eni_slot;
	in.idle_seconds = listener->idle_seconds;
	in.last_seen = now;

	first = bpf_get_prandom_u32();
	for (int i = 0; i < SNAT_TRIES; i++) {
		back.dport = bpf_htons(SNAT_FIRST_PORT + (first + i * 7919) % SNAT_PORTS);
		in.port_diff = difference(back.sport, in.sport, back.dport, in.dport);
		error = bpf_map_update_elem(&flows, &back, &in, BPF_NOEXIST);
		if (error != -17 /* EEXIST */)
			break;
	}
	if (error)
		return error == -17 ? DROP_PORT_ALLOCATION : DROP_FLOW_TABLE_FULL;

	out.gate = gate_slot;
	out.generation = generation;
	out.out_ifindex = target->ifindex;
	out.saddr = back.daddr;
	out.daddr = back.saddr;
	out.sport = back.dport;
	out.dport = back.sport;
	out.address_diff = difference(key->saddr, out.saddr, key->daddr, out.daddr);
	out.port_diff = difference(key->sport, out.sport, key->dport, out.dport);
	__builtin_memcpy(out.mac, target->mac, 6);
	out.side = SIDE_CLIENT;
	out.eni = eni_slot;
	out.idle_seconds = listener->idle_seconds;
	out.last_seen = now;
	error = bpf_map_update_elem(&flows, key, &out, BPF_NOEXIST);
	if (error) {
		bpf_map_delete_elem(&flows, &back);
		/* Another CPU admitted the same flow a moment ago: its records serve. */
		return error == -17 ? GO_ON : DROP_FLOW_TABLE_FULL;
	}
	return ADMIT_BOUND;
}

/* Returns GO_ON when the flow's records are written, a verdict that refuses it, or what else
 * the packet is. `at` is the gate that it reached, for the counters. */
static __noinline int admit(struct __sk_buff *skb, struct flow_key *key, __u32 flags, __u32 *at)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct address_key address;
	struct listener_key listener_key = {};
	struct listener *listener;
	struct eni_stats *stats;
	struct gate_stats *gate_stats_of;
	struct ethhdr *eth = data;
	struct target *target;
	struct gate *gate;
	struct eni *eni;
	__u32 ifindex, *slot, *gate_slot, eni_slot, gate_number, generation;
	int verdict;

	if (!key || !at || data + sizeof(*eth) > end)
		return DROP_MALFORMED;
	ifindex = key->ifindex;
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (!slot)
		return DROP_NO_ENI;
	eni_slot = *slot;
	eni = bpf_map_lookup_elem(&enis, &eni_slot);
	if (!eni || eni->role == ROLE_NONE)
		return DROP_NO_ENI;

	/* guard */
	if (!same_mac(eth->h_source, eni->mac))
		return DROP_SPOOFED_MAC;
	if (key->saddr != eni->ip)
		return DROP_SPOOFED_SOURCE;
	if (eni->role == ROLE_SYSTEM)
		return ADMIT_PROBE;

	/* route */
	address.vpc = eni->vpc;
	address.ip = key->daddr;
	gate_slot = bpf_map_lookup_elem(&addresses, &address);
	if (!gate_slot)
		return DROP_NO_ROUTE;
	gate_number = *gate_slot;
	gate = bpf_map_lookup_elem(&gates, &gate_number);
	if (!gate)
		return DROP_NO_ROUTE;
	/* Read once, before anything else of the gate: a flow of another generation than the gate
	 * has when its records are used is cut, so a gate that changes meanwhile admits nothing. */
	generation = *(volatile __u32 *)&gate->generation;
	/* The slot may have got another owner since the look-up. */
	if (gate->vpc != eni->vpc || gate->ip != key->daddr)
		return DROP_NO_ROUTE;
	*at = gate_number;
	if (key->protocol == IPPROTO_TCP && (flags & (FLAG_SYN | FLAG_ACK)) != FLAG_SYN)
		return ADMIT_STRAY;
	if (!generation)
		return DROP_GATE_CLOSED;

	/* group */
	if (!groups_admit(gate, eni, key))
		return DROP_SECURITY_GROUP;

	/* balance */
	listener_key.balancer = gate->balancer;
	listener_key.port = key->dport;
	listener_key.protocol = key->protocol;
	listener = bpf_map_lookup_elem(&listeners, &listener_key);
	if (!listener)
		return DROP_NO_LISTENER;
	target = balance(listener->target_group);
	if (!target)
		return DROP_NO_TARGET;

	/* quota */
	stats = bpf_map_lookup_elem(&eni_stats, &eni_slot);
	if (!stats || (__s64)stats->flows >= (__s64)eni->flow_quota)
		return DROP_FLOW_QUOTA;

	/* nat */
	/* Counted before the records can be found, so that an early end finds it counted. */
	__sync_fetch_and_add(&stats->flows, 1);
	verdict = bind(key, eni, gate, target, listener, generation, gate_number, eni_slot);
	if (verdict != ADMIT_BOUND) {
		__sync_fetch_and_sub(&stats->flows, 1);
	} else {
		verdict = GO_ON;
		gate_stats_of = bpf_map_lookup_elem(&gate_stats, &gate_number);
		if (gate_stats_of)
			__sync_fetch_and_add(&gate_stats_of->connections, 1);
	}
	return verdict;
}
