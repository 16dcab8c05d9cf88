//! Which function carries out which operation of CloudTrail.

use super::route;

route! { Cloudtrail cloudtrail
}
