//! SNS through the dispatcher.

use model::topic::MAX_SUBSCRIPTIONS;

use crate::api::tests::{Desk, first};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:news";

/// A desk with the topic `news`.
fn desk() -> Desk {
    let mut desk = Desk::new();
    let arn = desk.make("sns:CreateTopic", "Name=news", "TopicArn");
    assert_eq!(arn, TOPIC);
    desk
}

fn subscribe(desk: &mut Desk, endpoint: &str) -> String {
    desk.make(
        "sns:Subscribe",
        &format!("TopicArn={TOPIC}&Protocol=http&Endpoint={endpoint}&ReturnSubscriptionArn=true"),
        "SubscriptionArn",
    )
}

/// The token that the pending subscription waits for.
fn token(desk: &Desk) -> String {
    let mut all = desk.world.subscriptions.values();
    let found = all.find_map(|it| match &it.state {
        model::topic::State::Pending { sealed_token, .. } => Some(
            desk.call
                .vault
                .open_sealed(&it.id.to_string(), sealed_token),
        ),
        model::topic::State::Confirmed { .. } => None,
    });
    found.unwrap().unwrap()
}

fn confirm(desk: &mut Desk) -> String {
    let token = token(desk);
    let wanted = format!("TopicArn={TOPIC}&Token={token}");
    desk.make("sns:ConfirmSubscription", &wanted, "SubscriptionArn")
}

#[test]
fn a_topic_is_made_once() {
    let mut desk = Desk::new();
    let wanted = "Name=news&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=News&Tags.member.1.Key=a&Tags.member.1.Value=1";
    let one = desk.make("sns:CreateTopic", wanted, "TopicArn");
    assert_eq!(desk.make("sns:CreateTopic", wanted, "TopicArn"), one);
    assert_eq!(desk.make("sns:CreateTopic", "Name=news", "TopicArn"), one);
    for other in [
        "Name=news&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=Other",
        "Name=news&Tags.member.1.Key=a&Tags.member.1.Value=2",
    ] {
        let fault = desk.fault("sns:CreateTopic", other);
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("InvalidParameter", 400)
        );
        assert!(fault.message.contains("already exists with different"));
    }
    assert_eq!(desk.world.topics.size(), 1);
}

#[test]
fn names_and_attributes_are_judged() {
    let mut desk = Desk::new();
    let long = "x".repeat(257);
    for (wanted, code) in [
        ("Name=", "InvalidParameter"),
        ("Name=a.b", "InvalidParameter"),
        ("Name=a%20b", "InvalidParameter"),
        (&*format!("Name={long}"), "InvalidParameter"),
        ("Name=a.fifo", "UnsupportedOperation"),
        (
            "Name=a&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true",
            "UnsupportedOperation",
        ),
        (
            "Name=a&Attributes.entry.1.key=KmsMasterKeyId&Attributes.entry.1.value=k",
            "UnsupportedOperation",
        ),
        (
            "Name=a&Attributes.entry.1.key=Nonsense&Attributes.entry.1.value=k",
            "InvalidParameter",
        ),
        (
            "Name=a&Attributes.entry.1.key=Policy&Attributes.entry.1.value=%5B%5D",
            "InvalidParameter",
        ),
        ("Name=a&DataProtectionPolicy=x", "UnsupportedOperation"),
        ("", "MissingParameter"),
    ] {
        assert_eq!(desk.fault("sns:CreateTopic", wanted).code, code, "{wanted}");
    }
    desk.ok(
        "sns:CreateTopic",
        "Name=a&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=false",
    );
}

