//! Measures sealed-session, its floor and its peers side by side in one process; see README.md.

mod alloc;
mod alone;
mod contestant;
mod contestants;
#[path = "../../support/floor.rs"]
mod floor;
mod goals;
mod http;
mod report;
mod results;
#[path = "../../support/rounds.rs"]
mod rounds;
#[path = "../../support/workloads.rs"]
mod workloads;

use std::process::{Command, ExitCode};
use std::time::Duration;

use contestant::Case;
use results::{Key, Measured, Results};

struct Options {
    /// The number of processes that measure, one after the other.
    launches: usize,
    rounds: usize,
    batch: Duration,
    /// Parts of the names of the contestants to measure. If it is empty, all are measured.
    only: Vec<String>,
    is_launch: bool,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("options: --launches 7 --rounds 81 --batch-us 100 --only <part of a name>");
        return ExitCode::FAILURE;
    };
    if options.is_launch {
        measure(&options).write();
    } else {
        let launches: Vec<Results> = (0..options.launches).map(|_| launch(&options)).collect();
        let Options { launches: count, rounds, batch, .. } = &options;
        println!("Medians of {count} launches of {rounds} rounds of {} us; {} build.\n", batch.as_micros(), profile());
        report::print(&launches);
        goals::print(&launches, profile() == "one-unit");
    }
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options =
        Options { launches: 7, rounds: 81, batch: Duration::from_micros(100), only: Vec::new(), is_launch: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--launches" => options.launches = arguments.next()?.parse().ok()?,
            "--rounds" => options.rounds = arguments.next()?.parse().ok()?,
            "--batch-us" => options.batch = Duration::from_micros(arguments.next()?.parse().ok()?),
            "--only" => options.only.push(arguments.next()?),
            "--launch" => options.is_launch = true,
            _ => return None,
        }
    }
    Some(options)
}

/// Returns the name of the build's profile: cargo names the folder of the program after it.
fn profile() -> String {
    let path = std::env::current_exe().unwrap();
    path.parent().and_then(|folder| folder.file_name()).unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs this program again in a process of its own: the places of code and memory differ from process to process, and
/// change a result by some percent.
fn launch(options: &Options) -> Results {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--launch", "--rounds", &options.rounds.to_string()]);
    command.args(["--batch-us", &options.batch.as_micros().to_string()]);
    command.args(options.only.iter().flat_map(|name| ["--only", name]));
    let output = command.stderr(std::process::Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "a launch failed");
    Results::read(&String::from_utf8(output.stdout).unwrap())
}

fn measure(options: &Options) -> Results {
    let contestants = contestants::all();
    let is_asked = |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part));
    let contestants: Vec<_> = contestants.iter().map(AsRef::as_ref).filter(|one| is_asked(one.name())).collect();
    let mut cases: Vec<(Key, Case)> = Vec::new();
    for workload in &workloads::WORKLOADS {
        let mut of_workload = Vec::new();
        for contestant in &contestants {
            let keyed = |case: Case| (Key::new(contestant.name(), case.what.title(), workload.name), case);
            of_workload.extend(contestant.cases(workload).into_iter().map(keyed));
        }
        // Cases that are compared run next to each other.
        of_workload.sort_by_key(|(_, case)| case.what);
        cases.extend(of_workload);
    }
    let mut results = Results::default();
    let (mut calls, mut measured) = (Vec::new(), Vec::new());
    for (key, mut case) in cases {
        measured.push((key, alloc::per_call(&mut case.call), case.bytes));
        calls.push(case.call);
    }
    let times = rounds::medians(&mut calls, options.rounds, options.batch);
    for ((key, allocations, bytes), ns) in measured.into_iter().zip(times) {
        results.put(key, Measured { ns, allocations, bytes });
    }
    alone::measure(&contestants, options.rounds, options.batch, &mut results);
    results
}
