//! MaxResults and NextToken.
//!
//! A token is the sort key of the last item given, in hex: a page never loses an item because
//! others were made or removed between two calls.

use aws::Fault;

/// One page of the items, which must be sorted by `key`, and the token of the next.
/// `by_id` says that the caller named ids, which does not go with MaxResults.
pub(crate) fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    max_results: Option<i32>,
    next_token: Option<&str>,
    bounds: (i32, i32),
    by_id: bool,
) -> Result<(Vec<T>, Option<String>), Fault> {
    page_of(items, key, max_results, next_token, bounds, by_id)
}

/// The same of items that are made as they are asked for: no more than a page and one.
pub(crate) fn page_of<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> String,
    max_results: Option<i32>,
    next_token: Option<&str>,
    (least, most): (i32, i32),
    by_id: bool,
) -> Result<(Vec<T>, Option<String>), Fault> {
    if let Some(max) = max_results {
        if by_id {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "The parameter MaxResults cannot be used together with explicit ids; leave one of them out",
            ));
        }
        if !(least..=most).contains(&max) {
            return Err(Fault::invalid_value(
                "MaxResults",
                &max.to_string(),
                &format!("expecting a value from {least} to {most}"),
            ));
        }
    }
    let after = next_token.map(decode).transpose()?;
    let mut rest = items
        .into_iter()
        .filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
    let size = usize::try_from(max_results.unwrap_or(most)).unwrap_or(1);
    let given: Vec<T> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let token = given.last().filter(|_| more).map(|last| encode(&key(last)));
    Ok((given, token))
}

fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(token: &str) -> Result<String, Fault> {
    let refuse = || {
        Fault::bad_request(
            "InvalidNextToken",
            format!("The token '{token}' is not one that this operation gave"),
        )
    };
    if !token.is_ascii() || !token.len().is_multiple_of(2) || token.len() > 512 {
        return Err(refuse());
    }
    let bytes = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(token.get(at..at + 2).unwrap_or("x"), 16))
        .collect::<Result<Vec<u8>, _>>()
        .map_err(|_| refuse())?;
    String::from_utf8(bytes).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::page;

    proptest! {
        #[test]
        fn pages_give_each_item_once(count in 0usize..50, size in 1i32..9) {
            let items: Vec<String> = (0..count).map(|n| format!("vpc-{n:03}")).collect();
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let (mut given, next) =
                    page(items.clone(), Clone::clone, Some(size), token.as_deref(), (1, 9), false).unwrap();
                seen.append(&mut given);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, items);
        }

        #[test]
        fn no_token_makes_it_panic(token in "\\PC{0,20}") {
            let _ = page(vec![String::from("a")], Clone::clone, None, Some(&token), (1, 9), false);
        }
    }
}
