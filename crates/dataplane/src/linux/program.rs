//! The BPF object: loaded, pinned, attached by TCX links that are replaced and never detached.

use std::path::Path;

use aya::maps::Map;
use aya::programs::links::{FdLink, LinkError, PinnedLink};
use aya::programs::tc::{SchedClassifierLink, TcAttachOptions};
use aya::programs::{LinkOrder, ProgramError, SchedClassifier, TcAttachType};
use aya::{Ebpf, EbpfLoader, TestRun, TestRunOptions};
use model::host::{Catch, Watch};
use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{FsType, statfs};

use super::capture::Capture;
use super::maps::Maps;
use super::{Dirs, Limits, namespace, tables};
use crate::kernel::Error;

/// The file system of pinned BPF objects (linux/magic.h).
pub(super) const BPFFS: FsType = FsType(0xcafe_4a11);

/// Compiled from `bpf/` by `cargo xtask bpf`; `make test` compiles it again and compares.
static OBJECT: &[u8] = aya::include_bytes_aligned!("eni.bpf.o");

/// The program of links while a capture is on.
const WATCHED: &str = "eni_watched";

/// The loaded programs.
pub(super) struct Programs {
    object: Ebpf,
    /// A capture that is on, or has something left to read.
    capture: Option<Capture>,
    /// Whether every link has the capture's program.
    watching: bool,
}

