//! The shape of policy documents: what is refused when one is stored. What a policy means is
//! the policy engine's.
//!
//! Strict: an unknown element, an element twice or a wrong type is refused where it stands. The
//! grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

/// Which documents differ in what a statement must have.
#[allow(
    dead_code,
    reason = "which kinds are stored depends on the services that are there"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of an endpoint, a topic or another thing: says who, what and on what.
    Endpoint,
    /// Of a user, group or role, or a managed policy: who is whoever has it.
    Identity,
    /// Who may assume a role: on what is the role.
    Trust,
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// More than may be stored.
    #[error("the policy has {characters} characters; at most {most} are allowed")]
    TooLong {
        /// What was counted.
        characters: usize,
        /// The limit.
        most: usize,
    },
    /// Not a policy; says where and why.
    #[error("{0}")]
    Shape(String),
}

/// Refuses what is not a policy of its kind of at most `most` characters. White space counts in
/// policies of endpoints, and not in IAM's.
pub(crate) fn check(text: &str, kind: Kind, most: usize) -> Result<(), Broken> {
    let counts = |c: &char| kind == Kind::Endpoint || !c.is_whitespace();
    let characters = text.chars().filter(counts).count();
    if characters > most {
        return Err(Broken::TooLong { characters, most });
    }
    let document: Document = serde_json::from_str(text).map_err(|error| place(&error))?;
    if !["2008-10-17", "2012-10-17"].contains(&document.version.as_str()) {
        return Err(Broken::Shape(format!(
            "Version is '{}'; give 2012-10-17 (or 2008-10-17)",
            document.version
        )));
    }
    if document.statement.is_empty() {
        return Err(Broken::Shape(
            "Statement is empty; give at least one".into(),
        ));
    }
    let mut sids = BTreeSet::new();
    for (number, statement) in (1..).zip(&document.statement) {
        statement.check(kind).map_err(|why| {
            let sid = statement.sid.as_ref();
            let sid = sid.map_or(String::new(), |sid| format!(" (Sid {sid})"));
            Broken::Shape(format!("statement {number}{sid} {why}"))
        })?;
        if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.is_empty())
            && !sids.insert(sid)
        {
            return Err(Broken::Shape(format!(
                "statement {number} has the Sid '{sid}', which another has too; each must be unique"
            )));
        }
    }
    Ok(())
}

/// serde_json's words, with its position in front.
fn place(error: &serde_json::Error) -> Broken {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    let why = text
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&text);
    Broken::Shape(match line {
        0 => why.to_owned(),
        _ => format!("line {line}, column {column}: {why}"),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default = "first_version")]
    version: String,
    #[serde(default, rename = "Id")]
    _id: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    statement: Vec<Statement>,
}

/// What a document without a Version has.
fn first_version() -> String {
    "2008-10-17".into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    sid: Option<String>,
    effect: Option<Effect>,
    principal: Option<Principal>,
    not_principal: Option<Principal>,
    action: Option<Texts>,
    not_action: Option<Texts>,
    resource: Option<Texts>,
    not_resource: Option<Texts>,
    condition: Option<BTreeMap<String, BTreeMap<String, Values>>>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

impl Statement {
    /// What is wrong with it, as the end of a sentence.
    fn check(&self, kind: Kind) -> Result<(), String> {
        match &self.effect {
            Some(Effect::Allow | Effect::Deny) => {}
            None => return Err("has no Effect; give Allow or Deny".into()),
        }
        let who = [
            ("Principal", self.principal.is_some()),
            ("NotPrincipal", self.not_principal.is_some()),
        ];
        let on_what = [
            ("Resource", self.resource.is_some()),
            ("NotResource", self.not_resource.is_some()),
        ];
        match kind {
            Kind::Endpoint => {
                one_of(who)?;
                one_of(on_what)?;
            }
            Kind::Identity => {
                none_of(who, "the principal is whoever has the policy")?;
                one_of(on_what)?;
            }
            Kind::Trust => {
                one_of(who)?;
                none_of(on_what, "the resource is the role")?;
            }
        }
        one_of([
            ("Action", self.action.is_some()),
            ("NotAction", self.not_action.is_some()),
        ])?;
        for principal in self.principal.iter().chain(&self.not_principal) {
            principal.check()?;
        }
        for action in texts(&self.action).chain(texts(&self.not_action)) {
            if !is_action(action) {
                return Err(format!(
                    "has the action '{action}'; give * or SERVICE:ACTION, for example s3:GetObject"
                ));
            }
        }
        for resource in texts(&self.resource).chain(texts(&self.not_resource)) {
            if resource != "*" && !resource.starts_with("arn:") {
                return Err(format!("has the resource '{resource}'; give * or an ARN"));
            }
        }
        if let Some(sid) = &self.sid
            && kind != Kind::Endpoint
            && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err("has a Sid with other characters than A-Z, a-z and 0-9".into());
        }
        for (operator, keys) in self.condition.iter().flatten() {
            if !is_operator(operator) {
                return Err(format!("has the unknown condition operator '{operator}'"));
            }
            if let Some((key, _)) = keys.iter().find(|(key, _)| key.is_empty()) {
                return Err(format!("has the condition key '{key}' in {operator}"));
            }
        }
        Ok(())
    }
}

