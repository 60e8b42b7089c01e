//! Revocations of a user that cross logins, renewals and each other. No clock decides which came first.

use std::time::Duration;

use sealed_session::{DecodeError, EncodeError, Session, SessionManager};
use serde_json::value::RawValue;

use super::{DAY, LISTED, List, Site, answer, cross, in_every_order, is_good, login, visit};
use crate::backends::{commit, give_up, load, run, try_commit, user_id};
use crate::common::{START, TestClock, at, cookie_of};

/// A login under a new id.
fn log_in(node: &SessionManager, session: &Session, user: u64) -> String {
    session.regenerate().unwrap();
    session.set("user_id", user).unwrap();
    commit(node, session).unwrap()
}

#[test]
fn two_revocations_in_one_second_by_two_nodes_refuse_no_login_of_that_second_elsewhere() {
    for place in LISTED {
        let site = Site::new(place);
        let [first, second, third] = [(); 3].map(|()| site.node());
        // The clock of this node is behind by as much as clocks may differ.
        let behind = site.node_with(|config| config.clock(|| at(START - 60)));
        let before = login(&site, &third, 42);
        for _ in 0..50 {
            run(first.revoke_subject(&42)).unwrap();
            run(second.revoke_subject(&42)).unwrap();
        }
        assert!(!is_good(&third, &before), "{place:?}");
        for node in [&first, &third, &behind] {
            let session = load(node, "");
            let cookie = log_in(node, &session, 42);
            for other in [&first, &second, &third, &behind] {
                assert_eq!(user_id(&load(other, &cookie)), Some(42), "{place:?}");
            }
            assert!(session.created_at() <= at(START), "{place:?}: nothing is dated ahead");
        }
    }
}

#[test]
fn a_ban_also_ends_a_login_that_began_before_it_and_no_login_that_begins_after_it() {
    for place in LISTED {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &visit(&site, &node));
            run(node.begin_login(&session, &42)).unwrap();
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            site.step();
            let (banned, logged_in) = cross(schedule, node.revoke_subject(&42), answer(&node, &session));
            banned.unwrap();
            let cookie = logged_in.unwrap().unwrap();
            assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?} {schedule:?}");
        });
        let (site, node) = Site::with_node(place);
        let session = load(&node, &visit(&site, &node));
        run(node.revoke_subject(&42)).unwrap();
        run(node.begin_login(&session, &42)).unwrap();
        assert_eq!(user_id(&load(&node, &log_in(&node, &session, 42))), Some(42), "{place:?}");
    }
}

#[test]
fn what_a_login_took_is_of_its_user_and_of_no_later_login() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &visit(&site, &node));
        run(node.begin_login(&session, &42)).unwrap();
        run(node.revoke_subject(&43)).unwrap();
        let cookie = log_in(&node, &session, 43);
        assert_eq!(user_id(&load(&node, &cookie)), Some(43), "{place:?}: this login began for another user");

        // A request may go on for long, as over a WebSocket.
        for _ in 0..2 {
            run(node.revoke_subject(&43)).unwrap();
            session.destroy();
            let cookie = log_in(&node, &session, 43);
            assert_eq!(user_id(&load(&node, &cookie)), Some(43), "{place:?}: it began after the revocation");
        }
    }
}

#[test]
fn what_a_request_makes_of_a_session_after_its_user_was_banned_is_refused() {
    check_after_a_ban(&[
        |session| session.set("cart", 1).unwrap(),
        |session| session.extend(Duration::from_secs(2 * DAY)).unwrap(),
        |session| assert!(session.regenerate().unwrap().is_some()),
    ]);
}

#[test]
fn a_session_that_is_made_another_users_after_its_user_was_banned_is_refused() {
    check_after_a_ban(&[
        |session| {
            session.regenerate().unwrap();
            session.set("user_id", 43).unwrap();
        },
        |session| session.set("user_id", 43).unwrap(),
    ]);
}

type Handler = fn(&Session);

fn check_after_a_ban(handlers: &[Handler]) {
    for place in LISTED {
        for (number, handler) in handlers.iter().enumerate() {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let late = load(&node, &cookie);
            run(site.node().revoke_subject(&42)).unwrap();
            handler(&late);
            let answer = try_commit(&node, &late);
            assert!(matches!(answer, Ok(_) | Err(EncodeError::Ended)), "{answer:?}");
            let is_in = answer.unwrap_or_default().is_some_and(|cookie| is_good(&node, &cookie));
            assert!(!is_in && !is_good(&node, &cookie), "{place:?} {number}");
        }
    }
}

