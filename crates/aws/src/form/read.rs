//! serde's view of a form's tree. Recursion is bounded by the types, and by the tree's depth.

use std::collections::{BTreeSet, btree_map};
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::{Flavour, MAX_INDEX, Node};
use crate::fault::{Fault, shorten};

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Error {
    /// Segments of the parameter's name, innermost first.
    path: Vec<String>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unknown,
    Missing,
    Invalid { value: String, expected: String },
}

impl Error {
    fn at(mut self, segment: &str) -> Self {
        self.path.push(segment.to_owned());
        self
    }

    fn unknown(segment: &str) -> Self {
        Self {
            path: vec![segment.to_owned()],
            problem: Problem::Unknown,
        }
    }

    fn invalid(value: &str, expected: impl Into<String>) -> Self {
        let problem = Problem::Invalid {
            value: shorten(value),
            expected: expected.into(),
        };
        Self {
            path: Vec::new(),
            problem,
        }
    }

    /// The error as the caller shall see it.
    pub(super) fn into_fault(self) -> Fault {
        let segments: Vec<String> = self.path.into_iter().rev().collect();
        let path = segments.join(".");
        match self.problem {
            Problem::Unknown => Fault::unknown(&path),
            Problem::Missing => Fault::missing(&path),
            Problem::Invalid { value, expected } => {
                Fault::invalid_value(&path, &value, &format!("expected {expected}"))
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.problem, self.path)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::invalid("", text.to_string())
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::unknown(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            path: vec![field.to_owned()],
            problem: Problem::Missing,
        }
    }
}

/// A node, about to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    node: &'a Node,
    flavour: Flavour,
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &'a Node, flavour: Flavour) -> Self {
        Self { node, flavour }
    }

    /// The node's value; a node with parts is an unknown parameter where a value was expected.
    fn scalar(self) -> Result<&'a str, Error> {
        match &self.node.value {
            Some(value) => Ok(value),
            None => Err(first_leaf(self.node)),
        }
    }

    fn number<T: std::str::FromStr>(self, expected: &str) -> Result<T, Error> {
        let value = self.scalar()?;
        value.parse().map_err(|_| Error::invalid(value, expected))
    }

    /// The elements of a list in the order of their indices, each with its index's segment.
    /// A plain empty value is an empty list: so the query protocol writes one.
    fn elements(self, wrapper: Option<&str>) -> Result<Vec<(u32, &'a str, &'a Node)>, Error> {
        match self.node.value.as_deref() {
            Some("") => return Ok(Vec::new()),
            Some(value) => {
                let first = wrapper.map_or("1".to_owned(), |wrapper| format!("{wrapper}.1"));
                return Err(Error::invalid(
                    value,
                    format!("a list, whose first element is {first}"),
                ));
            }
            None => {}
        }
        let Some(wrapper) = wrapper else {
            return numbered(self.node);
        };
        if let Some((other, node)) = self.node.children.iter().find(|(name, _)| *name != wrapper) {
            return Err(first_leaf(node).at(other));
        }
        let Some(list) = self.node.children.get(wrapper) else {
            return Ok(Vec::new());
        };
        match &list.value {
            Some(value) => Err(Error::invalid(value, "a number after the name").at(wrapper)),
            None => numbered(list).map_err(|error| error.at(wrapper)),
        }
    }

    fn list_wrapper(self) -> Option<&'static str> {
        match self.flavour {
            Flavour::Ec2 => None,
            Flavour::Query => Some("member"),
        }
    }

    fn fields(self) -> Result<Fields<'a>, Error> {
        match &self.node.value {
            Some(value) => Err(Error::invalid(value, "a structure, given part by part")),
            None => Ok(Fields {
                rest: self.node.children.iter(),
                next: None,
                flavour: self.flavour,
            }),
        }
    }
}

/// The unknown parameter below `node`, by its full name.
fn first_leaf(node: &Node) -> Error {
    let mut names = Vec::new();
    let mut node = node;
    while let Some((name, child)) = node.children.first_key_value() {
        names.push(name.clone());
        node = child;
    }
    names.reverse();
    Error {
        path: names,
        problem: Problem::Unknown,
    }
}

/// The children of `node` in the order of their numbers.
fn numbered(node: &Node) -> Result<Vec<(u32, &str, &Node)>, Error> {
    let mut elements = Vec::with_capacity(node.children.len());
    for (name, child) in &node.children {
        let plain = name.bytes().all(|b| b.is_ascii_digit()) && !name.starts_with('0');
        match name.parse::<u32>() {
            Ok(index) if plain && index <= MAX_INDEX => {
                elements.push((index, name.as_str(), child))
            }
            _ if name.bytes().all(|b| b.is_ascii_digit()) => {
                let expected = format!("list indices from 1 to {MAX_INDEX}");
                return Err(Error::invalid(name, expected).at(name));
            }
            _ => return Err(first_leaf(child).at(name)),
        }
    }
    elements.sort_unstable_by_key(|(index, ..)| *index);
    Ok(elements)
}

