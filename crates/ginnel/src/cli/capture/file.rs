//! The pcapng file: an interface for each side of the NAT, and a comment at each packet.

use std::borrow::Cow;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};

use super::packet::{Fate, Frame, Packet, Subject};

/// Timestamps count 10^-9 s.
const NANOSECONDS: u8 = 9;
/// The direction in a packet's flags.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// The subject's own side, and the other, as interfaces of the file.
const OWN: u32 = 0;
const OTHER: u32 = 1;

/// A file that is being written.
pub(super) struct File {
    path: PathBuf,
    out: PcapNgWriter<BufWriter<std::fs::File>>,
}

impl File {
    pub(super) fn create(path: &Path, subject: &Subject, snap: u16) -> Result<Self> {
        let what = || format!("writing {}", path.display());
        let file = std::fs::File::create(path).with_context(what)?;
        let section = SectionHeaderBlock {
            endianness: Endianness::native(),
            options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed(
                concat!("ginnel ", env!("CARGO_PKG_VERSION")),
            ))],
            ..SectionHeaderBlock::default()
        };
        let mut out =
            PcapNgWriter::with_section_header(BufWriter::new(file), section).with_context(what)?;
        for name in subject.sides() {
            out.write_pcapng_block(InterfaceDescriptionBlock {
                linktype: DataLink::ETHERNET,
                snaplen: snap.into(),
                options: vec![
                    InterfaceDescriptionOption::IfName(name.into()),
                    InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
                ],
            })
            .with_context(what)?;
        }
        Ok(Self {
            path: path.to_owned(),
            out,
        })
    }

    /// One or both sides of a packet.
    pub(super) fn write(&mut self, subject: &Subject, packet: &Packet) -> Result<()> {
        let from_own = subject.is_from_own_side(packet);
        // The workload's view of its ENI; everywhere else the data plane's.
        let (came, went) = match subject {
            Subject::Eni(_) if from_own => ((OWN, OUTBOUND), (OTHER, OUTBOUND)),
            Subject::Eni(_) => ((OTHER, INBOUND), (OWN, INBOUND)),
            Subject::Endpoint(..) if from_own => ((OWN, INBOUND), (OTHER, OUTBOUND)),
            Subject::Endpoint(..) => ((OTHER, INBOUND), (OWN, OUTBOUND)),
        };
        let text = format!(
            "in {} {}, {}",
            packet.from(),
            packet.came.heads,
            packet.fate_text()
        );
        match (packet.other_side(), &packet.went) {
            (Some(there), _) => {
                self.block(came, packet, &packet.came, text)?;
                let by = packet.endpoint.as_deref().unwrap_or("NAT");
                let text = format!("out {by} > {} {} after NAT", packet.to(), there.heads);
                self.block(went, packet, there, text)
            }
            (None, Some(answer)) if packet.fate == Fate::Answered => {
                self.block(came, packet, &packet.came, text)?;
                let back = match subject {
                    Subject::Eni(_) => INBOUND,
                    Subject::Endpoint(..) => OUTBOUND,
                };
                let text = format!("answer to {} {}", packet.from(), answer.heads);
                self.block((came.0, back), packet, answer, text)
            }
            // The same on both sides: one, on the subject's.
            (None, Some(_)) => {
                let direction = if from_own { came.1 } else { went.1 };
                let text = format!("{text}, to {}", packet.to());
                self.block((OWN, direction), packet, &packet.came, text)
            }
            (None, None) => self.block(came, packet, &packet.came, text),
        }
    }

    fn block(
        &mut self,
        (interface_id, direction): (u32, u32),
        packet: &Packet,
        frame: &Frame,
        comment: String,
    ) -> Result<()> {
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp: Duration::from_nanos(packet.at_ns),
            original_len: frame.length,
            data: Cow::Borrowed(&frame.bytes),
            options: vec![
                EnhancedPacketOption::Comment(comment.into()),
                EnhancedPacketOption::Flags(direction),
            ],
        };
        let written = self.out.write_pcapng_block(block);
        written.with_context(|| format!("writing {}", self.path.display()))?;
        Ok(())
    }

    /// Hands what was written to the system.
    pub(super) fn flush(&mut self) -> Result<()> {
        let flushed = self.out.get_mut().flush();
        flushed.with_context(|| format!("writing {}", self.path.display()))
    }

    pub(super) fn close(mut self) -> Result<()> {
        self.flush()
    }
}
