//! What passes, what does not, and what is told of it.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use testbed::server::Server;
use testbed::{client, eventually};

use crate::lab::{LIMIT, Lab};

const SILENCE: Duration = Duration::from_millis(300);

#[test]
fn udp_and_tcp_cross() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP_UDP");
    let _echo = Server::echo_udp(&lab.target_ns, Lab::serve_at()).unwrap();
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    let dial = lab.dial();
    let (back, from) = client::echo_udp(&lab.client_ns, dial, b"ping", LIMIT).unwrap();
    assert_eq!((back.as_slice(), from), (&b"ping"[..], dial));
    let reply = client::http_get(&lab.client_ns, dial, "/", LIMIT).unwrap();
    assert!(reply.body.contains("name=one"), "{reply:?}");
}

#[test]
fn rejection_cuts_what_is_open_and_acceptance_opens_again() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _echo = Server::echo_tcp(&lab.target_ns, Lab::serve_at()).unwrap();
    let dial = lab.dial();
    let mut stream = client::connect(&lab.client_ns, dial, LIMIT).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut byte = [1];
    stream.write_all(&byte).unwrap();
    stream.read_exact(&mut byte).unwrap();
    let ids = [
        ("ServiceId", lab.service.as_str()),
        ("VpcEndpointId.1", lab.endpoint.as_str()),
    ];
    lab.provider
        .ec2("RejectVpcEndpointConnections", &ids)
        .unwrap();
    assert_eq!(
        lab.consumer.state(&lab.endpoint).as_deref(),
        Some("rejected")
    );
    eventually("the open connection to be cut", LIMIT, || {
        let sent = stream.write_all(&byte);
        (sent.is_err() || stream.read_exact(&mut byte).is_err()).then_some(())
    })
    .unwrap();
    client::connect(&lab.client_ns, dial, SILENCE).unwrap_err();
    lab.provider
        .ec2("AcceptVpcEndpointConnections", &ids)
        .unwrap();
    lab.consumer.wait_for(&lab.endpoint, "available").unwrap();
    client::echo_tcp(&lab.client_ns, dial, b"again", LIMIT).unwrap();
}

#[test]
fn a_deleted_endpoint_is_gone_with_its_address() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let dial = lab.dial();
    let id = [("VpcEndpointId.1", lab.endpoint.as_str())];
    lab.consumer.ec2("DeleteVpcEndpoints", &id).unwrap();
    eventually("the endpoint to be gone", LIMIT, || {
        lab.consumer.state(&lab.endpoint).is_none().then_some(())
    })
    .unwrap();
    client::connect(&lab.client_ns, dial, SILENCE).unwrap_err();
    let status = lab.status();
    assert_eq!(status["endpoints"].as_array().unwrap().len(), 0);
    eventually("the client's drop to be reported", LIMIT, || {
        let status = lab.status();
        let mut enis = status["interfaces"].as_array()?.iter();
        let eni = enis.find(|eni| eni["id"] == lab.client_eni.as_str())?;
        eni["drops"]["no-route"].as_u64()
    })
    .unwrap();
    // The freed address and slot serve the next endpoint.
    let next = lab.consumer.ec2(
        "CreateVpcEndpoint",
        &[
            ("VpcEndpointType", "Interface"),
            ("VpcId", &lab.consumer.vpc),
            (
                "ServiceName",
                &format!("com.amazonaws.vpce.us-east-1.{}", lab.service),
            ),
            ("SubnetId.1", &lab.consumer.subnet),
        ],
    );
    let next = next.unwrap().need("vpcEndpointId").unwrap();
    let address = lab.consumer.wait_for(&next, "available").unwrap();
    assert_eq!(std::net::IpAddr::from(address), dial.ip());
}

