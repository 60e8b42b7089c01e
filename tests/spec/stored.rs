//! Sessions over a store. The cookie carries the id and the times, the store has the values, and neither is of use
//! alone.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, Counters, DecodeError, EncodeError, Event, FailurePolicy, KeyRole, Mark, MemoryRevocations,
    MemoryStore, Record, Revocations, SessionConfig, SessionId, SessionManager, SessionStore, Status,
};

use crate::backends::{Watched, broken, commit, give_up, load, login, overwrite, run, try_commit, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, START, TestClock, at, is_deletion, key, manager_with, ring};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

type Store = Arc<Watched<MemoryStore>>;

fn watched(clock: &TestClock) -> Store {
    Watched::new(MemoryStore::new().clock(clock.reader()))
}

fn with_store(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock, Store) {
    let clock = TestClock::new();
    let store = watched(&clock);
    let (manager, _) = manager_with(|config| change(config.clock(clock.reader()).store(Arc::clone(&store))));
    (manager, clock, store)
}

fn with_spill(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock, Store) {
    let clock = TestClock::new();
    let store = watched(&clock);
    let (manager, _) = manager_with(|config| change(config.clock(clock.reader()).spill(Arc::clone(&store))));
    (manager, clock, store)
}

/// Another manager over the same store.
fn over(store: &Store, clock: &TestClock, change: impl FnOnce(SessionConfig) -> SessionConfig) -> SessionManager {
    manager_with(|config| change(config.clock(clock.reader()).store(Arc::clone(store)))).0
}

/// Returns the number of records and tombstones.
fn records(store: &Store) -> usize {
    store.inner.len()
}

/// The record or the tombstone under this id.
fn record(store: &Store, id: SessionId) -> Option<Record> {
    run(store.inner.load(id)).unwrap()
}

#[test]
fn the_values_are_in_the_store_and_the_cookie_holds_none() {
    let (manager, _, store) = with_store(|config| config);
    let session = load(&manager, "");
    session.set("user_id", 42).unwrap();
    session.set("draft", "x".repeat(60_000)).unwrap();
    session.set_flash("notice", "Saved").unwrap();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Create"]);
    assert!(cookie.len() < 300, "{cookie}");
    let session = load(&manager, &cookie);
    assert_eq!(store.calls(), ["load"]);
    assert_eq!(session.get::<String>("draft").unwrap().unwrap().len(), 60_000);
    assert_eq!((user_id(&session), session.take_flash("notice")), (Some(42), Ok(Some("Saved".to_owned()))));
    assert_eq!(session.status(), Status::Changed);
}

#[test]
fn the_browser_keeps_a_cookie_without_values_as_long_as_one_with_them() {
    let (manager, _, _) = with_store(|config| config);
    for persistent in [true, false] {
        let session = load(&manager, "");
        session.set("user_id", 42).unwrap();
        session.set_persistent(persistent);
        assert_eq!(commit(&manager, &session).unwrap().contains("Max-Age"), persistent);
    }
}

