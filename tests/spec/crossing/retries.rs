//! Commits whose answer was lost, or that failed: the next one does the rest, as if it had been the only one.

use std::pin::pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use sealed_session::{EncodeError, Session, SessionManager};

use super::clones::{Deed, begin, cases};
use super::{DAY, HOUR, LISTED, STORED, Site, Spill, SpillAndList, Store, StoreAndList, answer, is_good, login};
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

/// Lets a commit ask so many questions, and one more whose answer is lost. Returns false when the commit was over before.
fn lose_the_answer_after(site: &Site, node: &SessionManager, session: &Session, questions: usize) -> bool {
    site.step();
    let mut commit = pin!(answer(node, session));
    for _ in 0..=questions {
        if run(poll_once(commit.as_mut())).is_some() {
            return false;
        }
    }
    site.store.hang(&["save", "delete"]);
    site.list.hang(&["revoke"]);
    let is_lost = run(poll_once(commit.as_mut())).is_none();
    site.store.hang(&[]);
    site.list.hang(&[]);
    is_lost
}

#[test]
fn what_a_renewal_took_over_is_in_the_next_try_whichever_answer_of_the_first_one_was_lost() {
    for (place, shrinks) in [
        (Store, false),
        (StoreAndList, false),
        (Spill, false),
        (Spill, true),
        (SpillAndList, false),
        (SpillAndList, true),
    ] {
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            session.set("user_id", 42).unwrap();
            session.set("draft", "x".repeat(10_000)).unwrap();
            let cookie = commit(&node, &session).unwrap();
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            if shrinks {
                // The renewal alone would fit into its cookie.
                assert!(session.discard("draft"));
            }
            writer.set("theirs", "x".repeat(10_000)).unwrap();
            writer.set_idle_timeout(Duration::from_secs(9 * DAY)).unwrap();
            assert!(commit(&node, &writer).is_some());
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(questions > 2, "{place:?}: there were answers to lose");
                break;
            }
            let new = load(&node, &commit(&node, &session).unwrap());
            let theirs = new.get::<String>("theirs").unwrap().map(|text| text.len());
            assert_eq!((user_id(&new), theirs), (Some(42), Some(10_000)), "{place:?} {shrinks} {questions}");
            let life = new.expires_at().as_secs() - new.issued_at().as_secs();
            assert_eq!(life, 9 * DAY, "{place:?} {shrinks} {questions}");
            assert_eq!((is_good(&node, &cookie), site.stored()), (false, 1), "{place:?} {shrinks} {questions}");
        }
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

#[test]
fn what_a_login_took_over_is_in_the_next_try_even_if_that_comes_when_the_old_session_is_forgotten() {
    let life = Duration::from_secs(2 * HOUR);
    for place in [Spill, SpillAndList] {
        let mut moved = 0;
        for questions in 0.. {
            let site = Site::new(place);
            let node = site.node_with(|config| config.idle_timeout(life).absolute_timeout(life));
            let session = load(&node, "");
            session.set("theme", "dark").unwrap();
            let cookie = commit(&node, &session).unwrap();
            site.clock.set(HOUR + HOUR / 2);
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            writer.set("theirs", "x".repeat(10_000)).unwrap();
            assert!(commit(&node, &writer).is_some());
            site.store.calls();
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(moved > 0, "{place:?}: an answer was lost after the old session had ended");
                break;
            }
            // The tombstone replaces the record that the writer made.
            let is_moved = site.store.calls().iter().any(|call| call == "save Replace");
            moved += usize::from(is_moved);
            site.clock.set(2 * HOUR + HOUR / 2);
            run(node.cleanup_expired()).unwrap();
            let new = load(&node, &commit(&node, &session).unwrap());
            let theirs = new.get::<String>("theirs").unwrap().map(|text| text.len());
            assert_eq!(user_id(&new), Some(42));
            // Before that, their values ended with the old session.
            assert!(theirs == Some(10_000) || !is_moved, "{place:?} {questions}");
        }
    }
}
