//! Quotas: one list, AWS's defaults, the operator's values.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html>

use std::collections::BTreeMap;

use aws::Fault;

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
}

macro_rules! quotas {
    ($($(#[$doc:meta])* $id:ident $service:literal $code:literal $default:literal $name:literal;)+) => {
        $($(#[$doc])* pub(crate) const $id: Quota = Quota {
            code: $code,
            service: $service,
            name: $name,
            default: $default,
        };)+

        /// All of them.
        pub(crate) const ALL: &[Quota] = &[$($id),+];
    };
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
    SECURITY_GROUP_RULES "vpc" "L-0EA8095F" 60 "Inbound or outbound rules per security group";
    /// Groups of an ENI.
    GROUPS_PER_INTERFACE "vpc" "L-2AFB9258" 5 "Security groups per network interface";
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
    /// Elastic IP addresses of an account.
    ADDRESSES "ec2" "L-0263D0A3" 5 "EC2-VPC Elastic IPs";
    /// Load balancers of an account.
    LOAD_BALANCERS "elasticloadbalancing" "L-69A177A2" 50 "Network Load Balancers per Region";
    /// Target groups of an account.
    TARGET_GROUPS "elasticloadbalancing" "L-B22855CB" 3000 "Target Groups per Region";
    /// Listeners of a load balancer.
    LISTENERS "elasticloadbalancing" "L-57A373D6" 50 "Listeners per Network Load Balancer";
    /// Targets of a group.
    TARGETS "elasticloadbalancing" "L-7E6692B2" 1000 "Targets per Target Group per Region";
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
        self.0.get(quota.code).copied().unwrap_or(quota.default)
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
        Err(Fault::bad_request(
            code,
            format!(
                "{whose} has {have} of {limit} allowed ({}, quota {}); delete some first, or let the operator raise it: ginnel up --quota {}={}",
                quota.name,
                quota.code,
                quota.code,
                have.saturating_add(more)
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, Quotas, VPCS};

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
    fn codes_are_unique() {
        let codes: BTreeSet<_> = ALL.iter().map(|quota| quota.code).collect();
        assert_eq!(codes.len(), ALL.len());
    }
}
