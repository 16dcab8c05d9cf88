//! `Filter.N`: values of one filter are alternatives, filters must all hold; values take `*`
//! and `?` (with `\` before a literal one); `tag:KEY` and `tag-key` work for all tagged things.

use aws::Fault;
use aws::ec2;
use model::tag::Tags;

/// Keeps the items that pass all filters. `values` gives an item's values under a filter's
/// name, or `None` when the operation has no such filter; `tags` gives its tags, if it can
/// have any.
pub(crate) fn apply<T>(
    items: Vec<T>,
    filters: &[ec2::Filter],
    values: impl Fn(&T, &str) -> Option<Vec<String>>,
    tags: impl Fn(&T) -> Option<&Tags>,
) -> Result<Vec<T>, Fault> {
    let mut kept = items;
    for filter in filters {
        let name = filter.name.as_deref().unwrap_or_default();
        if filter.values.is_empty() {
            return Err(Fault::bad_request(
                "InvalidParameterValue",
                format!("The filter '{name}' has no value; give at least one"),
            ));
        }
        let mut next = Vec::new();
        for item in kept {
            let found = if let Some(key) = name.strip_prefix("tag:") {
                let value = tags(&item).and_then(|tags| tags.get(key));
                value.cloned().into_iter().collect()
            } else if name == "tag-key" {
                let keys = tags(&item).into_iter().flat_map(Tags::keys);
                keys.cloned().collect()
            } else {
                values(&item, name).ok_or_else(|| unknown(name))?
            };
            let passes = |value: &String| filter.values.iter().any(|pattern| like(pattern, value));
            if found.iter().any(passes) {
                next.push(item);
            }
        }
        kept = next;
    }
    Ok(kept)
}

/// Refuses filters that no item was there to refuse: call with an operation's names.
pub(crate) fn known(filters: &[ec2::Filter], names: &[&str]) -> Result<(), Fault> {
    for filter in filters {
        let name = filter.name.as_deref().unwrap_or_default();
        if !names.contains(&name) && !name.starts_with("tag:") && name != "tag-key" {
            return Err(unknown(name));
        }
    }
    Ok(())
}

/// The values of a filter, if it is there and all of them are exact: what the index can find.
pub(crate) fn exact<'a>(filters: &'a [ec2::Filter], name: &str) -> Option<&'a [String]> {
    let mut filters = filters.iter();
    let filter = filters.find(|filter| filter.name.as_deref() == Some(name))?;
    let exact = |value: &String| !value.contains(['*', '?', '\\']);
    // One without values is refused later on.
    let values = Some(filter.values.as_slice()).filter(|values| !values.is_empty())?;
    values.iter().all(exact).then_some(values)
}

fn unknown(name: &str) -> Fault {
    Fault::bad_request(
        "InvalidParameterValue",
        format!("The filter '{name}' is invalid"),
    )
}

/// Whether `text` matches a pattern with `*` and `?`, in time O(pattern × text).
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to take up again: after the last star, and the text it may swallow.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let literal = match pattern.get(p) {
            Some('\\') if p + 1 < pattern.len() => pattern.get(p + 1).map(|c| (c, 2)),
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => {
                p += 1;
                t += 1;
                continue;
            }
            other => other.map(|c| (c, 1)),
        };
        match (literal, star) {
            (Some((wanted, width)), _) if Some(wanted) == text.get(t) => {
                p += width;
                t += 1;
            }
            (_, Some((after, from))) => {
                star = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns() {
        for (pattern, text, wanted) in [
            ("a", "a", true),
            ("a", "A", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("?", "", false),
            ("a?c", "abc", true),
            ("*b*", "abc", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("", "", true),
            ("", "a", false),
            ("*.*.x", "1.2.3.x", true),
        ] {
            assert_eq!(like(pattern, text), wanted, "{pattern} {text}");
        }
        // No pattern makes it slow.
        assert!(!like(
            &"*a".repeat(200),
            &"a".repeat(5_000).replace("aaaaa", "b")
        ));
    }
}
