//! The generator against a server that counts.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Answers each line with the line; closes after each answer when told to.
fn server(close: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counter = Arc::clone(&counter);
            std::thread::spawn(move || serve(&stream, close, &counter));
        }
    });
    (address, count)
}

fn serve(mut stream: &TcpStream, close: bool, counter: &AtomicUsize) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        counter.fetch_add(1, Ordering::SeqCst);
        let kind = if close { "close" } else { "keep-alive" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nConnection: {kind}\r\nContent-Length: {}\r\n\r\n{line}",
            line.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() || close {
            return;
        }
    }
}

fn operations(count: usize) -> Vec<Operation> {
    let lines = |n: usize| {
        vec![
            format!("{n}a\n").into_bytes(),
            format!("{n}b\n").into_bytes(),
        ]
    };
    (0..count).map(|n| Operation(lines(n))).collect()
}

#[test]
fn each_operation_is_done_once_and_in_full() {
    for close in [false, true] {
        let (to, count) = server(close);
        let operations = operations(40);
        let outcome = Load {
            to,
            at_a_time: 7,
            operations: &operations,
            again: false,
            limit: None,
            keep: true,
            interrupt: &Interrupt::default(),
        }
        .drive()
        .expect("drive");
        assert_eq!(outcome.latencies.len(), 40);
        assert_eq!(count.load(Ordering::SeqCst), 80);
        let texts: Vec<_> = outcome.answers.into_iter().map(|(_, text)| text).collect();
        let wanted = (0..40).flat_map(|n| [format!("{n}a"), format!("{n}b")]);
        assert_eq!(texts, wanted.collect::<Vec<_>>());
    }
}

#[test]
fn a_limit_ends_it_and_what_was_begun_is_counted() {
    let (to, count) = server(false);
    let operations = operations(3);
    let limit = Duration::from_millis(50);
    let outcome = Load {
        to,
        at_a_time: 2,
        operations: &operations,
        again: true,
        limit: Some(limit),
        keep: false,
        interrupt: &Interrupt::default(),
    }
    .drive()
    .expect("drive");
    assert!(outcome.seconds >= limit.as_secs_f64());
    assert!(outcome.latencies.len() > 3, "it begins again");
    assert_eq!(count.load(Ordering::SeqCst), 2 * outcome.latencies.len());
}
