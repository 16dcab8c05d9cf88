/* SPDX-License-Identifier: Apache-2.0
 * What the fabric answers by itself: ARP, resets of unknown connections, and probes.
 */
#pragma once
#include "route.h"

static __always_inline bool has_address4(__u32 vpc, __be32 ip, __u32 slot)
{
	struct address address;

	mapped(&address, ip);
	return has_address(vpc, &address, slot);
}

static __always_inline int reply_arp(struct __sk_buff *skb, struct ethhdr *eth, struct arp *arp)
{
	__be32 asked = arp->target_ip;

	__builtin_memcpy(arp->target_mac, arp->sender_mac, 6);
	arp->target_ip = arp->sender_ip;
	__builtin_memcpy(arp->sender_mac, GATEWAY_MAC, 6);
	arp->sender_ip = asked;
	arp->op = bpf_htons(ARP_REPLY);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, GATEWAY_MAC, 6);
	return bpf_redirect_peer(skb->ifindex, 0);
}

/* A VPC is L3: every address is behind the gateway's MAC; no broadcast leaves an ENI. */
WHOLE int answer_arp(struct __sk_buff *skb)
{
	void *data, *end;
	struct ethhdr *eth;
	struct arp *arp;
	struct eni *eni;
	__u32 ifindex = skb->ifindex, *slot;

	if (bpf_skb_pull_data(skb, L3_OFF + sizeof(*arp)))
		return leave(skb, NULL, NOBODY, DROP_MALFORMED);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	arp = data + L3_OFF;
	if ((void *)(arp + 1) > end)
		return leave(skb, NULL, NOBODY, DROP_MALFORMED);
	slot = bpf_map_lookup_elem(&ports, &ifindex);
	if (!slot)
		return leave(skb, NULL, NOBODY, DROP_NO_ENI);
	eni = bpf_map_lookup_elem(&enis, slot);
	if (!eni || eni->role == ROLE_NONE)
		return leave(skb, NULL, NOBODY, DROP_NO_ENI);
	if (arp->hardware != bpf_htons(ARP_ETHERNET) || arp->protocol != bpf_htons(ETH_P_IP) ||
	    arp->hardware_len != 6 || arp->protocol_len != 4)
		return leave(skb, NULL, NOBODY, DROP_MALFORMED);
	/* Whoever is outside asks for the public addresses; this is their gateway. */
	if (eni->role == ROLE_UPLINK)
		return arp->op == bpf_htons(ARP_REQUEST) && arp->target_ip ? reply_arp(skb, eth, arp) : TC_ACT_SHOT;
	if (!same_mac(eth->h_source, eni->mac) || !same_mac(arp->sender_mac, eni->mac))
		return leave(skb, NULL, NOBODY, DROP_SPOOFED_ARP);
	if (arp->sender_ip && !has_address4(eni->vpc, arp->sender_ip, *slot))
		return leave(skb, NULL, NOBODY, DROP_SPOOFED_ARP);
	/* Its own address: duplicate detection or an announcement. Nobody else has it. */
	if (arp->op != bpf_htons(ARP_REQUEST) || has_address4(eni->vpc, arp->target_ip, *slot))
		return TC_ACT_SHOT;
	return reply_arp(skb, eth, arp);
}

static __always_inline __u32 sum_words(const __u16 *words, int count)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < count; i++)
		sum += words[i];
	return sum;
}

/* What a reset says: RFC 9293 3.10.7.1. `payload`: bytes after the TCP header. */
static __always_inline void reset_tcp(struct tcphdr *tcp, __u8 flags, __u32 payload)
{
	__be16 port = tcp->source;
	__be32 ack_seq = tcp->ack_seq;

	if (flags & FLAG_SYN)
		payload++;
	if (flags & FLAG_FIN)
		payload++;
	tcp->source = tcp->dest;
	tcp->dest = port;
	if (flags & FLAG_ACK) {
		tcp->seq = ack_seq;
		tcp->ack_seq = 0;
		((__u8 *)tcp)[13] = FLAG_RST;
	} else {
		tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + payload);
		tcp->seq = 0;
		((__u8 *)tcp)[13] = FLAG_RST | FLAG_ACK;
	}
	((__u8 *)tcp)[12] = (sizeof(*tcp) / 4) << 4;
	tcp->window = 0;
	tcp->urg_ptr = 0;
	tcp->check = 0;
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	__u8 mac[6];

	__builtin_memcpy(mac, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, mac, 6);
}

