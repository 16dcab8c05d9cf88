//! The outbox's worker with real sockets on loopback.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::time::Instant;

use model::account::Account;
use model::id::TopicId;
use model::time::Millis;
use model::topic::{Protocol, Topic};
use revlog::Memory;

use super::*;

const LIMIT: Duration = Duration::from_secs(20);
const REGION: &str = "us-east-1";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:news";

fn owner() -> AccountId {
    "123456789012".parse().unwrap()
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault::of([7; 32]))
}

/// A committer that holds these things besides an account and the topic `news`.
fn committer(more: impl IntoIterator<Item = Change>) -> Arc<Committer> {
    let log = Arc::new(Memory::default());
    let committer = Committer::new(log, true).unwrap();
    let account = Account {
        id: owner(),
        name: "a".into(),
        operator: false,
        created: Millis(0),
    };
    let topic = Topic {
        id: TopicId::new(1),
        owner: owner(),
        name: "news".into(),
        attributes: Default::default(),
        created: Millis(0),
        tags: Default::default(),
    };
    let mut changes: Vec<Change> = vec![account.into(), topic.into()];
    changes.extend(more);
    committer
        .commit(|_, _| Ok(((), changes)), |_| Vec::new())
        .unwrap();
    Arc::new(committer)
}

fn subscription(number: u128, endpoint: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::new(number),
        owner: owner(),
        topic: TopicId::new(1),
        protocol: Protocol::Http,
        endpoint: endpoint.into(),
        state: State::Confirmed {
            authenticated: false,
            guarded: false,
        },
        token: String::new(),
        asked: Millis(0),
        raw: false,
    }
}

fn delivery(number: u128) -> Delivery {
    Delivery {
        id: DeliveryId::new(number),
        owner: owner(),
        topic: TOPIC.into(),
        subject: Some("Hello".into()),
        message: format!("message {number}"),
        attributes: Default::default(),
        made: Millis(1_700_000_000_000),
    }
}

fn loopback() -> Arc<Reach> {
    Arc::new(Reach::parse(&["127.0.0.0/8".into()], false).unwrap())
}

fn timing() -> Timing {
    Timing {
        attempt: Duration::from_secs(2),
        retries: [Duration::from_millis(20), Duration::from_millis(40)],
        lifetime: Duration::from_secs(10),
    }
}

fn notifier(committer: &Arc<Committer>, reach: Arc<Reach>) -> Arc<Notifier> {
    let place = (REGION.to_owned(), "http://api.example".to_owned());
    Notifier::new(Arc::clone(committer), vault(), place, reach, timing())
}

/// Runs the worker until the outbox is empty.
fn empty(committer: &Arc<Committer>, notifier: Arc<Notifier>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut worlds = committer.subscribe();
        let worker = tokio::spawn(notifier.run());
        let emptied = worlds.wait_for(|world| world.deliveries.is_empty());
        tokio::time::timeout(LIMIT, emptied).await.unwrap().unwrap();
        worker.abort();
    });
    runtime.shutdown_background();
}

/// A server that answers each request with what `answer` says (nothing: it only listens), and
/// tells of each.
fn serve(
    answer: impl Fn(usize) -> Option<&'static str> + Send + 'static,
) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut held: Vec<TcpStream> = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let Some(text) = request(&mut stream) else {
                continue;
            };
            if told.send(text).is_err() {
                return;
            }
            match answer(number) {
                Some(answer) => {
                    let _ = stream.write_all(answer.as_bytes());
                }
                None => held.push(stream),
            }
        }
    });
    (address, heard)
}

/// One request with its body.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..length]).ok()?);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let wanted = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok());
        if Some(body.len()) == wanted {
            return Some(text);
        }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
const GONE: &str = "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n";

fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_message_arrives_as_aws_writes_it() {
    let (at, heard) = serve(|_| Some(OK));
    let mut told = delivery(9);
    let attribute = model::outbox::Attribute {
        kind: "String".into(),
        value: "v".into(),
    };
    told.attributes.insert("k".into(), attribute);
    let committer = committer([
        subscription(1, &format!("http://{at}/hook?x=1")).into(),
        told.into(),
    ]);
    empty(&committer, notifier(&committer, loopback()));
    let request = heard.try_recv().unwrap();
    let arn = format!("{TOPIC}:00000000-0000-0000-0000-000000000001");
    for line in [
        "POST /hook?x=1 HTTP/1.1\r\n",
        &format!("\r\nhost: {at}\r\n"),
        "\r\nx-amz-sns-message-type: Notification\r\n",
        "\r\nx-amz-sns-message-id: 00000000-0000-0000-0000-000000000009\r\n",
        &format!("\r\nx-amz-sns-topic-arn: {TOPIC}\r\n"),
        &format!("\r\nx-amz-sns-subscription-arn: {arn}\r\n"),
        "\r\ncontent-type: text/plain; charset=UTF-8\r\n",
    ] {
        assert!(request.contains(line), "no {line:?} in {request}");
    }
    assert_eq!(
        body(&request),
        serde_json::json!({
            "Type": "Notification",
            "MessageId": "00000000-0000-0000-0000-000000000009",
            "TopicArn": TOPIC,
            "Subject": "Hello",
            "Message": "message 9",
            "Timestamp": "2023-11-14T22:13:20.000Z",
            "UnsubscribeURL": format!(
                "http://api.example/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn={arn}"
            ),
            "MessageAttributes": {"k": {"Type": "String", "Value": "v"}},
        })
    );
}

