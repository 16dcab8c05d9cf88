//! The `ginnel` binary.

use std::process::ExitCode;

/// The C library's allocator slows down as the heap grows: at 100,000 endpoints one small read
/// took half as long again as at 100. This one does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ginnel::main()
}
