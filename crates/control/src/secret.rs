//! Secrets at rest: sealed with a key file that is not in the store.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aes_gcm::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};

const NONCE: usize = 12;
const KEY: usize = 32;

/// Seals and opens (AES-256-GCM; the name of what is sealed is authenticated with it).
pub(crate) struct Vault {
    cipher: Aes256Gcm,
}

/// Why a secret could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or made.
    #[error("the key file {path}")]
    File {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The key file has another length.
    #[error("the key file {path} does not hold 32 bytes; restore it from a backup")]
    Length {
        /// Where.
        path: String,
    },
    /// Sealed by another key, or changed since.
    #[error("a secret of {name} cannot be opened: it was sealed with another key file")]
    Sealed {
        /// Whose.
        name: String,
    },
}

impl Vault {
    /// Reads the key file; makes it at the first start.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File {
            path: path.display().to_string(),
            source,
        };
        let mut bytes = Vec::new();
        match std::fs::File::open(path) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes).map_err(failed)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bytes = Key::<Aes256Gcm>::generate().to_vec();
                let mut file = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(failed)?;
                file.write_all(&bytes).map_err(failed)?;
                file.sync_all().map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        let key: [u8; KEY] = bytes.try_into().map_err(|_| Error::Length {
            path: path.display().to_string(),
        })?;
        Ok(Self::of(key))
    }

    /// A vault with this key.
    pub(crate) fn of(key: [u8; KEY]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(key)),
        }
    }

    /// Seals a secret of `name`.
    pub(crate) fn seal(&self, name: &str, secret: &str) -> Result<Vec<u8>, Error> {
        let nonce = Nonce::generate();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: name.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_| Error::Sealed { name: name.into() })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a secret of `name`.
    pub(crate) fn open_sealed(&self, name: &str, sealed: &[u8]) -> Result<String, Error> {
        let refuse = || Error::Sealed { name: name.into() };
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(refuse)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| refuse())?;
        let payload = Payload {
            msg: sealed,
            aad: name.as_bytes(),
        };
        let opened = self.cipher.decrypt(&Nonce::from(nonce), payload);
        String::from_utf8(opened.map_err(|_| refuse())?).map_err(|_| refuse())
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;

    #[test]
    fn secrets_are_bound_to_the_key_and_the_name() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(&dir.path().join("key")).unwrap();
        let sealed = vault.seal("AKIA1", "hush").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"hush"));
        let again = Vault::open(&dir.path().join("key")).unwrap();
        assert_eq!(again.open_sealed("AKIA1", &sealed).unwrap(), "hush");
        assert!(again.open_sealed("AKIA2", &sealed).is_err());
        let other = Vault::open(&dir.path().join("other")).unwrap();
        assert!(other.open_sealed("AKIA1", &sealed).is_err());
        assert!(other.open_sealed("AKIA1", &[]).is_err());
    }
}
