//! Typed ids: one line a kind. An id is a number; its text form is `prefix-` and hex digits, or,
//! of IAM's unique ids, a prefix and letters of base 32.

use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const BASE_16: &[u8] = b"0123456789abcdef";
const BASE_32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an id names.
pub trait Kind {
    /// Text before the digits, with its hyphen.
    const PREFIX: &'static str;
    /// Digits.
    const DIGITS: usize;
    /// Bits of a digit: 4 for hex digits, 5 for base 32.
    const BITS: u32 = 4;
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
        let unused = u32::try_from(K::BITS as usize * K::DIGITS)
            .map_or(0, |bits| u128::BITS.saturating_sub(bits));
        Self {
            bits: random & u128::MAX.checked_shr(unused).unwrap_or(0),
            kind: PhantomData,
        }
    }

    /// Only the digits.
    pub fn digits(self) -> String {
        if K::BITS == 4 {
            return format!("{:0width$x}", self.bits, width = K::DIGITS);
        }
        let places = (0..K::DIGITS).rev();
        let digit = |place| {
            let five = (self.bits >> (5 * place)) & 31;
            let letter = usize::try_from(five).ok().and_then(|at| BASE_32.get(at));
            char::from(letter.copied().unwrap_or(b'A'))
        };
        places.map(digit).collect()
    }
}

impl<K: Kind> Id<K> {
    /// The hex digits in groups of 8, 4, 4, 4 and 12, for a kind that has 32.
    pub fn uuid(self) -> String {
        let digits = self.digits();
        let part = |from, to| digits.get(from..to).unwrap_or_default();
        let (a, b, c) = (part(0, 8), part(8, 12), part(12, 16));
        format!("{a}-{b}-{c}-{}-{}", part(16, 20), part(20, 32))
    }

    /// Reads what [`Id::uuid`] wrote.
    pub fn parse_uuid(text: &str) -> Option<Self> {
        let bare = text.replace('-', "");
        let id: Self = bare.parse().ok()?;
        (id.uuid() == text).then_some(id)
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
        write!(f, "{}{}", K::PREFIX, self.digits())
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
        let alphabet: &[u8] = if K::BITS == 4 { BASE_16 } else { BASE_32 };
        let digits = text.strip_prefix(K::PREFIX);
        digits
            .filter(|digits| digits.len() == K::DIGITS)
            .and_then(|digits| {
                digits.bytes().try_fold(0_u128, |bits, byte| {
                    let digit = alphabet.iter().position(|it| *it == byte)?;
                    Some(bits << K::BITS | u128::try_from(digit).ok()?)
                })
            })
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
    ($($name:ident $kind:ident $prefix:literal $digits:literal $(x $bits:literal)? $noun:literal),+ $(,)?) => {$(
        #[doc = concat!("The kind of ", $noun, "s.")]
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
            const DIGITS: usize = $digits;
            $(const BITS: u32 = $bits;)?
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
    ConnectionId ConnectionKind "vpce-con-" 17 "VPC endpoint connection",
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
    PeeringId PeeringKind "pcx-" 17 "VPC peering connection",
    FlowLogId FlowLogKind "fl-" 17 "flow log",
    NotificationId NotificationKind "vpce-nfn-" 17 "connection notification",
    InsightsPathId InsightsPathKind "nip-" 17 "network insights path",
    InsightsAnalysisId InsightsAnalysisKind "nia-" 17 "network insights analysis",
    TopicId TopicKind "" 16 "topic",
    // Written as UUIDs.
    SubscriptionId SubscriptionKind "" 32 "subscription",
    DeliveryId DeliveryKind "" 32 "delivery",
    // The last part of an Elastic Load Balancing ARN.
    BalancerId BalancerKind "" 16 "load balancer",
    TargetGroupId TargetGroupKind "" 16 "target group",
    ListenerId ListenerKind "" 16 "listener",
    // IAM's unique ids: 21 characters, never given twice.
    UserId UserKind "AIDA" 17 x 5 "user",
    GroupId GroupKind "AGPA" 17 x 5 "user group",
    RoleId RoleKind "AROA" 17 x 5 "role",
    PolicyId PolicyKind "ANPA" 17 x 5 "managed policy",
}

#[cfg(test)]
mod tests;