#[test]
fn attributes_are_set_and_shown() {
    let mut desk = desk();
    let shown = desk.ok("sns:GetTopicAttributes", &format!("TopicArn={TOPIC}"));
    assert!(shown.contains("__default_policy_ID"), "{shown}");
    assert!(shown.contains("numRetries&quot;:2"), "{shown}");
    desk.ok(
        "sns:SetTopicAttributes",
        &format!(
            "TopicArn={TOPIC}&AttributeName=Policy&AttributeValue=%7B%22Id%22%3A%22mine%22%7D"
        ),
    );
    let shown = desk.ok("sns:GetTopicAttributes", &format!("TopicArn={TOPIC}"));
    assert!(shown.contains("&quot;mine&quot;") && !shown.contains("__default_policy_ID"));
    desk.ok(
        "sns:SetTopicAttributes",
        &format!("TopicArn={TOPIC}&AttributeName=Policy&AttributeValue="),
    );
    let shown = desk.ok("sns:GetTopicAttributes", &format!("TopicArn={TOPIC}"));
    assert!(shown.contains("__default_policy_ID"), "{shown}");
}

#[test]
fn another_accounts_topic_does_not_exist() {
    let mut desk = desk();
    subscribe(&mut desk, "http://a.example/");
    let mine = confirm(&mut desk);
    desk.switch_account();
    for (action, parameters) in [
        ("sns:GetTopicAttributes", format!("TopicArn={TOPIC}")),
        (
            "sns:SetTopicAttributes",
            format!("TopicArn={TOPIC}&AttributeName=DisplayName&AttributeValue=x"),
        ),
        (
            "sns:Subscribe",
            format!("TopicArn={TOPIC}&Protocol=http&Endpoint=http://b.example"),
        ),
        ("sns:Publish", format!("TopicArn={TOPIC}&Message=x")),
        ("sns:ListSubscriptionsByTopic", format!("TopicArn={TOPIC}")),
        (
            "sns:GetSubscriptionAttributes",
            format!("SubscriptionArn={mine}"),
        ),
        (
            "sns:SetSubscriptionAttributes",
            format!("SubscriptionArn={mine}&AttributeName=RawMessageDelivery&AttributeValue=true"),
        ),
    ] {
        let fault = desk.fault(action, &parameters);
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("NotFound", 404),
            "{action}"
        );
    }
    for action in [
        "sns:ListTagsForResource",
        "sns:TagResource",
        "sns:UntagResource",
    ] {
        let more = "&Tags.member.1.Key=a&Tags.member.1.Value=b";
        let more = if action == "sns:TagResource" {
            more
        } else if action == "sns:UntagResource" {
            "&TagKeys.member.1=a"
        } else {
            ""
        };
        let fault = desk.fault(action, &format!("ResourceArn={TOPIC}{more}"));
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("ResourceNotFound", 404)
        );
    }
    // Removing what is not there is fine, and removes nothing.
    desk.ok("sns:DeleteTopic", &format!("TopicArn={TOPIC}"));
    desk.ok("sns:Unsubscribe", &format!("SubscriptionArn={mine}"));
    assert_eq!(
        (desk.world.topics.size(), desk.world.subscriptions.size()),
        (1, 1)
    );
    assert!(!desk.ok("sns:ListTopics", "").contains("news"));
    // The same name is free.
    desk.ok("sns:CreateTopic", "Name=news");
}

#[test]
fn broken_arns_are_refused() {
    let mut desk = desk();
    for arn in [
        "",
        "news",
        "arn:aws:sns:us-east-1:123456789012",
        "arn:aws:sqs:us-east-1:123456789012:news",
        &format!("{TOPIC}:1:2"),
    ] {
        let fault = desk.fault("sns:GetTopicAttributes", &format!("TopicArn={arn}"));
        assert_eq!(fault.code, "InvalidParameter", "{arn}");
    }
    for arn in [
        TOPIC,
        &format!("{TOPIC}:1"),
        &format!("{TOPIC}:0000000000000000000000000000000a"),
    ] {
        let fault = desk.fault(
            "sns:GetSubscriptionAttributes",
            &format!("SubscriptionArn={arn}"),
        );
        assert_eq!(fault.code, "InvalidParameter", "{arn}");
    }
    let elsewhere = TOPIC.replace("us-east-1", "eu-west-1");
    assert_eq!(
        desk.fault("sns:GetTopicAttributes", &format!("TopicArn={elsewhere}"))
            .code,
        "NotFound"
    );
}

