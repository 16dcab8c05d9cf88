//! Peering connections through the dispatcher.

use crate::api::tests::{Desk, first};

const CREATE: &str = "CreateVpcPeeringConnection";
const ACCEPT: &str = "AcceptVpcPeeringConnection";
const REJECT: &str = "RejectVpcPeeringConnection";
const DELETE: &str = "DeleteVpcPeeringConnection";
const DESCRIBE: &str = "DescribeVpcPeeringConnections";
const THEIRS: &str = "210987654321";

/// A VPC of the caller's.
fn vpc(desk: &mut Desk, cidr: &str) -> String {
    desk.make("CreateVpc", &format!("CidrBlock={cidr}"), "vpcId")
}

/// A desk with a VPC of the caller's and one of the other account's, which do not overlap.
fn two() -> (Desk, String, String) {
    let mut desk = Desk::new();
    let mine = vpc(&mut desk, "10.0.0.0/16");
    desk.switch_account();
    let theirs = vpc(&mut desk, "10.1.0.0/16");
    desk.switch_account();
    (desk, mine, theirs)
}

fn ask(desk: &mut Desk, mine: &str, theirs: &str) -> String {
    let wanted = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId={THEIRS}");
    desk.make(CREATE, &wanted, "vpcPeeringConnectionId")
}

fn one(id: &str) -> String {
    format!("VpcPeeringConnectionId={id}")
}

fn shown(desk: &mut Desk, id: &str) -> String {
    desk.ok(DESCRIBE, &format!("VpcPeeringConnectionId.1={id}"))
}

/// The state that the caller sees.
fn state(desk: &mut Desk, id: &str) -> String {
    let text = shown(desk, id);
    first(&text, "code").unwrap()
}

