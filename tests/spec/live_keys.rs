//! Keys that are replaced in a running manager: the next request goes by the new ones, and a request under way by the
//! old.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sealed_session::{
    Counters, DecodeError, EnvReader, KeyId, KeyRole, MemoryStore, ProblemKind, SessionConfig, SessionManager,
};

use crate::backends;
use crate::common::{FIRST_KEY, SECOND_KEY, commit, cookie_of, fresh, key, manager, manager_with, ring, sealed};
use crate::environment::{KEY, TempFile};

/// The id of the key under which this manager seals a new session.
fn sealed_by(manager: &SessionManager) -> KeyId {
    key_of(&sealed(manager))
}

/// The id of the key under which a cookie is sealed.
fn key_of(cookie: &str) -> KeyId {
    let keys = [FIRST_KEY, SECOND_KEY].map(key);
    let opens =
        |digits: &str| SessionConfig::new(key(digits)).clock(|| crate::common::at(crate::common::START)).build();
    let found =
        [FIRST_KEY, SECOND_KEY].iter().position(|digits| opens(digits).unwrap().load([cookie]).rejected().is_none());
    keys[found.unwrap()].id()
}

#[test]
fn the_next_request_goes_by_the_new_keys_on_every_clone_of_the_manager() {
    let manager = manager();
    let (clone, codec) = (manager.clone(), manager.codec().clone());
    let old = sealed(&manager);
    clone.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
    for manager in [&manager, &clone] {
        assert_eq!(sealed_by(manager), key(SECOND_KEY).id());
        assert_eq!(manager.load([&old]).get("user_id"), Ok(Some(1)));
    }
    let value = codec.encode(&codec.create().unwrap()).unwrap();
    assert!(value.starts_with(sealed(&manager).split_once('=').unwrap().1.get(..6).unwrap()), "the same key id");
    assert!(format!("{manager:?}").contains("key_ids: [KeyId(f662e4c0), KeyId(f57c76ce)]"), "{manager:?}");

    manager.set_keys(key(SECOND_KEY));
    let refused = clone.load([old]).rejected();
    assert_eq!(refused, Some(DecodeError::UnknownKey { id: key(FIRST_KEY).id() }));
}

#[test]
fn a_session_under_the_old_key_is_sealed_again_under_the_new_one_when_it_is_next_looked_at() {
    let manager = manager();
    let cookie = sealed(&manager);
    manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
    let session = manager.load([cookie]);
    assert!(!session.is_empty());
    assert_eq!(key_of(&cookie_of(&commit(&manager, &session).unwrap())), key(SECOND_KEY).id());
}

#[test]
fn a_request_ends_with_the_keys_with_which_it_began() {
    let manager = manager();
    let cookie = sealed(&manager);
    let (unopened, opened, new) = (manager.load([&cookie]), manager.load([&cookie]), fresh(&manager));
    assert_eq!(opened.get("user_id"), Ok(Some(1)));
    // The old key is dropped at once, as after a leak: nothing that it admitted may be sealed under the new one.
    manager.set_keys(key(SECOND_KEY));
    assert_eq!(unopened.get("user_id"), Ok(Some(1)), "it is opened now, by the key of its load");
    for session in [unopened, opened, new] {
        session.set("more", 1).unwrap();
        let line = commit(&manager, &session).unwrap();
        assert_eq!(key_of(&cookie_of(&line)), key(FIRST_KEY).id());
        assert!(manager.load([line]).rejected().is_some());
    }
}

#[test]
fn a_record_in_a_store_goes_with_the_keys_too() {
    let (manager, _) = manager_with(|config| config.store(MemoryStore::new()));
    let cookie = backends::login(&manager, 42);
    manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
    let session = backends::load(&manager, &cookie);
    assert_eq!(backends::user_id(&session), Some(42));
    let cookie = backends::commit(&manager, &session).unwrap();
    manager.set_keys(key(SECOND_KEY));
    assert_eq!(backends::user_id(&backends::load(&manager, &cookie)), Some(42), "the record was sealed again, too");
    assert_eq!(backends::run(manager.all()).unwrap().len(), 1);
}

