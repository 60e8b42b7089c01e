//! A connection that outlives its request, such as a WebSocket: what `SessionManager::recheck` says of the session with
//! which it began, while other requests of the same browser go on.

use std::sync::Arc;

use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, DecodeError, MemoryRevocations, MemoryStore, Record, Save, Session,
    SessionConfig, SessionId, SessionManager, SessionStore, Timeout, UnixTime,
};

use crate::backends::{commit, load, login, overwrite, run, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, START, TestClock, at, key, manager_with, ring};

const HOUR: u64 = 60 * 60;
const IDLE: u64 = 24 * HOUR;

/// The place of the sessions, and whether a backend hears of their end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Alone,
    List,
    Store,
    StoreAndList,
    Spill,
}

const PLACES: [Place; 5] = [Place::Alone, Place::List, Place::Store, Place::StoreAndList, Place::Spill];

impl Place {
    fn config(self, config: SessionConfig) -> SessionConfig {
        let (list, store) = (MemoryRevocations::new, MemoryStore::new);
        match self {
            Self::Alone => config,
            Self::List => config.subject("user_id").revocations(list()),
            Self::Store => config.subject("user_id").store(store()),
            Self::StoreAndList => config.subject("user_id").store(store()).revocations(list()),
            Self::Spill => config.subject("user_id").spill(store()).revocations(list()),
        }
    }

    fn manager(self) -> (SessionManager, TestClock) {
        manager_with(|config| self.config(config))
    }

    fn hears_of_an_end(self) -> bool {
        self != Self::Alone
    }
}

fn recheck(manager: &SessionManager, connection: &Session) -> Option<DecodeError> {
    run(manager.recheck(connection)).unwrap()
}

/// The act of another request, and its name.
type Act = (&'static str, fn(&Session));

/// The answer after another request of the same browser did this, in a place where the session is of user 42.
fn after(place: Place, act: impl FnOnce(&Session)) -> Option<DecodeError> {
    let (manager, _) = place.manager();
    let cookie = login(&manager, 42);
    let connection = load(&manager, &cookie);
    assert_eq!(recheck(&manager, &connection), None);
    let other = load(&manager, &cookie);
    act(&other);
    let _ = commit(&manager, &other);
    let answer = recheck(&manager, &connection);
    assert_eq!(user_id(&connection), Some(42), "the handle has what it had");
    answer
}

#[test]
fn a_value_that_another_request_wrote_is_no_reason_and_is_not_seen() {
    for place in PLACES {
        let (manager, _) = place.manager();
        let cookie = login(&manager, 42);
        let connection = load(&manager, &cookie);
        let other = load(&manager, &cookie);
        other.set("role", "admin").unwrap();
        assert!(commit(&manager, &other).is_some());
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        assert!(!connection.contains("role"), "{place:?}");
        let again = load(&manager, &cookie);
        let is_in_a_record = [Place::Store, Place::StoreAndList].contains(&place);
        assert_eq!(again.contains("role"), is_in_a_record, "{place:?}: a load of the same cookie sees a record");
    }
}

#[test]
fn a_session_that_another_request_extended_is_over_when_the_cookie_of_the_connection_is() {
    for place in PLACES {
        let (manager, clock) = place.manager();
        let cookie = login(&manager, 42);
        let connection = load(&manager, &cookie);
        clock.set(20 * HOUR);
        let other = load(&manager, &cookie);
        assert_eq!(user_id(&other), Some(42));
        let extended = commit(&manager, &other).unwrap();
        clock.set(IDLE - 1);
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        clock.set(IDLE);
        let (now, timeout) = (at(START + IDLE), Timeout::Idle);
        let expected = DecodeError::Expired { timeout, now, expires_at: now };
        assert_eq!(recheck(&manager, &connection), Some(expected), "{place:?}");
        let reconnected = load(&manager, &extended);
        assert_eq!(recheck(&manager, &reconnected), None, "{place:?}: the browser has a cookie that is good");
    }
}

#[test]
fn a_session_that_another_request_regenerated_or_logged_out_is_revoked_if_a_backend_hears_of_it() {
    let acts: [Act; 3] = [
        ("a renewal", |other| assert!(other.regenerate().unwrap().is_some())),
        ("a logout", |other| assert!(other.destroy().is_some())),
        ("a login that takes nothing over", |other| assert!(other.regenerate_empty().unwrap().is_some())),
    ];
    for place in PLACES {
        for (what, act) in acts {
            let expected = place.hears_of_an_end().then_some(DecodeError::Revoked);
            assert_eq!(after(place, act), expected, "{what}, {place:?}");
        }
    }
}

#[test]
fn a_session_that_is_not_its_subjects_any_more_is_revoked_whether_or_not_it_keeps_its_id() {
    let acts: [Act; 3] = [
        ("removed", |other| assert!(other.discard("user_id"))),
        ("cleared", Session::clear),
        ("another", |other| other.set("user_id", 43).unwrap()),
    ];
    for place in PLACES {
        for (what, act) in acts {
            let expected = place.hears_of_an_end().then_some(DecodeError::Revoked);
            assert_eq!(after(place, act), expected, "{what}, {place:?}");
        }
    }
}

#[test]
fn a_connection_of_nobody_outlives_a_login_that_keeps_the_id() {
    let (manager, _) = Place::Store.manager();
    let session = load(&manager, "");
    session.set("cart", ["apple"]).unwrap();
    let cookie = commit(&manager, &session).unwrap();
    let connection = load(&manager, &cookie);
    let other = load(&manager, &cookie);
    other.set("user_id", 42).unwrap();
    let _ = commit(&manager, &other);
    assert_eq!(recheck(&manager, &connection), None);
}

#[test]
fn revocations_by_id_and_by_subject_reach_the_connection() {
    for place in [Place::List, Place::StoreAndList, Place::Spill] {
        for by_subject in [false, true] {
            let (manager, _) = place.manager();
            let connection = load(&manager, &login(&manager, 42));
            if by_subject {
                run(manager.revoke_subject(&42)).unwrap();
            } else {
                run(manager.revoke(connection.id().unwrap(), at(START + 30 * IDLE))).unwrap();
            }
            assert_eq!(recheck(&manager, &connection), Some(DecodeError::Revoked), "{place:?} {by_subject}");
        }
    }
}

#[test]
fn a_session_that_the_request_of_the_connection_began_counts_from_what_its_response_sent() {
    for place in PLACES {
        let (manager, clock) = place.manager();
        let connection = load(&manager, "");
        connection.set("user_id", 42).unwrap();
        assert_eq!(recheck(&manager, &connection), None, "{place:?}: no cookie holds it yet");
        assert!(commit(&manager, &connection).is_some());
        clock.set(IDLE - 1);
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        clock.set(IDLE);
        assert!(recheck(&manager, &connection).unwrap().is_expired(), "{place:?}");
    }
}

#[test]
fn a_logout_by_the_connection_itself_counts_once_it_is_committed() {
    for place in PLACES {
        let (manager, _) = place.manager();
        let connection = load(&manager, &login(&manager, 42));
        connection.destroy();
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        let _ = commit(&manager, &connection);
        assert_eq!(recheck(&manager, &connection), Some(DecodeError::Revoked), "{place:?}");
    }
}

#[test]
fn a_key_that_is_dropped_or_retired_ends_the_connection_and_a_rotation_does_not() {
    let unknown = Some(DecodeError::UnknownKey { id: key(FIRST_KEY).id() });
    for place in PLACES {
        let (manager, clock) = place.manager();
        let connection = load(&manager, &login(&manager, 42));
        manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]).retire_previous_at(at(START + HOUR)));
        clock.set(HOUR - 1);
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        clock.set(HOUR);
        assert_eq!(recheck(&manager, &connection), unknown, "{place:?}");
        manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
        assert_eq!(recheck(&manager, &connection), None, "{place:?}");
        manager.set_keys(key(SECOND_KEY));
        assert_eq!(recheck(&manager, &connection), unknown, "{place:?}");
    }
}

