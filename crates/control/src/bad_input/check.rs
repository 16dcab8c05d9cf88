//! What every answer must be, whatever was asked.

use aws::Service;
use aws::call::{Flavour, Protocol};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::door::Answer;

/// A fault's code; `None` of a success.
pub(super) type Code = Option<String>;

/// Codes that any operation may answer with (AWS.md 1.3, 1.5, 4.5, 6.4, 11).
const CODES: &[&str] = &[
    // of every service
    "AuthFailure",
    "DryRunOperation",
    "IdempotentParameterMismatch",
    "LimitExceeded",
    "MalformedQueryString",
    "MissingAction",
    "MissingParameter",
    "RequestEntityTooLarge",
    "RequestLimitExceeded",
    "SerializationException",
    "UnknownParameter",
    "UnsupportedOperation",
    "ValidationError",
    "ValidationException",
    // EC2
    "AddressLimitExceeded",
    "CannotDelete",
    "DefaultVpcAlreadyExists",
    "DependencyViolation",
    "DuplicateSubnetsInSameZone",
    "ExistingVpcEndpointConnections",
    "FlowLogAlreadyExists",
    "Gateway.NotAttached",
    "IncorrectState",
    "InsufficientFreeAddressesInSubnet",
    "LogDestinationNotFound",
    "NatGatewayMalformed",
    "NatGatewayNotFound",
    "NetworkAclEntryAlreadyExists",
    "OperationNotPermitted",
    "PrefixListVersionMismatch",
    "PrivateIpAddressLimitExceeded",
    "Resource.AlreadyAssociated",
    "ResourceLimitExceeded",
    "RouteAlreadyExists",
    "RouteNotSupported",
    "RulesPerSecurityGroupLimitExceeded",
    "TagLimitExceeded",
    "VPCIdNotSpecified",
    "VpcPeeringConnectionAlreadyExists",
    // ELBv2
    "CertificateNotFound",
    "DuplicateListener",
    "DuplicateLoadBalancerName",
    "DuplicateTagKeys",
    "DuplicateTargetGroupName",
    "IncompatibleProtocols",
    "ListenerNotFound",
    "LoadBalancerNotFound",
    "ResourceInUse",
    "RuleNotFound",
    "SSLPolicyNotFound",
    "SubnetNotFound",
    "TargetGroupNotFound",
    "TooManyTags",
    "TooManyTargets",
    "UnsupportedProtocol",
    // IAM and STS
    "DeleteConflict",
    "EntityAlreadyExists",
    "MalformedPolicyDocument",
    "NoSuchEntity",
    "PolicyEvaluation",
    "UnmodifiableEntity",
    // SNS
    "NotFound",
    "ResourceNotFound",
    "StaleTag",
    "SubscriptionLimitExceeded",
    "TagPolicy",
    "TopicLimitExceeded",
    // Service Quotas
    "IllegalArgumentException",
    "NoSuchResourceException",
    // CloudTrail: Invalid… only; tagging:
    "PaginationTokenExpiredException",
];

/// Whether a code says that a thing is not there.
pub(super) fn is_absent(code: &str) -> bool {
    [
        "NotFound",
        "NoSuch",
        "InvalidServiceName",
        "InvalidConnectionNotification",
        "InvalidSubnet",
        "InvalidSecurityGroup",
    ]
    .iter()
    .any(|part| code.contains(part))
}

/// Whether an operation may answer with this code.
fn is_known(code: &str) -> bool {
    let invalid = code.strip_prefix("Invalid").is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    });
    invalid || CODES.contains(&code) || code.ends_with("LimitExceeded")
}

/// The answer's fault, after everything that must hold of it has been checked.
pub(super) fn answer(service: Service, operation: &str, answer: &Answer) -> Result<Code, String> {
    let Answer { status, kind, body } = answer;
    if !matches!(status, 200 | 400 | 403 | 404 | 409 | 412 | 413) {
        return Err(format!("the status {status}"));
    }
    let fault = *status != 200;
    let code = match service.protocol() {
        Protocol::Form(flavour) => {
            if !kind.starts_with("text/xml") {
                return Err(format!("the content type {kind}"));
            }
            xml(flavour, operation, fault, body)?
        }
        Protocol::Json(_) | Protocol::Own => {
            if !kind.starts_with("application/x-amz-json-1.1") {
                return Err(format!("the content type {kind}"));
            }
            json(fault, body)?
        }
    };
    // Another's role, or none: AWS gives the same answer to both, and only here this one.
    let of_a_role = operation == "AssumeRole" && code.as_deref() == Some("AccessDenied");
    match &code {
        Some(code) if !of_a_role && !is_known(code) => {
            Err(format!("the code {code} is not among those known"))
        }
        _ => Ok(code),
    }
}

