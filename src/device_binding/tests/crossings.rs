//! A refresh, a registration or a write that crosses the end of its session, a regeneration or a deployment.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once, yield_now};

use super::browser::{Browser, refresh_with_proof};
use super::site::{List, Response, Site, listed, log_in, log_out, page};
use crate::backend::{BoxFuture, Generation, Known, Mark, MemoryStore, Only, Revocations};
use crate::data::SessionId;
use crate::device_binding::Binding;
use crate::error::{BackendError, DecodeError, EncodeError};
use crate::session::Session;
use crate::time::UnixTime;

/// A step up, such as a payment.
fn regenerate(session: &Session) {
    session.regenerate().unwrap();
    session.set("paid", true).unwrap();
}

#[test]
fn a_refresh_that_crosses_a_regeneration_leaves_the_new_session_alone() {
    for (name, site) in listed() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(500);
        let request = refresh_with_proof(&mut browser, &site);
        let refreshing = site.load(&browser.cookies());
        let before = browser.stolen().cookies();
        let moved = site.answer(&browser.request("POST", "/", Vec::new()), &regenerate);
        let refreshed = site.answer_later(&refreshing, &request);
        browser.receive(&moved);
        browser.receive(&refreshed);
        assert_eq!(browser.page(), "ada", "{name}: {:?}", site.load(&browser.cookies()).rejected());
        assert_eq!(site.load(&before).rejected(), Some(DecodeError::Revoked), "{name}");
    }
}

#[test]
fn a_session_that_is_ended_by_the_id_of_its_login_while_it_is_regenerated_is_over() {
    for (name, site) in listed() {
        for ends_before in [false, true] {
            let mut browser = Browser::new(&site);
            browser.get(&log_in);
            let id = site.load(&browser.cookies()).id().unwrap();
            browser.register();
            let moving = site.load(&browser.cookies());
            let end = || block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
            regenerate(&moving);
            if ends_before {
                end();
            }
            let outcome = block_on(site.manager.commit_async(&moving));
            assert_eq!(outcome.is_err(), ends_before, "{name}: {outcome:?}");
            if let Ok(lines) = outcome {
                browser.receive(&Response::of(lines, None));
                assert_eq!(browser.page(), "ada", "{name}");
                end();
            }
            assert_eq!(browser.page(), "", "{name}: {ends_before}");
        }
    }
}

#[test]
fn a_write_into_a_session_that_was_ended_by_the_id_of_its_login_is_an_error() {
    for (name, site) in listed() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let id = site.load(&browser.cookies()).id().unwrap();
        browser.register();
        let [writing, reading] = [(); 2].map(|()| site.load(&browser.cookies()));
        block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
        writing.set("seen", true).unwrap();
        let outcome = block_on(site.manager.commit_async(&writing));
        assert!(matches!(outcome, Err(EncodeError::Ended)), "{name}: {outcome:?}");
        assert!(block_on(site.manager.commit_async(&reading)).unwrap().is_empty(), "{name}");
    }
}

#[test]
fn a_registration_on_a_node_of_another_schema_leaves_requests_under_way_alone() {
    let (list, store) = (List::default(), Arc::new(MemoryStore::new()));
    let node = |schema, has_store| {
        Site::with(|config| {
            let config = config.schema(schema).migrate(|_, _| Ok(()));
            if has_store { config.store(Arc::clone(&store)) } else { config.revocations(list.clone()) }
        })
    };
    for has_store in [false, true] {
        let (before, after) = (node(1, has_store), node(2, has_store));
        let mut browser = Browser::new(&before);
        browser.get(&log_in);
        let in_flight = browser.request("GET", "/", Vec::new());
        let offer = browser.offers.remove(0);
        let request = browser.registration(&offer);
        let [registered, refused] = [(); 2].map(|()| after.load(&browser.cookies())).map(|session| (session, &request));
        let answers = [registered, refused].map(|(session, request)| after.answer_later(&session, request));
        let second = if has_store { 403 } else { 200 };
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, second], "the record has one mark");
        browser.registered(&answers[0]);
        assert_eq!(after.answer(&in_flight, &page).body, "ada", "{has_store}");
        assert_eq!(after.load(&browser.cookies()).binding(), Binding::Fresh, "{has_store}");
    }
}

