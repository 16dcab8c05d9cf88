/* SPDX-License-Identifier: Apache-2.0
 * The first packet of a flow: guard, route, network ACLs, security groups of both ends, load
 * balancer, NAT. `plan::walk` in Rust has the same stages; a differential test compares them.
 */
#pragma once
#include "answer.h"
#include "bind.h"

enum admission {
	ADMIT_PROBE = -2, /* from the system VPC: for answer_probe() */
	ADMIT_STRAY = -3, /* a TCP segment to an endpoint in the middle of an unknown connection */
};

static __always_inline void ask(struct question *q, const struct packet *p, const struct address *peer, __u16 selector, const __u32 *carried, __u32 count)
{
	q->peer = peer;
	q->selector = selector;
	q->protocol = p->protocol;
	q->family = p->family;
	q->carried = carried;
	q->carried_count = count;
}

/* The security groups of both ends of a flow from ENI to ENI. */
static __always_inline int local_groups(struct scratch *s, const struct packet *p, struct eni *from, struct eni *to)
{
	struct question q = {};

	ask(&q, p, &p->daddr, p->selector, s->known ? to->groups : NULL, to->group_count);
	if (!admitted(from->groups, from->group_count, GROUP_EGRESS, &q))
		return DROP_GROUP_EGRESS;
	ask(&q, p, &p->saddr, p->selector, s->own ? from->groups : NULL, from->group_count);
	if (!admitted(to->groups, to->group_count, GROUP_INGRESS, &q))
		return DROP_SECURITY_GROUP;
	return GO_ON;
}

static __always_inline int door_groups(struct scratch *s, const struct packet *p, struct eni *from, struct gate *gate)
{
	struct question q = {};

	ask(&q, p, &p->daddr, p->selector, gate->groups, gate->group_count);
	if (!admitted(from->groups, from->group_count, GROUP_EGRESS, &q))
		return DROP_GROUP_EGRESS;
	ask(&q, p, &p->saddr, p->selector, s->own ? from->groups : NULL, from->group_count);
	if (!admitted(gate->groups, gate->group_count, GROUP_INGRESS, &q))
		return DROP_SECURITY_GROUP;
	if (!gate->balancer_enforces)
		return GO_ON;
	ask(&q, p, &p->saddr, p->selector, NULL, 0);
	if (!admitted(gate->balancer_groups, gate->balancer_group_count, GROUP_INGRESS, &q))
		return DROP_BALANCER_GROUP;
	return GO_ON;
}

static __always_inline int out_groups(const struct packet *p, struct eni *from)
{
	struct question q = {};

	ask(&q, p, &p->daddr, p->selector, NULL, 0);
	return admitted(from->groups, from->group_count, GROUP_EGRESS, &q) ? GO_ON : DROP_GROUP_EGRESS;
}

/* Where the load balancer sends the flow. Its place: Maglev among healthy targets. */
static __noinline struct target *balance(const struct packet *p, __u32 target_group)
{
	__u32 *count = bpf_map_lookup_elem(&target_counts, &target_group);
	struct target_key key = {.target_group = target_group};

	if (!count || !*count)
		return NULL;
	key.index = hash_of(p) % *count;
	return bpf_map_lookup_elem(&targets, &key);
}

/* The provider's half of an endpoint: it needs nothing of the consumer but the flow's tuple. */
WHOLE int choose(struct scratch *s NONNULL, const struct packet *p NONNULL, struct gate *gate NONNULL, struct binding *b NONNULL)
{
	struct listener_key key = {
		.balancer = gate->balancer,
		.port = p->dport,
		.protocol = p->protocol,
	};
	struct listener *listener = bpf_map_lookup_elem(&listeners, &key);
	struct question q = {};
	struct target *target;
	struct eni *to;
	__u32 slot;
	int verdict;

	if (!listener)
		return DROP_NO_LISTENER;
	target = balance(p, listener->target_group);
	if (!target)
		return DROP_NO_TARGET;
	slot = target->eni;
	to = workload(slot);
	if (!to || to->vpc != gate->balancer_vpc || !has_address(to->vpc, &target->ip, slot))
		return DROP_TARGET_GONE;
	/* One family from end to end. */
	if (is_mapped(&target->ip) != (p->family == 4) || is_mapped(&gate->balancer_ip) != (p->family == 4))
		return DROP_TARGET_GONE;
	verdict = provider_leg(&gate->balancer_place, &to->place, &gate->balancer_ip, &target->ip, p, target->port);
	if (verdict != GO_ON)
		return verdict;
	ask(&q, p, &gate->balancer_ip, bpf_ntohs(target->port), gate->balancer_groups, gate->balancer_group_count);
	if (!admitted(to->groups, to->group_count, GROUP_INGRESS, &q))
		return DROP_TARGET_GROUP;
	s->far = slot;
	b->saddr = gate->balancer_ip;
	b->daddr = target->ip;
	b->dport = target->port;
	b->out_ifindex = to->ifindex;
	b->idle_seconds = listener->idle_seconds;
	__builtin_memcpy(b->to_mac, to->mac, 6);
	return GO_ON;
}

