//! Requests that take very long, and sessions that went on under many ids.

use sealed_session::{DecodeError, EncodeError, UnixTime};

use super::{Bare, DAY, KNOWN, LISTED, List, Site, SpillAndList, Store, StoreAndList, is_good, login};
use crate::backends::{commit, give_up, load, run, try_commit, user_id};

#[test]
fn a_session_that_begins_in_a_request_that_outlives_the_absolute_timeout_begins_then() {
    for place in [[Bare].as_slice(), &KNOWN].concat() {
        let (site, node) = Site::with_node(place);
        let session = load(&node, "");
        session.set("user_id", 42).unwrap();
        site.clock.set(31 * DAY);
        let cookie = commit(&node, &session).unwrap();
        assert_eq!(user_id(&load(&node, &cookie)), Some(42), "{place:?}");
    }
}

#[test]
fn a_login_that_ended_after_the_absolute_timeout_of_its_request_can_be_taken_back_in_the_same_request() {
    for place in LISTED {
        for regenerates in [false, true] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            assert!(session.is_empty(), "to look at a session opens it");
            site.clock.set(31 * DAY);
            if regenerates {
                session.set("cart", 0).unwrap();
                commit(&node, &session).unwrap();
                session.regenerate().unwrap();
            }
            session.set("user_id", 42).unwrap();
            let login = commit(&node, &session).unwrap();
            assert!(session.discard("user_id"));
            session.set("cart", 1).unwrap();
            let after = commit(&node, &session).unwrap();
            assert!(!is_good(&node, &login), "{place:?}");
            let next = load(&node, &after);
            assert_eq!((user_id(&next), next.get("cart")), (None, Ok(Some(1))), "{place:?}");
            assert_eq!(next.created_at(), node.codec().now(), "{place:?}");
        }
    }
}

#[test]
fn a_session_that_a_clock_ahead_began_and_that_becomes_nobodys_began_no_later_than_the_request_that_did_it() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        site.clock.set(60);
        let cookie = login(&site, &node, 42);
        // The clock of this node is a minute behind, and its handler takes longer than that.
        site.clock.set(0);
        let loaded_at = node.codec().now();
        let session = load(&node, &cookie);
        assert!(session.discard("user_id"));
        session.set("cart", 1).unwrap();
        site.clock.set(70);
        let after = commit(&node, &session).unwrap();
        assert_eq!(load(&node, &after).created_at(), loaded_at, "{place:?}");
    }
}

#[test]
fn a_login_that_began_before_the_absolute_timeout_and_ends_after_it_is_refused() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, "");
        run(node.begin_login(&session, &42)).unwrap();
        session.set("user_id", 42).unwrap();
        site.clock.set(31 * DAY);
        assert_eq!(try_commit(&node, &session), Err(EncodeError::Ended), "{place:?}");
    }
}

#[test]
fn a_renewal_by_a_clock_that_is_behind_is_over_at_its_own_absolute_timeout_and_brings_no_banned_user_back() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        site.clock.set(60);
        let cookie = login(&site, &node, 42);
        // This node's clock is behind, so the session that it makes is to end before the one that it renews.
        site.clock.set(0);
        let [reader, writer] = [(); 2].map(|()| load(&node, &cookie));
        for session in [&reader, &writer] {
            session.regenerate().unwrap();
        }
        writer.set("cart", 1).unwrap();
        run(node.revoke_subject(&42)).unwrap();
        site.clock.set(30 * DAY);
        assert_eq!(try_commit(&node, &reader), Ok(None), "{place:?}");
        assert_eq!(try_commit(&node, &writer), Err(EncodeError::Ended), "{place:?}");
    }
}

#[test]
fn an_end_follows_a_session_through_fifty_ids() {
    // Spill alone is left out: without a list, nobody can end a session there by its id alone.
    for place in [List, Store, StoreAndList, SpillAndList] {
        let (site, node) = Site::with_node(place);
        let first = login(&site, &node, 42);
        let id = load(&node, &first).id().unwrap();
        let mut cookie = first.clone();
        for _ in 0..50 {
            let session = load(&node, &cookie);
            session.regenerate().unwrap();
            cookie = commit(&node, &session).unwrap();
        }
        assert!(is_good(&node, &cookie));
        run(node.revoke(id, UnixTime::MAX)).unwrap();
        assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
    }
}

#[test]
fn who_logged_in_between_two_calls_of_revoke_others_is_logged_out_by_the_second() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        run(node.revoke_others(&session)).unwrap();
        let between = login(&site, &node, 42);
        assert!(is_good(&node, &between), "{place:?}");
        run(node.revoke_others(&session)).unwrap();
        let cookie = commit(&node, &session).unwrap();
        assert!(!is_good(&node, &between), "{place:?}");
        assert!(is_good(&node, &cookie), "{place:?}");
    }
}

#[test]
fn a_user_who_was_set_and_taken_back_keeps_the_generation_of_the_session() {
    for place in [StoreAndList, SpillAndList] {
        let (site, node) = Site::with_node(place);
        for user in [1, 2] {
            run(node.revoke_subject(&user)).unwrap();
        }
        let cookie = if place == SpillAndList {
            let session = load(&node, "");
            session.set("user_id", 1).unwrap();
            session.set("draft", "x".repeat(10_000)).unwrap();
            commit(&node, &session).unwrap()
        } else {
            login(&site, &node, 1)
        };
        let session = load(&node, &cookie);
        session.set("user_id", 2).unwrap();
        site.store.hang(&["save"]);
        give_up(&node, &session);
        site.store.hang(&[]);
        session.set("user_id", 1).unwrap();
        session.set("cart", 3).unwrap();
        let cookie = commit(&node, &session).unwrap();
        assert_eq!(user_id(&load(&node, &cookie)), Some(1), "{place:?}");
    }
}

#[test]
fn a_session_that_becomes_another_users_or_nobodys_goes_on_under_a_new_id_where_there_is_a_list() {
    for place in LISTED {
        for other in [Some(43_u64), None] {
            let (site, node) = Site::with_node(place);
            let before = login(&site, &node, 42);
            let session = load(&node, &before);
            let old = session.id().unwrap();
            match other {
                Some(user) => session.set("user_id", user).unwrap(),
                None => assert!(session.discard("user_id")),
            }
            session.set("cart", 1).unwrap();
            let after = commit(&node, &session).unwrap();
            assert_ne!(session.id().unwrap(), old, "{place:?}");
            assert!(!is_good(&node, &before), "{place:?}: the cookie of user 42 is nobody else's");
            let session = load(&node, &after);
            assert_eq!((user_id(&session), session.get("cart")), (other, Ok(Some(1))), "{place:?}");
            assert!(session.created_at() <= node.codec().now(), "{place:?}");
        }
    }
}
