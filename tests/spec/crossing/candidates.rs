//! Several cookies of the name in one request. One that is refused hides no good one, whoever planted it.

use std::sync::Arc;

use sealed_session::{DecodeError, Event, Record, SessionManager, SessionStore};

use super::{Bare, HOUR, KNOWN, Site, Spill, Store, StoreAndList, is_good, login, logout};
use crate::backends::{commit, load, overwrite, run, user_id};
use crate::common::{cookie_of, is_deletion};

/// The Cookie headers with both cookies, in both orders.
fn both(one: &str, other: &str) -> [String; 2] {
    let (one, other) = (cookie_of(one), cookie_of(other));
    [format!("{one}; {other}"), format!("{other}; {one}")]
}

/// Checks that the session of 42 is found beside a planted cookie, and that what is stored goes into it.
fn check_that_the_good_one_counts(node: &SessionManager, good: &str, planted: &str) {
    let id = load(node, good).id().unwrap();
    for header in both(planted, good) {
        let session = load(node, &header);
        assert_eq!((user_id(&session), session.id(), session.rejected()), (Some(42), Ok(id), None), "{header}");
        let token = session.csrf_token().unwrap();
        if let Some(answer) = commit(node, &session) {
            let session = load(node, &answer);
            assert_eq!((session.id(), user_id(&session)), (Ok(id), Some(42)));
            assert!(session.verify_csrf_token(&token));
        }
    }
}

#[test]
fn a_newer_cookie_of_a_session_that_ended_hides_no_good_one() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let good = login(&site, &node, 42);
        site.clock.set(10);
        let planted = login(&site, &node, 43);
        logout(&node, &load(&node, &planted));
        check_that_the_good_one_counts(&node, &good, &planted);
    }
}

#[test]
fn a_newer_cookie_of_a_user_who_was_banned_hides_no_good_one() {
    for place in super::LISTED {
        let (site, node) = Site::with_node(place);
        let good = login(&site, &node, 42);
        site.clock.set(10);
        let planted = login(&site, &node, 43);
        run(node.revoke_subject(&43)).unwrap();
        check_that_the_good_one_counts(&node, &good, &planted);
    }
}

#[test]
fn a_newer_cookie_without_a_record_or_with_a_damaged_one_hides_no_good_one() {
    for place in [Store, StoreAndList, Spill] {
        for is_damaged in [false, true] {
            let (site, node) = Site::with_node(place);
            let good = login(&site, &node, 42);
            site.clock.set(10);
            let planted = login(&site, &node, 43);
            let id = load(&node, &planted).id().unwrap();
            if is_damaged {
                let record = run(site.store.inner.load(id)).unwrap().unwrap();
                let damaged = Record::new(record.bytes()[1..].to_vec(), record.expires_at());
                assert_eq!(overwrite(&site.store.inner, id, &damaged), Ok(true));
            } else {
                run(site.store.inner.delete(id)).unwrap();
            }
            check_that_the_good_one_counts(&node, &good, &planted);
        }
    }
}

#[test]
fn a_newer_cookie_of_a_schema_that_is_not_known_hides_no_good_one() {
    for place in KNOWN.into_iter().chain([Bare]) {
        let (site, node) = Site::with_node(place);
        let good = login(&site, &node, 42);
        site.clock.set(10);
        let planted = login(&site, &site.node_with(|config| config.schema(7)), 43);
        let refused = load(&node, &planted).rejected();
        assert_eq!(refused, Some(DecodeError::UnsupportedSchema { schema: 7 }), "{place:?}");
        check_that_the_good_one_counts(&node, &good, &planted);
    }
}

#[test]
fn three_that_are_refused_hide_no_good_one_and_cost_a_question_each() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let good = login(&site, &node, 42);
        let mut cookies = vec![cookie_of(&good)];
        for user in 43..46 {
            site.clock.set(user);
            let planted = login(&site, &node, user);
            logout(&node, &load(&node, &planted));
            cookies.push(cookie_of(&planted));
        }
        site.asked();
        assert_eq!(user_id(&load(&node, &cookies.join("; "))), Some(42), "{place:?}");
        // A tombstone says all, and the list need not be asked about that cookie.
        assert_eq!(site.asked(), if place == StoreAndList { 3 + 2 } else { 3 + 1 }, "{place:?}");
    }
}

