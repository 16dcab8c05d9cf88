//! The kinds of things that can be read, and how people call them.

use std::fmt::Write as _;

use aws::Service;

use super::catalogue::kinds;

/// A title and the JMESPath of what is below it.
pub(super) type Column = (&'static str, &'static str);

/// One kind: how it is called, which call lists it, what is shown of it.
#[derive(Debug)]
pub(crate) struct Kind {
    /// In the singular.
    pub(super) name: &'static str,
    /// Other words for it; plurals are made.
    pub(super) aliases: &'static [&'static str],
    /// Whose operation lists it.
    pub(super) service: Service,
    /// The operation that lists it.
    pub(super) operation: &'static str,
    /// Parameters that the operation always gets.
    pub(super) with: &'static [(&'static str, &'static str)],
    /// The answer's member with the list.
    pub(super) list: &'static str,
    /// The JMESPath of a thing's id.
    pub(super) id: &'static str,
    /// The JMESPath of a list of what else names exactly this thing.
    pub(super) also: &'static str,
    /// The JMESPath of a list of names that people gave it.
    pub(super) names: &'static str,
    /// What every id starts with; empty when nothing.
    pub(super) prefix: &'static str,
    /// How the call is made.
    pub(super) narrow: Narrow,
    /// Its type in the audit trail; empty when it is not in it.
    pub(super) event: &'static str,
    /// What a table shows.
    pub(super) columns: &'static [Column],
    /// What a wide table shows too.
    pub(super) wide: &'static [Column],
    /// Kinds that it refers to, each with the JMESPath of the ids.
    pub(super) refers: &'static [(&'static str, &'static str)],
}

/// How to ask for certain things, or for all.
#[derive(Clone, Copy, Debug)]
pub(super) enum Narrow {
    /// All are asked for, and looked through here.
    Here,
    /// EC2's filter with this name takes ids.
    Filter(&'static str),
    /// CloudTrail's attribute with this name takes an id.
    Lookup(&'static str),
    /// One call for each thing of another kind, whose id is this parameter; and one without, where
    /// that is a call of its own.
    Each {
        kind: &'static str,
        parameter: &'static str,
        and_without: bool,
    },
}

/// The kind that somebody means.
pub(crate) fn find(word: &str) -> Result<&'static Kind, String> {
    let wanted = &bare(word);
    let is = |name: &str| bare(name) == *wanted || bare(&plural(name)) == *wanted;
    if let Some(kind) = kinds().find(|kind| words(kind).any(is)) {
        return Ok(kind);
    }
    let nearest = kinds()
        .flat_map(|kind| words(kind).map(move |name| (distance(wanted, &bare(name)), kind)))
        .min_by_key(|(distance, _)| *distance);
    let mut message = format!("there is no kind {word}");
    if let Some((_, kind)) = nearest.filter(|(distance, _)| *distance <= 3) {
        let _ = write!(message, "; did you mean {}?", kind.name);
    }
    let names: Vec<_> = kinds().map(|kind| kind.name).collect();
    let _ = write!(message, " The kinds are: {}", names.join(", "));
    Err(message)
}

/// The kind whose ids look so.
pub(super) fn of_id(id: &str) -> Option<&'static Kind> {
    let fits = |kind: &&Kind| !kind.prefix.is_empty() && id.starts_with(kind.prefix);
    kinds().filter(fits).max_by_key(|kind| kind.prefix.len())
}

pub(super) fn words(kind: &Kind) -> impl Iterator<Item = &'static str> {
    std::iter::once(kind.name).chain(kind.aliases.iter().copied())
}

/// Small letters only, so that `SecurityGroups` is `security-groups`.
fn bare(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// The plural, as far as our words need it.
pub(super) fn plural(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("sis") {
        return format!("{stem}ses");
    }
    if name.ends_with("ss") {
        return format!("{name}es");
    }
    if name.ends_with('s') {
        return name.to_owned();
    }
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{name}s"),
    }
}

/// How many letters must be added, removed or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut next = vec![line + 1];
        let mut left = line + 1;
        for ((above, diagonal), there) in row.iter().skip(1).zip(&row).zip(&other) {
            let change = diagonal + usize::from(*there != letter);
            left = change.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
