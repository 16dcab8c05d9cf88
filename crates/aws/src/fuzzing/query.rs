//! Forms and the generated requests of all services that read them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::write::leaves;
use super::{check_fault, post};
use crate::call::{COMMON, Request, Service, decode};
use crate::form::unescape;

const SERVICES: [Service; 5] = [
    Service::Ec2,
    Service::Elbv2,
    Service::Sts,
    Service::Iam,
    Service::Sns,
];

/// The first byte says which service (`0` EC2, `1` ELBv2, `2` STS, `3` IAM, `4` SNS), the rest is
/// the body without `Version`.
pub fn query(data: &[u8]) -> bool {
    let Some((first, text)) = data.split_first() else {
        return false;
    };
    let which = usize::from(first.wrapping_sub(b'0')) % SERVICES.len();
    let Some(&service) = SERVICES.get(which) else {
        return false;
    };
    let mut body = text.to_vec();
    body.extend_from_slice(b"&Version=");
    body.extend_from_slice(service.version().as_bytes());
    match decode(service, &post("/", "", &[], &body)) {
        Ok(request) => {
            check_request(service, &request, &String::from_utf8_lossy(text));
            true
        }
        Err(fault) => {
            check_fault(service, &fault);
            false
        }
    }
}

/// `text` was read as `request`.
fn check_request(service: Service, request: &Request, text: &str) {
    assert_eq!(request.service(), service);
    let (_, supported) = service.operations();
    assert!(supported.binary_search(&request.name()).is_ok());

    // Nothing was lost on the way in: every value is in the request. (Empty ones may be lists.)
    let Ok(leaves) = leaves(request, service.flavour()) else {
        unreachable!("{} has a part that no form has", request.name());
    };
    let kept = leaves
        .iter()
        .filter(|(_, value)| value.as_ref().is_some_and(|value| !value.is_empty()));
    let given = text.split('&').filter_map(|pair| pair.split_once('='));
    let given = given.filter(|(name, value)| {
        let name = unescape(name).unwrap_or_default();
        !value.is_empty() && name != "Action" && !COMMON.contains(&name.as_str())
    });
    assert_eq!(kept.count(), given.count(), "{request:?} from {text:?}");

    // The same request in other words: all escaped, in another order, half of it in the query.
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut pairs: Vec<String> = leaves
        .iter()
        .map(|(name, value)| {
            format!(
                "{}={}",
                encode(name),
                encode(value.as_deref().unwrap_or(""))
            )
        })
        .collect();
    pairs.reverse();
    pairs.push(format!("Action={}", request.name()));
    pairs.push(format!("Version={}", service.version()));
    let (query, body) = pairs.split_at(pairs.len() / 2);
    let (query, body) = (query.join("&"), body.join("&"));
    let again = decode(service, &post("/", &query, &[], body.as_bytes()));
    assert_eq!(again.as_ref(), Ok(request), "{query}?{body}");

    // One parameter more that nobody knows is one too many.
    let query = format!("{query}&Unheard.1=of");
    let more = decode(service, &post("/", &query, &[], body.as_bytes()));
    let Err(fault) = more else {
        unreachable!("{} takes any parameter", request.name());
    };
    assert_eq!(fault.code, "UnknownParameter", "{fault}");
}
