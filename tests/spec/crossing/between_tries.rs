//! A handler and other requests change the session between two tries of a commit. The store kept the first try, and its
//! answer was lost. The next try undoes nothing of others, and leaves nothing of what the handler took back.

use sealed_session::{EncodeError, Session, SessionManager};

use super::taken_over::lose_the_answer_after;
use super::{
    HOUR, LISTED, List, Place, STORED, Site, Spill, SpillAndList, Store, StoreAndList, is_good, login, logout, visit,
};
use crate::backends::{commit, give_up, load, run, try_commit, user_id};

/// A site with a session of user 42 that has these flash values, and its cookie.
fn with_flash(place: Place, flash: Option<&str>) -> (Site, SessionManager, String) {
    let (site, node) = Site::with_node(place);
    let session = load(&node, &login(&site, &node, 42));
    session.set_flash("notice", flash).unwrap();
    session.set("theme", "dark").unwrap();
    let cookie = commit(&node, &session).unwrap();
    (site, node, cookie)
}

/// Commits, and loses the answer of the store.
fn lose(site: &Site, node: &SessionManager, session: &Session) {
    site.store.hang(&["save"]);
    give_up(node, session);
    site.store.hang(&[]);
}

fn flash(session: &Session) -> Option<String> {
    session.take_flash("notice").unwrap()
}

#[test]
fn a_flash_value_that_the_first_try_stored_and_the_handler_took_since_is_gone() {
    for place in STORED {
        for before in [None, Some("old")] {
            let (site, node, cookie) = with_flash(place, before);
            let session = load(&node, &cookie);
            session.set_flash("notice", "new").unwrap();
            lose(&site, &node, &session);
            assert_eq!(flash(&session).as_deref(), Some("new"));
            session.set("step", 1).unwrap();
            let session = load(&node, &commit(&node, &session).unwrap());
            assert_eq!(flash(&session), None, "{place:?} {before:?}");
        }
    }
}

#[test]
fn what_another_request_stored_since_the_first_try_stays_if_the_handler_took_its_own_back() {
    for place in STORED {
        for before in [None, Some("old")] {
            let (site, node, cookie) = with_flash(place, before);
            let session = load(&node, &cookie);
            session.set_flash("notice", "new").unwrap();
            session.set("cart", 1).unwrap();
            session.discard("theme");
            lose(&site, &node, &session);
            let other = load(&node, &cookie);
            assert_eq!((flash(&other).as_deref(), other.contains("theme")), (Some("new"), false));
            other.set_flash("notice", "theirs").unwrap();
            other.set("cart", 5).unwrap();
            other.set("theme", "light").unwrap();
            assert!(commit(&node, &other).is_some());
            assert_eq!(flash(&session).as_deref(), Some("new"));
            session.discard("cart");
            session.set("theme", "dark").unwrap();
            session.set("step", 1).unwrap();
            let session = load(&node, &commit(&node, &session).unwrap());
            let is = (flash(&session), session.get("cart").unwrap(), session.get::<String>("theme").unwrap());
            assert_eq!(is, (Some("theirs".to_owned()), Some(5), Some("light".to_owned())), "{place:?} {before:?}");
        }
    }
}

#[test]
fn a_login_that_the_first_try_stored_and_the_handler_took_back_is_not_taken_for_that_of_another_request() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &visit(&site, &node));
        session.set("user_id", 42).unwrap();
        lose(&site, &node, &session);
        session.discard("user_id");
        session.regenerate().unwrap();
        session.set("step", 1).unwrap();
        let session = load(&node, &try_commit(&node, &session).unwrap().unwrap());
        assert_eq!((user_id(&session), session.get("step")), (None, Ok(Some(1))), "{place:?}");
    }
}

#[test]
fn a_login_of_another_request_that_came_after_the_first_try_stays() {
    for place in [Store, StoreAndList, Spill] {
        let (site, node) = Site::with_node(place);
        let cookie = visit(&site, &node);
        let session = load(&node, &cookie);
        session.set("user_id", 42).unwrap();
        lose(&site, &node, &session);
        let other = load(&node, &cookie);
        other.set("user_id", 43).unwrap();
        let theirs = commit(&node, &other).unwrap();
        session.discard("user_id");
        session.regenerate().unwrap();
        session.set("step", 1).unwrap();
        let late = try_commit(&node, &session);
        let user = late.as_ref().ok().and_then(|line| user_id(&load(&node, line.as_ref().unwrap())));
        assert_eq!((user, user_id(&load(&node, &theirs))), (None, Some(43)), "{place:?} {late:?}");
    }
}

#[test]
fn a_try_that_comes_when_the_new_session_without_values_is_forgotten_says_so_and_loses_nothing() {
    for place in [Store, StoreAndList] {
        let mut moved = 0;
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let cookie = visit(&site, &node);
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            session.set_flash("mine", 1).unwrap();
            writer.set_flash("theirs", 1).unwrap();
            assert!(commit(&node, &writer).is_some());
            site.store.calls();
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(moved > 0, "{place:?}: an answer was lost after the old session had ended");
                break;
            }
            moved += usize::from(site.store.calls().iter().any(|call| call == "save Replace"));
            // A session without values lives an hour in a store, and not the idle timeout of a day.
            site.clock.set(HOUR + HOUR / 2);
            run(node.cleanup_expired()).unwrap();
            assert_eq!(try_commit(&node, &session), Err(EncodeError::Ended), "{place:?} {questions}");
        }
    }
}

#[test]
fn a_renewal_that_a_logout_ended_between_two_tries_is_told_so() {
    for place in [List, StoreAndList, SpillAndList] {
        for questions in 0.. {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let [session, other] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            session.set("step", 1).unwrap();
            if !lose_the_answer_after(&site, &node, &session, questions) {
                assert!(questions > 0, "{place:?}: an answer was lost after the list had the mark");
                break;
            }
            logout(&node, &other);
            assert_eq!(try_commit(&node, &session), Err(EncodeError::Ended), "{place:?} {questions}");
        }
    }
}

#[test]
fn a_renewal_after_a_first_try_that_changed_the_subject_goes_on_under_the_id_that_the_list_knows() {
    let changes: [fn(&Session); 2] =
        [|session| session.set("user_id", 43).unwrap(), |session| assert!(session.discard("user_id"))];
    for (place, change) in LISTED.into_iter().flat_map(|place| changes.map(|change| (place, change))) {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let session = load(&node, &cookie);
        session.set("step", 1).unwrap();
        change(&session);
        site.list.hang(&["revoke"]);
        give_up(&node, &session);
        site.list.hang(&[]);
        let user = user_id(&session);
        session.regenerate().unwrap();
        let new = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((user_id(&new), new.get("step")), (user, Ok(Some(1))), "{place:?}");
        assert!(!is_good(&node, &cookie), "{place:?}");
    }
}
