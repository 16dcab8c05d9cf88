//! SIGKILL of the daemon at random moments, under four clients that write.
//!
//! Each client has an account of its own and knows what must be there: every acknowledged call
//! changes its book, and a call without an answer is in doubt until the next look at the account,
//! which must show all of it or nothing of it. In the end the audit trail is compared with the
//! books. The seed is printed; the same seed makes the same schedule of kills, and the same
//! choices as long as the daemon gets equally far.
//!
//! `GINNEL_CRASHES` is the number of kills (`make crash` does 1,000), `GINNEL_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod account;
mod audit;
mod caller;
mod client;
mod deed;
mod xml;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use testbed::eventually;
use testbed::ginnel::Ginnel;
use testbed::proc::pause;

use crate::client::Client;

const CLIENTS: u64 = 4;
/// A store that is not open is checked after so many kills, and at the end.
const STORE_CHECK: u64 = 10;
/// The chain of the audit, which is longer, after so many.
const AUDIT_CHECK: u64 = 50;
const START: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn kills_lose_no_acknowledged_write_and_leave_nothing_half_made() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let kills = number("GINNEL_CRASHES", 60);
    let seed = number("GINNEL_SEED", 20_261_124);
    eprintln!("seed {seed} (GINNEL_SEED), {kills} kills (GINNEL_CRASHES)");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|n| {
            let who = ginnel.account(&format!("client-{n}")).unwrap();
            Client::new(&who, seed ^ (n + 1))
        })
        .collect();
    let begin = Instant::now();
    let (mut serving, mut starting) = (0, 0);
    let mut started = Duration::from_millis(50);
    while serving + starting < kills {
        // A quarter of the kills hit a daemon that starts.
        if rng.random_range(0..4) != 0 {
            let answers = rng.random_range(0..25);
            let then = Duration::from_micros(rng.random_range(0..10_000));
            started = work(&mut ginnel, &mut clients, answers, then);
            serving += 1;
        } else {
            pause(started.mul_f64(rng.random_range(0.0..1.2)));
            ginnel.kill().unwrap();
            starting += 1;
        }
        if (serving + starting) % STORE_CHECK == 0 {
            check_store(&ginnel);
        }
        if (serving + starting) % AUDIT_CHECK == 0 {
            audit::verify(&ginnel);
            let seconds = begin.elapsed().as_secs();
            eprintln!("{} kills in {seconds} s", serving + starting);
        }
        ginnel.launch().unwrap();
    }
    let url = address(&mut ginnel);
    check(&mut clients, &url);
    ginnel.kill().unwrap();
    check_store(&ginnel);
    let recorded = audit::check(&ginnel, &clients);
    let writes: usize = clients.iter().map(|client| client.done.len()).sum();
    let doubts = |applied: bool| -> usize {
        let all = clients.iter().flat_map(|client| &client.doubts);
        all.filter(|doubt| doubt.applied == Some(applied)).count()
    };
    let (there, absent) = (doubts(true), doubts(false));
    eprintln!(
        "{serving} kills of a serving and {starting} of a starting daemon in {:.0} s: {writes} \
         acknowledged writes, all there; in doubt, {there} wholly there and {absent} wholly \
         absent; {recorded} writes in the audit trail, which is whole",
        begin.elapsed().as_secs_f64(),
    );
    assert!(
        writes as u64 > 2 * kills,
        "only {writes} writes: too few to mean anything"
    );
}

/// The clients look at their accounts, and then write until the daemon is killed: a moment after
/// so many answers, so that a slow machine does as much. Returns how long the start took.
fn work(ginnel: &mut Ginnel, clients: &mut [Client], answers: u64, then: Duration) -> Duration {
    let begin = Instant::now();
    let url = address(ginnel);
    let started = begin.elapsed();
    check(clients, &url);
    let (killed, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for client in clients.iter_mut() {
            scope.spawn(|| client.work(&killed, &answered));
        }
        eventually("answers", PATIENCE, || {
            (answered.load(Ordering::SeqCst) >= answers).then_some(())
        })
        .unwrap();
        pause(then);
        killed.store(true, Ordering::SeqCst);
        ginnel.kill().unwrap();
    });
    started
}

/// The present address of a daemon that starts.
fn address(ginnel: &mut Ginnel) -> String {
    const READY: &str = "listening on ";
    let line = ginnel.daemon().wait_for_line(READY, START).unwrap();
    line.split_once(READY).unwrap().1.trim().to_owned()
}

/// What each account holds is what its client knows.
fn check(clients: &mut [Client], url: &str) {
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| client.check(url));
        }
    });
}

fn check_store(ginnel: &Ginnel) {
    let told = ginnel.cli(&["store", "check"]).unwrap();
    assert!(told.contains(" 0 problems"), "{told}");
}