#[test]
fn a_subscription_waits_until_it_is_confirmed() {
    let mut desk = desk();
    let wanted = format!("TopicArn={TOPIC}&Protocol=http&Endpoint=http://a.example/hook");
    let said = desk.make("sns:Subscribe", &wanted, "SubscriptionArn");
    assert_eq!(said, "pending confirmation");
    // A question waits in the outbox, and nobody gets messages yet.
    assert_eq!(desk.world.deliveries.size(), 1);
    let listed = desk.make("sns:ListSubscriptions", "", "SubscriptionArn");
    assert_eq!(listed, "PendingConfirmation");
    desk.ok("sns:Publish", &format!("TopicArn={TOPIC}&Message=x"));
    assert_eq!(desk.world.deliveries.size(), 1);
    // Asked again, it is asked anew: one question, one subscription, another token.
    let before = token(&desk);
    desk.ok("sns:Subscribe", &wanted);
    assert_eq!(
        (
            desk.world.deliveries.size(),
            desk.world.subscriptions.size()
        ),
        (1, 1)
    );
    let stale = format!("TopicArn={TOPIC}&Token={before}");
    assert_eq!(
        desk.fault("sns:ConfirmSubscription", &stale).code,
        "InvalidParameter"
    );
    let last = token(&desk);
    let arn = confirm(&mut desk);
    assert_eq!(
        desk.world.deliveries.size(),
        0,
        "the question is taken back"
    );
    // Confirming twice is confirming.
    let again = format!("TopicArn={TOPIC}&Token={last}");
    assert_eq!(
        desk.make("sns:ConfirmSubscription", &again, "SubscriptionArn"),
        arn
    );
    assert_eq!(desk.make("sns:Subscribe", &wanted, "SubscriptionArn"), arn);
    assert_eq!(
        desk.make(
            "sns:ListSubscriptionsByTopic",
            &format!("TopicArn={TOPIC}"),
            "SubscriptionArn"
        ),
        arn
    );
    let shown = desk.ok(
        "sns:GetSubscriptionAttributes",
        &format!("SubscriptionArn={arn}"),
    );
    for (key, value) in [
        ("PendingConfirmation", "false"),
        ("ConfirmationWasAuthenticated", "true"),
        ("RawMessageDelivery", "false"),
    ] {
        assert!(
            shown.contains(&format!("<key>{key}</key><value>{value}</value>")),
            "{shown}"
        );
    }
    desk.ok("sns:Publish", &format!("TopicArn={TOPIC}&Message=x"));
    assert_eq!(desk.world.deliveries.size(), 1);
    desk.ok("sns:Unsubscribe", &format!("SubscriptionArn={arn}"));
    desk.ok("sns:Unsubscribe", &format!("SubscriptionArn={arn}"));
    assert_eq!(desk.world.subscriptions.size(), 0);
}

#[test]
fn an_old_token_confirms_nothing() {
    let mut desk = desk();
    subscribe(&mut desk, "http://a.example/");
    let wanted = format!("TopicArn={TOPIC}&Token={}", token(&desk));
    desk.call.now.0 += 3 * 24 * 3_600 * 1_000 + 1;
    assert_eq!(
        desk.fault("sns:ConfirmSubscription", &wanted).code,
        "InvalidParameter"
    );
    desk.call.now.0 -= 1;
    desk.ok("sns:ConfirmSubscription", &wanted);
}

