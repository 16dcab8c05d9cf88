//! What is a key and what is not.

use super::*;

#[test]
fn legal_keys() {
    for text in ["/a", "/vpc/vpc-1", "/snake_case", "/a.b/c:d/e@f/G-9"] {
        assert!(Key::parse(text).is_ok(), "{text}");
    }
    let longest = format!("/{}", "a".repeat(511));
    assert_eq!(Key::parse(&longest).unwrap().as_str(), longest);
}

#[test]
fn illegal_keys() {
    let long = format!("/{}", "a".repeat(512));
    for text in [
        "", "/", "a", "//", "/a/", "/a//b", "/a b", "/ä", "/a\0", "/a%", &long,
    ] {
        assert!(
            matches!(Key::parse(text), Err(Error::BadKey { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_prefix_covers_whole_segments_only() {
    let vpc = Prefix::parse("/vpc/").unwrap();
    assert!(vpc.covers(&Key::parse("/vpc/a/b").unwrap()));
    assert!(!vpc.covers(&Key::parse("/vpc").unwrap()));
    assert!(!vpc.covers(&Key::parse("/vpcs/a").unwrap()));
    assert!(Prefix::all().covers(&Key::parse("/x").unwrap()));
    assert_eq!(vpc.end(), "/vpc0");
    assert_eq!(Key::parse("/vpc").unwrap().below(), vpc);
    for text in ["", "vpc/", "/vpc", "//", "/a//"] {
        assert!(Prefix::parse(text).is_err(), "{text}");
    }
}

#[test]
fn segments_come_in_order() {
    let key = Key::parse("/a/b/c").unwrap();
    assert_eq!(key.segments().collect::<Vec<_>>(), ["a", "b", "c"]);
}
