//! Commits whose answer was lost, or that failed: the next one does the rest, as if it had been the only one.

use std::pin::pin;

use futures_lite::future::poll_once;
use sealed_session::EncodeError;

use super::clones::{Deed, begin, cases};
use super::{LISTED, STORED, Site, answer, is_good, login};
use crate::backends::{commit, give_up, load, run, try_commit, user_id};

#[test]
fn a_commit_whose_answer_was_lost_at_any_question_ends_as_if_it_had_run_once() {
    for (place, deed) in cases() {
        for method in ["save Create", "save Replace", "revoke"] {
            let (site, node) = Site::with_node(place);
            let (session, cookie) = begin(&site, &node, deed);
            site.store.hang(&[method]);
            site.list.hang(&[method]);
            let mut first = Box::pin(node.commit_async(&session));
            let is_lost = run(poll_once(first.as_mut())).is_none();
            drop(first);
            site.store.hang(&[]);
            site.list.hang(&[]);
            if is_lost {
                let new = commit(&node, &session).unwrap();
                let session = load(&node, &new);
                let values = ["user_id", "step"].map(|key| session.get::<u64>(key).unwrap());
                assert_eq!(values, [Some(42), Some(1)], "{place:?} {deed:?} {method}");
                let old = cookie.filter(|_| deed != Deed::Write);
                assert!(!old.is_some_and(|old| is_good(&node, &old)), "{place:?} {deed:?} {method}");
            }
        }
    }
}

#[test]
fn a_commit_that_failed_leaves_what_clones_did_since() {
    for (place, deed) in cases() {
        for method in ["save Create", "save Replace", "revoke", "look"] {
            let (site, node) = Site::with_node(place);
            let (session, _) = begin(&site, &node, deed);
            site.store.fail(&[method]);
            site.list.fail(&[method]);
            let failed = try_commit(&node, &session);
            site.store.fail(&[]);
            site.list.fail(&[]);
            let clone = session.clone();
            match failed {
                Ok(line) => assert!(line.is_some()),
                Err(error) => assert!(matches!(error, EncodeError::Backend(_)), "{error:?}"),
            }
            clone.set("more", 2).unwrap();
            clone.discard("step");
            let new = load(&node, &commit(&node, &session).unwrap());
            assert_eq!((new.get("more"), new.contains("step"), user_id(&new)), (Ok(Some(2)), false, Some(42)));
        }
    }
}

#[test]
fn what_was_taken_back_after_a_commit_was_dropped_is_not_in_the_next_one() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        session.set("theme", "dark").unwrap();
        session.set_flash("notice", "Saved").unwrap();
        let cookie = commit(&node, &session).unwrap();
        let session = load(&node, &cookie);
        session.set("cart", 1).unwrap();
        session.set("theme", "light").unwrap();
        session.set_flash("notice", "Sent").unwrap();
        // The store keeps this, and the request does not hear of it.
        site.store.hang(&["save"]);
        give_up(&node, &session);
        site.store.hang(&[]);
        session.discard("cart");
        session.set("theme", "dark").unwrap();
        session.set_flash("notice", "Saved").unwrap();
        session.set("step", 1).unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((session.contains("cart"), session.get("theme")), (false, Ok(Some("dark".to_owned()))), "{place:?}");
        assert_eq!(session.take_flash("notice"), Ok(Some("Saved".to_owned())), "{place:?}");
    }
}

#[test]
fn a_commit_after_a_dropped_change_of_the_subject_that_was_taken_back_ends_the_id_before() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        session.set("user_id", 43).unwrap();
        site.step();
        assert!(run(poll_once(pin!(answer(&node, &session)))).is_none(), "it waits for its first answer");
        session.set("user_id", 42).unwrap();
        session.set("step", 1).unwrap();
        let new = commit(&node, &session).unwrap();
        assert_eq!((user_id(&load(&node, &new)), is_good(&node, &cookie)), (Some(42), false), "{place:?}");
    }
}

#[test]
fn a_write_that_was_committed_undoes_no_later_write_of_another_request() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        session.set("k", 1).unwrap();
        let other = load(&node, &commit(&node, &session).unwrap());
        other.set("k", 2).unwrap();
        assert!(commit(&node, &other).is_some());
        session.set("step", 1).unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((session.get("k"), session.get("step")), (Ok(Some(2)), Ok(Some(1))), "{place:?}");
    }
}
