//! A commit took values over from other requests, or left some in the store, and its answer was lost. The next try
//! neither loses them nor brings anything old back.

use std::pin::pin;
use std::time::Duration;

use futures_lite::future::poll_once;
use sealed_session::{EncodeError, Session, SessionManager};

use super::{DAY, HOUR, Site, Spill, SpillAndList, Store, StoreAndList, answer, is_good};
use crate::backends::{commit, load, run, try_commit, user_id};

/// Lets a commit ask so many questions, and one more whose answer is lost. Returns false when the commit was over
/// before.
pub(super) fn lose_the_answer_after(site: &Site, node: &SessionManager, session: &Session, questions: usize) -> bool {
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

#[test]
fn what_another_request_changes_between_two_tries_of_a_login_is_in_the_session_as_it_was_changed_last() {
    for place in [Store, StoreAndList, Spill, SpillAndList] {
        for (first, second) in (0..8).flat_map(|first| (0..8).map(move |second| (first, second))) {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            session.set("theme", "dark").unwrap();
            let cookie = commit(&node, &session).unwrap();
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            writer.set("long", "x".repeat(10_000)).unwrap();
            writer.set("cart", 1).unwrap();
            let written = commit(&node, &writer).unwrap_or(cookie);
            lose_the_answer_after(&site, &node, &session, first);
            let writer = load(&node, &written);
            let was_there = writer.discard("long");
            writer.set("cart", 2).unwrap();
            let is_changed = was_there && try_commit(&node, &writer).is_ok();
            lose_the_answer_after(&site, &node, &session, second);
            let line = commit(&node, &session);
            let Some(new) = line else { continue };
            let new = load(&node, &new);
            let is = (user_id(&new), new.contains("long"), new.get::<u64>("cart").unwrap());
            let expected = if is_changed { (Some(42), false, Some(2)) } else { (Some(42), true, Some(1)) };
            assert_eq!(is, expected, "{place:?} {first} {second}");
        }
    }
}

#[test]
fn what_a_commit_tried_to_put_into_the_store_never_comes_back_once_the_next_try_fits_into_the_cookie() {
    let deeds: [fn(&Session); 4] = [
        |_| {},
        |session| assert!(session.regenerate().is_ok()),
        |session| assert!(session.regenerate_empty().is_ok()),
        |session| assert!(session.destroy().is_none_or(|retired| Ok(retired.id) != session.id())),
    ];
    let cases = [Spill, SpillAndList].into_iter().flat_map(|place| (0..8).map(move |case| (place, case)));
    for (place, case) in cases {
        let (has_cookie, deed) = (case < 4, deeds[case % 4]);
        let mut kept = 0;
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            session.set("user_id", 42).unwrap();
            let session = if has_cookie { load(&node, &commit(&node, &session).unwrap()) } else { load(&node, "") };
            deed(&session);
            session.set("user_id", 42).unwrap();
            session.set("draft", "x".repeat(10_000)).unwrap();
            session.set("step", 1).unwrap();
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(kept > 0, "{place:?} {case}: an answer was lost after the store had kept the record");
                break;
            }
            kept += site.stored();
            session.discard("draft");
            session.set("step", 2).unwrap();
            let session = load(&node, &commit(&node, &session).unwrap());
            session.regenerate().unwrap();
            let session = load(&node, &commit(&node, &session).unwrap());
            let is = (user_id(&session), session.contains("draft"), session.get::<u64>("step").unwrap());
            assert_eq!(is, (Some(42), false, Some(2)), "{place:?} {case} {questions}");
        }
    }
}

#[test]
fn a_session_that_was_to_begin_after_a_logout_never_comes_back_once_it_was_given_up() {
    let site = Site::new(Spill);
    let node = site.node();
    let session = load(&node, "");
    session.set("user_id", 42).unwrap();
    let session = load(&node, &commit(&node, &session).unwrap());
    session.destroy();
    session.set("draft", "x".repeat(10_000)).unwrap();
    assert!(lose_the_answer_after(&site, &node, &session, 0));
    assert_eq!(site.stored(), 1, "the store has kept the session that begins");
    session.clear();
    assert!(commit(&node, &session).unwrap().contains("Max-Age=0"));
    session.set("user_id", 43).unwrap();
    let session = load(&node, &commit(&node, &session).unwrap());
    session.regenerate().unwrap();
    let session = load(&node, &commit(&node, &session).unwrap());
    assert_eq!((user_id(&session), session.contains("draft")), (Some(43), false));
}

#[test]
fn a_try_that_comes_when_the_new_session_of_the_first_one_is_forgotten_sends_nothing_and_says_so_if_anything_was_written()
 {
    let life = Duration::from_secs(HOUR);
    let places = [Store, StoreAndList, Spill, SpillAndList];
    for (place, writes) in places.into_iter().flat_map(|place| [(place, true), (place, false)]) {
        let mut moved = 0;
        for questions in 0.. {
            let site = Site::new(place);
            let node = site.node_with(|config| config.idle_timeout(life));
            let session = load(&node, "");
            session.set("user_id", 42).unwrap();
            let cookie = commit(&node, &session).unwrap();
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            if writes {
                session.set("step", 1).unwrap();
            }
            writer.set("theirs", "x".repeat(10_000)).unwrap();
            writer.set_idle_timeout(Duration::from_secs(9 * DAY)).unwrap();
            assert!(commit(&node, &writer).is_some());
            site.store.calls();
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(moved > 0, "{place:?}: an answer was lost after the old session had ended");
                break;
            }
            let is_moved = site.store.calls().iter().any(|call| call == "save Replace");
            moved += usize::from(is_moved);
            site.clock.set(HOUR + HOUR / 2);
            run(node.cleanup_expired()).unwrap();
            let expected = if writes { Err(EncodeError::Ended) } else { Ok(None) };
            assert_eq!(try_commit(&node, &session), expected, "{place:?} {writes} {questions}");
        }
    }
}
