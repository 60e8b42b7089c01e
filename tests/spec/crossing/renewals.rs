//! Renewals and logins that cross: of renewals one wins and none is an error, and of a double click both are good.

use std::collections::BTreeSet;

use sealed_session::{DecodeError, EncodeError, MemoryRevocations, Session, SessionStore};

use super::{
    Bare, KNOWN, List, STORED, Site, Spill, SpillAndList, Store, StoreAndList, answer, cross, in_every_order, in_turns,
    is_good, login, logout, visit,
};
use crate::backends::{self, commit, load, run, try_commit, user_id};
use crate::common::{is_deletion, manager_with};

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
fn a_login_that_fits_into_no_cookie_ends_nothing() {
    let (site, node) = Site::with_node(List);
    let cookie = login(&site, &node, 42);
    let session = load(&node, &cookie);
    session.regenerate().unwrap();
    session.set("draft", "x".repeat(10_000)).unwrap();
    assert!(matches!(try_commit(&node, &session), Err(EncodeError::TooLarge { .. })));
    assert!(is_good(&node, &cookie), "the browser still has it");
    session.set("draft", "short").unwrap();
    assert!(is_good(&node, &commit(&node, &session).unwrap()));
    assert!(!is_good(&node, &cookie));
}

#[test]
fn in_whatever_order_a_logout_and_a_renewal_ask_no_cookie_of_the_session_is_good_afterwards() {
    for place in KNOWN {
        let mut answers = BTreeSet::new();
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let cookie = login(&site, &node, 42);
            let (leaver, rival) = (load(&node, &cookie), load(&node, &cookie));
            leaver.destroy();
            rival.regenerate().unwrap();
            site.step();
            let (left, renewed) = cross(schedule, answer(&node, &leaver), answer(&node, &rival));
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

/// A limit: nobody's session is nobody to log out, and what is made of it meanwhile keeps its values.
#[test]
fn in_whatever_order_a_logout_of_nobodys_session_and_a_renewal_ask_the_new_session_is_good() {
    for place in KNOWN {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let visitor = visit(&site, &node);
            let (leaver, rival) = (load(&node, &visitor), load(&node, &visitor));
            leaver.destroy();
            rival.regenerate().unwrap();
            rival.set("user_id", 42).unwrap();
            site.step();
            let (_, renewed) = cross(schedule, answer(&node, &leaver), answer(&node, &rival));
            let renewed = renewed.unwrap().unwrap();
            assert_eq!(user_id(&load(&node, &renewed)), Some(42), "{place:?} {schedule:?}");
            assert!(load(&node, &renewed).take_flash::<String>("notice").unwrap().is_some(), "{place:?} {schedule:?}");
            assert!(!is_good(&node, &visitor), "{place:?} {schedule:?}");
        });
    }
}

#[test]
fn without_a_subject_a_session_is_somebodys_if_it_has_a_value_besides_flash_values_and_the_csrf_token() {
    let (manager, _) = manager_with(|config| config.revocations(MemoryRevocations::new()));
    for (is_somebodys, second) in [(false, Ok(true)), (true, Err(EncodeError::Ended))] {
        let session = load(&manager, "theme=dark");
        session.set_flash("notice", "hello").unwrap();
        session.csrf_token().unwrap();
        if is_somebodys {
            session.set("cart", ["apple"]).unwrap();
        }
        let cookie = commit(&manager, &session).unwrap();
        let clicks = [(); 2].map(|()| load(&manager, &cookie));
        for click in &clicks {
            click.regenerate().unwrap();
            click.set("user_id", 42).unwrap();
        }
        let answers = clicks.map(|click| try_commit(&manager, &click).map(|sent| sent.is_some()));
        assert_eq!(answers, [Ok(true), second]);
    }
}

