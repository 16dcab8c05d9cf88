//! Prefix lists through the dispatcher.

use model::endpoint::Managed;

use crate::api::scene::Scene;
use crate::api::tests::{Desk, first};

const CREATE: &str = "CreateManagedPrefixList";
const MODIFY: &str = "ModifyManagedPrefixList";
const DESCRIBE: &str = "DescribeManagedPrefixLists";
const ENTRIES: &str = "GetManagedPrefixListEntries";

#[test]
fn aws_has_a_list_for_each_service() {
    let mut desk = Desk::new();
    let by = "Filter.1.Name=prefix-list-name&Filter.1.Value.1=com.amazonaws.us-east-1.s3";
    let text = desk.ok("DescribePrefixLists", by);
    let id = first(&text, "prefixListId").unwrap();
    assert_eq!(id, Managed::S3.prefix_list().to_string());
    assert!(text.contains("<item>198.51.100.0/24</item>"), "{text}");
    assert!(!text.contains("dynamodb"), "{text}");
    // A name that nobody has is no fault: Terraform asks for those of private services.
    let none = desk.ok("DescribePrefixLists", &by.replace("s3", "none"));
    assert!(!none.contains("<prefixListId>"), "{none}");
    let text = desk.ok(DESCRIBE, "Filter.1.Name=owner-id&Filter.1.Value.1=AWS");
    assert_eq!(text.matches("<ownerId>AWS</ownerId>").count(), 2, "{text}");
    let text = desk.ok(ENTRIES, &format!("PrefixListId={id}"));
    assert_eq!(text.matches("<cidr>").count(), 2, "{text}");
    for action in [MODIFY, "DeleteManagedPrefixList"] {
        let fault = desk.fault(action, &format!("PrefixListId={id}"));
        assert_eq!(fault.code, "OperationNotPermitted");
    }
}

fn make(desk: &mut Desk, more: &str) -> String {
    let parameters =
        format!("PrefixListName=offices&AddressFamily=IPv4&MaxEntries=3&ClientToken=t{more}");
    desk.make(CREATE, &parameters, "prefixListId")
}

