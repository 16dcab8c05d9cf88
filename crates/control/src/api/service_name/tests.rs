//! Private names: rules, verification, and endpoints that use them.

use super::check;
use crate::api::scene::Scene;
use crate::api::tests::first;

const MODIFY: &str = "ModifyVpcEndpointServiceConfiguration";
const VERIFY: &str = "StartVpcEndpointServicePrivateDnsVerification";

#[test]
fn names() {
    let long = format!("{}.example.com", "a".repeat(63));
    for good in ["a.b", "*.example.com", "api.x-1.example.com", &long] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    let too_long = format!("{}.example.com", "a".repeat(64));
    let whole = format!("{}com", "abcdefg.".repeat(32));
    for bad in [
        "",
        "com",
        "A.example.com",
        "a..com",
        ".com",
        "a.com.",
        "-a.com",
        "a-.com",
        "a_b.com",
        "a.*.com",
        "a*.example.com",
        "*",
        "*.com",
        "ä.com",
        &too_long,
        &whole,
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
}

/// A service with the private name, not verified.
fn named(scene: &mut Scene, balancer: &str, name: &str) -> String {
    let service = scene.service(balancer, false);
    let set = format!("ServiceId={service}&PrivateDnsName={name}");
    scene.desk.ok(MODIFY, &set);
    service
}

fn verify(scene: &mut Scene, service: &str) {
    scene.desk.call.dev = true;
    scene.desk.ok(VERIFY, &format!("ServiceId={service}"));
    scene.desk.call.dev = false;
}

fn dns_attributes(scene: &mut Scene) {
    let on = format!("VpcId={}&EnableDnsHostnames.Value=true", scene.vpcs[1]);
    scene.consumer(|desk| desk.ok("ModifyVpcAttribute", &on));
}

#[test]
fn a_name_waits_for_its_proof() {
    let mut scene = Scene::new();
    let service = named(&mut scene, "orders", "api.example.com");
    let one = format!("ServiceId.1={service}");
    let describe = "DescribeVpcEndpointServiceConfigurations";
    let text = scene.desk.ok(describe, &one);
    let part = text.split("<privateDnsNameConfiguration>").nth(1).unwrap();
    assert_eq!(first(part, "state").as_deref(), Some("pendingVerification"));
    assert_eq!(first(part, "type").as_deref(), Some("TXT"));
    assert!(first(part, "name").unwrap().starts_with('_'), "{part}");
    assert!(first(part, "value").unwrap().starts_with("vpce:"), "{part}");
    // There is no resolver to ask.
    let start = format!("ServiceId={service}");
    scene.desk.ok(VERIFY, &start);
    let again = scene.desk.ok(describe, &one);
    assert!(again.contains("pendingVerification"), "{again}");
    verify(&mut scene, &service);
    let text = scene.desk.ok(describe, &one);
    assert!(text.contains("<state>verified</state>"), "{text}");
    let name = format!("ServiceName.1=com.amazonaws.vpce.us-east-1.{service}");
    let seen = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", &name));
    assert!(
        seen.contains("<privateDnsNameVerificationState>verified<")
            && seen.contains("<privateDnsName>api.example.com<"),
        "{seen}"
    );
    // The same name again keeps the proof; another one starts anew.
    let set = |name: &str| format!("ServiceId={service}&PrivateDnsName={name}");
    scene.desk.ok(MODIFY, &set("api.example.com"));
    assert!(scene.desk.ok(describe, &one).contains("verified<"));
    scene.desk.ok(MODIFY, &set("b.example.com"));
    let text = scene.desk.ok(describe, &one);
    assert!(text.contains("pendingVerification"), "{text}");
    let remove = format!("ServiceId={service}&RemovePrivateDnsName=true");
    let both = format!("{remove}&PrivateDnsName=c.example.com");
    let fault = scene.desk.fault(MODIFY, &both);
    assert_eq!(fault.code, "InvalidParameterCombination");
    scene.desk.ok(MODIFY, &remove);
    assert!(!scene.desk.ok(describe, &one).contains("privateDnsName"));
    // A service without a name has nothing to prove; one that is not there does.
    scene.desk.ok(VERIFY, &start);
    let fault = scene.consumer(|desk| desk.fault(VERIFY, &start));
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
}

#[test]
fn private_dns_has_preconditions() {
    let mut scene = Scene::new();
    let plain = scene.service("plain", false);
    let service = named(&mut scene, "orders", "api.example.com");
    let wanted =
        |scene: &Scene, service: &str| scene.wanted(service, &[0]) + "&PrivateDnsEnabled=true";
    let refused = |scene: &mut Scene, service: &str| {
        let parameters = wanted(scene, service);
        let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &parameters));
        assert_eq!(fault.code, "InvalidParameter", "{}", fault.message);
        fault.message
    };
    let why = refused(&mut scene, &plain);
    assert!(why.contains("does not provide a private DNS name"), "{why}");
    let why = refused(&mut scene, &service);
    assert_eq!(
        why,
        format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            scene.vpcs[1]
        )
    );
    dns_attributes(&mut scene);
    let why = refused(&mut scene, &service);
    assert!(why.contains("is not verified"), "{why}");
    verify(&mut scene, &service);
    let parameters = wanted(&scene, &service);
    let text = scene.consumer(|desk| desk.ok("CreateVpcEndpoint", &parameters));
    let holder = first(&text, "vpcEndpointId").unwrap();
    assert!(text.contains("<privateDnsEnabled>true<"), "{text}");
    // The private name comes last, in a zone of its own.
    let names: Vec<&str> = text.split("<dnsName>").skip(1).collect();
    assert!(names[2].starts_with("api.example.com<"), "{text}");
    let zone = |text: &str| first(text, "hostedZoneId").unwrap();
    assert_eq!(zone(names[0]), zone(names[1]));
    assert_ne!(zone(names[0]), zone(names[2]));

    let why = refused(&mut scene, &service);
    assert!(
        why.starts_with(&format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for api.example.com in the VPC {}",
            scene.vpcs[1]
        )) && why.contains(&holder),
        "{why}"
    );
    // Whoever gives the name up leaves it to others, by Modify or by deletion.
    let second = scene.endpoint(&service);
    let set = |id: &str, on: bool| format!("VpcEndpointId={id}&PrivateDnsEnabled={on}");
    let fault = scene.consumer(|desk| desk.fault("ModifyVpcEndpoint", &set(&second, true)));
    assert!(fault.message.contains(&holder), "{}", fault.message);
    scene.consumer(|desk| desk.ok("ModifyVpcEndpoint", &set(&holder, true)));
    scene.consumer(|desk| desk.ok("ModifyVpcEndpoint", &set(&holder, false)));
    scene.consumer(|desk| desk.ok("ModifyVpcEndpoint", &set(&second, true)));
    let delete = format!("VpcEndpointId.1={second}");
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &delete));
    scene.consumer(|desk| desk.ok("ModifyVpcEndpoint", &set(&holder, true)));
    // The provider cannot take the name from its users.
    for change in ["RemovePrivateDnsName=true", "PrivateDnsName=b.example.com"] {
        let fault = scene
            .desk
            .fault(MODIFY, &format!("ServiceId={service}&{change}"));
        assert_eq!(fault.code, "ExistingVpcEndpointConnections");
        assert!(fault.message.contains(&holder), "{}", fault.message);
    }
}

#[test]
fn dns_options() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let base = scene.wanted(&service, &[0]);
    for (more, code) in [
        (
            "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=true",
            "InvalidParameterCombination",
        ),
        (
            "PrivateDnsEnabled=true&DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=true",
            "InvalidParameter",
        ),
        ("DnsOptions.DnsRecordIpType=ipv6", "UnsupportedOperation"),
        ("DnsOptions.DnsRecordIpType=A", "InvalidParameterValue"),
        (
            "DnsOptions.PrivateDnsPreference=ALL_DOMAINS",
            "InvalidParameter",
        ),
    ] {
        let parameters = format!("{base}&{more}");
        let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &parameters));
        assert_eq!(fault.code, code, "{more}: {}", fault.message);
    }
    let endpoint = scene.endpoint(&service);
    let change = format!(
        "VpcEndpointId={endpoint}&DnsOptions.DnsRecordIpType=service-defined&DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=false"
    );
    scene.consumer(|desk| desk.ok("ModifyVpcEndpoint", &change));
    let one = format!("VpcEndpointId.1={endpoint}");
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpoints", &one));
    assert!(text.contains("<dnsRecordIpType>service-defined<"), "{text}");
}
