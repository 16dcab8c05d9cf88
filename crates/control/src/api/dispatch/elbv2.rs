//! Which function carries out which operation of Elastic Load Balancing v2.

use super::route;
use crate::api::{elbv2_tags, listener, load_balancer, target, target_group};

route! { Elbv2 elbv2
    // load balancer
    write CreateLoadBalancer load_balancer::create;
    read DescribeLoadBalancers load_balancer::describe;
    write DeleteLoadBalancer load_balancer::delete;
    read DescribeLoadBalancerAttributes load_balancer::describe_attributes;
    // target group
    write CreateTargetGroup target_group::create;
    read DescribeTargetGroups target_group::describe;
    write DeleteTargetGroup target_group::delete;
    read DescribeTargetGroupAttributes target_group::describe_attributes;
    // target
    write RegisterTargets target::register;
    write DeregisterTargets target::deregister;
    read DescribeTargetHealth target::describe_health;
    // listener
    write CreateListener listener::create;
    read DescribeListeners listener::describe;
    write DeleteListener listener::delete;
    // tags
    write AddTags elbv2_tags::add;
    write RemoveTags elbv2_tags::remove;
    read DescribeTags elbv2_tags::describe;
}