#[test]
fn a_record_that_another_request_sealed_under_a_newer_key_is_no_reason() {
    let (manager, _) = Place::Store.manager();
    let cookie = login(&manager, 42);
    let connection = load(&manager, &cookie);
    manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
    let other = load(&manager, &cookie);
    other.set("role", "admin").unwrap();
    assert!(commit(&manager, &other).is_some());
    assert_eq!(recheck(&manager, &connection), None);
}

#[test]
fn a_spilled_session_is_over_when_its_record_is_gone_and_one_that_fits_its_cookie_has_none() {
    for (size, expected) in [(10_000, Some(DecodeError::NotStored)), (1, None)] {
        let (manager, _) = Place::Spill.manager();
        let session = load(&manager, &login(&manager, 42));
        session.set("draft", "x".repeat(size)).unwrap();
        let connection = load(&manager, &commit(&manager, &session).unwrap());
        assert_eq!(recheck(&manager, &connection), None, "{size}");
        run(manager.clear()).unwrap();
        assert_eq!(recheck(&manager, &connection), expected, "{size}");
    }
}

#[test]
fn a_damaged_record_is_not_stored() {
    let store = Arc::new(MemoryStore::new());
    let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
    let connection = load(&manager, &login(&manager, 42));
    let id = connection.id().unwrap();
    let mut bytes = run(store.load(id)).unwrap().unwrap().bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(overwrite(&store, id, &Record::new(bytes, at(START + IDLE))), Ok(true));
    assert_eq!(recheck(&manager, &connection), Some(DecodeError::NotStored));
}

/// A store that finds damaged what it has kept, once it is told to.
#[derive(Default)]
struct Torn {
    records: MemoryStore,
    is_torn: std::sync::atomic::AtomicBool,
}

impl SessionStore for Torn {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            if self.is_torn.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(BackendError::new(BackendErrorKind::Corrupt, "it is torn"));
            }
            self.records.load(id).await
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        self.records.save(id, record, save)
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.records.delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.records.cleanup_expired(now)
    }
}

#[test]
fn a_record_that_the_store_itself_finds_damaged_is_not_stored() {
    let store = Arc::new(Torn::default());
    let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = login(&manager, 42);
    let connection = load(&manager, &cookie);
    store.is_torn.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
    assert_eq!(recheck(&manager, &connection), Some(DecodeError::NotStored));
}
