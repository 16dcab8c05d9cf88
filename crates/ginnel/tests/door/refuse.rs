//! Bad input: each has its own clear error, and leaves nothing behind.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use aws::Service;
use aws::call::Parts;
use aws::sigv4::{self, Key};
use testbed::ginnel::Ginnel;

use testbed::tenant::{Tenant, operator};

use crate::lab::LIMIT;

/// Runs the binary and returns its exit code and its stderr.
fn run(words: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_ginnel"))
        .args(words)
        .output()
        .unwrap();
    (out.status.code(), String::from_utf8(out.stderr).unwrap())
}

/// A raw POST; returns the status line and the body.
fn post(url: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut head = format!(
        "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"\r\n").unwrap();
    // The server may answer and close before it has read all.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A signed request, `skew` seconds off.
fn signed(ginnel: &Ginnel, body: &str, skew: i64) -> Vec<(String, String)> {
    let who = operator(ginnel).credentials().clone();
    let mut headers = vec![
        ("host".to_owned(), ginnel.url().replace("http://", "")),
        (
            "content-type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        ),
    ];
    let parts = Parts {
        method: "POST",
        path: "/",
        query: "",
        headers: &headers,
        body: body.as_bytes(),
    };
    let key = Key {
        id: &who.access_key_id,
        secret: &who.secret_access_key,
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_secs() as i64 + skew;
    let more = sigv4::sign(&parts, key, &who.region, Service::Ec2, now).unwrap();
    headers.extend(more);
    headers
}

fn attach_request(eni: &str, namespace: &str) -> serde_json::Value {
    serde_json::json!({ "interface": eni, "namespace": namespace, "device": "eth0" })
}

#[test]
fn requests_that_are_refused() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let body = "Action=DescribeVpcs&Version=2016-11-15";
    let answer = post(ginnel.url(), &signed(&ginnel, body, 0), body.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for (skew, code) in [(-3_600, "RequestExpired"), (3_600, "SignatureDoesNotMatch")] {
        let answer = post(ginnel.url(), &signed(&ginnel, body, skew), body.as_bytes());
        let refused = answer.contains("RequestExpired") || answer.contains(code);
        assert!(
            refused && !answer.starts_with("HTTP/1.1 200"),
            "{skew}: {answer}"
        );
    }
    let answer = post(
        ginnel.url(),
        &signed(&ginnel, body, 0),
        b"Action=DescribeVpcs&Version=2016-11-16",
    );
    assert!(answer.contains("<Code>AuthFailure</Code>"), "{answer}");
    let answer = post(ginnel.url(), &[], body.as_bytes());
    assert!(answer.contains("MissingAuthenticationToken"), "{answer}");
    let answer = post(
        ginnel.url(),
        &signed(&ginnel, body, 0),
        &vec![b'a'; 3 << 20],
    );
    assert!(answer.contains("RequestEntityTooLarge"), "{answer}");

    let tenant = Tenant::new(&ginnel, "one").unwrap();
    let fault = |action: &str, parameters: &[(&str, &str)]| {
        let error = tenant
            .client
            .aws(Service::Ec2, action, parameters)
            .unwrap_err();
        error.to_string()
    };
    for (action, parameters, code, named) in [
        (
            "DescribeVpcs",
            &[("VpcId.1", "vpc-xyz")][..],
            "InvalidVpcID.Malformed",
            "vpc-xyz",
        ),
        (
            "DescribeVpcs",
            &[("Colour", "red")],
            "UnknownParameter",
            "Colour",
        ),
        ("RunInstances", &[], "UnsupportedOperation", "RunInstances"),
        ("FlyToTheMoon", &[], "InvalidAction", "FlyToTheMoon"),
        (
            "CreateSubnet",
            &[("VpcId", &tenant.vpc), ("CidrBlock", "10.0.1.0/25")],
            "InvalidSubnet.Conflict",
            "10.0.1.0/24",
        ),
        (
            "CreateSubnet",
            &[("VpcId", &tenant.vpc), ("CidrBlock", "10.1.0.0/24")],
            "InvalidSubnet.Range",
            "10.1.0.0/24",
        ),
    ] {
        let error = fault(action, parameters);
        assert!(
            error.contains(code) && error.contains(named),
            "{action}: {error}"
        );
    }
}

#[test]
fn a_namespace_that_is_none_is_refused_and_nothing_is_bound() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&[]).unwrap();
    let tenant = Tenant::new(&ginnel, "one").unwrap();
    let made = tenant
        .ec2("CreateNetworkInterface", &[("SubnetId", &tenant.subnet)])
        .unwrap();
    let eni = made.need("networkInterfaceId").unwrap();
    for (namespace, named) in [
        ("no-such-namespace", "does not exist"),
        ("/etc/hostname", "not a namespace"),
        ("/proc/self/ns/mnt", "not a network namespace"),
        ("/proc/self/ns/net", "the host's own"),
    ] {
        let error = ginnel.cli(&["attach", &eni, namespace]).unwrap_err();
        assert!(format!("{error:#}").contains(named), "{error:#}");
        // And past the command line's own check.
        let path = if namespace.contains('/') {
            namespace
        } else {
            "/run/netns/no-such-namespace"
        };
        let error = operator(&ginnel)
            .ginnel("AttachInterface", &attach_request(&eni, path))
            .unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let own = testbed::Netns::new("taken").unwrap();
    let error = ginnel
        .cli(&["attach", &eni, own.name(), "--device", "lo"])
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("already has a device lo"),
        "{error:#}"
    );
    let shown = tenant
        .ec2(
            "DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", &eni)],
        )
        .unwrap();
    assert_eq!(shown.first("status").as_deref(), Some("available"));
    // A tenant may not bind anything on the host.
    let error = tenant
        .client
        .ginnel(
            "AttachInterface",
            &attach_request(&eni, &own.path().to_string_lossy()),
        )
        .unwrap_err();
    assert!(error.to_string().contains("AccessDenied"), "{error}");
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_made() {
    if !testbed::usable() {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let (state, run_dir) = (dir.path().join("s"), dir.path().join("r"));
    let (code, error) = run(&[
        "up",
        "--listen",
        &address,
        "--state",
        state.to_str().unwrap(),
        "--run",
        run_dir.to_str().unwrap(),
    ]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains(&address) && error.contains("--listen"),
        "{error}"
    );
    assert!(!state.join("store").exists() && !run_dir.join("bpf").exists());
}

#[test]
fn a_second_daemon_is_refused() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let error = ginnel
        .cli(&["up", "--no-dataplane", "--listen", "127.0.0.1:0"])
        .unwrap_err();
    assert!(format!("{error:#}").contains("already runs"), "{error:#}");
}

#[test]
fn without_root_the_data_plane_is_refused_and_the_api_alone_works() {
    if !testbed::usable() {
        return;
    }
    let nobody = |words: &[&str]| {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
        command.uid(65_534).gid(65_534).args(words);
        command
    };
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(dir.path(), Some(65_534), Some(65_534)).unwrap();
    let (state, run_dir) = (dir.path().join("s"), dir.path().join("r"));
    let place = [
        "--state",
        state.to_str().unwrap(),
        "--run",
        run_dir.to_str().unwrap(),
    ];
    // The test's target directory may be closed to others: then the binary cannot run at all.
    let Ok(out) = nobody(&["up"]).args(place).output() else {
        eprintln!("skipped: the binary cannot be run by another user");
        return;
    };
    let error = String::from_utf8(out.stderr).unwrap();
    assert!(
        error.contains("needs root") && error.contains("--no-dataplane"),
        "{error}"
    );
    assert!(!state.exists() && !run_dir.exists());
    let mut command = nobody(&["up", "--no-dataplane", "--listen", "127.0.0.1:0"]);
    command.args(place);
    let mut daemon = testbed::Child::start(&mut command).unwrap();
    daemon.wait_for_line("no packets flow", LIMIT).unwrap();
    daemon.wait_for_line("listening on", LIMIT).unwrap();
}

#[test]
fn the_store_can_be_backed_up_and_checked_while_it_is_in_use() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let _tenant = Tenant::new(&ginnel, "one").unwrap();
    let copy = ginnel.state().join("copy.db");
    ginnel
        .cli(&["store", "backup", copy.to_str().unwrap()])
        .unwrap();
    for path in [&[][..], &[copy.to_str().unwrap()]] {
        let told = ginnel.cli(&[&["store", "check"], path].concat()).unwrap();
        assert!(told.contains("0 problems"), "{told}");
    }
    // The secret is nowhere in it in the clear.
    let secret = operator(&ginnel).credentials().secret_access_key.clone();
    let bytes = std::fs::read(&copy).unwrap();
    assert!(
        !bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
    );
}

