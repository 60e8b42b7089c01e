//! `SqliteRevocations`: the suite that every list passes, and the rules that only this list has.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on as run;
use rusqlite::Connection;
use sealed_session::testing::{TestClock, check_revocations, check_store};
use sealed_session::{
    BackendError, BackendErrorKind, Clock, Generation, Known, Mark, Only, Record, Revocations, Save, SessionStore,
    SqliteRevocations, SqliteStore, SystemClock, UnixTime,
};
use tempfile::TempDir;

use crate::helpers::{START, at, id};

const FIRST: Generation = Generation::from_bytes([1; 8]);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    (folder, path)
}

fn kind<T: std::fmt::Debug>(answer: Result<T, BackendError>) -> BackendErrorKind {
    answer.unwrap_err().kind()
}

/// The number of entries in both tables.
fn count(path: &PathBuf) -> i64 {
    let count = "SELECT (SELECT count(*) FROM marks) + (SELECT count(*) FROM generations)";
    Connection::open(path).unwrap().query_row(count, [], |row| row.get(0)).unwrap()
}

#[test]
fn it_keeps_to_every_rule_in_a_database_of_its_own_and_in_that_of_a_store() {
    let (_folder, path) = folder();
    run(check_revocations(&SqliteRevocations::open(&path).unwrap(), SystemClock.now()));
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let list = SqliteRevocations::beside(&store).unwrap().clock(TestClock::fixed(at(START)));
    run(check_revocations(&list, at(START)));
}

#[test]
fn a_store_keeps_to_every_rule_in_the_database_of_a_list() {
    let (folder, _) = folder();
    let made = std::cell::Cell::new(0);
    run(check_store(async || {
        made.set(made.get() + 1);
        let path = folder.path().join(format!("{}.db", made.get()));
        let list = SqliteRevocations::open(&path).unwrap();
        list.revoke(id(1), Mark::Ended, UnixTime::MAX).await.unwrap();
        SqliteStore::open(path).unwrap()
    }));
}

#[test]
fn a_revocation_is_there_for_every_list_of_the_database_and_after_a_restart() {
    let (_folder, path) = folder();
    let (one, other) = (SqliteRevocations::open(&path).unwrap(), SqliteRevocations::open(&path).unwrap());
    assert_eq!(run(one.revoke(id(1), Mark::Became(id(2)), UnixTime::MAX)), Ok(Mark::Became(id(2))));
    assert_eq!(run(other.revoke_subject("42", Only::Any, FIRST, UnixTime::MAX)), Ok(true));
    let both = Known::new(Some(Mark::Became(id(2))), Some(FIRST));
    for list in [&one, &other] {
        assert_eq!(run(list.look(Some(id(1)), Some("42"))), Ok(both));
    }
    drop((one, other));
    assert_eq!(run(SqliteRevocations::open(&path).unwrap().look(Some(id(1)), Some("42"))), Ok(both));
}

#[test]
fn a_list_and_a_store_in_one_database_leave_each_other_alone() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let record = Record::new(vec![1], at(START));
    assert_eq!(run(store.save(id(1), &record, Save::Create)), Ok(true));
    // One list over the store's connections, and another one as a second process would open it.
    for (list, number) in [(SqliteRevocations::beside(&store), 10), (SqliteRevocations::open(&path), 20)] {
        let list = list.unwrap();
        assert_eq!(run(list.look(Some(id(1)), None)), Ok(Known::default()), "a record is no mark");
        run(list.revoke(id(number), Mark::Ended, UnixTime::MAX)).unwrap();
        assert_eq!(run(store.load(id(1))), Ok(Some(record.clone())));
        assert_eq!(run(store.load(id(number))), Ok(None), "a mark is no record");
    }
    run(store.clear()).unwrap();
    let list = SqliteRevocations::beside(&store).unwrap();
    let marks = [10, 20].map(|number| run(list.look(Some(id(number)), None)).unwrap().mark);
    assert_eq!(marks, [Some(Mark::Ended); 2], "to clear a store forgets no revocation");
}

