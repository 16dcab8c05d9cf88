//! Which function carries out which operation of the Resource Groups Tagging API.

use super::route;
use crate::api::tagging;

route! { Tagging tagging
    read GetResources tagging::resources;
    read GetTagKeys tagging::keys;
    read GetTagValues tagging::values;
}
