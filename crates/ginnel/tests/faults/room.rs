//! A daemon, somebody who observes, and names for what is made.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use testbed::ginnel::Ginnel;
use testbed::tenant::Tenant;
use testbed::{Child, Netns, eventually};

const LIMIT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_millis(300);

/// One line of the table.
pub(crate) struct Row {
    pub(crate) fault: &'static str,
    pub(crate) symptom: String,
    /// At which ENI it is counted.
    pub(crate) eni: String,
    pub(crate) label: &'static str,
    pub(crate) line: String,
}

/// A daemon that is observed.
pub(crate) struct Room {
    // The observer ends before the daemon.
    observer: Child,
    pub(crate) ginnel: Ginnel,
    names: Vec<(String, String)>,
    pub(crate) rows: Vec<Row>,
}

impl Room {
    pub(crate) fn new(options: &[&str]) -> Self {
        let ginnel = Ginnel::start(options).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
        command.args(["observe", "-f", "--verdict", "REJECT"]);
        command.arg("--state").arg(ginnel.state());
        command.arg("--run").arg(ginnel.run());
        let observer = Child::start(&mut command).unwrap();
        Self {
            observer,
            ginnel,
            names: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Gives an id a name, which begins as the id does.
    pub(crate) fn name(&mut self, id: &str, name: &str) -> String {
        let (stem, _) = id.split_once('-').unwrap();
        self.names.push((id.to_owned(), format!("{stem}-{name}")));
        id.to_owned()
    }

    /// Makes something whose answer has its id, and names it.
    pub(crate) fn make(
        &mut self,
        who: &Tenant,
        action: &str,
        asked: &[(&str, &str)],
        member: &str,
        name: &str,
    ) -> String {
        let made = who
            .ec2(action, asked)
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        self.name(&made.need(member).unwrap(), name)
    }

    /// Attaches a new ENI with its own, open security group.
    pub(crate) fn attach(
        &mut self,
        who: &Tenant,
        vpc: &str,
        subnet: &str,
        namespace: &Netns,
        ip: Ipv4Addr,
        name: &str,
    ) -> (String, String) {
        let asked = [
            ("GroupName", name),
            ("GroupDescription", "open"),
            ("VpcId", vpc),
        ];
        let group = self.make(who, "CreateSecurityGroup", &asked, "groupId", name);
        let rule = admit(&group);
        who.ec2("AuthorizeSecurityGroupIngress", &rule).unwrap();
        let ip = ip.to_string();
        let asked = [
            ("SubnetId", subnet),
            ("PrivateIpAddress", &ip),
            ("SecurityGroupId.1", &group),
        ];
        let made = "CreateNetworkInterface";
        let eni = self.make(who, made, &asked, "networkInterfaceId", name);
        self.ginnel
            .cli(&["attach", &eni, namespace.name()])
            .unwrap();
        (eni, group)
    }

    /// What comes of an attempt, again and again until the observer tells of a refusal with this
    /// label by this ENI: a change takes a moment.
    pub(crate) fn meet(
        &mut self,
        fault: &'static str,
        eni: &str,
        label: &'static str,
        attempt: impl Fn() -> String,
    ) {
        let before = self.observer.stdout().lines().count();
        let (wanted, whose) = (format!(" {label}: "), format!(" {eni} "));
        let met = eventually(fault, LIMIT, || {
            let from = self.observer.stdout().lines().count();
            let symptom = attempt();
            if ["connected", "answered"].contains(&symptom.as_str()) {
                // What is told then is the rest of a connection from before.
                return None;
            }
            let mut line = || {
                let told = self.observer.stdout();
                // The rest of a line may be on its way.
                let whole = told.rfind('\n').map_or("", |end| &told[..end]);
                let mut lines = whole.lines().skip(from);
                let line = lines.find(|it| it.contains(&wanted) && it.contains(&whose));
                line.map(str::to_owned)
            };
            let line = eventually("a line", Duration::from_millis(600), &mut line).ok()?;
            Some((symptom, line))
        });
        let (symptom, line) = met.unwrap_or_else(|error| {
            let told = self.observer.stdout();
            let told: Vec<_> = told.lines().skip(before).collect();
            panic!(
                "{error:#}; wanted {label} by {}; told: {told:#?}",
                self.named(eni)
            );
        });
        self.rows.push(Row {
            fault,
            symptom,
            eni: self.named(eni),
            label,
            line: self.named(&stable(&line)),
        });
    }

    /// With names for ids.
    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, name) in &self.names {
            text = text.replace(id, name);
        }
        text
    }

    /// Every row is counted, at its ENI.
    pub(crate) fn assert_counted(&self) {
        let counted = eventually("the counters", LIMIT, || {
            let text = self.ginnel.cli(&["status", "-o", "json"]).ok()?;
            let status: serde_json::Value = serde_json::from_str(&text).ok()?;
            let enis = status["interfaces"].as_array()?;
            let count = |name: &str, label: &str| {
                let named = |eni: &&serde_json::Value| {
                    eni["id"].as_str().is_some_and(|id| self.named(id) == name)
                };
                let eni = enis.iter().find(named)?;
                eni["drops"][label].as_u64()
            };
            let all = self.rows.iter().all(|row| {
                let same = |it: &&Row| it.eni == row.eni && it.label == row.label;
                let times = self.rows.iter().filter(same).count() as u64;
                count(&row.eni, row.label).is_some_and(|count| count >= times)
            });
            all.then_some(())
        });
        counted.unwrap();
    }
}

/// Without the time, and with `PORT` for the client's port.
fn stable(line: &str) -> String {
    let mut line = line.split_once(' ').unwrap().1.to_owned();
    let ports: Vec<String> = line
        .split([' ', ':', '/', ',', '(', ')'])
        .filter(|word| word.parse::<u16>().is_ok_and(|port| port >= 30_000))
        .map(str::to_owned)
        .collect();
    for port in ports {
        line = line.replace(&port, "PORT");
    }
    line
}

/// A rule for everybody.
pub(crate) fn admit(group: &str) -> [(&'static str, &str); 3] {
    [
        ("GroupId", group),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ]
}

/// What a client that connects sees.
pub(crate) fn tcp(ns: &Netns, to: impl Into<SocketAddr>) -> String {
    let to = to.into();
    match ns.run(|| TcpStream::connect_timeout(&to, SILENCE)).unwrap() {
        Ok(_) => "connected".into(),
        Err(error) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "connection timed out".into(),
            ErrorKind::ConnectionRefused => "connection refused".into(),
            ErrorKind::ConnectionReset => "connection reset".into(),
            other => format!("{other}"),
        },
    }
}

/// What a client that sends a datagram of this size sees.
pub(crate) fn udp(ns: &Netns, from: Ipv4Addr, to: SocketAddr, size: usize) -> String {
    let socket = ns.run(|| UdpSocket::bind((from, 0))).unwrap().unwrap();
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    if let Err(error) = socket.send_to(&vec![0; size], to) {
        return format!("not sent: {}", error.kind());
    }
    match socket.recv(&mut [0; 9_000]) {
        Ok(_) => "answered".into(),
        Err(_) => "no answer".into(),
    }
}