#[test]
fn a_list_has_versions() {
    let mut desk = Desk::new();
    let first_entry = "&Entry.1.Cidr=10.2.0.0/16&Entry.1.Description=two&Entry.2.Cidr=10.1.0.0/16";
    let id = make(&mut desk, first_entry);
    assert_eq!(make(&mut desk, first_entry), id);
    let one = format!("PrefixListId={id}");
    let text = desk.ok(DESCRIBE, &format!("PrefixListId.1={id}"));
    for wanted in [
        "<version>1</version>",
        "<maxEntries>3</maxEntries>",
        "<state>create-complete</state>",
        "<prefixListName>offices</prefixListName>",
        &format!("arn:aws:ec2:us-east-1:123456789012:prefix-list/{id}"),
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let change = format!(
        "{one}&CurrentVersion=1&AddEntry.1.Cidr=10.3.0.0/16&AddEntry.2.Cidr=10.1.0.0/16&AddEntry.2.Description=one"
    );
    assert_eq!(desk.make(MODIFY, &change, "version"), "2");
    let fault = desk.fault(MODIFY, &change);
    assert_eq!(fault.code, "PrefixListVersionMismatch");
    let text = desk.ok(ENTRIES, &format!("{one}&MaxResults=2"));
    assert!(text.contains("<description>one</description>"), "{text}");
    let token = first(&text, "nextToken").unwrap();
    let text = desk.ok(ENTRIES, &format!("{one}&NextToken={token}"));
    assert_eq!(first(&text, "cidr").as_deref(), Some("10.3.0.0/16"));
    let remove = format!("{one}&CurrentVersion=2&RemoveEntry.1.Cidr=10.3.0.0/16");
    assert_eq!(desk.make(MODIFY, &remove, "version"), "3");
    // A name is not an entry.
    let rename = format!("{one}&PrefixListName=others");
    assert_eq!(desk.make(MODIFY, &rename, "version"), "3");
    desk.switch_account();
    let fault = desk.fault(ENTRIES, &one);
    assert_eq!(fault.code, "InvalidPrefixListID.NotFound");
    desk.switch_account();
    let text = desk.ok("DeleteManagedPrefixList", &one);
    assert_eq!(first(&text, "state").as_deref(), Some("delete-complete"));
    let fault = desk.fault(DESCRIBE, &format!("PrefixListId.1={id}"));
    assert_eq!(fault.code, "InvalidPrefixListID.NotFound");
}

#[test]
fn refusals() {
    let mut desk = Desk::new();
    let id = make(
        &mut desk,
        "&Entry.1.Cidr=10.1.0.0/16&Entry.2.Cidr=10.2.0.0/16",
    );
    let base = "PrefixListName=n&AddressFamily=IPv4&MaxEntries=1";
    let invalid = "InvalidParameterValue";
    for (parameters, code) in [
        (base.replace("=n", "=com.amazonaws.x"), invalid),
        (base.replace("=n", "="), invalid),
        (base.replace("IPv4", "ipv4"), invalid),
        (base.replace("=1", "=0"), invalid),
        (base.replace("=1", "=1001"), invalid),
        (format!("{base}&Entry.1.Cidr=10.0.0.1/16"), invalid),
        (format!("{base}&Entry.1.Cidr=fd00::/8"), invalid),
        (format!("{base}&Entry.1.Cidr=x"), invalid),
        (
            format!("{base}&Entry.1.Cidr=10.0.0.0/16&Entry.2.Cidr=10.0.0.0/16"),
            invalid,
        ),
        (
            format!("{base}&Entry.1.Cidr=10.0.0.0/16&Entry.2.Cidr=10.1.0.0/16"),
            "PrefixListMaxEntriesExceeded",
        ),
    ] {
        let fault = desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    let one = format!("PrefixListId={id}");
    for (change, code) in [
        ("AddEntry.1.Cidr=10.3.0.0/16", "MissingParameter"),
        (
            "CurrentVersion=1&MaxEntries=9&AddEntry.1.Cidr=10.3.0.0/16",
            "InvalidParameterCombination",
        ),
        ("MaxEntries=1", invalid),
        ("CurrentVersion=1&RemoveEntry.1.Cidr=10.9.0.0/16", invalid),
        (
            "CurrentVersion=1&RemoveEntry.1.Cidr=10.1.0.0/16&AddEntry.1.Cidr=10.1.0.0/16",
            invalid,
        ),
        ("CurrentVersion=-1", "PrefixListVersionMismatch"),
        (
            "IpamPrefixListResolverSyncEnabled=true",
            "UnsupportedOperation",
        ),
    ] {
        let fault = desk.fault(MODIFY, &format!("{one}&{change}"));
        assert_eq!(fault.code, code, "{change}: {}", fault.message);
    }
    let fault = desk.fault(ENTRIES, &format!("{one}&TargetVersion=2"));
    assert_eq!(fault.code, "UnsupportedOperation");
}

#[test]
fn a_list_knows_the_tables_that_use_it() {
    let mut scene = Scene::new();
    let list = Managed::S3.prefix_list();
    let vpc = scene.vpcs[1].clone();
    scene.consumer(|desk| {
        let table = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
        let gateway =
            format!("VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={table}");
        desk.ok("CreateVpcEndpoint", &gateway);
        let users = format!("PrefixListId={list}");
        let text = desk.ok("GetManagedPrefixListAssociations", &users);
        assert_eq!(first(&text, "resourceId"), Some(table));
    });
    let users = format!("PrefixListId={list}");
    let text = scene.desk.ok("GetManagedPrefixListAssociations", &users);
    assert_eq!(first(&text, "resourceId"), None);
}
