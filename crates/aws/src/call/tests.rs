//! Requests as the real botocore sends them, and what is refused before a type is looked at.

use serde_json::{Value, json};

use super::*;

fn post(service: Service, body: &str) -> Result<Request, Fault> {
    post_to(service, "", body)
}

fn post_to(service: Service, target: &str, body: &str) -> Result<Request, Fault> {
    let parts = Parts {
        method: "POST",
        path: "/",
        query: "",
        headers: &[("x-amz-target".to_owned(), target.to_owned())],
        body: body.as_bytes(),
    };
    decode(service, &parts)
}

fn code(result: Result<Request, Fault>) -> String {
    result.expect_err("a fault").code.into_owned()
}

/// Made by `tests/corpus.py`; every supported operation is in it.
#[test]
fn requests_of_botocore_are_read_as_they_were_meant() {
    let corpus: Value =
        serde_json::from_str(include_str!("../../tests/requests.json")).expect("a corpus");
    let cases = corpus["cases"].as_array().expect("cases");
    for case in cases {
        let (body, name) = (
            case["body"].as_str().unwrap(),
            case["operation"].as_str().unwrap(),
        );
        let service = Service::from_scope_name(case["service"].as_str().unwrap()).unwrap();
        let typed = json!({ name: case["typed"] });
        let meant = match service {
            Service::Ec2 => serde_json::from_value(typed).map(Request::Ec2),
            Service::Elbv2 => serde_json::from_value(typed).map(Request::Elbv2),
            Service::Sts => serde_json::from_value(typed).map(Request::Sts),
            Service::Iam => serde_json::from_value(typed).map(Request::Iam),
            Service::Sns => serde_json::from_value(typed).map(Request::Sns),
            Service::Cloudtrail => serde_json::from_value(typed).map(Request::Cloudtrail),
            Service::Quotas => serde_json::from_value(typed).map(Request::Quotas),
            Service::Tagging => serde_json::from_value(typed).map(Request::Tagging),
            Service::Ginnel => unreachable!("not in the corpus"),
        };
        let heard = post_to(service, case["target"].as_str().unwrap(), body);
        assert_eq!(heard, Ok(meant.expect("a typed request")), "{name}: {body}");
    }
    let supported = Service::ALL.map(|service| service.operations().1.len());
    let supported: usize = supported.iter().sum();
    assert_eq!(cases.len(), 3 * supported, "run tests/corpus.py");
}

#[test]
fn tables_are_sorted_and_every_supported_operation_exists() {
    for service in Service::ALL {
        let (all, supported) = service.operations();
        assert!(all.is_sorted() && supported.is_sorted());
        assert!(supported.iter().all(|name| all.binary_search(name).is_ok()));
    }
    assert_eq!((ec2::OPERATIONS.len(), elbv2::OPERATIONS.len()), (765, 51));
}

#[test]
fn an_operation_that_is_not_there_yet_is_told_from_one_that_never_was() {
    let fault = post(Service::Ec2, "Action=RunInstances&Version=2016-11-15").unwrap_err();
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("UnsupportedOperation", 400)
    );
    assert!(fault.message.contains("RunInstances of ec2"), "{fault}");
    assert_eq!(
        code(post(Service::Ec2, "Action=RunAway&Version=2016-11-15")),
        "InvalidAction"
    );
    let elb = "Action=CreateVpc&Version=2015-12-01";
    assert_eq!(code(post(Service::Elbv2, elb)), "InvalidAction");
}

#[test]
fn action_and_version_must_be_right() {
    assert_eq!(
        code(post(Service::Sts, "Version=2011-06-15")),
        "MissingAction"
    );
    assert_eq!(
        code(post(Service::Sts, "Action=GetCallerIdentity")),
        "MissingParameter"
    );
    let old = "Action=GetCallerIdentity&Version=2011-06-14";
    assert_eq!(code(post(Service::Sts, old)), "NoSuchVersion");
}