fn one_of([(name, first), (opposite, second)]: [(&str, bool); 2]) -> Result<(), String> {
    match (first, second) {
        (false, false) => Err(format!("has no {name}")),
        (true, true) => Err(format!("has both {name} and {opposite}; give one")),
        (true, false) | (false, true) => Ok(()),
    }
}

fn none_of(elements: [(&str, bool); 2], why: &str) -> Result<(), String> {
    match elements.into_iter().find(|(_, there)| *there) {
        None => Ok(()),
        Some((name, _)) => Err(format!("has a {name}, which such a policy cannot: {why}")),
    }
}

fn texts(list: &Option<Texts>) -> impl Iterator<Item = &str> {
    list.iter().flat_map(|texts| &texts.0).map(String::as_str)
}

/// `*`, or a service's prefix, a colon and a pattern.
fn is_action(text: &str) -> bool {
    let word = |part: &str, more: &[u8]| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        !part.is_empty() && part.bytes().all(fits)
    };
    text == "*"
        || text
            .split_once(':')
            .is_some_and(|(service, name)| word(service, b"-") && word(name, b"*?-_"))
}

/// Condition operators without the quantifiers and IfExists, which go with all but Null.
const OPERATORS: [&str; 26] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
];

fn is_operator(text: &str) -> bool {
    let quantified = ["ForAllValues:", "ForAnyValue:"];
    let rest = quantified.iter().find_map(|it| text.strip_prefix(it));
    let rest = rest.unwrap_or(text);
    let rest = rest.strip_suffix("IfExists").unwrap_or(rest);
    text == "Null" || OPERATORS.contains(&rest)
}

/// `*`, or lists by type.
enum Principal {
    Text(String),
    Types(BTreeMap<String, Texts>),
}

impl Principal {
    fn check(&self) -> Result<(), String> {
        const TYPES: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];
        match self {
            Self::Text(text) if text == "*" => Ok(()),
            Self::Text(text) => Err(format!(
                "has the principal '{text}'; give \"*\" or {{\"AWS\": ...}}"
            )),
            Self::Types(types) if types.is_empty() => Err("has an empty Principal".into()),
            Self::Types(types) => match types.keys().find(|it| !TYPES.contains(&it.as_str())) {
                None => Ok(()),
                Some(other) => Err(format!(
                    "has the principal type '{other}'; give one of {}",
                    TYPES.join(", ")
                )),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct This;
        impl<'de> Visitor<'de> for This {
            type Value = Principal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"*\" or an object of principals by type")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Principal, E> {
                Ok(Principal::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Principal, A::Error> {
                once_each(map).map(Principal::Types)
            }
        }
        deserializer.deserialize_any(This)
    }
}

/// An object's members, none of them twice.
fn once_each<'de, V: Deserialize<'de>, A: MapAccess<'de>>(
    mut map: A,
) -> Result<BTreeMap<String, V>, A::Error> {
    let mut members = BTreeMap::new();
    while let Some(key) = map.next_key::<String>()? {
        if members.contains_key(&key) {
            return Err(A::Error::custom(format!("duplicate field `{key}`")));
        }
        members.insert(key, map.next_value()?);
    }
    Ok(members)
}

/// A string, or a list of at least one.
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct This;
        impl<'de> Visitor<'de> for This {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Texts, A::Error> {
                let list: Vec<String> = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                if list.is_empty() {
                    return Err(A::Error::custom("an empty list; give at least one string"));
                }
                Ok(Texts(list))
            }
        }
        deserializer.deserialize_any(This)
    }
}

/// A condition's values: strings, numbers, booleans, or a list of those.
struct Values;

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct This;
        impl<'de> Visitor<'de> for This {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, a boolean or a list of them")
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Values, E> {
                Ok(Values)
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Values, E> {
                Ok(Values)
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Values, E> {
                Ok(Values)
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Values, E> {
                Ok(Values)
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Values, E> {
                Ok(Values)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
                while seq.next_element::<Values>()?.is_some() {}
                Ok(Values)
            }
        }
        deserializer.deserialize_any(This)
    }
}

/// An object, or a list of objects.
fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct This<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for This<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object or a list of objects")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(seq))
        }
    }
    deserializer.deserialize_any(This(PhantomData))
}

#[cfg(test)]
mod tests;
