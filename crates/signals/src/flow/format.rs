//! Which fields a record shows, in which order.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::Field;

/// The name that opens Ginnel's own fields: alone it stands for the default fields and all own
/// ones; before fields it allows own ones among them.
pub const ENDPOINT_FORMAT: &str = "ginnel-endpoint-v1";

/// A choice of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    fields: Vec<Field>,
}

/// A text that is not a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFormat {
    /// A part that is not of the form `${name}`.
    NotAField(String),
    /// There is no field of this name.
    Unknown(String),
    /// A field of Ginnel's own, without the name that allows it.
    Own(String),
    /// A field for the second time.
    Twice(String),
    /// No field at all.
    Empty,
}

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotAField(part) | Self::Unknown(part) | Self::Own(part) | Self::Twice(part)) =
            self
        else {
            return write!(
                f,
                "LogFormat names no field; give some, or leave it out for the default"
            );
        };
        write!(f, "Value ({part}) in parameter LogFormat is invalid: ")?;
        match self {
            Self::NotAField(_) => {
                write!(
                    f,
                    "give fields as in ${{version}} ${{srcaddr}}, with spaces between"
                )
            }
            Self::Unknown(_) => {
                write!(f, "there is no such field; there are ")?;
                let known = Field::ALL.iter().filter(|field| !field.is_own());
                for (at, field) in known.enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", field.name())?;
                }
                Ok(())
            }
            Self::Own(_) => write!(
                f,
                "this field is Ginnel's own; write {ENDPOINT_FORMAT} before the first field to have it"
            ),
            Self::Twice(_) | Self::Empty => write!(f, "give each field once"),
        }
    }
}

impl core::error::Error for BadFormat {}

impl Default for Format {
    /// The fields of version 2.
    fn default() -> Self {
        let all = Field::ALL.iter().copied();
        let fields = all.filter(|field| field.version() == Some(2)).collect();
        Self { fields }
    }
}

impl Format {
    /// Reads `${version} ${srcaddr} …`, with or without [`ENDPOINT_FORMAT`] before it, or that
    /// name alone.
    ///
    /// # Errors
    ///
    /// The first part that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadFormat> {
        let mut parts = text.split_ascii_whitespace().peekable();
        let own = parts.next_if_eq(&ENDPOINT_FORMAT).is_some();
        let mut fields = Vec::new();
        for part in parts {
            let name = part.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
            let name = name.ok_or_else(|| BadFormat::NotAField(part.to_string()))?;
            match Field::parse(name) {
                None => return Err(BadFormat::Unknown(part.to_string())),
                Some(field) if field.is_own() && !own => {
                    return Err(BadFormat::Own(part.to_string()));
                }
                Some(field) if fields.contains(&field) => {
                    return Err(BadFormat::Twice(part.to_string()));
                }
                Some(field) => fields.push(field),
            }
        }
        match (fields.is_empty(), own) {
            (false, _) => Ok(Self { fields }),
            (true, true) => {
                let own = Field::ALL.iter().copied().filter(|field| field.is_own());
                let mut fields = Self::default().fields;
                fields.extend(own);
                Ok(Self { fields })
            }
            (true, false) => Err(BadFormat::Empty),
        }
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The version that its records print: the highest of its fields, and at least 2.
    pub fn version(&self) -> u8 {
        let versions = self.fields.iter().filter_map(|field| field.version());
        versions.max().unwrap_or(2)
    }

    /// The names of the fields with spaces between: the first line of a file.
    pub fn header(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name()).collect();
        names.join(" ")
    }

    /// Reads what [`Format::header`] wrote; none if a name is no field's, or there is none.
    pub fn of_header(text: &str) -> Option<Self> {
        let fields: Option<Vec<Field>> = text.split_ascii_whitespace().map(Field::parse).collect();
        let fields = fields.filter(|fields| !fields.is_empty())?;
        Some(Self { fields })
    }
}

impl fmt::Display for Format {
    /// Every field as `${name}`, which [`Format::parse`] reads where no field is Ginnel's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.fields.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}${{{}}}", field.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::{BadFormat, Format};
    use crate::flow::Field;

    const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

    #[test]
    fn the_default_is_version_2() {
        let format = Format::default();
        assert_eq!(format.to_string(), DEFAULT);
        assert_eq!(Format::parse(DEFAULT), Ok(format.clone()));
        assert_eq!(format.version(), 2);
        assert!(
            format
                .header()
                .starts_with("version account-id interface-id srcaddr")
        );
        assert_eq!(Format::of_header(&format.header()), Some(format));
        assert_eq!(Format::of_header("version colour"), None);
        assert_eq!(Format::of_header(""), None);
    }

    #[test]
    fn the_version_is_the_highest() {
        for (text, version) in [
            ("${bytes}", 2),
            ("${bytes} ${type} ${packets}", 3),
            ("${encryption-status} ${version}", 10),
            ("ginnel-endpoint-v1 ${vpce-id}", 2),
            ("ginnel-endpoint-v1 ${vpce-id} ${flow-direction}", 5),
            ("ginnel-endpoint-v1", 2),
        ] {
            assert_eq!(
                Format::parse(text).map(|it| it.version()),
                Ok(version),
                "{text}"
            );
        }
    }

    #[test]
    fn own_fields_need_the_name() {
        let all = Format::parse("ginnel-endpoint-v1").expect("a format");
        assert_eq!(all.fields().len(), 14 + 7);
        assert_eq!(all.fields()[13..15], [Field::LogStatus, Field::VpceId]);
        let some = Format::parse("ginnel-endpoint-v1 ${srcaddr} ${drop-reason}").expect("a format");
        assert_eq!(some.fields(), [Field::SrcAddr, Field::DropReason]);
        let refused = Format::parse("${srcaddr} ${drop-reason}");
        assert_eq!(refused, Err(BadFormat::Own("${drop-reason}".into())));
    }

    #[test]
    fn refusals_name_the_part() {
        for (text, refused, words) in [
            ("", BadFormat::Empty, "names no field"),
            ("  ", BadFormat::Empty, "names no field"),
            (
                "version",
                BadFormat::NotAField("version".into()),
                "(version)",
            ),
            (
                "${start} end}",
                BadFormat::NotAField("end}".into()),
                "(end})",
            ),
            (
                "${colour}",
                BadFormat::Unknown("${colour}".into()),
                "there are version, account-id",
            ),
            (
                "${start} ${start}",
                BadFormat::Twice("${start}".into()),
                "(${start})",
            ),
            (
                "${start} ginnel-endpoint-v1",
                BadFormat::NotAField("ginnel-endpoint-v1".into()),
                "(ginnel-endpoint-v1)",
            ),
            (
                "${vpce-id}",
                BadFormat::Own("${vpce-id}".into()),
                "write ginnel-endpoint-v1",
            ),
        ] {
            let bad = Format::parse(text).expect_err(text);
            assert_eq!(bad, refused);
            assert!(bad.to_string().contains(words), "{bad}");
        }
    }
}
