//! Sessions that are bound where there is a list of revocations.

use std::sync::atomic::Ordering;

use futures_lite::future::block_on;

use super::browser::Browser;
use super::site::{List, Site, log_in, log_out, page};
use crate::backend::{FailurePolicy, MemoryStore};
use crate::device_binding::{Binding, BindingRequest};
use crate::error::DecodeError;
use crate::time::UnixTime;

fn site() -> Site {
    Site::with(|config| config.revocations(List::default()).subject("user"))
}

/// A browser after its login, and whoever copied the answer.
fn copied(site: &Site) -> (Browser<'_>, Browser<'_>) {
    let mut browser = Browser::new(site);
    browser.get(&log_in);
    let thief = browser.stolen();
    (browser, thief)
}

#[test]
fn the_cookie_of_the_login_dies_at_the_first_refresh() {
    let site = site();
    let (mut browser, mut thief) = copied(&site);
    browser.register();
    assert_eq!(thief.page(), "ada", "a limit: until then it is good");
    site.wait(600);
    assert_eq!(browser.page(), "ada");
    assert_eq!(thief.page(), "");
    assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::Revoked));
    for _ in 0..3 {
        site.wait(600);
        assert_eq!(browser.page(), "ada");
    }
}

#[test]
fn the_cookie_of_the_login_dies_with_the_session_before_the_first_refresh() {
    let site = site();
    let (mut browser, mut thief) = copied(&site);
    browser.register();
    browser.get(&log_out);
    assert_eq!(thief.page(), "");
    let (mut browser, mut thief) = copied(&site);
    browser.register();
    browser.get(&log_in); // another login
    assert_eq!((thief.page(), browser.page()), (String::new(), "ada".to_owned()));
}

#[test]
fn a_session_that_is_ended_by_the_id_of_its_login_ends_at_once() {
    for at_refresh in [false, true] {
        let site = site();
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let id = site.load(&browser.cookies()).id().unwrap();
        browser.register();
        assert_ne!(site.load(&browser.cookies()).id().unwrap(), id);
        block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
        if at_refresh {
            site.wait(600);
        } else {
            assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::Revoked));
        }
        assert_eq!(browser.page(), "");
        site.wait(600);
        assert_eq!(browser.page(), "");
        assert!(browser.dbsc.is_empty());
    }
}

#[test]
fn a_session_is_ended_by_the_id_of_its_login_after_the_first_refresh_as_well() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let id = site.load(&browser.cookies()).id().unwrap();
    browser.register();
    site.wait(600);
    assert_eq!(browser.page(), "ada");
    block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_refresh_of_a_subject_that_was_revoked_ends_the_binding() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    block_on(site.manager.revoke_subject("ada")).unwrap();
    assert_eq!((browser.page(), browser.refreshes.as_slice()), (String::new(), &[200][..]));
    assert!(browser.dbsc.is_empty(), "the answer was `continue: false`");
    assert_eq!(site.outcomes("ended"), 1);
}

#[test]
fn of_the_owner_and_a_thief_who_both_bind_the_login_one_goes_on() {
    for owner_first in [true, false] {
        let site = site();
        let (mut owner, mut thief) = copied(&site);
        assert_eq!((owner.register(), thief.register()), (vec![200], vec![200]));
        assert_eq!((owner.page(), thief.page()), ("ada".to_owned(), "ada".to_owned()));
        site.wait(600);
        let pages = if owner_first {
            let owner = owner.page();
            (owner, thief.page())
        } else {
            let thief = thief.page();
            (owner.page(), thief)
        };
        let is = |goes_on: bool| if goes_on { "ada".to_owned() } else { String::new() };
        assert_eq!(pages, (is(owner_first), is(!owner_first)), "whoever loses sees it: he is logged out");
    }
}

#[test]
fn a_list_that_fails_ends_no_session_and_is_never_a_4xx() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit] {
        let list = List::default();
        let site = Site::with(|config| config.revocations(list.clone()).on_backend_failure(policy));
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers[0].clone();
        browser.register();
        site.wait(600);
        list.is_down.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            browser.refresh();
        }
        assert!(browser.refreshes.iter().all(|status| (500..600).contains(status)), "{:?}", browser.refreshes);
        assert_eq!((browser.refreshes.len(), browser.dbsc.len()), (3, 1), "{policy:?}");
        list.is_down.store(false, Ordering::Relaxed);
        assert_eq!(browser.page(), "ada", "{policy:?}");

        let mut other = Browser::new(&site);
        other.get(&log_in);
        let request = other.registration(&other.offers[0].clone());
        drop(offer);
        list.is_down.store(true, Ordering::Relaxed);
        let status = site.answer(&request, &page).status;
        // Under `Admit` the list counts as one that knows nothing.
        let expected = if policy == FailurePolicy::Admit { 200..=200 } else { 500..=599 };
        assert!(expected.contains(&status), "{policy:?}: {status}");
    }
}

#[test]
fn the_csrf_token_of_the_login_stays_good_when_the_session_is_bound() {
    let site = site();
    let mut browser = Browser::new(&site);
    let token = std::cell::RefCell::new(String::new());
    browser.get(&|session| {
        log_in(session);
        *token.borrow_mut() = session.csrf_token().unwrap();
    });
    browser.register();
    assert!(site.load(&browser.cookies()).verify_csrf_token(&token.borrow()), "the page that is open has it");
}

