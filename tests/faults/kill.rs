//! A process that writes to a store is killed at any point.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use sealed_session::UnixTime;

use crate::stores::{KINDS, Kind, temporary_files};
use crate::worker::Worker;
use crate::{id, random_below, record, run};

const KILLS: u64 = 50;

#[test]
fn after_a_kill_at_any_point_every_acknowledged_record_is_whole_and_none_is_torn() {
    for kind in KINDS {
        check(kind);
    }
}

fn check(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    // Each record by its number, with its version. A version of 0 stands for no record.
    let mut kept: BTreeMap<u64, u64> = (0..20).map(|number| (number, 0)).collect();
    let (mut acknowledged, mut in_between, mut went_through, mut left_behind) = (0, 0, 0, 0);
    for round in 1..=KILLS {
        let mut worker = Worker::start("change", kind, folder.path(), round);
        thread::sleep(Duration::from_micros(random_below(80_000)));
        worker.kill();
        let mut doing = None;
        while let Some(words) = worker.next() {
            let (word, numbers) = Worker::numbers(&words);
            let [number, version] = numbers.try_into().unwrap();
            match word {
                "do" => doing = Some((number, version)),
                "done" => {
                    kept.insert(number, version);
                    doing = None;
                    acknowledged += 1;
                }
                _ => panic!("{words:?}"),
            }
        }
        assert!(!worker.wait());
        let store = kind.open(folder.path()).unwrap();
        for (number, version) in &mut kept {
            let loaded = run(store.load(id(0, *number))).unwrap();
            let is_of = |version: u64| loaded == (version > 0).then(|| record(version));
            if is_of(*version) {
                continue;
            }
            // The worker was killed within this change, so the record may have the old version or the new one, and must
            // be whole.
            let Some((_, next)) = doing.filter(|(doing, _)| doing == number) else {
                panic!("{kind:?}, round {round}: record {number} should be of version {version}");
            };
            assert!(is_of(next), "{kind:?}, round {round}: record {number} is neither of {version} nor of {next}");
            *version = next;
            went_through += 1;
        }
        in_between += u64::from(doing.is_some());
        let expected: Vec<_> = kept.iter().filter(|(_, version)| **version > 0).collect();
        let listed = run(store.all()).unwrap();
        assert_eq!(listed.len(), expected.len());
        assert!(expected.into_iter().all(|(number, version)| listed.contains(&(id(0, *number), record(*version)))));
        left_behind += temporary_files(folder.path());
        assert_eq!(run(store.cleanup_expired(UnixTime::MIN)), Ok(0));
        assert_eq!(temporary_files(folder.path()), 0);
    }
    println!(
        "{kind:?}: {KILLS} kills, {acknowledged} operations acknowledged and all kept; {in_between} killed in the middle, \
         of which {went_through} went through; {left_behind} files left behind and cleaned"
    );
    assert!(in_between > KILLS / 4, "kills should come in the middle of operations");
}
