//! Notifications: what lies in the World's outbox is sent to the topic's subscriptions.
//!
//! At least once: a message leaves the outbox when each of its receivers has it or was given
//! up, so a daemon that dies between delivers some again. Receivers do not wait for each other:
//! each has its own few places, and so has each account.

mod letter;
mod post;
mod reach;
mod target;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::account::AccountId;
use model::id::{DeliveryId, SubscriptionId};
use model::outbox::Delivery;
use model::topic::{State, Subscription};
use model::world::{Change, World};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::audit::record::by_itself;
use crate::commit::Committer;
use crate::open::now;
use crate::secret::Vault;
use letter::Letter;
use post::{Failed, Post};

pub(crate) use reach::Reach;
pub(crate) use target::Target;

/// Waits before the second try, the third and so on; then a message is given up.
pub(crate) const RETRIES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];
/// Attempts at a time to one subscription, for one account, and for all.
const PLACES: (usize, usize, usize) = (4, 16, 128);
/// Removals in one transaction, which holds 128 operations.
const MOST: usize = 100;
/// After a removal that was not written, before it is tried again.
const BREATH: Duration = Duration::from_secs(1);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// One attempt.
    pub(crate) attempt: Duration,
    /// Waits between attempts.
    pub(crate) retries: [Duration; 2],
    /// A message to one subscription, with all its attempts and its turn to wait for.
    pub(crate) lifetime: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(5),
            retries: RETRIES,
            lifetime: Duration::from_secs(60),
        }
    }
}

/// Empties the outbox.
pub(crate) struct Notifier {
    committer: Arc<Committer>,
    vault: Arc<Vault>,
    region: String,
    /// Where this API is reached, for URLs in messages.
    base: String,
    post: Post,
    timing: Timing,
    places: Semaphore,
    lanes: Mutex<Lanes>,
    dropped: AtomicU64,
}

/// One message to one receiver.
struct Errand {
    delivery: Arc<Delivery>,
    to: SubscriptionId,
    /// It asks the receiver to confirm.
    asking: bool,
}

/// Who may try how often at a time.
#[derive(Default)]
struct Lanes {
    subscriptions: HashMap<SubscriptionId, Arc<Semaphore>>,
    accounts: HashMap<AccountId, Arc<Semaphore>>,
}

impl Notifier {
    pub(crate) fn new(
        committer: Arc<Committer>,
        vault: Arc<Vault>,
        (region, base): (String, String),
        reach: Arc<Reach>,
        timing: Timing,
    ) -> Arc<Self> {
        Arc::new(Self {
            committer,
            vault,
            region,
            base,
            post: Post::new(reach, timing.attempt),
            timing,
            places: Semaphore::new(PLACES.2),
            lanes: Mutex::default(),
            dropped: AtomicU64::new(0),
        })
    }

