//! Questions that several handlers ask.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::Ipv4Addr;

use super::{Claim, Facet, Name, Noun, Slot, World};
use crate::account::AccountId;
use crate::address::Address;
use crate::dhcp_options::DhcpOptions;
use crate::endpoint::Endpoint;
use crate::endpoint_service::EndpointService;
use crate::flow_log::FlowLog;
use crate::host::{BalancerSlot, EniSlot, GateSlot, GroupSlot, TargetGroupSlot, VpcNumber};
use crate::id::{
    AllocationId, BalancerId, DhcpOptionsId, EndpointId, FlowLogId, InterfaceId, InternetGatewayId,
    NatGatewayId, NetworkAclId, NotificationId, PeeringId, PrefixListId, RouteTableId,
    SecurityGroupId, ServiceId, SubnetId, TargetGroupId, VpcId,
};
use crate::interface::Interface;
use crate::internet_gateway::InternetGateway;
use crate::load_balancer::LoadBalancer;
use crate::nat_gateway::NatGateway;
use crate::network_acl::NetworkAcl;
use crate::notification::Notification;
use crate::peering::Peering;
use crate::prefix_list::PrefixList;
use crate::route_table::RouteTable;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::target_group::TargetGroup;
use crate::time::Millis;
use crate::vpc::Vpc;

/// Things of one kind, in the order of their ids.
pub type Found<'a, N> = Box<dyn Iterator<Item = &'a Arc<N>> + 'a>;

macro_rules! owned {
    ($($method:ident $table:ident $id:ty => $noun:ty),+ $(,)?) => {$(
        #[doc = concat!("A `", stringify!($noun), "` of this account; another account's does not exist.")]
        pub fn $method(&self, owner: AccountId, id: $id) -> Option<&Arc<$noun>> {
            self.$table.get(&id).filter(|found| found.owner == owner)
        }
    )+};
}

impl World {
    owned! {
        vpc vpcs VpcId => Vpc,
        subnet subnets SubnetId => Subnet,
        dhcp_options_set dhcp_options DhcpOptionsId => DhcpOptions,
        route_table route_tables RouteTableId => RouteTable,
        network_acl network_acls NetworkAclId => NetworkAcl,
        internet_gateway internet_gateways InternetGatewayId => InternetGateway,
        nat_gateway nat_gateways NatGatewayId => NatGateway,
        address addresses AllocationId => Address,
        security_group security_groups SecurityGroupId => SecurityGroup,
        interface interfaces InterfaceId => Interface,
        load_balancer load_balancers BalancerId => LoadBalancer,
        target_group target_groups TargetGroupId => TargetGroup,
        service services ServiceId => EndpointService,
        endpoint endpoints EndpointId => Endpoint,
        flow_log flow_logs FlowLogId => FlowLog,
        notification notifications NotificationId => Notification,
        prefix_list prefix_lists PrefixListId => PrefixList,
    }

    /// A peering connection that this account may see at this time.
    pub fn peering(&self, account: AccountId, id: PeeringId, now: Millis) -> Option<&Arc<Peering>> {
        let found = self.peerings.get(&id);
        found.filter(|peering| peering.is_visible_to(account, now))
    }

    /// The peering connection that the owner of one VPC asked for with another, while something
    /// may come of it.
    pub fn peering_asked(&self, from: VpcId, to: VpcId) -> Option<&Arc<Peering>> {
        self.claimant(Peering::request(from, to))
    }

    /// The accepted peering connection between two VPCs, whoever asked.
    pub fn peering_between(&self, one: VpcId, two: VpcId) -> Option<&Arc<Peering>> {
        self.claimant(Peering::way(one, two))
    }

