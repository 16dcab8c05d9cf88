//! `ginnel`: the product, through the fixture and the real AWS CLI.
//!
//! The plan, for whoever finishes it (the binary is not there yet):
//!
//! 1. `Ginnel::start(&[])`; two VPCs, both 10.0.0.0/16, one subnet each; a security group that
//!    lets [`PORT`](super::PORT) in, TCP and UDP.
//! 2. `namespace("gc")` and `namespace("gs")` as the workloads' namespaces, an ENI in each, its
//!    interface there named `eth0`.
//! 3. An NLB with a TCP_UDP listener on `PORT`, an IP target group with the provider's ENI, an
//!    endpoint service without acceptance, the consumer's interface endpoint; wait for `available`.
//! 4. [`drop_injected`](super::drop_injected) in the server's namespace and a [`Lane`] with the
//!    endpoint ENI's address as `dial` and the fixture among `guards`.
//!
//! `settle` should flush the flow table, if the agent offers that.

use anyhow::{Context, Result, bail};
use nix::sched::CpuSet;

use super::{Lane, Path};
use crate::testbed::ginnel;

/// An interface endpoint of ginnel.
pub(crate) struct Ginnel;

impl Path for Ginnel {
    fn name(&self) -> &'static str {
        "ginnel"
    }

    fn about(&self) -> &'static str {
        "interface endpoint to an NLB service, consumer and provider both 10.0.0.0/16, everything on"
    }

    fn setup(&self, _cpus: CpuSet) -> Result<Lane> {
        let _daemon = ginnel::Ginnel::start(&[]).context("start ginnel")?;
        bail!("the ginnel path is not written yet: see path/ginnel.rs")
    }
}
