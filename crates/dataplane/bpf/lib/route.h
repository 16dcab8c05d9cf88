/* SPDX-License-Identifier: Apache-2.0
 * Where a packet is going: the route of the sender's subnet, and who has the address there.
 */
#pragma once
#include "leave.h"
#include "flow.h"
#include "rules.h"

/* What was found out about a packet's way, and the slow path's room: the stack is small. */
struct scratch {
	struct packet packet;
	struct packet turned; /* the same, as the other side of a translation sees it */
	struct packet inner; /* what an ICMP error is about */
	struct address inner_saddr; /* where that went to, on the other side */
	struct address public_ip;
	__u64 nat;
	__u32 slot; /* the sender's */
	__u32 far; /* the receiving ENI's, or NOBODY */
	__u32 gate;
	__u8 way;
	__u8 own; /* the source address is the sender's own */
	__u8 known; /* the destination address is the receiver's own */
	__u8 pad;
	struct flow_key6 key6;
	struct flow6 out6;
	struct flow6 in6;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct scratch);
	__uint(max_entries, 1);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __noinline struct owner *owner_of(__u32 vpc, const struct address *ip)
{
	struct address_key key = {.vpc = vpc, .ip = *ip};

	return bpf_map_lookup_elem(&addresses, &key);
}

static __always_inline bool has_address(__u32 vpc, const struct address *ip, __u32 slot)
{
	struct owner *owner = owner_of(vpc, ip);

	return owner && owner->kind == OWNER_ENI && owner->slot == slot;
}

static __noinline struct hop *route(__u64 table, const struct address *to, __u8 family)
{
	struct route_key key = {
		.prefix = 8 * sizeof(struct route_data),
		.data = {
			.table = {table, table >> 32},
			.family = family,
			.ip = *to,
		},
	};

	return bpf_map_lookup_elem(&routes, &key);
}

static __always_inline struct eni *workload(__u32 slot)
{
	struct eni *eni = bpf_map_lookup_elem(&enis, &slot);

	return eni && eni->role == ROLE_WORKLOAD ? eni : NULL;
}

/* Whether the sender may use the source address. */
WHOLE int guard(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct eni *from NONNULL)
{
	s->own = has_address(from->vpc, &p->saddr, s->slot);
	return s->own || !from->source_check;
}

/* The way by a NAT gateway. */
static __noinline int resolve_nat(struct scratch *s, const struct packet *p, const struct eni *from, __u64 key)
{
	struct settings *set = host();
	struct nat *nat;
	struct hop *hop;

	if (p->family != 4)
		return DROP_NO_ROUTE;
	nat = bpf_map_lookup_elem(&nats, &key);
	if (!nat || nat->vpc != from->vpc)
		return DROP_ROUTE_BLACKHOLE;
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP && !p->query)
		return DROP_PROTOCOL;
	hop = route(nat->place.routes, &p->daddr, 4);
	if (!hop)
		return DROP_NO_ROUTE;
	if (hop->kind != HOP_INTERNET)
		return hop->kind == HOP_BLACKHOLE ? DROP_ROUTE_BLACKHOLE : DROP_NO_ROUTE;
	if (!set || !set->uplink)
		return DROP_NO_UPLINK;
	s->way = WAY_NAT;
	s->nat = key;
	mapped(&s->public_ip, nat->public_ip);
	return GO_ON;
}

/* The way by the internet gateway. */
static __noinline int resolve_out(struct scratch *s, const struct packet *p, const struct eni *from)
{
	struct address_key inside = {.vpc = from->vpc, .ip = p->saddr};
	struct settings *set = host();
	struct address *outside;

	if (!set || !set->uplink)
		return DROP_NO_UPLINK;
	outside = bpf_map_lookup_elem(&outsides, &inside);
	if (!outside)
		return DROP_NO_PUBLIC_ADDRESS;
	s->way = WAY_OUT;
	s->public_ip = *outside;
	return GO_ON;
}

/* Finds the way of a packet from one ENI, and who is at its end. */
WHOLE int resolve(struct scratch *s NONNULL, const struct packet *p NONNULL, const struct eni *from NONNULL)
{
	struct owner *owner;
	struct eni *to;
	struct hop *hop;

	s->far = NOBODY;
	s->gate = NOBODY;
	s->nat = 0;
	s->known = 0;
	hop = route(from->place.routes, &p->daddr, p->family);
	if (!hop)
		return DROP_NO_ROUTE;
	switch (hop->kind) {
	case HOP_VPC:
		owner = owner_of(hop->to, &p->daddr);
		if (!owner)
			return DROP_NO_ROUTE;
		if (owner->kind == OWNER_GATE) {
			s->way = WAY_DOOR;
			s->gate = owner->slot;
			return GO_ON;
		}
		if (owner->slot == s->slot || !workload(owner->slot))
			return DROP_NO_ROUTE;
		s->way = WAY_LOCAL;
		s->far = owner->slot;
		s->known = 1;
		return GO_ON;
	case HOP_ENI:
		to = workload(hop->to);
		if (!to || to->vpc != from->vpc)
			return DROP_ROUTE_BLACKHOLE;
		if (hop->to == s->slot)
			return DROP_NO_ROUTE;
		s->known = has_address(from->vpc, &p->daddr, hop->to);
		if (to->source_check && !s->known)
			return DROP_DEST_CHECK;
		s->way = WAY_LOCAL;
		s->far = hop->to;
		return GO_ON;
	case HOP_INTERNET:
		return resolve_out(s, p, from);
	case HOP_NAT:
		return resolve_nat(s, p, from, hop->nat);
	case HOP_GATEWAY_ENDPOINT:
		return DROP_GATEWAY_ENDPOINT;
	default:
		return DROP_ROUTE_BLACKHOLE;
	}
}
