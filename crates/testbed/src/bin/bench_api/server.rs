//! The two servers: how they are started, reached and ended.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws::Service;
use nix::unistd::Pid;
use product::client::{Client, form};
use product::place::Credentials;
use serde::Serialize;

use crate::load::Operation;
use crate::process;
use crate::testbed::bench::Interrupt;
use crate::testbed::ginnel::Ginnel;
use crate::testbed::proc::pause;
use crate::testbed::tenant::{Tenant, operator};
use crate::testbed::{Child, eventually};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(20);
const REGION: &str = "us-east-1";
/// Quotas that would end a fill: interface endpoints per VPC, VPCs per region.
const QUOTAS: [&str; 2] = ["L-29B6F2EB", "L-F678F1CE"];
/// What they are raised to, where they can be.
const PLENTY: u32 = 1_000_000;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Subject {
    /// The product, without its data plane.
    Ginnel,
    /// The emulator.
    Moto,
}

impl Subject {
    /// As in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ginnel => "ginnel",
            Self::Moto => "moto",
        }
    }
}

/// A VPC and a subnet in it: the place of some endpoints.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// The VPC's id.
    pub(crate) vpc: String,
    /// The subnet's id.
    pub(crate) subnet: String,
}

/// A running server.
pub(crate) struct Server {
    /// Which one.
    pub(crate) subject: Subject,
    process: Process,
    /// Where it listens.
    pub(crate) to: SocketAddr,
    /// The caller that owns everything there.
    pub(crate) client: Client,
    /// The service that endpoints are made to.
    pub(crate) service: String,
    /// Seconds from the process's start to its first answer.
    pub(crate) first_answer: f64,
    /// Resident bytes after the first answer.
    pub(crate) idle: f64,
    /// The VPCs of [`Server::endpoints`].
    pub(crate) rooms: Vec<Room>,
    /// The endpoints, in the order in which they were made.
    pub(crate) endpoints: Vec<String>,
}

enum Process {
    Ginnel(Box<Ginnel>),
    Moto(Child),
}

impl Server {
    /// Starts it, empty, and waits for its first answer.
    pub(crate) fn start(subject: Subject) -> Result<Self> {
        match subject {
            Subject::Ginnel => Self::start_ginnel(),
            Subject::Moto => Self::start_moto(),
        }
        .with_context(|| format!("start {}", subject.name()))
    }

