/* SPDX-License-Identifier: Apache-2.0
 * The pinned maps. Each has one owner and one bound; see ARCHITECTURE.md.
 */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../shared/tables.h"

/* A function that the verifier looks through once, and not again at each call: it knows nothing
 * of its arguments but their types. */
#define WHOLE __attribute__((noinline))
#define NONNULL __attribute__((btf_decl_tag("arg:nonnull")))

#define MAP(map_name, map_type, key_type, value_type, entries, flags) \
	struct { \
		__uint(type, map_type); \
		__type(key, key_type); \
		__type(value, value_type); \
		__uint(max_entries, entries); \
		__uint(map_flags, flags); \
		__uint(pinning, LIBBPF_PIN_BY_NAME); \
	} map_name SEC(".maps")

MAP(settings, BPF_MAP_TYPE_ARRAY, __u32, struct settings, 1, 0);
MAP(ports, BPF_MAP_TYPE_HASH, __u32, __u32, MAX_ENIS, BPF_F_NO_PREALLOC); /* ifindex -> ENI slot */
MAP(enis, BPF_MAP_TYPE_ARRAY, __u32, struct eni, MAX_ENIS, 0);
MAP(gates, BPF_MAP_TYPE_ARRAY, __u32, struct gate, MAX_GATES, 0);
MAP(addresses, BPF_MAP_TYPE_HASH, struct address_key, struct owner, MAX_ADDRESSES, BPF_F_NO_PREALLOC);
MAP(rules, BPF_MAP_TYPE_HASH, struct rule_key, struct rules, MAX_RULE_LISTS, BPF_F_NO_PREALLOC);
MAP(routes, BPF_MAP_TYPE_LPM_TRIE, struct route_key, struct hop, MAX_ROUTES, BPF_F_NO_PREALLOC);
MAP(nats, BPF_MAP_TYPE_HASH, __u64, struct nat, MAX_NATS, BPF_F_NO_PREALLOC);
MAP(publics, BPF_MAP_TYPE_HASH, struct address, struct known, MAX_ADDRESSES, BPF_F_NO_PREALLOC);
MAP(outsides, BPF_MAP_TYPE_HASH, struct address_key, struct address, MAX_ADDRESSES, BPF_F_NO_PREALLOC); /* inside -> public */
MAP(listeners, BPF_MAP_TYPE_HASH, struct listener_key, struct listener, MAX_LISTENERS, BPF_F_NO_PREALLOC);
MAP(target_counts, BPF_MAP_TYPE_HASH, __u32, __u32, MAX_LISTENERS, BPF_F_NO_PREALLOC); /* target group -> count */
MAP(targets, BPF_MAP_TYPE_HASH, struct target_key, struct target, MAX_TARGETS, BPF_F_NO_PREALLOC);
MAP(flows, BPF_MAP_TYPE_HASH, struct flow_key, struct flow, MAX_FLOWS, 0);
MAP(flows6, BPF_MAP_TYPE_HASH, struct flow_key6, struct flow6, MAX_FLOWS6, 0);
MAP(eni_stats, BPF_MAP_TYPE_ARRAY, __u32, struct eni_stats, MAX_ENIS, BPF_F_MMAPABLE);
MAP(gate_stats, BPF_MAP_TYPE_ARRAY, __u32, struct gate_stats, MAX_GATES, BPF_F_MMAPABLE);
MAP(clock, BPF_MAP_TYPE_ARRAY, __u32, struct clock, 1, 0);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENT_BYTES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps");

/* Of a capture. Not pinned: each capture has its own, and what is loaded without one makes them
 * as small as they can be. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct watch);
	__uint(max_entries, 1);
} watches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct note);
	__uint(max_entries, 1);
} notes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CAPTURE_BYTES);
} captures SEC(".maps");

static __always_inline struct settings *host(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}
