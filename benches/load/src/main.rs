//! Measures each placement of a session under load. Each has its own axum application on a loopback port, and clients
//! that keep their connections. The placements take turns. docs/performance.md explains the results, and the script
//! `run` of this package starts the servers that it needs.

mod application;
mod client;
mod disk;
mod placements;
mod processor;
mod report;
mod sessions;
mod slice;
mod tower_sessions;
mod wire;
#[path = "../../support/workloads.rs"]
mod workloads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use client::{Client, Tenth};
use placements::{COOKIE, Placement, Places};
use processor::Servers;
use report::{Row, percentile};
use sessions::CONTENTS;
use slice::Turn;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;
use tower_sessions::TowerSessions;

struct Options {
    folder: PathBuf,
    redis: String,
    redis_synced: String,
    /// The process numbers of both.
    redis_processes: Vec<u32>,
    /// The program of the folder `tower_sessions`. Without it those contestants are left out.
    tower_sessions: Option<PathBuf>,
    rounds: usize,
    slice: Duration,
    connections: usize,
    /// Texts of which a contestant's name must have one, unless there are none. [`COOKIE`] always takes part, since
    /// ratios are to it.
    only: Vec<String>,
    /// The machine and the date of the run, as a text for docs/performance.md.
    about: String,
    update: bool,
}

impl Options {
    fn takes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| name.contains(text))
    }
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("options: --folder F --redis URL --redis-synced URL; --rounds 32 --slice-ms 100 --connections 16");
        eprintln!("         --redis-process NUMBER, once for each, so that its processor time counts");
        eprintln!("         --tower-sessions PROGRAM --about TEXT --update");
        eprintln!("         --only TEXT, once or more: the contestants whose name has it, and the cookie");
        return ExitCode::FAILURE;
    };
    // The servers have one thread, and the clients have one. Files and SQLite have pools of threads besides.
    let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clients = Builder::new_current_thread().enable_all().build().unwrap();
    let Options { folder, redis, redis_synced, .. } = &options;
    let placements = server.block_on(placements::all(&Places { folder, redis, redis_synced }));
    let placements = match placements {
        Ok(placements) => placements,
        Err(error) => {
            eprintln!("a backend can't be had: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut served: Vec<_> = placements.into_iter().map(|placement| serve(placement, server.handle())).collect();
    let tower_sessions = options.tower_sessions.as_ref().map(|program| TowerSessions::start(program, folder, redis));
    served.extend(tower_sessions.iter().flat_map(TowerSessions::served));
    served.retain(|one| one.name == COOKIE || options.takes(&one.name));
    let others = tower_sessions.iter().map(TowerSessions::process).chain(options.redis_processes.iter().copied());
    let servers = Servers::new(others.collect());
    let text = clients.block_on(measure(&options, served, &servers));
    print!("{text}");
    if options.update {
        report::keep(&text);
    }
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options {
        folder: PathBuf::new(),
        redis: String::new(),
        redis_synced: String::new(),
        redis_processes: Vec::new(),
        tower_sessions: None,
        rounds: 32,
        slice: Duration::from_millis(100),
        connections: 16,
        only: Vec::new(),
        about: String::new(),
        update: false,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--folder" => options.folder = arguments.next()?.into(),
            "--redis" => options.redis = arguments.next()?,
            "--redis-synced" => options.redis_synced = arguments.next()?,
            "--redis-process" => options.redis_processes.push(arguments.next()?.parse().ok()?),
            "--tower-sessions" => options.tower_sessions = Some(arguments.next()?.into()),
            "--rounds" => options.rounds = arguments.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            "--slice-ms" => options.slice = Duration::from_millis(arguments.next()?.parse().ok()?),
            "--connections" => options.connections = arguments.next()?.parse().ok()?,
            "--only" => options.only.push(arguments.next()?),
            "--about" => options.about = arguments.next()?,
            "--update" => options.update = true,
            _ => return None,
        }
    }
    (options.folder.is_dir() && !options.redis.is_empty() && !options.redis_synced.is_empty()).then_some(options)
}

/// An application that is served.
struct Served {
    name: String,
    address: SocketAddr,
    keeps: bool,
    contents: usize,
}

/// A served application and its clients.
struct Contestant {
    name: String,
    contents: usize,
    clients: Vec<Client>,
}

/// Serves a placement.
fn serve(placement: Placement, server: &Handle) -> Served {
    let Placement { name, router, keeps, contents } = placement;
    let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).expect("there is a port");
    let address = listener.local_addr().expect("it has a number");
    server.spawn(async move { axum::serve(listener, router).await });
    Served { name: name.to_owned(), address, keeps, contents }
}

