"""Topics, as far as connection notifications need them."""

import http.server
import json
import queue
import threading

from lab import case, refused


@case
def topics(lab):
    tenant = lab.tenant()
    sns = tenant.sns
    arn = sns.create_topic(Name="alerts", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    assert arn == f"arn:aws:sns:us-east-1:{tenant.account}:alerts", arn
    assert sns.create_topic(Name="alerts", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"] == arn
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Alerts")
    told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert told["DisplayName"] == "Alerts" and told["Owner"] == tenant.account and told["Policy"], told
    assert [one["TopicArn"] for one in sns.list_topics()["Topics"]] == [arn]
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert sns.publish(TopicArn=arn, Subject="hello", Message="world")["MessageId"]
    sns.delete_topic(TopicArn=arn)
    refused(("NotFound", "NotFoundException"), sns.get_topic_attributes, TopicArn=arn)


@case
def subscriptions(lab):
    sns = lab.tenant().sns
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    made = sns.subscribe(
        TopicArn=arn, Protocol="https", Endpoint="https://hooks.example.com/in", ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    told = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert told[0]["SubscriptionArn"] in ("PendingConfirmation", made), told
    sns.list_subscriptions()
    assert sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]["PendingConfirmation"] == "true"
    sns.set_subscription_attributes(
        SubscriptionArn=made, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    refused(
        ("InvalidParameter", "NotFound", "InvalidParameterException"),
        sns.confirm_subscription, TopicArn=arn, Token="0" * 64,
    )
    sns.unsubscribe(SubscriptionArn=made)


@case
def confirmation(lab):
    """A subscriber agrees with the token that it was sent (`--allow-notify` lets it be here)."""
    letters = queue.Queue()

    class Subscriber(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            letters.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Subscriber)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        sns = lab.tenant().sns
        arn = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/in")
        letter = letters.get(timeout=20)
        assert letter["Type"] == "SubscriptionConfirmation" and letter["TopicArn"] == arn, letter
        made = sns.confirm_subscription(TopicArn=arn, Token=letter["Token"])["SubscriptionArn"]
        told = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        assert [one["SubscriptionArn"] for one in told] == [made], told
        sns.publish(TopicArn=arn, Message="hello")
        assert letters.get(timeout=20)["Message"] == "hello"
    finally:
        server.shutdown()
