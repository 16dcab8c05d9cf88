use super::dispatch::{Line, lines};
use super::source::{Refusal, Source};
use super::split;

#[test]
fn lines_are_read_also_over_two() {
    let text = "use x;\nroute! { Ec2 ec2\n    // vpc\n    write CreateVpc vpc::create;\n    \
                read DescribeVpcs\n        vpc::describe;\n    refuse Dig, \"no spade; yet\";\n}";
    // A semicolon in a reason would cut it: the dispatch files have none.
    let text = text.replace("spade; yet", "spade yet");
    let found = lines(&text).unwrap();
    assert_eq!(found["CreateVpc"], Line::Handler("vpc::create".into()));
    assert_eq!(found["DescribeVpcs"], Line::Handler("vpc::describe".into()));
    assert_eq!(found["Dig"], Line::Refuse("no spade yet".into()));
    assert_eq!(found.len(), 3);
    assert!(lines("route! { Sns sns\n}").unwrap().is_empty());
    assert!(lines("fn main() {}").is_err());
    assert!(lines("route! { A a\n read X y::z;\n read X y::w; }").is_err());
}

#[test]
fn refusals_are_found_through_calls_in_other_files() {
    let mut source = Source::default();
    source
        .add(
            "noun",
            r#"
            use super::help::{check, Kind};
            use super::other as another;
            fn create() { unsupported(&[("Own", a.is_some())])?; check(); another::look(); }
            fn apart() { unsupported(&[("NotReached", true)])?; }
            fn typed() { Kind::of(); self.own(); }
            impl X { fn own(&self) { unsupported(&[(&format!("Made {x}"), true)])?; } }
            "#,
        )
        .unwrap();
    source
        .add(
            "help",
            r#"
            fn check() { deeper()?; }
            fn deeper() { return Err(Fault::bad_request("UnsupportedOperation", "never")); }
            impl Kind { fn of() { unsupported(&[("Kind (other than x)", true)]); } }
            "#,
        )
        .unwrap();
    source
        .add("other", "fn look() { unsupported(&[(\"Far\", b)]); }")
        .unwrap();
    source
        .add(
            "dispatch/it",
            "use super::route; use crate::api::{noun as nouns};",
        )
        .unwrap();
    assert!(source.reach("dispatch/it", "nouns::typed").is_ok());
    let names = |path: &str| {
        let reached = source.reach("", path).unwrap();
        reached.refusals.into_iter().collect::<Vec<_>>()
    };
    let parameter = |text: &str| Refusal::Parameter(text.into());
    assert_eq!(
        names("noun::create"),
        [
            parameter("Far"),
            parameter("Own"),
            Refusal::Sentence("never".into())
        ]
    );
    assert_eq!(
        names("noun::typed"),
        [parameter("Kind (other than x)"), parameter("Made …")]
    );
    assert!(source.reach("", "noun::absent").is_err());
}

#[test]
fn functions_that_macros_make_are_followed() {
    let mut source = Source::default();
    let text = "macro_rules! both { ($a:ident) => { fn $a() { deeper() } } } both! { first }
                fn deeper() { unsupported(&[(\"X\", true)]); }";
    source.add("noun", text).unwrap();
    let reached = source.reach("", "noun::first").unwrap();
    assert_eq!(reached.refusals, [Refusal::Parameter("X".into())].into());
    let bad = "macro_rules! no { ($a:ident) => { fn $a() { unsupported(&[]) } } }";
    assert!(source.add("other", bad).is_err());
}

#[test]
fn what_is_left_aside_is_told_with_its_reason() {
    let mut source = Source::default();
    let text = "fn f() {\n    let ec2::AskRequest {\n        dry_run: _,\n        token: _, // never stored\n        used,\n    } = request;\n}";
    source.add("noun", text).unwrap();
    let aside = source.aside("AskRequest");
    assert_eq!(aside.len(), 1);
    assert_eq!(aside["token"], "never stored");
}

#[test]
fn names_and_conditions() {
    for (text, name, condition) in [
        ("Whole", "Whole", ""),
        ("Type (other than ipv4)", "Type", "other than ipv4"),
        ("Prefix=on", "Prefix", "as on"),
        ("Name …", "Name", ""),
        ("Name the other", "Name", "the other"),
    ] {
        assert_eq!(split(text), (name.to_owned(), condition.to_owned()));
    }
}
