//! Quotas: one list, AWS's defaults, the operator's values.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use std::collections::BTreeMap;

use aws::Fault;
use model::host::{MAX_GROUPS_PER_ENI, MAX_RULES_PER_GROUP, MAX_TARGETS_PER_GROUP};

use super::Call;

/// One quota.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// AWS's code, which the operator gives to change it: `ginnel up --quota CODE=N`.
    pub(crate) code: &'static str,
    /// The service that it belongs to, as Service Quotas calls it.
    pub(crate) service: &'static str,
    /// Its name in Service Quotas.
    pub(crate) name: &'static str,
    /// AWS's default.
    pub(crate) default: u32,
    /// What a host's tables hold; a value above this counts as this.
    pub(crate) most: Option<u32>,
}

impl Quota {
    /// Whether a value above the default has an effect.
    pub(crate) fn is_adjustable(&self) -> bool {
        self.most.is_none_or(|most| most > self.default)
    }
}

macro_rules! quotas {
    ($($(#[$doc:meta])* $id:ident $service:literal $code:literal $default:literal $name:literal $(at most $most:expr)?;)+) => {
        $($(#[$doc])* pub(crate) const $id: Quota = Quota {
            code: $code,
            service: $service,
            name: $name,
            default: $default,
            most: quotas!(@most $($most)?),
        };)+

        /// All of them.
        pub(crate) const ALL: &[Quota] = &[$($id),+];
    };
    (@most) => { None };
    (@most $most:expr) => { Some($most as u32) };
}

quotas! {
    /// VPCs of an account.
    VPCS "vpc" "L-F678F1CE" 5 "VPCs per Region";
    /// Subnets of a VPC.
    SUBNETS "vpc" "L-407747CB" 200 "Subnets per VPC";
    /// Route tables of a VPC.
    ROUTE_TABLES "vpc" "L-589F43AA" 200 "Route tables per VPC";
    /// Routes of a table, without the local one.
    ROUTES "vpc" "L-93826ACB" 500 "Routes per route table";
    /// Security groups of an account.
    SECURITY_GROUPS "vpc" "L-E79EC296" 2500 "VPC security groups per Region";
    /// Rules of a group, each way.
    SECURITY_GROUP_RULES "vpc" "L-0EA8095F" 60 "Inbound or outbound rules per security group"
        at most MAX_RULES_PER_GROUP / 2;
    /// Groups of an ENI.
    GROUPS_PER_INTERFACE "vpc" "L-2AFB9258" 5 "Security groups per network interface"
        at most MAX_GROUPS_PER_ENI;
    /// ACLs of a VPC.
    NETWORK_ACLS "vpc" "L-B4A6D682" 200 "Network ACLs per VPC";
    /// Entries of an ACL, each way.
    NETWORK_ACL_RULES "vpc" "L-2AEEBF1A" 20 "Rules per network ACL";
    /// ENIs of an account.
    INTERFACES "vpc" "L-DF5E4CA3" 5000 "Network interfaces per Region";
    /// Internet gateways of an account.
    INTERNET_GATEWAYS "vpc" "L-A4707A72" 5 "Internet gateways per Region";
    /// NAT gateways of a zone.
    NAT_GATEWAYS "vpc" "L-FE5A380F" 5 "NAT gateways per Availability Zone";
    /// Interface endpoints of a VPC.
    INTERFACE_ENDPOINTS "vpc" "L-29B6F2EB" 50 "Interface VPC endpoints per VPC";
    /// Gateway endpoints of an account.
    GATEWAY_ENDPOINTS "vpc" "L-1B52E74A" 20 "Gateway VPC endpoints per Region";
    /// Accepted peering connections of a VPC.
    PEERINGS "vpc" "L-7E9ECCDB" 50 "Active VPC peering connections per VPC";
    /// Unanswered peering requests of a VPC.
    PEERING_REQUESTS "vpc" "L-DC9F7029" 25 "Outstanding VPC peering connection requests";
    /// Elastic IP addresses of an account.
    ADDRESSES "ec2" "L-0263D0A3" 5 "EC2-VPC Elastic IPs";
    /// Topics of an account.
    TOPICS "sns" "L-61103206" 100000 "Topics per Account";
    /// Load balancers of an account.
    LOAD_BALANCERS "elasticloadbalancing" "L-69A177A2" 50 "Network Load Balancers per Region";
    /// Target groups of an account.
    TARGET_GROUPS "elasticloadbalancing" "L-B22855CB" 3000 "Target Groups per Region";
    /// Listeners of a load balancer.
    LISTENERS "elasticloadbalancing" "L-57A373D6" 50 "Listeners per Network Load Balancer";
    /// Targets of a group.
    TARGETS "elasticloadbalancing" "L-7E6692B2" 1000 "Targets per Target Group per Region"
        at most MAX_TARGETS_PER_GROUP;
    /// Users of an account.
    USERS "iam" "L-F55AF5E4" 5000 "Users per account";
    /// Groups of an account.
    GROUPS "iam" "L-F4A5425F" 300 "Groups per account";
    /// Roles of an account.
    ROLES "iam" "L-FE177D64" 1000 "Roles per account";
    /// Managed policies of an account's own.
    POLICIES "iam" "L-E95E4862" 1500 "Customer managed policies per account";
    /// Managed policies of a user.
    POLICIES_PER_USER "iam" "L-4019AD8B" 10 "Managed policies per user";
    /// Managed policies of a group.
    POLICIES_PER_GROUP "iam" "L-384571C4" 10 "Managed policies per group";
    /// Managed policies of a role.
    POLICIES_PER_ROLE "iam" "L-0DA4ABF3" 10 "Managed policies per role";
}

/// The operator's values, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quotas(BTreeMap<&'static str, u32>);

impl Quotas {
    /// Reads `CODE=N` settings.
    pub(crate) fn parse(settings: &[String]) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for setting in settings {
            let refuse = |why: &str| Err(format!("--quota {setting}: {why}"));
            let Some((code, value)) = setting.split_once('=') else {
                return refuse("give CODE=NUMBER, for example L-29B6F2EB=100");
            };
            let Some(quota) = ALL.iter().find(|quota| quota.code == code) else {
                return refuse(
                    "no quota has this code; `aws service-quotas list-service-quotas --service-code vpc` lists them",
                );
            };
            let Ok(value) = value.parse() else {
                return refuse("the value must be a whole number");
            };
            values.insert(quota.code, value);
        }
        Ok(Self(values))
    }

    /// The value that is in force.
    pub(crate) fn value(&self, quota: &Quota) -> u32 {
        let value = self.0.get(quota.code).copied().unwrap_or(quota.default);
        quota.most.map_or(value, |most| value.min(most))
    }
}

impl Call {
    /// Refuses one more of what there are `have` of; `code` is AWS's for this quota, `whose` who
    /// has them ("The VPC 'vpc-1'").
    pub(crate) fn check_quota(
        &self,
        quota: &Quota,
        have: usize,
        code: &'static str,
        whose: &str,
    ) -> Result<(), Fault> {
        self.check_quota_for(quota, have, 1, code, whose)
    }

    /// The same for `more` at once.
    pub(crate) fn check_quota_for(
        &self,
        quota: &Quota,
        have: usize,
        more: usize,
        code: &'static str,
        whose: &str,
    ) -> Result<(), Fault> {
        let limit = self.quotas.value(quota);
        if have.saturating_add(more) <= limit as usize {
            return Ok(());
        }
        let wanted = have.saturating_add(more);
        let way_out = match quota.most {
            Some(most) if wanted > most as usize => {
                format!("a host's tables hold no more than {most}, so it cannot be raised that far")
            }
            _ => format!(
                "or let the operator raise it: ginnel up --quota {}={wanted}",
                quota.code
            ),
        };
        Err(Fault::bad_request(
            code,
            format!(
                "{whose} has {have} of {limit} allowed ({}, quota {}); remove some first, {way_out}",
                quota.name, quota.code
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, GROUPS_PER_INTERFACE, Quotas, SECURITY_GROUP_RULES, VPCS};

    #[test]
    fn settings_are_read_and_refused_with_a_reason() {
        let read = |text: &str| Quotas::parse(&[text.to_owned()]);
        assert_eq!(read("L-F678F1CE=7").unwrap().value(&VPCS), 7);
        assert_eq!(Quotas::default().value(&VPCS), 5);
        for bad in ["", "L-F678F1CE", "L-F678F1CE=", "L-F678F1CE=-1", "L-0=1"] {
            assert!(read(bad).unwrap_err().contains(bad), "{bad}");
        }
    }

    #[test]
    fn what_a_hosts_tables_hold_is_the_most() {
        let raised = ["L-0EA8095F=1000", "L-2AFB9258=16"].map(String::from);
        let quotas = Quotas::parse(&raised).unwrap();
        assert_eq!(quotas.value(&SECURITY_GROUP_RULES), 64);
        assert_eq!(quotas.value(&GROUPS_PER_INTERFACE), 5);
        assert!(SECURITY_GROUP_RULES.is_adjustable() && VPCS.is_adjustable());
        assert!(!GROUPS_PER_INTERFACE.is_adjustable());
    }

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<_> = ALL.iter().map(|quota| quota.code).collect();
        assert_eq!(codes.len(), ALL.len());
    }
}
