//! These tests count the questions that a request asks its backends, as the table of docs/stores.md does. A request
//! that finds nothing to do asks once.

use super::{Bare, HOUR, List, Place, Site, Spill, SpillAndList, Store, StoreAndList};
use std::sync::Arc;

use crate::backends::{commit, load, run};
use crate::common::manager_with;
use sealed_session::{Session, SessionConfig, SessionManager};

/// The number of questions that each kind of request asks, from the load to the commit.
#[derive(Debug, PartialEq)]
struct Costs {
    read: usize,
    due: usize,
    write: usize,
    login_of_a_visitor: usize,
    login_without_a_cookie: usize,
    renewal: usize,
    logout: usize,
    others: Option<usize>,
}

/// Loads a cookie at a time, lets a handler do its part, commits, and counts the questions.
fn cost(site: &Site, node: &SessionManager, cookie: &str, at: u64, handler: impl FnOnce(&Session)) -> usize {
    site.clock.set(at);
    site.asked();
    let session = load(node, cookie);
    handler(&session);
    let _ = commit(node, &session);
    site.asked()
}

fn costs(place: Place, is_large: bool) -> Costs {
    let (site, node) = Site::with_node(place);
    let fill = |session: &Session| {
        if is_large {
            session.set_flash("draft", "x".repeat(10_000)).unwrap();
        }
    };
    let cookie_of = |user: Option<u64>| {
        site.clock.set(0);
        let session = load(&node, "");
        session.set_flash("notice", "Hello").unwrap();
        fill(&session);
        if let Some(user) = user {
            session.set("user_id", user).unwrap();
        }
        commit(&node, &session).unwrap()
    };
    let user = || cookie_of(Some(42));
    let log_in = |session: &Session| {
        session.regenerate().unwrap();
        session.set("user_id", 42).unwrap();
        fill(session);
    };
    Costs {
        read: cost(&site, &node, &user(), 60, |session| assert!(!session.is_empty())),
        due: cost(&site, &node, &user(), 20 * HOUR, |session| assert!(!session.is_empty())),
        write: cost(&site, &node, &user(), 60, |session| session.set("cart", 1).unwrap()),
        login_of_a_visitor: cost(&site, &node, &cookie_of(None), 60, log_in),
        login_without_a_cookie: cost(&site, &node, "", 60, log_in),
        renewal: cost(&site, &node, &user(), 60, |session| assert!(session.regenerate().unwrap().is_some())),
        logout: cost(&site, &node, &user(), 60, |session| assert!(session.destroy().is_some())),
        others: matches!(place, List | StoreAndList | SpillAndList)
            .then(|| cost(&site, &node, &user(), 60, |session| run(node.revoke_others(session)).unwrap())),
    }
}

/// The costs in the order of the table.
fn expected(numbers: [usize; 7], others: Option<usize>) -> Costs {
    let [read, due, write, login_of_a_visitor, login_without_a_cookie, renewal, logout] = numbers;
    Costs { read, due, write, login_of_a_visitor, login_without_a_cookie, renewal, logout, others }
}

#[test]
fn a_bare_cookie_asks_nobody() {
    assert_eq!(costs(Bare, false), expected([0; 7], None));
}

#[test]
fn a_list_is_asked_as_often_as_the_table_says() {
    assert_eq!(costs(List, false), expected([1, 2, 2, 3, 1, 2, 2], Some(3)));
}

#[test]
fn a_store_is_asked_as_often_as_the_table_says() {
    assert_eq!(costs(Store, false), expected([1, 2, 2, 3, 1, 3, 2], None));
}

#[test]
fn a_store_and_a_list_are_asked_as_often_as_the_table_says() {
    assert_eq!(costs(StoreAndList, false), expected([2, 3, 3, 6, 2, 5, 4], Some(6)));
}

#[test]
fn a_session_that_does_not_spill_asks_as_often_as_the_table_says() {
    assert_eq!(costs(Spill, false), expected([0, 0, 0, 1, 0, 1, 1], None));
    assert_eq!(costs(SpillAndList, false), expected([1, 2, 2, 5, 1, 3, 3], Some(4)));
}

#[test]
fn a_login_beside_a_list_asks_once_less_where_no_subject_is_configured() {
    for place in [List, StoreAndList, SpillAndList] {
        let site = Site::new(place);
        let [with, without] = [Some("user_id"), None].map(|subject| {
            let config = |config: SessionConfig| match subject {
                Some(key) => config.subject(key),
                None => config,
            };
            let list = Arc::clone(&site.list);
            let (node, _) = manager_with(|given| {
                let given = config(given.clock(site.clock.reader()).revocations(list));
                match place {
                    StoreAndList => given.store(Arc::clone(&site.store)),
                    SpillAndList => given.spill(Arc::clone(&site.store)),
                    _ => given,
                }
            });
            let visitor = super::visit(&site, &node);
            [visitor.as_str(), ""].map(|cookie| {
                cost(&site, &node, cookie, 0, |session| {
                    session.regenerate().unwrap();
                    session.set("user_id", 42).unwrap();
                })
            })
        });
        assert_eq!(with.map(|cost| cost - 1), without, "{place:?}");
    }
}

#[test]
fn a_session_that_spilled_costs_what_one_in_a_store_does() {
    assert_eq!(costs(Spill, true), costs(Store, true));
    assert_eq!(costs(SpillAndList, true), costs(StoreAndList, true));
}

#[test]
fn a_write_that_meets_another_one_asks_twice_more() {
    for (place, alone) in [(Store, 2), (StoreAndList, 3)] {
        let (site, node) = Site::with_node(place);
        let cookie = super::login(&site, &node, 42);
        let sessions = [(); 3].map(|()| load(&node, &cookie));
        for (number, session) in sessions.iter().enumerate() {
            session.set(&format!("k{number}"), number).unwrap();
        }
        let load_costs = if place == Store { 1 } else { 2 };
        let costs = sessions.each_ref().map(|session| {
            site.asked();
            assert!(commit(&node, session).is_some());
            load_costs + site.asked()
        });
        assert_eq!(costs, [alone, alone + 2, alone + 2], "{place:?}");
    }
}

#[test]
fn a_request_without_a_cookie_that_opens_asks_nobody() {
    for place in [List, Store, StoreAndList, Spill, SpillAndList] {
        let (site, node) = Site::with_node(place);
        for header in ["", "a=1", "tideway_session=garbage", "tideway_session=AQAAAAA"] {
            assert_eq!(cost(&site, &node, header, 0, |session| assert!(session.is_empty())), 0, "{place:?} {header}");
            assert_eq!(
                cost(&site, &node, header, 0, |session| assert!(session.destroy().is_none())),
                0,
                "{place:?} {header}"
            );
        }
    }
}

#[test]
fn a_second_write_of_one_request_finds_the_record_of_the_first_and_asks_once_more() {
    for place in [Store, StoreAndList, Spill] {
        let (site, node) = Site::with_node(place);
        let session = load(&node, &super::login(&site, &node, 42));
        session.set("k", 1).unwrap();
        assert!(commit(&node, &session).is_some());
        site.asked();
        session.set("k", 2).unwrap();
        assert!(commit(&node, &session).is_some());
        assert_eq!(site.asked(), 1, "{place:?}");
    }
}
