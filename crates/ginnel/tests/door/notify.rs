//! Notifications: a real receiver on loopback, which the operator has opened.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws::Service;
use serde_json::Value;
use testbed::ginnel::Ginnel;
use testbed::tenant::{Tenant, operator};

use crate::lab::LIMIT;

/// A receiver: what it got, and whether it answers.
struct Hook {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Value>>>,
    silent: Arc<AtomicBool>,
}

impl Hook {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
            silent: Arc::default(),
        };
        let (got, silent) = (Arc::clone(&hook.got), Arc::clone(&hook.silent));
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(body) = body(&mut stream) else {
                    continue;
                };
                got.lock().unwrap().push(body);
                if silent.load(Ordering::SeqCst) {
                    held.push(stream);
                } else {
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
                }
            }
        });
        hook
    }

    /// Waits for messages that are so, as many as that.
    fn wait(&self, many: usize, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        testbed::eventually("a message", LIMIT, || {
            let got = self.got.lock().unwrap();
            let found: Vec<Value> = got.iter().filter(|it| is(it)).cloned().collect();
            (found.len() >= many).then_some(found)
        })
        .unwrap()
    }
}

/// The JSON body of one request.
fn body(stream: &mut TcpStream) -> Option<Value> {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..length]).ok()?);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        if let Some(body) = body.and_then(|body| serde_json::from_str(body).ok()) {
            return Some(body);
        }
    }
}

/// Opens a URL as a browser does, without a signature.
fn open(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn text<'a>(message: &'a Value, name: &str) -> &'a str {
    message[name].as_str().unwrap_or_default()
}

#[test]
fn a_receiver_confirms_and_is_told_also_across_a_crash() {
    if !testbed::usable() {
        return;
    }
    let hook = Hook::start();
    let mut ginnel = Ginnel::start(&["--no-dataplane", "--allow-notify", "127.0.0.0/8"]).unwrap();
    let client = operator(&ginnel);
    let sns = |action: &str, parameters: &[(&str, &str)]| {
        client.aws(Service::Sns, action, parameters).unwrap()
    };
    let topic = sns("CreateTopic", &[("Name", "news")])
        .need("TopicArn")
        .unwrap();
    let endpoint = format!("http://{}/hook", hook.address);
    sns(
        "Subscribe",
        &[
            ("TopicArn", &topic),
            ("Protocol", "http"),
            ("Endpoint", &endpoint),
        ],
    );
    let asked = &hook.wait(1, |it| text(it, "Type") == "SubscriptionConfirmation")[0];
    let url = text(asked, "SubscribeURL");
    // Another token, or another operation without a signature, does nothing.
    assert!(open(&format!("{url}0")).contains("InvalidParameter"));
    let other = url.replace("ConfirmSubscription", "DeleteTopic");
    assert!(
        open(&other).contains("MissingAuthenticationToken"),
        "{}",
        open(&other)
    );
    // Nor does it leave a trace: the audit is no place where strangers may write.
    let confirmed = || {
        let words = [
            "audit",
            "search",
            "--event",
            "ConfirmSubscription",
            "-o",
            "json",
        ];
        let text = ginnel.cli(&words).unwrap();
        text.matches("\"ConfirmSubscription\"").count()
    };
    assert_eq!(confirmed(), 0);
    let answer = open(url);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let again = open(url);
    assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    let told = confirmed();
    assert!(told > 0, "a confirmation is in the audit");
    open(url);
    assert_eq!(confirmed(), told, "what changes nothing is not");
    assert!(
        answer.contains(&format!("<SubscriptionArn>{topic}:")),
        "{answer}"
    );
    let publish = |client: &ginnel::client::Client, message: &str| {
        let parameters = [("TopicArn", &*topic), ("Message", message)];
        let made = client.aws(Service::Sns, "Publish", &parameters).unwrap();
        made.need("MessageId").unwrap()
    };
    let id = publish(&client, "one");
    let told = &hook.wait(1, |it| text(it, "Message") == "one")[0];
    assert_eq!(text(told, "MessageId"), id);
    // It dies before the receiver has answered: the next one brings the message again.
    hook.silent.store(true, Ordering::SeqCst);
    let id = publish(&client, "two");
    hook.wait(1, |it| text(it, "MessageId") == id);
    ginnel.kill().unwrap();
    hook.silent.store(false, Ordering::SeqCst);
    ginnel.restart().unwrap();
    let again = hook.wait(2, |it| text(it, "MessageId") == id);
    let url = text(&again[1], "UnsubscribeURL").to_owned();
    assert!(open(&url).starts_with("HTTP/1.1 200"), "{}", open(&url));
    let client = operator(&ginnel);
    let left = client.aws(Service::Sns, "ListSubscriptions", &[]).unwrap();
    assert_eq!(left.all("SubscriptionArn"), Vec::<String>::new());
}