#[test]
fn two_accounts_become_peers_and_part() {
    let (mut desk, mine, theirs) = two();
    let wanted = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId={THEIRS}");
    let text = desk.ok(CREATE, &wanted);
    let id = first(&text, "vpcPeeringConnectionId").unwrap();
    assert_eq!(id.len(), "pcx-".len() + 17);
    for part in [
        "<code>initiating-request</code>",
        "<message>Initiating Request to 210987654321</message>",
        "<cidrBlock>10.0.0.0/16</cidrBlock>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // The accepter has not shown its addresses yet.
    let text = shown(&mut desk, &id);
    assert!(!text.contains("10.1.0.0/16"), "{text}");
    assert!(text.contains("<expirationTime>2023-11-21T"), "{text}");
    let message = "<message>Pending Acceptance by 210987654321</message>";
    assert!(text.contains(message), "{text}");
    // The same request again is this one.
    assert_eq!(ask(&mut desk, &mine, &theirs), id);
    // Only the accepter answers.
    for action in [ACCEPT, REJECT] {
        let fault = desk.fault(action, &one(&id));
        assert_eq!(fault.code, "OperationNotPermitted", "{action}");
        assert!(fault.message.contains(THEIRS), "{}", fault.message);
    }
    desk.switch_account();
    let fault = desk.fault(DELETE, &one(&id));
    assert_eq!(fault.code, "OperationNotPermitted");
    let text = desk.ok(ACCEPT, &one(&id));
    assert!(text.contains("<code>provisioning</code>"), "{text}");
    let fault = desk.fault(ACCEPT, &one(&id));
    assert_eq!(fault.code, "InvalidStateTransition");
    assert!(fault.message.contains("from active to"), "{fault:?}");
    assert_eq!(desk.fault(REJECT, &one(&id)).code, "InvalidStateTransition");
    desk.switch_account();
    let text = shown(&mut desk, &id);
    assert!(text.contains("<code>active</code>"), "{text}");
    assert!(
        text.contains("<cidrBlock>10.1.0.0/16</cidrBlock>"),
        "{text}"
    );
    assert!(!text.contains("expirationTime"), "{text}");
    assert_eq!(ask(&mut desk, &mine, &theirs), id);
    let text = desk.ok(DELETE, &one(&id));
    assert!(text.contains("<return>true</return>"), "{text}");
    let text = shown(&mut desk, &id);
    assert!(text.contains("<code>deleted</code>"), "{text}");
    assert!(text.contains("<message>Deleted by 123456789012</message>"));
    assert_eq!(desk.fault(DELETE, &one(&id)).code, "InvalidStateTransition");
    // There is room for a new one.
    assert_ne!(ask(&mut desk, &mine, &theirs), id);
}

#[test]
fn what_has_ended_is_shown_for_a_while() {
    let (mut desk, mine, theirs) = two();
    let id = ask(&mut desk, &mine, &theirs);
    desk.switch_account();
    desk.ok(REJECT, &one(&id));
    assert_eq!(state(&mut desk, &id), "rejected");
    desk.call.now.0 += 2 * 60 * 60 * 1_000;
    let gone = desk.fault(DESCRIBE, &format!("VpcPeeringConnectionId.1={id}"));
    assert_eq!(gone.code, "InvalidVpcPeeringConnectionID.NotFound");
    assert!(!desk.ok(DESCRIBE, "").contains(&id));
    desk.switch_account();
    assert_eq!(state(&mut desk, &id), "rejected");
    for action in [DELETE, ACCEPT, REJECT] {
        assert!(desk.call(action, &one(&id)).is_err(), "{action}");
    }
    desk.call.now.0 += 46 * 60 * 60 * 1_000;
    assert!(!desk.ok(DESCRIBE, "").contains(&id));
}

#[test]
fn what_cannot_be_fails_without_telling_why() {
    let (mut desk, mine, _) = two();
    desk.switch_account();
    let overlapping = vpc(&mut desk, "10.0.128.0/20");
    desk.switch_account();
    let absent = "vpc-0123456789abcdef0";
    for (peer, owner) in [
        (overlapping.as_str(), THEIRS),
        (absent, THEIRS),
        (absent, "999999999999"),
        // A VPC overlaps itself.
        (mine.as_str(), "123456789012"),
    ] {
        let wanted = format!("VpcId={mine}&PeerVpcId={peer}&PeerOwnerId={owner}");
        let id = desk.make(CREATE, &wanted, "vpcPeeringConnectionId");
        let text = shown(&mut desk, &id);
        assert!(text.contains("<code>failed</code>"), "{text}");
        let why = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
        assert!(text.contains(why), "{text}");
        assert!(!text.contains("10.0.128.0"), "{text}");
        assert_eq!(desk.fault(DELETE, &one(&id)).code, "InvalidStateTransition");
        desk.switch_account();
        assert!(!desk.ok(DESCRIBE, "").contains(&id));
        desk.switch_account();
    }
}

#[test]
fn wrong_requests_are_refused() {
    let (mut desk, mine, theirs) = two();
    let absent = "0123456789abcdef0";
    for (parameters, code) in [
        (format!("VpcId={mine}"), "MissingParameter"),
        (
            format!("VpcId={mine}&PeerVpcId=x"),
            "InvalidVpcID.Malformed",
        ),
        (
            format!("VpcId={theirs}&PeerVpcId={mine}"),
            "InvalidVpcID.NotFound",
        ),
        // Without an owner it is the caller's.
        (
            format!("VpcId={mine}&PeerVpcId={theirs}"),
            "InvalidVpcID.NotFound",
        ),
        (
            format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=me"),
            "InvalidParameterValue",
        ),
        (
            format!("VpcId={mine}&PeerVpcId={theirs}&PeerRegion=eu-west-1"),
            "UnsupportedOperation",
        ),
        (
            format!("VpcId={mine}&PeerVpcId={mine}&TagSpecification.1.ResourceType=vpc"),
            "InvalidParameterValue",
        ),
    ] {
        let fault = desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    for action in [ACCEPT, REJECT, DELETE] {
        let fault = desk.fault(action, &one("pcx-1"));
        assert_eq!(fault.code, "InvalidVpcPeeringConnectionId.Malformed");
        let fault = desk.fault(action, &one(&format!("pcx-{absent}")));
        assert_eq!(fault.code, "InvalidVpcPeeringConnectionID.NotFound");
    }
}

#[test]
fn there_is_one_way_between_two_vpcs() {
    let (mut desk, mine, theirs) = two();
    let id = ask(&mut desk, &mine, &theirs);
    desk.switch_account();
    // The other way round is another request, and AWS takes it.
    let wanted = format!("VpcId={theirs}&PeerVpcId={mine}&PeerOwnerId=123456789012");
    let back = desk.make(CREATE, &wanted, "vpcPeeringConnectionId");
    assert_ne!(back, id);
    desk.ok(ACCEPT, &one(&id));
    desk.switch_account();
    let fault = desk.fault(ACCEPT, &one(&back));
    assert_eq!(fault.code, "VpcPeeringConnectionAlreadyExists");
    assert!(fault.message.contains(&id), "{}", fault.message);
    desk.ok(REJECT, &one(&back));
}

#[test]
fn quotas_hold_for_each_vpc() {
    let (mut desk, mine, theirs) = two();
    let more = vpc(&mut desk, "10.2.0.0/16");
    desk.set_quota("L-DC9F7029=1");
    let id = ask(&mut desk, &mine, &theirs);
    let own = format!("VpcId={mine}&PeerVpcId={more}");
    let fault = desk.fault(CREATE, &own);
    assert_eq!(fault.code, "OutstandingVpcPeeringConnectionLimitExceeded");
    let third = ask(&mut desk, &more, &theirs);
    desk.set_quota("L-7E9ECCDB=1");
    desk.switch_account();
    desk.ok(ACCEPT, &one(&id));
    let fault = desk.fault(ACCEPT, &one(&third));
    assert_eq!(fault.code, "ActiveVpcPeeringConnectionPerVpcLimitExceeded");
    assert!(fault.message.contains(&theirs), "{}", fault.message);
}

#[test]
fn connections_end_with_either_vpc() {
    let (mut desk, mine, theirs) = two();
    let id = ask(&mut desk, &mine, &theirs);
    // Who is asked has to answer first.
    desk.switch_account();
    let fault = desk.fault("DeleteVpc", &format!("VpcId={theirs}"));
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&id), "{}", fault.message);
    desk.ok(ACCEPT, &one(&id));
    desk.ok("DeleteVpc", &format!("VpcId={theirs}"));
    desk.switch_account();
    let text = shown(&mut desk, &id);
    assert!(
        text.contains("<message>Deleted by 210987654321</message>"),
        "{text}"
    );
    // Who asks need not wait.
    let other = vpc(&mut desk, "10.3.0.0/16");
    let own = format!("VpcId={mine}&PeerVpcId={other}");
    let own = desk.make(CREATE, &own, "vpcPeeringConnectionId");
    desk.ok("DeleteVpc", &format!("VpcId={mine}"));
    assert_eq!(state(&mut desk, &own), "deleted");
    desk.ok("DeleteVpc", &format!("VpcId={other}"));
}