WHOLE int reset4(struct __sk_buff *skb)
{
	void *data, *end;
	struct iphdr *ip;
	struct tcphdr *tcp;
	__be32 address;
	__u8 flags;

	if (bpf_skb_change_tail(skb, TCP_END, 0) || bpf_skb_pull_data(skb, TCP_END))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	ip = data + L3_OFF;
	tcp = data + L4_OFF;
	if (data + TCP_END > end)
		return TC_ACT_SHOT;
	flags = tcp_flags(tcp);
	swap_macs(data);
	reset_tcp(tcp, flags, bpf_ntohs(ip->tot_len) - sizeof(*ip) - tcp->doff * 4);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(*tcp));
	ip->ttl = 64;
	ip->tos = 0;
	ip->check = 0;
	ip->check = ~fold16(sum_words((__u16 *)ip, sizeof(*ip) / 2));
	tcp->check = ~fold16(sum_words((__u16 *)tcp, sizeof(*tcp) / 2) +
			     sum_words((__u16 *)&ip->saddr, 4) + bpf_htons(IPPROTO_TCP) +
			     bpf_htons(sizeof(*tcp)));
	return bpf_redirect_peer(skb->ifindex, 0);
}

WHOLE int reset6(struct __sk_buff *skb)
{
	const __u32 whole = L4_OFF6 + sizeof(struct tcphdr);
	struct address address;
	void *data, *end;
	struct ip6 *ip;
	struct tcphdr *tcp;
	__u8 flags;

	if (bpf_skb_change_tail(skb, whole, 0) || bpf_skb_pull_data(skb, whole))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	ip = data + L3_OFF;
	tcp = data + L4_OFF6;
	if (data + whole > end)
		return TC_ACT_SHOT;
	flags = tcp_flags(tcp);
	swap_macs(data);
	reset_tcp(tcp, flags, bpf_ntohs(ip->length) - tcp->doff * 4);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->first = bpf_htonl(0x60000000);
	ip->length = bpf_htons(sizeof(*tcp));
	ip->hops = 64;
	tcp->check = ~fold16(sum_words((__u16 *)tcp, sizeof(*tcp) / 2) +
			     sum_words((__u16 *)&ip->saddr, 16) + bpf_htons(IPPROTO_TCP) +
			     bpf_htons(sizeof(*tcp)));
	return bpf_redirect_peer(skb->ifindex, 0);
}

/* A segment of no known connection, or of one that was cut, is answered with a reset; a reset
 * is not. */
WHOLE int answer_reset(struct __sk_buff *skb, const struct packet *p NONNULL, __u32 gate_slot, __u32 verdict)
{
	leave(skb, p, gate_slot, verdict);
	if (p->flags & FLAG_RST)
		return TC_ACT_SHOT;
	return p->family == 4 ? reset4(skb) : reset6(skb);
}

/* The agent's probe has come as far as an endpoint can be told apart from its service: the
 * gate was found, is open, and has a load balancer. It goes back with what it saw. */
WHOLE int answer_probe(struct __sk_buff *skb, __u32 gate_slot)
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
		return leave(skb, NULL, NOBODY, DROP_GATE_CLOSED);
	if (bpf_skb_pull_data(skb, UDP_END + sizeof(*probe)))
		return leave(skb, NULL, NOBODY, DROP_MALFORMED);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data;
	ip = data + L3_OFF;
	udp = data + L4_OFF;
	probe = data + UDP_END;
	if ((void *)(probe + 1) > end || udp->dest != bpf_htons(PROBE_PORT) ||
	    probe->magic != PROBE_MAGIC || probe->gate != gate_slot)
		return leave(skb, NULL, NOBODY, DROP_MALFORMED);
	probe->generation = gate->generation;
	probe->balancer_ip = gate->balancer_ip.w[3];
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
