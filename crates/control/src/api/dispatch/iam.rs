//! Which function carries out which operation of IAM.

use super::route;

route! { Iam iam
}
