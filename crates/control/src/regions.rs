//! Which control plane serves a region.
//!
//! One process serves one region; with `--dev` every region that a credential's scope names is a
//! world of its own, made when it is first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws::Fault;
use tokio::net::TcpListener;

use crate::http;
use crate::open::{Control, Error};
use crate::serve::serve;

/// Makes the control plane of one more region; the string says why not.
pub type MakeRegion = Box<dyn Fn(&str) -> Result<Control, String> + Send + Sync>;

/// Regions that a process makes at most: AWS has about 40.
const MAX_REGIONS: usize = 64;

/// The control planes of a process; clones are the same ones.
#[derive(Clone)]
pub struct Regions {
    inner: Arc<Inner>,
}

struct Inner {
    first: Control,
    /// `None` without `--dev`.
    make: Option<MakeRegion>,
    others: Mutex<BTreeMap<String, Control>>,
}

impl Regions {
    /// One region, and with `make` any other that is asked for.
    pub fn new(first: Control, make: Option<MakeRegion>) -> Self {
        Self {
            inner: Arc::new(Inner {
                first,
                make,
                others: Mutex::default(),
            }),
        }
    }

    /// The region that the process was started for.
    pub(crate) fn first(&self) -> &Control {
        &self.inner.first
    }

    /// The control plane of a region; without `--dev` there is one, which refuses others itself.
    pub(crate) fn of(&self, region: Option<&str>) -> Result<Control, Fault> {
        let inner = &self.inner;
        let (Some(make), Some(region)) = (&inner.make, region) else {
            return Ok(inner.first.clone());
        };
        if region == inner.first.inner.region {
            return Ok(inner.first.clone());
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if region.is_empty() || region.len() > 32 || !region.chars().all(fits) {
            return Err(Fault::bad_request(
                "InvalidParameterValue",
                "The region in the credential's scope is not the name of a region, such as us-east-1",
            ));
        }
        let mut others = inner.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(control) = others.get(region) {
            return Ok(control.clone());
        }
        if others.len() >= MAX_REGIONS {
            return Err(Fault::bad_request(
                "ResourceLimitExceeded",
                format!(
                    "This process serves {MAX_REGIONS} regions already; POST /_ginnel/reset forgets them"
                ),
            ));
        }
        let control = make(region).map_err(|why| {
            Fault::internal(format!("The region {region} could not be made: {why}"))
        })?;
        control.run_workers();
        others.insert(region.to_owned(), control.clone());
        Ok(control)
    }

    /// The control plane of a region that there is already: who has not signed makes none.
    pub(crate) fn there(&self, region: &str) -> Option<Control> {
        let mut all = self.all().into_iter();
        all.find(|control| control.inner.region == region)
    }

    /// Serves the API until `stop` ends; calls that are under way are finished.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        self.first().run_workers();
        let served = serve(listener, http::router(self.clone()), stop).await;
        for control in self.all() {
            control.flush().await;
        }
        served.map_err(Error::Serve)
    }

    /// All that there are.
    fn all(&self) -> Vec<Control> {
        let others = self.inner.others.lock();
        let others = others.unwrap_or_else(PoisonError::into_inner);
        let first = std::iter::once(&self.inner.first);
        first.chain(others.values()).cloned().collect()
    }

    /// Empties every region (`--dev` only). Blocks.
    pub(crate) fn reset(&self) -> Result<(), Fault> {
        let inner = &self.inner;
        if inner.make.is_none() {
            return Err(Fault::bad_request(
                "UnsupportedOperation",
                "Only `ginnel up --dev` can be reset; `ginnel down --purge` removes everything",
            ));
        }
        self.all().iter().try_for_each(Control::reset)
    }
}
