/* SPDX-License-Identifier: Apache-2.0
 * What the fabric answers by itself: ARP, resets of unknown connections, and probes.
 */
#pragma once
#include "leave.h"

/* A VPC is L3: every address is behind the gateway's MAC; no broadcast leaves an ENI. */
static __noinline int answer_arp(struct __sk_buff *skb)
{
	void *data, *end;
	struct ethhdr *eth;
	struct arp *arp;
	struct eni *eni;
	__u32 ifindex = skb->ifindex, *slot;
	__be32 asked;

	if (bpf_skb_pull_data(skb, L3_OFF + sizeof(*arp)))
		return leave(skb, NO_GATE, DROP_MALFORMED);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	arp = data + L3_OFF;
	if ((void *)(arp + 1) > end)
		return leave(skb, NO_GATE, DROP_MALFORMED);
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (!slot)
		return leave(skb, NO_GATE, DROP_NO_ENI);
	eni = bpf_map_lookup_elem(&enis, slot);
	if (!eni || eni->role == ROLE_NONE)
		return leave(skb, NO_GATE, DROP_NO_ENI);
	if (arp->hardware != bpf_htons(ARP_ETHERNET) || arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hardware_len != 6 || arp->protocol_len != 4)
		return leave(skb, NO_GATE, DROP_MALFORMED);
	if (!same_mac(eth->h_source, eni->mac) || !same_mac(arp->sender_mac, eni->mac))
		return leave(skb, NO_GATE, DROP_SPOOFED_ARP);
	if (arp->sender_ip && arp->sender_ip != eni->ip)
		return leave(skb, NO_GATE, DROP_SPOOFED_ARP);
	/* Its own address: duplicate detection or an announcement. Nobody else has it. */
	asked = arp->target_ip;
	if (asked == eni->ip || arp->op != bpf_htons(ARP_REQUEST))
		return TC_ACT_SHOT;
	__builtin_memcpy(arp->target_mac, arp->sender_mac, 6);
	arp->target_ip = arp->sender_ip;
	__builtin_memcpy(arp->sender_mac, GATEWAY_MAC, 6);
	arp->sender_ip = asked;
	arp->op = bpf_htons(ARP_REPLY);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, GATEWAY_MAC, 6);
	return bpf_redirect(ifindex, 0);
}

static __always_inline __u32 sum_words(const __u16 *words, int count)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < count; i++)
		sum += words[i];
	return sum;
}

/* RFC 9293 3.10.7.1: a segment of no known connection is answered with a reset. */
static __noinline int answer_reset(struct __sk_buff *skb, __u32 gate_slot, __u32 verdict)
{
	void *data, *end;
	struct ethhdr *eth;
	struct iphdr *ip;
	struct tcphdr *tcp;
	__be32 address;
	__be16 port;
	__be32 ack_seq;
	__u32 length, sum;
	__u8 mac[6], flags;

	leave(skb, gate_slot, verdict);
	if (bpf_skb_change_tail(skb, TCP_END, 0) || bpf_skb_pull_data(skb, TCP_END))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	ip = data + L3_OFF;
	tcp = data + L4_OFF;
	if (data + TCP_END > end || ip->protocol != IPPROTO_TCP)
		return TC_ACT_SHOT;
	flags = tcp_flags(tcp);
	if (flags & FLAG_RST)
		return TC_ACT_SHOT;
	length = bpf_ntohs(ip->tot_len) - sizeof(*ip) - tcp->doff * 4;
	if (flags & FLAG_SYN)
		length++;
	if (flags & FLAG_FIN)
		length++;
	__builtin_memcpy(mac, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, mac, 6);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(*tcp));
	ip->ttl = 64;
	ip->tos = 0;
	ip->check = 0;
	ip->check = ~fold16(sum_words((__u16 *)ip, sizeof(*ip) / 2));
	port = tcp->source;
	tcp->source = tcp->dest;
	tcp->dest = port;
	ack_seq = tcp->ack_seq;
	if (flags & FLAG_ACK) {
		tcp->seq = ack_seq;
		tcp->ack_seq = 0;
		((__u8 *)tcp)[13] = FLAG_RST;
	} else {
		tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + length);
		tcp->seq = 0;
		((__u8 *)tcp)[13] = FLAG_RST | FLAG_ACK;
	}
	((__u8 *)tcp)[12] = (sizeof(*tcp) / 4) << 4;
	tcp->window = 0;
	tcp->urg_ptr = 0;
	tcp->check = 0;
	sum = sum_words((__u16 *)tcp, sizeof(*tcp) / 2) + sum_words((__u16 *)&ip->saddr, 4) +
	      bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(*tcp));
	tcp->check = ~fold16(sum);
	return bpf_redirect(skb->ifindex, 0);
}

/* The agent's probe has come as far as an endpoint can be told apart from its service: the
 * gate was found, is open, and has a load balancer. It goes back with what it saw. */
static __noinline int answer_probe(struct __sk_buff *skb, __u32 gate_slot)
{
	struct gate *gate = bpf_map_lookup_elem(&gates, &gate_slot);
	void *data, *end;
	struct ethhdr *eth;
	struct iphdr *ip;
	struct udphdr *udp;
	struct probe *probe;
	__be32 address;
	__be16 port;

	if (!gate || !gate->generation)
		return leave(skb, NO_GATE, DROP_GATE_CLOSED);
	if (bpf_skb_pull_data(skb, UDP_END + sizeof(*probe)))
		return leave(skb, NO_GATE, DROP_MALFORMED);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	ip = data + L3_OFF;
	udp = data + L4_OFF;
	probe = data + UDP_END;
	if ((void *)(probe + 1) > end || udp->dest != bpf_htons(PROBE_PORT) ||
	    probe->magic != PROBE_MAGIC || probe->gate != gate_slot)
		return leave(skb, NO_GATE, DROP_MALFORMED);
	probe->generation = gate->generation;
	probe->balancer_ip = gate->balancer_ip;
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	port = udp->source;
	udp->source = udp->dest;
	udp->dest = port;
	udp->check = 0; /* optional over IPv4 (RFC 768) */
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, GATEWAY_MAC, 6);
	return bpf_redirect_peer(skb->ifindex, 0);
}
