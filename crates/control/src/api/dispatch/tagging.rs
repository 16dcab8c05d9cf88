//! Which function carries out which operation of the Resource Groups Tagging API.

use super::route;

route! { Tagging tagging
}
