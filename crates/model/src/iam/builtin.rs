//! Managed policies that are there in every account: AWS's, by its names. Nobody can change them.
//!
//! They are the words of the code, not of a store: an upgrade may bring a newer text.

use alloc::vec;

use super::{Policy, Version};
use crate::account::AccountId;
use crate::id::PolicyId;
use crate::tag::Tags;
use crate::time::Millis;

/// 6 February 2015, 18:39:46 UTC: AWS's own oldest are of that day.
const SINCE: Millis = Millis(1_423_247_986_000);

struct Builtin {
    number: u128,
    name: &'static str,
    description: &'static str,
    document: &'static str,
}

/// `AdministratorAccess`.
pub const ADMINISTRATOR_ACCESS: &str = "AdministratorAccess";

const ALL: [Builtin; 4] = [
    Builtin {
        number: 1,
        name: ADMINISTRATOR_ACCESS,
        description: "Provides full access to all services and resources.",
        document: r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
}"#,
    },
    Builtin {
        number: 2,
        name: "PowerUserAccess",
        description: "Provides full access to all services and resources, except the management of users, groups and accounts.",
        document: r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "NotAction": [
                "iam:*",
                "organizations:*",
                "account:*"
            ],
            "Resource": "*"
        },
        {
            "Effect": "Allow",
            "Action": [
                "account:GetAccountInformation",
                "account:GetPrimaryEmail",
                "account:ListRegions",
                "iam:CreateServiceLinkedRole",
                "iam:DeleteServiceLinkedRole",
                "iam:ListRoles",
                "organizations:DescribeOrganization"
            ],
            "Resource": "*"
        }
    ]
}"#,
    },
    Builtin {
        number: 3,
        name: "ReadOnlyAccess",
        description: "Provides read access to everything that Ginnel serves.",
        document: r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ReadOnlyActions",
            "Effect": "Allow",
            "Action": [
                "cloudtrail:Describe*",
                "cloudtrail:Get*",
                "cloudtrail:List*",
                "cloudtrail:LookupEvents",
                "ec2:Describe*",
                "ec2:Get*",
                "ec2:SearchTransitGatewayRoutes",
                "elasticloadbalancing:Describe*",
                "iam:Get*",
                "iam:List*",
                "iam:Simulate*",
                "servicequotas:Get*",
                "servicequotas:List*",
                "sns:Get*",
                "sns:List*",
                "sts:GetCallerIdentity",
                "tag:Get*"
            ],
            "Resource": "*"
        }
    ]
}"#,
    },
    Builtin {
        number: 4,
        name: "AmazonVPCFullAccess",
        description: "Provides full access to VPCs and what is in them.",
        document: r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AmazonVPCFullAccess",
            "Effect": "Allow",
            "Action": [
                "ec2:AcceptVpcEndpointConnections",
                "ec2:AllocateAddress",
                "ec2:AssignPrivateIpAddresses",
                "ec2:AssociateAddress",
                "ec2:AssociateDhcpOptions",
                "ec2:AssociateRouteTable",
                "ec2:AssociateVpcCidrBlock",
                "ec2:AttachInternetGateway",
                "ec2:AttachNetworkInterface",
                "ec2:AuthorizeSecurityGroup*",
                "ec2:Create*",
                "ec2:Delete*",
                "ec2:Describe*",
                "ec2:DetachInternetGateway",
                "ec2:DetachNetworkInterface",
                "ec2:Disassociate*",
                "ec2:GetManagedPrefixList*",
                "ec2:GetSecurityGroupsForVpc",
                "ec2:ModifyManagedPrefixList",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:ModifySecurityGroupRules",
                "ec2:ModifySubnetAttribute",
                "ec2:ModifyVpc*",
                "ec2:RejectVpcEndpointConnections",
                "ec2:ReleaseAddress",
                "ec2:Replace*",
                "ec2:ResetNetworkInterfaceAttribute",
                "ec2:RevokeSecurityGroup*",
                "ec2:StartVpcEndpointServicePrivateDnsVerification",
                "ec2:UnassignPrivateIpAddresses",
                "ec2:UpdateSecurityGroupRuleDescriptions*"
            ],
            "Resource": "*"
        }
    ]
}"#,
    },
];

impl Builtin {
    fn policy(&self) -> Policy {
        let version = Version {
            number: 1,
            document: self.document.into(),
            created: SINCE,
        };
        Policy {
            id: PolicyId::new(self.number),
            owner: AccountId::AWS,
            name: self.name.into(),
            path: "/".into(),
            description: Some(self.description.into()),
            created: SINCE,
            updated: SINCE,
            versions: vec![version],
            default: 1,
            next: 2,
            tags: Tags::new(),
        }
    }
}

/// All of them.
pub fn all() -> impl Iterator<Item = Policy> {
    ALL.iter().map(Builtin::policy)
}

/// Whether this is one of theirs.
pub fn is_builtin(id: PolicyId) -> bool {
    ALL.iter().any(|it| PolicyId::new(it.number) == id)
}

/// The one with this id.
pub fn find(id: PolicyId) -> Option<Policy> {
    let found = ALL.iter().find(|it| PolicyId::new(it.number) == id);
    found.map(Builtin::policy)
}