#[test]
fn a_raw_message_comes_without_its_envelope() {
    let (at, heard) = serve(|_| Some(OK));
    let mut raw = subscription(1, &format!("http://{at}/"));
    raw.raw = true;
    let committer = committer([raw.into(), delivery(9).into()]);
    empty(&committer, notifier(&committer, loopback()));
    let request = heard.try_recv().unwrap();
    assert!(request.ends_with("\r\n\r\nmessage 9"), "{request}");
    assert!(request.contains("x-amz-sns-rawdelivery: true"), "{request}");
}

#[test]
fn a_pending_subscription_gets_its_question_and_nothing_else() {
    let (at, heard) = serve(|_| Some(OK));
    let mut pending = subscription(1, &format!("http://{at}/"));
    pending.state = State::Pending {
        question: DeliveryId::new(8),
        sealed_token: vault().seal(&pending.id.to_string(), "hush").unwrap(),
    };
    let committer = committer([pending.into(), delivery(8).into(), delivery(9).into()]);
    empty(&committer, notifier(&committer, loopback()));
    let asked = body(&heard.try_recv().unwrap());
    assert_eq!(asked["Type"], "SubscriptionConfirmation");
    assert_eq!(asked["Token"], "hush");
    assert_eq!(
        asked["SubscribeURL"],
        format!(
            "http://api.example/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn={TOPIC}&Token=hush"
        )
    );
    assert!(heard.try_recv().is_err(), "a message before it agreed");
}

#[test]
fn a_busy_receiver_is_asked_again() {
    let (at, heard) = serve(|number| Some(if number < 2 { BUSY } else { OK }));
    let committer = committer([
        subscription(1, &format!("http://{at}/")).into(),
        delivery(9).into(),
    ]);
    let notifier = notifier(&committer, loopback());
    empty(&committer, Arc::clone(&notifier));
    assert_eq!(heard.try_iter().count(), 3);
    assert_eq!(notifier.dropped.load(Ordering::Relaxed), 0);
}

#[test]
fn a_message_is_given_up_and_counted() {
    let (busy, heard_busy) = serve(|_| Some(BUSY));
    let (gone, heard_gone) = serve(|_| Some(GONE));
    let committer = committer([
        subscription(1, &format!("http://{busy}/")).into(),
        subscription(2, &format!("http://{gone}/")).into(),
        delivery(9).into(),
    ]);
    let notifier = notifier(&committer, loopback());
    empty(&committer, Arc::clone(&notifier));
    assert_eq!(heard_busy.try_iter().count(), 3);
    assert_eq!(heard_gone.try_iter().count(), 1, "410 is for good");
    assert_eq!(notifier.dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn nobody_waits_for_a_slow_receiver() {
    let (slow, _heard) = serve(|_| None);
    let (quick, heard) = serve(|_| Some(OK));
    let mut changes: Vec<Change> = vec![
        subscription(1, &format!("http://{slow}/")).into(),
        subscription(2, &format!("http://{quick}/")).into(),
    ];
    changes.extend((10..40).map(|number| Change::from(delivery(number))));
    let committer = committer(changes);
    let notifier = notifier(&committer, loopback());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let begun = Instant::now();
    let worker = runtime.spawn(notifier.run());
    for _ in 10..40 {
        heard.recv_timeout(LIMIT).unwrap();
    }
    // One attempt at the slow one takes two seconds, its thirty messages eight of those.
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        !committer.world().deliveries.is_empty(),
        "the slow one has them all?"
    );
    worker.abort();
    runtime.shutdown_background();
}

#[test]
fn what_a_dead_daemon_left_is_delivered() {
    let (at, heard) = serve(|number| if number == 0 { None } else { Some(OK) });
    let committer = committer([
        subscription(1, &format!("http://{at}/")).into(),
        delivery(9).into(),
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let first = notifier(&committer, loopback());
    runtime.block_on(async {
        // It dies while the message is on its way.
        let died = tokio::time::timeout(Duration::from_millis(500), first.run()).await;
        assert!(died.is_err());
    });
    drop(runtime);
    assert_eq!(committer.world().deliveries.size(), 1);
    empty(&committer, notifier(&committer, loopback()));
    assert_eq!(heard.try_iter().count(), 2);
}

#[test]
fn a_forbidden_address_is_never_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
    ];
    let mut changes: Vec<Change> = (1..)
        .zip(hosts)
        .map(|(number, host)| subscription(number, &format!("http://{host}:{port}/")).into())
        .collect();
    changes.push(delivery(9).into());
    let committer = committer(changes);
    let notifier = notifier(&committer, Arc::default());
    empty(&committer, Arc::clone(&notifier));
    let dialled = listener.accept();
    assert_eq!(dialled.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(notifier.dropped.load(Ordering::Relaxed), hosts.len() as u64);
}

#[test]
fn a_redirect_is_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let answer = format!(
        "HTTP/1.1 307 There\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
        other.local_addr().unwrap()
    );
    let answer: &'static str = answer.leak();
    let (at, heard) = serve(move |_| Some(answer));
    let committer = committer([
        subscription(1, &format!("http://{at}/")).into(),
        delivery(9).into(),
    ]);
    empty(&committer, notifier(&committer, loopback()));
    assert_eq!(heard.try_iter().count(), 1);
    assert_eq!(
        other.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

#[test]
fn an_endless_answer_holds_nobody() {
    static BYTES: AtomicUsize = AtomicUsize::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if request(&mut stream).is_none() {
                continue;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while let Ok(sent) = stream.write(&[b'x'; 65_536]) {
                BYTES.fetch_add(sent, Ordering::Relaxed);
            }
        }
    });
    let committer = committer([
        subscription(1, &format!("http://{at}/")).into(),
        delivery(9).into(),
    ]);
    empty(&committer, notifier(&committer, loopback()));
    // What the sockets' buffers hold, not what it would send in ten seconds.
    assert!(BYTES.load(Ordering::Relaxed) < 64 << 20);
}