#[test]
fn a_session_that_ends_before_its_first_refresh_takes_the_cookie_of_its_login_along_at_the_next_one() {
    type End = fn(&Site, &mut Browser<'_>);
    let log_out_stale: End = |site, browser| {
        site.wait(600);
        browser.receive(&site.answer(&browser.request("POST", "/", Vec::new()), &log_out));
    };
    let revoke: End = |site, browser| {
        let id = site.load(&browser.cookies()).id().unwrap();
        block_on(site.manager.revoke(id, UnixTime::MAX)).unwrap();
        site.wait(600);
    };
    let ends = [("a logout without a refresh", log_out_stale), ("by its own id", revoke)];
    for (name, site) in listed() {
        for (how, end) in ends {
            let mut browser = Browser::new(&site);
            browser.get(&log_in);
            let mut thief = Browser::without_device(&site);
            thief.jar = browser.jar.clone();
            browser.register();
            end(&site, &mut browser);
            assert_eq!(browser.page(), "", "{name}, {how}");
            assert!(browser.dbsc.is_empty(), "{name}, {how}: the browser asked once");
            assert_eq!(thief.page(), "", "{name}, {how}");
        }
    }
}

#[test]
fn a_refresh_that_hears_late_of_the_end_of_its_session_takes_the_cookie_of_the_login_along() {
    let list = List::default();
    let window = Duration::from_secs(3600);
    let site = Site::with(|config| config.revocations(list.clone()).subject("user").recheck_after(window));
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let mut thief = Browser::without_device(&site);
    thief.jar = browser.jar.clone();
    browser.register();
    assert_eq!(browser.page(), "ada");
    let id = site.load(&browser.cookies()).id().unwrap();
    // Another node ends the session, and this one goes by the answer from before.
    block_on(list.revoke(id, Mark::Ended, UnixTime::MAX)).unwrap();
    site.wait(600);
    assert_eq!((browser.page(), browser.dbsc.len()), (String::new(), 0));
    assert_eq!(thief.page(), "");
}

/// A list that lets its caller wait before it answers.
#[derive(Default)]
struct SlowList(List);

async fn later<T>(answer: BoxFuture<'_, T>) -> T {
    yield_now().await;
    answer.await
}

impl Revocations for SlowList {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(later(self.0.revoke(id, mark, until)))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(later(self.0.revoke_subject(subject, only, to, until)))
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(later(self.0.look(id, subject)))
    }
}

#[test]
fn a_registration_that_is_given_up_leaves_no_mark_for_a_later_commit() {
    let site = Site::with(|config| config.revocations(SlowList::default()).subject("user"));
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let offer = browser.offers.remove(0);
    let request = browser.registration(&offer);
    let session = site.load(&browser.cookies());
    let binding = request.binding();
    let mut registration = Box::pin(site.manager.answer_binding(&session, &binding));
    assert_eq!(block_on(poll_once(&mut registration)), None, "the list lets it wait");
    drop(registration);
    browser.receive(&Response::of(block_on(site.manager.commit_async(&session)).unwrap(), None));
    assert_eq!(browser.page(), "ada");
}

#[test]
fn until_the_first_refresh_a_load_and_a_write_each_ask_the_list_once_more() {
    let list = List::default();
    let site = Site::with(|config| config.revocations(list.clone()));
    let mut browser = Browser::new(&site);
    browser.log_in();
    let cost = |browser: &Browser<'_>| {
        let asked = || list.asked.swap(0, Ordering::Relaxed);
        asked();
        let session = site.load(&browser.cookies());
        let load = asked();
        session.set("seen", site.now()).unwrap();
        let _ = block_on(site.manager.commit_async(&session)).unwrap();
        [load, asked()]
    };
    assert_eq!(cost(&browser), [2, 2]);
    site.wait(600);
    browser.page();
    assert_eq!(cost(&browser), [1, 1]);
}
