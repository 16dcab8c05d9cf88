//! The chain: each link holds the hash of everything before it.
//!
//! A stored link is the hash and the record's bytes. The hash of link *n* is
//! SHA-256(hash of link *n* - 1, *n* as 8 bytes big-endian, the record's bytes); before the first
//! link stands a hash of zeros. Whoever changes, removes or adds a link must change every later
//! one; who keeps the head elsewhere can prove it.

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The end of a chain: the number of its last link and its hash.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// The last link's number; 0 is the empty chain.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
}

/// A link that does not fit the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The link's number.
    pub number: u64,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "link {} does not follow from the one before it: a record was changed, removed or added",
            self.number
        )
    }
}

impl Head {
    /// Adds a record: the new end, and the link as it is stored.
    #[must_use]
    pub fn link(self, record: &[u8]) -> (Self, Vec<u8>) {
        let next = Self {
            number: self.number + 1,
            hash: self.hash_of(record),
        };
        (next, [&next.hash, record].concat())
    }

    /// The end after a stored link with this number.
    ///
    /// # Errors
    ///
    /// The link does not follow.
    pub fn follow(self, number: u64, link: &[u8]) -> Result<Self, Broken> {
        let broken = Broken { number };
        let (hash, record) = parts(link).ok_or(broken)?;
        if number != self.number + 1 || *hash != self.hash_of(record) {
            return Err(broken);
        }
        Ok(Self {
            number,
            hash: *hash,
        })
    }

    fn hash_of(self, record: &[u8]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update((self.number + 1).to_be_bytes());
        hash.update(record);
        hash.finalize().into()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.number)?;
        self.hash
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A stored link's hash and record.
#[must_use]
pub fn parts(link: &[u8]) -> Option<(&Hash, &[u8])> {
    link.split_first_chunk()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Broken, Head};

    fn follow(links: &[(u64, Vec<u8>)]) -> Result<Head, Broken> {
        let mut head = Head::default();
        for (number, link) in links {
            head = head.follow(*number, link)?;
        }
        Ok(head)
    }

    proptest! {
        #[test]
        fn every_change_is_seen(
            records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 2..8),
            victim in any::<prop::sample::Index>(),
            byte in any::<prop::sample::Index>(),
        ) {
            let (mut head, mut links) = (Head::default(), Vec::new());
            for record in &records {
                let (next, link) = head.link(record);
                links.push((next.number, link));
                head = next;
            }
            prop_assert_eq!(follow(&links), Ok(head));
            let victim = victim.index(links.len());
            let mut changed = links.clone();
            let at = byte.index(changed[victim].1.len());
            changed[victim].1[at] ^= 1;
            prop_assert!(follow(&changed).is_err());
            let mut missing = links.clone();
            missing.remove(victim);
            prop_assert!(follow(&missing) != Ok(head));
            let mut swapped = links.clone();
            swapped.swap(0, 1);
            prop_assert!(follow(&swapped).is_err());
        }
    }

    #[test]
    fn a_link_shorter_than_a_hash_is_broken() {
        let short = Head::default().follow(1, &[0; 31]);
        assert_eq!(short, Err(Broken { number: 1 }));
    }
}
