/* SPDX-License-Identifier: Apache-2.0
 * What is asked of every packet of a flow, not only of the first: the route and the network
 * ACLs. The answer holds until the host's epoch moves; security groups are not asked again,
 * because they are stateful.
 */
#pragma once
#include "route.h"

/* From one subnet into another. */
WHOLE int cross(const struct place *from NONNULL, const struct place *to NONNULL, const struct packet *p NONNULL, __u32 out_verdict, __u32 in_verdict)
{
	if (from->subnet == to->subnet)
		return GO_ON;
	if (!acl(from->acl, ACL_EGRESS, &p->daddr, p, p->selector))
		return out_verdict;
	if (!acl(to->acl, ACL_INGRESS, &p->saddr, p, p->selector))
		return in_verdict;
	return GO_ON;
}

/* Between a load balancer and a target; both ends of the provider's. */
static __always_inline int provider_leg(const struct place *from, const struct place *to, const struct address *saddr, const struct address *daddr, const struct packet *p, __be16 port)
{
	bool has_ports = p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP;
	__u16 selector = has_ports ? bpf_ntohs(port) : p->selector;

	if (from->subnet == to->subnet)
		return GO_ON;
	if (!acl(from->acl, ACL_EGRESS, daddr, p, selector) || !acl(to->acl, ACL_INGRESS, saddr, p, selector))
		return DROP_PROVIDER_ACL;
	return GO_ON;
}

/* The ACLs that a packet meets on the way that resolve() found, as far as the VPC's border or
 * the endpoint. */
WHOLE int borders(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct eni *from NONNULL)
{
	struct gate *gate;
	struct nat *nat;
	struct eni *to;
	int verdict;

	switch (s->way) {
	case WAY_LOCAL:
		to = workload(s->far);
		if (!to)
			return DROP_NO_ROUTE;
		return cross(&from->place, &to->place, p, DROP_ACL_EGRESS, DROP_ACL_INGRESS);
	case WAY_DOOR:
		gate = bpf_map_lookup_elem(&gates, &s->gate);
		if (!gate)
			return DROP_NO_ROUTE;
		return cross(&from->place, &gate->place, p, DROP_ACL_EGRESS, DROP_ACL_INGRESS);
	case WAY_OUT:
		return acl(from->place.acl, ACL_EGRESS, &p->daddr, p, p->selector) ? GO_ON : DROP_ACL_EGRESS;
	case WAY_NAT:
		nat = bpf_map_lookup_elem(&nats, &s->nat);
		if (!nat)
			return DROP_ROUTE_BLACKHOLE;
		verdict = cross(&from->place, &nat->place, p, DROP_ACL_EGRESS, DROP_ACL_INGRESS);
		if (verdict != GO_ON)
			return verdict;
		return acl(nat->place.acl, ACL_EGRESS, &p->daddr, p, p->selector) ? GO_ON : DROP_ACL_EGRESS;
	default:
		return DROP_NO_ROUTE;
	}
}

enum {
	MOVED = -4, /* the flow's way is another now: forget it, and begin again */
};

/* The packet as it leaves the translation of its record. */
static __always_inline void turn(struct scratch *s, const struct packet *p, const struct track *t, const struct address *saddr, const struct address *daddr)
{
	s->turned = *p;
	s->turned.saddr = *saddr;
	s->turned.daddr = *daddr;
	s->turned.sport = t->sport;
	s->turned.dport = t->dport;
	if (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP)
		s->turned.selector = bpf_ntohs(t->dport);
}

WHOLE int recheck_client(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct track *t NONNULL)
{
	struct eni *from, *to;
	struct known *public;
	struct gate *gate;
	int verdict;

	if (t->way == WAY_IN) {
		public = bpf_map_lookup_elem(&publics, &p->daddr);
		if (!public || public->eni != t->far || !same_address(&public->inside, &s->turned.daddr))
			return MOVED;
		to = workload(t->far);
		if (!to)
			return MOVED;
		return acl(to->place.acl, ACL_INGRESS, &p->saddr, p, p->selector) ? GO_ON : DROP_ACL_INGRESS;
	}
	from = workload(s->slot);
	if (!from)
		return DROP_NO_ENI;
	if (!guard(s, p, from))
		return DROP_SPOOFED_SOURCE;
	verdict = resolve(s, p, from);
	if (verdict != GO_ON)
		return verdict;
	if (s->way != t->way)
		return MOVED;
	if (s->way == WAY_LOCAL && s->far != t->far)
		return MOVED;
	if (s->way == WAY_DOOR && s->gate != t->gate)
		return MOVED;
	if (s->way == WAY_OUT && !same_address(&s->public_ip, &s->turned.saddr))
		return MOVED;
	if (s->way == WAY_NAT && s->nat != t->nat)
		return MOVED;
	verdict = borders(s, p, from);
	if (verdict != GO_ON || s->way != WAY_DOOR)
		return verdict;
	gate = bpf_map_lookup_elem(&gates, &s->gate);
	to = workload(t->far);
	if (!gate || !to)
		return DROP_TARGET_GONE;
	return provider_leg(&gate->balancer_place, &to->place, &s->turned.saddr, &s->turned.daddr, p, t->dport);
}

