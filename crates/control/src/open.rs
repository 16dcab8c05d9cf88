//! Putting the room together: from a store to something that serves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use aws::Fault;
use model::host::{Document, Report, Told};
use model::time::Millis;
use model::world::{Change, Name};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use revlog::Log;
use signals::flow::Watch;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::api::quota::Quotas;
use crate::api::{ginnel, iso};
use crate::audit::record::by_itself;
use crate::authenticate::DEV_ACCOUNT;
use crate::authorize::{BuiltIn, Judge};
use crate::commit::Committer;
use crate::observe::Observations;
use crate::relay::{CaptureCall, NamespaceCheck, Relay};
use crate::secret::Vault;
use crate::upgrade::missing_defaults;
use crate::worker::notification::{Notifier, Reach, Timing};
use crate::{dev, feed, secret};

/// Records of reads wait no longer for a transaction that takes them along.
const FLUSH: Duration = Duration::from_millis(200);
/// Old records are forgotten so often.
const TIDY: Duration = Duration::from_secs(600);
/// A day, in milliseconds.
const DAY: i64 = 86_400_000;
/// Records are kept for so many days (LookupEvents: 90) ...
const RECORD_DAYS: i64 = 90;
/// ... but no more than so many.
const MAX_RECORDS: u64 = 500_000;

/// What a control plane needs.
pub struct Config {
    /// The store.
    pub log: Arc<dyn Log>,
    /// Where the key that seals secrets is, or will be made.
    pub key_file: PathBuf,
    /// The one region that this process serves.
    pub region: String,
    /// For people who used an emulator until now: any access key is an administrator's.
    pub dev: bool,
    /// Whether a host's tables must be able to hold everything: there is a data plane.
    pub bounded: bool,
    /// The operator's quotas, `CODE=N`.
    pub quotas: Vec<String>,
    /// Ranges besides the public Internet that notifications may go to.
    pub allow_notify: Vec<String>,
    /// Where others reach this API: the base of the URLs in notifications.
    pub url: String,
    /// The kernel's word on namespace paths.
    pub check_namespace: NamespaceCheck,
}

/// Why a control plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Feed(#[from] feed::Error),
    /// The key file.
    #[error(transparent)]
    Secret(#[from] secret::Error),
    /// A quota that is none.
    #[error("{0}")]
    Quota(String),
    /// What an older store lacks could not be made.
    #[error("bringing an older store up to date: {0}")]
    Upgrade(String),
    /// A range that is none.
    #[error("{0}")]
    Range(String),
    /// The first account could not be made.
    #[error("making the first account: {0}")]
    First(String),
    /// The server ended.
    #[error("serving the API")]
    Serve(#[source] std::io::Error),
}

/// The access key of a new account: shown once.
#[derive(Clone, Debug)]
pub struct FirstKey {
    /// The account.
    pub account: String,
    /// The key's id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
}

/// A running control plane; clones are the same one.
#[derive(Clone)]
pub struct Control {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) committer: Arc<Committer>,
    pub(crate) relay: Relay,
    pub(crate) vault: Arc<Vault>,
    pub(crate) quotas: Arc<Quotas>,
    /// Who may: the policy engine's place.
    pub(crate) judge: Arc<dyn Judge>,
    pub(crate) reach: Arc<Reach>,
    pub(crate) url: String,
    pub(crate) dev: bool,
    pub(crate) region: String,
    pub(crate) check_namespace: NamespaceCheck,
    pub(crate) observations: Observations,
}

impl Control {
    /// Reads the store. The first start makes the operator's account, and returns its key.
    pub fn open(config: Config) -> Result<(Self, Option<FirstKey>), Error> {
        let vault = Arc::new(Vault::open(&config.key_file)?);
        let quotas = Arc::new(Quotas::parse(&config.quotas).map_err(Error::Quota)?);
        let committer = Arc::new(Committer::new(config.log, config.bounded)?);
        let fresh = committer.world().accounts.is_empty();
        upgrade(&committer, &config.region)?;
        let reach = Reach::parse(&config.allow_notify, config.dev).map_err(Error::Range)?;
        let control = Self {
            inner: Arc::new(Inner {
                relay: Relay::new(Arc::clone(&committer), config.region.clone()),
                committer,
                vault,
                quotas,
                judge: Arc::new(BuiltIn),
                reach: Arc::new(reach),
                url: config.url,
                dev: config.dev,
                region: config.region,
                check_namespace: config.check_namespace,
                observations: Observations::default(),
            }),
        };
        let first = if fresh {
            let first = control.first_account();
            Some(first.map_err(|fault| Error::First(fault.message))?)
        } else {
            None
        };
        Ok((control, first))
    }

    /// Starts what goes on beside the calls: documents, records, old history. It ends with the
    /// runtime; `Regions::serve` waits for what must not be lost.
    pub(crate) fn run_workers(&self) {
        let control = self.clone();
        tokio::spawn(async move { control.inner.relay.run().await });
        tokio::spawn(self.notifier().run());
        let control = self.clone();
        tokio::spawn(async move { control.flush_often().await });
        let control = self.clone();
        tokio::spawn(async move { control.tidy_often().await });
    }

