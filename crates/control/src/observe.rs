//! What the data plane told lately, with names: refused packets and why, flows that opened and
//! ended. In memory only, bounded for each account; flow logs are what lasts.

mod reason;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use model::host::EniSlot;
use model::host::{Count, Event, Flow, GateSlot, Refusal, Told, Tuple, Way};
use model::interface::Interface;
use model::verdict::Verdict;
use model::world::{Claim, Slot, World};
use serde::Serialize;
use tokio::sync::Notify;

/// So many are kept of one account, oldest first to go.
const KEPT: usize = 2_000;
/// After the last look somebody still watches for so long.
const WATCH_MS: i64 = 10_000;

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Observation {
    /// Its number: larger is later.
    pub(crate) seq: u64,
    /// When, milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// REJECT, OPEN or END.
    pub(crate) kind: &'static str,
    /// Whose ENI it is about.
    pub(crate) account: String,
    /// The ENI that sent, or that pays for the flow.
    pub(crate) eni: String,
    /// The ENI at the other end.
    pub(crate) far: Option<String>,
    /// The endpoint on the way.
    pub(crate) endpoint: Option<String>,
    /// local, endpoint, internet-gateway, nat-gateway or inbound.
    pub(crate) path: Option<&'static str>,
    /// IP protocol number.
    pub(crate) protocol: Option<u8>,
    /// As who opened it sends.
    pub(crate) tuple: Option<Tuple>,
    /// As the other end receives, where that differs.
    pub(crate) translated: Option<Tuple>,
    /// From who opened it.
    pub(crate) sent: Count,
    /// The answers.
    pub(crate) answered: Option<Count>,
    /// The label of a refusal.
    pub(crate) verdict: Option<&'static str>,
    /// Whether the refused packet was an answer in a known flow.
    pub(crate) answer: bool,
    /// Why, with the names of what decided.
    pub(crate) reason: Option<String>,
    /// What to do about it.
    pub(crate) next: Option<&'static str>,
}

/// What a reader gets.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Window {
    /// What was seen, oldest first.
    pub(crate) observations: Vec<Observation>,
    /// The number to go on from.
    pub(crate) next: u64,
    /// From when the answer covers refusals, milliseconds since 1970.
    pub(crate) refused_from_ms: Option<i64>,
    /// From when it covers flows; nothing before somebody watched.
    pub(crate) flows_from_ms: Option<i64>,
    /// Until when.
    pub(crate) to_ms: Option<i64>,
    /// What was not told since `since`: too much at once, or no room, here or in the kernel.
    pub(crate) lost: u64,
}

/// What was seen lately.
#[derive(Default)]
pub(crate) struct Observations {
    state: Mutex<State>,
    news: Notify,
    watched_until_ms: Arc<AtomicI64>,
}

#[derive(Default)]
struct State {
    next: u64,
    by_account: BTreeMap<String, VecDeque<Observation>>,
    /// Losses: up to which number, how many.
    lost: VecDeque<(u64, u64)>,
    refused_from_ms: Option<i64>,
    flows_from_ms: Option<i64>,
    to_ms: Option<i64>,
}

impl Observations {
    /// Until when somebody watches: shared with the agent.
    pub(crate) fn watched_until_ms(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.watched_until_ms)
    }

    /// Takes what a host told.
    pub(crate) fn take(&self, world: &World, told: &Told) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if told.wanted.refused {
            state.refused_from_ms.get_or_insert(told.from_ms);
        }
        state.flows_from_ms = match state.flows_from_ms {
            from if told.wanted.opened => from.or(Some(told.from_ms)),
            _ => None,
        };
        state.to_ms = Some(told.to_ms);
        for event in &told.events {
            if let Some(mut seen) = describe(world, event) {
                seen.seq = state.next;
                state.next += 1;
                let of = state.by_account.entry(seen.account.clone()).or_default();
                of.push_back(seen);
                let pushed_out = if of.len() > KEPT {
                    of.pop_front().map(|gone| gone.seq)
                } else {
                    None
                };
                if let Some(seq) = pushed_out {
                    state.lose(seq, 1);
                }
            }
        }
        let lost: u64 = told.lost.values().sum();
        if lost > 0 {
            let seq = state.next;
            state.lose(seq, lost);
        }
        let quiet = told.events.is_empty() && lost == 0;
        drop(state);
        if !quiet {
            self.news.notify_waiters();
        }
    }

    /// What was seen from a number on, as far as `fits` lets through; `watch`: flows too, from
    /// now on.
    pub(crate) fn read(
        &self,
        since: u64,
        watch: Option<i64>,
        fits: impl Fn(&Observation) -> bool,
    ) -> Window {
        if let Some(now_ms) = watch {
            self.watched_until_ms
                .fetch_max(now_ms + WATCH_MS, Ordering::Relaxed);
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let all = state.by_account.values().flatten();
        let mut observations: Vec<Observation> = all
            .filter(|seen| seen.seq >= since && fits(seen))
            .cloned()
            .collect();
        observations.sort_by_key(|seen| seen.seq);
        let lost = state.lost.iter().filter(|(seq, _)| *seq >= since);
        Window {
            observations,
            next: state.next,
            refused_from_ms: state.refused_from_ms,
            flows_from_ms: state.flows_from_ms,
            to_ms: state.to_ms,
            lost: lost.map(|(_, count)| count).sum(),
        }
    }

    /// Waits for something new.
    pub(crate) fn news(&self) -> &Notify {
        &self.news
    }
}

