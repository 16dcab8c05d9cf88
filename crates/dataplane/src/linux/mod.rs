//! The real kernel: a fabric namespace with the host sides of all ENIs, a system namespace
//! with Ginnel's own interface, and pinned BPF programs, links and maps.
//!
//! Everything lives below one run directory, so that several instances (tests) do not meet:
//! `ns/fabric` and `ns/system` are bind mounts of the namespaces, `bpf` is a bpffs of our own.

mod capture;
mod device;
mod flows;
mod maps;
mod namespace;
mod netlink;
mod probe;
mod program;
mod purge;
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    non_camel_case_types,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::allow_attributes_without_reason,
    unsafe_code,
    reason = "made by bindgen from bpf/shared/tables.h"
)]
mod tables;
mod uplink;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::host::{Catch, Counters, EniSlot, Event, Flow, GateSlot, State, Step, Wanted, Watch};

use crate::kernel::{Echo, Error, Kernel};

pub use namespace::{check as check_namespace, make_named, remove_named, run_inside};
pub use program::Gso;
pub use purge::purge;
pub use uplink::Uplink;

/// Where an instance keeps its namespaces and pins.
#[derive(Clone, Debug)]
pub struct Dirs {
    /// The run directory, `/run/ginnel` by default.
    pub run: PathBuf,
}

impl Dirs {
    fn namespace(&self, name: &str) -> PathBuf {
        self.run.join("ns").join(name)
    }

    fn bpf(&self) -> PathBuf {
        self.run.join("bpf")
    }

    fn maps(&self) -> PathBuf {
        self.bpf().join(format!("v{}", tables::LAYOUT_VERSION))
    }

    fn links(&self) -> PathBuf {
        self.bpf().join("links")
    }
}

/// Bounds that are set when the tables are first made.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections on the host; the table holds two records for each.
    pub flows: u32,
    /// Connections of one ENI.
    pub flows_per_eni: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: tables::MAX_FLOWS / 2,
            // A sixteenth of the host: no handful of tenants fills it.
            flows_per_eni: tables::MAX_FLOWS / 32,
        }
    }
}

/// What a data plane needs of the machine, checked before anything is touched.
pub fn preflight() -> Result<(), Error> {
    preflight_with(
        nix::unistd::geteuid().is_root(),
        &nix::sys::utsname::uname()
            .map_err(Error::os("uname"))?
            .release()
            .to_string_lossy(),
        Path::new("/sys/kernel/btf/vmlinux"),
    )
}

fn preflight_with(root: bool, release: &str, btf: &Path) -> Result<(), Error> {
    if !root {
        return Err(Error::NotRoot);
    }
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|n| n.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (6, 6) {
        return Err(Error::OldKernel {
            found: release.to_owned(),
        });
    }
    if !btf.exists() {
        return Err(Error::NoBtf {
            path: btf.to_owned(),
        });
    }
    Ok(())
}

/// The kernel of this machine. It moves the thread that opens it into the fabric namespace
/// for good: open it on a thread of its own, and keep it there.
pub struct Linux {
    dirs: Dirs,
    limits: Limits,
    netlink: netlink::Netlink,
    programs: program::Programs,
    maps: maps::Maps,
    flows: flows::Flows,
    prober: probe::Prober,
}

impl Linux {
    /// Makes or takes over the instance below `dirs`: namespaces, pins, program versions.
    /// Running traffic does not notice. Without `uplink` there is no way out.
    pub fn open(dirs: Dirs, limits: Limits, uplink: Option<&Uplink>) -> Result<Self, Error> {
        preflight()?;
        namespace::prepare_dir(&dirs.run.join("ns"))?;
        program::mount_bpffs(&dirs)?;
        let fabric = namespace::open_or_make(&dirs.namespace("fabric"))?;
        let system = namespace::open_or_make(&dirs.namespace("system"))?;
        namespace::enter(&fabric)?;
        namespace::quiet_ipv6()?;
        let netlink = netlink::Netlink::open()?;
        let mut programs = program::Programs::load(&dirs, limits)?;
        let mut maps = maps::Maps::open(&mut programs)?;
        let mut flows = flows::Flows::open(&dirs, &mut programs)?;
        flows.at(programs.clock(&maps)?);
        programs.take_over(&dirs)?;
        device::ensure_system(&dirs, &netlink, &mut programs, &mut maps, &system)?;
        uplink::ensure(&dirs, &netlink, &mut programs, &mut maps, uplink)?;
        let prober = probe::Prober::open(&system)?;
        Ok(Self {
            dirs,
            limits,
            netlink,
            programs,
            maps,
            flows,
            prober,
        })
    }