/// Mounts a bpffs of our own, unless it is there: the host's is not touched.
pub(super) fn mount_bpffs(dirs: &Dirs) -> Result<(), Error> {
    let path = dirs.bpf();
    namespace::prepare_dir(&path)?;
    if !statfs(&path).is_ok_and(|stat| stat.filesystem_type() == BPFFS) {
        mount(
            Some("bpf"),
            &path,
            Some("bpf"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
            Some("mode=700"),
        )
        .map_err(Error::os(format!("mounting bpffs at {}", path.display())))?;
    }
    for entry in std::fs::read_dir(&path).map_err(Error::io("reading the pin directory"))? {
        let name = entry
            .map_err(Error::io("reading the pin directory"))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('v') && name != format!("v{}", tables::LAYOUT_VERSION) {
            return Err(Error::OtherLayout {
                path,
                found: name,
                wanted: tables::LAYOUT_VERSION,
            });
        }
    }
    namespace::prepare_dir(&dirs.maps())?;
    namespace::prepare_dir(&dirs.links())
}

impl Programs {
    /// Loads the object; its maps are the pinned ones where those exist.
    pub(super) fn load(dirs: &Dirs, limits: Limits) -> Result<Self, Error> {
        let mut object = object(dirs, limits, 1)?;
        for name in ["eni", "tick"] {
            load(&mut object, name)?;
        }
        Ok(Self {
            object,
            capture: None,
            watching: false,
        })
    }

    /// Begins a capture: every link gets, at once, the program that takes notes.
    pub(super) fn watch(
        &mut self,
        dirs: &Dirs,
        limits: Limits,
        watch: &Watch,
    ) -> Result<(), Error> {
        let mut object = object(dirs, limits, tables::CAPTURE_BYTES)?;
        load(&mut object, WATCHED)?;
        let begun = Capture::begin(object, watch)?;
        // The one before lives on in the links until each has the new one.
        let before = self.capture.replace(begun);
        self.watching = true;
        let taken = self.take_over(dirs);
        drop(before);
        if taken.is_err() {
            self.unwatch(dirs)?;
            self.capture = None;
        }
        taken
    }

    /// Ends it: every link has the ordinary program again. What was captured can be read.
    pub(super) fn unwatch(&mut self, dirs: &Dirs) -> Result<(), Error> {
        self.watching = false;
        self.take_over(dirs)
    }

    /// What was captured.
    pub(super) fn captured(&mut self, most: usize) -> Result<Catch, Error> {
        let Some(capture) = &mut self.capture else {
            return Ok(Catch::default());
        };
        let caught = capture.read(most)?;
        if !self.watching && !caught.more {
            self.capture = None;
        }
        Ok(caught)
    }

    /// The program that links are to have now.
    fn present(&mut self) -> Result<&mut SchedClassifier, Error> {
        match &mut self.capture {
            Some(capture) if self.watching => classifier(&mut capture.object, WATCHED),
            _ => classifier(&mut self.object, "eni"),
        }
    }

    /// A map by name, taken out of the object.
    pub(super) fn map(&mut self, name: &str) -> Result<Map, Error> {
        self.object
            .take_map(name)
            .ok_or_else(|| missing(&format!("map {name}")))
    }

    /// Attaches the ENI program, or the capture's, to a link of this namespace and pins the attachment. Where a
    /// pinned attachment exists, the program in it is replaced at once.
    pub(super) fn guard(&mut self, dirs: &Dirs, link: &str) -> Result<(), Error> {
        let pin = dirs.links().join(link);
        if self.replace(&pin)? {
            return Ok(());
        }
        let program = self.present()?;
        let what = || format!("attaching the program to {link}");
        let id = program
            .attach_with_options(
                link,
                TcAttachType::Ingress,
                TcAttachOptions::TcxOrder(LinkOrder::default()),
            )
            .map_err(Error::bpf(what()))?;
        let attached = program.take_link(id).map_err(Error::bpf(what()))?;
        FdLink::try_from(attached)
            .map_err(Error::bpf(what()))?
            .pin(&pin)
            .map_err(Error::bpf(format!("pinning {}", pin.display())))?;
        Ok(())
    }

    /// Replaces the program of every pinned attachment by this build's, or by the
    /// capture's.
    pub(super) fn take_over(&mut self, dirs: &Dirs) -> Result<(), Error> {
        let entries = std::fs::read_dir(dirs.links()).map_err(Error::io("reading pinned links"))?;
        for entry in entries {
            let pin = entry.map_err(Error::io("reading pinned links"))?.path();
            self.replace(&pin)?;
        }
        Ok(())
    }

    /// False when there is no live attachment at the pin; that of a device that went away
    /// with its workload's namespace is unpinned.
    fn replace(&mut self, pin: &Path) -> Result<bool, Error> {
        let what = || format!("replacing the program at {}", pin.display());
        let pinned = match PinnedLink::from_pin(pin) {
            Ok(pinned) => pinned,
            Err(LinkError::SyscallError(error))
                if error.io_error.kind() == std::io::ErrorKind::NotFound =>
            {
                return Ok(false);
            }
            Err(error) => return Err(Error::bpf(what())(error)),
        };
        let link =
            SchedClassifierLink::try_from(FdLink::from(pinned)).map_err(Error::bpf(what()))?;
        let program = self.present()?;
        let id = match program.attach_to_link(link) {
            Err(ProgramError::SyscallError(error))
                if error.io_error.raw_os_error() == Some(libc::ENOLINK) =>
            {
                remove_pin(pin)?;
                return Ok(false);
            }
            attached => attached.map_err(Error::bpf(what()))?,
        };
        // The pin keeps the attachment; nothing is held here.
        drop(program.take_link(id).map_err(Error::bpf(what()))?);
        Ok(true)
    }

    /// The kernel's clock, which flows' ages are measured in.
    pub(super) fn clock(&mut self, maps: &Maps) -> Result<tables::clock, Error> {
        let frame = [0u8; 64];
        let program = classifier(&mut self.object, "tick")?;
        program
            .test_run(TestRunOptions {
                data_in: Some(&frame),
                ..TestRunOptions::default()
            })
            .map_err(Error::bpf("running the clock program"))?;
        maps.clock()
    }

    /// Runs the ENI program over a frame as if it had come by a link.
    pub(super) fn run(
        &mut self,
        ifindex: u32,
        frame: &[u8],
        gso: Option<Gso>,
    ) -> Result<Ran, Error> {
        let mut context = [0u8; CONTEXT];
        put(&mut context, CTX_IFINDEX, ifindex);
        if let Some(gso) = gso {
            put(&mut context, CTX_GSO_SEGMENTS, gso.segments);
            put(&mut context, CTX_GSO_SIZE, u32::from(gso.size));
        }
        let mut out = vec![0u8; frame.len() + ROOM];
        let mut context_out = [0u8; CONTEXT];
        let program = classifier(&mut self.object, "eni")?;
        let result = program
            .test_run(TestRunOptions {
                data_in: Some(frame),
                data_out: Some(&mut out),
                ctx_in: Some(&context),
                ctx_out: Some(&mut context_out),
                ..TestRunOptions::default()
            })
            .map_err(Error::bpf("running the ENI program over a frame"))?;
        out.truncate(result.data_size_out as usize);
        Ok(Ran {
            action: result.return_value,
            frame: out,
            verdict: get(&context_out, CTX_CB),
            link: get(&context_out, CTX_CB + 4),
        })
    }
}

/// A frame that stands for several segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gso {
    /// Payload bytes of a segment.
    pub size: u16,
    /// How many.
    pub segments: u32,
}

