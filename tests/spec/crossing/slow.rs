//! A request that takes long answers last. Its cookie must not take the place of the cookie of a login that happened
//! meanwhile.

use std::time::Duration;

use futures_lite::future::poll_once;
use sealed_session::{BackendErrorKind, DecodeError, EncodeError, Session, SessionManager};

use super::{Bare, DAY, HOUR, KNOWN, LISTED, List, Site, Spill, Store, StoreAndList, is_good, login, visit};
use crate::backends::{commit, load, run, try_commit, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, START, manager_with, ring};

#[test]
fn a_reader_that_answers_after_a_login_or_a_renewal_leaves_its_cookie_alone() {
    for place in KNOWN {
        for is_login in [true, false] {
            let (site, node) = Site::with_node(place);
            let cookie = if is_login { visit(&site, &node) } else { login(&site, &node, 42) };
            // In a store, a session without values lives for an hour.
            let due = if is_login && place != List { HOUR - 60 } else { 20 * HOUR };
            site.clock.set(due);
            let slow = load(&node, &cookie);
            assert!(!slow.is_empty());
            let session = load(&node, &cookie);
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            let new = commit(&node, &session).unwrap();
            site.clock.set(due + 30);
            assert_eq!(try_commit(&node, &slow), Ok(None), "{place:?}: its answer would be the last one");
            assert_eq!(user_id(&load(&node, &new)), Some(42));
        }
    }
}

#[test]
fn a_writer_that_answers_after_the_end_of_its_session_is_told_so() {
    for place in KNOWN {
        for is_login in [true, false] {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let slow = load(&node, &cookie);
            slow.set("cart", 1).unwrap();
            let session = load(&node, &cookie);
            if is_login {
                session.regenerate().unwrap();
            } else {
                session.destroy();
            }
            assert!(commit(&node, &session).is_some());
            assert_eq!(try_commit(&node, &slow), Err(EncodeError::Ended), "{place:?}");
        }
    }
}

#[test]
fn a_list_is_asked_again_before_anything_is_sealed_under_the_old_id() {
    let (site, node) = Site::with_node(List);
    let cookie = login(&site, &node, 42);
    site.clock.set(20 * HOUR);
    let handlers: [fn(&Session); 3] = [
        |session| assert_eq!(user_id(session), Some(42)),
        |session| session.set("cart", 1).unwrap(),
        |session| session.extend(Duration::from_secs(2 * DAY)).unwrap(),
    ];
    for handler in handlers {
        let session = load(&node, &cookie);
        handler(&session);
        site.list.calls();
        assert!(commit(&node, &session).is_some());
        assert_eq!(site.list.calls(), ["look id and 42"]);
    }
}

#[test]
fn an_extension_that_a_list_can_not_be_asked_about_is_left_out_and_a_write_is_an_error() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        site.clock.set(20 * HOUR);
        let (reader, writer) = (load(&node, &cookie), load(&node, &cookie));
        assert_eq!(user_id(&reader), Some(42));
        writer.set("cart", 1).unwrap();
        site.list.fail(&["look"]);
        site.store.fail(&["save"]);
        for _ in 0..2 {
            assert_eq!(try_commit(&node, &reader), Ok(None), "{place:?}");
            assert!(matches!(try_commit(&node, &writer), Err(EncodeError::Backend(_))), "{place:?}");
        }
        site.list.fail(&[]);
        site.store.fail(&[]);
        assert!(commit(&node, &writer).is_some(), "{place:?}: it may be tried again");
    }
}

/// Loads a cookie at a time, looks at the session, and commits it so many seconds later.
fn read(node: &SessionManager, site: &Site, cookie: &str, at: u64, takes: u64) -> Option<String> {
    site.clock.set(at);
    let session = load(node, cookie);
    assert_eq!(user_id(&session), Some(42));
    site.clock.set(at + takes);
    commit(node, &session)
}

