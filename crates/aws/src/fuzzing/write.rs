//! The way back: a decoded request as the parameters that say it.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use crate::call::Flavour;

/// One parameter: its name, and its value; none for an empty list.
pub(super) type Leaf = (String, Option<String>);

/// All parameters of `request`, without `Action` and `Version`.
pub(super) fn leaves<T: Serialize>(request: &T, flavour: Flavour) -> Result<Vec<Leaf>, Strange> {
    let mut out = Vec::new();
    request.serialize(Writer {
        name: String::new(),
        flavour,
        out: &mut out,
    })?;
    Ok(out)
}

/// A type that has no form.
#[derive(Debug)]
pub(super) struct Strange(String);

impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Strange {}

impl ser::Error for Strange {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// Writes the value of the parameter `name`.
struct Writer<'a> {
    name: String,
    flavour: Flavour,
    out: &'a mut Vec<Leaf>,
}

/// Writes the parts of a list, a map or a structure.
struct Below<'a> {
    name: String,
    flavour: Flavour,
    out: &'a mut Vec<Leaf>,
    count: usize,
}

impl Writer<'_> {
    fn leaf(self, value: impl ToString) -> Result<(), Strange> {
        self.out.push((self.name, Some(value.to_string())));
        Ok(())
    }
}

impl<'a> Writer<'a> {
    fn below(self, name: String) -> Below<'a> {
        let Self {
            name: _,
            flavour,
            out,
        } = self;
        Below {
            name,
            flavour,
            out,
            count: 0,
        }
    }
}

impl Below<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, suffix: &str, value: &T) -> Result<(), Strange> {
        let name = if self.name.is_empty() {
            suffix.to_owned()
        } else {
            format!("{}.{suffix}", self.name)
        };
        value.serialize(Writer {
            name,
            flavour: self.flavour,
            out: self.out,
        })
    }
}

macro_rules! leaves {
    ($($method:ident $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<(), Strange> {
            self.leaf(value)
        }
    )*};
}

macro_rules! no {
    ($($method:ident ($($argument:ty),*) -> $result:ty,)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$result, Strange> {
            Err(ser::Error::custom(stringify!($method)))
        }
    )*};
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Strange;
    type SerializeSeq = Below<'a>;
    type SerializeMap = Below<'a>;
    type SerializeStruct = Below<'a>;
    type SerializeTuple = Impossible<(), Strange>;
    type SerializeTupleStruct = Impossible<(), Strange>;
    type SerializeTupleVariant = Impossible<(), Strange>;
    type SerializeStructVariant = Impossible<(), Strange>;

    leaves! {
        serialize_bool bool,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_f64 f64,
        serialize_str &str,
    }

    no! {
        serialize_i8(i8) -> (),
        serialize_i16(i16) -> (),
        serialize_u8(u8) -> (),
        serialize_u16(u16) -> (),
        serialize_u32(u32) -> (),
        serialize_u64(u64) -> (),
        serialize_f32(f32) -> (),
        serialize_char(char) -> (),
        serialize_bytes(&[u8]) -> (),
        serialize_unit() -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_unit_variant(&'static str, u32, &'static str) -> (),
        serialize_tuple(usize) -> Self::SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeTupleVariant,
        serialize_struct_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeStructVariant,
    }

    fn serialize_none(self) -> Result<(), Strange> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Strange> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Strange> {
        value.serialize(self)
    }

    /// The service and the operation.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Strange> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Below<'a>, Strange> {
        if length == Some(0) {
            self.out.push((self.name.clone(), None));
        }
        let name = match self.flavour {
            Flavour::Ec2 => self.name.clone(),
            Flavour::Query => format!("{}.member", self.name),
        };
        Ok(self.below(name))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Below<'a>, Strange> {
        if length == Some(0) {
            self.out.push((self.name.clone(), None));
        }
        let name = format!("{}.entry", self.name);
        Ok(self.below(name))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Below<'a>, Strange> {
        let name = self.name.clone();
        Ok(self.below(name))
    }
}

impl SerializeSeq for Below<'_> {
    type Ok = ();
    type Error = Strange;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Strange> {
        self.count += 1;
        self.part(&self.count.to_string(), value)
    }

    fn end(self) -> Result<(), Strange> {
        Ok(())
    }
}

impl SerializeMap for Below<'_> {
    type Ok = ();
    type Error = Strange;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Strange> {
        self.count += 1;
        self.part(&format!("{}.key", self.count), key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Strange> {
        self.part(&format!("{}.value", self.count), value)
    }

    fn end(self) -> Result<(), Strange> {
        Ok(())
    }
}

impl SerializeStruct for Below<'_> {
    type Ok = ();
    type Error = Strange;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Strange> {
        // EC2 hears members with a capital that it says with a small letter.
        match (self.flavour, name.split_at_checked(1)) {
            (Flavour::Ec2, Some((first, rest))) => {
                self.part(&format!("{}{rest}", first.to_ascii_uppercase()), value)
            }
            _ => self.part(name, value),
        }
    }

    fn end(self) -> Result<(), Strange> {
        Ok(())
    }
}
