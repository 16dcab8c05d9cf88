//! Answers in pieces of any size.

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\nhello";

#[test]
fn an_answer_is_whole_at_its_last_byte_however_it_is_cut() {
    for size in 1..=OK.len() {
        let mut incoming = Incoming::new(true);
        let pieces: Vec<&[u8]> = OK.as_bytes().chunks(size).collect();
        let (last, before) = pieces.split_last().expect("a piece");
        for piece in before {
            assert!(!incoming.feed(piece).expect("feed"), "{size}");
        }
        assert!(incoming.feed(last).expect("feed"), "{size}");
        assert!(!incoming.closes());
        assert_eq!(incoming.body().expect("body"), b"hello", "{size}");
    }
}

#[test]
fn a_body_is_dropped_unless_it_is_wanted() {
    let mut incoming = Incoming::new(false);
    assert!(incoming.feed(OK.as_bytes()).expect("feed"));
    assert_eq!(incoming.body().expect("body"), b"");
}

#[test]
fn an_empty_body_is_whole_with_its_head() {
    let mut incoming = Incoming::new(true);
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(incoming.feed(text.as_bytes()).expect("feed"));
    assert!(incoming.closes());
}

#[test]
fn a_refusal_is_an_error_that_tells_the_body() {
    let mut incoming = Incoming::new(false);
    let text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nwhy?";
    assert!(incoming.feed(text.as_bytes()).expect("feed"));
    let error = incoming.body().expect_err("a refusal").to_string();
    assert_eq!(error, "400: why?");
}

#[test]
fn what_has_no_length_or_more_than_it_is_an_error() {
    let feed = |text: &str| Incoming::new(false).feed(text.as_bytes());
    assert!(feed("HTTP/1.1 200 OK\r\n\r\n").is_err());
    assert!(feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab").is_err());
    assert!(feed("nonsense\r\n\r\n").is_err());
}
