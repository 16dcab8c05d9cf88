//! Which function carries out which operation of EC2.

use super::route;
use crate::api::{
    account_attribute, address, connection, dhcp_options, endpoint, endpoint_modify,
    endpoint_service, interface, internet_gateway, nat_gateway, network_acl, network_acl_entry,
    place, route as routes, route_table, route_table_association, security_group,
    security_group_rule, service_catalog, service_permission, subnet, tag, vpc, vpc_parts,
};

route! { Ec2 ec2
    // vpc
    write CreateVpc vpc::create;
    read DescribeVpcs vpc::describe;
    done DeleteVpc vpc::delete;
    done ModifyVpcAttribute vpc::modify_attribute;
    read DescribeVpcAttribute vpc::describe_attribute;
    write CreateDefaultVpc vpc_parts::create_default;
    read DescribeAccountAttributes account_attribute::describe;
    // subnet
    write CreateSubnet subnet::create;
    read DescribeSubnets subnet::describe;
    done DeleteSubnet subnet::delete;
    done ModifySubnetAttribute subnet::modify_attribute;
    // dhcp options
    write CreateDhcpOptions dhcp_options::create;
    read DescribeDhcpOptions dhcp_options::describe;
    done DeleteDhcpOptions dhcp_options::delete;
    done AssociateDhcpOptions dhcp_options::associate;
    // route table
    write CreateRouteTable route_table::create;
    read DescribeRouteTables route_table::describe;
    done DeleteRouteTable route_table::delete;
    write CreateRoute routes::create;
    done ReplaceRoute routes::replace;
    done DeleteRoute routes::delete;
    write AssociateRouteTable route_table_association::associate;
    done DisassociateRouteTable route_table_association::disassociate;
    write ReplaceRouteTableAssociation route_table_association::replace;
    // network acl
    write CreateNetworkAcl network_acl::create;
    read DescribeNetworkAcls network_acl::describe;
    done DeleteNetworkAcl network_acl::delete;
    write ReplaceNetworkAclAssociation network_acl::replace_association;
    done CreateNetworkAclEntry network_acl_entry::create;
    done ReplaceNetworkAclEntry network_acl_entry::replace;
    done DeleteNetworkAclEntry network_acl_entry::delete;
    // gateways
    write CreateInternetGateway internet_gateway::create;
    done AttachInternetGateway internet_gateway::attach;
    done DetachInternetGateway internet_gateway::detach;
    read DescribeInternetGateways internet_gateway::describe;
    done DeleteInternetGateway internet_gateway::delete;
    write AllocateAddress address::allocate;
    done ReleaseAddress address::release;
    read DescribeAddresses address::describe;
    read DescribeAddressesAttribute address::describe_attribute;
    write CreateNatGateway nat_gateway::create;
    read DescribeNatGateways nat_gateway::describe;
    write DeleteNatGateway nat_gateway::delete;
    // security group
    write CreateSecurityGroup security_group::create;
    read DescribeSecurityGroups security_group::describe;
    write DeleteSecurityGroup security_group::delete;
    // security group rule
    write AuthorizeSecurityGroupIngress security_group_rule::authorize_ingress;
    write AuthorizeSecurityGroupEgress security_group_rule::authorize_egress;
    write RevokeSecurityGroupIngress security_group_rule::revoke_ingress;
    write RevokeSecurityGroupEgress security_group_rule::revoke_egress;
    read DescribeSecurityGroupRules security_group_rule::describe;
    // interface
    write CreateNetworkInterface interface::create;
    read DescribeNetworkInterfaces interface::describe;
    done DeleteNetworkInterface interface::delete;
    // tag
    done CreateTags tag::create;
    done DeleteTags tag::delete;
    read DescribeTags tag::describe;
    // place
    read DescribeRegions place::describe_regions;
    read DescribeAvailabilityZones place::describe_zones;
    // endpoint service
    write CreateVpcEndpointServiceConfiguration endpoint_service::create;
    write ModifyVpcEndpointServiceConfiguration endpoint_service::modify;
    read DescribeVpcEndpointServiceConfigurations endpoint_service::describe;
    write DeleteVpcEndpointServiceConfigurations endpoint_service::delete;
    read DescribeVpcEndpointServices service_catalog::describe;
    write ModifyVpcEndpointServicePermissions service_permission::modify;
    read DescribeVpcEndpointServicePermissions service_permission::describe;
    // connection
    write AcceptVpcEndpointConnections connection::accept;
    write RejectVpcEndpointConnections connection::reject;
    read DescribeVpcEndpointConnections connection::describe;
    // endpoint
    write CreateVpcEndpoint endpoint::create;
    write ModifyVpcEndpoint endpoint_modify::modify;
    read DescribeVpcEndpoints endpoint::describe;
    write DeleteVpcEndpoints endpoint::delete;
    // peering and transit gateways
    refuse AcceptVpcPeeringConnection, "VPC peering has no data plane yet";
    refuse CreateVpcPeeringConnection, "VPC peering has no data plane yet";
    refuse DeleteVpcPeeringConnection, "VPC peering has no data plane yet";
    refuse DescribeVpcPeeringConnections, "VPC peering has no data plane yet";
    refuse RejectVpcPeeringConnection, "VPC peering has no data plane yet";
    refuse CreateTransitGateway, "transit gateways have no data plane yet";
    refuse CreateTransitGatewayVpcAttachment, "transit gateways have no data plane yet";
    refuse DeleteTransitGateway, "transit gateways have no data plane yet";
    refuse DeleteTransitGatewayVpcAttachment, "transit gateways have no data plane yet";
    refuse DescribeTransitGatewayVpcAttachments, "transit gateways have no data plane yet";
    refuse DescribeTransitGateways, "transit gateways have no data plane yet";
}