#[test]
fn the_store_is_asked_for_no_id_that_did_not_come_out_of_a_seal() {
    let (manager, _, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    store.calls();
    let pair = cookie.split(';').next().unwrap();
    let forged = format!("{}{}", &pair[..pair.len() - 5], "AAAAA");
    for foreign in ["", "a=1", "tideway_session=garbage", &forged] {
        assert_eq!(user_id(&load(&manager, foreign)), None);
    }
    assert!(store.calls().is_empty());
}

/// A limit: a tombstone is not sealed.
#[test]
fn a_tombstone_that_somebody_planted_has_a_logout_end_the_session_that_it_names() {
    let list = Arc::new(MemoryRevocations::new());
    let (manager, _, store) = with_store(|config| config.revocations(Arc::clone(&list)).subject("user_id"));
    let (thief, victim) = (login(&manager, 1), login(&manager, 2));
    let [thief_id, victim_id] = [&thief, &victim].map(|cookie| load(&manager, cookie).id().unwrap());
    let planted = Record::new(Mark::Became(victim_id).to_bytes().to_vec(), at(START + DAY));
    assert_eq!(overwrite(&store.inner, thief_id, &planted), Ok(true));
    let session = load(&manager, &thief);
    assert_eq!(session.rejected(), Some(DecodeError::Revoked));
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(run(list.look(Some(victim_id), None)).unwrap().mark, Some(Mark::Ended));
    assert_eq!(load(&manager, &victim).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_that_is_only_read_writes_nothing_until_it_is_due_and_then_its_record_outlives_its_cookie() {
    let (manager, clock, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    store.calls();
    let read = |seconds| {
        clock.set(seconds);
        let session = load(&manager, &cookie);
        assert_eq!(user_id(&session), Some(42));
        commit(&manager, &session)
    };
    assert_eq!(read(HOUR), None);
    assert_eq!(store.calls(), ["load"]);
    let extended = read(20 * HOUR).unwrap();
    assert_eq!(store.calls(), ["load", "save Replace"]);
    clock.set(43 * HOUR);
    assert_eq!(run(manager.cleanup_expired()), Ok(0));
    assert_eq!(user_id(&load(&manager, &extended)), Some(42));
    clock.set(44 * HOUR - 1);
    assert_eq!(user_id(&load(&manager, &extended)), Some(42));
    // By a clock that is behind, the cookie still opens, and a request may be under way.
    for (after, removed) in [(0, 0), (60 + 60 - 1, 0), (60 + 60, 1)] {
        clock.set(44 * HOUR + after);
        assert!(load(&manager, &extended).rejected().unwrap().is_expired());
        assert_eq!(run(manager.cleanup_expired()), Ok(removed), "{after}");
    }
}

#[test]
fn a_new_session_that_stays_empty_is_not_stored() {
    let (manager, _, store) = with_store(|config| config);
    let session = load(&manager, "");
    assert_eq!(user_id(&session), None);
    assert_eq!(commit(&manager, &session), None);
    assert!(store.calls().is_empty());
}

#[test]
fn the_budget_is_that_of_the_store() {
    let (manager, _, _) = with_store(|config| config);
    let session = load(&manager, "");
    assert_eq!(session.remaining_bytes(), 65_535);
    session.set("draft", "x".repeat(10_000)).unwrap();
    assert_eq!(session.remaining_bytes(), 65_535 - 10_010);
    let cookie = commit(&manager, &session).unwrap();
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(session.cookie_bytes(), pair.len() - 1, "name and value");
}

#[test]
fn a_record_shows_nothing_and_is_no_cookie_and_a_cookie_is_no_record() {
    let (manager, _, store) = with_store(|config| config);
    let session = load(&manager, "");
    session.set("name", "Ada Lovelace").unwrap();
    let cookie = commit(&manager, &session).unwrap();
    let [(id, record)] = &run(store.inner.all()).unwrap()[..] else { panic!() };
    assert_eq!(*id, session.id().unwrap());
    assert!(!record.bytes().windows(3).any(|bytes| bytes == b"Ada"));
    let as_cookie = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, record.bytes());
    let session = load(&manager, &format!("tideway_session={as_cookie}"));
    assert_eq!(session.rejected(), Some(DecodeError::NotAuthentic));

    let value = cookie.split(['=', ';']).nth(1).unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, value).unwrap();
    assert_eq!(overwrite(&store.inner, *id, &Record::new(bytes, record.expires_at())), Ok(true));
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
}

#[test]
fn a_record_under_another_id_is_never_a_session() {
    let (manager, _, store) = with_store(|config| config);
    let (mine, theirs) = (login(&manager, 42), login(&manager, 43));
    let [mine_id, theirs_id] = [&mine, &theirs].map(|cookie| load(&manager, cookie).id().unwrap());
    let record = run(store.inner.load(theirs_id)).unwrap().unwrap();
    assert_eq!(overwrite(&store.inner, mine_id, &record), Ok(true));
    let session = load(&manager, &mine);
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::NotStored)));
    assert_eq!(commit(&manager, &session), None, "the cookie is not to blame");
    assert_eq!(user_id(&load(&manager, &theirs)), Some(43));
}

#[test]
fn a_damaged_record_is_refused_and_told_to_observers_and_keeps_nobody_from_a_login() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let (manager, _, store) =
        with_store(|config| config.observer(move |event: &Event| heard.lock().unwrap().push(event.clone())));
    let cookie = login(&manager, 42);
    let id = load(&manager, &cookie).id().unwrap();
    let good = run(store.inner.load(id)).unwrap().unwrap();
    for cut in [0, 1, 4, 5, 29, 44, 45, 60, good.bytes().len() - 1] {
        let damaged = Record::new(good.bytes()[..cut].to_vec(), good.expires_at());
        assert_eq!(overwrite(&store.inner, id, &damaged), Ok(true));
        events.lock().unwrap().clear();
        let session = load(&manager, &cookie);
        assert_eq!(session.rejected(), Some(DecodeError::NotStored), "{cut}");
        let told = std::mem::take(&mut *events.lock().unwrap());
        let [Event::BackendFailed { error, .. }, Event::Refused { .. }] = &told[..] else { panic!("{cut}: {told:?}") };
        assert_eq!(error.kind(), BackendErrorKind::Corrupt);
        session.regenerate().unwrap();
        session.set("user_id", 43).unwrap();
        let new = commit(&manager, &session).unwrap();
        assert_eq!(user_id(&load(&manager, &new)), Some(43), "{cut}");
        let session = load(&manager, &new);
        session.destroy();
        assert!(is_deletion(&commit(&manager, &session).unwrap()));
    }
    // Sixteen bytes are a tombstone, which is no damage.
    assert_eq!(overwrite(&store.inner, id, &Record::new(vec![0; 16], good.expires_at())), Ok(true));
    events.lock().unwrap().clear();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    assert!(matches!(events.lock().unwrap()[..], [Event::Refused { reason: DecodeError::Revoked, .. }]));
    assert_eq!(run(manager.all()), Ok(Vec::new()));
    assert_eq!(overwrite(&store.inner, id, &good), Ok(true));
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
}

