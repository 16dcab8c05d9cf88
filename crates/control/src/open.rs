//! Putting the room together: from a store to something that serves.

use std::path::PathBuf;
use std::sync::Arc;

use model::host::{Document, Report};
use model::time::Millis;
use revlog::Log;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api::ginnel;
use crate::api::quota::Quotas;
use crate::commit::Committer;
use crate::relay::{NamespaceCheck, Relay};
use crate::secret::Vault;
use crate::serve::serve;
use crate::{feed, http, secret};

/// The account that the first start makes.
const FIRST_ACCOUNT: &str = "123456789012";

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
    /// The operator's quotas, `CODE=N`.
    pub quotas: Vec<String>,
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
    pub(crate) dev: bool,
    pub(crate) region: String,
    pub(crate) check_namespace: NamespaceCheck,
}

impl Control {
    /// Reads the store. The first start makes the operator's account, and returns its key.
    pub fn open(config: Config) -> Result<(Self, Option<FirstKey>), Error> {
        let vault = Arc::new(Vault::open(&config.key_file)?);
        let quotas = Arc::new(Quotas::parse(&config.quotas).map_err(Error::Quota)?);
        let world = feed::world(config.log.as_ref())?;
        let fresh = world.accounts.is_empty();
        let committer = Arc::new(Committer::new(config.log, world));
        let control = Self {
            inner: Arc::new(Inner {
                relay: Relay::new(Arc::clone(&committer)),
                committer,
                vault,
                quotas,
                dev: config.dev,
                region: config.region,
                check_namespace: config.check_namespace,
            }),
        };
        let first = fresh.then(|| {
            ginnel::create_account(&control.inner, "admin", Some(FIRST_ACCOUNT), true)
                .map_err(|fault| Error::First(fault.message.to_string()))
        });
        Ok((control, first.transpose()?))
    }

    /// Serves the API until `stop` ends; calls that are under way are finished.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let relay = {
            let control = self.clone();
            tokio::spawn(async move { control.inner.relay.run().await })
        };
        let served = serve(listener, http::router(self.clone()), stop).await;
        relay.abort();
        served.map_err(Error::Serve)
    }

    /// The host's document, as it changes.
    pub fn documents(&self) -> watch::Receiver<Arc<Document>> {
        self.inner.relay.documents()
    }

    /// Takes the host's report. Blocks for the disk.
    pub fn report(&self, report: Report) {
        self.inner.relay.report(report, now());
    }
}

/// The time: the room's only look at the clock.
pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    Millis(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}
