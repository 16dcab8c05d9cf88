//! The Resource Groups Tagging API: who has which tags, across services.

use std::collections::BTreeSet;

use aws::{Fault, tagging};
use model::world::World;

use super::page::page;
use super::tagged::{self, Tagged};
use super::{Call, digest, unsupported};

/// Things, keys or values of one page.
const MAX_PAGE: i32 = 100;
/// Things of one page when nothing is said.
const PAGE: i32 = 50;

/// A parameter that cannot be: this service has one code for this.
fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidParameterException", message)
}

/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
pub(crate) fn resources(
    world: &World,
    call: &Call,
    request: &tagging::GetResourcesInput,
) -> Result<tagging::GetResourcesOutput, Fault> {
    let tagging::GetResourcesInput {
        exclude_compliant_resources,
        include_compliance_details,
        pagination_token,
        resource_arn_list,
        resource_type_filters,
        resources_per_page,
        tag_filters,
        tags_per_page,
    } = request;
    unsupported(&[
        (
            "ExcludeCompliantResources",
            *exclude_compliant_resources == Some(true),
        ),
        (
            "IncludeComplianceDetails",
            *include_compliance_details == Some(true),
        ),
        (
            "TagsPerPage (give ResourcesPerPage)",
            tags_per_page.is_some(),
        ),
    ])?;
    let filtered = !resource_type_filters.is_empty() || !tag_filters.is_empty();
    if !resource_arn_list.is_empty() && (filtered || resources_per_page.is_some()) {
        return Err(invalid(
            "ResourceARNList cannot be used together with ResourceTypeFilters, TagFilters or ResourcesPerPage; leave one of them out",
        ));
    }
    if resource_arn_list.len() > 100 {
        return Err(invalid(format!(
            "ResourceARNList has {} values; give at most 100",
            resource_arn_list.len()
        )));
    }
    if let Some(arn) = resource_arn_list
        .iter()
        .find(|arn| !arn.starts_with("arn:"))
    {
        return Err(invalid(format!(
            "Value ({arn}) in ResourceARNList is invalid: give ARNs"
        )));
    }
    let kinds = resource_type_filters
        .iter()
        .map(|text| ResourceType::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    check_filters(tag_filters)?;
    let mut found = tagged::all(world, call);
    found.retain(|thing| {
        !thing.tags.is_empty()
            && (resource_arn_list.is_empty() || resource_arn_list.contains(&thing.arn))
            && (kinds.is_empty() || kinds.iter().any(|kind| kind.has(thing)))
            && tag_filters.iter().all(|filter| passes(filter, thing))
    });
    let order = |thing: &Tagged<'_>| format!("{:016x}", digest(&thing.arn));
    let size = resources_per_page.unwrap_or(PAGE);
    let (given, token) = paged(found, order, size, pagination_token.as_deref())?;
    Ok(tagging::GetResourcesOutput {
        pagination_token: Some(token),
        resource_tag_mapping_list: given
            .into_iter()
            .map(|thing| tagging::ResourceTagMapping {
                compliance_details: None,
                tags: thing
                    .tags
                    .iter()
                    .map(|(key, value)| tagging::Tag {
                        key: Some(key.clone()),
                        value: Some(value.clone()),
                    })
                    .collect(),
                resource_arn: Some(thing.arn),
            })
            .collect(),
    })
}

/// `ec2`, or `ec2:vpc-endpoint`.
struct ResourceType<'a> {
    service: &'a str,
    kind: Option<&'a str>,
}

impl<'a> ResourceType<'a> {
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let (service, kind) = match text.split_once(':') {
            Some((service, kind)) => (service, Some(kind)),
            None => (text, None),
        };
        if service.is_empty() || kind.is_some_and(str::is_empty) || text.len() > 256 {
            return Err(invalid(format!(
                "Value ({text}) in ResourceTypeFilters is invalid: give service or service:kind, for example ec2:vpc-endpoint"
            )));
        }
        Ok(Self { service, kind })
    }

    fn has(&self, thing: &Tagged<'_>) -> bool {
        thing.arn.split(':').nth(2) == Some(self.service)
            && self.kind.is_none_or(|kind| kind == thing.kind)
    }
}

fn check_filters(filters: &[tagging::TagFilter]) -> Result<(), Fault> {
    if filters.len() > 50 {
        return Err(invalid(format!(
            "TagFilters has {} values; give at most 50",
            filters.len()
        )));
    }
    for tagging::TagFilter { key, values } in filters {
        let key = key.as_deref().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 {
            return Err(invalid(format!(
                "Value ({key}) for Key in TagFilters is invalid: give 1 to 128 characters"
            )));
        }
        if values.len() > 20 {
            return Err(invalid(format!(
                "The filter of TagFilters for '{key}' has {} values; give at most 20",
                values.len()
            )));
        }
    }
    Ok(())
}

/// Without values the key alone counts.
fn passes(filter: &tagging::TagFilter, thing: &Tagged<'_>) -> bool {
    let tagging::TagFilter { key, values } = filter;
    let value = key.as_ref().and_then(|key| thing.tags.get(key));
    value.is_some_and(|value| values.is_empty() || values.contains(value))
}

/// One page, and the token of the next: empty when there is none.
fn paged<T>(
    mut items: Vec<T>,
    order: impl Fn(&T) -> String,
    size: i32,
    token: Option<&str>,
) -> Result<(Vec<T>, String), Fault> {
    if !(1..=MAX_PAGE).contains(&size) {
        return Err(invalid(format!(
            "Value ({size}) for parameter ResourcesPerPage is invalid: give 1 to {MAX_PAGE}"
        )));
    }
    items.sort_by_cached_key(&order);
    let token = token.filter(|token| !token.is_empty());
    let (given, next) = page(items, order, Some(size), token, (1, MAX_PAGE), false)
        .map_err(|fault| invalid(format!("PaginationToken: {}", fault.message)))?;
    Ok((given, next.unwrap_or_default()))
}

/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetTagKeys.html>
pub(crate) fn keys(
    world: &World,
    call: &Call,
    request: &tagging::GetTagKeysInput,
) -> Result<tagging::GetTagKeysOutput, Fault> {
    let tagging::GetTagKeysInput { pagination_token } = request;
    let things = tagged::all(world, call).into_iter();
    let keys: BTreeSet<&String> = things.flat_map(|thing| thing.tags.keys()).collect();
    let (given, token) = words(keys, pagination_token.as_deref())?;
    Ok(tagging::GetTagKeysOutput {
        pagination_token: Some(token),
        tag_keys: given,
    })
}

/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetTagValues.html>
pub(crate) fn values(
    world: &World,
    call: &Call,
    request: &tagging::GetTagValuesInput,
) -> Result<tagging::GetTagValuesOutput, Fault> {
    let tagging::GetTagValuesInput {
        key,
        pagination_token,
    } = request;
    let things = tagged::all(world, call).into_iter();
    let values: BTreeSet<&String> = things.filter_map(|thing| thing.tags.get(key)).collect();
    let (given, token) = words(values, pagination_token.as_deref())?;
    Ok(tagging::GetTagValuesOutput {
        pagination_token: Some(token),
        tag_values: given,
    })
}

/// A page of keys or values. Pages are ordered by a digest: a token is short, however long the
/// words are.
fn words(words: BTreeSet<&String>, token: Option<&str>) -> Result<(Vec<String>, String), Fault> {
    let words = words.into_iter().cloned().collect();
    let order = |word: &String| format!("{:016x}", digest(word));
    paged(words, order, MAX_PAGE, token)
}

#[cfg(test)]
mod tests;
