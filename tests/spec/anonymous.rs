//! Sessions that hold no value, in a store: a CSRF token or a flash value of a visitor who is nobody yet. Anybody can
//! begin any number of them, so they live for an hour, and a store that is full of sessions still lets those visitors
//! in who have one.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, EncodeError, MemoryRevocations, MemoryStore, Session, SessionConfig, SessionManager, SessionStore,
};

use crate::backends::{Watched, commit, load, login, run, try_commit, user_id};
use crate::common::{START, TestClock, manager_with};

const HOUR: u64 = 3600;
/// The idle timeout of these tests.
const DAY: u64 = 24 * HOUR;

fn manager(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock) {
    let clock = TestClock::new();
    let store = MemoryStore::new().clock(clock.reader());
    let (manager, _) = manager_with(|config| change(config.clock(clock.reader()).store(store)));
    (manager, clock)
}

/// A store that has room for three sessions and holds them. The cookies are those of the visitors.
fn full(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, Arc<MemoryStore>, [String; 3]) {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new().clock(clock.reader()).max_records(3));
    let (manager, _) = manager_with(|config| change(config.clock(clock.reader()).store(Arc::clone(&store))));
    let cookies = [(); 3].map(|()| form(&manager));
    (manager, store, cookies)
}

/// A visitor who was shown a form with a token.
fn form(manager: &SessionManager) -> String {
    let session = load(manager, "");
    session.csrf_token().unwrap();
    commit(manager, &session).unwrap()
}

/// The seconds from now to the end of the session, which are those that the browser is told.
fn life(session: &Session, set_cookie: &str) -> u64 {
    let life = session.expires_at().as_secs() - session.issued_at().as_secs();
    assert!(set_cookie.contains(&format!("; Max-Age={life}")), "{set_cookie}");
    life
}

#[test]
fn a_session_that_holds_no_value_lives_for_an_hour() {
    let begins: [fn(&Session); 4] = [
        |session| drop(session.csrf_token().unwrap()),
        |session| session.set_flash("notice", "Log in first").unwrap(),
        |session| {
            session.set("draft", 1).unwrap();
            session.clear();
            session.csrf_token().unwrap();
        },
        |session| {
            session.csrf_token().unwrap();
            session.regenerate().unwrap();
            session.csrf_token().unwrap();
        },
    ];
    for begin in begins {
        let (manager, clock) = manager(|config| config);
        let session = load(&manager, "");
        begin(&session);
        let cookie = commit(&manager, &session).unwrap();
        assert_eq!(life(&session, &cookie), HOUR);
        clock.set(HOUR - 1);
        assert_eq!(load(&manager, &cookie).rejected(), None);
        clock.set(HOUR);
        assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
        clock.set(HOUR + 60 + 60);
        assert_eq!(run(manager.cleanup_expired()), Ok(1));
    }
}

#[test]
fn it_lives_on_while_the_visitor_is_there_whatever_extend_after_is() {
    for extend_after in [60, 2 * HOUR, DAY - 1] {
        let (manager, clock) = manager(|config| config.extend_after(Duration::from_secs(extend_after)));
        let mut cookie = form(&manager);
        for visit in 1..=10 {
            clock.set(visit * (HOUR / 2));
            let session = load(&manager, &cookie);
            assert_eq!(session.rejected(), None, "{extend_after} {visit}");
            cookie = commit(&manager, &session).unwrap();
            assert_eq!(life(&session, &cookie), HOUR);
        }
    }
}

#[test]
fn with_its_first_value_it_lives_as_long_as_any_session() {
    let (manager, clock) = manager(|config| config);
    let changes: [fn(&Session); 2] = [
        |session| session.set("cart", 1).unwrap(),
        |session| {
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
        },
    ];
    for change in changes {
        clock.set(0);
        let cookie = form(&manager);
        clock.set(600);
        let session = load(&manager, &cookie);
        change(&session);
        let cookie = commit(&manager, &session).unwrap();
        assert_eq!(life(&session, &cookie), DAY);
        clock.set(600 + DAY - 1);
        assert_eq!(load(&manager, &cookie).rejected(), None);
    }
}

#[test]
fn a_life_that_the_application_asked_for_is_kept() {
    let (manager, _) = manager(|config| config);
    let session = load(&manager, "");
    session.csrf_token().unwrap();
    session.extend(Duration::from_secs(2 * DAY)).unwrap();
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(life(&session, &cookie), 2 * DAY);
}

#[test]
fn an_idle_timeout_of_its_own_is_kept_and_taken_back_to_an_hour() {
    let (manager, clock) = manager(|config| config);
    let session = load(&manager, "");
    session.csrf_token().unwrap();
    session.set_idle_timeout(Duration::from_secs(3 * DAY)).unwrap();
    assert!(session.keys().is_empty(), "the timeout is no value");
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(life(&session, &cookie), 3 * DAY);

    clock.set(2 * DAY);
    let session = load(&manager, &cookie);
    assert_eq!(session.idle_timeout(), Duration::from_secs(3 * DAY));
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(life(&session, &cookie), 3 * DAY, "it slides");

    clock.set(2 * DAY + 1);
    let session = load(&manager, &cookie);
    session.set_idle_timeout(Duration::from_secs(DAY)).unwrap();
    assert_eq!(session.idle_timeout(), Duration::from_secs(HOUR));
    let cookie = commit(&manager, &session).unwrap();
    assert_eq!(life(&session, &cookie), HOUR);
}

