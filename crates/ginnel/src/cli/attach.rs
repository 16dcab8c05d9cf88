//! `ginnel attach` and `ginnel detach`.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::administrator;
use crate::place::Place;

/// Makes the ENI's device in a workload's namespace: address, MTU, routes, and the namespace's
/// own resolver file (/etc/netns/NAME/resolv.conf). The host's files are not touched.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ip netns add web\n  sudo ginnel attach eni-0123456789abcdef0 web"
)]
pub(crate) struct Attach {
    /// The ENI (aws ec2 create-network-interface)
    interface: String,
    /// The namespace: a name (ip netns), a path, or a pid
    namespace: String,
    /// The device's name in the namespace
    #[arg(long, default_value = "eth0")]
    device: String,
}

/// Removes the ENI's device; the ENI and its address stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sudo ginnel detach eni-0123456789abcdef0")]
pub(crate) struct Detach {
    /// The ENI
    interface: String,
}

impl Attach {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        let path = resolve(&self.namespace);
        dataplane::check_namespace(&path)?;
        let request = json!({
            "interface": self.interface,
            "namespace": path,
            "device": self.device,
        });
        let answer = administrator(place)?.ginnel("AttachInterface", &request)?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or("-");
        println!(
            "attached {} to {path} as {} ({})",
            self.interface,
            self.device,
            text("address")
        );
        Ok(())
    }
}

impl Detach {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        administrator(place)?
            .ginnel("DetachInterface", &json!({ "interface": self.interface }))
            .with_context(|| format!("detaching {}", self.interface))?;
        println!("detached {}", self.interface);
        Ok(())
    }
}

/// A path from what people type: a pid, a path, or a name.
pub(crate) fn resolve(namespace: &str) -> String {
    if namespace.bytes().all(|byte| byte.is_ascii_digit()) {
        let named = Path::new("/run/netns").join(namespace);
        if !named.exists() {
            return format!("/proc/{namespace}/ns/net");
        }
    }
    if namespace.contains('/') {
        return namespace.to_owned();
    }
    format!("/run/netns/{namespace}")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn names_paths_and_pids_become_paths() {
        assert_eq!(resolve("web"), "/run/netns/web");
        assert_eq!(resolve("/run/user/ns"), "/run/user/ns");
        assert_eq!(resolve("4194304"), "/proc/4194304/ns/net");
    }
}
