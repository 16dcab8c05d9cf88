//! Which function carries out which operation of EC2.

use super::route;
use crate::api::{
    account_attribute, address, connection, dhcp_options, endpoint, endpoint_list, endpoint_modify,
    endpoint_service, flow_log, insights, interface, internet_gateway, nat_gateway, network_acl,
    network_acl_entry, notification, peering, place, prefix_list, route as routes, route_table,
    route_table_association, security_group, security_group_reference, security_group_rule,
    service_catalog, service_name, service_permission, subnet, tag, vpc, vpc_parts,
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
    write AssociateAddress address::associate;
    done DisassociateAddress address::disassociate;
    read DescribeAddresses address::describe;
    read DescribeAddressesAttribute address::describe_attribute;
    write CreateNatGateway nat_gateway::create;
    read DescribeNatGateways nat_gateway::describe;
    write DeleteNatGateway nat_gateway::delete;
    // security group
    write CreateSecurityGroup security_group::create;
    read DescribeSecurityGroups security_group::describe;
    write DeleteSecurityGroup security_group::delete;
    read DescribeSecurityGroupReferences security_group_reference::describe;
    read DescribeStaleSecurityGroups security_group_reference::describe_stale;
    // security group rule
    write AuthorizeSecurityGroupIngress security_group_rule::authorize_ingress;
    write AuthorizeSecurityGroupEgress security_group_rule::authorize_egress;
    write RevokeSecurityGroupIngress security_group_rule::revoke_ingress;
    write RevokeSecurityGroupEgress security_group_rule::revoke_egress;
    read DescribeSecurityGroupRules security_group_rule::describe;
    write ModifySecurityGroupRules security_group_rule::modify;
    write UpdateSecurityGroupRuleDescriptionsIngress security_group_rule::describe_ingress;
    write UpdateSecurityGroupRuleDescriptionsEgress security_group_rule::describe_egress;
    // interface
    write CreateNetworkInterface interface::create;
    read DescribeNetworkInterfaces interface::describe;
    done DeleteNetworkInterface interface::delete;
    done ModifyNetworkInterfaceAttribute interface::modify;
    read DescribeNetworkInterfaceAttribute interface::describe_attribute;
    done ResetNetworkInterfaceAttribute interface::reset;
    write AssignPrivateIpAddresses interface::assign;
    done UnassignPrivateIpAddresses interface::unassign;
    write AttachNetworkInterface interface::attach;
    done DetachNetworkInterface interface::detach;
    // flow log
    write CreateFlowLogs flow_log::create;
    read DescribeFlowLogs flow_log::describe;
    write DeleteFlowLogs flow_log::delete;
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
    write ModifyVpcEndpointServicePayerResponsibility endpoint_service::modify_payer;
    write StartVpcEndpointServicePrivateDnsVerification service_name::verify;
    // connection
    write AcceptVpcEndpointConnections connection::accept;
    write RejectVpcEndpointConnections connection::reject;
    read DescribeVpcEndpointConnections connection::describe;
    // connection notification
    write CreateVpcEndpointConnectionNotification notification::create;
    read DescribeVpcEndpointConnectionNotifications notification::describe;
    write ModifyVpcEndpointConnectionNotification notification::modify;
    write DeleteVpcEndpointConnectionNotifications notification::delete;
    // prefix list
    read DescribePrefixLists prefix_list::describe_services;
    read DescribeManagedPrefixLists prefix_list::describe;
    read GetManagedPrefixListEntries prefix_list::entries;
    read GetManagedPrefixListAssociations prefix_list::associations;
    write CreateManagedPrefixList prefix_list::create;
    write ModifyManagedPrefixList prefix_list::modify;
    write DeleteManagedPrefixList prefix_list::delete;
    // endpoint
    write CreateVpcEndpoint endpoint::create;
    write ModifyVpcEndpoint endpoint_modify::modify;
    read DescribeVpcEndpoints endpoint_list::describe;
    read DescribeVpcEndpointAssociations endpoint_list::associations;
    write DeleteVpcEndpoints endpoint::delete;
    // network insights
    write CreateNetworkInsightsPath insights::create;
    read DescribeNetworkInsightsPaths insights::describe;
    write DeleteNetworkInsightsPath insights::delete;
    write StartNetworkInsightsAnalysis insights::start;
    read DescribeNetworkInsightsAnalyses insights::describe_analyses;
    write DeleteNetworkInsightsAnalysis insights::delete_analysis;
    // peering
    write CreateVpcPeeringConnection peering::create;
    read DescribeVpcPeeringConnections peering::describe;
    write AcceptVpcPeeringConnection peering::accept;
    write RejectVpcPeeringConnection peering::reject;
    write DeleteVpcPeeringConnection peering::delete;
    // transit gateways
    refuse CreateTransitGateway, "transit gateways have no data plane yet";
    refuse CreateTransitGatewayVpcAttachment, "transit gateways have no data plane yet";
    refuse DeleteTransitGateway, "transit gateways have no data plane yet";
    refuse DeleteTransitGatewayVpcAttachment, "transit gateways have no data plane yet";
    refuse DescribeTransitGatewayVpcAttachments, "transit gateways have no data plane yet";
    refuse DescribeTransitGateways, "transit gateways have no data plane yet";
}