    /// Makes the records of reads durable, every now and then.
    async fn flush_often(&self) {
        let mut interval = tokio::time::interval(FLUSH);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.flush().await;
        }
    }

    /// Empties it, but for what the first start makes. Blocks.
    pub(crate) fn reset(&self) -> Result<(), Fault> {
        let gone = Name::Account(
            DEV_ACCOUNT
                .parse()
                .map_err(|_| Fault::internal("no account"))?,
        );
        let record = by_itself("Reset", &self.inner.region, now(), &[Change::Remove(gone)]);
        self.inner.committer.reset(record)?;
        self.first_account().map(drop)
    }

    /// Makes what the first start makes: the operator's account.
    fn first_account(&self) -> Result<FirstKey, Fault> {
        let key = ginnel::create_account(&self.inner, "admin", Some(DEV_ACCOUNT), true, None)?;
        if let Ok(account) = DEV_ACCOUNT.parse()
            && self.inner.dev
        {
            dev::move_in(self, account, true)?;
        }
        Ok(key)
    }

    /// Forgets old records and the log's history, every now and then.
    async fn tidy_often(&self) {
        let mut interval = tokio::time::interval(TIDY);
        loop {
            interval.tick().await;
            let control = self.clone();
            let before = iso(Millis(now().0 - RECORD_DAYS * DAY));
            let tidied = tokio::task::spawn_blocking(move || {
                control.forget_tokens()?;
                control.inner.committer.tidy(MAX_RECORDS, &before)
            });
            if let Ok(Err(fault)) = tidied.await {
                tracing::error!(fault.message = %fault.message, "old records were not forgotten; tried again later");
            }
        }
    }

    /// Forgets the answers to ClientTokens that are older than a day. Blocks.
    fn forget_tokens(&self) -> Result<(), Fault> {
        let committer = &self.inner.committer;
        let before = Millis(now().0 - DAY);
        loop {
            let world = committer.world();
            let old = world.replays.values().filter(|it| it.made < before);
            let old: Vec<Change> = old
                .take(CHUNK)
                .map(|it| Change::Remove(Name::Replay(it.key.clone())))
                .collect();
            if old.is_empty() {
                return Ok(());
            }
            committer.commit(
                |_, _| Ok(((), old)),
                |outcome| match outcome {
                    Ok(changes) => {
                        by_itself("ForgetClientTokens", &self.inner.region, now(), changes)
                    }
                    Err(_) => Vec::new(),
                },
            )?;
        }
    }

    pub(crate) async fn flush(&self) {
        let control = self.clone();
        let flushed = tokio::task::spawn_blocking(move || control.inner.committer.flush()).await;
        if let Ok(Err(fault)) = flushed {
            tracing::error!(fault.message = %fault.message, "records of reads are not durable yet; they wait");
        }
    }

    fn notifier(&self) -> Arc<Notifier> {
        let inner = &self.inner;
        Notifier::new(
            Arc::clone(&inner.committer),
            Arc::clone(&inner.vault),
            (inner.region.clone(), inner.url.clone()),
            Arc::clone(&inner.reach),
            Timing::default(),
        )
    }

    /// Takes what the host told of packets and flows.
    pub fn told(&self, told: &Told) {
        let world = self.inner.committer.world();
        self.inner.observations.take(&world, told);
    }

    /// Until when somebody watches flows, milliseconds since 1970: for the host's agent.
    pub fn watched_until_ms(&self) -> Arc<AtomicI64> {
        self.inner.observations.watched_until_ms()
    }

    /// What the host records for flow logs, as it changes.
    pub fn flow_logs(&self) -> watch::Receiver<Arc<Watch>> {
        self.inner.relay.flow_logs()
    }

    /// The host's document, as it changes.
    pub fn documents(&self) -> watch::Receiver<Arc<Document>> {
        self.inner.relay.documents()
    }

    /// The orders about captures that the host is to carry out.
    pub fn captures(&self) -> mpsc::Receiver<CaptureCall> {
        self.inner.relay.hear_captures()
    }

    /// Takes the host's report. Blocks for the disk.
    pub fn report(&self, report: Report) {
        self.inner.relay.report(report, now());
    }
}

/// How many changes one transaction of an upgrade has; the log takes 128.
const CHUNK: usize = 100;

/// Makes what an older store lacks. Ended midway, the next start goes on.
fn upgrade(committer: &Committer, region: &str) -> Result<(), Error> {
    let mut rng = StdRng::from_rng(&mut rand::rng());
    let changes = missing_defaults(&committer.world(), region, &mut rng);
    for chunk in changes.chunks(CHUNK) {
        committer
            .commit(
                |_, _| Ok(((), chunk.to_vec())),
                |outcome| match outcome {
                    Ok(changes) => by_itself("StoreUpgrade", region, now(), changes),
                    Err(_) => Vec::new(),
                },
            )
            .map_err(|fault| Error::Upgrade(fault.message.to_string()))?;
    }
    if !changes.is_empty() {
        tracing::info!(changes = changes.len(), "an older store is up to date");
    }
    Ok(())
}

/// The time: the room's only look at the clock.
pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    Millis(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

#[cfg(test)]
mod tests;
