/* SPDX-License-Identifier: Apache-2.0
 *
 * The program of every ENI, at TCX ingress of the host side: what a workload sends enters
 * the fabric here. Known flows take the short way; everything else leaves it early.
 * Stages of a first packet: lib/admit.h. Names of stages and refusals: shared/verdict.h.
 */
#include "lib/admit.h"

/* Frames that are not plain IPv4 with TCP or UDP, or whose headers are not in reach. */
static __noinline int odd(struct __sk_buff *skb)
{
	void *data, *end;
	struct headers *h;

	if (skb->vlan_present)
		return leave(skb, NO_GATE, DROP_MALFORMED);
	if (skb->protocol == bpf_htons(ETH_P_ARP))
		return answer_arp(skb);
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return leave(skb, NO_GATE, DROP_NOT_IP);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	h = data;
	if ((void *)(h + 1) > end || h->ip.ihl != 5 || h->ip.version != 4)
		return leave(skb, NO_GATE, DROP_MALFORMED);
	if (h->ip.frag_off & bpf_htons(0x3fff))
		return leave(skb, NO_GATE, DROP_FRAGMENT);
	if (h->ip.protocol != IPPROTO_TCP && h->ip.protocol != IPPROTO_UDP)
		return leave(skb, NO_GATE, DROP_PROTOCOL);
	return leave(skb, NO_GATE, DROP_MALFORMED);
}

/* A flow whose gate was closed or replaced since: cut it, and tell the sender. */
static __noinline int cut(struct __sk_buff *skb, struct flow_key *key, __u32 gate_slot)
{
	if (!key)
		return TC_ACT_SHOT;
	if (key->protocol == IPPROTO_TCP)
		return answer_reset(skb, gate_slot, DROP_FLOW_CUT);
	return leave(skb, gate_slot, DROP_FLOW_CUT);
}

SEC("classifier")
int eni(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct headers *h = data;
	struct flow_key key;
	struct flow *flow;
	struct gate *gate;
	__u32 address_diff, port_diff, out_ifindex, flags = 0;
	bool ends = false, tcp;
	int course;

	if ((void *)data + TCP_END > end) {
		/* Short (a small UDP datagram) or not linear: pull what there is. */
		if (bpf_skb_pull_data(skb, skb->len < TCP_END ? skb->len : TCP_END))
			return leave(skb, NO_GATE, DROP_MALFORMED);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		h = data;
		if (data + UDP_END > end)
			return odd(skb);
	}
	/* A VLAN tag is out of the frame by now, and would go along with a redirect. */
	if (skb->vlan_present || h->eth.h_proto != bpf_htons(ETH_P_IP) || *(__u8 *)&h->ip != 0x45 ||
	    h->ip.frag_off & bpf_htons(0x3fff))
		return odd(skb);
	tcp = h->ip.protocol == IPPROTO_TCP;
	if (tcp) {
		if (data + TCP_END > end)
			return odd(skb);
		flags = tcp_flags(data + L4_OFF);
	} else if (h->ip.protocol != IPPROTO_UDP) {
		return odd(skb);
	}
	key.ifindex = skb->ifindex;
	key.saddr = h->ip.saddr;
	key.daddr = h->ip.daddr;
	key.sport = h->ports.source;
	key.dport = h->ports.dest;
	*(__u32 *)&key.protocol = h->ip.protocol;

	flow = bpf_map_lookup_elem(&flows, &key);
	if (flow && tcp && ((flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) || flow->closing)) {
		course = follow_tcp(skb, &key);
		if (course == COURSE_ANEW) {
			forget(&key);
			flow = NULL;
		}
		ends = course == COURSE_ENDS;
	}
	if (!flow) {
		__u32 at = NO_GATE;
		int verdict = admit(skb, &key, flags, &at);

		if (verdict == ADMIT_PROBE)
			return answer_probe(skb, bpf_ntohl(key.daddr) - FABRIC_BASE);
		if (verdict == ADMIT_STRAY)
			return answer_reset(skb, at, DROP_NO_FLOW);
		if (verdict != GO_ON)
			return leave(skb, at, verdict);
		flow = bpf_map_lookup_elem(&flows, &key);
		if (!flow)
			return leave(skb, NO_GATE, DROP_NO_FLOW);
	}
	gate = bpf_map_lookup_elem(&gates, &flow->gate);
	if (!gate || !gate->generation || gate->generation != flow->generation) {
		__u32 gate_slot = flow->gate;

		forget(&key);
		return cut(skb, &key, gate_slot);
	}
	__sync_fetch_and_add(&flow->packets, skb->gso_segs ?: 1);
	__sync_fetch_and_add(&flow->bytes, skb->len - L3_OFF);
	flow->last_seen = bpf_jiffies64();

	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	h = data;
	if ((void *)(h + 1) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(h->eth.h_dest, flow->mac, 6);
	__builtin_memcpy(h->eth.h_source, GATEWAY_MAC, 6);
	h->ip.saddr = flow->saddr;
	h->ip.daddr = flow->daddr;
	h->ports.source = flow->sport;
	h->ports.dest = flow->dport;
	address_diff = flow->address_diff;
	port_diff = flow->port_diff;
	out_ifindex = flow->out_ifindex;
	h->ip.check = ~fold16((__u16)~h->ip.check + fold16(address_diff));
	if (ends)
		forget(&key);
	if (tcp) {
		bpf_l4_csum_replace(skb, TCP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR);
		bpf_l4_csum_replace(skb, TCP_CSUM, 0, port_diff, 0);
	} else {
		bpf_l4_csum_replace(skb, UDP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
		bpf_l4_csum_replace(skb, UDP_CSUM, 0, port_diff, BPF_F_MARK_MANGLED_0);
	}
	if (skb->pkt_type != PACKET_HOST)
		bpf_skb_change_type(skb, PACKET_HOST);
	return bpf_redirect_peer(out_ifindex, 0);
}

/* Run by the agent (BPF_PROG_TEST_RUN): shows it the clock that last_seen is measured with. */
SEC("classifier")
int tick(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct clock *now = bpf_map_lookup_elem(&clock, &zero);

	if (now)
		now->jiffies = bpf_jiffies64();
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