    /// The things of one kind of an account, in the order of their ids.
    pub fn owned<N: Noun>(&self, owner: AccountId) -> Found<'_, N> {
        self.select(&Facet::Owner(owner, N::KIND))
    }

    /// The things of one kind that cannot be without this one.
    pub fn needing<N: Noun>(&self, name: impl Into<Name>) -> Found<'_, N> {
        self.select(&Facet::Needs(name.into()))
    }

    /// The things of one kind that name this one, and may outlive it.
    pub fn mentioning<N: Noun>(&self, name: impl Into<Name>) -> Found<'_, N> {
        self.select(&Facet::Mentions(name.into()))
    }

    /// The things of one kind of an account that have this tag.
    pub fn tagged<N: Noun>(&self, owner: AccountId, key: &str, value: &str) -> Found<'_, N> {
        self.select(&Facet::Tag(owner, N::KIND, key.into(), value.into()))
    }

    /// The things of one kind that everybody may see.
    pub fn public<N: Noun>(&self) -> Found<'_, N> {
        self.select(&Facet::Public(N::KIND))
    }

    /// The thing that claims this alone.
    pub fn claimant<N: Noun>(&self, claim: Claim) -> Option<&Arc<N>> {
        self.select(&Facet::Claims(claim)).next()
    }

    /// The names of all things that cannot be without this one: what blocks its removal.
    pub fn dependents(&self, name: impl Into<Name>) -> Box<dyn Iterator<Item = &Name> + '_> {
        Box::new(self.index.names(&Facet::Needs(name.into())))
    }

    /// The things of one kind that have a facet.
    pub fn select<N: Noun>(&self, facet: &Facet) -> Found<'_, N> {
        let names = self.index.names(facet);
        Box::new(names.filter_map(|name| N::find(self, name)))
    }

    /// The interfaces of a subnet.
    pub fn interfaces_of(&self, subnet: SubnetId) -> impl Iterator<Item = &Arc<Interface>> {
        self.needing(subnet)
    }

    /// Whether an address of a subnet is in use.
    pub fn is_address_in_use(&self, subnet: SubnetId, ip: Ipv4Addr) -> bool {
        let claim = Facet::Claims(Claim::Address(subnet, ip));
        self.index.count(&claim) > 0
    }

    /// The lowest address of the subnet that is free, apart from those in `taken` (by changes
    /// that are not applied yet).
    pub fn free_address(&self, subnet: &Subnet, taken: &[Ipv4Addr]) -> Option<Ipv4Addr> {
        subnet
            .usable()
            .find(|ip| !self.is_address_in_use(subnet.id, *ip) && !taken.contains(ip))
    }

    /// Addresses left in a subnet.
    pub fn free_address_count(&self, subnet: &Subnet) -> usize {
        let taken = self.interfaces_of(subnet.id);
        let taken = taken.map(|interface| 1 + interface.secondary.len());
        subnet.size().saturating_sub(taken.sum())
    }

    /// The endpoints of a service, except those that are being deleted.
    pub fn connections_of(&self, service: ServiceId) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.mentioning::<Endpoint>(service)
            .filter(|endpoint| endpoint.state != crate::endpoint::State::Deleting)
    }

    /// The service that a load balancer is behind.
    pub fn service_of(&self, balancer: BalancerId) -> Option<&Arc<EndpointService>> {
        self.needing(balancer).next()
    }

    /// The main route table of a VPC.
    pub fn main_table(&self, vpc: VpcId) -> Option<&Arc<RouteTable>> {
        self.claimant(Claim::Part(Name::Vpc(vpc), "main route table"))
    }

    /// The default network ACL of a VPC.
    pub fn default_acl(&self, vpc: VpcId) -> Option<&Arc<NetworkAcl>> {
        self.claimant(Claim::Part(Name::Vpc(vpc), "default network ACL"))
    }

    /// The default DHCP options of an account.
    pub fn default_dhcp_options(&self, owner: AccountId) -> Option<&Arc<DhcpOptions>> {
        self.claimant(Claim::Part(Name::Account(owner), "default DHCP options"))
    }

    /// The default VPC of an account.
    pub fn default_vpc(&self, owner: AccountId) -> Option<&Arc<Vpc>> {
        self.claimant(Claim::Part(Name::Account(owner), "default VPC"))
    }

    /// The internet gateway of a VPC.
    pub fn internet_gateway_of(&self, vpc: VpcId) -> Option<&Arc<InternetGateway>> {
        self.claimant(Claim::Part(Name::Vpc(vpc), "internet gateway"))
    }

    /// The route table that a subnet is set to use; without one it uses the main table.
    pub fn table_of(&self, subnet: SubnetId) -> Option<&Arc<RouteTable>> {
        self.claimant(Claim::Part(Name::Subnet(subnet), "route table"))
    }

    /// The network ACL of a subnet.
    pub fn acl_of(&self, subnet: SubnetId) -> Option<&Arc<NetworkAcl>> {
        self.claimant(Claim::Part(Name::Subnet(subnet), "network ACL"))
    }

    /// Whether an account has this public address.
    pub fn is_public_address_in_use(&self, ip: Ipv4Addr) -> bool {
        self.public_address(ip).is_some()
    }

    /// The Elastic IP address that is this one.
    pub fn public_address(&self, ip: Ipv4Addr) -> Option<&Arc<Address>> {
        self.claimant(Claim::PublicAddress(ip))
    }

    /// The workload interface that has an address of a VPC.
    pub fn workload_at(&self, vpc: VpcId, ip: Ipv4Addr) -> Option<&Arc<Interface>> {
        let mut subnets = self.needing::<Subnet>(vpc);
        let subnet = subnets.find(|subnet| subnet.can_hold(ip))?;
        let found: &Arc<Interface> = self.claimant(Claim::Address(subnet.id, ip))?;
        Some(found).filter(|interface| !interface.is_managed())
    }

    /// The lowest free VPC number; 0 is the system VPC's.
    pub fn free_vpc_number(&self) -> VpcNumber {
        VpcNumber(self.index.free(Slot::Vpc))
    }

    /// The lowest free ENI slot; 0 is Ginnel's own.
    pub fn free_eni_slot(&self) -> EniSlot {
        EniSlot(self.index.free(Slot::Eni))
    }

    /// The lowest free gate slots, as many as asked for.
    pub fn free_gate_slots(&self, count: usize) -> alloc::vec::Vec<GateSlot> {
        let slots = self.index.free_many(Slot::Gate, count);
        slots.into_iter().map(GateSlot).collect()
    }

    /// The lowest free security group slot.
    pub fn free_group_slot(&self) -> GroupSlot {
        GroupSlot(self.index.free(Slot::Group))
    }

    /// The lowest free load balancer slot.
    pub fn free_balancer_slot(&self) -> BalancerSlot {
        BalancerSlot(self.index.free(Slot::Balancer))
    }

    /// The lowest free target group slot.
    pub fn free_target_group_slot(&self) -> TargetGroupSlot {
        TargetGroupSlot(self.index.free(Slot::TargetGroup))
    }
}
