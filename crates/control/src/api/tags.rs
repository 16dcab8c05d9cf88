//! Tags: limits, tag-on-create, and their wire forms.

use aws::{Fault, ec2};
use model::tag::Tags;

/// Tags of one thing (AWS quota).
const MAX_TAGS: usize = 50;

/// The tags that `TagSpecification.N` gives to a new thing of `resource_type`.
pub(crate) fn on_create(
    specifications: &[ec2::TagSpecification],
    resource_type: &str,
) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for specification in specifications {
        let given = specification.resource_type.as_deref().unwrap_or_default();
        if given != resource_type {
            return Err(Fault::invalid_value(
                "TagSpecification.N.ResourceType",
                given,
                &format!("this operation makes a '{resource_type}'"),
            ));
        }
        for tag in &specification.tags {
            add(
                &mut tags,
                tag.key.as_deref().unwrap_or_default(),
                tag.value.as_deref().unwrap_or_default(),
            )?;
        }
    }
    Ok(tags)
}

/// Sets one tag, within AWS's limits.
pub(crate) fn add(tags: &mut Tags, key: &str, value: &str) -> Result<(), Fault> {
    if key.is_empty() || key.chars().count() > 128 {
        return Err(Fault::invalid_value(
            "Tag.Key",
            key,
            "give 1 to 128 characters",
        ));
    }
    if value.chars().count() > 256 {
        return Err(Fault::invalid_value(
            "Tag.Value",
            value,
            "give at most 256 characters",
        ));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(Fault::invalid_value(
            "Tag.Key",
            key,
            "keys that begin with aws: are reserved; choose another",
        ));
    }
    tags.insert(key.to_owned(), value.to_owned());
    if tags.len() > MAX_TAGS {
        return Err(Fault::bad_request(
            "TagLimitExceeded",
            format!("A resource has at most {MAX_TAGS} tags; remove some first"),
        ));
    }
    Ok(())
}

/// Tags as EC2 lists them.
pub(crate) fn ec2(tags: &Tags) -> Vec<ec2::Tag> {
    tags.iter()
        .map(|(key, value)| ec2::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        })
        .collect()
}
