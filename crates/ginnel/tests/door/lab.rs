//! Two tenants with the same addresses and an endpoint between them, made through the API.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use testbed::Netns;
use testbed::ginnel::Ginnel;
use testbed::tenant::Tenant;

pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// The consumer's client and the provider's target have the same address, on purpose.
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const TARGET: Ipv4Addr = CLIENT;
const TARGET_PORT: u16 = 8080;

/// The passage, open.
pub(crate) struct Lab {
    // Namespaces last: the daemon's links go before them.
    pub(crate) ginnel: Ginnel,
    pub(crate) consumer: Tenant,
    pub(crate) provider: Tenant,
    pub(crate) service: String,
    pub(crate) endpoint: String,
    pub(crate) client_eni: String,
    pub(crate) client_ns: Netns,
    pub(crate) target_ns: Netns,
}

impl Lab {
    /// An endpoint on port 80; `protocol` is TCP, UDP or TCP_UDP.
    pub(crate) fn new(protocol: &str) -> Self {
        // A test makes a hundred VPCs here.
        let ginnel = Ginnel::start(&["--quota", "L-F678F1CE=1000"]).unwrap();
        let (client_ns, target_ns) = (Netns::new("client").unwrap(), Netns::new("target").unwrap());
        let provider = Tenant::new(&ginnel, "provider").unwrap();
        provider.attach(&ginnel, &target_ns, TARGET).unwrap();
        let service = provider.offer(TARGET, TARGET_PORT, protocol, 80).unwrap();
        let consumer = Tenant::new(&ginnel, "consumer").unwrap();
        let client_eni = consumer.attach(&ginnel, &client_ns, CLIENT).unwrap();
        let group = consumer.open_group("open").unwrap();
        let endpoint = consumer.endpoint(&service, &group).unwrap();
        let endpoint = endpoint.need("vpcEndpointId").unwrap();
        consumer.wait_for(&endpoint, "available").unwrap();
        Self {
            ginnel,
            consumer,
            provider,
            service,
            endpoint,
            client_eni,
            client_ns,
            target_ns,
        }
    }

    /// What the client dials.
    pub(crate) fn dial(&self) -> SocketAddr {
        (self.consumer.address(&self.endpoint).unwrap(), 80).into()
    }

    /// Where the target's server listens.
    pub(crate) fn serve_at() -> SocketAddr {
        (TARGET, TARGET_PORT).into()
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let text = self.ginnel.cli(&["status", "-o", "json"]).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Callers with the daemon's present address, after a restart.
    pub(crate) fn meet_again(&mut self) {
        self.consumer.meet_again(&self.ginnel);
        self.provider.meet_again(&self.ginnel);
    }
}
