//! The real Terraform with the real AWS provider, offline: the conformance configuration of
//! AWS.md, appendix B, unmodified but for the port.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use testbed::ginnel::Ginnel;
use testbed::server::Server;
use testbed::{Netns, client};

const CONFIGURATION: &str = include_str!("appendix_b.tf");
/// What the configuration makes: 27 resources.
const RESOURCES: &str = "27 added";
/// The target that the configuration registers, and a client in the consumer's subnet.
const TARGET: Ipv4Addr = Ipv4Addr::new(10, 20, 1, 9);
const TARGET_PORT: u16 = 80;
const LIMIT: Duration = Duration::from_secs(10);

/// Apply, an empty plan, packets through what Terraform made, the same after a restart of the
/// server, and a destroy that leaves nothing.
#[test]
fn terraform_applies_the_conformance_configuration_and_removes_it() {
    if !testbed::usable() {
        return;
    }
    let Some(mirror) = mirror() else {
        eprintln!(
            "SKIPPED, LOUDLY: terraform or its AWS provider is not on this machine, so nothing of Terraform was tested"
        );
        return;
    };
    let (client_ns, target_ns) = (Netns::new("client").unwrap(), Netns::new("target").unwrap());
    // A fixed port: the configuration holds it, also after the restart.
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut ginnel = Ginnel::start(&["--dev", "--listen", &listen]).unwrap();
    let before = things(&ginnel);
    let terraform = Terraform::new(&mirror, port);

    let applied = terraform.run(&["apply", "-auto-approve"], 0);
    assert!(applied.contains(RESOURCES), "{applied}");
    terraform.run(&["plan", "-detailed-exitcode"], 0);
    packets(&ginnel, &client_ns, &target_ns);

    ginnel.kill().unwrap();
    ginnel.restart().unwrap();
    terraform.run(&["plan", "-detailed-exitcode"], 0);
    talk(&ginnel, &client_ns, &target_ns);

    // The workloads are ours, not Terraform's; it could not remove the subnets under them.
    for eni in enis(&ginnel, "interface") {
        ginnel.cli(&["detach", &eni]).unwrap();
        ginnel
            .aws(&[
                "ec2",
                "delete-network-interface",
                "--network-interface-id",
                &eni,
            ])
            .unwrap();
    }
    let destroyed = terraform.run(&["destroy", "-auto-approve"], 0);
    assert!(destroyed.contains("27 destroyed"), "{destroyed}");
    assert_eq!(things(&ginnel), before);
}

/// Two workloads join what Terraform made, and talk through its endpoint.
fn packets(ginnel: &Ginnel, client_ns: &Netns, target_ns: &Netns) {
    let subnets = ginnel.aws(&["ec2", "describe-subnets"]).unwrap();
    let subnet = |cidr: &str| {
        let list = subnets["Subnets"].as_array().unwrap();
        let found = list.iter().find(|it| it["CidrBlock"] == cidr).unwrap();
        found["SubnetId"].as_str().unwrap().to_owned()
    };
    let target = TARGET.to_string();
    for (cidr, ip, namespace) in [
        ("10.10.1.0/24", "10.10.1.50", client_ns),
        ("10.20.1.0/24", target.as_str(), target_ns),
    ] {
        let made = ginnel
            .aws(&[
                "ec2",
                "create-network-interface",
                "--subnet-id",
                &subnet(cidr),
                "--private-ip-address",
                ip,
            ])
            .unwrap();
        let eni = made["NetworkInterface"]["NetworkInterfaceId"]
            .as_str()
            .unwrap();
        ginnel.cli(&["attach", eni, namespace.name()]).unwrap();
        // Appendix B leaves the target's group to its owner.
        if namespace.name() == target_ns.name() {
            let group = made["NetworkInterface"]["Groups"][0]["GroupId"].as_str();
            ginnel
                .aws(&[
                    "ec2",
                    "authorize-security-group-ingress",
                    "--group-id",
                    group.unwrap(),
                    "--protocol",
                    "tcp",
                    "--port",
                    "80",
                    "--cidr",
                    cidr,
                ])
                .unwrap();
        }
    }
    talk(ginnel, client_ns, target_ns);
}

