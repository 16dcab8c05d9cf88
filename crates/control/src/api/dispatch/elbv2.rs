//! Which function carries out which operation of Elastic Load Balancing v2.

use super::route;
use crate::api::{
    elbv2_attributes, elbv2_limits, elbv2_tags, listener, load_balancer, load_balancer_subnets,
    target, target_group,
};

route! { Elbv2 elbv2
    // load balancer
    write CreateLoadBalancer load_balancer::create;
    read DescribeLoadBalancers load_balancer::describe;
    write DeleteLoadBalancer load_balancer::delete;
    write SetSubnets load_balancer_subnets::set_subnets;
    write SetSecurityGroups load_balancer_subnets::set_groups;
    write SetIpAddressType load_balancer_subnets::set_address_type;
    read DescribeCapacityReservation elbv2_limits::describe_capacity;
    // target group
    write CreateTargetGroup target_group::create;
    read DescribeTargetGroups target_group::describe;
    write DeleteTargetGroup target_group::delete;
    write ModifyTargetGroup target_group::modify;
    // target
    write RegisterTargets target::register;
    write DeregisterTargets target::deregister;
    read DescribeTargetHealth target::describe_health;
    // listener
    write CreateListener listener::create;
    read DescribeListeners listener::describe;
    write ModifyListener listener::modify;
    write DeleteListener listener::delete;
    // attributes
    read DescribeLoadBalancerAttributes elbv2_attributes::describe_balancer;
    write ModifyLoadBalancerAttributes elbv2_attributes::modify_balancer;
    read DescribeTargetGroupAttributes elbv2_attributes::describe_group;
    write ModifyTargetGroupAttributes elbv2_attributes::modify_group;
    read DescribeListenerAttributes elbv2_attributes::describe_listener;
    write ModifyListenerAttributes elbv2_attributes::modify_listener;
    // limits
    read DescribeAccountLimits elbv2_limits::describe_limits;
    read DescribeSSLPolicies elbv2_limits::describe_policies;
    // tags
    write AddTags elbv2_tags::add;
    write RemoveTags elbv2_tags::remove;
    read DescribeTags elbv2_tags::describe;
}
