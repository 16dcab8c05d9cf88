/* SPDX-License-Identifier: Apache-2.0
 *
 * The program of every ENI, at TCX ingress of the host side: what a workload sends enters
 * the fabric here. Packets of known IPv4 flows take the short way, in `enter`; everything else
 * the long one, in `slow`. Stages of a first packet: lib/admit.h. Names of refusals:
 * shared/verdict.h.
 */
#include "lib/admit.h"
#include "lib/discover.h"
#include "lib/related.h"
#include "lib/watch.h"

/* Packets that are too large to cross (a GSO packet is as large as its segments will be). */
static __noinline bool too_large(struct __sk_buff *skb, const struct packet *p)
{
	if (skb->gso_size)
		return header_end(skb, p) - L3_OFF + skb->gso_size > MTU;
	return skb->len - L3_OFF > MTU;
}

/* A flow whose gate was closed or replaced since: cut it, and tell the sender. */
WHOLE int cut(struct __sk_buff *skb, const struct packet *p NONNULL, __u32 gate_slot)
{
	forget(p);
	if (p->protocol == IPPROTO_TCP)
		return answer_reset(skb, p, gate_slot, DROP_FLOW_CUT);
	return leave(skb, p, gate_slot, DROP_FLOW_CUT);
}

static __always_inline bool is_cut(const struct track *t)
{
	__u32 gate_slot = t->gate;
	struct gate *gate;

	if (gate_slot == NOBODY)
		return false;
	gate = bpf_map_lookup_elem(&gates, &gate_slot);
	return !gate || !gate->generation || gate->generation != t->generation;
}

/* What TCP's flags make of a flow. */
WHOLE int course_of(struct __sk_buff *skb, const struct packet *p NONNULL, struct track *t NONNULL)
{
	__be16 length = 0;
	__be32 numbers[2];
	__u32 payload;

	if (bpf_skb_load_bytes(skb, p->l4 + 4, numbers, sizeof(numbers)))
		return COURSE_GO_ON;
	if (p->family == 4)
		bpf_skb_load_bytes(skb, L3_OFF + offsetof(struct iphdr, tot_len), &length, 2);
	else
		bpf_skb_load_bytes(skb, L3_OFF + offsetof(struct ip6, length), &length, 2);
	payload = bpf_ntohs(length) - (header_end(skb, p) - (p->family == 4 ? L3_OFF : L4_OFF6));
	return follow(t, other_of(p), p->flags, bpf_ntohl(numbers[0]), bpf_ntohl(numbers[1]), payload);
}

/* A packet without a flow: admits it, or says what else became of it. */
static __always_inline int begin(struct __sk_buff *skb, struct scratch *s)
{
	struct packet *p = &s->packet;
	__u32 at = NOBODY;
	struct track *t;
	int verdict = admit(skb, s, &at);

	if (verdict == ADMIT_PROBE)
		return answer_probe(skb, bpf_ntohl(p->daddr.w[3]) - FABRIC_BASE);
	if (verdict == ADMIT_STRAY)
		return answer_reset(skb, p, at, DROP_NO_FLOW);
	if (verdict != GO_ON) {
		skb->cb[CB_FAR] = s->far + 1;
		return leave(skb, p, at, verdict);
	}
	t = find(p);
	if (!t)
		return leave(skb, p, NOBODY, DROP_NO_FLOW);
	if (is_cut(t))
		return cut(skb, p, t->gate);
	t->tcp_flags |= telling_flags(p->flags);
	if (translated(s, p, p))
		return leave(skb, p, NOBODY, DROP_NO_FLOW);
	return forward(skb, s, p, t);
}

/* The flow that a packet seemed to belong to is over; the packet may begin another. */
enum { FORGOTTEN = -10 };

static __always_inline int known(struct __sk_buff *skb, struct scratch *s, struct track *t)
{
	struct packet *p = &s->packet;
	struct settings *set = host();
	int course = COURSE_GO_ON, verdict;
	__u32 epoch;

	if (p->protocol == IPPROTO_TCP && ((p->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) || t->closing)) {
		course = course_of(skb, p, t);
		if (course == COURSE_ANEW)
			return FORGOTTEN;
	}
	if (is_cut(t))
		return cut(skb, p, t->gate);
	if (!set || translated(s, p, p))
		return leave(skb, p, NOBODY, DROP_NO_FLOW);
	epoch = *(volatile __u32 *)&set->epoch;
	if (t->epoch != epoch) {
		verdict = recheck(s, p, t);
		if (verdict == MOVED)
			return FORGOTTEN;
		if (verdict != GO_ON) {
			skb->cb[CB_SIDE] = t->side + 1;
			skb->cb[CB_FAR] = (t->side == SIDE_CLIENT ? t->far : t->eni) + 1;
			return leave(skb, p, t->gate, verdict);
		}
		t->epoch = epoch;
	}
	verdict = forward(skb, s, p, t);
	if (course == COURSE_ENDS)
		forget(p);
	return verdict;
}

/* Everything that is not a plain packet of a known IPv4 flow. */
WHOLE int slow(struct __sk_buff *skb)
{
	struct scratch *s = scratch();
	struct track *t;
	int what;

	skb->cb[CB_SIDE] = 0;
	skb->cb[CB_FAR] = 0;
	if (!s)
		return TC_ACT_SHOT;
	/* A VLAN tag is out of the frame by now, and would go along with a redirect. */
	if (skb->vlan_present)
		return leave(skb, NULL, NOBODY, DROP_NOT_IP);
	s->packet.ifindex = skb->ifindex;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_ARP):
		return answer_arp(skb);
	case bpf_htons(ETH_P_IP):
		what = parse4(skb, &s->packet);
		break;
	case bpf_htons(ETH_P_IPV6):
		what = parse6(skb, &s->packet);
		break;
	default:
		return leave(skb, NULL, NOBODY, DROP_NOT_IP);
	}
	if (what == PARSED_DISCOVERY)
		return discover(skb, s);
	if (what > 0)
		return leave(skb, NULL, NOBODY, what);
	if (too_large(skb, &s->packet))
		return leave(skb, &s->packet, NOBODY, DROP_MTU);
	if (what == PARSED_ERROR)
		return related(skb, s);
	t = find(&s->packet);
	if (t) {
		what = known(skb, s, t);
		if (what != FORGOTTEN)
			return what;
		forget(&s->packet);
	}
	return begin(skb, s);
}

