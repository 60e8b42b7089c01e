//! Lists that fail between two questions of one request, and what a node does when nobody knows.

use std::sync::atomic::Ordering;

use futures_lite::future::block_on;

use super::browser::{Browser, clobbered, refresh_with_proof};
use super::site::{List, Request, Site, log_in};
use crate::backend::{FailurePolicy, Mark, Revocations};
use crate::device_binding::{BindingAnswer, BindingRequest};
use crate::error::DecodeError;
use crate::session::Session;
use crate::time::UnixTime;

/// A list, and a site with it.
fn site(policy: FailurePolicy) -> (List, Site) {
    let list = List::default();
    let site = Site::with(|config| config.revocations(list.clone()).subject("user").on_backend_failure(policy));
    (list, site)
}

fn answer(site: &Site, session: &Session, request: &Request) -> BindingAnswer {
    let find = |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, v)| v.as_str());
    block_on(site.manager.answer_binding(session, &BindingRequest::from_headers(find)))
}

#[test]
fn when_nobody_knows_whether_a_session_was_ended_by_the_id_of_its_login_the_policy_decides() {
    for policy in [FailurePolicy::Refuse, FailurePolicy::Fail] {
        let (list, site) = site(policy);
        let mut browser = Browser::new(&site);
        browser.log_in();
        let cookies = browser.cookies();
        // The list answers about the session, and no more when it is asked about the id of the login.
        list.fails_from.store(2, Ordering::Relaxed);
        let failures = site.counters.snapshot().backend_failures;
        let loaded = block_on(site.manager.load_async([cookies]));
        match policy {
            FailurePolicy::Fail => assert!(loaded.is_err()),
            _ => assert_eq!(loaded.unwrap().rejected(), Some(DecodeError::Unavailable)),
        }
        assert_eq!(site.counters.snapshot().backend_failures, failures + 1, "{policy:?}");
    }
}

#[test]
fn when_nobody_knows_about_a_session_no_older_one_takes_its_place_and_that_is_the_reason() {
    let (list, site) = site(FailurePolicy::Refuse);
    let mut stale = Browser::new(&site);
    stale.log_in();
    let mut older = Browser::new(&site);
    older.log_in();
    let mut unbound = Browser::without_device(&site);
    unbound.get(&log_in);
    site.wait(60);
    let mut newest = stale.stolen();
    newest.jar.remove("__Host-session-bound");
    // The first is refused, since its device has to prove itself; the list fails at the second.
    let cookies = [newest.cookies(), older.cookies(), unbound.cookies()];
    list.fails_from.store(3, Ordering::Relaxed);
    let session = block_on(site.manager.load_async(&cookies)).unwrap();
    assert_eq!(session.rejected(), Some(DecodeError::Unavailable));
    assert!(session.is_empty());
}

#[test]
fn a_stale_session_hides_no_good_one() {
    let (_, site) = site(FailurePolicy::Refuse);
    let mut unbound = Browser::without_device(&site);
    unbound.get(&log_in);
    site.wait(60);
    let mut stale = Browser::new(&site);
    stale.log_in();
    stale.jar.remove("__Host-session-bound");
    assert_eq!(site.load(&stale.cookies()).rejected(), Some(DecodeError::StaleBinding));
    let session = block_on(site.manager.load_async([stale.cookies(), unbound.cookies()])).unwrap();
    assert_eq!((session.rejected(), session.get("user").unwrap()), (None, Some("ada".to_owned())));
}

#[test]
fn a_node_whose_refresh_hears_that_a_session_was_ended_forgets_the_answer_from_before() {
    let list = List::default();
    let window = std::time::Duration::from_secs(3600);
    let site = Site::with(|config| config.revocations(list.clone()).subject("user").recheck_after(window));
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    assert_eq!(browser.page(), "ada");
    let (id, cookies) = (site.load(&browser.cookies()).id().unwrap(), browser.cookies());
    // Another node of the fleet ends the session: this one does not hear of it before it asks.
    block_on(list.revoke(id, Mark::Ended, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&cookies).rejected(), None);
    let identifier = browser.dbsc[0].identifier.clone();
    browser.refresh_one(&identifier);
    assert_eq!(site.load(&cookies).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_refresh_on_a_node_that_asks_the_list_less_often_hears_of_a_ban_by_another_node() {
    for seconds in [500, 600] {
        let list = List::default();
        let window = std::time::Duration::from_secs(3600);
        let site = Site::with(|config| config.revocations(list.clone()).subject("user").recheck_after(window));
        let elsewhere = Site::with(|config| config.revocations(list.clone()).subject("user"));
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(seconds);
        let request = refresh_with_proof(&mut browser, &site);
        block_on(elsewhere.manager.revoke_subject("ada")).unwrap();
        let session = site.load(&browser.cookies());
        assert_ne!(session.rejected(), Some(DecodeError::Revoked), "the answer from before counts");
        let answer = answer(&site, &session, &request);
        let body: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!((answer.status(), &body["continue"]), (200, &false.into()), "{seconds}: {body}");
        assert!(answer.headers().all(|(name, _)| name != "set-cookie"), "{seconds}");
    }
}

#[test]
fn a_list_that_fails_while_a_refresh_ends_a_session_ends_nobodys_binding_and_is_told() {
    let (list, site) = site(FailurePolicy::Refuse);
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let id = site.load(&browser.cookies()).id().unwrap();
    browser.register();
    let request = refresh_with_proof(&mut browser, &site);
    let session = site.load(&browser.cookies());
    block_on(list.revoke(id, Mark::Ended, UnixTime::MAX)).unwrap();
    // The list says that the id of the login was ended as another session, and takes no end of this one.
    list.fails_from.store(2, Ordering::Relaxed);
    let failures = site.counters.snapshot().backend_failures;
    assert_eq!(answer(&site, &session, &request).status(), 503);
    assert!(site.counters.snapshot().backend_failures > failures);
}

#[test]
fn a_refresh_alone_sets_a_lost_mark_again() {
    let (_, site) = site(FailurePolicy::Refuse);
    let mut browser = clobbered(&site);
    site.wait(600);
    browser.refresh();
    assert_eq!(browser.refreshes, [200]);
    let mut thief = browser.stolen();
    thief.jar.remove("__Host-session-bound");
    assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding));
}

#[test]
fn a_refresh_that_could_not_set_a_lost_mark_again_leaves_nothing_to_send() {
    let (list, site) = site(FailurePolicy::Refuse);
    let mut browser = clobbered(&site);
    site.wait(600);
    let request = refresh_with_proof(&mut browser, &site);
    let session = site.load(&browser.cookies());
    list.is_down.store(true, Ordering::Relaxed);
    assert_eq!(answer(&site, &session, &request).status(), 503);
    list.is_down.store(false, Ordering::Relaxed);
    assert!(block_on(site.manager.commit_async(&session)).unwrap().is_empty());
}

#[test]
fn a_stale_session_of_a_user_who_was_banned_before_the_login_is_refreshed() {
    let site = Site::with(|config| config.revocations(List::default()).subject("user"));
    block_on(site.manager.revoke_subject("ada")).unwrap();
    let mut browser = Browser::new(&site);
    browser.log_in();
    for refreshes in 1..4 {
        site.wait(600);
        assert_eq!((browser.page(), browser.refreshes.len()), ("ada".to_owned(), refreshes));
    }
}