#[test]
fn a_page_that_polls_neither_keeps_it_alive_nor_puts_its_extension_off() {
    let (manager, clock) = manager(|config| config);
    let poll = |cookie: &str, act: fn(&Session)| {
        let session = load(&manager, cookie);
        session.keep_expiry();
        act(&session);
        let sealed = commit(&manager, &session);
        (session.expires_at().as_secs() - START, sealed)
    };
    let mut cookie = form(&manager);
    clock.set(HOUR / 2);
    assert_eq!(poll(&cookie, |session| drop(session.csrf_token().unwrap())), (HOUR, None));
    // A value that it stores gives the session the life of any session with values, but not before somebody visits.
    for seconds in (HOUR / 2..HOUR - 60).step_by(60) {
        clock.set(seconds);
        let (end, sealed) =
            poll(&cookie, |session| session.set("seen", session.get("seen").unwrap() != Some(true)).unwrap());
        assert_eq!(end, HOUR);
        cookie = sealed.unwrap();
    }
    let session = load(&manager, &cookie);
    assert!(session.contains("seen"));
    let visited = commit(&manager, &session).unwrap();
    assert_eq!(life(&session, &visited), DAY);
    clock.set(HOUR);
    assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
}

#[test]
fn a_session_that_loses_its_values_is_not_cut_short() {
    let (manager, clock) = manager(|config| config);
    let cookie = login(&manager, 42);
    clock.set(600);
    let session = load(&manager, &cookie);
    session.discard("user_id");
    commit(&manager, &session).unwrap();
    assert_eq!(session.expires_at().as_secs(), START + DAY);
}

#[test]
fn in_a_cookie_it_lives_as_long_as_any_session() {
    let clock = TestClock::new();
    let list = |config: SessionConfig| config.clock(clock.reader()).revocations(MemoryRevocations::new());
    let spill = |config: SessionConfig| config.clock(clock.reader()).spill(MemoryStore::new());
    for (manager, _) in [manager_with(|config| config.clock(clock.reader())), manager_with(list), manager_with(spill)] {
        let session = load(&manager, "");
        session.csrf_token().unwrap();
        let cookie = commit(&manager, &session).unwrap();
        assert_eq!(life(&session, &cookie), DAY);
    }
}

#[test]
fn what_two_requests_wrote_lives_as_long_as_any_session_whichever_was_first() {
    let clock = TestClock::new();
    let store = Watched::new(MemoryStore::new().clock(clock.reader()));
    // With a subject, a session with a cart is nobody's still, and goes on under a new id with what others wrote.
    let subject = |config: SessionConfig| config.revocations(MemoryRevocations::new()).subject("user_id");
    let (manager, _) = manager_with(|config| subject(config.clock(clock.reader()).store(Arc::clone(&store))));
    let changes: [fn(&Session); 2] = [
        |session| session.set_flash("notice", "Saved").unwrap(),
        |session| assert!(session.regenerate().unwrap().is_some()),
    ];
    for change in changes {
        clock.set(0);
        let cookie = form(&manager);
        let [one, other] = [load(&manager, &cookie), load(&manager, &cookie)];
        clock.set(600);
        change(&one);
        other.set("cart", 1).unwrap();
        assert_eq!(life(&other, &commit(&manager, &other).unwrap()), DAY);
        let cookie = commit(&manager, &one).unwrap();
        assert_eq!(one.get("cart"), Ok(Some(1)), "the other request's value is in it");
        assert_eq!(life(&one, &cookie), DAY);
        let record = run(store.inner.load(one.id().unwrap())).unwrap().unwrap();
        assert!(record.expires_at() >= one.expires_at());
    }
}

#[test]
fn in_a_full_store_a_new_visitor_is_refused_and_the_store_says_that_it_is_not_healthy() {
    let (manager, _, [cookie, ..]) = full(|config| config);
    assert!(!run(manager.is_healthy()));
    let session = load(&manager, "");
    session.csrf_token().unwrap();
    let error = try_commit(&manager, &session).unwrap_err();
    assert!(matches!(error, EncodeError::Backend(error) if error.kind() == BackendErrorKind::Full));
    let session = load(&manager, &cookie);
    session.destroy();
    commit(&manager, &session).unwrap();
    assert!(run(manager.is_healthy()));
    form(&manager);
}

#[test]
fn in_a_full_store_whoever_has_a_record_logs_in_and_out_again() {
    let list = |config: SessionConfig| config.subject("user_id").revocations(MemoryRevocations::new());
    for (manager, store, [form, other, _]) in [full(|config| config), full(list)] {
        let log_in = |cookie: &str| {
            let session = load(&manager, cookie);
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            commit(&manager, &session).unwrap()
        };
        let cookie = log_in(&form);
        assert_eq!(user_id(&load(&manager, &cookie)), Some(42));
        assert!(load(&manager, &form).is_empty());

        // The page after the logout says so, which takes a session.
        let session = load(&manager, &cookie);
        session.destroy();
        session.set_flash("notice", "Goodbye").unwrap();
        let goodbye = commit(&manager, &session).unwrap();
        assert!(load(&manager, &cookie).is_empty());
        assert_eq!(load(&manager, &goodbye).take_flash("notice"), Ok(Some("Goodbye".to_owned())));

        assert_eq!(user_id(&load(&manager, &log_in(&other))), Some(42));
        assert!(!run(manager.is_healthy()));
        assert_eq!(store.len(), 3 + 3, "three sessions, as before, and three tombstones");
    }
}