#[test]
fn parameters_come_from_query_and_body_and_those_of_signing_are_dropped() {
    let parts = Parts {
        method: "POST",
        path: "/",
        query: "Action=DescribeVpcs&X-Amz-Signature=00&AWSAccessKeyId=AKIA",
        headers: &[],
        body: b"Version=2016-11-15&VpcId.1=vpc-1&DryRun=true",
    };
    let request = decode(Service::Ec2, &parts).unwrap();
    assert_eq!((request.name(), request.dry_run()), ("DescribeVpcs", true));
    let Request::Ec2(ec2::Request::DescribeVpcs(request)) = request else {
        panic!("{request:?}")
    };
    assert_eq!(request.vpc_ids, ["vpc-1"]);

    let twice = Parts {
        body: b"Action=DescribeVpcs&Version=2016-11-15",
        ..parts
    };
    assert_eq!(code(decode(Service::Ec2, &twice)), "InvalidQueryParameter");
}

#[test]
fn faults_name_the_parameter_by_its_full_path() {
    let cases = [
        (
            "VpcId=v&SubnetConfiguration.1.Foo=1",
            "UnknownParameter",
            "SubnetConfiguration.1.Foo",
        ),
        (
            "VpcId=v&SubnetConfiguration.1.Foo.Bar=1",
            "UnknownParameter",
            "SubnetConfiguration.1.Foo.Bar",
        ),
        ("VpcId=v&VpcId.1=w", "InvalidQueryParameter", "VpcId.1"),
        ("VpcId.1=w", "UnknownParameter", "VpcId.1"),
        ("", "MissingParameter", "VpcId"),
        (
            "VpcId=v&PrivateDnsEnabled=maybe",
            "InvalidParameterValue",
            "expected a boolean",
        ),
        (
            "VpcId=v&SubnetId.0=s",
            "InvalidParameterValue",
            "SubnetId.0",
        ),
        (
            "VpcId=v&SubnetId.01=s",
            "InvalidParameterValue",
            "SubnetId.01",
        ),
        (
            "VpcId=v&SubnetId.99999999999=s",
            "InvalidParameterValue",
            "SubnetId.99999999999",
        ),
        ("VpcId=v&SubnetId.x=s", "UnknownParameter", "SubnetId.x"),
        ("VpcId=v&SubnetId=s", "InvalidParameterValue", "SubnetId"),
        (
            "VpcId=v&DnsOptions=s",
            "InvalidParameterValue",
            "DnsOptions",
        ),
        (
            "VpcId=v&TagSpecification.2.Tag.1.Name=s",
            "UnknownParameter",
            "TagSpecification.2.Tag.1.Name",
        ),
    ];
    for (body, code, text) in cases {
        let head = "Action=CreateVpcEndpoint&Version=2016-11-15&";
        let fault = post(Service::Ec2, &format!("{head}{body}")).unwrap_err();
        assert_eq!(fault.code, code, "{body}: {fault}");
        assert!(fault.message.contains(text), "{body}: {fault}");
    }
    let body = "Action=DescribeTags&Version=2015-12-01&ResourceArns.member.x=1";
    let fault = post(Service::Elbv2, body).unwrap_err();
    assert_eq!(
        fault.message,
        "The parameter ResourceArns.member.x is not recognized"
    );
    let body = "Action=CreateTargetGroup&Version=2015-12-01&Name=a&Port=http";
    let fault = post(Service::Elbv2, body).unwrap_err();
    let number = "expected a whole number from -2147483648 to 2147483647";
    assert_eq!(
        fault.message,
        format!("Value (http) for parameter Port is invalid: {number}")
    );
}

#[test]
fn records_show_what_was_asked() {
    let body = "Action=CreateTags&Version=2016-11-15&ResourceId.2=b&ResourceId.1=a&Tag.1.Key=k&X-Amz-Date=x";
    let parts = Parts {
        method: "POST",
        path: "/",
        query: "",
        headers: &[],
        body: body.as_bytes(),
    };
    let (action, parameters) = claimed(Service::Ec2, &parts);
    assert_eq!(action.as_deref(), Some("CreateTags"));
    assert_eq!(
        parameters,
        json!({ "resourceId": ["a", "b"], "tag": [{ "key": "k" }] })
    );
    let broken = Parts {
        body: b"%",
        ..parts
    };
    assert_eq!(claimed(Service::Ec2, &broken), (None, Value::Null));
}
