//! A second process, which serves sessions from a store or holds a lock. It is this test program, started again with
//! one ignored test.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use sealed_session::{
    Clock, FileStore, RedisPool, RedisRevocations, RedisStore, SessionConfig, SqliteStore, SystemClock,
};
use tokio::runtime::Runtime;

use crate::app;
use crate::server::PATIENCE;

const JOB: &str = "SEALED_SESSION_FAULT_JOB";

/// A process that is killed when this value is dropped.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(job: &str, place: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "process::main", "--ignored", "--nocapture", "--test-threads=1"])
            .env(JOB, format!("{job} {place}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits until the process says that it is ready, and returns what it says then.
    pub(crate) fn ready(&mut self) -> String {
        // All other lines come from the test harness.
        self.lines.find_map(|line| line.unwrap().strip_prefix("ready ").map(str::to_owned)).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "the other process of the tests here"]
fn main() {
    let Ok(job) = env::var(JOB) else { return };
    let (job, place) = job.split_once(' ').unwrap();
    // The test harness has written the name of this test, without an end of line.
    println!();
    let runtime = Runtime::new().unwrap();
    match job.split_once('-').unwrap() {
        ("serve", kind) => {
            // `redis+55` is a server over Redis whose clock is 55 seconds ahead.
            let (kind, ahead) = kind.split_once('+').unwrap_or((kind, "0"));
            let ahead = Duration::from_secs(ahead.parse().unwrap());
            let config = over(kind, place).clock(move || SystemClock.now().checked_add(ahead).unwrap());
            let port = app::start(&runtime, config.build().unwrap(), 6_000);
            println!("ready {port}");
        }
        ("lock", kind) => hold(kind, Path::new(place)),
        _ => panic!("no such job: {job}"),
    }
    loop {
        thread::park();
    }
}

/// The configuration that each server with this store has.
pub(crate) fn over(kind: &str, place: &str) -> SessionConfig {
    match kind {
        "file" => crate::config().store(FileStore::open(place).unwrap()),
        "sqlite" => crate::config().store(SqliteStore::open(Path::new(place).join("sessions.db")).unwrap()),
        "redis" => {
            let pool = RedisPool::open(place).unwrap().timeout(PATIENCE);
            crate::config().store(RedisStore::new(&pool)).revocations(RedisRevocations::new(&pool)).subject("user")
        }
        _ => panic!("no such store: {kind}"),
    }
}

/// Holds the lock of a store until the process is killed.
fn hold(kind: &str, folder: &Path) {
    if kind == "sqlite" {
        let database = rusqlite::Connection::open(folder.join("sessions.db")).unwrap();
        database.execute_batch("BEGIN EXCLUSIVE").unwrap();
        println!("ready locked");
        thread::park();
        drop(database);
    } else {
        let file = fs::File::open(folder.join(".lock")).unwrap();
        fs4::FileExt::lock(&file).unwrap();
        println!("ready locked");
        thread::park();
        drop(file);
    }
}