#[test]
fn ends_do_not_fill_the_store() {
    let (mut desk, mine, theirs) = two();
    let failing = format!("VpcId={mine}&PeerVpcId={mine}");
    for _ in 0..super::MAX_ENDED + 3 {
        desk.call.now.0 += 1;
        desk.ok(CREATE, &failing);
    }
    assert_eq!(desk.world.peerings.size(), super::MAX_ENDED);
    // What is live stays.
    let id = ask(&mut desk, &mine, &theirs);
    desk.call.now.0 += 1;
    desk.ok(CREATE, &failing);
    assert_eq!(state(&mut desk, &id), "pending-acceptance");
    // Another owner of the same VPC is nobody that was asked.
    let wrong = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=999999999999");
    let other = desk.make(CREATE, &wrong, "vpcPeeringConnectionId");
    assert_eq!(state(&mut desk, &other), "failed");
}

#[test]
fn each_side_has_its_own_tags() {
    let (mut desk, mine, theirs) = two();
    let wanted = format!(
        "VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId={THEIRS}&TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=side&TagSpecification.1.Tag.1.Value=first"
    );
    let id = desk.make(CREATE, &wanted, "vpcPeeringConnectionId");
    desk.switch_account();
    assert!(!shown(&mut desk, &id).contains("first"));
    let tag = format!("ResourceId.1={id}&Tag.1.Key=side&Tag.1.Value=second");
    desk.ok("CreateTags", &tag);
    let tags = desk.ok("DescribeTags", "");
    assert!(tags.contains(&id) && tags.contains("second"), "{tags}");
    assert!(tags.contains("<resourceType>vpc-peering-connection</resourceType>"));
    assert!(!tags.contains("first"), "{tags}");
    let by = "Filter.1.Name=tag:side&Filter.1.Value.1=";
    assert!(desk.ok(DESCRIBE, &format!("{by}second")).contains(&id));
    assert!(!desk.ok(DESCRIBE, &format!("{by}first")).contains(&id));
    desk.switch_account();
    assert!(desk.ok(DESCRIBE, &format!("{by}first")).contains(&id));
}

#[test]
fn filters_and_pages() {
    let (mut desk, mine, theirs) = two();
    let id = ask(&mut desk, &mine, &theirs);
    let other = vpc(&mut desk, "10.4.0.0/16");
    let second = format!("VpcId={other}&PeerVpcId={mine}");
    let second = desk.make(CREATE, &second, "vpcPeeringConnectionId");
    desk.ok(ACCEPT, &one(&second));
    for (name, value, found) in [
        ("requester-vpc-info.vpc-id", mine.as_str(), [true, false]),
        ("accepter-vpc-info.vpc-id", &mine, [false, true]),
        ("accepter-vpc-info.owner-id", THEIRS, [true, false]),
        ("requester-vpc-info.owner-id", "123456789012", [true, true]),
        ("requester-vpc-info.cidr-block", "10.0.*", [true, false]),
        ("accepter-vpc-info.cidr-block", "10.*", [false, true]),
        ("status-code", "active", [false, true]),
        ("status-message", "Pending*", [true, false]),
        ("expiration-time", "2023*", [true, false]),
        ("vpc-peering-connection-id", &id, [true, false]),
    ] {
        let text = desk.ok(
            DESCRIBE,
            &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"),
        );
        let seen = [&id, &second].map(|id| text.contains(id.as_str()));
        assert_eq!(seen, found, "{name} {value}");
    }
    let fault = desk.fault(DESCRIBE, "Filter.1.Name=region&Filter.1.Value.1=x");
    assert_eq!(fault.code, "InvalidParameterValue");
    for cidr in ["10.5.0.0/16", "10.6.0.0/16"] {
        desk.set_quota("L-F678F1CE=20");
        let more = vpc(&mut desk, cidr);
        for peer in [&mine, &other] {
            desk.ok(CREATE, &format!("VpcId={more}&PeerVpcId={peer}"));
        }
    }
    let page = desk.ok(DESCRIBE, "MaxResults=5");
    assert_eq!(page.matches("<vpcPeeringConnectionId>").count(), 5);
    let token = first(&page, "nextToken").unwrap();
    let rest = desk.ok(DESCRIBE, &format!("MaxResults=5&NextToken={token}"));
    assert_eq!(rest.matches("<vpcPeeringConnectionId>").count(), 1);
}
