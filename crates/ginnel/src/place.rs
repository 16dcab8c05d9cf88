//! Where an instance lives: its state directory, its run directory, its address.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The directories of one instance; several can run beside each other.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// Durable state: the store, the key file, the administrator's credentials
    #[arg(
        long,
        global = true,
        env = "GINNEL_STATE",
        default_value = "/var/lib/ginnel",
        value_name = "DIR"
    )]
    pub(crate) state: PathBuf,
    /// The data plane's pins and namespaces, and the pid file
    #[arg(
        long,
        global = true,
        env = "GINNEL_RUN",
        default_value = "/run/ginnel",
        value_name = "DIR"
    )]
    pub(crate) run: PathBuf,
}

/// How to reach the daemon as its administrator; written by `ginnel up`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// The API's address, `http://…`.
    pub endpoint_url: String,
    /// The region that it serves.
    pub region: String,
    /// The account.
    pub account: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
}

impl Place {
    pub(crate) fn store(&self) -> PathBuf {
        self.state.join("store")
    }

    /// Where the records of flow logs go.
    pub(crate) fn flow_logs(&self) -> PathBuf {
        self.state.join("flow-logs")
    }

    /// The stores of the other regions of `--dev`.
    fn regions(&self) -> PathBuf {
        self.state.join("regions")
    }

    pub(crate) fn region_store(&self, region: &str) -> PathBuf {
        self.regions().join(region)
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.state.join("secret.key")
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        self.run.join("ginnel.pid")
    }

    pub(crate) fn dataplane(&self) -> dataplane::Dirs {
        dataplane::Dirs {
            run: self.run.clone(),
        }
    }

    /// Makes both directories, for root's eyes only.
    pub(crate) fn prepare(&self) -> Result<()> {
        for dir in [&self.state, &self.run] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .with_context(|| format!("making the directory {}", dir.display()))?;
        }
        Ok(())
    }

    /// Removes what Ginnel has made in both directories, and the directories when nothing else
    /// is in them.
    pub(crate) fn remove(&self) -> Result<()> {
        let files = [self.key_file(), self.credentials_file(), self.pid_file()];
        for file in files {
            gone(std::fs::remove_file(&file), &file)?;
        }
        for stores in [self.store(), self.regions()] {
            gone(std::fs::remove_dir_all(&stores), &stores)?;
        }
        for dir in [&self.run, &self.state] {
            match std::fs::remove_dir(dir) {
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                    eprintln!("keeping {}: there is something else in it", dir.display());
                }
                removed => gone(removed, dir)?,
            }
        }
        Ok(())
    }

    fn credentials_file(&self) -> PathBuf {
        self.state.join("credentials.json")
    }

    pub(crate) fn credentials(&self) -> Result<Credentials> {
        let path = self.credentials_file();
        let text = std::fs::read(&path).with_context(|| {
            format!(
                "reading {}: has `ginnel up` run with --state {}?",
                path.display(),
                self.state.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
    }

    pub(crate) fn save_credentials(&self, credentials: &Credentials) -> Result<()> {
        write_private(
            &self.credentials_file(),
            &serde_json::to_vec_pretty(credentials)?,
        )
    }
}

/// The result of a removal, where an absent thing is as good as a removed one.
fn gone(removed: std::io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Replaces a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let what = || format!("writing {}", path.display());
    let fresh = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .with_context(what)?;
    file.write_all(bytes).with_context(what)?;
    file.sync_all().with_context(what)?;
    std::fs::rename(&fresh, path).with_context(what)
}