    /// Works until the committer ends, or this future is dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut worlds = self.committer.subscribe();
        // What an earlier daemon left.
        worlds.mark_changed();
        let mut under_way: HashSet<DeliveryId> = HashSet::new();
        let mut tasks: JoinSet<DeliveryId> = JoinSet::new();
        let mut done: Vec<DeliveryId> = Vec::new();
        loop {
            tokio::select! {
                changed = worlds.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let world = Arc::clone(&worlds.borrow_and_update());
                    self.start(&world, &mut under_way, &mut tasks);
                }
                Some(finished) = tasks.join_next() => {
                    done.extend(finished);
                    while let Some(finished) = tasks.try_join_next() {
                        done.extend(finished);
                    }
                }
                () = tokio::time::sleep(BREATH), if !done.is_empty() => {}
            }
            while !done.is_empty() {
                let batch: Vec<DeliveryId> = done.iter().copied().take(MOST).collect();
                if !self.remove(batch.clone()).await {
                    break;
                }
                for id in done.drain(..batch.len()) {
                    under_way.remove(&id);
                }
            }
            if tasks.is_empty() {
                *self.lanes() = Lanes::default();
            }
        }
    }

    /// Takes up what is new, the oldest first.
    fn start(
        self: &Arc<Self>,
        world: &Arc<World>,
        under_way: &mut HashSet<DeliveryId>,
        tasks: &mut JoinSet<DeliveryId>,
    ) {
        let all = world.deliveries.values();
        let mut new: Vec<_> = all.filter(|it| !under_way.contains(&it.id)).collect();
        new.sort_by_key(|it| it.made);
        for delivery in new {
            under_way.insert(delivery.id);
            let (id, errands) = (delivery.id, self.errands(world, delivery));
            let notifier = Arc::clone(self);
            tasks.spawn(async move {
                let mut sending = JoinSet::new();
                for errand in errands {
                    let notifier = Arc::clone(&notifier);
                    sending.spawn(async move { notifier.send(&errand).await });
                }
                while sending.join_next().await.is_some() {}
                id
            });
        }
    }

    /// Whom a message goes to.
    fn errands(&self, world: &World, delivery: &Arc<Delivery>) -> Vec<Errand> {
        let errand = |to: &Arc<Subscription>, asking| Errand {
            delivery: Arc::clone(delivery),
            to: to.id,
            asking,
        };
        // A question, to one who has not agreed to anything yet.
        if let Some(asked) = world.mentioning(delivery.id).next() {
            return vec![errand(asked, true)];
        }
        let name = delivery.topic.rsplit(':').next().unwrap_or_default();
        let topic = world.topic(delivery.owner, name);
        let Some(topic) = topic.filter(|topic| topic.arn(&self.region) == delivery.topic) else {
            return Vec::new();
        };
        let subscriptions = world.needing::<Subscription>(topic.id);
        let confirmed = subscriptions.filter(|it| it.is_confirmed());
        confirmed.map(|it| errand(it, false)).collect()
    }

    /// Brings a message to one receiver, or gives it up.
    async fn send(&self, errand: &Errand) {
        let failed = match tokio::time::timeout(self.timing.lifetime, self.try_all(errand)).await {
            Ok(Ok(())) => return,
            Ok(Err(failed)) => failed,
            Err(_) => Failed::Time,
        };
        let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(
            topic = %errand.delivery.topic,
            subscription = %errand.to.uuid(),
            message = %errand.delivery.id.uuid(),
            why = %failed,
            dropped,
            "a notification was given up"
        );
    }

    async fn try_all(&self, errand: &Errand) -> Result<(), Failed> {
        let (mine, account) = {
            let mut lanes = self.lanes();
            let lane = |places| Arc::new(Semaphore::new(places));
            let mine = lanes.subscriptions.entry(errand.to);
            let mine = Arc::clone(mine.or_insert_with(|| lane(PLACES.0)));
            let account = lanes.accounts.entry(errand.delivery.owner);
            (mine, Arc::clone(account.or_insert_with(|| lane(PLACES.1))))
        };
        let _mine = mine.acquire().await;
        let mut retries = self.timing.retries.into_iter();
        loop {
            // Asked for anew each time: who has left meanwhile is not called any more.
            let Some((target, letter)) = self.letter(errand) else {
                return Ok(());
            };
            let outcome = {
                let _account = account.acquire().await;
                let _place = self.places.acquire().await;
                self.post.send(&target, letter).await
            };
            let Err(failed) = outcome else { return Ok(()) };
            match retries.next().filter(|_| failed.may_pass()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(failed),
            }
        }
    }

    /// What is sent to a receiver and where; nothing when it does not want it any more.
    fn letter(&self, errand: &Errand) -> Option<(Target, Letter)> {
        let Errand {
            delivery,
            to,
            asking,
        } = errand;
        let world = self.committer.world();
        let subscription = world.subscriptions.get(to)?;
        let topic = world.topics.get(&subscription.topic)?;
        let target = Target::parse(&subscription.endpoint).ok()?;
        let letter = match &subscription.state {
            State::Pending {
                question,
                sealed_token,
            } if *question == delivery.id => {
                let token = self.vault.open_sealed(&to.to_string(), sealed_token);
                let token = token.inspect_err(|error| {
                    tracing::error!(%error, "a subscription cannot be asked to confirm");
                });
                Letter::question(delivery, &token.ok()?, &self.base)
            }
            State::Pending { .. } => return None,
            // It has agreed while it was being asked.
            State::Confirmed { .. } if *asking => return None,
            State::Confirmed { .. } => {
                let arn = subscription.arn(&self.region, topic);
                Letter::message(delivery, subscription, &arn, &self.base)
            }
        };
        Some((target, letter))
    }

    /// Takes messages out of the outbox; false when that was not written.
    async fn remove(&self, done: Vec<DeliveryId>) -> bool {
        let (committer, region) = (Arc::clone(&self.committer), self.region.clone());
        let written = tokio::task::spawn_blocking(move || {
            committer.commit(
                |world, _| {
                    let there = done.iter().filter(|id| world.deliveries.contains_key(id));
                    let changes = there.map(|id| Change::Remove(id.into())).collect();
                    Ok(((), changes))
                },
                |outcome| match outcome {
                    Ok(changes) => by_itself("Notify", &region, now(), changes),
                    Err(_) => Vec::new(),
                },
            )
        });
        match written.await {
            Ok(Ok(())) => true,
            Ok(Err(fault)) => {
                tracing::error!(fault.message = %fault.message, "delivered notifications stay in the outbox for now");
                false
            }
            Err(_) => false,
        }
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
