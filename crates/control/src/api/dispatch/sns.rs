//! Which function carries out which operation of SNS.

use super::route;
use crate::api::sns::{publish, subscription, tags, topic};

route! { Sns sns
    // topic
    write CreateTopic topic::create;
    done DeleteTopic topic::delete;
    read ListTopics topic::list;
    read GetTopicAttributes topic::attributes;
    done SetTopicAttributes topic::set_attributes;
    // subscription
    write Subscribe subscription::subscribe;
    write ConfirmSubscription subscription::confirm;
    done Unsubscribe subscription::unsubscribe;
    read ListSubscriptions subscription::list;
    read ListSubscriptionsByTopic subscription::list_by_topic;
    read GetSubscriptionAttributes subscription::attributes;
    done SetSubscriptionAttributes subscription::set_attributes;
    // publish
    write Publish publish::publish;
    // tags
    read ListTagsForResource tags::list;
    write TagResource tags::tag;
    write UntagResource tags::untag;
}