#[test]
fn purging_removes_what_is_ours_and_nothing_else() {
    if !testbed::usable() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (state, run_dir) = (dir.path().join("s"), dir.path().join("r"));
    let place = [
        "--state",
        state.to_str().unwrap(),
        "--run",
        run_dir.to_str().unwrap(),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_ginnel"));
    command
        .args(["up", "--no-dataplane", "--listen", "127.0.0.1:0"])
        .args(place);
    let mut daemon = testbed::Child::start(&mut command).unwrap();
    daemon.wait_for_line("listening on", LIMIT).unwrap();
    let thesis = state.join("thesis.tex");
    std::fs::write(&thesis, "years of work").unwrap();
    let (code, told) = run(&[&["down", "--purge"][..], &place].concat());
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(std::fs::read_to_string(&thesis).unwrap(), "years of work");
    let left: Vec<_> = std::fs::read_dir(&state).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(!run_dir.exists());
}

#[test]
fn a_silent_client_holds_nobody_up() {
    if !testbed::usable() {
        return;
    }
    let mut ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let address = ginnel.url().replace("http://", "");
    // Half a head, and nothing more; and one that never says a word.
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nhost: x\r\n").unwrap();
    let _mute = TcpStream::connect(&address).unwrap();
    Tenant::new(&ginnel, "one").unwrap();
    ginnel
        .daemon()
        .signal(nix::sys::signal::Signal::SIGTERM)
        .unwrap();
    assert!(ginnel.daemon().wait(LIMIT).unwrap().success());
}
