//! Keeps a server with sessions under a mixed load for many minutes, and says whether its memory, its descriptors and
//! its latencies stayed as they were. docs/soak.md explains the results, and the script `run` of this package starts
//! the servers that it needs.
//!
//! The server is this program, started again as a process of its own, so that what is counted there is the server's
//! alone.

#[path = "../../load/src/application.rs"]
#[expect(dead_code, reason = "the contestants of benches/load have another way to write")]
mod application;
mod browser;
#[path = "../../load/src/disk.rs"]
mod disk;
mod minute;
mod options;
mod places;
mod probe;
mod process;
mod random;
mod server;
#[path = "../../load/src/sessions.rs"]
#[expect(dead_code, reason = "benches/load prints more of them")]
mod sessions;
mod tally;
mod verdict;
mod visitors;
#[path = "../../load/src/wire.rs"]
mod wire;
#[path = "../../support/workloads.rs"]
mod workloads;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use minute::Minute;
use options::Options;
use probe::Probe;
use process::ServerProcess;
use tally::Tally;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use visitors::Visitors;
use wire::Wire;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(command) = arguments.next() else { return usage() };
    if command == "serve" {
        return server::main(arguments);
    }
    let Some(options) = Options::read(std::iter::once(command).chain(arguments)) else { return usage() };
    println!("{}", options.about);
    let server = ServerProcess::start(&options.place);
    // The clients have one thread, as in benches/load.
    let clients = Builder::new_current_thread().enable_all().build().unwrap();
    let minutes = clients.block_on(soak(&options, &server));
    if verdict::print(&minutes) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("usage: [--minutes 20] [--rate 400] [--connections 16] [--about TEXT] PLACE");
    eprintln!("       PLACE is one of: cookie | memory | sqlite FOLDER | redis URL CA_FILE SOCKET");
    ExitCode::FAILURE
}

async fn soak(options: &Options, server: &ServerProcess) -> Vec<Minute> {
    let (tally, spin, disk) = (Tally::default(), Probe::spin(), options.place.folder().map(Probe::disk));
    let begin = Instant::now();
    let end = begin + options.minutes * MINUTE;
    let mut clients = JoinSet::new();
    let period = Duration::from_secs(options.connections.into()) / options.rate;
    for number in 0..options.connections {
        // Requests of different connections don't fall together.
        let due = begin + period * number / options.connections;
        clients.spawn(drive(Visitors::new(server.address, number).await, due, period, end, tally.clone()));
    }
    let mut minutes: Vec<Minute> = Vec::new();
    let (mut samples, mut to_server) = (Vec::new(), Wire::connect(server.address).await);
    println!("{}", Minute::HEAD);
    for second in 1..=60 * options.minutes {
        sleep_until((begin + second * Duration::from_secs(1)).into()).await;
        samples.push(server.sample(&mut to_server).await);
        if second.is_multiple_of(60) {
            let probes = [spin.take(), disk.as_ref().map_or_else(Vec::new, Probe::take)];
            let minute = Minute::new(&std::mem::take(&mut samples), tally.take(), probes, server.entries().await);
            println!("{}", minute.line(minutes.len() + 1));
            minutes.push(minute);
        }
    }
    while let Some(client) = clients.join_next().await {
        client.expect("no client failed");
    }
    minutes
}

/// Sends a request each `period`. A request that is due while the one before it is not answered is sent as soon as it
/// can be, and its time counts from when it was due: nobody who waits is left out.
async fn drive(mut visitors: Visitors, mut due: Instant, period: Duration, end: Instant, tally: Tally) {
    while due < end {
        let mut begun = due;
        if Instant::now() < due {
            sleep_until(due.into()).await;
            begun = Instant::now();
        }
        let answered = visitors.request().await;
        tally.add(begun.elapsed(), answered);
        due += period;
    }
}

const MINUTE: Duration = Duration::from_secs(60);
