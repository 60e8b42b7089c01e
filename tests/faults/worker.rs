//! A second process that works on a store. It is this test program, started again with one ignored test. It writes to
//! its standard output what it is about to do, and what the store acknowledged.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, thread};

use sealed_session::{Save, SessionId, SessionStore};

use crate::stores::Kind;
use crate::{id, record, run};

const JOB: &str = "SEALED_SESSION_FAULT_JOB";

/// A worker process. Its job is one of those in `main`.
pub(crate) struct Worker {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    pub(crate) fn start(job: &str, kind: Kind, folder: &Path, number: u64) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "worker::main", "--ignored", "--nocapture", "--test-threads=1"])
            .env(JOB, format!("{job} {} {number} {}", kind.word(), folder.to_str().unwrap()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut worker = Self { child, lines };
        while worker.next().unwrap() != ["ready"] {}
        worker
    }

    /// The words of the next line that the worker writes, or `None` when it has ended.
    pub(crate) fn next(&mut self) -> Option<Vec<String>> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // A kill may cut the last line, which then has no end. All lines without the prefix come from the test
            // harness.
            if let Some(words) = line.strip_prefix("worker: ").and_then(|words| words.strip_suffix('\n')) {
                return Some(words.split(' ').map(str::to_owned).collect());
            }
        }
    }

    pub(crate) fn numbers(words: &[String]) -> (&str, Vec<u64>) {
        let (word, numbers) = words.split_first().unwrap();
        (word, numbers.iter().map(|number| number.parse().unwrap()).collect())
    }

    /// Sends SIGKILL, so that the worker can do nothing more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub(crate) fn wait(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

#[test]
#[ignore = "the other process of the tests here"]
fn main() {
    let Ok(job) = env::var(JOB) else { return };
    let [job, kind, number, folder] = job.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let (kind, number, folder) = (Kind::from_word(kind), number.parse().unwrap(), Path::new(folder));
    // The test harness has written the name of this test, without an end of line.
    println!();
    match job {
        "change" => change(kind, number, folder),
        "share" => share(kind, number, folder),
        "lock" => lock(kind, folder),
        "move" => move_away(kind, folder),
        _ => panic!("no such job: {job}"),
    }
}

/// Writes and deletes 20 records by turns, until the process is killed.
fn change(kind: Kind, round: u64, folder: &Path) {
    let store = kind.open(folder).unwrap();
    println!("worker: ready");
    for step in 1_u64.. {
        let number = step.wrapping_mul(13) % 20;
        let version = if (step + round).is_multiple_of(5) { 0 } else { round * 1_000_000 + step };
        println!("worker: do {number} {version}");
        let id = id(0, number);
        if version == 0 {
            run(store.delete(id)).unwrap();
        } else {
            let found = run(store.load(id)).unwrap();
            let save = found.map_or(Save::Create, |found| Save::Replace(found.tag()));
            assert!(run(store.save(id, &record(version), save)).unwrap(), "nobody else writes");
        }
        println!("worker: done {number} {version}");
    }
}

/// Works on records of its own, and on some that all the workers share.
fn share(kind: Kind, worker: u64, folder: &Path) {
    let store = kind.open(folder).unwrap();
    println!("worker: ready");
    let version = |step: u64| worker * 1_000_000 + step + 1;
    for step in 0..crate::share::STEPS {
        let own = id(10 + worker, step);
        assert!(run(store.save(own, &record(version(step)), Save::Create)).unwrap());
        println!("worker: created {step}");
        let replace = Save::Replace(record(version(step)).tag());
        assert!(run(store.save(own, &record(version(step) + 1), replace)).unwrap());
        println!("worker: updated {step}");
        if step.is_multiple_of(3) {
            run(store.delete(own)).unwrap();
            println!("worker: deleted {step}");
        }
        if run(store.save(id(1, step), &record(version(step)), Save::Create)).unwrap() {
            println!("worker: won {step}");
        }
        while !crate::share::count_up(&*store, worker) {}
        println!("worker: counted {step}");
        if step % crate::share::WORKERS == worker {
            run(store.delete(id(2, step))).unwrap();
            println!("worker: removed {step}");
        } else if touch(&*store, id(2, step), version(step)) {
            println!("worker: touched {step}");
        }
    }
}

/// Replaces a record as often as others are faster. Says whether it was there.
fn touch(store: &dyn SessionStore, id: SessionId, version: u64) -> bool {
    while let Some(found) = run(store.load(id)).unwrap() {
        if run(store.save(id, &record(version), Save::Replace(found.tag()))).unwrap() {
            return true;
        }
    }
    false
}

/// Opens the store in the folder by a relative path, and works on it after the process has changed its working
/// directory.
fn move_away(kind: Kind, folder: &Path) {
    env::set_current_dir(folder).unwrap();
    let store = kind.open(Path::new("sessions")).unwrap();
    env::set_current_dir("/").unwrap();
    println!("worker: ready");
    assert_eq!(run(store.save(id(0, 1), &record(1), Save::Create)), Ok(true));
    assert_eq!(run(store.load(id(0, 1))), Ok(Some(record(1))));
    assert!(run(store.is_healthy()));
}

/// Holds the lock until it is killed.
fn lock(kind: Kind, folder: &Path) {
    let path = kind.path(folder);
    let database;
    let file;
    match kind {
        Kind::File => {
            file = std::fs::File::open(path).unwrap();
            fs4::FileExt::try_lock(&file).unwrap();
        }
        Kind::Sqlite => {
            database = rusqlite::Connection::open(path).unwrap();
            database.execute_batch("BEGIN IMMEDIATE; DELETE FROM sessions").unwrap();
        }
    }
    println!("worker: ready");
    loop {
        thread::park();
    }
}
