//! Decides: the API in front of the World, and the only writer of the log.
//!
//! A request's way: [`http`](self) → authenticate → decode (room `aws`) → authorize → a pure
//! handler in `api/` → `commit` → reply. `feed` makes the World from the log at start, `relay`
//! hands hosts their documents and takes their reports, `settle` draws the consequences.
//! Never here: the kernel. Start reading at `api/mod.rs`.

mod api;
mod audit;
mod authenticate;
mod authorize;
#[cfg(test)]
mod bad_input;
mod commit;
mod dev;
mod feed;
mod flow_logs;
mod http;
mod observe;
mod open;
mod regions;
mod relay;
mod secret;
mod serve;
mod session;
mod settle;
mod unsigned;
mod upgrade;
mod worker;

pub use audit::offline::{Verified, export, search, verify};
pub use audit::trail::Damage;
pub use open::{Config, Control, Error, FirstKey};
pub use regions::{MakeRegion, Regions};
pub use relay::{CaptureCall, NamespaceCheck};