#[test]
fn a_registration_inherits_the_generation_of_its_login() {
    let site = site();
    let mut browser = Browser::new(&site);
    block_on(site.manager.revoke_subject("ada")).unwrap();
    browser.get(&log_in);
    let offer = browser.offers.remove(0);
    let request = browser.registration(&offer);
    block_on(site.manager.revoke_subject("ada")).unwrap();
    let answer = site.answer(&request, &page);
    assert_eq!((answer.status, answer.set_cookies().count()), (403, 0), "the login was revoked meanwhile");
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Unbound);
}

#[test]
fn in_a_store_the_cookie_of_the_login_dies_a_minute_after_the_login() {
    let site = Site::with(|config| config.store(MemoryStore::new()));
    let (mut browser, mut thief) = copied(&site);
    let id = site.load(&browser.cookies()).id().unwrap();
    browser.register();
    assert_eq!(site.load(&browser.cookies()).id().unwrap(), id, "it leads to the same record");
    site.wait(59);
    let session = site.load(&thief.cookies());
    assert_eq!(
        (session.rejected(), session.binding()),
        (None, Binding::Unbound),
        "it may be a request that is under way"
    );
    site.wait(1);
    assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding));
    assert_eq!((browser.page(), thief.page()), ("ada".to_owned(), String::new()));
}

#[test]
fn a_refresh_asks_the_list_although_an_answer_from_before_still_counts() {
    let list = List::default();
    let window = std::time::Duration::from_secs(3600);
    let site = Site::with(|config| config.revocations(list.clone()).subject("user").recheck_after(window));
    let mut browser = Browser::new(&site);
    browser.log_in();
    for _ in 0..2 {
        site.wait(600);
        assert_eq!(browser.page(), "ada");
    }
    let id = site.load(&browser.cookies()).id().unwrap();
    // Another node of the fleet ends the session: this one does not hear of it.
    block_on(crate::backend::Revocations::revoke(&list, id, crate::backend::Mark::Ended, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&browser.cookies()).rejected(), None, "the answer from before counts");
    site.wait(600);
    browser.refresh();
    assert!(browser.dbsc.is_empty() && browser.page().is_empty());
}

#[test]
fn a_connection_hears_that_its_session_was_ended_by_the_id_of_its_login() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let id = site.load(&browser.cookies()).id().unwrap();
    browser.register();
    let session = site.load(&browser.cookies());
    assert_eq!(block_on(site.manager.recheck(&session)).unwrap(), None);
    block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
    assert_eq!(block_on(site.manager.recheck(&session)).unwrap(), Some(DecodeError::Revoked));
}

#[test]
fn a_logout_of_a_session_that_nobody_asked_about_ends_the_cookie_of_the_login_too() {
    let site = site();
    let (mut browser, mut thief) = copied(&site);
    browser.register();
    let session = site.manager.load([browser.cookies()]);
    let _ = session.destroy();
    let _ = block_on(site.manager.commit_async(&session)).unwrap();
    assert_eq!((thief.page(), site.load(&browser.cookies()).rejected()), (String::new(), Some(DecodeError::Revoked)));
}

#[test]
fn a_logout_after_a_login_in_one_request_offers_nothing() {
    let site = site();
    let session = site.load("");
    log_in(&session);
    let _ = block_on(site.manager.commit_async(&session)).unwrap();
    assert!(site.manager.binding_offer(&session).is_some());
    log_out(&session);
    let _ = block_on(site.manager.commit_async(&session)).unwrap();
    assert_eq!(site.manager.binding_offer(&session), None);
}

#[test]
fn a_session_that_is_ended_while_it_is_registered_is_not_bound() {
    let site = site();
    for by_subject in [false, true] {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let request = browser.registration(&offer);
        let session = site.load(&browser.cookies());
        let id = session.id().unwrap();
        if by_subject {
            block_on(site.manager.revoke_subject("ada")).unwrap();
        } else {
            block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
        }
        let find = |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, v)| v.as_str());
        let answer = block_on(site.manager.answer_binding(&session, &BindingRequest::from_headers(find)));
        assert_eq!((answer.status(), answer.headers().count()), (403, 1), "{by_subject}: {answer:?}");
    }
}

#[test]
fn a_list_that_fails_at_a_refresh_that_must_ask_it_is_a_503_under_every_policy() {
    let list = List::default();
    let window = std::time::Duration::from_secs(3600);
    let site = Site::with(|config| {
        // In a store, a registration gives no other id, so that the refresh has none to end.
        let config = config.store(MemoryStore::new()).revocations(list.clone()).recheck_after(window);
        config.on_backend_failure(FailurePolicy::Admit)
    });
    let mut browser = Browser::new(&site);
    browser.log_in();
    for _ in 0..2 {
        site.wait(600);
        assert_eq!(browser.page(), "ada");
    }
    list.is_down.store(true, Ordering::Relaxed);
    site.wait(600);
    browser.refresh();
    assert_eq!((browser.refreshes.last(), browser.dbsc.len()), (Some(&503), 1));
}

#[test]
fn a_session_whose_mark_was_lost_is_asked_about_by_the_id_that_it_got() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let in_flight = browser.request("GET", "/", Vec::new());
    browser.register();
    let id = site.load(&browser.cookies()).id().unwrap();
    browser.receive(&site.answer(&in_flight, &|session| session.set("seen", true).unwrap()));
    assert_eq!(site.load(&browser.cookies()).id().unwrap(), id);
    block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_session_that_a_refresh_healed_is_ended_by_the_id_of_its_login_at_once() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let id = site.load(&browser.cookies()).id().unwrap();
    let in_flight = browser.request("GET", "/", Vec::new());
    browser.register();
    browser.receive(&site.answer(&in_flight, &|session| session.set("seen", true).unwrap()));
    site.wait(600);
    assert_eq!(browser.page(), "ada");
    block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::Revoked));
}
