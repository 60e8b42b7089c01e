//! Tideway 0.9.0: `SessionData`, its cookie store and its trait of stores.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, DecodeError, EncodeError, MemoryRevocations, MemoryStore, Record, Save, SessionData, SessionId,
    SessionStore, Status,
};
use serde::Deserialize;

use super::next;
use super::shelf::{memory, plain, shelf};
use crate::backends::{self, run};
use crate::common::{START, at, commit, fresh, is_deletion, manager, manager_with, sealed};

const MINUTE: Duration = Duration::from_secs(60);

fn id(byte: u8) -> SessionId {
    SessionId::from_bytes([byte; 16])
}

fn record(byte: u8, expires_at: u64) -> Record {
    Record::new(vec![byte], at(expires_at))
}

#[test]
fn a_new_session_is_empty_and_ends_its_ttl_after_now() {
    let data = SessionData::new(at(1000), MINUTE).unwrap();
    assert!(data.is_empty());
    assert_eq!([data.created_at(), data.expires_at()], [at(1000), at(1060)]);
    assert_eq!(SessionData::new(at(1000), Duration::MAX), Err(EncodeError::TimeOutOfRange), "theirs panics");
}

#[test]
fn get_reads_what_set_stored_and_the_last_one_counts() {
    let mut data = SessionData::new(at(1000), MINUTE).unwrap();
    assert_eq!(data.get::<String>("role"), Ok(None));
    data.set("role", "guest").unwrap();
    data.set("role", "admin").unwrap();
    assert_eq!(data.get("role"), Ok(Some("admin".to_owned())));
}

#[test]
fn set_takes_any_value_under_any_key() {
    let mut data = SessionData::new(at(1000), MINUTE).unwrap();
    data.set("user_id", "123".to_owned()).unwrap();
    data.set("cart", [1, 2]).unwrap();
    assert_eq!(data.get("user_id"), Ok(Some("123".to_owned())));
    assert_eq!(data.get("cart"), Ok(Some(vec![1, 2])));
}

#[test]
fn remove_gives_the_value_back_once() {
    let mut data = SessionData::new(at(1000), MINUTE).unwrap();
    data.set("coupon", "SPRING").unwrap();
    assert_eq!(data.remove("coupon"), Ok(Some("SPRING".to_owned())));
    assert_eq!(data.remove::<String>("coupon"), Ok(None));
    assert!(!data.contains("coupon"));
}

#[test]
fn extend_counts_from_now_and_does_not_move_created_at() {
    let mut data = SessionData::new(at(1000), MINUTE).unwrap();
    data.extend(at(1030), MINUTE).unwrap();
    assert_eq!([data.created_at(), data.expires_at()], [at(1000), at(1090)]);
    data.extend(at(1031), Duration::from_secs(1)).unwrap();
    assert_eq!(data.expires_at(), at(1032), "a shorter life is taken too");
    assert_eq!(data.extend(at(1032), Duration::MAX), Err(EncodeError::TimeOutOfRange), "theirs panics");
}

#[test]
fn a_session_is_expired_from_its_end_on() {
    let data = SessionData::new(at(1000), MINUTE).unwrap();
    assert!(!data.is_expired(at(1059)));
    assert!(data.is_expired(at(1060)) && data.is_expired(at(1061)));
}

#[test]
fn the_values_of_a_session_are_a_map_of_texts_if_all_are_texts() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct User {
        user_id: String,
        role: String,
    }
    let mut data = SessionData::new(at(1000), MINUTE).unwrap();
    data.set("user_id", "123").unwrap();
    data.set("role", "admin").unwrap();
    let map: HashMap<String, String> = data.data().unwrap();
    assert_eq!(map, HashMap::from([("user_id", "123"), ("role", "admin")].map(|(k, v)| (k.into(), v.into()))));
    assert_eq!(data.data(), Ok(User { user_id: "123".to_owned(), role: "admin".to_owned() }));
    data.set("visits", 1).unwrap();
    assert!(data.data::<HashMap<String, String>>().is_err());
}

#[test]
fn an_encoded_session_decodes_to_the_same_and_shows_nothing() {
    let codec = manager().codec().clone();
    let mut data = codec.create().unwrap();
    data.set("user_id", "12345").unwrap();
    let value = codec.encode(&data).unwrap();
    assert!(!value.contains("12345"));
    assert_eq!(codec.decode(&value), Ok(data.clone()));
    data.set("draft", "x".repeat(5000)).unwrap();
    assert!(
        matches!(codec.encode(&data), Err(EncodeError::TooLarge { .. })),
        "theirs makes a cookie that no browser keeps"
    );
}