    fn start_ginnel() -> Result<Self> {
        let mut arguments = vec!["--no-dataplane".to_owned()];
        if Ginnel::has_option("--quota")? {
            for code in QUOTAS {
                arguments.extend(["--quota".to_owned(), format!("{code}={PLENTY}")]);
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut ginnel = Ginnel::start(&arguments)?;
        let (first_answer, idle) = meet(&mut ginnel)?;
        let tenant = Tenant::new(&ginnel, "bench")?;
        // Nothing flows: any address will do.
        let service = tenant.offer([10, 0, 1, 10].into(), 80, "TCP", 80)?;
        Ok(Self {
            subject: Subject::Ginnel,
            to: address(ginnel.url())?,
            service: format!("com.amazonaws.vpce.{REGION}.{service}"),
            client: tenant.client,
            process: Process::Ginnel(Box::new(ginnel)),
            first_answer,
            idle,
            rooms: Vec::new(),
            endpoints: Vec::new(),
        })
    }

    fn start_moto() -> Result<Self> {
        let to = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let client = Client::new(Credentials {
            endpoint_url: format!("http://{to}"),
            region: REGION.to_owned(),
            account: "123456789012".to_owned(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
        });
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &to.port().to_string()]);
        let begun = Instant::now();
        let child = Child::start(&mut command)
            .context("moto_server: install it with scripts/packages.sh bench-api")?;
        eventually("moto_server to listen", START, || {
            TcpStream::connect(to).ok()
        })
        .with_context(|| child.told())?;
        client.aws(Service::Ec2, "DescribeVpcs", &[])?;
        let first_answer = begun.elapsed().as_secs_f64();
        Ok(Self {
            subject: Subject::Moto,
            idle: process::resident(child.pid())?,
            process: Process::Moto(child),
            to,
            client,
            service: format!("com.amazonaws.{REGION}.ec2"),
            first_answer,
            rooms: Vec::new(),
            endpoints: Vec::new(),
        })
    }

    /// Ends Ginnel in peace and starts it on the same store; returns the seconds to the first
    /// answer. moto has no store.
    pub(crate) fn restart(&mut self) -> Result<f64> {
        let Process::Ginnel(ginnel) = &mut self.process else {
            anyhow::bail!("{} keeps nothing", self.subject.name());
        };
        ginnel.daemon().terminate(STOP)?;
        ginnel.restart()?;
        let (first_answer, _) = meet(ginnel)?;
        let mut who = self.client.credentials().clone();
        who.endpoint_url = ginnel.url().to_owned();
        self.to = address(ginnel.url())?;
        self.client = Client::new(who);
        Ok(first_answer)
    }

    /// Its process.
    pub(crate) fn pid(&mut self) -> Pid {
        match &mut self.process {
            Process::Ginnel(ginnel) => ginnel.daemon().pid(),
            Process::Moto(child) => child.pid(),
        }
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident(&mut self) -> Result<f64> {
        process::resident(self.pid())
    }

    /// One signed call of EC2, as the bytes of its request.
    pub(crate) fn request(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Vec<u8>> {
        let body = form(Service::Ec2, action, parameters);
        let mut text = "POST / HTTP/1.1\r\n".to_owned();
        for (name, value) in self.client.headers(Service::Ec2, &body)? {
            text.extend([&name, ": ", &value, "\r\n"]);
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        Ok(text.into_bytes())
    }

    /// One signed call as an operation of its own.
    pub(crate) fn operation(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Operation> {
        Ok(Operation(vec![self.request(action, parameters)?]))
    }

    /// Waits until it has nothing more to do (deferred work of what was made); returns whether
    /// it came to rest.
    pub(crate) fn settle(&mut self, limit: Duration, interrupt: &Interrupt) -> Result<bool> {
        const LOOK: Duration = Duration::from_millis(250);
        let (pid, start) = (self.pid(), Instant::now());
        let mut before = process::cpu(pid)?;
        while start.elapsed() < limit {
            interrupt.check()?;
            pause(LOOK);
            let after = process::cpu(pid)?;
            if after - before <= 0.08 * LOOK.as_secs_f64() {
                return Ok(true);
            }
            before = after;
        }
        Ok(false)
    }

    /// The version of what runs, as it tells itself.
    pub(crate) fn version(&mut self) -> Result<String> {
        let pid = self.pid();
        let line = std::fs::read(format!("/proc/{pid}/cmdline"))?;
        let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let program = String::from_utf8_lossy(program).into_owned();
        let mut command = Command::new(&program);
        match self.subject {
            Subject::Ginnel => command.arg("--version"),
            Subject::Moto => command.args([
                "-c",
                "import moto, platform; print('moto', moto.__version__, 'on Python', platform.python_version())",
            ]),
        };
        let output = command.output().with_context(|| program.clone())?;
        ensure!(
            output.status.success(),
            "{program} does not tell its version"
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// The first answer of a Ginnel that listens: seconds since its start, and its resident bytes.
fn meet(ginnel: &mut Ginnel) -> Result<(f64, f64)> {
    let caller = operator(ginnel);
    let asked = Instant::now();
    caller.aws(Service::Ec2, "DescribeVpcs", &[])?;
    let took = ginnel.took() + asked.elapsed();
    Ok((
        took.as_secs_f64(),
        process::resident(ginnel.daemon().pid())?,
    ))
}

fn address(url: &str) -> Result<SocketAddr> {
    let text = url.strip_prefix("http://").context("a http:// address")?;
    text.parse().with_context(|| url.to_owned())
}