#[test]
fn only_its_owner_ends_a_guarded_subscription() {
    let mut desk = desk();
    let arn = subscribe(&mut desk, "http://a.example/");
    let wanted = format!(
        "TopicArn={TOPIC}&Token={}&AuthenticateOnUnsubscribe=true",
        token(&desk)
    );
    desk.ok("sns:ConfirmSubscription", &wanted);
    let signed = std::mem::replace(&mut desk.call.arn, super::ANYONE.into());
    let fault = desk.fault("sns:Unsubscribe", &format!("SubscriptionArn={arn}"));
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("AuthorizationError", 403)
    );
    desk.call.arn = signed;
    desk.ok("sns:Unsubscribe", &format!("SubscriptionArn={arn}"));
}

#[test]
fn endpoints_are_judged() {
    let mut desk = desk();
    for (wanted, code) in [
        (
            "Protocol=http&Endpoint=https://a.example",
            "InvalidParameter",
        ),
        (
            "Protocol=https&Endpoint=http://a.example",
            "InvalidParameter",
        ),
        ("Protocol=http", "InvalidParameter"),
        ("Protocol=http&Endpoint=a.example", "InvalidParameter"),
        (
            "Protocol=http&Endpoint=http://a.example:25",
            "InvalidParameter",
        ),
        (
            "Protocol=http&Endpoint=http://127.0.0.1/",
            "InvalidParameter",
        ),
        (
            "Protocol=http&Endpoint=http://169.254.169.254/latest",
            "InvalidParameter",
        ),
        (
            "Protocol=http&Endpoint=http://10.0.0.1/",
            "InvalidParameter",
        ),
        (
            "Protocol=http&Endpoint=http://%5B::1%5D/",
            "InvalidParameter",
        ),
        (
            "Protocol=http&Endpoint=http://%5B::ffff:10.0.0.1%5D/",
            "InvalidParameter",
        ),
        (
            "Protocol=email&Endpoint=a@a.example",
            "UnsupportedOperation",
        ),
        ("Protocol=sqs&Endpoint=arn", "UnsupportedOperation"),
        ("Protocol=pigeon&Endpoint=x", "InvalidParameter"),
        (
            "Protocol=http&Endpoint=http://a.example&Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=%7B%7D",
            "UnsupportedOperation",
        ),
        (
            "Protocol=http&Endpoint=http://a.example&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=1",
            "InvalidParameter",
        ),
    ] {
        let fault = desk.fault("sns:Subscribe", &format!("TopicArn={TOPIC}&{wanted}"));
        assert_eq!(fault.code, code, "{wanted}");
    }
    assert!(desk.world.subscriptions.is_empty());
    subscribe(&mut desk, "http://8.8.8.8/");
}

#[test]
fn messages_are_judged() {
    let mut desk = desk();
    subscribe(&mut desk, "http://a.example/");
    confirm(&mut desk);
    let long = "x".repeat(256 * 1_024 + 1);
    let subject = "x".repeat(101);
    for (wanted, code) in [
        ("", "MissingParameter"),
        ("Message=", "InvalidParameter"),
        (&*format!("Message={long}"), "InvalidParameter"),
        (&*format!("Message=x&Subject={subject}"), "InvalidParameter"),
        ("Message=x&Subject=a%0Ab", "InvalidParameter"),
        ("Message=x&Subject=", "InvalidParameter"),
        ("Message=x&MessageStructure=json", "UnsupportedOperation"),
        ("Message=x&MessageGroupId=1", "UnsupportedOperation"),
        ("Message=x&PhoneNumber=1", "UnsupportedOperation"),
        (
            "Message=x&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String",
            "InvalidParameter",
        ),
        (
            "Message=x&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=Number&MessageAttributes.entry.1.Value.StringValue=one",
            "InvalidParameter",
        ),
        (
            "Message=x&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=Tree&MessageAttributes.entry.1.Value.StringValue=one",
            "UnsupportedOperation",
        ),
    ] {
        let fault = desk.fault("sns:Publish", &format!("TopicArn={TOPIC}&{wanted}"));
        assert_eq!(fault.code, code, "{wanted:.80}");
    }
    let both = format!("TopicArn={TOPIC}&TargetArn={TOPIC}&Message=x");
    assert_eq!(desk.fault("sns:Publish", &both).code, "InvalidParameter");
    let id = desk.make(
        "sns:Publish",
        &format!("TargetArn={TOPIC}&Subject=Hi&Message={}&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=one", "y".repeat(256 * 1_024 - 10)),
        "MessageId",
    );
    let delivery = desk.world.deliveries.values().next().unwrap();
    assert_eq!(delivery.id.uuid(), id);
    assert_eq!(delivery.attributes["a"].value, "one");
    assert_eq!(delivery.subject.as_deref(), Some("Hi"));
}