/// Begins the sessions of an application's clients.
async fn begin(served: Served, connections: usize) -> Contestant {
    let Served { name, address, keeps, contents } = served;
    let mut beginning = JoinSet::new();
    for number in 0..connections {
        beginning.spawn(Client::new(address, keeps, contents, number));
    }
    Contestant { name, contents, clients: beginning.join_all().await }
}

const MIXES: [(&str, Tenth); 2] = [
    ("9 of 10 requests read two values, the tenth nothing", Tenth::Untouched),
    ("9 of 10 requests read two values, the tenth writes one", Tenth::Writes),
];

async fn measure(options: &Options, served: Vec<Served>, servers: &Servers) -> String {
    let mut contestants = Vec::new();
    for one in served {
        contestants.push(begin(one, options.connections).await);
    }
    // Each table is of one content and one mix, and has a row for each contestant that can hold the content.
    let cells = (0..CONTENTS.len()).flat_map(|content| MIXES.map(|(title, tenth)| (content, title, tenth)));
    let mut tables: Vec<_> = cells
        .map(|(content, title, tenth)| {
            let held = contestants.iter().filter(|contestant| content < contestant.contents);
            let rows: Vec<_> = held.map(|one| Row::new(&one.name, one.clients[0].cookie_bytes(content))).collect();
            (content, title, tenth, rows)
        })
        .collect();
    let mut syncs = Vec::new();
    for round in 0..options.rounds {
        syncs.extend(disk::sync(&options.folder, SYNCS));
        for (content, _, tenth, rows) in &mut tables {
            let turn = Turn { content: *content, tenth: *tenth, warm_up: options.slice / 5, length: options.slice };
            let mut turns: Vec<_> = rows.iter_mut().collect();
            // The order alternates between forwards and backwards, so that no contestant always follows the same other.
            if round % 2 == 1 {
                turns.reverse();
            }
            for row in turns {
                let contestant = contestants.iter_mut().find(|one| one.name == row.name).expect("each row has one");
                row.add(slice::run(&mut contestant.clients, turn, servers).await, options.slice.as_secs_f64());
            }
        }
    }
    print(options, tables, syncs)
}

type Table = (usize, &'static str, Tenth, Vec<Row>);

fn print(options: &Options, mut tables: Vec<Table>, mut syncs: Vec<u64>) -> String {
    syncs.sort_unstable();
    let [typical, worst] = [50.0, 99.0].map(|percent| percentile(&syncs, percent) / 1e6);
    let (rounds, slice, connections) = (options.rounds, options.slice.as_millis(), options.connections);
    let mut text = format!(
        "{}. {connections} connections, {rounds} rounds of {slice} ms. To write and sync 4 KB on that disk took {typical:.2} ms (p50) \
         and {worst:.2} ms (p99).\n",
        options.about
    );
    // For each mix, the rates of the cookie's largest session so far. Tables of contents that no cookie can hold are
    // compared to them.
    let mut cookie: Vec<(Tenth, Vec<f64>)> = Vec::new();
    for (content, mix, tenth, rows) in &mut tables {
        if let Some(row) = rows.iter().find(|row| row.name == COOKIE) {
            cookie.retain(|(of, _)| of != tenth);
            cookie.push((*tenth, row.rates.clone()));
        }
        let (_, cookie) = cookie.iter().find(|(of, _)| of == tenth).expect("the first table has a cookie");
        text.push_str(&format!("\n{}", report::table(&report::title(*content, mix), rows, cookie)));
    }
    let short = |content: usize, tenth| {
        format!("{}, {}", CONTENTS[content].name, if tenth == Tenth::Writes { "one in ten writes" } else { "reads" })
    };
    let titled: Vec<_> = tables.iter().map(|(content, _, tenth, rows)| (short(*content, *tenth), &rows[..])).collect();
    text.push_str(&report::beside(&titled));
    text
}

/// The number of syncs that are timed in each round.
const SYNCS: usize = 20;
