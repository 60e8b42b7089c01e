//! Requests that cross a registration, a refresh or a logout.

use futures_lite::future::block_on;

use super::browser::{Browser, clobbered};
use super::site::{List, Site, log_in, log_out, page, sites};
use crate::backend::MemoryStore;
use crate::device_binding::Binding;
use crate::error::DecodeError;
use crate::session::Session;

const BOUND: &str = "__Host-session-bound";

#[test]
fn a_mark_that_a_racing_response_took_away_is_set_again_by_the_next_request() {
    for (name, site) in sites() {
        let mut browser = clobbered(&site);
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "{name}");
        let response = browser.get(&|session| assert_eq!(session.get("seen").unwrap(), Some(true)));
        assert_eq!(response.body, "ada", "{name}");
        site.wait(60);
        let mut thief = browser.stolen();
        thief.jar.remove(BOUND);
        assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding), "{name}");
        site.wait(540);
        assert_eq!((browser.page(), browser.refreshes.as_slice()), ("ada".to_owned(), &[200][..]), "{name}");
    }
}

#[test]
fn a_session_that_grows_into_the_store_while_it_is_registered_is_found_there() {
    for (name, site) in sites().into_iter().filter(|(name, _)| name.starts_with("spill")) {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let in_flight = [(); 2].map(|()| browser.request("GET", "/", Vec::new()));
        assert_eq!(browser.register(), [200]);
        let essay = |key: &'static str| {
            move |session: &Session| session.set(key, "x".repeat(10_000)).unwrap_or_else(|error| panic!("{error}"))
        };
        let has = |session: &Session, key: &str| session.get::<String>(key).unwrap().is_some();
        for (request, key) in in_flight.iter().zip(["one", "two"]) {
            let answer = site.answer(request, &essay(key));
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, "ada"),
                "{name}: a request that is under way is good"
            );
            browser.receive(&answer);
        }
        let before = browser.cookies();
        let session = site.load(&before);
        assert_eq!((session.rejected(), session.binding()), (None, Binding::Fresh), "{name}");
        assert!(has(&session, "one") && has(&session, "two"), "{name}: what both requests wrote is there");
        // Of two requests with the same cookies, neither undoes what the other writes.
        let others = [(); 2].map(|()| browser.request("GET", "/", Vec::new()));
        for (request, key) in others.iter().zip(["three", "four"]) {
            let answer = site.answer(request, &essay(key));
            assert_eq!((answer.status, answer.body.as_str()), (200, "ada"), "{name}");
            browser.receive(&answer);
        }
        let session = site.load(&before);
        assert!(["one", "two", "three", "four"].iter().all(|key| has(&session, key)), "{name}");
        site.wait(600);
        assert_eq!((browser.page(), browser.refreshes.as_slice()), ("ada".to_owned(), &[200][..]), "{name}");
        let session = site.load(&browser.cookies());
        assert!(["one", "two", "three", "four"].iter().all(|key| has(&session, key)), "{name}");
        block_on(site.manager.clear()).unwrap();
        assert_eq!(site.load(&before).rejected(), Some(DecodeError::NotStored), "{name}: no record is left");
    }
}

#[test]
fn a_session_that_grew_into_the_store_while_it_was_registered_is_ended_by_a_logout() {
    for (name, site) in sites().into_iter().filter(|(name, _)| name.starts_with("spill")) {
        for has_come_again in [false, true] {
            let mut browser = Browser::new(&site);
            browser.get(&log_in);
            let in_flight = browser.request("GET", "/", Vec::new());
            assert_eq!(browser.register(), [200]);
            let answer = site.answer(&in_flight, &|session| session.set("essay", "x".repeat(10_000)).unwrap());
            browser.receive(&answer);
            let mut thief = browser.stolen();
            let with_both = thief.cookies();
            thief.jar.remove(BOUND);
            if has_come_again {
                assert_eq!(browser.page(), "ada", "{name}");
            }
            browser.get(&log_out);
            for cookies in [with_both, thief.cookies()] {
                assert_eq!(site.load(&cookies).rejected(), Some(DecodeError::Revoked), "{name}, {has_come_again}");
            }
        }
    }
}

#[test]
fn a_connection_that_began_without_its_mark_hears_when_its_bound_cookie_ends() {
    for (name, site) in sites() {
        let session = site.load(&clobbered(&site).cookies());
        let recheck = || block_on(site.manager.recheck(&session)).unwrap();
        site.wait(599);
        assert_eq!(recheck(), None, "{name}");
        site.wait(1);
        assert_eq!(recheck(), Some(DecodeError::StaleBinding), "{name}");
    }
}

#[test]
fn a_mark_that_was_lost_is_set_again_by_a_refresh_after_the_bound_cookie_ended() {
    for (name, site) in sites() {
        let mut browser = clobbered(&site);
        site.wait(600);
        assert_eq!((browser.page(), browser.refreshes.as_slice()), ("ada".to_owned(), &[200][..]), "{name}");
        let mut thief = browser.stolen();
        thief.jar.remove(BOUND);
        assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding), "{name}");
        site.wait(600);
        assert_eq!(browser.page(), "ada", "{name}");
    }
}

