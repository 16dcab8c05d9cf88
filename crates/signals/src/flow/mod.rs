//! Flow logs: from counted packets to lines.
//!
//! [`Field`] is the one catalogue of what a record can tell, [`Format`] a choice of fields,
//! [`Record`] one line before it is written, and [`Aggregator`] makes records of [`Sample`]s: what
//! passed or was refused at an interface since the last look. [`FlowLogSpec`] is what somebody
//! wants recorded.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>

mod aggregate;
mod field;
mod format;
mod record;
mod spec;
mod view;

pub use aggregate::{Aggregator, Batch, LAG_SECONDS, MAX_FLOWS};
pub use field::{Column, Field};
pub use format::{BadFormat, ENDPOINT_FORMAT, Format};
pub use record::{Action, Content, Counts, Direction, EndpointLeg, Flow, Record, recorded_flags};
pub use spec::{FlowLogSpec, Interface, Loss, Sample, Seen, Target, Watch};
pub use view::Growth;
