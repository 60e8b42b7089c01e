//! Ends and renewals that cross: whoever was logged out stays so, and nobody is logged out by a double click.

use std::collections::BTreeSet;

use sealed_session::{DecodeError, EncodeError, Session, UnixTime};

use super::{
    Bare, KNOWN, List, Site, Spill, Store, StoreAndList, answer, cross, in_every_order, in_turns, is_good, login,
    logout, visit,
};
use crate::backends::{commit, load, run, try_commit, user_id};
use crate::common::{cookie_of, is_deletion};

#[test]
fn a_renewal_after_the_logout_of_its_session_makes_no_good_cookie() {
    for place in KNOWN {
        for has_written in [false, true] {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let late = load(&node, &cookie);
            logout(&node, &load(&node, &cookie));
            late.regenerate().unwrap();
            if has_written {
                late.set("cart", 1).unwrap();
            }
            let expected = if has_written { Err(EncodeError::Ended) } else { Ok(None) };
            for _ in 0..2 {
                assert_eq!(try_commit(&node, &late), expected, "{place:?}");
            }
            assert_eq!((is_good(&node, &cookie), site.stored()), (false, 0), "{place:?}");
        }
    }
}

#[test]
fn in_whatever_order_a_logout_and_a_renewal_ask_no_cookie_of_the_session_is_good_afterwards() {
    for place in KNOWN {
        let mut answers = BTreeSet::new();
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let (leaver, renewer) = (load(&node, &cookie), load(&node, &cookie));
            leaver.destroy();
            renewer.regenerate().unwrap();
            site.step();
            let (left, renewed) = cross(schedule, answer(&node, &leaver), answer(&node, &renewer));
            assert!(is_deletion(&left.unwrap().unwrap()));
            let renewed = renewed.unwrap();
            answers.insert(renewed.is_some());
            for cookie in renewed.iter().chain([&cookie]) {
                assert_eq!(load(&node, cookie).rejected(), Some(DecodeError::Revoked), "{place:?} {schedule:?}");
            }
            assert_eq!(site.stored(), 0, "{place:?} {schedule:?}");
        });
        assert_eq!(answers.len(), 2, "{place:?}: each of the two is the first at times");
    }
}

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
    for place in [List, Store, StoreAndList, super::SpillAndList] {
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
fn of_six_renewals_at_once_one_wins_and_none_is_an_error_unless_it_wrote() {
    for place in KNOWN {
        for has_written in [false, true] {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let sessions: Vec<Session> = (0..6).map(|_| load(&node, &cookie)).collect();
            for (number, session) in sessions.iter().enumerate() {
                session.regenerate().unwrap();
                if has_written {
                    session.set("number", number).unwrap();
                }
            }
            site.step();
            let answers = in_turns(sessions.iter().map(|session| answer(&node, session)));
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| matches!(answer, Ok(Some(_))));
            let expected = if has_written { Err(EncodeError::Ended) } else { Ok(None) };
            assert!(won.len() == 1 && lost.iter().all(|answer| *answer == expected), "{place:?} {won:?} {lost:?}");
            let winner = won.into_iter().next().unwrap().unwrap().unwrap();
            assert_eq!(user_id(&load(&node, &winner)), Some(42), "{place:?}");
            assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
            assert!(site.stored() <= 1, "{place:?}: the records of the others are taken back");
        }
    }
}

#[test]
fn of_a_login_that_is_clicked_twice_both_are_good_in_whatever_order_they_ask() {
    for place in KNOWN.into_iter().chain([Bare]) {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let visitor = visit(&site, &node);
            let clicks = [(); 2].map(|()| load(&node, &visitor));
            for click in &clicks {
                click.regenerate().unwrap();
                click.set("user_id", 42).unwrap();
            }
            site.step();
            let (one, other) = cross(schedule, answer(&node, &clicks[0]), answer(&node, &clicks[1]));
            for cookie in [one, other] {
                assert_eq!(user_id(&load(&node, &cookie.unwrap().unwrap())), Some(42), "{place:?} {schedule:?}");
            }
            assert_eq!(is_good(&node, &visitor), place == Bare, "{place:?} {schedule:?}");
        });
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
    // Nobody could ask about this one, so it may be good.
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
}
