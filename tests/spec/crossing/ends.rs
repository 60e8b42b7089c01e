//! Ends of sessions. A session that ended stays so, with every copy of its cookie and with whatever it became.

use std::sync::Arc;

use sealed_session::{DecodeError, EncodeError, FailurePolicy, SessionStore, UnixTime};

use super::{DAY, KNOWN, List, Site, Spill, SpillAndList, Store, StoreAndList, is_good, login, logout};
use crate::backends::{self, commit, give_up, load, run, try_commit, user_id};
use crate::common::{START, cookie_of, manager_with};

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
    for place in [List, Store, StoreAndList, SpillAndList] {
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

/// The application keeps the id of the login. The session is renewed at once, and its new cookie is used twice a day.
#[test]
fn the_id_of_a_login_ends_what_it_became_for_as_long_as_the_list_or_a_tombstone_remembers_it() {
    for place in [List, Store, StoreAndList, SpillAndList] {
        // A cookie ends after a day without use, and its record, or the tombstone in its place, goes two minutes later.
        for second in [DAY, DAY + 119, DAY + 120, 30 * DAY - 1] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            let (id, until) = (session.id().unwrap(), UnixTime::from_secs(START + 30 * DAY).unwrap());
            session.regenerate().unwrap();
            let mut renewed = commit(&node, &session).unwrap();
            let half_days = (1..).map(|times| times * DAY / 2).take_while(|&now| now < second);
            for now in half_days.chain([second]) {
                site.clock.set(now);
                let session = load(&node, &renewed);
                assert_eq!(user_id(&session), Some(42), "{place:?}, after {now} seconds");
                renewed = commit(&node, &session).unwrap_or(renewed);
                run(node.cleanup_expired()).unwrap();
            }
            run(site.node().revoke(id, until)).unwrap();
            let is_forgotten = place == Store && second >= DAY + 120;
            assert_eq!(is_good(&node, &renewed), is_forgotten, "{place:?}, after {second} seconds");
        }
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
fn a_logout_ends_the_copy_that_holds_the_values_of_a_session_whose_login_failed_between_the_store_and_the_list() {
    let (site, node) = Site::with_node(SpillAndList);
    let visitor = load(&node, "");
    visitor.set("theme", "dark").unwrap();
    let small = commit(&node, &visitor).unwrap();
    let [session, writer] = [(); 2].map(|()| load(&node, &small));
    writer.set("draft", "x".repeat(10_000)).unwrap();
    let large = commit(&node, &writer).unwrap();
    session.regenerate().unwrap();
    session.set("user_id", 42).unwrap();
    site.list.fail(&["revoke"]);
    assert!(matches!(try_commit(&node, &session), Err(EncodeError::Backend(_))));
    site.list.fail(&[]);
    let session = load(&node, &large);
    assert_eq!(
        (session.rejected(), is_good(&node, &small)),
        (Some(DecodeError::Revoked), true),
        "the tombstone is there"
    );
    logout(&node, &session);
    assert!(!is_good(&node, &small));
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
    // The backends were not asked about the session that opened, so it may be good.
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
    // The same holds if another request was the first to put the session into the store.
    let session = load(&node, "");
    session.set("user_id", 42).unwrap();
    let small = commit(&node, &session).unwrap();
    let late = load(&node, &small);
    let session = load(&node, &small);
    session.set("draft", "x".repeat(10_000)).unwrap();
    let large = commit(&node, &session).unwrap();
    logout(&node, &load(&node, &large));
    late.set("draft", "y".repeat(10_000)).unwrap();
    assert_eq!((try_commit(&node, &late), site.stored()), (Err(EncodeError::Ended), 0));
}

#[test]
fn a_session_does_not_grow_into_the_store_after_a_logout_that_found_its_record_gone() {
    let (site, node) = Site::with_node(Spill);
    let small = backends::login(&node, 42);
    let [session, late] = [(); 2].map(|()| load(&node, &small));
    session.set("draft", "x".repeat(10_000)).unwrap();
    let session = load(&node, &commit(&node, &session).unwrap());
    run(site.store.inner.delete(session.id().unwrap())).unwrap();
    logout(&node, &session);
    late.set("draft", "y".repeat(10_000)).unwrap();
    assert_eq!((try_commit(&node, &late), site.stored()), (Err(EncodeError::Ended), 0));
}

#[test]
fn a_tombstone_stays_as_long_as_a_cookie_that_holds_the_values_may_open_unless_there_is_a_list() {
    for place in [Store, StoreAndList, Spill, SpillAndList] {
        let (site, node) = Site::with_node(place);
        let session = load(&node, "");
        session.set("draft", "x".repeat(10_000)).unwrap();
        let cookie = commit(&node, &session).unwrap();
        let end = || run(site.store.inner.all()).unwrap()[0].1.expires_at().as_secs();
        let end_of_record = end();
        logout(&node, &load(&node, &cookie));
        // A session that is small again lives on in its cookie, up to the absolute timeout.
        let expected = if place == Spill { START + 30 * DAY + 60 + 60 } else { end_of_record };
        assert_eq!(end(), expected, "{place:?}");
    }
}

#[test]
fn a_logout_after_the_end_of_the_cookie_is_an_error_if_the_record_is_gone_and_there_is_no_list() {
    for place in [Store, StoreAndList] {
        for (now, is_over) in [(DAY - 1, false), (DAY, place == Store)] {
            let (site, node) = Site::with_node(place);
            let session = load(&node, &login(&site, &node, 42));
            run(site.store.inner.delete(session.id().unwrap())).unwrap();
            session.destroy();
            site.clock.set(now);
            // Nobody knows any more whether another request moved the session on.
            let result = try_commit(&node, &session);
            assert_eq!(result.is_err_and(|error| error == EncodeError::Ended), is_over, "{place:?} {now}");
        }
    }
}

#[test]
fn a_tombstone_of_a_node_without_the_list_does_not_hide_what_the_session_became() {
    let (site, node) = Site::with_node(StoreAndList);
    let unaware =
        manager_with(|config| config.clock(site.clock.reader()).store(Arc::clone(&site.store)).subject("user_id")).0;
    let cookie = login(&site, &node, 42);
    let [session, late] = [(); 2].map(|()| load(&node, &cookie));
    let elsewhere = load(&unaware, &cookie);
    session.regenerate().unwrap();
    // The list knows what the session became, and the store does not yet when the other node ends the old session
    // there.
    site.list.hang(&["revoke"]);
    give_up(&node, &session);
    site.list.hang(&[]);
    logout(&unaware, &elsewhere);
    logout(&node, &late);
    assert_eq!(site.stored(), 0, "the record of the new session is ended, too");
}

#[test]
fn a_session_that_grows_after_its_logout_leaves_no_record_beside_a_list() {
    let (site, node) = Site::with_node(SpillAndList);
    let cookie = login(&site, &node, 42);
    let late = load(&node, &cookie);
    logout(&node, &load(&node, &cookie));
    late.set("draft", "x".repeat(10_000)).unwrap();
    assert_eq!((try_commit(&node, &late), site.stored()), (Err(EncodeError::Ended), 0));
}

#[test]
fn a_logout_after_a_login_in_one_request_ends_the_session_of_the_login_and_no_other() {
    for place in [List, Store, StoreAndList, SpillAndList] {
        let (site, node) = Site::with_node(place);
        let stale = login(&site, &node, 42);
        let session = load(&node, &stale);
        session.regenerate().unwrap();
        let renewed = commit(&node, &session).unwrap();
        // The login takes the place of a cookie that was ended when it became another session, which is elsewhere.
        let session = load(&node, &stale);
        session.regenerate().unwrap();
        session.set("user_id", 43).unwrap();
        let new = commit(&node, &session).unwrap();
        logout(&node, &session);
        assert_eq!((is_good(&node, &new), is_good(&node, &renewed)), (false, true), "{place:?}");
    }
}

#[test]
fn a_logout_that_neither_the_list_nor_the_store_has_recorded_is_an_error_under_every_policy() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit] {
        let site = Site::new(StoreAndList);
        let node = site.node_with(|config| config.on_backend_failure(policy));
        let session = load(&node, &login(&site, &node, 42));
        session.destroy();
        site.list.fail(&["revoke"]);
        site.store.fail(&["save"]);
        assert!(matches!(try_commit(&node, &session), Err(EncodeError::Backend(_))), "{policy:?}");
        // One of the two is enough under `Admit`, and otherwise the list.
        site.store.fail(&[]);
        assert_eq!(try_commit(&node, &session).is_ok(), policy == FailurePolicy::Admit, "{policy:?}");
        let session = load(&node, &login(&site, &site.node(), 43));
        session.destroy();
        site.list.fail(&[]);
        site.store.fail(&["save"]);
        assert!(try_commit(&node, &session).is_ok(), "{policy:?}");
        site.store.fail(&[]);
    }
}