#[test]
fn in_whatever_order_a_ban_and_a_renewal_ask_the_user_is_out_afterwards() {
    for place in LISTED {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let session = load(&node, &cookie);
            session.regenerate().unwrap();
            site.step();
            let (banned, renewed) = cross(schedule, node.revoke_subject(&42), answer(&node, &session));
            banned.unwrap();
            let is_in = renewed.unwrap_or_default().is_some_and(|cookie| is_good(&node, &cookie));
            assert!(!is_in && !is_good(&node, &cookie), "{place:?} {schedule:?}");
        });
    }
}

#[test]
fn a_subject_is_a_json_value_and_not_its_text() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    for place in LISTED {
        for (stored, revoked) in [
            (r#""caf\u00e9""#, "\"caf\u{e9}\""),
            (r#""a\/b""#, r#""a/b""#),
            ("4.2e1", "42"),
            ("42", "42.0"),
            (r#"{"id": 7,"org":"a\/b"}"#, r#"{"org":"a/b","id":7}"#),
        ] {
            for (stored, revoked) in [(stored, revoked), (revoked, stored)] {
                let (_, node) = Site::with_node(place);
                let session = load(&node, "");
                session.set("user_id", raw(stored)).unwrap();
                let cookie = commit(&node, &session).unwrap();
                assert_eq!(session.get::<Box<RawValue>>("user_id").unwrap().unwrap().get(), stored, "the text is kept");
                run(node.revoke_subject(&raw(revoked))).unwrap();
                assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{stored} {revoked}");
                // Whoever logs in afterwards takes the generation, whichever text the session has.
                let session = load(&node, "");
                session.set("user_id", raw(stored)).unwrap();
                assert!(is_good(&node, &commit(&node, &session).unwrap()), "{stored} {revoked}");
            }
        }
    }
}

#[test]
fn an_entry_of_the_list_is_removed_by_no_clock_while_a_cookie_that_it_refuses_opens_by_another() {
    // The session began by a clock that is ahead, and its user is banned by one that is behind: both by a minute.
    let life = 30 * DAY;
    let ids = |number: u64| sealed_session::SessionId::from_bytes(u128::from(number).to_be_bytes());
    for is_ban in [true, false] {
        let (site, node) = Site::with_node(List);
        let long = |clock: &TestClock| {
            site.node_with(|config| config.clock(clock.reader()).idle_timeout(Duration::from_secs(life)))
        };
        let (ahead, behind) = (TestClock::new(), TestClock::new());
        ahead.set(60);
        let cookie = login(&site, &long(&ahead), 42);
        let session = load(&long(&behind), &cookie);
        if is_ban {
            run(long(&behind).revoke_subject(&42)).unwrap();
        } else {
            super::logout(&long(&behind), &session);
        }
        // The list sweeps by a clock that is ahead, and this request is made by the clock that is behind.
        behind.set(60 + life - 1);
        site.clock.set(60 + life - 1 + 60);
        for number in 1..5_000 {
            run(node.revoke(ids(number), at(START))).unwrap();
        }
        assert!(site.list.inner.len() < 3_000, "it has swept");
        assert_eq!(load(&long(&behind), &cookie_of(&cookie)).rejected(), Some(DecodeError::Revoked), "{is_ban}");
    }
}

#[test]
fn a_login_whose_commit_was_lost_before_a_ban_is_refused_when_it_is_committed_again() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &visit(&site, &node));
        session.regenerate().unwrap();
        session.set("user_id", 42).unwrap();
        // The first commit asks for the generation of the user, and does not hear of the end of the visit.
        site.list.hang(&["revoke"]);
        give_up(&node, &session);
        site.list.hang(&[]);
        run(site.node().revoke_subject(&42)).unwrap();
        let cookie = commit(&node, &session).unwrap();
        assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
    }
}

#[test]
fn a_change_of_the_subject_after_a_ban_is_an_error_and_leaves_no_record() {
    for place in LISTED {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        run(site.node().revoke_subject(&42)).unwrap();
        session.set("user_id", 43).unwrap();
        assert_eq!((try_commit(&node, &session), site.stored()), (Err(EncodeError::Ended), 0), "{place:?}");
    }
}

#[test]
fn a_csrf_token_that_is_drawn_after_a_change_of_the_subject_is_that_of_the_session_that_is_sent() {
    let changes: [fn(&Session); 2] =
        [|session| session.set("user_id", 43).unwrap(), |session| assert!(session.discard("user_id"))];
    for (place, change) in LISTED.into_iter().flat_map(|place| changes.map(|change| (place, change))) {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &login(&site, &node, 42));
        session.set("theme", "dark").unwrap();
        let before = session.csrf_token().unwrap();
        let session = load(&node, &commit(&node, &session).unwrap());
        change(&session);
        let token = session.csrf_token().unwrap();
        assert_ne!(token, before, "{place:?}");
        let session = load(&node, &commit(&node, &session).unwrap());
        assert!(session.verify_csrf_token(&token) && !session.verify_csrf_token(&before), "{place:?}");
    }
}
