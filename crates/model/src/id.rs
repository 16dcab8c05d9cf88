//! Typed ids: one line a kind. An id is a number; its text form is `prefix-` and hex digits.

use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an id names.
pub trait Kind {
    /// Text before the digits, with its hyphen.
    const PREFIX: &'static str;
    /// Hex digits.
    const DIGITS: usize;
    /// The noun for people.
    const NOUN: &'static str;
}

/// An id of one kind.
pub struct Id<K> {
    bits: u128,
    kind: PhantomData<fn() -> K>,
}

/// A text that is not an id of the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an id of the form {form}")]
pub struct Malformed {
    /// What was given.
    pub text: String,
    /// What was wanted.
    pub form: String,
}

impl<K: Kind> Id<K> {
    /// An id from random bits.
    pub fn new(random: u128) -> Self {
        let digits = u32::try_from(K::DIGITS).unwrap_or(0);
        Self {
            bits: random & ((1 << (4 * digits)) - 1),
            kind: PhantomData,
        }
    }

    /// Only the hex digits.
    pub fn digits(self) -> String {
        format!("{:0width$x}", self.bits, width = K::DIGITS)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits.cmp(&other.bits)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:0width$x}", K::PREFIX, self.bits, width = K::DIGITS)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits = text.strip_prefix(K::PREFIX).filter(|digits| {
            let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            digits.len() == K::DIGITS && digits.bytes().all(hex)
        });
        digits
            .and_then(|digits| u128::from_str_radix(digits, 16).ok())
            .map(Self::new)
            .ok_or_else(|| Malformed {
                text: text.into(),
                form: format!("{}{}", K::PREFIX, "x".repeat(K::DIGITS)),
            })
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

macro_rules! kinds {
    ($($name:ident $kind:ident $prefix:literal $digits:literal $noun:literal),+ $(,)?) => {$(
        #[doc = concat!("The kind of ", $noun, "s.")]
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const DIGITS: usize = $digits;
            const NOUN: &'static str = $noun;
        }
        #[doc = concat!("The id of a ", $noun, ".")]
        pub type $name = Id<$kind>;
    )+};
}

kinds! {
    VpcId VpcKind "vpc-" 17 "VPC",
    SubnetId SubnetKind "subnet-" 17 "subnet",
    SecurityGroupId SecurityGroupKind "sg-" 17 "security group",
    RuleId RuleKind "sgr-" 17 "security group rule",
    InterfaceId InterfaceKind "eni-" 17 "network interface",
    AttachmentId AttachmentKind "eni-attach-" 17 "network interface attachment",
    EndpointId EndpointKind "vpce-" 17 "VPC endpoint",
    ServiceId ServiceKind "vpce-svc-" 17 "endpoint service",
    PermissionId PermissionKind "vpce-svc-perm-" 17 "endpoint service permission",
    CidrAssociationId CidrAssociationKind "vpc-cidr-assoc-" 17 "CIDR association",
    DhcpOptionsId DhcpOptionsKind "dopt-" 17 "DHCP options set",
    RouteTableId RouteTableKind "rtb-" 17 "route table",
    RouteTableAssociationId RouteTableAssociationKind "rtbassoc-" 17 "route table association",
    NetworkAclId NetworkAclKind "acl-" 17 "network ACL",
    NetworkAclAssociationId NetworkAclAssociationKind "aclassoc-" 17 "network ACL association",
    PrefixListId PrefixListKind "pl-" 17 "prefix list",
    InternetGatewayId InternetGatewayKind "igw-" 17 "internet gateway",
    NatGatewayId NatGatewayKind "nat-" 17 "NAT gateway",
    AllocationId AllocationKind "eipalloc-" 17 "Elastic IP address",
    AddressAssociationId AddressAssociationKind "eipassoc-" 17 "Elastic IP association",
    FlowLogId FlowLogKind "fl-" 17 "flow log",
    NotificationId NotificationKind "vpce-nfn-" 17 "connection notification",
    InsightsPathId InsightsPathKind "nip-" 17 "network insights path",
    InsightsAnalysisId InsightsAnalysisKind "nia-" 17 "network insights analysis",
    // The last part of an Elastic Load Balancing ARN.
    BalancerId BalancerKind "" 16 "load balancer",
    TargetGroupId TargetGroupKind "" 16 "target group",
    ListenerId ListenerKind "" 16 "listener",
}

#[cfg(test)]
mod tests;