#[test]
fn an_account_has_only_so_many_messages_under_way() {
    let mut desk = desk();
    subscribe(&mut desk, "http://a.example/");
    confirm(&mut desk);
    for _ in 0..256 {
        desk.ok("sns:Publish", &format!("TopicArn={TOPIC}&Message=x"));
    }
    let fault = desk.fault("sns:Publish", &format!("TopicArn={TOPIC}&Message=x"));
    assert_eq!((fault.code.as_ref(), fault.status), ("Throttled", 429));
}

#[test]
fn lists_come_in_pages_of_a_hundred() {
    let mut desk = Desk::new();
    for number in 0..150 {
        desk.ok("sns:CreateTopic", &format!("Name=t{number}"));
    }
    let one = desk.ok("sns:ListTopics", "");
    let token = first(&one, "NextToken").unwrap();
    let two = desk.ok("sns:ListTopics", &format!("NextToken={token}"));
    let count = |text: &str| text.matches("<TopicArn>").count();
    assert_eq!((count(&one), count(&two)), (100, 50));
    assert_eq!(first(&two, "NextToken"), None);
    assert_eq!(
        desk.fault("sns:ListTopics", "NextToken=zz").code,
        "InvalidParameter"
    );
}

#[test]
fn a_full_topic_is_removed_in_one_transaction() {
    let mut desk = desk();
    for number in 0..MAX_SUBSCRIPTIONS {
        // The questions of an account count as messages under way, well below its limit.
        subscribe(&mut desk, &format!("http://a.example/{number}"));
    }
    let one_more = format!("TopicArn={TOPIC}&Protocol=http&Endpoint=http://b.example/");
    let fault = desk.fault("sns:Subscribe", &one_more);
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("SubscriptionLimitExceeded", 403)
    );
    let changes = 2 * MAX_SUBSCRIPTIONS + 1;
    assert!(changes <= revlog::MAX_OPERATIONS);
    desk.ok("sns:DeleteTopic", &format!("TopicArn={TOPIC}"));
    assert!(desk.world.topics.is_empty() && desk.world.subscriptions.is_empty());
    assert!(desk.world.deliveries.is_empty());
}

#[test]
fn tags_of_topics() {
    let mut desk = desk();
    let arn = format!("ResourceArn={TOPIC}");
    desk.ok("sns:TagResource", &format!("{arn}&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b&Tags.member.2.Value=2"));
    desk.ok("sns:UntagResource", &format!("{arn}&TagKeys.member.1=a"));
    let listed = desk.ok("sns:ListTagsForResource", &arn);
    assert!(listed.contains("<Key>b</Key><Value>2</Value>") && !listed.contains("<Key>a</Key>"));
    let found = desk.ok(
        "tagging:GetResources",
        r#"{"ResourceTypeFilters": ["sns"]}"#,
    );
    assert!(found.contains(TOPIC), "{found}");
    let reserved = format!("{arn}&Tags.member.1.Key=aws:x&Tags.member.1.Value=1");
    assert_eq!(
        desk.fault("sns:TagResource", &reserved).code,
        "InvalidParameter"
    );
}
