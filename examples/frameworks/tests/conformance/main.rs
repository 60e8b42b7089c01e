//! Tests every example over TCP, as a client sees it. Each check runs against each framework, and the table in
//! docs/frameworks.md shows the results.

mod checks;
mod client;
mod gaps;
mod server;
mod table;

use std::io::{self, Write};
use std::{env, thread};

use server::Framework;

const FRAMEWORKS: [Framework; 8] = [
    Framework { name: "axum", program: env!("CARGO_BIN_EXE_axum") },
    Framework { name: "actix-web", program: env!("CARGO_BIN_EXE_actix_web") },
    Framework { name: "rocket", program: env!("CARGO_BIN_EXE_rocket") },
    Framework { name: "poem", program: env!("CARGO_BIN_EXE_poem") },
    Framework { name: "salvo", program: env!("CARGO_BIN_EXE_salvo") },
    Framework { name: "warp", program: env!("CARGO_BIN_EXE_warp") },
    Framework { name: "hyper", program: env!("CARGO_BIN_EXE_hyper") },
    Framework { name: "tiny_http", program: env!("CARGO_BIN_EXE_tiny_http") },
];

#[test]
fn every_framework_passes_every_check_but_its_declared_gaps() {
    let (frameworks, checks) = (FRAMEWORKS.map(|framework| framework.name), checks::CHECKS.map(|check| check.name));
    let mut complaints = gaps::unknown(&frameworks, &checks);
    let columns = thread::scope(|scope| {
        let run = |framework| scope.spawn(move || checks::CHECKS.map(|check| (check.run)(framework)));
        let threads: Vec<_> = FRAMEWORKS.iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().expect("a check does not panic")).collect::<Vec<_>>()
    });
    for (framework, outcomes) in frameworks.iter().zip(&columns) {
        for (check, outcome) in checks.iter().zip(outcomes) {
            complaints.extend(gaps::complaint(framework, check, outcome));
        }
    }
    let table = table::markdown(&frameworks, &checks, &columns);
    // A test that passes does not show the output of `print!`, so the table is written to standard output directly.
    writeln!(io::stdout(), "\n{table}").expect("standard output takes the table");
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    table::keep(&table, env::var_os("UPDATE_TABLE").is_some());
}
