//! Commits whose answer was lost, or that failed: the next one does the rest, as if it had been the only one.

use futures_lite::future::poll_once;
use sealed_session::EncodeError;

use super::clones::{Deed, begin, cases};
use super::{STORED, Site, is_good, login};
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
        let cookie = commit(&node, &session).unwrap();
        let session = load(&node, &cookie);
        session.set("cart", 1).unwrap();
        session.set("theme", "light").unwrap();
        // The store keeps this, and the request does not hear of it.
        site.store.hang(&["save"]);
        give_up(&node, &session);
        site.store.hang(&[]);
        session.discard("cart");
        session.set("theme", "dark").unwrap();
        session.set("step", 1).unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((session.contains("cart"), session.get("theme")), (false, Ok(Some("dark".to_owned()))), "{place:?}");
    }
}