/* The answer of a target behind an endpoint: the provider's leg, then the consumer's. */
static __always_inline int recheck_door_answer(struct scratch *s, const struct packet *p, const struct track *t, const struct eni *client, const struct eni *from)
{
	struct gate *gate = bpf_map_lookup_elem(&gates, &t->gate);
	struct hop *hop;
	int verdict;

	if (!gate)
		return DROP_FLOW_CUT;
	verdict = provider_leg(&from->place, &gate->balancer_place, &p->saddr, &p->daddr, p, p->dport);
	if (verdict != GO_ON)
		return verdict;
	hop = route(gate->place.routes, &s->turned.daddr, p->family);
	if (!hop)
		return DROP_NO_ROUTE;
	if (hop->kind == HOP_BLACKHOLE)
		return DROP_ROUTE_BLACKHOLE;
	if (hop->kind != HOP_VPC || !has_address(hop->to, &s->turned.daddr, t->eni))
		return DROP_ASYMMETRIC;
	return cross(&gate->place, &client->place, &s->turned, DROP_ACL_REPLY_EGRESS, DROP_ACL_REPLY_INGRESS);
}

WHOLE int recheck_answer(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct track *t NONNULL)
{
	struct eni *client = workload(t->eni), *from = NULL;
	struct nat *nat;
	__u64 nat_key;
	int verdict;

	if (!client)
		return DROP_NO_ENI;
	if (t->way == WAY_OUT)
		return acl(client->place.acl, ACL_INGRESS, &p->saddr, p, p->selector) ? GO_ON : DROP_ACL_REPLY_INGRESS;
	if (t->way == WAY_NAT) {
		nat_key = t->nat;
		nat = bpf_map_lookup_elem(&nats, &nat_key);
		if (!nat)
			return DROP_FLOW_CUT;
		if (!acl(nat->place.acl, ACL_INGRESS, &p->saddr, p, p->selector))
			return DROP_ACL_REPLY_INGRESS;
		return cross(&nat->place, &client->place, &s->turned, DROP_ACL_REPLY_EGRESS, DROP_ACL_REPLY_INGRESS);
	}
	from = workload(s->slot);
	if (!from)
		return DROP_NO_ENI;
	if (t->way == WAY_DOOR)
		return recheck_door_answer(s, p, t, client, from);
	if (!guard(s, p, from))
		return DROP_SPOOFED_SOURCE;
	verdict = resolve(s, p, from);
	if (verdict != GO_ON)
		return verdict;
	if (t->way == WAY_IN) {
		if (s->way != WAY_OUT)
			return DROP_ASYMMETRIC;
		return acl(from->place.acl, ACL_EGRESS, &p->daddr, p, p->selector) ? GO_ON : DROP_ACL_REPLY_EGRESS;
	}
	if (s->way != WAY_LOCAL || s->far != t->eni)
		return DROP_ASYMMETRIC;
	return cross(&from->place, &client->place, p, DROP_ACL_REPLY_EGRESS, DROP_ACL_REPLY_INGRESS);
}

/* May the packet go the way of its flow? `s->turned` is the packet after translation. */
static __always_inline int recheck(struct scratch *s, const struct packet *p, const struct track *t)
{
	__u32 ifindex = p->ifindex;
	__u32 *slot = bpf_map_lookup_elem(&ports, &ifindex);

	s->slot = slot ? *slot : NOBODY;
	if (t->side == SIDE_CLIENT)
		return recheck_client(s, p, t);
	return recheck_answer(s, p, t);
}