#[test]
fn a_security_group_change_holds_for_new_flows_at_once() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _echo = Server::echo_tcp(&lab.target_ns, Lab::serve_at()).unwrap();
    let dial = lab.dial();
    client::echo_tcp(&lab.client_ns, dial, b"open", LIMIT).unwrap();
    let shown = lab
        .consumer
        .ec2(
            "DescribeSecurityGroups",
            &[
                ("Filter.1.Name", "group-name"),
                ("Filter.1.Value.1", "open*"),
            ],
        )
        .unwrap();
    let group = shown.need("groupId").unwrap();
    let rule = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
    ];
    lab.consumer
        .ec2("RevokeSecurityGroupIngress", &rule)
        .unwrap();
    eventually("new connections to be refused", LIMIT, || {
        client::connect(&lab.client_ns, dial, SILENCE).err()
    })
    .unwrap();
    let counted = eventually("the drop to be reported", LIMIT, || {
        let status = lab.status();
        let endpoint = status["endpoints"].as_array()?.first()?.clone();
        endpoint["drops"]["security-group"].as_u64()
    });
    assert!(counted.unwrap() > 0);
}

#[test]
fn detaching_removes_the_device_and_its_resolver_file() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let name = lab.client_ns.name().to_owned();
    let file = std::path::Path::new("/etc/netns")
        .join(&name)
        .join("resolv.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("nameserver 10.0.0.2"), "{text}");
    lab.ginnel.cli(&["detach", &lab.client_eni]).unwrap();
    assert!(!file.exists());
    let links = lab
        .client_ns
        .command("ip")
        .args(["-o", "link"])
        .check()
        .unwrap();
    assert!(!links.contains("eth0"), "{links}");
    lab.ginnel.cli(&["attach", &lab.client_eni, &name]).unwrap();
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    client::http_get(&lab.client_ns, lab.dial(), "/", LIMIT).unwrap();
}

#[test]
fn a_workload_that_vanishes_holds_nobody_up() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new("TCP");
    let gone = testbed::Netns::new("gone").unwrap();
    let address = std::net::Ipv4Addr::new(10, 0, 1, 77);
    let eni = lab.consumer.attach(&lab.ginnel, &gone, address).unwrap();
    drop(gone);
    // The daemon meets it at the latest at its start.
    lab.ginnel.kill().unwrap();
    lab.ginnel.restart().unwrap();
    lab.meet_again();
    eventually("the problem to be told", LIMIT, || {
        let status = lab.status();
        let mut enis = status["interfaces"].as_array()?.iter();
        let found = enis.find(|found| found["id"] == eni.as_str())?;
        let problem = found["problem"].as_str()?.contains("does not exist");
        (problem && found["attached"] == false).then_some(())
    })
    .unwrap();
    // Others come and go as before.
    let id = [("VpcEndpointId.1", lab.endpoint.as_str())];
    lab.consumer.ec2("DeleteVpcEndpoints", &id).unwrap();
    eventually("the endpoint to be gone", LIMIT, || {
        lab.consumer.state(&lab.endpoint).is_none().then_some(())
    })
    .unwrap();
    let group = lab.consumer.open_group("next").unwrap();
    let next = lab.consumer.endpoint(&lab.service, &group).unwrap();
    let next = next.need("vpcEndpointId").unwrap();
    lab.consumer.wait_for(&next, "available").unwrap();
    lab.ginnel.cli(&["detach", &eni]).unwrap();
}

#[test]
fn a_workload_is_bound_by_the_pid_of_one_of_its_processes() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new("TCP");
    let _http = Server::http(&lab.target_ns, Lab::serve_at(), "one").unwrap();
    lab.ginnel.cli(&["detach", &lab.client_eni]).unwrap();
    let holder = lab.client_ns.command("sleep").args(["60"]).spawn().unwrap();
    let pid = holder.pid().to_string();
    lab.ginnel.cli(&["attach", &lab.client_eni, &pid]).unwrap();
    client::http_get(&lab.client_ns, lab.dial(), "/", LIMIT).unwrap();
}
