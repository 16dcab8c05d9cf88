/* SPDX-License-Identifier: Apache-2.0
 * Lists of rules: security groups (any rule admits) and network ACLs (the first that matches
 * decides). One kind of list, one loop.
 */
#pragma once
#include "packet.h"

struct question {
	const struct rules *rules;
	const struct address *peer;
	const __u32 *carried; /* the peer's groups, or NULL */
	__u32 carried_count;
	__u32 count; /* of rules */
	__u16 selector;
	__u8 protocol;
	__u8 family;
	__u8 found; /* 1 admitted, 2 refused */
};

/* The last word first: of IPv4 the others are always the same. */
static __always_inline bool holds(const struct rule *rule, const struct address *ip)
{
	return (ip->w[3] & rule->mask.w[3]) == rule->network.w[3] &&
	       (ip->w[2] & rule->mask.w[2]) == rule->network.w[2] &&
	       (ip->w[1] & rule->mask.w[1]) == rule->network.w[1] &&
	       (ip->w[0] & rule->mask.w[0]) == rule->network.w[0];
}

static __always_inline bool fits(const struct rule *rule, const struct question *q)
{
	bool carries = false;

	if (!rule->any_protocol && (rule->protocol != q->protocol || q->selector < rule->first || q->selector > rule->last))
		return false;
	if (!rule->by_group)
		return rule->family == q->family && holds(rule, q->peer);
	if (!q->carried)
		return false;
#pragma unroll
	for (__u32 i = 0; i < GROUPS_PER_ENI; i++)
		if (i < q->carried_count && q->carried[i] == rule->group)
			carries = true;
	return carries;
}

/* Some rules a turn: a turn is a call. */
enum { RULES_PER_TURN = 4 };

static long ask_rules(__u32 turn, struct question *q)
{
	const struct rule *rule;

	/* The bound that the verifier sees, on the very value that is used. */
	asm volatile("" : "+r"(turn));
	if (turn >= RULES_PER_LIST / RULES_PER_TURN)
		return 1;
	rule = &q->rules->rules[turn * RULES_PER_TURN];
#pragma unroll
	for (__u32 i = 0; i < RULES_PER_TURN; i++, rule++) {
		if (turn * RULES_PER_TURN + i >= q->count)
			return 1;
		if (fits(rule, q)) {
			q->found = rule->denies ? 2 : 1;
			return 1;
		}
	}
	return 0;
}

static __always_inline int judge(__u32 list, __u64 id, struct question *q)
{
	struct rule_key key = {.id = id, .list = list};

	q->rules = bpf_map_lookup_elem(&rules, &key);
	q->found = 0;
	if (!q->rules)
		return 0;
	q->count = q->rules->count;
	bpf_loop((q->count + RULES_PER_TURN - 1) / RULES_PER_TURN, ask_rules, q, 0);
	return q->found == 1;
}

/* Whether the ACL of a subnet lets a packet through. */
WHOLE int acl(__u64 id, __u32 list, const struct address *peer NONNULL, const struct packet *p NONNULL, __u16 selector)
{
	struct question q = {
		.peer = peer,
		.selector = selector,
		.protocol = p->protocol,
		.family = p->family,
	};

	return judge(list, id, &q);
}

/* Whether any of these groups admits a packet. */
static __noinline int admitted(const __u32 *groups, __u32 count, __u32 list, struct question *q)
{
	for (__u32 i = 0; i < GROUPS_PER_ENI; i++) {
		if (i >= count)
			break;
		if (judge(list, groups[i], q))
			return 1;
	}
	return 0;
}
