//! Which function carries out which operation of Service Quotas.

use super::route;

route! { Quotas quotas
}