#[test]
fn a_renewal_of_a_session_whose_record_was_removed_makes_no_session() {
    for place in [Store, StoreAndList] {
        for has_written in [false, true] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            run(site.store.inner.delete(session.id().unwrap())).unwrap();
            session.regenerate().unwrap();
            if has_written {
                session.set("cart", 1).unwrap();
            }
            let expected = if has_written { Err(EncodeError::Ended) } else { Ok(None) };
            assert_eq!((try_commit(&node, &session), site.stored()), (expected, 0), "{place:?}");
        }
    }
}

#[test]
fn a_renewal_in_a_cookie_needs_nothing_in_the_store_where_a_list_ends_the_session_before() {
    let (site, node) = Site::with_node(SpillAndList);
    let cookie = login(&site, &node, 42);
    let session = load(&node, &cookie);
    session.regenerate().unwrap();
    assert!(commit(&node, &session).is_some());
    assert_eq!((is_good(&node, &cookie), run(site.store.inner.all()).unwrap().len()), (false, 0));
}

#[test]
fn a_renewal_takes_over_what_made_its_session_too_large_for_a_cookie_meanwhile() {
    for place in [Spill, SpillAndList] {
        let (site, node) = Site::with_node(place);
        let cookie = backends::login(&node, 42);
        let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
        writer.set("draft", "x".repeat(10_000)).unwrap();
        let large = commit(&node, &writer).unwrap();
        session.regenerate().unwrap();
        let new = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((user_id(&new), new.contains("draft")), (Some(42), true), "{place:?}");
        // Without a list, nobody is asked about a cookie that holds its values.
        assert_eq!((is_good(&node, &cookie), is_good(&node, &large)), (place == Spill, false), "{place:?}");
        assert_eq!(site.stored(), 1, "{place:?}");
    }
}

#[test]
fn in_whatever_order_a_renewal_and_the_removal_of_a_record_ask_a_cookie_from_before_ends() {
    in_every_order(|schedule| {
        let (site, node) = Site::with_node(Spill);
        let cookie = backends::login(&node, 42);
        let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
        writer.set("draft", "x".repeat(10_000)).unwrap();
        assert!(commit(&node, &writer).is_some());
        session.regenerate().unwrap();
        let id = writer.id().unwrap();
        site.step();
        let (renewed, removed) = cross(schedule, answer(&node, &session), site.store.delete(id));
        removed.unwrap();
        let new = renewed.unwrap().unwrap();
        assert_eq!(user_id(&load(&node, &new)), Some(42), "{schedule:?}");
    });
}

#[test]
fn a_renewal_takes_over_no_csrf_token_that_another_request_drew_meanwhile() {
    for place in STORED {
        let (site, node) = Site::with_node(place);
        let cookie = login(&site, &node, 42);
        let [session, other] = [(); 2].map(|()| load(&node, &cookie));
        let token = other.csrf_token().unwrap();
        other.set("cart", 1).unwrap();
        assert!(load(&node, &commit(&node, &other).unwrap()).verify_csrf_token(&token));
        session.regenerate().unwrap();
        let new = load(&node, &commit(&node, &session).unwrap());
        assert_eq!((new.get("cart"), new.verify_csrf_token(&token)), (Ok(Some(1)), false), "{place:?}");
    }
}

#[test]
fn in_whatever_order_a_visitor_logs_in_and_his_session_grows_into_the_store_the_write_is_kept_or_told_to_be_lost() {
    for place in [Spill, SpillAndList, Store, StoreAndList] {
        in_every_order(|schedule| {
            let (site, node) = Site::with_node(place);
            let session = load(&node, "");
            session.set("theme", "dark").unwrap();
            let cookie = commit(&node, &session).unwrap();
            let [session, writer] = [(); 2].map(|()| load(&node, &cookie));
            session.regenerate().unwrap();
            session.set("user_id", 42).unwrap();
            writer.set("draft", "x".repeat(10_000)).unwrap();
            site.step();
            let (new, written) = cross(schedule, answer(&node, &session), answer(&node, &writer));
            let new = load(&node, &new.unwrap().unwrap());
            assert!(new.contains("draft") || written == Err(EncodeError::Ended), "{place:?} {schedule:?}");
        });
    }
}
