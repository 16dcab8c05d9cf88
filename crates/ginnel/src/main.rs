//! The `ginnel` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ginnel::main()
}