#[test]
fn rubbish_that_is_too_short_for_a_record_is_damage_and_no_other_version() {
    let (manager, _, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let id = load(&manager, &cookie).id().unwrap();
    for (len, reason) in [(77, DecodeError::NotStored), (78, DecodeError::UnsupportedVersion { version: b'x' })] {
        let rubbish = Record::new(vec![b'x'; len], at(START + DAY));
        assert_eq!(overwrite(&store.inner, id, &rubbish), Ok(true));
        assert_eq!(load(&manager, &cookie).rejected(), Some(reason), "{len}");
    }
}

#[test]
fn a_session_without_a_record_is_refused_and_its_cookie_left_alone() {
    let (manager, clock, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let id = load(&manager, &cookie).id().unwrap();
    let record = run(store.inner.load(id)).unwrap().unwrap();
    // A record whose time is over counts as no record.
    let expired = Record::new(record.bytes().to_vec(), at(START + 10));
    assert_eq!(overwrite(&store.inner, id, &expired), Ok(true));
    clock.set(9);
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
    clock.set(10);
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
    run(store.inner.delete(id)).unwrap();
    let session = load(&manager, &cookie);
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::NotStored)));
    assert_eq!(commit(&manager, &session), None);
    session.set("user_id", 43).unwrap();
    let new = commit(&manager, &session).unwrap();
    assert_ne!(load(&manager, &new).id().unwrap(), id);
}

#[test]
fn a_pre_session_replaces_a_cookie_whose_record_is_gone_and_none_whose_session_was_ended() {
    for is_ended in [false, true] {
        let (manager, _, store) = with_store(|config| config.save_uninitialized(true));
        let cookie = login(&manager, 42);
        if is_ended {
            let session = load(&manager, &cookie);
            session.destroy();
            assert!(is_deletion(&commit(&manager, &session).unwrap()));
        } else {
            run(store.inner.clear()).unwrap();
        }
        let session = load(&manager, &cookie);
        assert_eq!(user_id(&session), None);
        assert_eq!(commit(&manager, &session).is_none(), is_ended);
    }
}

