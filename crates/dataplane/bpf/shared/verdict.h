/* SPDX-License-Identifier: Apache-2.0
 *
 * The vocabulary of refusals. One line a verdict: number, name, label, meaning, next step.
 * Numbers are never used again. `cargo xtask bpf` makes Rust's `model::Verdict` and
 * docs/verdicts.md from this table.
 */
#pragma once

#define VERDICTS(X) \
	X(1, MALFORMED, "malformed", "The frame is shorter than its headers say, or has IP options or a VLAN tag.", "Look at the sender: its network stack or a raw socket makes broken frames.") \
	X(2, NOT_IPV4, "not-ipv4", "The frame is neither IPv4 nor ARP (IPv6 arrives in a later version).", "Use the endpoint's IPv4 address. Neighbour discovery of an idle namespace also counts here and is harmless.") \
	X(3, FRAGMENT, "fragment", "The packet is a fragment; load balancers do not forward fragments.", "Send datagrams that fit the MTU of 8,500 bytes.") \
	X(4, PROTOCOL, "protocol", "The packet is neither TCP nor UDP; endpoints answer nothing else, not even ping.", "Test with a TCP connection (curl, nc) instead of ping.") \
	X(5, SPOOFED_MAC, "spoofed-mac", "The frame's source MAC is not the ENI's.", "Leave the interface's MAC as `ginnel attach` set it; do not bridge other hosts behind an ENI.") \
	X(6, SPOOFED_SOURCE, "spoofed-source", "The packet's source address is not the ENI's.", "Use the ENI's own address as source (source/destination check).") \
	X(7, SPOOFED_ARP, "spoofed-arp", "An ARP message claims an address or MAC that is not the ENI's.", "Nothing learns from ARP here; find out what sends it.") \
	X(8, NO_ENI, "no-eni", "The link is not, or not yet, a configured ENI.", "Wait for `ginnel status` to show the ENI attached; until then it is closed on purpose.") \
	X(9, NO_ROUTE, "no-route", "Nothing in this VPC has the destination address.", "Dial the endpoint's address (`aws ec2 describe-vpc-endpoints`), not the provider's.") \
	X(10, GATE_CLOSED, "endpoint-closed", "The endpoint exists but is closed: waiting for acceptance, rejected or being deleted.", "Ask the provider to accept the connection (`aws ec2 accept-vpc-endpoint-connections`).") \
	X(11, SECURITY_GROUP, "security-group", "No inbound rule of the endpoint's security groups admits the client.", "Authorize the client's address or group and the port (`aws ec2 authorize-security-group-ingress`).") \
	X(12, NO_LISTENER, "no-listener", "The service's load balancer has no listener on this protocol and port.", "Dial a port that the provider listens on, or ask the provider for a listener.") \
	X(13, NO_TARGET, "no-target", "The listener's target group has no target that can be reached.", "Ask the provider to register a target whose ENI is attached (`aws elbv2 describe-target-health`).") \
	X(14, PORT_ALLOCATION, "port-allocation", "No free source port on the load balancer's address towards the target.", "Add targets or zones: one address to one target carries about 64,000 connections.") \
	X(15, FLOW_QUOTA, "flow-quota", "The ENI has as many flows as it may have.", "Close idle connections, or raise the quota (`ginnel up --flows-per-eni`).") \
	X(16, FLOW_TABLE_FULL, "flow-table-full", "The host's flow table is full.", "Raise `ginnel up --flows`; see which ENI holds most with `ginnel status`.") \
	X(17, NO_FLOW, "no-flow", "A packet in the middle of a connection that is not, or no longer, known: idle too long, or closed.", "Reconnect; use TCP keepalive below the idle time-out (350 s).") \
	X(18, FLOW_CUT, "flow-cut", "The connection was admitted by an endpoint that has been closed since.", "See the endpoint's state: the provider rejected it, or it was deleted.") \
	X(19, TARGET_GONE, "target-gone", "The target's ENI is no longer on this host.", "Reconnect: another target will be chosen.")

enum verdict {
	GO_ON = 0,
#define X(number, name, label, meaning, next) DROP_##name = number,
	VERDICTS(X)
#undef X
	VERDICT_SLOTS = 32, /* size of counter arrays */
};
