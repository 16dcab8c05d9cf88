//! Text forms of ids.

use alloc::string::ToString as _;

use proptest::prelude::*;

use super::{BalancerId, EndpointId, RoleId, ServiceId, SubscriptionId, UserId, VpcId};

proptest! {
    #[test]
    fn an_id_survives_its_text(bits: u128) {
        let id = VpcId::new(bits);
        prop_assert_eq!(id.to_string().parse::<VpcId>(), Ok(id));
        prop_assert_eq!(id.to_string().len(), "vpc-".len() + 17);
        let id = BalancerId::new(bits);
        prop_assert_eq!(id.to_string().parse::<BalancerId>(), Ok(id));
        let id = UserId::new(bits);
        prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        prop_assert_eq!(id.to_string().len(), 21);
    }

    #[test]
    fn an_id_of_32_digits_is_a_uuid(bits: u128) {
        let id = SubscriptionId::new(bits);
        prop_assert_eq!(id.digits(), alloc::format!("{bits:032x}"));
        prop_assert_eq!(id.uuid().len(), 36);
        prop_assert_eq!(SubscriptionId::parse_uuid(&id.uuid()), Some(id));
        // Without its hyphens it is none.
        prop_assert_eq!(SubscriptionId::parse_uuid(&id.digits()), None);
    }

    #[test]
    fn any_other_text_is_malformed(text in "\\PC{0,40}") {
        if let Ok(id) = text.parse::<VpcId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}

#[test]
fn kinds_are_told_apart() {
    for text in [
        "",
        "vpc-",
        "vpc-123",
        "vpc-0123456789ABCDEF0",
        "vpc-0123456789abcdef01",
        "+0123456789abcdef",
    ] {
        assert!(text.parse::<VpcId>().is_err(), "{text}");
    }
    // The digits of unique ids are those of base 32.
    assert!("AIDAABCDEFGHIJKLMNO27".parse::<UserId>().is_ok());
    assert!("AIDAABCDEFGHIJKLMNO28".parse::<UserId>().is_err());
    assert!("AIDAABCDEFGHIJKLMNO27".parse::<RoleId>().is_err());
    // A service's id is no endpoint's, although its text begins like one.
    assert!("vpce-svc-0123456789abcdef0".parse::<EndpointId>().is_err());
    assert!("vpce-svc-0123456789abcdef0".parse::<ServiceId>().is_ok());
}
