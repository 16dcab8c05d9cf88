/* SPDX-License-Identifier: Apache-2.0
 * The pinned maps. Each has one owner and one bound; see ARCHITECTURE.md.
 */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../shared/tables.h"

#define MAP(map_name, map_type, key_type, value_type, entries, flags) \
	struct { \
		__uint(type, map_type); \
		__type(key, key_type); \
		__type(value, value_type); \
		__uint(max_entries, entries); \
		__uint(map_flags, flags); \
		__uint(pinning, LIBBPF_PIN_BY_NAME); \
	} map_name SEC(".maps")

MAP(ports, BPF_MAP_TYPE_HASH, __u32, __u32, MAX_ENIS, BPF_F_NO_PREALLOC); /* ifindex -> ENI slot */
MAP(enis, BPF_MAP_TYPE_ARRAY, __u32, struct eni, MAX_ENIS, 0);
MAP(gates, BPF_MAP_TYPE_ARRAY, __u32, struct gate, MAX_GATES, 0);
MAP(addresses, BPF_MAP_TYPE_HASH, struct address_key, __u32, MAX_GATES, BPF_F_NO_PREALLOC); /* -> gate slot */
MAP(groups, BPF_MAP_TYPE_HASH, __u32, struct group, MAX_GROUPS, BPF_F_NO_PREALLOC);
MAP(listeners, BPF_MAP_TYPE_HASH, struct listener_key, struct listener, MAX_LISTENERS, BPF_F_NO_PREALLOC);
MAP(target_counts, BPF_MAP_TYPE_HASH, __u32, __u32, MAX_LISTENERS, BPF_F_NO_PREALLOC); /* target group -> count */
MAP(targets, BPF_MAP_TYPE_HASH, struct target_key, struct target, MAX_TARGETS, BPF_F_NO_PREALLOC);
MAP(flows, BPF_MAP_TYPE_HASH, struct flow_key, struct flow, MAX_FLOWS, 0);
MAP(eni_stats, BPF_MAP_TYPE_ARRAY, __u32, struct eni_stats, MAX_ENIS, BPF_F_MMAPABLE);
MAP(gate_stats, BPF_MAP_TYPE_ARRAY, __u32, struct gate_stats, MAX_GATES, BPF_F_MMAPABLE);
MAP(clock, BPF_MAP_TYPE_ARRAY, __u32, struct clock, 1, 0);