#[test]
fn what_the_operator_has_not_opened_is_not_dialled() {
    if !testbed::usable() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut ginnel = Ginnel::start(&["--no-dataplane"]).unwrap();
    let client = operator(&ginnel);
    let made = client.aws(Service::Sns, "CreateTopic", &[("Name", "news")]);
    let topic = made.unwrap().need("TopicArn").unwrap();
    let subscribe = |host: &str| {
        let endpoint = format!("http://{host}:{port}/");
        let parameters = [
            ("TopicArn", &*topic),
            ("Protocol", "http"),
            ("Endpoint", &*endpoint),
        ];
        client.aws(Service::Sns, "Subscribe", &parameters)
    };
    let refused = format!("{:#}", subscribe("127.0.0.1").unwrap_err());
    assert!(refused.contains("--allow-notify"), "{refused}");
    // A name is judged when it is resolved.
    subscribe("localhost").unwrap();
    testbed::eventually("the end of the attempt", LIMIT, || {
        let told = ginnel.daemon().stderr();
        told.contains("a notification was given up").then_some(())
    })
    .unwrap();
    let dialled = listener.accept().unwrap_err();
    assert_eq!(dialled.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_provider_is_told_of_its_connections() {
    if !testbed::usable() {
        return;
    }
    let hook = Hook::start();
    let ginnel = Ginnel::start(&["--no-dataplane", "--allow-notify", "127.0.0.0/8"]).unwrap();
    let provider = Tenant::new(&ginnel, "provider").unwrap();
    let consumer = Tenant::new(&ginnel, "consumer").unwrap();
    let target = Ipv4Addr::new(10, 0, 1, 10);
    let service = provider.offer(target, 8080, "TCP", 80).unwrap();
    let sns = |action: &str, parameters: &[(&str, &str)]| {
        let client = &provider.client;
        client.aws(Service::Sns, action, parameters).unwrap()
    };
    let topic = sns("CreateTopic", &[("Name", "connections")]);
    let topic = topic.need("TopicArn").unwrap();
    let endpoint = format!("http://{}/", hook.address);
    sns(
        "Subscribe",
        &[
            ("TopicArn", &topic),
            ("Protocol", "http"),
            ("Endpoint", &endpoint),
        ],
    );
    let asked = &hook.wait(1, |it| text(it, "Type") == "SubscriptionConfirmation")[0];
    let token = text(asked, "Token");
    sns(
        "ConfirmSubscription",
        &[("TopicArn", &topic), ("Token", token)],
    );
    let wanted = [
        ("ServiceId", &*service),
        ("ConnectionNotificationArn", &*topic),
        ("ConnectionEvents.1", "Connect"),
        ("ConnectionEvents.2", "Accept"),
        ("ConnectionEvents.3", "Reject"),
        ("ConnectionEvents.4", "Delete"),
    ];
    provider
        .ec2("CreateVpcEndpointConnectionNotification", &wanted)
        .unwrap();
    let group = consumer.open_group("open").unwrap();
    let made = consumer.endpoint(&service, &group).unwrap();
    let id = made.need("vpcEndpointId").unwrap();
    let connection = [("ServiceId", &*service), ("VpcEndpointId.1", &*id)];
    let told = |event: &str| {
        let is = |it: &Value| {
            let message: Value = serde_json::from_str(text(it, "Message")).unwrap_or_default();
            message["eventType"] == event && message["vpcEndpointId"] == *id
        };
        hook.wait(1, is);
    };
    told("Connect");
    provider
        .ec2("RejectVpcEndpointConnections", &connection)
        .unwrap();
    told("Reject");
    provider
        .ec2("AcceptVpcEndpointConnections", &connection)
        .unwrap();
    told("Accept");
    consumer
        .ec2("DeleteVpcEndpoints", &[("VpcEndpointId.1", &id)])
        .unwrap();
    told("Delete");
}