WHOLE int admit_door(struct scratch *s NONNULL, struct packet *p NONNULL, struct eni *from NONNULL, struct binding *b NONNULL)
{
	struct gate *gate = bpf_map_lookup_elem(&gates, &s->gate);
	int verdict;

	if (!gate)
		return DROP_NO_ROUTE;
	/* Read once, before anything else of the gate: a flow of another generation than the gate
	 * has when its records are used is cut, so a gate that changes meanwhile admits nothing. */
	b->generation = *(volatile __u32 *)&gate->generation;
	b->gate = s->gate;
	/* The slot may have got another owner since the look-up. */
	if (!same_address(&gate->ip, &p->daddr))
		return DROP_NO_ROUTE;
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP)
		return DROP_PROTOCOL;
	if (p->protocol == IPPROTO_TCP && (p->flags & (FLAG_SYN | FLAG_ACK)) != FLAG_SYN)
		return ADMIT_STRAY;
	if (!b->generation)
		return DROP_GATE_CLOSED;
	verdict = borders(s, p, from);
	if (verdict != GO_ON)
		return verdict;
	verdict = door_groups(s, p, from, gate);
	if (verdict != GO_ON)
		return verdict;
	b->picks_port = 1;
	return choose(s, p, gate, b);
}

WHOLE int admit_local(struct scratch *s NONNULL, struct packet *p NONNULL, struct eni *from NONNULL, struct binding *b NONNULL)
{
	struct eni *to = workload(s->far);
	int verdict;

	if (!to)
		return DROP_NO_ROUTE;
	verdict = borders(s, p, from);
	if (verdict != GO_ON)
		return verdict;
	b->saddr = p->saddr;
	b->daddr = p->daddr;
	b->dport = p->dport;
	b->out_ifindex = to->ifindex;
	__builtin_memcpy(b->to_mac, to->mac, 6);
	return local_groups(s, p, from, to);
}

WHOLE int admit_out(struct scratch *s NONNULL, struct packet *p NONNULL, struct eni *from NONNULL, struct binding *b NONNULL)
{
	struct settings *set = host();
	int verdict = borders(s, p, from);

	if (verdict != GO_ON)
		return verdict;
	if (!set)
		return DROP_NO_UPLINK;
	b->saddr = s->public_ip;
	b->daddr = p->daddr;
	b->dport = p->dport;
	b->picks_port = s->way == WAY_NAT;
	b->out_ifindex = set->uplink;
	__builtin_memcpy(b->to_mac, set->uplink_mac, 6);
	return out_groups(p, from);
}

/* From outside, to a public address. */
WHOLE int admit_in(struct scratch *s NONNULL, struct packet *p NONNULL, struct binding *b NONNULL)
{
	struct known *public = bpf_map_lookup_elem(&publics, &p->daddr);
	struct settings *set = host();
	struct question q = {};
	struct eni *to;

	if (!public || !set)
		return DROP_NO_ROUTE;
	to = workload(public->eni);
	if (!to)
		return DROP_NO_ROUTE;
	s->way = WAY_IN;
	s->gate = NOBODY;
	s->nat = 0;
	s->far = public->eni;
	if (!acl(to->place.acl, ACL_INGRESS, &p->saddr, p, p->selector))
		return DROP_ACL_INGRESS;
	ask(&q, p, &p->saddr, p->selector, NULL, 0);
	if (!admitted(to->groups, to->group_count, GROUP_INGRESS, &q))
		return DROP_SECURITY_GROUP;
	b->saddr = p->saddr;
	b->daddr = public->inside;
	b->dport = p->dport;
	b->eni = public->eni;
	b->out_ifindex = to->ifindex;
	__builtin_memcpy(b->to_mac, to->mac, 6);
	__builtin_memcpy(b->from_mac, set->uplink_mac, 6);
	return GO_ON;
}

/* Returns GO_ON when the flow's records are written, a verdict that refuses it, or what else
 * the packet is. `at` is the gate that it reached, for the counters. */
WHOLE int admit(struct __sk_buff *skb, struct scratch *s NONNULL, __u32 *at NONNULL)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct packet *p = &s->packet;
	struct binding b = {.gate = NOBODY};
	struct settings *set = host();
	struct ethhdr *eth = data;
	__u32 ifindex = p->ifindex, *slot;
	struct eni *from;
	int verdict;

	if (data + sizeof(*eth) > end || !set)
		return DROP_MALFORMED;
	/* Before anything is asked: what changes meanwhile is asked again. */
	b.epoch = *(volatile __u32 *)&set->epoch;
	b.sport = p->sport;
	b.idle_seconds = idle_of(p->protocol);
	s->far = NOBODY;
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (!slot)
		return DROP_NO_ENI;
	s->slot = *slot;
	from = bpf_map_lookup_elem(&enis, &s->slot);
	if (!from || from->role == ROLE_NONE)
		return DROP_NO_ENI;
	if (from->role == ROLE_UPLINK) {
		verdict = admit_in(s, p, &b);
		return verdict == GO_ON ? bind(s, p, &b) : verdict;
	}

	/* guard */
	if (!same_mac(eth->h_source, from->mac))
		return DROP_SPOOFED_MAC;
	if (from->role == ROLE_SYSTEM)
		return p->family == 4 && p->saddr.w[3] == from->ip ? ADMIT_PROBE : DROP_SPOOFED_SOURCE;
	if (!guard(s, p, from))
		return DROP_SPOOFED_SOURCE;

	/* route */
	verdict = resolve(s, p, from);
	if (verdict != GO_ON)
		return verdict;
	b.eni = s->slot;
	__builtin_memcpy(b.from_mac, from->mac, 6);

	/* network ACLs, security groups, load balancer */
	if (s->way == WAY_DOOR) {
		*at = s->gate;
		verdict = admit_door(s, p, from, &b);
	} else if (s->way == WAY_LOCAL) {
		verdict = admit_local(s, p, from, &b);
	} else {
		verdict = admit_out(s, p, from, &b);
	}
	if (verdict != GO_ON)
		return verdict;

	/* quota, NAT */
	return bind(s, p, &b);
}