/// What the ENI program made of a frame.
pub(super) struct Ran {
    /// TC_ACT_*.
    pub(super) action: u32,
    /// The frame afterwards.
    pub(super) frame: Vec<u8>,
    /// The verdict of a refusal; 0: none.
    pub(super) verdict: u32,
    /// The link that it was handed to; 0 when the fast path did that.
    pub(super) link: u32,
}

/// `struct __sk_buff` (linux/bpf.h): its size, and where its members are.
const CONTEXT: usize = 192;
const CTX_IFINDEX: usize = 40;
const CTX_CB: usize = 48;
const CTX_GSO_SEGMENTS: usize = 164;
const CTX_GSO_SIZE: usize = 176;
/// A program's answer may be longer than what it answers.
const ROOM: usize = 128;

fn put(context: &mut [u8; CONTEXT], at: usize, value: u32) {
    if let Some(place) = context.get_mut(at..at + 4) {
        place.copy_from_slice(&value.to_ne_bytes());
    }
}

fn get(context: &[u8; CONTEXT], at: usize) -> u32 {
    let four = context.get(at..at + 4).and_then(|it| it.try_into().ok());
    four.map_or(0, u32::from_ne_bytes)
}

/// Unpins an attachment; an absent pin is fine.
pub(super) fn remove_pin(pin: &Path) -> Result<(), Error> {
    match std::fs::remove_file(pin) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("removing {}", pin.display()))(error))
        }
        _ => Ok(()),
    }
}

/// The object with its maps: the pinned ones where those exist.
fn object(dirs: &Dirs, limits: Limits, capture_bytes: u32) -> Result<Ebpf, Error> {
    EbpfLoader::new()
        .default_map_pin_directory(dirs.maps())
        .map_max_entries("flows", limits.flows.saturating_mul(2))
        .map_max_entries("flows6", (limits.flows / 2).max(64))
        .map_max_entries("captures", capture_bytes)
        .load(OBJECT)
        .map_err(Error::bpf("loading the BPF object"))
}

fn load(object: &mut Ebpf, name: &str) -> Result<(), Error> {
    classifier(object, name)?
        .load()
        .map_err(Error::bpf(format!("loading the BPF program {name}")))
}

fn classifier<'a>(object: &'a mut Ebpf, name: &str) -> Result<&'a mut SchedClassifier, Error> {
    object
        .program_mut(name)
        .ok_or_else(|| missing(&format!("program {name}")))?
        .try_into()
        .map_err(Error::bpf(format!("program {name} is of another type")))
}

pub(super) fn missing(what: &str) -> Error {
    Error::Io {
        what: format!("the BPF object has no {what}"),
        source: std::io::ErrorKind::NotFound.into(),
    }
}
