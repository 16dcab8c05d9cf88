//! What is not of EC2: load balancers, people, topics, accounts, quotas and the audit trail.

use aws::Service;

use super::OTHER;
use crate::cli::reads::kinds::{Column, Kind, Narrow};

/// In the order of the list.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "load-balancer",
        aliases: &["nlb", "lb", "balancer"],
        service: Service::Elbv2,
        operation: "DescribeLoadBalancers",
        list: "LoadBalancers",
        id: "LoadBalancerArn",
        names: "[LoadBalancerName]",
        event: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        columns: &[
            ("NAME", "LoadBalancerName"),
            ("TYPE", "Type"),
            ("SCHEME", "Scheme"),
            ("STATE", "State.Code"),
            ("VPC", "VpcId"),
            ("ZONES", "AvailabilityZones[].ZoneName"),
            ("ARN", "LoadBalancerArn"),
        ],
        wide: &[
            ("DNS", "DNSName"),
            ("SUBNETS", "AvailabilityZones[].SubnetId"),
            ("GROUPS", "SecurityGroups"),
            ("CREATED", "CreatedTime"),
        ],
        refers: &[
            ("vpc", "VpcId"),
            ("subnet", "AvailabilityZones[].SubnetId"),
            ("security-group", "SecurityGroups"),
        ],
        ..OTHER
    },
    Kind {
        name: "target-group",
        aliases: &["tg"],
        service: Service::Elbv2,
        operation: "DescribeTargetGroups",
        list: "TargetGroups",
        id: "TargetGroupArn",
        names: "[TargetGroupName]",
        event: "AWS::ElasticLoadBalancingV2::TargetGroup",
        columns: &[
            ("NAME", "TargetGroupName"),
            ("PROTOCOL", "Protocol"),
            ("PORT", "Port"),
            ("TARGETS", "TargetType"),
            ("VPC", "VpcId"),
            ("ARN", "TargetGroupArn"),
        ],
        wide: &[
            ("LOAD BALANCERS", "LoadBalancerArns"),
            ("HEALTH CHECK", "HealthCheckProtocol"),
        ],
        refers: &[("vpc", "VpcId"), ("load-balancer", "LoadBalancerArns")],
        ..OTHER
    },
    Kind {
        name: "listener",
        service: Service::Elbv2,
        operation: "DescribeListeners",
        list: "Listeners",
        id: "ListenerArn",
        narrow: Narrow::Each {
            kind: "load-balancer",
            parameter: "LoadBalancerArn",
            and_without: false,
        },
        event: "AWS::ElasticLoadBalancingV2::Listener",
        columns: &[
            ("PROTOCOL", "Protocol"),
            ("PORT", "Port"),
            ("TARGET GROUP", "DefaultActions[].TargetGroupArn"),
            ("ARN", "ListenerArn"),
        ],
        wide: &[("LOAD BALANCER", "LoadBalancerArn")],
        refers: &[
            ("load-balancer", "LoadBalancerArn"),
            ("target-group", "DefaultActions[].TargetGroupArn"),
        ],
        ..OTHER
    },
    Kind {
        name: "target-health",
        aliases: &["target", "health"],
        service: Service::Elbv2,
        operation: "DescribeTargetHealth",
        list: "TargetHealthDescriptions",
        id: "join('/', [TargetGroupArn, Target.Id, Target.Port])",
        names: "[Target.Id, TargetGroupArn]",
        narrow: Narrow::Each {
            kind: "target-group",
            parameter: "TargetGroupArn",
            and_without: false,
        },
        columns: &[
            ("TARGET", "Target.Id"),
            ("PORT", "Target.Port"),
            ("ZONE", "Target.AvailabilityZone"),
            ("HEALTH", "TargetHealth.State"),
            ("REASON", "TargetHealth.Reason"),
            ("TARGET GROUP", "TargetGroupArn"),
        ],
        wide: &[("DESCRIPTION", "TargetHealth.Description")],
        refers: &[("target-group", "TargetGroupArn")],
        ..OTHER
    },
    Kind {
        name: "user",
        operation: "ListUsers",
        list: "Users",
        id: "UserName",
        also: "[Arn, UserId]",
        event: "AWS::IAM::User",
        columns: &[
            ("USER", "UserName"),
            ("ID", "UserId"),
            ("CREATED", "CreateDate"),
            ("ARN", "Arn"),
        ],
        wide: IAM_WIDE,
        ..IAM
    },
    Kind {
        name: "role",
        operation: "ListRoles",
        list: "Roles",
        id: "RoleName",
        also: "[Arn, RoleId]",
        event: "AWS::IAM::Role",
        columns: &[
            ("ROLE", "RoleName"),
            ("ID", "RoleId"),
            ("CREATED", "CreateDate"),
            ("ARN", "Arn"),
        ],
        wide: IAM_WIDE,
        ..IAM
    },
    Kind {
        name: "group",
        aliases: &["user-group"],
        operation: "ListGroups",
        list: "Groups",
        id: "GroupName",
        also: "[Arn, GroupId]",
        event: "AWS::IAM::Group",
        columns: &[
            ("GROUP", "GroupName"),
            ("ID", "GroupId"),
            ("CREATED", "CreateDate"),
            ("ARN", "Arn"),
        ],
        ..IAM
    },
    Kind {
        name: "policy",
        operation: "ListPolicies",
        with: &[("Scope", "Local")],
        list: "Policies",
        id: "PolicyName",
        also: "[Arn, PolicyId]",
        event: "AWS::IAM::Policy",
        columns: &[
            ("POLICY", "PolicyName"),
            ("ID", "PolicyId"),
            ("VERSION", "DefaultVersionId"),
            ("ATTACHED", "AttachmentCount"),
            ("ARN", "Arn"),
        ],
        wide: &[("UPDATED", "UpdateDate"), ("DESCRIPTION", "Description")],
        ..IAM
    },
    Kind {
        name: "access-key",
        aliases: &["key"],
        operation: "ListAccessKeys",
        list: "AccessKeyMetadata",
        id: "AccessKeyId",
        narrow: Narrow::Each {
            kind: "user",
            parameter: "UserName",
            and_without: true,
        },
        event: "AWS::IAM::AccessKey",
        columns: &[
            ("ACCESS KEY", "AccessKeyId"),
            ("USER", "UserName"),
            ("STATUS", "Status"),
            ("CREATED", "CreateDate"),
        ],
        refers: &[("user", "UserName")],
        ..IAM
    },
    Kind {
        name: "topic",
        service: Service::Sns,
        operation: "ListTopics",
        list: "Topics",
        id: "TopicArn",
        event: "Ginnel::topic",
        columns: &[("TOPIC", "TopicArn")],
        ..OTHER
    },
    Kind {
        name: "subscription",
        aliases: &["sub"],
        service: Service::Sns,
        operation: "ListSubscriptions",
        list: "Subscriptions",
        id: "SubscriptionArn",
        // One that is not confirmed has no ARN of its own.
        names: "[Endpoint]",
        event: "Ginnel::subscription",
        columns: &[
            ("PROTOCOL", "Protocol"),
            ("ENDPOINT", "Endpoint"),
            ("TOPIC", "TopicArn"),
            ("SUBSCRIPTION", "SubscriptionArn"),
        ],
        wide: &[("OWNER", "Owner")],
        refers: &[("topic", "TopicArn")],
        ..OTHER
    },
    Kind {
        name: "account",
        service: Service::Ginnel,
        operation: "ListAccounts",
        list: "accounts",
        id: "account",
        names: "[name]",
        columns: &[("ACCOUNT", "account"), ("NAME", "name")],
        ..OTHER
    },
    Kind {
        name: "quota-service",
        service: Service::Quotas,
        operation: "ListServices",
        list: "Services",
        id: "ServiceCode",
        names: "[ServiceName]",
        columns: &[("SERVICE", "ServiceCode"), ("NAME", "ServiceName")],
        ..OTHER
    },
    Kind {
        name: "quota",
        aliases: &["limit"],
        service: Service::Quotas,
        operation: "ListServiceQuotas",
        list: "Quotas",
        id: "QuotaCode",
        also: "[QuotaArn]",
        names: "[QuotaName, ServiceCode]",
        narrow: Narrow::Each {
            kind: "quota-service",
            parameter: "ServiceCode",
            and_without: false,
        },
        columns: &[
            ("QUOTA", "QuotaCode"),
            ("SERVICE", "ServiceCode"),
            ("VALUE", "Value"),
            ("NAME", "QuotaName"),
        ],
        wide: &[("ADJUSTABLE", "Adjustable"), ("ARN", "QuotaArn")],
        refers: &[("quota-service", "ServiceCode")],
        ..OTHER
    },
    Kind {
        name: "event",
        service: Service::Cloudtrail,
        operation: "LookupEvents",
        list: "Events",
        // The records themselves; see `fetch`.
        id: "eventID",
        also: "[requestID]",
        narrow: Narrow::Lookup("EventId"),
        columns: &[
            ("TIME", "eventTime"),
            ("CALLER", "userIdentity.[arn, invokedBy][?@] | [0]"),
            ("OPERATION", "eventName"),
            ("RESULT", "errorCode || 'ok'"),
            ("THINGS", "resources[].name"),
        ],
        wide: &[
            ("SERVICE", "eventSource"),
            ("FROM", "sourceIPAddress"),
            ("REQUEST", "requestID"),
            ("MESSAGE", "errorMessage"),
        ],
        ..OTHER
    },
];

/// What kinds of IAM have in common; of policies, only the account's own.
const IAM: Kind = Kind {
    service: Service::Iam,
    ..OTHER
};

const IAM_WIDE: &[Column] = &[
    ("PATH", "Path"),
    ("BOUNDARY", "PermissionsBoundary.PermissionsBoundaryArn"),
];
