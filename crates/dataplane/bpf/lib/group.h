/* SPDX-License-Identifier: Apache-2.0
 * Security groups: does any inbound rule of the gate's groups admit this client?
 */
#pragma once
#include "packet.h"

struct question {
	struct group *group;
	const struct eni *client;
	__be32 saddr;
	__u16 port;
	__u8 protocol;
	__u8 admitted;
};

static __always_inline bool carries(const struct eni *eni, __u32 group)
{
	bool found = false;

#pragma unroll
	for (__u32 i = 0; i < GROUPS_PER_ENI; i++)
		if (i < eni->group_count && eni->groups[i] == group)
			found = true;
	return found;
}

static long ask_rule(__u32 index, struct question *q)
{
	const struct rule *rule;

	if (index >= RULES_PER_GROUP)
		return 1;
	rule = &q->group->rules[index];
	if (!rule->any_protocol) {
		if (rule->protocol != q->protocol)
			return 0;
		if (q->port < rule->first_port || q->port > rule->last_port)
			return 0;
	}
	if (rule->by_group ? carries(q->client, rule->group) : (q->saddr & rule->mask) == rule->network) {
		q->admitted = 1;
		return 1;
	}
	return 0;
}

static __always_inline bool groups_admit(const struct gate *gate, const struct eni *client, const struct flow_key *key)
{
	struct question q = {
		.client = client,
		.saddr = key->saddr,
		.port = bpf_ntohs(key->dport),
		.protocol = key->protocol,
	};

	for (__u32 i = 0; i < GROUPS_PER_ENI; i++) {
		__u32 slot;

		if (i >= gate->group_count)
			break;
		slot = gate->groups[i];
		q.group = bpf_map_lookup_elem(&groups, &slot);
		if (!q.group)
			continue;
		bpf_loop(q.group->count, ask_rule, &q, 0);
		if (q.admitted)
			return true;
	}
	return false;
}
