//! The check as a program, for WASI, which has a clock and random numbers of its own, and for any other system.

use std::process::ExitCode;

use sealed_session::{Clock, SystemClock};
use sealed_session_edge::{vectors, walk};

fn main() -> ExitCode {
    let operations = walk::every_operation().map_err(|failed| failed.to_string());
    let clock = match SystemClock.now().as_secs() {
        now if now > 1_700_000_000 => Ok("the system's clock runs".to_owned()),
        now => Err(format!("the system's clock says {now}")),
    };
    let mut code = ExitCode::SUCCESS;
    for result in [vectors::check(), operations, clock] {
        match result {
            Ok(passed) => println!("{passed}"),
            Err(failed) => {
                println!("FAILED: {failed}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
