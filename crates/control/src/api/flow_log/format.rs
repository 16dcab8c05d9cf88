//! The fields of a flow log's records: the catalogue is `signals::flow`'s.

use aws::Fault;
use signals::flow::Format;

use super::mismatch;

/// Reads LogFormat; gives it as it was written.
pub(super) fn read(text: Option<&str>) -> Result<String, Fault> {
    let Some(text) = text else {
        return Ok(Format::default().to_string());
    };
    match Format::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(bad) => Err(mismatch(bad.to_string())),
    }
}