    /// What the programs would make of a frame that came from an ENI, or (`None`) from
    /// outside: the real ones, with the real tables, which change as by a real packet; only
    /// the frame stays here.
    pub fn trial(
        &mut self,
        from: Option<EniSlot>,
        frame: &[u8],
        gso: Option<Gso>,
    ) -> Result<Trial, Error> {
        let slot = from.unwrap_or(maps::UPLINK_SLOT);
        let link = self.maps.eni(slot)?.ifindex;
        let ran = self.programs.run(link, frame, gso)?;
        Ok(Trial {
            sent: ran.action == TC_ACT_REDIRECT,
            verdict: ran.verdict,
            to: self.maps.eni_at(ran.link)?,
            frame: ran.frame,
        })
    }

    /// Chooses the seed that targets and source ports are chosen with: random otherwise, and
    /// for the life of the tables. For tests that must be repeatable.
    pub fn set_seed(&mut self, seed: u32) -> Result<(), Error> {
        self.maps.set(|settings| settings.seed = seed)
    }
}

const TC_ACT_REDIRECT: u32 = 7;

/// What became of a frame in [`Linux::trial`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Handed to a link: another ENI's, or (an answer) its own.
    pub sent: bool,
    /// The number of the verdict that refused it; 0: none.
    pub verdict: u32,
    /// The ENI that it was handed to, where the long way did that.
    pub to: Option<EniSlot>,
    /// The frame afterwards.
    pub frame: Vec<u8>,
}

impl Linux {
    fn read_clock(&mut self) -> Result<(), Error> {
        self.flows.at(self.programs.clock(&self.maps)?);
        Ok(())
    }
}

impl Kernel for Linux {
    fn read(&mut self) -> Result<State, Error> {
        Ok(State {
            tables: self.maps.read()?,
            interfaces: device::read(&self.dirs, &self.netlink, &mut self.maps, &mut self.flows)?,
        })
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        match step {
            Step::Attach(slot, interface) => {
                device::attach(self, *slot, interface)?;
            }
            Step::Detach(slot, link) => {
                device::detach(self, *slot, link)?;
            }
            Step::PutGroup(slot, group) => self.maps.put_group(*slot, group)?,
            Step::RemoveGroup(slot) => self.maps.remove_group(*slot)?,
            Step::PutTargets(slot, targets) => self.maps.put_targets(*slot, targets)?,
            Step::RemoveTargets(slot) => self.maps.put_targets(*slot, &[])?,
            Step::PutListener(key, listener) => self.maps.put_listener(*key, *listener)?,
            Step::RemoveListener(key) => self.maps.remove_listener(*key)?,
            Step::PutGate(slot, gate) => {
                if self.maps.put_gate(*slot, gate)? {
                    self.flows.reset_gate(*slot);
                }
            }
            Step::RemoveGate(slot, gate) => {
                self.maps.remove_gate(*slot, gate)?;
                self.flows.forget_gate(*slot)?;
                self.flows.reset_gate(*slot);
            }
            Step::PutAcl(key, acl) => self.maps.put_acl(*key, acl)?,
            Step::RemoveAcl(key) => self.maps.remove_acl(*key)?,
            Step::PutRoute(table, net, hop) => self.maps.put_route(*table, *net, *hop)?,
            Step::RemoveRoute(table, net) => self.maps.remove_route(*table, *net)?,
            Step::PutNat(key, nat) => self.maps.put_nat(*key, nat)?,
            Step::RemoveNat(key) => self.maps.remove_nat(*key)?,
            Step::PutPublic(ip, public) => self.maps.put_public(*ip, public)?,
            Step::RemovePublic(ip, public) => self.maps.remove_public(*ip, public)?,
        }
        Ok(())
    }

    fn probe(
        &mut self,
        gates: &[GateSlot],
        timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        self.prober.probe(gates, timeout)
    }

    fn expire(&mut self) -> Result<usize, Error> {
        self.read_clock()?;
        self.flows.expire()
    }

    fn tell(&mut self, wanted: Wanted) -> Result<(), Error> {
        self.flows.tell(wanted.ended);
        let bit = |kind: u32, on: bool| u32::from(on) << kind;
        self.maps.set(|settings| {
            settings.events = bit(tables::EVENT_REFUSED, wanted.refused)
                | bit(tables::EVENT_OPENED, wanted.opened)
                | bit(tables::EVENT_ENDED, wanted.ended);
        })
    }

    fn events(&mut self, most: usize) -> Result<Vec<Event>, Error> {
        self.read_clock()?;
        Ok(self.flows.events(most))
    }

    fn flows(&mut self) -> Result<Vec<Flow>, Error> {
        self.read_clock()?;
        self.flows.list()
    }

    fn counters(&mut self, gates: &[GateSlot]) -> Result<Counters, Error> {
        let enis = self.maps.eni_slots()?;
        Ok(self.flows.counters(&enis, gates))
    }

    fn capture(&mut self, watch: Option<&Watch>) -> Result<(), Error> {
        match watch {
            Some(watch) => self.programs.watch(&self.dirs, self.limits, watch),
            None => self.programs.unwatch(&self.dirs),
        }
    }

    fn captured(&mut self, most: usize) -> Result<Catch, Error> {
        self.programs.captured(most)
    }

    fn is_real(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
