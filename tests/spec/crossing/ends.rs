//! Ends of sessions. A session that ended stays so, with every copy of its cookie and with whatever it became.

use sealed_session::{DecodeError, EncodeError, UnixTime};

use super::{KNOWN, List, Site, Spill, SpillAndList, Store, StoreAndList, is_good, login, logout};
use crate::backends::{commit, load, run, try_commit, user_id};
use crate::common::cookie_of;

#[test]
fn a_logout_ends_the_whole_chain_of_what_its_session_became() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let mut chain = vec![login(&site, &node, 42)];
        let stale = [(); 2].map(|()| load(&node, &chain[0]));
        for _ in 0..4 {
            let session = load(&node, chain.last().unwrap());
            session.regenerate().unwrap();
            chain.push(commit(&node, &session).unwrap());
        }
        assert_eq!(
            chain.iter().map(|cookie| is_good(&node, cookie)).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        logout(&node, &stale[0]);
        assert!(!chain.iter().any(|cookie| is_good(&node, cookie)), "{place:?}");
        logout(&node, &stale[1]);
    }
}

#[test]
fn a_session_that_is_ended_from_outside_ends_with_what_it_became() {
    for place in [List, Store, StoreAndList, SpillAndList] {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        let id = session.id().unwrap();
        session.regenerate().unwrap();
        let renewed = commit(&node, &session).unwrap();
        run(site.node().revoke(id, UnixTime::MAX)).unwrap();
        assert_eq!(load(&node, &renewed).rejected(), Some(DecodeError::Revoked), "{place:?}");
    }
}

#[test]
fn a_logout_ends_what_an_ended_cookie_of_the_request_became() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        session.regenerate().unwrap();
        let renewed = commit(&node, &session).unwrap();
        let copy = load(&node, &cookie);
        assert_eq!(copy.rejected(), Some(DecodeError::Revoked));
        logout(&node, &copy);
        assert!(!is_good(&node, &renewed), "{place:?}");
    }
}

#[test]
fn a_logout_and_a_login_end_every_good_cookie_of_the_request() {
    for place in KNOWN {
        for is_logout in [true, false] {
            let (site, node) = Site::with_node(place);
            let cookies = [42, 43, 44].map(|user| login(&site, &node, user));
            let header = cookies.iter().map(|line| cookie_of(line)).collect::<Vec<_>>().join("; ");
            let session = load(&node, &header);
            if is_logout {
                logout(&node, &session);
            } else {
                session.regenerate().unwrap();
                assert!(commit(&node, &session).is_some());
            }
            assert!(!cookies.iter().any(|cookie| is_good(&node, cookie)), "{place:?} {is_logout}");
        }
    }
}

#[test]
fn a_logout_of_a_session_that_was_loaded_without_asking_ends_what_opened() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let cookies = [42, 43].map(|user| login(&site, &node, user));
        let session = node.load(&cookies);
        assert_eq!(session.rejected(), Some(DecodeError::NotAsked));
        logout(&node, &session);
        assert!(!cookies.iter().any(|cookie| is_good(&node, cookie)), "{place:?}");
    }
}

#[test]
fn a_session_that_begins_in_the_place_of_one_that_was_refused_ends_what_opened() {
    // The backends were not asked about the session that opened, so it may be good.
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = node.load([&cookie]);
        session.regenerate_empty().unwrap();
        session.set("user_id", 43).unwrap();
        let new = commit(&node, &session).unwrap();
        assert_eq!((user_id(&load(&node, &new)), is_good(&node, &cookie)), (Some(43), false), "{place:?}");
    }
}

#[test]
fn a_session_that_grows_after_its_logout_leaves_no_record_under_its_id() {
    // Without a list a session in its cookie is ended by the tombstone in the store alone.
    let (site, node) = Site::with_node(Spill);
    let session = load(&node, "");
    session.set("user_id", 42).unwrap();
    let small = commit(&node, &session).unwrap();
    let late = [(); 2].map(|()| load(&node, &small));
    logout(&node, &load(&node, &small));
    for session in late {
        session.set("draft", "x".repeat(10_000)).unwrap();
        assert_eq!(try_commit(&node, &session), Err(EncodeError::Ended));
        assert_eq!(site.stored(), 0);
    }
    // The same holds if another request was the first to put the session into the store.
    let session = load(&node, "");
    session.set("user_id", 42).unwrap();
    let small = commit(&node, &session).unwrap();
    let late = load(&node, &small);
    let session = load(&node, &small);
    session.set("draft", "x".repeat(10_000)).unwrap();
    let large = commit(&node, &session).unwrap();
    logout(&node, &load(&node, &large));
    late.set("draft", "y".repeat(10_000)).unwrap();
    assert_eq!((try_commit(&node, &late), site.stored()), (Err(EncodeError::Ended), 0));
}