macro_rules! numbers {
    ($($method:ident $visit:ident $expected:literal,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number($expected)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Some(value) => visitor.visit_str(value),
            None => visitor.visit_map(self.fields()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.scalar()?;
        if value.eq_ignore_ascii_case("true") {
            visitor.visit_bool(true)
        } else if value.eq_ignore_ascii_case("false") {
            visitor.visit_bool(false)
        } else {
            Err(Error::invalid(value, "a boolean, true or false"))
        }
    }

    numbers! {
        deserialize_i32 visit_i32 "a whole number from -2147483648 to 2147483647",
        deserialize_i64 visit_i64 "a whole number",
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.scalar()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.scalar()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let wrapper = self.list_wrapper();
        visitor.visit_seq(Elements {
            rest: self.elements(wrapper)?.into_iter(),
            wrapper,
            flavour: self.flavour,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Pairs {
            rest: self.elements(Some("entry"))?.into_iter(),
            next: None,
            seen: BTreeSet::new(),
            flavour: self.flavour,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.fields()?)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

/// The parts of a structure.
struct Fields<'a> {
    rest: btree_map::Iter<'a, String, Node>,
    next: Option<(&'a str, &'a Node)>,
    flavour: Flavour,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, node)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some((name, node));
        let key: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
        match seed.deserialize(key) {
            Ok(key) => Ok(Some(key)),
            // The full name is more help than the first part of it that is not known.
            Err(Error {
                problem: Problem::Unknown,
                ..
            }) => Err(first_leaf(node).at(name)),
            Err(error) => Err(error),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (name, node) = self
            .next
            .take()
            .ok_or_else(|| de::Error::custom("a key before its value"))?;
        seed.deserialize(Reader::new(node, self.flavour))
            .map_err(|error| error.at(name))
    }
}

/// The elements of a list.
struct Elements<'a> {
    rest: std::vec::IntoIter<(u32, &'a str, &'a Node)>,
    wrapper: Option<&'static str>,
    flavour: Flavour,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((_, index, node)) = self.rest.next() else {
            return Ok(None);
        };
        let element = seed
            .deserialize(Reader::new(node, self.flavour))
            .map_err(|error| {
                let error = error.at(index);
                match self.wrapper {
                    Some(wrapper) => error.at(wrapper),
                    None => error,
                }
            })?;
        Ok(Some(element))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The pairs of a map: `entry.1.key` and `entry.1.value`.
struct Pairs<'a> {
    rest: std::vec::IntoIter<(u32, &'a str, &'a Node)>,
    next: Option<(&'a str, &'a Node)>,
    seen: BTreeSet<&'a str>,
    flavour: Flavour,
}

/// How the parts of an entry may be called: SNS's message attributes say `Name` and `Value`.
const KEY: [&str; 2] = ["key", "Name"];
const VALUE: [&str; 2] = ["value", "Value"];

impl<'a> Pairs<'a> {
    /// The name that the entry `node` uses.
    fn name(node: &Node, [name, other]: [&'static str; 2]) -> &'static str {
        let children = &node.children;
        if !children.contains_key(name) && children.contains_key(other) {
            other
        } else {
            name
        }
    }

    fn part(node: &'a Node, names: [&'static str; 2]) -> Result<&'a Node, Error> {
        let name = Self::name(node, names);
        let part = node.children.get(name);
        part.ok_or_else(|| de::Error::missing_field(name))
    }

    /// The key of the entry `node`, which no entry before it has and nothing strange is beside.
    fn key(&mut self, node: &'a Node) -> Result<&'a Node, Error> {
        let names = [KEY, VALUE].map(|names| Self::name(node, names));
        let mut children = node.children.iter();
        if let Some((name, node)) = children.find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(first_leaf(node).at(name));
        }
        let key = Self::part(node, KEY)?;
        match key.value.as_deref() {
            Some(text) if !self.seen.insert(text) => {
                Err(Error::invalid(text, "a key that no other entry has").at(names[0]))
            }
            _ => Ok(key),
        }
    }
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((_, index, node)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some((index, node));
        let flavour = self.flavour;
        self.key(node)
            .and_then(|key| {
                seed.deserialize(Reader::new(key, flavour))
                    .map_err(|error| error.at(Self::name(node, KEY)))
            })
            .map(Some)
            .map_err(|error| error.at(index).at("entry"))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (index, node) = self
            .next
            .take()
            .ok_or_else(|| de::Error::custom("a key before its value"))?;
        Self::part(node, VALUE)
            .and_then(|value| {
                seed.deserialize(Reader::new(value, self.flavour))
                    .map_err(|error| error.at(Self::name(node, VALUE)))
            })
            .map_err(|error| error.at(index).at("entry"))
    }
}
