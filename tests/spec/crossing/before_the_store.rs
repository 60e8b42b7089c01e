//! Cookies from before the store was configured. They hold their values, and end with their session all the same.

use std::time::Duration;

use sealed_session::{Counters, DecodeError, EncodeError, FailurePolicy, SessionManager, SessionStore, UnixTime};

use super::{
    DAY, HOUR, Place, Site, Spill, SpillAndList, Store, StoreAndList, answer, cross, in_every_order, is_good, logout,
};
use crate::backends::{self, commit, load, run, try_commit, user_id};
use crate::common::{START, at, manager_with};

const PLACES: [Place; 2] = [Store, StoreAndList];

/// A site whose store is new, its first node, and a cookie from before.
fn site_and_cookie(place: Place) -> (Site, SessionManager, String) {
    let (site, node) = Site::with_node(place);
    let (before, _) = manager_with(|config| config.clock(site.clock.reader()));
    let cookie = backends::login(&before, 42);
    (site, node, cookie)
}

#[test]
fn a_cookie_from_before_the_store_is_over_after_a_logout_and_so_is_every_copy() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        assert!(is_good(&node, &cookie));
        let late = [(); 2].map(|()| load(&node, &cookie));
        logout(&node, &load(&node, &cookie));
        for node in [&node, &site.node()] {
            assert_eq!(load(node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
        }
        logout(&node, &late[0]);
        late[1].regenerate().unwrap();
        assert_eq!((try_commit(&node, &late[1]), site.stored()), (Ok(None), 0), "{place:?}");
    }
}

#[test]
fn a_cookie_from_before_the_store_can_be_ended_from_outside() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        let id = load(&node, &cookie).id().unwrap();
        run(site.node().revoke(id, UnixTime::MAX)).unwrap();
        assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Revoked), "{place:?}");
    }
}

/// Without a list, only a record or a tombstone knows of an end, and `spill` does not ask for one if a cookie holds
/// values.
#[test]
fn a_cookie_from_before_the_store_that_was_logged_out_opens_again_under_spill_without_a_list() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        logout(&node, &load(&node, &cookie));
        let spilling = Site { place: if place == Store { Spill } else { SpillAndList }, ..site };
        assert_eq!(is_good(&spilling.node(), &cookie), place == Store, "{place:?}");
    }
}

#[test]
fn a_cookie_from_before_the_store_is_admitted_without_the_store_on_request_alone() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        let counters = Counters::new();
        let admitting =
            site.node_with(|config| config.on_backend_failure(FailurePolicy::Admit).observer(counters.clone()));
        site.store.fail(&["load"]);
        assert_eq!(load(&node, &cookie).rejected(), Some(DecodeError::Unavailable), "{place:?}");
        assert_eq!(user_id(&load(&admitting, &cookie)), Some(42), "{place:?}");
        assert_eq!(counters.snapshot().backend_failures, 1, "{place:?}");
    }
}

#[test]
fn a_write_into_a_cookie_from_before_the_store_that_was_ended_is_an_error_and_makes_no_good_session() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        let late = load(&node, &cookie);
        late.set("cart", 1).unwrap();
        logout(&node, &load(&node, &cookie));
        assert_eq!(try_commit(&node, &late), Err(EncodeError::Ended), "{place:?}");
        assert!(!is_good(&node, &cookie), "{place:?}");
        if place == Store {
            assert_eq!(site.stored(), 0, "no record under the ended id");
        }
    }
}

#[test]
fn once_the_values_moved_an_older_copy_shows_the_newer_values_and_ends_with_them() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        let session = load(&node, &cookie);
        session.set("cart", 1).unwrap();
        let moved = commit(&node, &session).unwrap();
        for cookie in [&cookie, &moved] {
            assert_eq!(load(&node, cookie).get("cart"), Ok(Some(1)), "{place:?}");
        }
        // The record is the first of its session, and stays for as long as the cookie that holds values may come.
        site.clock.set(20 * HOUR);
        assert_eq!(run(node.cleanup_expired()), Ok(0));
        logout(&node, &load(&node, &cookie));
        assert_eq!([&cookie, &moved].map(|cookie| is_good(&node, cookie)), [false; 2], "{place:?}");
    }
}