#[test]
fn decode_refuses_what_was_tampered_with_and_what_is_over() {
    let (manager, clock) = manager_with(|config| config.idle_timeout(MINUTE));
    let codec = manager.codec();
    let value = codec.encode(&codec.create().unwrap()).unwrap();
    let (start, end) = value.split_at(60);
    let tampered = format!("{start}{}{}", if end.starts_with('A') { 'B' } else { 'A' }, &end[1..]);
    assert_eq!(codec.decode(&tampered), Err(DecodeError::NotAuthentic));
    clock.set(59);
    assert!(codec.decode(&value).is_ok());
    clock.set(60);
    assert!(codec.decode(&value).unwrap_err().is_expired());
}

#[test]
fn a_cookie_that_is_no_good_loads_as_an_empty_session() {
    let manager = manager();
    assert_eq!(manager.load([sealed(&manager)]).get("user_id"), Ok(Some(1)));
    let session = manager.load(["tideway_session=forged"]);
    assert!(session.is_empty());
    assert_eq!(session.rejected(), Some(DecodeError::Malformed));
}

#[test]
fn commit_builds_the_whole_cookie_which_ends_with_the_session() {
    let (manager, _) = manager_with(|config| config.idle_timeout(MINUTE).path("/shop").domain("example.com"));
    let session = fresh(&manager);
    session.set("user_id", 1).unwrap();
    let line = commit(&manager, &session).unwrap();
    assert!(line.starts_with("tideway_session="));
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/shop", "Domain=example.com", "Max-Age=60"] {
        assert!(line.split("; ").any(|part| part == attribute), "{attribute}: {line}");
    }
    assert_eq!(commit(&manager, &session), None, "nothing changed since");
}

#[test]
fn a_change_needs_no_save_to_be_there_in_the_next_request() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.set("user_id", 2).unwrap();
    assert_eq!(next(&manager, &session).get("user_id"), Ok(Some(2)));
}

#[test]
fn what_is_deleted_is_gone_from_the_browser_and_a_copy_still_opens() {
    let manager = manager();
    let cookie = sealed(&manager);
    let session = manager.load([cookie.as_str()]);
    let retired = session.destroy().unwrap();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    let copy = manager.load([cookie]);
    assert_eq!(
        (copy.status(), copy.id()),
        (Status::Loaded, Ok(retired.id)),
        "so its id is handed out, for a deny list"
    );
}

#[test]
fn with_a_list_of_revocations_a_copy_of_a_deleted_session_opens_nothing() {
    let (manager, _) = manager_with(|config| config.revocations(MemoryRevocations::new()));
    let cookie = backends::login(&manager, 42);
    let session = backends::load(&manager, &cookie);
    session.destroy();
    assert!(is_deletion(&backends::commit(&manager, &session).unwrap()));
    assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    assert!(manager.supports_revocation());
}

#[test]
fn the_values_of_a_session_are_in_the_store_that_is_configured() {
    for store in [memory(), shelf(), plain()] {
        let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
        let session = backends::load(&manager, "");
        session.set("draft", "x".repeat(10_000)).unwrap();
        let cookie = backends::commit(&manager, &session).unwrap();
        assert!(cookie.len() < 300, "{cookie}");
        let session = backends::load(&manager, &cookie);
        assert_eq!(session.get::<String>("draft").unwrap().unwrap().len(), 10_000);
        assert!(run(store.load(session.id().unwrap())).unwrap().is_some());
    }
}

#[test]
fn sessions_in_memory_are_bounded_and_a_record_has_its_own_end() {
    let store = MemoryStore::new().clock(|| at(50)).max_records(2);
    for (byte, expires_at) in [(1, 100), (2, 101)] {
        run(store.save(id(byte), &record(byte, expires_at), Save::Create)).unwrap();
    }
    let full = run(store.save(id(3), &record(3, 100), Save::Create)).unwrap_err();
    assert_eq!(full.kind(), BackendErrorKind::Full);
    assert_eq!(run(store.cleanup_expired(at(100))), Ok(1), "the one that ends first");
    assert_eq!(store.len(), 1);
}

#[test]
fn a_store_loads_what_it_saved_and_nothing_for_an_id_that_it_does_not_know() {
    for store in [memory(), shelf()] {
        assert_eq!(run(store.load(id(1))), Ok(None));
        run(store.save(id(1), &record(1, 100), Save::Create)).unwrap();
        assert_eq!(run(store.load(id(1))), Ok(Some(record(1, 100))));
        assert_eq!(run(store.load(id(2))), Ok(None));
    }
}

