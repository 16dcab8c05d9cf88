//! Forms and the requests of all services that read them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    aws::fuzzing::query(data);
});
