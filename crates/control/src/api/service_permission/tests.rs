//! Allow-lists, and who sees a service because of them.

use crate::api::scene::Scene;
use crate::api::tests::first;

const MODIFY: &str = "ModifyVpcEndpointServicePermissions";
const DESCRIBE: &str = "DescribeVpcEndpointServicePermissions";
const SERVICES: &str = "DescribeVpcEndpointServices";

#[test]
fn principals_of_every_form() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let add = format!(
        "ServiceId={service}&AddAllowedPrincipals.1=*&AddAllowedPrincipals.2=arn:aws:iam::111111111111:user/ann&AddAllowedPrincipals.3=arn:aws:iam::111111111111:role/ops"
    );
    let text = scene.desk.ok(MODIFY, &add);
    assert!(
        text.contains("<principalType>All</principalType>")
            && text.contains("<principalType>User</principalType>")
            && text.contains("<principalType>Role</principalType>"),
        "{text}"
    );
    let id = first(&text, "servicePermissionId").unwrap();
    assert!(id.starts_with("vpce-svc-perm-"), "{id}");
    // Again: the same ids, and nothing is written.
    let revision = scene.desk.world.revision;
    assert_eq!(scene.desk.make(MODIFY, &add, "servicePermissionId"), id);
    assert_eq!(scene.desk.world.revision, revision);

    let ask = format!("ServiceId={service}");
    let listed = scene.desk.ok(DESCRIBE, &ask);
    assert_eq!(listed.matches("<principal>").count(), 4, "{listed}");
    let users = format!("{ask}&Filter.1.Name=principal-type&Filter.1.Value.1=User");
    let listed = scene.desk.ok(DESCRIBE, &users);
    assert_eq!(listed.matches("<principal>").count(), 1, "{listed}");
    let remove = format!(
        "{ask}&RemoveAllowedPrincipals.1=arn:aws:iam::111111111111:role/ops&RemoveAllowedPrincipals.2=arn:aws:iam::222222222222:root"
    );
    scene.desk.ok(MODIFY, &remove);
    let listed = scene.desk.ok(DESCRIBE, &ask);
    assert_eq!(listed.matches("<principal>").count(), 3, "{listed}");
    let fault = scene.consumer(|desk| desk.fault(DESCRIBE, &ask));
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
}

#[test]
fn services_and_organizations_are_kept_and_admit_nobody() {
    let mut scene = Scene::new();
    let balancer = scene.balancer("orders");
    let service = scene.desk.make(
        "CreateVpcEndpointServiceConfiguration",
        &format!("NetworkLoadBalancerArn.1={balancer}"),
        "serviceId",
    );
    let account = scene.consumer(|desk| desk.call.account);
    let organizations = format!("arn:aws:organizations::{account}");
    let text = scene.desk.ok(
        MODIFY,
        &format!(
            "ServiceId={service}&AddAllowedPrincipals.1=ec2.amazonaws.com&AddAllowedPrincipals.2={organizations}:organization/o-abc1&AddAllowedPrincipals.3={organizations}:ou/o-abc1/ou-ab12-cd"
        ),
    );
    let kinds = |kind: &str| text.matches(&format!("<principalType>{kind}<")).count();
    assert_eq!(
        (kinds("Service"), kinds("OrganizationUnit")),
        (1, 2),
        "{text}"
    );
    let all = scene.consumer(|desk| desk.ok(SERVICES, ""));
    assert!(!all.contains(&service), "{all}");
}

#[test]
fn a_service_for_everybody_is_listed() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let consumer = scene.consumer(|desk| desk.call.account);
    let change = format!(
        "ServiceId={service}&AddAllowedPrincipals.1=*&RemoveAllowedPrincipals.1=arn:aws:iam::{consumer}:root"
    );
    scene.desk.ok(MODIFY, &change);
    let all = scene.consumer(|desk| desk.ok(SERVICES, ""));
    assert!(all.contains(&service), "{all}");
}