/* `watched` is known when this is compiled: without it, nothing of it is in the program. */
static __always_inline int enter(struct __sk_buff *skb, const bool watched)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct headers *h = data;
	struct settings *set;
	struct flow_key key;
	struct flow *flow;
	__u32 address_diff, port_diff, out_ifindex, segments, bytes, gate_slot = NOBODY, side = 0;
	bool tcp;

	if ((void *)data + TCP_END > end) {
		/* Short (a small UDP datagram) or not linear: pull what there is. */
		if (bpf_skb_pull_data(skb, skb->len < TCP_END ? skb->len : TCP_END))
			return slow(skb);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		h = data;
		if (data + UDP_END > end)
			return slow(skb);
	}
	if (skb->vlan_present || h->eth.h_proto != bpf_htons(ETH_P_IP) || *(__u8 *)&h->ip != 0x45 ||
	    h->ip.frag_off & bpf_htons(0x3fff))
		return slow(skb);
	tcp = h->ip.protocol == IPPROTO_TCP;
	if (tcp) {
		if (data + TCP_END > end || tcp_flags(data + L4_OFF) & (FLAG_SYN | FLAG_FIN | FLAG_RST))
			return slow(skb);
	} else if (h->ip.protocol != IPPROTO_UDP) {
		return slow(skb);
	}
	segments = 1;
	bytes = skb->len - L3_OFF;
	if (skb->gso_size) {
		/* The headers of all segments but the first; and what a segment may measure. */
		__u32 head = sizeof(struct iphdr) + (tcp ? ((struct tcphdr *)(data + L4_OFF))->doff * 4 : sizeof(struct udphdr));

		if (head + skb->gso_size > MTU)
			return slow(skb);
		if (skb->gso_segs > 1)
			segments = skb->gso_segs;
		bytes += (segments - 1) * head;
	} else if (bytes > MTU) {
		return slow(skb);
	}
	key.ifindex = skb->ifindex;
	key.saddr = h->ip.saddr;
	key.daddr = h->ip.daddr;
	key.sport = h->ports.source;
	key.dport = h->ports.dest;
	key.kind = h->ip.protocol;

	flow = bpf_map_lookup_elem(&flows, &key);
	set = host();
	if (!flow || !set || flow->track.epoch != set->epoch || (tcp && flow->track.closing) || is_cut(&flow->track))
		return slow(skb);
	__sync_fetch_and_add(&flow->track.packets, segments);
	__sync_fetch_and_add(&flow->track.bytes, bytes);
	flow->track.last_seen = bpf_jiffies64();

	__builtin_memcpy(h->eth.h_dest, flow->track.mac, 6);
	__builtin_memcpy(h->eth.h_source, GATEWAY_MAC, 6);
	out_ifindex = flow->track.out_ifindex;
	if (watched) {
		gate_slot = flow->track.gate;
		side = flow->track.side;
	}
	if (flow->track.way != WAY_LOCAL) {
		address_diff = flow->track.address_diff;
		port_diff = flow->track.port_diff;
		h->ip.saddr = flow->saddr;
		h->ip.daddr = flow->daddr;
		h->ports.source = flow->track.sport;
		h->ports.dest = flow->track.dport;
		h->ip.check = ~fold16((__u16)~h->ip.check + fold16(address_diff));
		if (tcp) {
			bpf_l4_csum_replace(skb, L4_OFF + TCP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR);
			bpf_l4_csum_replace(skb, L4_OFF + TCP_CSUM, 0, port_diff, 0);
		} else {
			bpf_l4_csum_replace(skb, L4_OFF + UDP_CSUM, 0, address_diff, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
			bpf_l4_csum_replace(skb, L4_OFF + UDP_CSUM, 0, port_diff, BPF_F_MARK_MANGLED_0);
		}
	}
	if (skb->pkt_type != PACKET_HOST)
		bpf_skb_change_type(skb, PACKET_HOST);
	if (watched) {
		skb->cb[CB_LINK] = out_ifindex;
		skb->cb[CB_GATE] = gate_slot + 1;
		skb->cb[CB_SIDE] = side + 1;
	}
	return bpf_redirect_peer(out_ifindex, 0);
}

SEC("classifier")
int eni(struct __sk_buff *skb)
{
	return enter(skb, false);
}

/* In the place of `eni` while a capture is on: the same, with notes. */
SEC("classifier")
int eni_watched(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct watch *watch = bpf_map_lookup_elem(&watches, &zero);
	struct note *note = bpf_map_lookup_elem(&notes, &zero);
	int action;

	if (!watch || !note)
		return TC_ACT_SHOT;
	note_before(skb, watch, note);
	action = enter(skb, true);
	note_after(skb, watch, note, action);
	return action;
}

/* Run by the agent (BPF_PROG_TEST_RUN): shows it the clock that last_seen is measured with. */
SEC("classifier")
int tick(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct clock *now = bpf_map_lookup_elem(&clock, &zero);

	if (now) {
		now->nanoseconds = bpf_ktime_get_ns();
		now->jiffies = bpf_jiffies64();
	}
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
