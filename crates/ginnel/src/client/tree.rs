//! An XML answer as JSON, without knowing its type.
//!
//! Members keep the names that they have on the wire. Lists are what has `<item>`, `<member>` or
//! `<entry>` elements; `true` and `false` are booleans, except as a tag's value; all other values
//! are text, numbers too: the wire does not tell an account id from a number.

use anyhow::{Context as _, Result, bail};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// An element that is open.
#[derive(Default)]
struct Element {
    name: String,
    children: Vec<(String, Value)>,
    text: String,
}

/// The content of the document's outermost element.
pub(super) fn value(xml: &str) -> Result<Value> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().context("reading the answer's XML")?;
        match (event, open.last_mut()) {
            (Event::Start(start), _) => open.push(Element {
                name: start.name().as_ref().to_owned(),
                ..Element::default()
            }),
            (Event::Text(text), Some(inside)) => inside.text.push_str(&text),
            (Event::GeneralRef(name), Some(inside)) => match name.resolve_char_ref() {
                Ok(Some(character)) => inside.text.push(character),
                _ => {
                    let text = resolve_predefined_entity(&name).unwrap_or_default();
                    inside.text.push_str(text);
                }
            },
            (Event::End(_), _) => {
                let Some(done) = open.pop() else {
                    bail!("the answer is not XML: {xml}");
                };
                let (name, value) = done.close();
                match open.last_mut() {
                    Some(parent) => parent.children.push((name, value)),
                    None => return Ok(value),
                }
            }
            (Event::Eof, _) => bail!("the answer ends too early: {xml}"),
            _ => {}
        }
    }
}

impl Element {
    fn close(self) -> (String, Value) {
        let Self {
            name,
            children,
            text,
        } = self;
        let of_list = |name: &str| ["item", "member", "entry"].contains(&name);
        let value = if children.is_empty() {
            match text.as_str() {
                "" if names_a_list(&name) => Value::Array(Vec::new()),
                "true" | "false" if !name.eq_ignore_ascii_case("value") => {
                    Value::Bool(text == "true")
                }
                _ => Value::String(text),
            }
        } else if children.iter().all(|(name, _)| of_list(name)) {
            children.into_iter().map(|(_, value)| value).collect()
        } else {
            Value::Object(children.into_iter().collect::<Map<_, _>>())
        };
        (name, value)
    }
}

/// Whether an empty element is a list without items: by its plural, as nothing else tells.
fn names_a_list(name: &str) -> bool {
    name.ends_with("Set")
        || name == "ipPermissionsEgress"
        || (name.ends_with('s') && !name.ends_with("ss"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::value;

    #[test]
    fn lists_members_booleans_and_entities() {
        let xml = "<?xml version=\"1.0\"?>\n<DescribeVpcsResponse xmlns=\"x\"><requestId>r</requestId><vpcSet>\
            <item><vpcId>vpc-1</vpcId><isDefault>false</isDefault><ownerId>000123456789</ownerId>\
            <tagSet><item><key>a &amp; b</key><value>true</value></item></tagSet></item>\
            <item><vpcId>vpc-2</vpcId><tagSet/><cidrBlock/></item></vpcSet></DescribeVpcsResponse>";
        assert_eq!(
            value(xml).unwrap(),
            json!({
                "requestId": "r",
                "vpcSet": [
                    {
                        "vpcId": "vpc-1",
                        "isDefault": false,
                        "ownerId": "000123456789",
                        "tagSet": [{ "key": "a & b", "value": "true" }],
                    },
                    { "vpcId": "vpc-2", "tagSet": [], "cidrBlock": "" },
                ],
            })
        );
    }

    #[test]
    fn the_query_protocols_lists_and_maps() {
        let xml = "<R><LoadBalancers><member><SecurityGroups/><State><Code>active</Code></State>\
            </member></LoadBalancers><Attributes><entry><key>k</key><value>v</value></entry>\
            </Attributes></R>";
        assert_eq!(
            value(xml).unwrap(),
            json!({
                "LoadBalancers": [{ "SecurityGroups": [], "State": { "Code": "active" } }],
                "Attributes": [{ "key": "k", "value": "v" }],
            })
        );
    }

    #[test]
    fn what_is_no_xml_is_an_error() {
        for bad in ["", "not xml", "<a><b></a>", "<a>"] {
            assert!(value(bad).is_err(), "{bad}");
        }
    }
}