#[test]
fn a_logout_leaves_a_tombstone_and_no_request_under_way_brings_the_record_back() {
    let (manager, _, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let (late, later) = (load(&manager, &cookie), load(&manager, &cookie));
    let session = load(&manager, &cookie);
    let id = session.id().unwrap();
    let expires_at = record(&store, id).unwrap().expires_at();
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    let tombstone = Some(Record::new(vec![0; 16], expires_at));
    assert_eq!((records(&store), record(&store, id)), (1, tombstone.clone()), "it stays as long as the record would");
    late.set("cart", 1).unwrap();
    assert_eq!(try_commit(&manager, &late), Err(EncodeError::Ended), "what it was told to keep is kept nowhere");
    assert_eq!(user_id(&later), Some(42));
    assert_eq!(commit(&manager, &later), None);
    assert_eq!((records(&store), record(&store, id)), (1, tombstone));
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn an_extension_of_a_session_that_was_ended_meanwhile_is_no_error() {
    let (manager, clock, _) = with_store(|config| config);
    let cookie = login(&manager, 42);
    clock.set(20 * HOUR);
    let late = load(&manager, &cookie);
    assert_eq!(user_id(&late), Some(42));
    let session = load(&manager, &cookie);
    session.destroy();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(commit(&manager, &late), None);
}

#[test]
fn a_login_moves_the_values_to_a_new_id_and_ends_the_old_one() {
    let (manager, _, store) = with_store(|config| config);
    let old = login(&manager, 42);
    let session = load(&manager, &old);
    let old_id = session.id().unwrap();
    let expires_at = record(&store, old_id).unwrap().expires_at();
    session.regenerate().unwrap();
    store.calls();
    let new = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Create", "save Replace"], "in this order, so that one of them is always good");
    assert_eq!(records(&store), 2);
    let says_what_it_became = Record::new(session.id().unwrap().to_bytes().to_vec(), expires_at);
    assert_eq!(record(&store, old_id), Some(says_what_it_became));
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    let session = load(&manager, &new);
    assert_eq!(user_id(&session), Some(42));
    session.set("a", 1).unwrap();
    store.calls();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(store.calls(), ["save Replace"]);
}

#[test]
fn a_login_leaves_all_as_it_was_when_the_old_session_can_not_be_ended() {
    let (manager, _, store) = with_store(|config| config);
    let old = login(&manager, 42);
    let session = load(&manager, &old);
    session.regenerate().unwrap();
    session.set("role", "admin").unwrap();
    store.fail(&["save Replace"]);
    assert_eq!(try_commit(&manager, &session), Err(EncodeError::Backend(broken())));
    store.fail(&[]);
    let unchanged = load(&manager, &old);
    assert_eq!((user_id(&unchanged), unchanged.contains("role")), (Some(42), false));
    let new = commit(&manager, &session).unwrap();
    assert_eq!(load(&manager, &new).get("role"), Ok(Some("admin".to_owned())));
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn the_record_of_an_aborted_renewal_serves_the_next_try_and_is_taken_back_when_another_one_won() {
    let clock = TestClock::new();
    let (store, list) = (watched(&clock), Watched::new(MemoryRevocations::new()));
    let manager = over(&store, &clock, |config| config.revocations(Arc::clone(&list)));
    let old = login(&manager, 42);
    let (session, rival) = (load(&manager, &old), load(&manager, &old));
    for session in [&session, &rival] {
        session.regenerate().unwrap();
        list.fail(&["revoke"]);
        assert_eq!(try_commit(&manager, session), Err(EncodeError::Backend(broken())));
        list.fail(&[]);
    }
    assert_eq!(records(&store), 3);
    store.calls();
    let new = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Create", "load", "save Replace", "save Replace"]);
    assert_eq!(commit(&manager, &rival), None, "it wrote nothing, so that the other answer has all there is");
    assert_eq!(store.calls(), ["save Create", "load", "save Replace", "delete"]);
    assert_eq!((records(&store), user_id(&load(&manager, &new))), (2, Some(42)));
}

#[test]
fn a_record_that_can_not_be_taken_back_is_told_and_holds_nothing_up() {
    let clock = TestClock::new();
    let (store, list) = (watched(&clock), Watched::new(MemoryRevocations::new()));
    let counters = Counters::new();
    let manager = over(&store, &clock, |config| config.revocations(Arc::clone(&list)).observer(counters.clone()));
    let old = login(&manager, 42);
    let [first, second] = [load(&manager, &old), load(&manager, &old)];
    first.regenerate().unwrap();
    second.regenerate().unwrap();
    assert!(commit(&manager, &first).is_some());
    store.fail(&["delete"]);
    assert_eq!(commit(&manager, &second), None);
    assert_eq!(counters.snapshot().backend_failures, 1);
}

#[test]
fn a_record_that_stays_behind_does_not_hold_up_a_logout_that_the_list_knows() {
    let clock = TestClock::new();
    let (store, list) = (watched(&clock), Watched::new(MemoryRevocations::new()));
    let manager = over(&store, &clock, |config| config.revocations(Arc::clone(&list)));
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    let id = session.id().unwrap();
    let before = record(&store, id);
    session.destroy();
    store.fail(&["save"]);
    store.calls();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!((store.calls(), record(&store, id)), (vec!["save Replace".to_owned()], before));
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_change_that_can_not_be_kept_is_an_error_and_may_be_tried_again() {
    let (manager, clock, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    clock.set(10);
    let session = load(&manager, &cookie);
    session.set("cart", 1).unwrap();
    let expires_at = session.expires_at();
    store.fail(&["save"]);
    assert_eq!(try_commit(&manager, &session), Err(EncodeError::Backend(broken())));
    assert_eq!((session.status(), session.expires_at()), (Status::Changed, expires_at));
    store.fail(&[]);
    assert!(!load(&manager, &cookie).contains("cart"));
    let cookie = commit(&manager, &session).unwrap();
    assert!(load(&manager, &cookie).contains("cart"));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_change_whose_commit_was_given_up_is_kept_by_the_next_one() {
    let (manager, _, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    session.set("cart", 1).unwrap();
    store.hang(&["save"]);
    give_up(&manager, &session);
    assert_eq!(session.status(), Status::Changed);
    store.hang(&[]);
    store.calls();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Replace", "load", "save Replace"], "it meets what the first one wrote");
    assert_eq!(load(&manager, &cookie).get("cart"), Ok(Some(1)));
}

#[test]
fn of_a_login_whose_commit_was_given_up_the_next_one_does_all() {
    for step in ["save Create", "save Replace"] {
        let (manager, _, store) = with_store(|config| config);
        let old = login(&manager, 42);
        let session = load(&manager, &old);
        session.regenerate().unwrap();
        store.hang(&[step]);
        give_up(&manager, &session);
        assert_eq!(
            run(manager.all()).unwrap().len(),
            if step == "save Create" { 2 } else { 1 },
            "one of the two is good"
        );
        store.hang(&[]);
        let new = commit(&manager, &session).unwrap();
        assert_eq!((user_id(&load(&manager, &new)), records(&store)), (Some(42), 2), "{step}");
        assert_eq!(run(manager.all()).unwrap().len(), 1, "{step}: the other is a tombstone");
        assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn an_extension_that_can_not_be_kept_is_no_error() {
    let (manager, clock, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    clock.set(20 * HOUR);
    let session = load(&manager, &cookie);
    assert_eq!(user_id(&session), Some(42));
    store.fail(&["save"]);
    assert_eq!(commit(&manager, &session), None);
    store.fail(&[]);
    assert!(commit(&manager, &session).is_some(), "it is still due");
}

#[test]
fn an_extension_or_a_migration_that_can_not_be_kept_is_given_up_and_told_and_one_that_was_overtaken_is_not_told() {
    let clock = TestClock::new();
    let (store, told) = (watched(&clock), Arc::new(Mutex::new(Vec::new())));
    let node = |schema| {
        let heard = Arc::clone(&told);
        let observer = move |event: &Event| heard.lock().unwrap().push(event.as_str());
        over(&store, &clock, |config| config.schema(schema).migrate(|_, _| Ok(())).observer(observer))
    };
    let cookie = login(&node(0), 42);
    for (schema, now) in [(1, 60), (0, 20 * HOUR)] {
        clock.set(now);
        let manager = node(schema);
        let [session, overtaken] = [(); 2].map(|()| load(&manager, &cookie));
        assert_eq!([&session, &overtaken].map(user_id), [Some(42); 2]);
        store.fail(&["save"]);
        told.lock().unwrap().clear();
        assert_eq!(commit(&manager, &session), None, "{schema}");
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()), ["not_extended"], "{schema}");
        store.fail(&[]);
        if schema == 0 {
            assert!(commit(&manager, &session).is_some());
            assert_eq!(commit(&manager, &overtaken), None);
            assert_eq!(*told.lock().unwrap(), ["sealed"]);
        }
    }
}

#[test]
fn a_store_that_fails_gives_an_empty_session_or_an_error_and_nobody_loses_one() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Admit] {
        let (manager, _, store) = with_store(|config| config.on_backend_failure(policy));
        let cookie = login(&manager, 42);
        store.fail(&["load"]);
        let session = load(&manager, &cookie);
        assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::Unavailable)));
        assert_eq!(commit(&manager, &session), None);
        session.set("user_id", 43).unwrap();
        assert!(matches!(try_commit(&manager, &session), Err(EncodeError::Backend(_))));
        store.fail(&[]);
        assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
    }
    let (manager, _, store) = with_store(|config| config.on_backend_failure(FailurePolicy::Fail));
    let cookie = login(&manager, 42);
    store.fail(&["load"]);
    assert_eq!(run(manager.load_async([&cookie])).unwrap_err(), broken());
}

#[test]
fn what_is_in_the_cookie_from_before_there_was_a_store_moves_with_the_next_change() {
    let clock = TestClock::new();
    let (stateless, _) = manager_with(|config| config.clock(clock.reader()));
    let cookie = login(&stateless, 42);
    let store = watched(&clock);
    let manager = over(&store, &clock, |config| config);
    let session = load(&manager, &cookie);
    assert_eq!(user_id(&session), Some(42));
    assert_eq!(store.calls(), ["load"], "it may have ended since there is a store");
    session.set("cart", 1).unwrap();
    let moved = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Create"]);
    assert!(moved.len() < cookie.len() + 1, "{moved}");
    assert_eq!(user_id(&load(&manager, &moved)), Some(42));
}

#[test]
fn a_record_is_opened_under_a_previous_key_and_sealed_again_under_the_new_one() {
    let clock = TestClock::new();
    let store = watched(&clock);
    let node = |primary: &str, previous: &[&str]| {
        let config = SessionConfig::new(ring(primary, previous)).clock(clock.reader());
        config.store(Arc::clone(&store)).build().unwrap()
    };
    let cookie = login(&node(FIRST_KEY, &[SECOND_KEY]), 42);
    let promoted = node(SECOND_KEY, &[FIRST_KEY]);
    let session = load(&promoted, &cookie);
    assert_eq!(user_id(&session), Some(42));
    let cookie = commit(&promoted, &session).unwrap();
    let session = load(&node(SECOND_KEY, &[]), &cookie);
    assert_eq!(user_id(&session), Some(42));
}

#[test]
fn the_schema_that_counts_is_that_of_the_record() {
    let clock = TestClock::new();
    let store = watched(&clock);
    let old = over(&store, &clock, |config| config.schema(1));
    let migrate = |schema, data: &mut sealed_session::SessionData| {
        let visits: u64 = data.remove("v")?.ok_or(format!("schema {schema} without v"))?;
        data.set("visits", visits)?;
        Ok(())
    };
    let new = over(&store, &clock, |config| config.schema(2).migrate(migrate));
    let session = load(&old, "");
    session.set("v", 7).unwrap();
    let cookie = commit(&old, &session).unwrap();
    let [first, second] = [(); 2].map(|()| load(&new, &cookie));
    assert_eq!(first.get::<u64>("visits"), Ok(Some(7)));
    assert!(commit(&new, &first).is_some());
    // The schema in the cookie is still 1 and that of the record is 2, and nothing is migrated twice.
    assert_eq!(load(&new, &cookie).get::<u64>("visits"), Ok(Some(7)));
    assert_eq!(second.get::<u64>("visits"), Ok(Some(7)));
    assert_eq!(load(&old, &cookie).rejected(), Some(DecodeError::UnsupportedSchema { schema: 2 }));
}

#[test]
fn a_subject_is_known_by_what_the_store_holds() {
    let clock = TestClock::new();
    let (store, list) = (watched(&clock), Watched::new(MemoryRevocations::new()));
    let manager = over(&store, &clock, |config| config.revocations(Arc::clone(&list)).subject("user_id"));
    let cookie = login(&manager, 42);
    run(manager.revoke_subject(&42)).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    assert_eq!(list.calls().last().map(String::as_str), Some("look id and 42"));
}

#[test]
fn a_session_whose_values_are_all_in_the_store_can_be_ended_from_outside_without_a_list() {
    let (manager, _, _) = with_store(|config| config);
    assert!(manager.supports_revocation());
    let cookie = login(&manager, 42);
    let id = load(&manager, &cookie).id().unwrap();
    run(manager.revoke(id, at(START + 30 * DAY))).unwrap();
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    let (manager, ..) = with_spill(|config| config);
    assert!(!manager.supports_revocation(), "it may be in a cookie");
    assert_eq!(run(manager.revoke(id, at(START))).unwrap_err().kind(), BackendErrorKind::Unsupported);
}

#[test]
fn the_living_can_be_listed_and_all_be_ended() {
    let (manager, clock, store) = with_store(|config| config.idle_timeout(Duration::from_secs(100)));
    let [first, second] = [42, 43].map(|user| {
        clock.set(user);
        login(&manager, user)
    });
    let users = || {
        let mut users: Vec<u64> =
            run(manager.all()).unwrap().iter().map(|data| data.get("user_id").unwrap().unwrap()).collect();
        users.sort_unstable();
        users
    };
    assert_eq!(users(), [42, 43]);
    clock.set(142);
    assert_eq!(users(), [43], "the other is past its time");
    assert_eq!(records(&store), 2);
    for (now, removed) in [(142, 0), (142 + 119, 0), (142 + 120, 1)] {
        clock.set(now);
        assert_eq!(run(manager.cleanup_expired()), Ok(removed), "a record outlives its cookie by two minutes");
    }
    let [third, fourth] = [44, 45].map(|user| login(&manager, user));
    let session = load(&manager, &fourth);
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!((users(), records(&store)), (vec![44], 3), "a tombstone is no session");
    run(manager.clear()).unwrap();
    assert_eq!(records(&store), 0);
    for cookie in [first, second] {
        assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
    }
    for cookie in [third, fourth] {
        assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
    }
    let (stateless, _) = manager_with(|config| config);
    assert_eq!(run(stateless.all()).unwrap_err().kind(), BackendErrorKind::Unsupported);
    assert_eq!(run(stateless.clear()).unwrap_err().kind(), BackendErrorKind::Unsupported);
    store.fail(&["is_healthy"]);
    assert!(!run(manager.is_healthy()));
}

#[test]
fn a_small_session_spills_nothing() {
    let (manager, _, store) = with_spill(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    session.set("cart", 1).unwrap();
    assert!(commit(&manager, &session).is_some());
    assert!(store.calls().is_empty());
    assert_eq!(session.remaining_bytes(), 65_535 - 12 - 8);
}

/// Loads the session of this cookie, gives it a value of so many bytes, and returns the cookie that it has then.
fn resize(manager: &SessionManager, cookie: &str, bytes: usize) -> String {
    let session = load(manager, cookie);
    session.set("draft", "x".repeat(bytes)).unwrap();
    commit(manager, &session).unwrap()
}

#[test]
fn a_session_that_grows_moves_into_the_store_and_stays_there_until_it_is_regenerated() {
    let (manager, clock, store) = with_spill(|config| config);
    let small = login(&manager, 42);
    let large = resize(&manager, &small, 10_000);
    assert!(large.len() < 300);
    assert_eq!(store.calls(), ["save Create"]);
    let session = load(&manager, &large);
    assert_eq!((user_id(&session), session.cookie_bytes()), (Some(42), large.split(';').next().unwrap().len() - 1));
    assert_eq!(store.calls(), ["load"]);
    let larger = resize(&manager, &large, 20_000);
    assert_eq!(store.calls(), ["load", "save Replace"]);
    let shrunk = resize(&manager, &larger, 100);
    assert_eq!((store.calls(), shrunk.len()), (vec!["load".to_owned(), "save Replace".to_owned()], large.len()));
    let draft = |cookie: &str| load(&manager, cookie).get::<String>("draft").unwrap().unwrap().len();
    // A request under way, or a tab that missed the answer, still sends an old cookie. It sees what the session holds
    // now.
    for now in [0, 59, 60, HOUR] {
        clock.set(now);
        assert_eq!([&large, &larger, &shrunk].map(|cookie| draft(cookie)), [100; 3], "{now}");
    }
    let again = resize(&manager, &shrunk, 30_000);
    assert_eq!([&large, &again].map(|cookie| draft(cookie)), [30_000; 2]);
    let again = resize(&manager, &again, 100);

    let session = load(&manager, &again);
    session.regenerate().unwrap();
    store.calls();
    let back = commit(&manager, &session).unwrap();
    assert_eq!(store.calls(), ["save Replace"], "the tombstone");
    let session = load(&manager, &back);
    assert_eq!((user_id(&session), session.get::<String>("draft").unwrap().unwrap().len()), (Some(42), 100));
    assert_eq!(session.cookie_bytes(), back.split(';').next().unwrap().len() - 1);
    assert!(store.calls().is_empty());
    for cookie in [&large, &larger, &shrunk, &again] {
        assert_eq!(load(&manager, cookie).rejected(), Some(DecodeError::Revoked));
    }
    assert_eq!(run(manager.all()), Ok(Vec::new()), "its values are in the cookie");
    // Any cookie of the ended id may come back until its absolute timeout, so the tombstone stays for as long.
    for (now, removed) in [(30 * DAY + 119, 0), (30 * DAY + 120, 1)] {
        clock.set(now);
        assert_eq!(run(manager.cleanup_expired()), Ok(removed), "{now}");
    }
}

#[test]
fn the_last_byte_that_fits_stays_in_the_cookie() {
    let (manager, _, store) = with_spill(|config| config.padding_block(1));
    let (stateless, _) = manager_with(|config| config.padding_block(1));
    let room = stateless.load(None::<&str>).remaining_bytes();
    let entry = 1 + "draft".len() + 2 + "\"\"".len();
    for (bytes, calls) in [(room - entry, 0), (room - entry + 1, 1)] {
        assert!(!resize(&manager, "", bytes).is_empty());
        assert_eq!(store.calls().len(), calls, "{bytes}");
    }
}

#[test]
fn an_emptied_session_is_told_from_one_whose_record_is_gone() {
    let (manager, _, store) = with_spill(|config| config);
    let cookie = login(&manager, 42);
    let session = load(&manager, &cookie);
    let id = session.id().unwrap();
    session.clear();
    let emptied = commit(&manager, &session).unwrap();
    let session = load(&manager, &emptied);
    assert_eq!((session.status(), session.id().unwrap(), session.is_empty()), (Status::Loaded, id, true));
    run(store.inner.delete(id)).unwrap();
    assert_eq!(load(&manager, &emptied).rejected(), Some(DecodeError::NotStored));
}

#[test]
fn a_spilled_session_ends_with_its_logout() {
    let (manager, _, store) = with_spill(|config| config);
    let small = login(&manager, 42);
    let large = resize(&manager, &small, 10_000);
    let session = load(&manager, &large);
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!((records(&store), run(manager.all())), (1, Ok(Vec::new())), "a tombstone");
    assert_eq!(load(&manager, &large).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn no_late_request_brings_back_a_spilled_session_that_another_one_ended() {
    let (manager, _, store) = with_spill(|config| config);
    let large = resize(&manager, "", 10_000);
    let late = load(&manager, &large);
    late.set("cart", 1).unwrap();
    let session = load(&manager, &large);
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(try_commit(&manager, &late), Err(EncodeError::Ended));
    assert_eq!((records(&store), run(manager.all())), (1, Ok(Vec::new())), "the tombstone");
    assert_eq!(load(&manager, &large).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_takes_two_cookies_before_it_spills_and_one_when_it_has() {
    let (manager, _, store) = with_spill(|config| config.two_cookies(true));
    let write = |cookies: &[String], bytes: usize| {
        let session = run(manager.load_async(cookies)).unwrap();
        session.set("draft", "x".repeat(bytes)).unwrap();
        run(manager.commit_async(&session)).unwrap().into_iter().collect::<Vec<_>>()
    };
    let kept = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| !line.contains("; Max-Age=0"))
            .map(|line| line.split(';').next().unwrap().to_owned())
            .collect()
    };
    let two = kept(&write(&[], 4_000));
    assert_eq!((two.len(), store.calls().len()), (2, 0));
    let spilled = write(&two, 10_000);
    let deleted: Vec<_> = spilled.iter().filter(|line| line.contains("; Max-Age=0")).collect();
    assert!(deleted.len() == 1 && deleted[0].starts_with("tideway_session-2=;"), "{deleted:?}");
    let one = kept(&spilled);
    assert_eq!((one.len(), records(&store)), (1, 1));
    let stays = kept(&write(&one, 4_000));
    assert_eq!((stays.len(), records(&store)), (1, 1));
    let session = run(manager.load_async(&stays)).unwrap();
    assert_eq!(session.get::<String>("draft").unwrap().unwrap().len(), 4_000);
    session.regenerate().unwrap();
    let back = kept(&run(manager.commit_async(&session)).unwrap().into_iter().collect::<Vec<_>>());
    assert_eq!(back.len(), 2, "under a new id it fits");
    let session = run(manager.load_async(&back)).unwrap();
    assert_eq!(session.get::<String>("draft").unwrap().unwrap().len(), 4_000);
}

#[test]
fn a_seal_is_told_with_the_bytes_of_its_cookie_and_not_of_what_the_store_holds() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let (manager, ..) =
        with_spill(|config| config.observer(move |event: &Event| heard.lock().unwrap().push(event.clone())));
    for draft in [100, 20_000] {
        let line = resize(&manager, "", draft);
        let Some(Event::Sealed { bytes, .. }) = events.lock().unwrap().pop() else { panic!("{draft}") };
        // The size counts the longest Max-Age, which has three digits more than the one that was sent.
        assert_eq!(bytes, line.len() + 3, "{draft}");
    }
}

#[test]
fn a_session_whose_record_needs_a_previous_key_is_told_under_that_key() {
    let clock = TestClock::new();
    let store = watched(&clock);
    let events = Arc::new(Mutex::new(Vec::new()));
    let node = |primary: &str, previous: &str| {
        let heard = Arc::clone(&events);
        let config = SessionConfig::new(ring(primary, &[previous])).clock(clock.reader()).store(Arc::clone(&store));
        config.observer(move |event: &Event| heard.lock().unwrap().push(event.clone())).build().unwrap()
    };
    let (new, old) = (node(SECOND_KEY, FIRST_KEY), node(FIRST_KEY, SECOND_KEY));
    let cookie = login(&new, 42);
    let session = load(&old, &cookie); // `old` still seals under the previous key
    session.set("cart", 1).unwrap();
    assert!(commit(&old, &session).is_some());
    events.lock().unwrap().clear();
    let session = load(&new, &cookie);
    let [Event::Opened { key_id, ring, .. }] = events.lock().unwrap()[..] else { panic!("{:?}", events.lock()) };
    assert_eq!((key_id, ring), (key(FIRST_KEY).id(), KeyRole::Previous));
    assert_eq!(user_id(&session), Some(42));
    assert!(commit(&new, &session).is_some(), "and sealed again under the primary one");
}

#[test]
fn of_two_requests_that_change_one_session_both_changes_stay_and_of_one_key_the_later_one() {
    let (manager, ..) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let (first, second) = (load(&manager, &cookie), load(&manager, &cookie));
    first.set("cart", 1).unwrap();
    second.set("draft", 2).unwrap();
    first.set("theme", "dark").unwrap();
    second.set("theme", "light").unwrap();
    assert!(commit(&manager, &first).is_some() && commit(&manager, &second).is_some());
    let session = load(&manager, &cookie);
    assert_eq!(session.keys(), ["user_id", "cart", "theme", "draft"]);
    assert_eq!(session.get("theme"), Ok(Some("light".to_owned())));
}

#[test]
fn by_spilling_a_session_comes_back_from_the_store_into_its_cookie_when_it_is_regenerated() {
    let clock = TestClock::new();
    let store = watched(&clock);
    let cookie = login(&over(&store, &clock, |config| config), 42);
    let (spilling, _) = manager_with(|config| config.clock(clock.reader()).spill(Arc::clone(&store)));
    clock.set(20 * HOUR);
    let session = load(&spilling, &cookie);
    assert_eq!(user_id(&session), Some(42));
    let extended = commit(&spilling, &session).unwrap();
    let (stateless, _) = manager_with(|config| config.clock(clock.reader()));
    assert_eq!(user_id(&load(&stateless, &extended)), None, "under its id it stays where it is");
    let session = load(&spilling, &extended);
    session.regenerate().unwrap();
    let back = commit(&spilling, &session).unwrap();
    assert_eq!(user_id(&load(&stateless, &back)), Some(42));
    assert_eq!(load(&spilling, &extended).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_node_without_the_store_sees_no_values_and_one_without_the_list_admits_what_was_revoked() {
    let clock = TestClock::new();
    let store = watched(&clock);
    let with_both = over(&store, &clock, |config| config.revocations(MemoryRevocations::new()));
    let without_list = over(&store, &clock, |config| config);
    let (without_store, _) = manager_with(|config| config.clock(clock.reader()));
    let cookie = login(&with_both, 42);
    let session = load(&without_store, &cookie);
    assert_eq!((user_id(&session), session.status()), (None, Status::Loaded));
    store.fail(&["save"]);
    run(with_both.revoke(session.id().unwrap(), at(START + 30 * DAY))).unwrap();
    assert_eq!(load(&with_both, &cookie).rejected(), Some(DecodeError::Revoked));
    assert_eq!(user_id(&load(&without_list, &cookie)), Some(42));
}

#[test]
fn a_store_restored_from_a_backup_brings_back_what_was_destroyed_since() {
    let (manager, _, store) = with_store(|config| config);
    let cookie = login(&manager, 42);
    let [(id, backup)] = &run(store.inner.all()).unwrap()[..] else { panic!() };
    let session = load(&manager, &cookie);
    session.destroy();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    assert_eq!(overwrite(&store.inner, *id, backup), Ok(true));
    assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
}

#[test]
fn with_a_list_an_older_record_brings_older_content_and_no_ended_session_back() {
    let (manager, _, store) = with_store(|config| config.revocations(MemoryRevocations::new()).subject("user_id"));
    let cookie = login(&manager, 42);
    let [(id, older)] = &run(store.inner.all()).unwrap()[..] else { panic!() };
    let session = load(&manager, &cookie);
    session.set("role", "guest").unwrap();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(overwrite(&store.inner, *id, older), Ok(true));
    let session = load(&manager, &cookie);
    assert_eq!((user_id(&session), session.contains("role")), (Some(42), false));
    session.destroy();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(overwrite(&store.inner, *id, older), Ok(true));
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_record_whose_time_has_come_is_no_session_to_whoever_lists_or_rechecks() {
    let store = Watched::new(MemoryStore::new());
    let (manager, clock) = manager_with(|config| config.store(Arc::clone(&store)));
    let session = load(&manager, &login(&manager, 42));
    let id = session.id().unwrap();
    let record = run(store.inner.load(id)).unwrap().unwrap();
    let sooner = Record::new(record.bytes().to_vec(), at(START + 100));
    assert_eq!(overwrite(&store.inner, id, &sooner), Ok(true));
    for (now, is_there) in [(99, true), (100, false)] {
        clock.set(now);
        assert_eq!(run(manager.all()).unwrap().len(), usize::from(is_there), "{now}");
        let reason = run(manager.recheck(&session)).unwrap();
        assert_eq!(reason, (!is_there).then_some(DecodeError::NotStored), "{now}");
    }
}