#[test]
fn a_slow_request_extends_a_bare_cookie_only_when_half_of_its_idle_timeout_is_used() {
    let (site, node) = Site::with_node(Bare);
    let cookie = login(&site, &node, 42);
    for (at, takes, is_sent) in [
        (3 * HOUR, 0, true),
        (3 * HOUR, 1, true),
        (3 * HOUR, 2, false),
        (3 * HOUR, 60, false),
        (12 * HOUR - 3, 2, false),
        (12 * HOUR - 2, 2, true),
        (12 * HOUR, 60, true),
        (20 * HOUR, 600, true),
    ] {
        assert_eq!(read(&node, &site, &cookie, at, takes).is_some(), is_sent, "{at} {takes}");
    }
    // A value that was written is sent, however long the request took.
    site.clock.set(3 * HOUR);
    let session = load(&node, &cookie);
    session.set("cart", 1).unwrap();
    site.clock.set(4 * HOUR);
    assert!(commit(&node, &session).is_some());
}

#[test]
fn a_slow_request_leaves_out_a_new_key_and_a_new_schema_of_a_bare_cookie_alike() {
    let (site, node) = Site::with_node(Bare);
    let cookie = login(&site, &node, 42);
    let clock = || site.clock.reader();
    let nodes = [
        manager_with(|_| sealed_session::SessionConfig::new(ring(SECOND_KEY, &[FIRST_KEY])).clock(clock())).0,
        manager_with(|config| config.clock(clock()).schema(1).migrate(|_, _| Ok(()))).0,
    ];
    for node in &nodes {
        for (at, takes, is_sent) in [(0, 1, true), (0, 2, false), (12 * HOUR, 2, true)] {
            assert_eq!(read(node, &site, &cookie, at, takes).is_some(), is_sent, "{at} {takes}");
        }
    }
}

#[test]
fn a_slow_request_extends_what_a_backend_vouches_for() {
    for place in [List, Store, Spill] {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        assert!(read(&node, &site, &cookie, 3 * HOUR, 50).is_some(), "{place:?}");
    }
}

#[test]
fn a_request_asks_backends_for_a_minute_and_then_no_more() {
    for place in [Store, StoreAndList, Spill] {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        session.regenerate().unwrap();
        site.step();
        for (takes, is_in_time) in [(60, false), (59, true)] {
            site.clock.set(0);
            let mut commit = Box::pin(node.commit_async(&session));
            // The first question waits for its turn, and its answer comes late. The next one is not asked any more.
            assert!(run(poll_once(commit.as_mut())).is_none());
            site.clock.set(takes);
            match run(commit) {
                Ok(lines) => assert!(is_in_time && lines.into_iter().count() == 1, "{place:?}"),
                Err(EncodeError::Backend(error)) => {
                    assert!(!is_in_time && error.kind() == BackendErrorKind::Unavailable, "{place:?}");
                    assert!(is_good(&node, &cookie), "{place:?}: what it was to end has not ended");
                }
                Err(error) => panic!("{place:?} {error:?}"),
            }
        }
    }
    // A load of several questions is one request, too.
    let (site, node) = Site::with_node(StoreAndList);
    let cookie = login(&site, &node, 42);
    site.step();
    for (takes, reason) in [(60, Some(DecodeError::Unavailable)), (59, None)] {
        site.clock.set(0);
        let mut load = Box::pin(node.load_async([&cookie]));
        assert!(run(poll_once(load.as_mut())).is_none());
        site.clock.set(takes);
        assert_eq!(run(load).unwrap().rejected(), reason, "{takes}");
    }
}

#[test]
fn a_session_that_begins_in_a_slow_request_counts_from_its_answer() {
    for place in KNOWN {
        for is_login in [false, true] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &if is_login { visit(&site, &node) } else { String::new() });
            if is_login {
                session.regenerate().unwrap();
            }
            session.set("user_id", 42).unwrap();
            site.clock.set(100);
            let session = load(&node, &commit(&node, &session).unwrap());
            let times = [session.issued_at(), session.expires_at()].map(|time| time.as_secs() - START);
            assert_eq!(times, [100, 100 + DAY], "{place:?} {is_login}");
        }
    }
}