#[test]
fn two_first_writes_into_a_cookie_from_before_the_store_are_both_kept() {
    for place in PLACES {
        in_every_order(|schedule| {
            let (site, node, cookie) = site_and_cookie(place);
            let (one, other) = (load(&node, &cookie), load(&node, &cookie));
            one.set("one", 1).unwrap();
            other.set("other", 2).unwrap();
            site.step();
            let answers = cross(schedule, answer(&node, &one), answer(&node, &other));
            for cookie in [answers.0, answers.1] {
                let session = load(&node, &cookie.unwrap().unwrap());
                assert_eq!(
                    (user_id(&session), session.get("one"), session.get("other")),
                    (Some(42), Ok(Some(1)), Ok(Some(2)))
                );
            }
        });
    }
}

#[test]
fn in_whatever_order_a_renewal_and_a_logout_of_a_cookie_from_before_the_store_ask_none_is_good_afterwards() {
    for place in PLACES {
        in_every_order(|schedule| {
            let (site, node, cookie) = site_and_cookie(place);
            let (leaver, rival) = (load(&node, &cookie), load(&node, &cookie));
            leaver.destroy();
            rival.regenerate().unwrap();
            site.step();
            let (left, renewed) = cross(schedule, answer(&node, &leaver), answer(&node, &rival));
            assert!(left.unwrap().is_some());
            let is_in = renewed.unwrap().is_some_and(|cookie| is_good(&node, &cookie));
            assert!(!is_in && !is_good(&node, &cookie) && site.stored() == 0, "{place:?} {schedule:?}");
        });
    }
}

#[test]
fn a_reader_of_a_cookie_from_before_the_store_does_not_overwrite_the_cookie_of_a_login() {
    for place in PLACES {
        let (site, node, cookie) = site_and_cookie(place);
        site.clock.set(20 * HOUR);
        let (reader, login) = (load(&node, &cookie), load(&node, &cookie));
        assert_eq!(user_id(&reader), Some(42));
        login.regenerate().unwrap();
        assert!(commit(&node, &login).is_some());
        assert_eq!(try_commit(&node, &reader), Ok(None), "{place:?}: its answer may come last");
    }
}

#[test]
fn clear_does_not_reach_a_cookie_from_before_the_store_and_takes_the_tombstone_that_ended_it() {
    let (site, node, cookie) = site_and_cookie(Store);
    run(node.clear()).unwrap();
    assert!(is_good(&node, &cookie));
    logout(&node, &load(&node, &cookie));
    assert!(!is_good(&node, &cookie));
    run(node.clear()).unwrap();
    assert!(is_good(&node, &cookie));
    let cut = site.node_with(|config| config.not_before(at(START + 1)));
    assert!(matches!(load(&cut, &cookie).rejected(), Some(DecodeError::BeforeCutoff { .. })));
}

#[test]
fn a_copy_from_before_the_store_that_lives_longer_is_over_after_a_logout_too() {
    let site = Site::new(Store);
    let (before, _) = manager_with(|config| config.clock(site.clock.reader()));
    let cookie = backends::login(&before, 42);
    let session = load(&before, &cookie);
    session.extend(Duration::from_secs(9 * DAY)).unwrap();
    let copy = commit(&before, &session).unwrap();
    let node = site.node();
    let session = load(&node, &cookie);
    session.set("cart", 1).unwrap();
    let moved = commit(&node, &session).unwrap();
    logout(&node, &load(&node, &moved));
    site.clock.set(8 * DAY);
    run(node.cleanup_expired()).unwrap();
    assert_eq!(load(&node, &copy).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn the_first_record_stays_as_long_as_a_cookie_that_holds_the_values_may_come_unless_a_list_ends_such_a_cookie() {
    for (place, life) in [(Store, 30 * DAY), (StoreAndList, DAY)] {
        let (site, node, cookie) = site_and_cookie(place);
        let session = load(&node, &cookie);
        session.set("cart", 1).unwrap();
        assert!(commit(&node, &session).is_some());
        let end = run(site.store.inner.all()).unwrap()[0].1.expires_at();
        // The clock skew is a minute, and a record stays a minute longer.
        assert_eq!(end, at(START + life + 60 + 60), "{place:?}");
    }
}
