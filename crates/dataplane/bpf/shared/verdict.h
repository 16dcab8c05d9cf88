/* SPDX-License-Identifier: Apache-2.0
 *
 * The vocabulary of refusals. One line a verdict: number, name, label, meaning, next step.
 * Numbers are never used again. `cargo xtask bpf` makes Rust's `model::Verdict` and
 * docs/verdicts.md from this table.
 */
#pragma once

#define VERDICTS(X) \
	X(1, MALFORMED, "malformed", "The frame is shorter than its headers say, or has IP options.", "Look at the sender: its network stack or a raw socket makes broken frames.") \
	X(2, NOT_IP, "not-ip", "The frame is neither IPv4, IPv6 nor ARP, or carries a VLAN tag.", "Send plain IP; a VPC is an L3 network and carries nothing else.") \
	X(3, FRAGMENT, "fragment", "The packet is a fragment. No fragment is forwarded: only the first of them has the ports that rules are about.", "Send datagrams that fit the MTU of 8,500 bytes.") \
	X(4, PROTOCOL, "protocol", "The packet's protocol cannot go there: endpoints take TCP and UDP only and answer no ping; NAT gateways take TCP, UDP and ping.", "Test an endpoint with a TCP connection (curl, nc) instead of ping.") \
	X(5, SPOOFED_MAC, "spoofed-mac", "The frame's source MAC is not the ENI's.", "Leave the interface's MAC as `ginnel attach` set it; do not bridge other hosts behind an ENI.") \
	X(6, SPOOFED_SOURCE, "spoofed-source", "The packet's source address is not the ENI's.", "Use one of the ENI's own addresses as source, or switch its source/destination check off (`aws ec2 modify-network-interface-attribute --no-source-dest-check`).") \
	X(7, SPOOFED_ARP, "spoofed-arp", "An ARP or neighbour discovery message claims an address or MAC that is not the ENI's.", "Nothing learns from such messages here; find out what sends it.") \
	X(8, NO_ENI, "no-eni", "The link is not, or not yet, a configured ENI.", "Wait for `ginnel status` to show the ENI attached; until then it is closed on purpose.") \
	X(9, NO_ROUTE, "no-route", "No route of the sender's subnet leads to the destination address, or nothing there has it.", "Look at the subnet's route table (`aws ec2 describe-route-tables`) and at who has the address; dial an endpoint's own address, not the provider's.") \
	X(10, GATE_CLOSED, "endpoint-closed", "The endpoint exists but is closed: waiting for acceptance, rejected or being deleted.", "Ask the provider to accept the connection (`aws ec2 accept-vpc-endpoint-connections`).") \
	X(11, SECURITY_GROUP, "security-group", "No inbound rule of the receiver's security groups (an ENI's, or an endpoint's) admits the sender.", "Authorize the sender's address or group and the port (`aws ec2 authorize-security-group-ingress`).") \
	X(12, NO_LISTENER, "no-listener", "The service's load balancer has no listener on this protocol and port.", "Dial a port that the provider listens on, or ask the provider for a listener.") \
	X(13, NO_TARGET, "no-target", "The listener's target group has no target that can be reached.", "Ask the provider to register a target whose ENI is attached (`aws elbv2 describe-target-health`).") \
	X(14, PORT_ALLOCATION, "port-allocation", "No free source port on the load balancer's or NAT gateway's address towards the target.", "Add targets, zones or gateways: one address to one target carries about 64,000 connections.") \
	X(15, FLOW_QUOTA, "flow-quota", "The ENI has as many flows as it may have.", "Close idle connections, or raise the quota (`ginnel up --flows-per-eni`).") \
	X(16, FLOW_TABLE_FULL, "flow-table-full", "The host's flow table is full.", "Raise `ginnel up --flows`; see which ENI holds most with `ginnel status`.") \
	X(17, NO_FLOW, "no-flow", "A packet in the middle of a connection that is not, or no longer, known: idle too long, or closed.", "Reconnect; use TCP keepalive below the idle time-out (350 s).") \
	X(18, FLOW_CUT, "flow-cut", "The connection was admitted by an endpoint that has been closed since.", "See the endpoint's state: the provider rejected it, or it was deleted.") \
	X(19, TARGET_GONE, "target-gone", "The target's ENI is no longer on this host.", "Reconnect: another target will be chosen.") \
	X(20, GROUP_EGRESS, "security-group-egress", "No outbound rule of the sender's security groups admits the destination.", "Authorize the destination and the port (`aws ec2 authorize-security-group-egress`).") \
	X(21, ACL_EGRESS, "acl-egress", "The network ACL of the sender's subnet refuses the packet on its way out.", "Look for the lowest number that matches among the outbound entries (`aws ec2 describe-network-acls`).") \
	X(22, ACL_INGRESS, "acl-ingress", "The network ACL of the receiver's subnet refuses the packet on its way in.", "Look for the lowest number that matches among the inbound entries (`aws ec2 describe-network-acls`).") \
	X(23, ACL_REPLY_EGRESS, "acl-reply-egress", "The network ACL of the answering side's subnet refuses the answer on its way out. ACLs are stateless: answers need an entry of their own.", "Allow the clients' ports (1024-65535) outbound in the answering subnet's ACL.") \
	X(24, ACL_REPLY_INGRESS, "acl-reply-ingress", "The network ACL of the client's subnet refuses the answer on its way in. ACLs are stateless: answers need an entry of their own.", "Allow the clients' ports (1024-65535) inbound in the client subnet's ACL.") \
	X(25, ROUTE_BLACKHOLE, "blackhole", "The route that matches leads to something that is gone: its state is `blackhole`.", "Replace or delete the route (`aws ec2 replace-route`).") \
	X(26, NO_UPLINK, "no-uplink", "The route leads to the internet, and this host has no way out.", "Name one: `ginnel up --uplink NAMESPACE`. Without it nothing leaves by accident.") \
	X(27, NO_PUBLIC_ADDRESS, "no-public-address", "The route leads to an internet gateway, and the ENI has no address that the outside knows.", "Associate an Elastic IP address (`aws ec2 associate-address`), or route through a NAT gateway.") \
	X(28, DEST_CHECK, "destination-check", "The route leads to an ENI that takes only packets for its own addresses.", "Switch its source/destination check off (`aws ec2 modify-network-interface-attribute --no-source-dest-check`).") \
	X(29, MTU, "mtu", "The packet is larger than 8,500 bytes. As in AWS no ICMP message says so.", "Leave the interface's MTU as `ginnel attach` set it.") \
	X(30, ICMP_UNRELATED, "icmp-unrelated", "An ICMP error about a packet of no known flow.", "Harmless when a flow has just ended; otherwise find out what sends it.") \
	X(31, ASYMMETRIC, "asymmetric", "The answer's route does not lead back to where the flow came from.", "Make the route tables of both sides lead to each other the same way.") \
	X(32, GATEWAY_ENDPOINT, "gateway-endpoint", "The route leads to a gateway endpoint, which carries no packets in this version.", "Use an interface endpoint.") \
	X(33, LINK_LOCAL, "link-local", "Link-local or multicast IPv6, such as router solicitations of an idle namespace.", "Harmless: no broadcast or multicast leaves an ENI.") \
	X(34, PROVIDER_ACL, "provider-acl", "A network ACL between the service's load balancer and its target refuses.", "Ask the provider to open the ACLs of the load balancer's and the target's subnets, answers included.") \
	X(35, TARGET_GROUP, "target-security-group", "No inbound rule of the target's security groups admits the load balancer.", "Ask the provider to authorize the load balancer's address or group on the target's port.") \
	X(36, BALANCER_GROUP, "balancer-security-group", "No inbound rule of the load balancer's security groups admits the client.", "Ask the provider to authorize the clients, or to switch off the groups for PrivateLink (`aws elbv2 set-security-groups --enforce-security-group-inbound-rules-on-private-link-traffic off`).") \
	X(37, EXTENSION, "extension-header", "The packet has an IPv6 extension header.", "Send without extension headers.")

enum verdict {
	GO_ON = 0,
#define X(number, name, label, meaning, next) DROP_##name = number,
	VERDICTS(X)
#undef X
	VERDICT_SLOTS = 48, /* size of counter arrays */
};