#[test]
fn requests_lose_no_session_while_the_keys_change() {
    let manager = manager();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let rotate = || {
            for _ in 0..2_000 {
                manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
                manager.set_keys(ring(FIRST_KEY, &[SECOND_KEY]));
            }
            is_over.store(true, Ordering::SeqCst);
        };
        let visit = || {
            let mut cookie = sealed(&manager);
            let mut visits = 0_u64;
            while !is_over.load(Ordering::SeqCst) || visits < 100 {
                let session = manager.load([&cookie]);
                assert_eq!(session.get("visits"), Ok((visits > 0).then_some(visits)), "{:?}", session.rejected());
                visits += 1;
                session.set("visits", visits).unwrap();
                cookie = cookie_of(&commit(&manager, &session).unwrap());
            }
        };
        scope.spawn(rotate);
        scope.spawn(visit);
        scope.spawn(visit);
    });
}

#[test]
fn observers_hear_of_the_new_keys_and_counters_have_the_primary_one_first() {
    let counters = Counters::new();
    let (manager, _) = manager_with(|config| config.observer(counters.clone()));
    let old = sealed(&manager);
    manager.set_keys(ring(SECOND_KEY, &[FIRST_KEY]));
    assert!(!manager.load([old]).is_empty());
    let _ = sealed(&manager);
    let keys: Vec<_> =
        counters.snapshot().keys.iter().map(|key| (key.key_id, key.ring, key.opens, key.seals)).collect();
    let (first, second) = (key(FIRST_KEY).id(), key(SECOND_KEY).id());
    assert_eq!(
        keys,
        [(second, KeyRole::Primary, 0, 1), (first, KeyRole::Primary, 0, 1), (first, KeyRole::Previous, 1, 0)]
    );
}

#[test]
fn the_keys_alone_are_read_anew_from_the_files_that_the_variables_name() {
    let file = TempFile::new("live-key", SECOND_KEY.as_bytes());
    let previous = TempFile::new("live-previous", format!("{FIRST_KEY}\n").as_bytes());
    let vars = [
        ("TIDEWAY_SESSION_ENCRYPTION_KEY_FILE", file.path()),
        ("TIDEWAY_SESSION_PREVIOUS_KEYS_FILE", previous.path()),
        ("TIDEWAY_SESSION_TTL_SECONDS", "no number, and nobody asks"),
    ];
    let keys = EnvReader::default().read_key_vars(vars).unwrap();
    assert!(keys.ids().eq([key(SECOND_KEY).id(), key(FIRST_KEY).id()]));
    let bare = [("SESSION_ENCRYPTION_KEY", FIRST_KEY)];
    assert!(EnvReader::default().read_key_vars(bare).is_err());
    assert!(EnvReader::default().or_bare().read_key_vars(bare).is_ok());
}

#[test]
fn no_key_is_made_up_for_a_manager_that_has_one() {
    let vars = [("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true")];
    let error = EnvReader::default().read_key_vars(vars).unwrap_err();
    assert_eq!(error.problems()[0].setting(), KEY.0);
    assert!(matches!(error.problems()[0].kind(), ProblemKind::Missing { .. }));
}

#[test]
fn no_keys_are_taken_out_of_variables_of_which_one_is_wrong() {
    for wrong in [
        ("TIDEWAY_SESSION_PREVIOUS_KEYS", "no key"),
        ("TIDEWAY_SESSION_PREVIOUS_KEYS", "\"quoted\""),
        ("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "perhaps"),
    ] {
        let error = EnvReader::default().read_key_vars([(KEY.0, FIRST_KEY), wrong]).unwrap_err();
        assert!(error.problems()[0].setting().starts_with(wrong.0), "{error}");
    }
}