#[test]
fn a_save_says_whether_it_creates_or_updates_and_a_deleted_session_does_not_come_back() {
    for store in [memory(), shelf()] {
        let first = Save::Replace(record(1, 100).tag());
        assert_eq!(run(store.save(id(1), &record(1, 100), first)), Ok(false));
        assert_eq!(run(store.save(id(1), &record(1, 100), Save::Create)), Ok(true));
        assert_eq!(run(store.save(id(1), &record(2, 100), Save::Create)), Ok(false));
        assert_eq!(run(store.save(id(1), &record(3, 100), first)), Ok(true));
        assert_eq!(run(store.load(id(1))), Ok(Some(record(3, 100))));
        run(store.delete(id(1))).unwrap();
        assert_eq!(run(store.save(id(1), &record(4, 100), first)), Ok(false));
        assert_eq!(run(store.load(id(1))), Ok(None));
    }
}

#[test]
fn a_session_in_a_store_ends_with_a_tombstone_and_a_copy_opens_nothing() {
    for store in [memory(), plain()] {
        let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
        let cookie = backends::login(&manager, 42);
        let (session, late) = (backends::load(&manager, &cookie), backends::load(&manager, &cookie));
        let id = session.id().unwrap();
        session.destroy();
        assert!(is_deletion(&backends::commit(&manager, &session).unwrap()));
        late.set("user_id", 43).unwrap();
        assert_eq!(backends::try_commit(&manager, &late), Err(EncodeError::Ended), "it does not come back");
        assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
        assert_eq!(run(store.load(id)).unwrap().unwrap().bytes(), [0; 16]);
        assert!(manager.supports_revocation());
    }
}

#[test]
fn an_expired_record_is_no_session_even_if_the_store_still_gives_it() {
    let store = memory();
    let (manager, clock) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = backends::login(&manager, 42);
    let id = backends::load(&manager, &cookie).id().unwrap();
    let record = run(store.load(id)).unwrap().unwrap();
    let ends_sooner = Record::new(record.bytes().to_vec(), at(START + 10));
    assert_eq!(backends::overwrite(&store, id, &ends_sooner), Ok(true));
    clock.set(9);
    assert_eq!(backends::user_id(&backends::load(&manager, &cookie)), Some(42));
    clock.set(10);
    assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
}

#[test]
fn a_store_deletes_one_session_and_none_that_is_not_there() {
    for store in [memory(), shelf()] {
        run(store.save(id(1), &record(1, 100), Save::Create)).unwrap();
        run(store.save(id(2), &record(2, 100), Save::Create)).unwrap();
        for _ in 0..2 {
            assert_eq!(run(store.delete(id(1))), Ok(()));
        }
        assert_eq!(run(store.load(id(1))), Ok(None));
        assert_eq!(run(store.load(id(2))), Ok(Some(record(2, 100))));
    }
}

#[test]
fn a_store_cleans_up_what_has_expired_by_the_time_it_is_given_and_counts_it() {
    for store in [memory(), shelf()] {
        for (byte, expires_at) in [(1, 99), (2, 100), (3, 101)] {
            run(store.save(id(byte), &record(byte, expires_at), Save::Create)).unwrap();
        }
        assert_eq!(run(store.cleanup_expired(at(100))), Ok(2));
        assert_eq!(run(store.load(id(3))), Ok(Some(record(3, 101))));
        assert_eq!(run(store.cleanup_expired(at(100))), Ok(0));
        let (manager, clock) = manager_with(|config| config.store(store));
        backends::login(&manager, 42);
        assert_eq!(run(manager.cleanup_expired()), Ok(1), "the one of above, by the clock of the manager");
        // The cookie of this session ends after a day, by a clock that may be a minute behind, and a request may take
        // another minute.
        clock.set(24 * 3600 + 120 - 1);
        assert_eq!(run(manager.cleanup_expired()), Ok(0));
        clock.set(24 * 3600 + 120);
        assert_eq!(run(manager.cleanup_expired()), Ok(1));
    }
}

#[test]
fn a_store_is_healthy_unless_it_says_otherwise() {
    assert!(run(memory().is_healthy()) && run(plain().is_healthy()));
    assert!(!run(shelf().is_healthy()));
    for (store, is_healthy) in [(plain(), true), (shelf(), false)] {
        let (manager, _) = manager_with(|config| config.store(store));
        assert_eq!(run(manager.is_healthy()), is_healthy);
    }
}

#[test]
fn a_store_supports_revocation_unless_it_says_otherwise() {
    assert!(memory().supports_revocation() && plain().supports_revocation());
    assert!(!shelf().supports_revocation());
    for (store, supports) in [(plain(), true), (shelf(), false)] {
        let (manager, _) = manager_with(|config| config.store(store));
        assert_eq!(manager.supports_revocation(), supports);
    }
    assert!(!manager().supports_revocation(), "a cookie alone can't be taken back");
}
