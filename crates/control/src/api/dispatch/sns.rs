//! Which function carries out which operation of SNS.

use super::route;

route! { Sns sns
}