/// The texts of a document, by path; an error when it is not well formed.
fn texts(body: &str) -> Result<Vec<(String, String)>, String> {
    if let Some(bad) = body.chars().find(|c| *c < ' ' && !"\t\r\n".contains(*c)) {
        return Err(format!("the character {bad:?}, which XML cannot hold"));
    }
    let mut reader = Reader::from_str(body);
    let (mut path, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                found.push((path.join("/"), String::new()));
            }
            Event::Empty(empty) => {
                let name = empty.name().as_ref().to_owned();
                found.push((format!("{}/{name}", path.join("/")), String::new()));
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) => {
                let text: &str = &text;
                let here = path.join("/");
                if let Some(last) = found.iter_mut().rev().find(|(path, _)| *path == here) {
                    last.1 += text;
                }
            }
            Event::Eof if path.is_empty() => return Ok(found),
            Event::Eof => return Err("the document ends early".into()),
            _ => {}
        }
    }
}

fn xml(flavour: Flavour, operation: &str, fault: bool, body: &str) -> Result<Code, String> {
    let found = texts(body)?;
    let text = |path: &str| {
        let known = found.iter().find(|(it, _)| it == path);
        let known = known.map(|(_, text)| text.clone());
        known.ok_or_else(|| format!("there is no {path} in it"))
    };
    if !fault {
        let root = format!("{operation}Response");
        text(&root)?;
        return text(&match flavour {
            Flavour::Ec2 => format!("{root}/requestId"),
            Flavour::Query => format!("{root}/ResponseMetadata/RequestId"),
        })
        .map(|_| None);
    }
    let (error, id) = match flavour {
        Flavour::Ec2 => ("Response/Errors/Error", "Response/RequestID"),
        Flavour::Query => ("ErrorResponse/Error", "ErrorResponse/RequestId"),
    };
    text(id)?;
    if flavour == Flavour::Query && text("ErrorResponse/Error/Type")? != "Sender" {
        return Err("the type is not Sender".into());
    }
    if text(&format!("{error}/Message"))?.is_empty() {
        return Err("no message".into());
    }
    text(&format!("{error}/Code")).map(Some)
}

fn json(fault: bool, body: &str) -> Result<Code, String> {
    let value: serde_json::Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    if !fault {
        return match value.is_object() {
            true => Ok(None),
            false => Err("no object".into()),
        };
    }
    if value["message"].as_str().unwrap_or_default().is_empty() {
        return Err("no message".into());
    }
    let code = value["__type"].as_str().ok_or("no __type")?;
    Ok(Some(code.to_owned()))
}

/// The check checked: each of these answers has one fault.
#[test]
fn wrong_answers_are_noticed() {
    let fault = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>";
    let query = "<ErrorResponse><Error><Type>Sender</Type><Code>LoadBalancerNotFound</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let done = "<DescribeVpcsResponse><requestId>r</requestId></DescribeVpcsResponse>";
    let json = r#"{"__type":"ValidationException","message":"m"}"#;
    let look = |service, status, body: &str| {
        let kind = match service {
            Service::Quotas => "application/x-amz-json-1.1",
            _ => "text/xml;charset=UTF-8",
        };
        let (kind, body) = (kind.into(), body.into());
        answer(service, "DescribeVpcs", &Answer { status, kind, body })
    };
    let right = |service, status, body: &str, code: Option<&str>| {
        assert_eq!(look(service, status, body), Ok(code.map(str::to_owned)));
    };
    right(Service::Ec2, 400, fault, Some("InvalidVpcID.NotFound"));
    right(Service::Elbv2, 400, query, Some("LoadBalancerNotFound"));
    right(Service::Ec2, 200, done, None);
    right(Service::Quotas, 400, json, Some("ValidationException"));
    for (service, status, body) in [
        (Service::Ec2, 500, fault.to_owned()),
        (Service::Ec2, 200, fault.to_owned()),
        (Service::Ec2, 400, done.to_owned()),
        (Service::Elbv2, 400, fault.to_owned()),
        (Service::Ec2, 400, query.to_owned()),
        (Service::Quotas, 400, fault.to_owned()),
        (Service::Ec2, 400, json.to_owned()),
        (
            Service::Ec2,
            400,
            fault.replace("InvalidVpcID.NotFound", "Oops"),
        ),
        (Service::Ec2, 400, fault.replace("<Message>m", "<Message>")),
        (
            Service::Ec2,
            400,
            fault.replace("<Message>m", "<Message>\u{1}"),
        ),
        (Service::Ec2, 400, fault.replace("<Message>m", "<Message><")),
        (Service::Ec2, 400, fault.replace("</Response>", "")),
        (Service::Elbv2, 400, query.replace("Sender", "Receiver")),
        (Service::Quotas, 400, json.replace("__type", "code")),
        (Service::Quotas, 200, "[]".to_owned()),
    ] {
        assert!(look(service, status, &body).is_err(), "{status} {body}");
    }
}