impl State {
    fn lose(&mut self, seq: u64, count: u64) {
        match self.lost.back_mut() {
            Some((last, sum)) if *last == seq => *sum += count,
            _ => self.lost.push_back((seq, count)),
        }
        // The oldest become one: its number says that it is old.
        if self.lost.len() > KEPT
            && let Some((_, oldest)) = self.lost.pop_front()
            && let Some((_, sum)) = self.lost.front_mut()
        {
            *sum += oldest;
        }
    }
}

/// The workload ENI of a slot.
fn workload(world: &World, slot: EniSlot) -> Option<&Interface> {
    let found = world.claimant::<Interface>(Claim::Slot(Slot::Eni, slot.0));
    found.map(AsRef::as_ref)
}

/// The endpoint ENI of a gate.
fn door(world: &World, slot: GateSlot) -> Option<&Interface> {
    let found = world.claimant::<Interface>(Claim::Slot(Slot::Gate, slot.0));
    found.map(AsRef::as_ref)
}

fn endpoint(world: &World, gate: Option<GateSlot>) -> Option<String> {
    match &door(world, gate?)?.role {
        model::interface::Role::Endpoint { endpoint, .. } => Some(endpoint.to_string()),
        _ => None,
    }
}

/// `None` for an ENI that is gone, or Ginnel's own.
fn describe(world: &World, event: &Event) -> Option<Observation> {
    match event {
        Event::Refused(refusal) => refused(world, refusal),
        Event::Opened(flow) => flowing(world, flow, "OPEN"),
        Event::Ended(flow) => flowing(world, flow, "END"),
    }
}

/// What every idle namespace sends, and nobody misses: router solicitations, multicast
/// memberships. It is counted, but nobody looks for it.
fn is_housekeeping(refusal: &Refusal) -> bool {
    match refusal.verdict {
        Verdict::LinkLocal => true,
        Verdict::Extension => refusal.packet.is_none(),
        _ => false,
    }
}

fn refused(world: &World, refusal: &Refusal) -> Option<Observation> {
    if is_housekeeping(refusal) {
        return None;
    }
    let eni = workload(world, refusal.eni);
    let far = refusal.far.and_then(|slot| workload(world, slot));
    // From outside there is no sender of ours: it is about whom it did not reach.
    let subject = eni.or(far)?;
    Some(Observation {
        seq: 0,
        at_ms: refusal.at_ms,
        kind: "REJECT",
        account: subject.owner.to_string(),
        eni: subject.id.to_string(),
        far: far.map(|far| far.id.to_string()),
        endpoint: endpoint(world, refusal.gate),
        path: None,
        protocol: refusal.packet.map(|(protocol, _)| protocol),
        tuple: refusal.packet.map(|(_, tuple)| tuple),
        translated: None,
        sent: refusal.count,
        answered: None,
        verdict: Some(refusal.verdict.label()),
        answer: refusal.answer,
        reason: Some(reason::of(world, refusal)),
        next: Some(refusal.verdict.next_step()),
    })
}

fn flowing(world: &World, flow: &Flow, kind: &'static str) -> Option<Observation> {
    let eni = workload(world, flow.eni)?;
    let far = flow.far.and_then(|slot| workload(world, slot));
    Some(Observation {
        seq: 0,
        at_ms: if kind == "OPEN" {
            flow.first_ms
        } else {
            flow.last_ms
        },
        kind,
        account: eni.owner.to_string(),
        eni: eni.id.to_string(),
        far: far.map(|far| far.id.to_string()),
        endpoint: endpoint(world, flow.gate),
        path: Some(match flow.way {
            Way::Local => "local",
            Way::Door => "endpoint",
            Way::Out => "internet-gateway",
            Way::Nat => "nat-gateway",
            Way::In => "inbound",
        }),
        protocol: Some(flow.protocol),
        tuple: Some(flow.outer),
        translated: (flow.inner != flow.outer).then_some(flow.inner),
        sent: flow.there,
        answered: Some(flow.back),
        verdict: None,
        answer: false,
        reason: None,
        next: None,
    })
}

#[cfg(test)]
mod tests;
