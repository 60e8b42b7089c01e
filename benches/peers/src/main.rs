//! Measures sealed-session, its floor and its peers side by side in one process; see README.md.

mod alloc;
mod alone;
mod chart;
mod content;
mod contestant;
mod contestants;
#[path = "../../support/floor.rs"]
mod floor;
mod goals;
mod http;
mod page;
mod report;
mod results;
#[path = "../../support/rounds.rs"]
mod rounds;
#[path = "../../support/workloads.rs"]
mod workloads;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use contestant::Case;
use page::{AWS_LC, Build};
use results::{Key, Measured, Results};

struct Options {
    /// The number of processes that measure, one after the other.
    launches: usize,
    rounds: usize,
    batch: Duration,
    /// Parts of the names of the contestants to measure. If it is empty, all are measured.
    only: Vec<String>,
    is_launch: bool,
    /// Other builds of this program, each with its name.
    also: Vec<(String, PathBuf)>,
    /// The machine and the date of the run, for docs/performance.md.
    about: String,
    /// True when the page and its picture are written.
    update: bool,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("options: --launches 7 --rounds 81 --batch-us 100 --only <part of a name>");
        eprintln!("         --also <name>=<program> --about <text> --update");
        return ExitCode::FAILURE;
    };
    if options.is_launch {
        measure(&options).write();
        return ExitCode::SUCCESS;
    }
    let own = std::env::current_exe().expect("this program has a path");
    let mut builds = vec![(Build { name: profile(), launches: Vec::new() }, own)];
    builds.extend(
        options.also.iter().map(|(name, path)| (Build { name: name.clone(), launches: Vec::new() }, path.clone())),
    );
    for _ in 0..options.launches {
        for (build, path) in &mut builds {
            build.launches.push(launch(path, &options));
        }
    }
    let builds: Vec<Build> = builds.into_iter().map(|(build, _)| build).collect();
    let Options { launches, rounds, batch, about, .. } = &options;
    let about = format!("{about} Medians of {launches} launches of {rounds} rounds of {} us.", batch.as_micros());
    if options.update {
        page::keep(&builds, &about);
    } else {
        report::print(&builds[0].launches, page::launches_of(&builds, AWS_LC));
        println!("{}", page::text(&builds, &about));
    }
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options {
        launches: 7,
        rounds: 81,
        batch: Duration::from_micros(100),
        only: Vec::new(),
        is_launch: false,
        also: Vec::new(),
        about: String::new(),
        update: false,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--launches" => options.launches = arguments.next()?.parse().ok()?,
            "--rounds" => options.rounds = arguments.next()?.parse().ok()?,
            "--batch-us" => options.batch = Duration::from_micros(arguments.next()?.parse().ok()?),
            "--only" => options.only.push(arguments.next()?),
            "--launch" => options.is_launch = true,
            "--also" => {
                let argument = arguments.next()?;
                let (name, path) = argument.split_once('=')?;
                options.also.push((name.to_owned(), path.into()));
            }
            "--about" => options.about = arguments.next()?,
            "--update" => options.update = true,
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

/// Runs this program, or another build of it, in a process of its own: the places of code and memory differ from
/// process to process, and change a result by some percent.
fn launch(program: &Path, options: &Options) -> Results {
    let mut command = Command::new(program);
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