#[test]
fn of_two_good_ones_the_newer_one_counts_and_where_none_is_good_the_newest_refusal_is_told() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let older = login(&site, &node, 42);
        site.clock.set(10);
        let newer = login(&site, &node, 43);
        for header in both(&older, &newer) {
            assert_eq!(user_id(&load(&node, &header)), Some(43), "{place:?}");
        }
        for cookie in [&older, &newer] {
            logout(&node, &load(&node, cookie));
        }
        for header in both(&older, &newer) {
            let session = load(&node, &header);
            assert_eq!(session.rejected(), Some(DecodeError::Revoked), "{place:?}");
            assert_eq!(commit(&node, &session), None, "{place:?}");
        }
    }
}

#[test]
fn a_damaged_record_keeps_its_browser_from_no_login_and_is_told_to_observers() {
    for place in [Store, StoreAndList, Spill] {
        let site = Site::new(place);
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let node =
            site.node_with(|config| config.observer(move |event: &Event| heard.lock().unwrap().push(event.as_str())));
        let cookie = login(&site, &node, 42);
        let id = load(&node, &cookie).id().unwrap();
        let record = run(site.store.inner.load(id)).unwrap().unwrap();
        let damaged = Record::new(b"rubbish".to_vec(), record.expires_at());
        assert_eq!(overwrite(&site.store.inner, id, &damaged), Ok(true));
        for _ in 0..3 {
            told.lock().unwrap().clear();
            let session = load(&node, &cookie);
            assert_eq!(session.rejected(), Some(DecodeError::NotStored), "{place:?}");
            assert_eq!(*told.lock().unwrap(), ["backend_failed", "refused"], "{place:?}");
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            let new = commit(&node, &session).unwrap();
            assert_eq!(user_id(&load(&node, &new)), Some(42), "{place:?}");
        }
        // A logout of the damaged session works, too.
        let session = load(&node, &cookie);
        session.destroy();
        assert!(is_deletion(&commit(&node, &session).unwrap()));
        assert!(!is_good(&node, &cookie), "{place:?}");
    }
}

#[test]
fn when_nobody_answers_about_the_newest_no_older_one_takes_its_place() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let older = login(&site, &node, 42);
        site.clock.set(HOUR);
        let newer = login(&site, &node, 43);
        site.store.fail(&["load"]);
        site.list.fail(&["look"]);
        let session = load(&node, &both(&older, &newer)[0]);
        assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::Unavailable)), "{place:?}");
        session.destroy();
        site.store.fail(&[]);
        site.list.fail(&[]);
        assert!(is_deletion(&commit(&node, &session).unwrap()));
        assert!(!is_good(&node, &older) && !is_good(&node, &newer), "{place:?}: a logout ends what opened");
    }
}

#[test]
fn a_login_beside_a_cookie_that_was_ended_ends_nothing_of_what_that_one_became() {
    for place in KNOWN {
        let (site, node) = Site::with_node(place);
        let good = login(&site, &node, 42);
        site.clock.set(10);
        let stale = login(&site, &node, 43);
        let session = load(&node, &stale);
        session.regenerate().unwrap();
        let renewed = commit(&node, &session).unwrap();
        let session = load(&node, &both(&stale, &good)[0]);
        assert_eq!(user_id(&session), Some(42));
        session.regenerate().unwrap();
        assert!(commit(&node, &session).is_some());
        assert_eq!((is_good(&node, &good), user_id(&load(&node, &renewed))), (false, Some(43)), "{place:?}");
    }
}

#[test]
fn a_logout_after_a_first_commit_of_its_request_ends_whatever_came_with_it() {
    for (place, is_first) in KNOWN.into_iter().flat_map(|place| [(place, true), (place, false)]) {
        let (site, node) = Site::with_node(place);
        let one = login(&site, &node, 42);
        site.clock.set(10);
        let other = login(&site, &node, 43);
        let [header, reversed] = both(&one, &other);
        let session = load(&node, if is_first { &header } else { &reversed });
        session.set("step", 1).unwrap();
        let latest = commit(&node, &session).unwrap();
        logout(&node, &session);
        let good: Vec<_> = [&one, &other, &latest].into_iter().filter(|cookie| is_good(&node, cookie)).collect();
        assert!(good.is_empty(), "{place:?} {is_first}");

        let good = login(&site, &node, 42);
        site.clock.set(20);
        let ended = login(&site, &node, 43);
        let session = load(&node, &ended);
        session.regenerate().unwrap();
        let successor = commit(&node, &session).unwrap();
        let session = load(&node, &both(&good, &ended)[0]);
        assert_eq!(user_id(&session), Some(42));
        session.set("step", 1).unwrap();
        assert!(commit(&node, &session).is_some());
        logout(&node, &session);
        assert!(!is_good(&node, &successor), "{place:?}");
    }
}
