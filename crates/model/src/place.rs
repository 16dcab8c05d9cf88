//! Regions and zones.

use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

/// The zones of every region.
pub const ZONES: [Zone; 3] = [Zone('a'), Zone('b'), Zone('c')];

/// A zone of the region, by its letter. Every account has the same letters for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zone(pub char);

impl Zone {
    /// `us-east-1a`.
    pub fn name(self, region: &str) -> String {
        format!("{region}{}", self.0)
    }

    /// `use1-az1`: the physical zone.
    pub fn id(self, region: &str) -> String {
        let mut short = String::new();
        for (place, part) in region.split('-').enumerate() {
            // us-east-1 is use1, eu-central-1 is euc1.
            if place == 0 {
                short.push_str(part);
            } else {
                short.extend(part.chars().next());
            }
        }
        let number = ZONES.iter().position(|zone| *zone == self).unwrap_or(0) + 1;
        format!("{short}-az{number}")
    }

    /// By name or id.
    pub fn find(text: &str, region: &str) -> Option<Self> {
        ZONES
            .into_iter()
            .find(|zone| zone.name(region) == text || zone.id(region) == text)
    }
}