#[test]
fn an_answer_that_comes_before_that_of_the_registration_takes_nothing_away() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let registration = browser.registration(&offer);
        let answer = site.answer(&registration, &page);
        browser.get(&|session| session.set("seen", true).unwrap());
        browser.registered(&answer);
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "{name}");
        site.wait(600);
        assert_eq!((browser.page(), browser.refreshes.as_slice()), ("ada".to_owned(), &[200][..]), "{name}");
    }
}

#[test]
fn of_two_registrations_at_once_the_answer_that_comes_last_counts() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let requests = [browser.registration(&offer), browser.registration(&offer)];
        let answers = requests.map(|request| site.answer(&request, &page));
        for answer in &answers {
            browser.registered(answer);
        }
        let is_stored = name.starts_with("store");
        assert_eq!(answers.map(|answer| answer.status), [200, if is_stored { 403 } else { 200 }], "{name}");
        assert_eq!(browser.page(), "ada", "{name}");
        for _ in 0..3 {
            site.wait(600);
            assert_eq!(browser.page(), "ada", "{name}");
        }
        assert_eq!(browser.dbsc.len(), 1, "{name}: the other binding was told to end");
    }
}

#[test]
fn of_two_registrations_that_write_to_one_record_the_second_is_refused() {
    for has_list in [false, true] {
        let site = Site::with(|config| {
            let config = config.store(MemoryStore::new());
            if has_list { config.revocations(List::default()) } else { config }
        });
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let (one, two) = (browser.registration(&offer), browser.registration(&offer));
        let sessions = [site.load(&browser.cookies()), site.load(&browser.cookies())];
        let requests = [one, two];
        let statuses = requests.iter().zip(&sessions).map(|(request, session)| {
            let answer = site.answer_later(session, request);
            if answer.status == 200 {
                browser.registered(&answer);
            }
            answer.status
        });
        assert_eq!(statuses.collect::<Vec<_>>(), [200, 403]);
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh);
        // Whatever commits the refused session afterwards sends no mark of a binding that no browser knows of.
        let _ = block_on(site.manager.commit_async(&sessions[1])).unwrap();
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh);
    }
}

#[test]
fn a_write_that_crosses_a_registration_in_a_store_is_kept_and_leaves_the_binding() {
    for is_write_first in [false, true] {
        let site = Site::with(|config| config.store(MemoryStore::new()));
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let registration = browser.registration(&offer);
        let [writer, registering] = [(); 2].map(|()| site.load(&browser.cookies()));
        writer.set("seen", true).unwrap();
        let write = || drop(block_on(site.manager.commit_async(&writer)).unwrap());
        if is_write_first {
            write();
        }
        let answer = site.answer_later(&registering, &registration);
        assert_eq!(answer.status, 200, "{is_write_first}");
        browser.registered(&answer);
        if !is_write_first {
            write();
        }
        let session = site.load(&browser.cookies());
        assert_eq!((session.binding(), session.get("seen").unwrap()), (Binding::Fresh, Some(true)), "{is_write_first}");
    }
}

#[test]
fn a_refresh_of_the_registration_that_came_first_ends_its_binding_and_no_other() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let offer = browser.offers.remove(0);
    let requests = [browser.registration(&offer), browser.registration(&offer)];
    for request in &requests {
        let answer = site.answer(request, &page);
        browser.registered(&answer);
    }
    let [first, second] = [0, 1].map(|place: usize| browser.dbsc[place].identifier.clone());
    // The session is fresh by the second registration, whose answer came last.
    for identifier in [&first, &second] {
        browser.refresh_one(identifier);
    }
    assert_eq!(browser.dbsc.iter().map(|dbsc| dbsc.identifier.clone()).collect::<Vec<_>>(), [second]);
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh);
}

#[test]
fn a_refresh_that_crosses_a_logout_brings_nobody_back() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(500);
        let dbsc = browser.dbsc[0].clone();
        let refresh = browser.refresh_request(&dbsc);
        let answer = site.answer(&refresh, &page);
        browser.get(&log_out);
        browser.receive(&answer);
        assert_eq!(browser.page(), "", "{name}");
        site.wait(600);
        assert_eq!(browser.page(), "", "{name}");
        assert!(browser.dbsc.is_empty(), "{name}");
    }
}

#[test]
fn requests_beside_a_refresh_are_good_with_the_bound_cookie_from_before() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(590);
        let in_flight = browser.request("GET", "/", Vec::new());
        let identifier = browser.dbsc[0].identifier.clone();
        browser.refresh_one(&identifier);
        let answer = site.answer(&in_flight, &|session| session.set("seen", true).unwrap());
        assert_eq!(answer.body, "ada", "{name}");
        browser.receive(&answer);
        assert_eq!(browser.page(), "ada", "{name}");
        site.wait(600);
        assert_eq!((browser.page(), browser.refreshes.as_slice()), ("ada".to_owned(), &[200, 200][..]), "{name}");
    }
}

#[test]
fn a_login_that_crosses_a_registration_is_not_bound() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let session = site.load(&browser.cookies());
        let registration = browser.registration(&offer);
        assert_eq!(site.answer(&registration, &page).status, 200, "{name}");
        log_in(&session);
        let lines = block_on(site.manager.commit_async(&session)).unwrap();
        let answer = super::site::Response::of(lines, site.manager.binding_offer(&session));
        browser.receive(&answer);
        let session = site.load(&browser.cookies());
        assert_eq!((session.rejected(), session.binding()), (None, Binding::Unbound), "{name}");
        assert_eq!(browser.register(), [200], "{name}");
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "{name}");
    }
}
