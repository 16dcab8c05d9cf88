//! The one capture of a host: whose it is, what is read and not fetched yet, and when it ends
//! because nobody fetches.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use dataplane::Kernel;
use model::host::{CaptureAnswer, CaptureOrder, CaptureRefused, Captured, Catch};

/// A capture that nobody asks for so long ends.
const ABANDONED: Duration = Duration::from_secs(5);
/// So many packets wait to be fetched; what comes then is counted as lost.
const WAITING: usize = 32_768;
/// So many are fetched at once.
const BATCH: usize = 4_096;

/// What a call is answered with.
pub(crate) type Answer = Result<CaptureAnswer, CaptureRefused>;

/// The capture, if there is one.
#[derive(Default)]
pub(crate) struct Captures {
    held: Option<Held>,
    /// The ticket of the last one.
    last: u64,
}

struct Held {
    ticket: u64,
    holder: String,
    /// The kernel takes notes.
    on: bool,
    asked: Instant,
    packets: VecDeque<Captured>,
    lost_in_kernel: u64,
    lost_here: u64,
}

impl Captures {
    /// Whether the kernel is to be read often.
    pub(crate) fn is_on(&self) -> bool {
        self.held.is_some()
    }

    /// Carries out an order.
    pub(crate) fn serve(
        &mut self,
        kernel: &mut impl Kernel,
        order: CaptureOrder,
        now: Instant,
    ) -> Answer {
        match order {
            CaptureOrder::Start { watch, holder } => {
                if let Some(held) = self.held.as_ref().filter(|held| held.on) {
                    return Err(CaptureRefused::Busy {
                        holder: held.holder.clone(),
                    });
                }
                kernel
                    .capture(Some(&watch))
                    .map_err(|error| unable(&error))?;
                self.last += 1;
                tracing::info!(holder, "a capture begins");
                self.held = Some(Held {
                    ticket: self.last,
                    holder,
                    on: true,
                    asked: now,
                    packets: VecDeque::new(),
                    lost_in_kernel: 0,
                    lost_here: 0,
                });
                Ok(CaptureAnswer::Started { ticket: self.last })
            }
            CaptureOrder::Poll { ticket } => {
                self.find(ticket, now)?;
                self.fetch(kernel)
            }
            CaptureOrder::Stop { ticket } => {
                self.find(ticket, now)?;
                self.end(kernel).map_err(|error| unable(&error))?;
                self.fetch(kernel)
            }
        }
    }

    fn find(&mut self, ticket: u64, now: Instant) -> Result<(), CaptureRefused> {
        let held = self.held.as_mut().filter(|held| held.ticket == ticket);
        held.ok_or(CaptureRefused::Over)?.asked = now;
        Ok(())
    }

    /// Hands out what there is; a capture that is over is forgotten with its last packet.
    fn fetch(&mut self, kernel: &mut impl Kernel) -> Answer {
        self.read(kernel).map_err(|error| unable(&error))?;
        let held = self.held.as_mut().ok_or(CaptureRefused::Over)?;
        let most = held.packets.len().min(BATCH);
        let caught = Catch {
            packets: held.packets.drain(..most).collect(),
            lost: held.lost_in_kernel + held.lost_here,
            more: !held.packets.is_empty(),
        };
        if !held.on && !caught.more {
            self.held = None;
        }
        Ok(CaptureAnswer::Caught(caught))
    }

    /// Empties the kernel's buffer, and ends what was abandoned. To be called often.
    pub(crate) fn drain(&mut self, kernel: &mut impl Kernel, now: Instant) {
        let broken = self.read(kernel).err();
        let Some(held) = &self.held else {
            return;
        };
        match &broken {
            Some(error) => tracing::warn!(error = error.chain(), "a capture breaks off"),
            None if now.duration_since(held.asked) >= ABANDONED => {
                tracing::warn!(holder = held.holder, "nobody fetches the capture: it ends");
            }
            None => return,
        }
        self.finish(kernel, now);
    }

    /// Ends what is on, and forgets it.
    pub(crate) fn finish(&mut self, kernel: &mut impl Kernel, now: Instant) {
        match self.end(kernel) {
            Ok(()) => {
                // What is left in the kernel goes with it.
                drop(self.read(kernel));
                self.held = None;
            }
            Err(error) => {
                tracing::warn!(
                    error = error.chain(),
                    "the capture could not be ended; trying again"
                );
                if let Some(held) = &mut self.held {
                    held.asked = now;
                }
            }
        }
    }

    fn end(&mut self, kernel: &mut impl Kernel) -> Result<(), dataplane::Error> {
        let Some(held) = self.held.as_mut().filter(|held| held.on) else {
            return Ok(());
        };
        kernel.capture(None)?;
        held.on = false;
        tracing::info!(holder = held.holder, "the capture ends");
        Ok(())
    }

    fn read(&mut self, kernel: &mut impl Kernel) -> Result<(), dataplane::Error> {
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        // Whoever fills it faster than it is read holds nothing else up.
        for _ in 0..WAITING / BATCH {
            let caught = kernel.captured(BATCH)?;
            held.lost_in_kernel = held.lost_in_kernel.max(caught.lost);
            for packet in caught.packets {
                if held.packets.len() < WAITING {
                    held.packets.push_back(packet);
                } else {
                    held.lost_here += 1;
                }
            }
            if !caught.more {
                break;
            }
        }
        Ok(())
    }
}

fn unable(error: &dataplane::Error) -> CaptureRefused {
    CaptureRefused::Unable {
        problem: error.chain(),
    }
}

#[cfg(test)]
mod tests;