fn talk(ginnel: &Ginnel, client_ns: &Netns, target_ns: &Netns) {
    let endpoints = ginnel.aws(&["ec2", "describe-vpc-endpoints"]).unwrap();
    let list = endpoints["VpcEndpoints"].as_array().unwrap();
    let made = list
        .iter()
        .find(|it| it["VpcEndpointType"] == "Interface")
        .unwrap();
    assert_eq!(made["State"], "available");
    let eni = made["NetworkInterfaceIds"][0].as_str().unwrap();
    let enis = ginnel
        .aws(&[
            "ec2",
            "describe-network-interfaces",
            "--network-interface-ids",
            eni,
        ])
        .unwrap();
    let address: Ipv4Addr = enis["NetworkInterfaces"][0]["PrivateIpAddress"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let at: SocketAddr = (TARGET, TARGET_PORT).into();
    let server = Server::echo_tcp(target_ns, at).unwrap();
    let answer = client::echo_tcp(client_ns, (address, 443).into(), b"hello", LIMIT).unwrap();
    assert_eq!(answer, b"hello");
    drop(server);
}

fn enis(ginnel: &Ginnel, kind: &str) -> Vec<String> {
    let filter = format!("Name=interface-type,Values={kind}");
    let enis = ginnel
        .aws(&["ec2", "describe-network-interfaces", "--filters", &filter])
        .unwrap();
    let list = enis["NetworkInterfaces"].as_array().unwrap().iter();
    list.map(|eni| eni["NetworkInterfaceId"].as_str().unwrap().to_owned())
        .collect()
}

/// How many of each thing there are that the configuration makes.
fn things(ginnel: &Ginnel) -> Vec<(String, usize)> {
    let count = |words: &[&str], member: &str| {
        let found: Value = ginnel.aws(words).unwrap();
        let count = found[member].as_array().map_or(0, Vec::len);
        (member.to_owned(), count)
    };
    [
        (["ec2", "describe-vpcs"], "Vpcs"),
        (["ec2", "describe-subnets"], "Subnets"),
        (["ec2", "describe-security-groups"], "SecurityGroups"),
        (["ec2", "describe-route-tables"], "RouteTables"),
        (["ec2", "describe-network-acls"], "NetworkAcls"),
        (["ec2", "describe-network-interfaces"], "NetworkInterfaces"),
        (["ec2", "describe-vpc-endpoints"], "VpcEndpoints"),
        (
            ["ec2", "describe-vpc-endpoint-service-configurations"],
            "ServiceConfigurations",
        ),
        (
            ["ec2", "describe-vpc-endpoint-connection-notifications"],
            "ConnectionNotificationSet",
        ),
        (["ec2", "describe-flow-logs"], "FlowLogs"),
        (["elbv2", "describe-load-balancers"], "LoadBalancers"),
        (["elbv2", "describe-target-groups"], "TargetGroups"),
    ]
    .iter()
    .map(|(words, member)| count(words, member))
    .collect()
}

/// A port of the loopback address that nobody has at this moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The provider's filesystem mirror, if Terraform and it are there.
fn mirror() -> Option<PathBuf> {
    let version = Command::new("terraform")
        .arg("version")
        .env("CHECKPOINT_DISABLE", "1")
        .output();
    if !version.is_ok_and(|out| out.status.success()) {
        return None;
    }
    let provider = ["/opt", "/usr/share/terraform", "/usr/local/share/terraform"];
    let found = provider.iter().find_map(|root| find(Path::new(root), 8))?;
    // MIRROR/HOST/hashicorp/aws/VERSION/PLATFORM/terraform-provider-aws_v...
    found.ancestors().nth(6).map(Path::to_owned)
}

fn find(folder: &Path, depth: usize) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let entries: Vec<_> = entries.flatten().collect();
    let is_provider = |name: &str| name.starts_with("terraform-provider-aws");
    let here = entries
        .iter()
        .find(|it| it.file_name().to_str().is_some_and(is_provider));
    if let Some(here) = here {
        return Some(here.path());
    }
    let mut folders = entries
        .iter()
        .filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
    folders.find_map(|it| find(&it.path(), depth.checked_sub(1)?))
}

/// A folder with the configuration, set up to work offline.
struct Terraform {
    folder: tempfile::TempDir,
}

impl Terraform {
    fn new(mirror: &Path, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = CONFIGURATION.replace("PORT", &port.to_string());
        std::fs::write(folder.path().join("main.tf"), configuration).unwrap();
        let cli = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        );
        std::fs::write(folder.path().join("cli.tfrc"), cli).unwrap();
        let terraform = Self { folder };
        terraform.run(&["init"], 0);
        terraform
    }

    /// Runs Terraform, expects an exit code, and returns what it printed.
    fn run(&self, words: &[&str], code: i32) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new("terraform")
            .args(words)
            .args(["-input=false", "-no-color"])
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned();
        let told = String::from_utf8_lossy(&stderr);
        if status.code() != Some(code) {
            panic!("terraform {words:?}: {status}\n{text}\n{told}");
        }
        text
    }
}
