//! Several processes write to one store at the same time.

use std::collections::BTreeMap;

use sealed_session::{Record, Save, SessionStore, UnixTime};

use crate::stores::{KINDS, Kind, temporary_files};
use crate::worker::Worker;
use crate::{id, record, run};

pub(crate) const WORKERS: u64 = 2;

pub(crate) const STEPS: u64 = 150;

#[test]
fn what_two_processes_at_one_store_had_acknowledged_is_all_kept() {
    for kind in KINDS {
        check(kind);
    }
}

fn check(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let store = kind.open(folder.path()).unwrap();
    for step in 0..STEPS {
        assert!(run(store.save(id(2, step), &record(1), Save::Create)).unwrap());
    }
    assert!(run(store.save(id(3, 0), &counter(0, 0), Save::Create)).unwrap());
    let mut workers: Vec<_> = (0..WORKERS).map(|number| Worker::start("share", kind, folder.path(), number)).collect();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut winners: BTreeMap<u64, u64> = BTreeMap::new();
    for (worker, number) in workers.iter_mut().zip(0..) {
        while let Some(words) = worker.next() {
            let (word, numbers) = Worker::numbers(&words);
            let [step] = numbers.try_into().unwrap();
            *counts.entry(word.to_owned()).or_default() += 1;
            if word == "won" {
                assert_eq!(winners.insert(step, number), None, "{kind:?}: two created record {step}");
            }
        }
        assert!(worker.wait());
    }
    let version = |worker: u64, step: u64| worker * 1_000_000 + step + 1;
    let mut expected = 0;
    for step in 0..STEPS {
        for worker in 0..WORKERS {
            let own = (!step.is_multiple_of(3)).then(|| record(version(worker, step) + 1));
            expected += usize::from(own.is_some());
            assert_eq!(run(store.load(id(10 + worker, step))), Ok(own));
        }
        assert_eq!(run(store.load(id(1, step))), Ok(Some(record(version(winners[&step], step)))));
        assert_eq!(run(store.load(id(2, step))), Ok(None), "{kind:?}: an update revived record {step}");
    }
    let counted = run(store.load(id(3, 0))).unwrap().unwrap();
    assert_eq!(count_of(&counted), WORKERS * STEPS, "{kind:?}: a count was lost");
    assert_eq!(run(store.all()).unwrap().len(), expected + winners.len() + 1);
    assert_eq!(temporary_files(folder.path()), 0);
    let total: u64 = counts.values().sum();
    println!("{kind:?}: {WORKERS} processes, {total} operations acknowledged and all kept: {counts:?}");
    assert_eq!([counts["created"], counts["updated"], counts["won"]], [STEPS * WORKERS, STEPS * WORKERS, STEPS]);
}

/// Reads a record that all workers count in and replaces it by the next. Says whether nobody else was faster.
pub(crate) fn count_up(store: &dyn SessionStore, worker: u64) -> bool {
    let found = run(store.load(id(3, 0))).unwrap().unwrap();
    let next = counter(count_of(&found) + 1, worker);
    run(store.save(id(3, 0), &next, Save::Replace(found.tag()))).unwrap()
}

fn counter(count: u64, worker: u64) -> Record {
    Record::new([count.to_be_bytes(), worker.to_be_bytes()].concat(), UnixTime::MAX)
}

fn count_of(record: &Record) -> u64 {
    u64::from_be_bytes(*record.bytes().first_chunk().unwrap())
}

#[test]
fn a_store_that_was_opened_by_a_relative_path_stays_where_it_is_when_the_process_goes_elsewhere() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let sessions = folder.path().join("sessions");
        std::fs::create_dir(&sessions).unwrap();
        assert!(Worker::start("move", kind, folder.path(), 0).wait(), "{kind:?}");
        assert_eq!(run(kind.open(&sessions).unwrap().load(id(0, 1))), Ok(Some(record(1))));
    }
}