#[test]
fn a_database_has_the_tables_of_a_list_only_where_a_list_was_opened() {
    let version = |path: &PathBuf| {
        Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(version(&path), 1, "so that an earlier release of the crate can open it after a rollback");
    SqliteRevocations::beside(&store).unwrap();
    assert_eq!(version(&path), 2);
    SqliteStore::open(&path).unwrap();
    assert_eq!(version(&path), 2);
}

#[test]
fn entries_go_by_themselves_and_none_before_its_time() {
    let (_folder, path) = folder();
    let clock = TestClock::fixed(at(START));
    let list = SqliteRevocations::open(&path).unwrap().clock(clock.clone());
    for number in 0..60 {
        run(list.revoke(id(number), Mark::Ended, at(START + 10))).unwrap();
        run(list.revoke_subject(&number.to_string(), Only::Any, FIRST, at(START + 10))).unwrap();
    }
    clock.set(at(START + 9));
    run(list.revoke(id(100), Mark::Ended, at(START + 1_000))).unwrap();
    assert_eq!(count(&path), 121, "a second before their time all are there");
    clock.set(at(START + 10));
    // Each revocation removes eight of each table, so that eight of them remove sixty of each.
    for number in 101..109 {
        run(list.revoke(id(number), Mark::Ended, at(START + 1_000))).unwrap();
    }
    assert_eq!(count(&path), 9);
    let live = (100..109).map(|number| run(list.look(Some(id(number)), None)).unwrap().mark);
    assert!(live.into_iter().all(|mark| mark == Some(Mark::Ended)));
}

#[test]
fn while_another_writes_it_looks_and_says_of_all_else_that_it_is_unavailable() {
    let (_folder, path) = folder();
    let list = SqliteRevocations::open(&path).unwrap().busy_timeout(Duration::ZERO).unwrap();
    run(list.revoke(id(1), Mark::Ended, UnixTime::MAX)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(run(list.look(Some(id(1)), None)), Ok(Known::new(Some(Mark::Ended), None)));
    assert_eq!(kind(run(list.revoke(id(2), Mark::Ended, UnixTime::MAX))), BackendErrorKind::Unavailable);
    assert_eq!(kind(run(list.revoke_subject("42", Only::Any, FIRST, UnixTime::MAX))), BackendErrorKind::Unavailable);
    assert!(!run(list.is_healthy()), "a logout could not be recorded now");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(run(list.is_healthy()));
    assert_eq!(run(list.look(Some(id(2)), Some("42"))), Ok(Known::default()), "what failed was not done");
    run(list.revoke(id(2), Mark::Ended, UnixTime::MAX)).unwrap();
}

#[test]
fn an_entry_that_no_list_wrote_is_corrupt_and_not_taken_for_none() {
    let (_folder, path) = folder();
    let list = SqliteRevocations::open(&path).unwrap();
    let database = Connection::open(&path).unwrap();
    database.execute_batch("PRAGMA ignore_check_constraints = 1").unwrap();
    database.execute("INSERT INTO marks VALUES (?1, x'01', 9)", [id(1).to_bytes()]).unwrap();
    database.execute("INSERT INTO generations VALUES ('42', x'0102', 9)", []).unwrap();
    assert_eq!(kind(run(list.look(Some(id(1)), None))), BackendErrorKind::Corrupt);
    assert_eq!(kind(run(list.look(None, Some("42")))), BackendErrorKind::Corrupt);
}

#[test]
fn threads_with_a_list_each_agree_which_mark_stands_and_who_replaced_a_generation() {
    let (_folder, path) = folder();
    let path = &path;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u8)
            .map(|thread| {
                scope.spawn(move || {
                    let list = SqliteRevocations::open(path).unwrap();
                    let to = Generation::from_bytes([thread; 8]);
                    (0..25_u64)
                        .map(|round| {
                            let mark = Mark::Became(id(1_000 + u64::from(thread)));
                            let stands = run(list.revoke(id(round), mark, UnixTime::MAX)).unwrap();
                            let subject = round.to_string();
                            let done = run(list.revoke_subject(&subject, Only::Of(None), to, UnixTime::MAX)).unwrap();
                            (stands, done)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let told: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        for round in 0..25 {
            let answers: Vec<_> = told.iter().map(|told| told[round]).collect();
            assert!(answers.iter().all(|(stands, _)| *stands == answers[0].0), "{answers:?}");
            assert_eq!(answers.iter().filter(|(_, done)| *done).count(), 1, "{answers:?}");
        }
    });
}

#[test]
fn to_ask_for_its_health_leaves_no_entry_and_takes_none_away() {
    let (_folder, path) = folder();
    let list = SqliteRevocations::open(&path).unwrap();
    assert!(run(list.is_healthy()));
    assert_eq!(count(&path), 0);
    run(list.revoke(id(1), Mark::Ended, UnixTime::MAX)).unwrap();
    assert!(run(list.is_healthy()));
    assert_eq!(run(list.look(Some(id(1)), None)), Ok(Known::new(Some(Mark::Ended), None)));
}

#[test]
fn debug_shows_the_path_and_no_entry() {
    let (_folder, path) = folder();
    let list = SqliteRevocations::open(&path).unwrap();
    assert_eq!(format!("{list:?}"), format!("SqliteRevocations {{ path: {path:?}, .. }}"));
}