#[test]
fn bad_principals() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    for bad in [
        "",
        "everybody",
        "123456789012",
        "arn:aws:iam::12:root",
        "arn:aws:iam::123456789012:user/",
        "arn:aws:iam::123456789012:user//ann",
        "arn:aws:iam::123456789012:group/x",
        ".amazonaws.com",
        "EC2.amazonaws.com",
        "arn:aws:organizations::123456789012:organization/x-1",
        "arn:aws:organizations::123456789012:ou/o-1",
    ] {
        let add = format!("ServiceId={service}&AddAllowedPrincipals.1={bad}");
        let fault = scene.desk.fault(MODIFY, &add);
        assert_eq!(fault.code, "InvalidPrincipal", "{bad}");
    }
    let both = format!("ServiceId={service}&AddAllowedPrincipals.1=*&RemoveAllowedPrincipals.1=*");
    let fault = scene.desk.fault(MODIFY, &both);
    assert_eq!(fault.code, "InvalidParameterCombination");
}

#[test]
fn only_the_allowed_see_a_service() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let consumer = scene.consumer(|desk| desk.call.account);
    let name = format!("ServiceName.1=com.amazonaws.vpce.us-east-1.{service}");
    let text = scene.consumer(|desk| desk.ok(SERVICES, &name));
    for wanted in [
        format!("<owner>{}</owner>", scene.desk.call.account),
        "<vpcEndpointPolicySupported>false</vpcEndpointPolicySupported>".into(),
        "<item>us-east-1b</item>".into(),
        "<serviceType>Interface</serviceType>".into(),
    ] {
        assert!(text.contains(&wanted), "{wanted}: {text}");
    }
    scene.desk.ok(
        MODIFY,
        &format!("ServiceId={service}&RemoveAllowedPrincipals.1=arn:aws:iam::{consumer}:root"),
    );
    let fault = scene.consumer(|desk| desk.fault(SERVICES, &name));
    assert_eq!(fault.code, "InvalidServiceName");
    let all = scene.consumer(|desk| desk.ok(SERVICES, ""));
    assert!(!all.contains(&service), "{all}");
    let wanted = scene.wanted(&service, &[0]);
    let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &wanted));
    assert_eq!(fault.code, "InvalidServiceName");
    // Its owner always does.
    let own = scene.desk.ok(
        SERVICES,
        "Filter.1.Name=owner&Filter.1.Value.1=123456789012",
    );
    assert!(own.contains(&service), "{own}");

    // A user's entry admits the user, not the account.
    let user = format!("arn:aws:iam::{consumer}:user/ann");
    scene.desk.ok(
        MODIFY,
        &format!("ServiceId={service}&AddAllowedPrincipals.1={user}"),
    );
    let fault = scene.consumer(|desk| desk.fault(SERVICES, &name));
    assert_eq!(fault.code, "InvalidServiceName");
    scene.consumer(|desk| {
        desk.call.arn = user;
        desk.ok(SERVICES, &name)
    });

    // A role's admits its sessions, and no other role's.
    let role = format!("arn:aws:iam::{consumer}:role/ops/deploy");
    scene.desk.ok(
        MODIFY,
        &format!("ServiceId={service}&AddAllowedPrincipals.1={role}"),
    );
    let session = |role: &str| format!("arn:aws:sts::{consumer}:assumed-role/{role}/s1");
    scene.consumer(|desk| {
        desk.call.arn = session("deploy");
        desk.ok(SERVICES, &name)
    });
    for other in [session("deploy2"), session("x"), "arn:aws:sts::1:x".into()] {
        let fault = scene.consumer(|desk| {
            desk.call.arn = other;
            desk.fault(SERVICES, &name)
        });
        assert_eq!(fault.code, "InvalidServiceName");
    }
}

#[test]
fn taking_a_permission_away_ends_no_connection() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let endpoint = scene.endpoint(&service);
    let consumer = scene.consumer(|desk| desk.call.account);
    scene.desk.ok(
        MODIFY,
        &format!("ServiceId={service}&RemoveAllowedPrincipals.1=arn:aws:iam::{consumer}:root"),
    );
    assert_eq!(scene.state(&endpoint), "pending");
}
