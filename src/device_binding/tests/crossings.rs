//! Requests that cross in ways that are seldom seen, and connections that outlive what they began with.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_lite::future::{block_on, poll_once, yield_now};

use super::browser::{Browser, Dbsc};
use super::races::clobbered;
use super::site::{List, Request, Response, Site, key, log_in, log_out, page, sites};
use crate::backend::{BoxFuture, Generation, Known, Mark, MemoryStore, Only, Revocations};
use crate::config::SessionConfig;
use crate::data::SessionId;
use crate::device_binding::{Binding, BindingAnswer, BindingRequest, DeviceBinding};
use crate::error::{BackendError, DecodeError, EncodeError};
use crate::session::Session;
use crate::time::UnixTime;

/// The configurations with a list and a subject.
fn listed() -> [(&'static str, Site); 3] {
    let list = List::default;
    [
        ("list", Site::with(|config| config.revocations(list()).subject("user"))),
        ("store and list", Site::with(|config| config.store(MemoryStore::new()).revocations(list()).subject("user"))),
        ("spill and list", Site::with(|config| config.spill(MemoryStore::new()).revocations(list()).subject("user"))),
    ]
}

/// Answers a request to the route with a session that was loaded before.
fn answer(site: &Site, session: &Session, request: &Request) -> Response {
    let find = |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, v)| v.as_str());
    let answer: BindingAnswer = block_on(site.manager.answer_binding(session, &BindingRequest::from_headers(find)));
    let headers = answer.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Response { status: answer.status(), headers, body: answer.body().to_owned() }
}

/// Asks for a challenge, and returns the request that brings the proof.
fn refresh_with_proof(browser: &mut Browser<'_>, site: &Site) -> Request {
    let dbsc = Dbsc { challenge: None, ..browser.dbsc[0].clone() };
    let challenged = site.answer(&browser.refresh_request(&dbsc), &page);
    browser.receive(&challenged);
    let dbsc = browser.dbsc[0].clone();
    browser.refresh_request(&dbsc)
}

#[test]
fn a_session_whose_mark_was_lost_outlives_a_refresh_that_comes_before_its_bound_cookie_ends() {
    for (name, site) in sites() {
        let mut browser = clobbered(&site);
        site.wait(500);
        // Chromium refreshes in the last two minutes. No other request sets the mark again.
        let identifier = browser.dbsc[0].identifier.clone();
        browser.refresh_one(&identifier);
        assert_eq!(browser.refreshes, [200], "{name}");
        for _ in 0..3 {
            assert_eq!(browser.page(), "ada", "{name}: {:?}", site.load(&browser.cookies()).rejected());
            site.wait(600);
        }
    }
}

#[test]
fn a_commit_that_finds_the_mark_in_the_record_proves_nothing() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        // A connection of the browser, or of a thief who copied the answer to the login.
        let connection = site.load(&browser.cookies());
        browser.register();
        connection.set("seen", true).unwrap();
        let _ = block_on(site.manager.commit_async(&connection)).unwrap();
        assert_eq!(connection.binding(), Binding::Unbound, "{name}");
        assert!(connection.require_binding().is_err(), "{name}");
        if name.starts_with("store") {
            let recheck = || block_on(site.manager.recheck(&connection)).unwrap();
            site.wait(59);
            assert_eq!(recheck(), None, "{name}");
            site.wait(1);
            assert_eq!(recheck(), Some(DecodeError::StaleBinding), "{name}");
        }
    }
}

#[test]
fn a_connection_in_which_a_bound_session_was_regenerated_hears_when_that_had_to_be_bound() {
    let required = DeviceBinding::new().required_within(Duration::from_secs(60));
    let site = Site::under(key(1), required, |config| config);
    let mut browser = Browser::new(&site);
    browser.log_in();
    let connection = site.load(&browser.cookies());
    connection.regenerate().unwrap();
    let lines = block_on(site.manager.commit_async(&connection)).unwrap();
    browser.receive(&Response::of(lines, None));
    let recheck = || block_on(site.manager.recheck(&connection)).unwrap();
    site.wait(59);
    assert_eq!(recheck(), None);
    site.wait(1);
    assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::NotBound));
    assert_eq!(recheck(), Some(DecodeError::NotBound));
}

#[test]
fn a_connection_in_which_a_bound_session_was_regenerated_is_good() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        let connection = site.load(&browser.cookies());
        connection.regenerate().unwrap();
        let lines = block_on(site.manager.commit_async(&connection)).unwrap();
        browser.receive(&Response::of(lines, None));
        assert_eq!(site.load(&browser.cookies()).rejected(), None, "{name}");
        assert_eq!(block_on(site.manager.recheck(&connection)).unwrap(), None, "{name}");
    }
}

#[test]
fn a_connection_from_before_the_registration_hears_a_minute_after_the_login_that_its_cookie_is_stale() {
    for (name, site) in sites().into_iter().filter(|(name, _)| name.starts_with("store")) {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let before = browser.cookies();
        let connection = site.load(&before);
        browser.register();
        let recheck = || block_on(site.manager.recheck(&connection)).unwrap();
        site.wait(59);
        assert_eq!(recheck(), None, "{name}");
        site.wait(1);
        assert_eq!(site.load(&before).rejected(), Some(DecodeError::StaleBinding), "{name}");
        assert_eq!(recheck(), Some(DecodeError::StaleBinding), "{name}");
        assert_eq!(block_on(site.manager.recheck(&site.load(&browser.cookies()))).unwrap(), None, "{name}");
    }
}

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
        let refreshed = answer(&site, &refreshing, &request);
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
fn two_writers_who_both_set_a_lost_mark_again_are_both_kept() {
    for (name, site) in sites().into_iter().filter(|(name, _)| name.starts_with("spill")) {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let in_flight = browser.request("GET", "/", Vec::new());
        assert_eq!(browser.register(), [200]);
        browser.receive(&site.answer(&in_flight, &|session| session.set("essay", "x".repeat(10_000)).unwrap()));
        let writers = [(); 2].map(|()| site.load(&browser.cookies()));
        for (writer, key) in writers.iter().zip(["one", "two"]) {
            writer.set(key, true).unwrap();
        }
        for writer in &writers {
            let lines = block_on(site.manager.commit_async(writer)).unwrap_or_else(|error| panic!("{name}: {error}"));
            browser.receive(&Response::of(lines, None));
        }
        let session = site.load(&browser.cookies());
        assert!(["essay", "one", "two"].iter().all(|key| session.contains(key)), "{name}");
        let mut thief = browser.stolen();
        thief.jar.remove("__Host-session-bound");
        site.wait(60);
        assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding), "{name}");
    }
}

#[test]
fn a_login_as_another_that_failed_and_was_taken_back_leaves_no_unbound_copy() {
    let list = List::default();
    let site = Site::with(|config| config.revocations(list.clone()).subject("user"));
    let mut browser = clobbered(&site);
    let before = browser.cookies();
    let session = site.load(&before);
    session.set("user", "bob").unwrap();
    list.is_down.store(true, Ordering::Relaxed);
    assert!(block_on(site.manager.commit_async(&session)).is_err());
    list.is_down.store(false, Ordering::Relaxed);
    session.set("user", "ada").unwrap();
    browser.receive(&Response::of(block_on(site.manager.commit_async(&session)).unwrap(), None));
    assert_eq!(browser.page(), "ada");
    assert_eq!(site.load(&before).rejected(), Some(DecodeError::Revoked), "the session went on under another id");
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
        let answers = [registered, refused].map(|(session, request)| answer(&after, &session, request));
        let second = if has_store { 403 } else { 200 };
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, second], "the record has one mark");
        browser.registered(&answers[0]);
        assert_eq!(after.answer(&in_flight, &page).body, "ada", "{has_store}");
        assert_eq!(after.load(&browser.cookies()).binding(), Binding::Fresh, "{has_store}");
    }
}

#[test]
fn a_stale_session_beside_a_newer_stale_one_can_still_prove_itself() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(60);
        let mut newer = Browser::new(&site);
        newer.log_in();
        site.wait(600);
        let both = format!("{}; {}", newer.cookies(), browser.cookies());
        let dbsc = Dbsc { challenge: None, ..browser.dbsc[0].clone() };
        let mut request = browser.refresh_request(&dbsc);
        request.headers.retain(|(header, _)| *header != "cookie");
        request.headers.push(("cookie", both));
        let answer = site.answer(&request, &page);
        assert_eq!((answer.status, answer.header("secure-session-challenge").is_some()), (403, true), "{name}");
    }
}

#[test]
fn a_mark_that_was_lost_is_set_again_by_a_refresh_although_the_session_had_to_be_bound_by_then() {
    type Configure = fn(SessionConfig) -> SessionConfig;
    let configurations: [Configure; 4] = [
        |config| config,
        |config| config.revocations(List::default()).subject("user"),
        |config| config.spill(MemoryStore::new()),
        |config| config.spill(MemoryStore::new()).revocations(List::default()).subject("user"),
    ];
    for (number, configure) in configurations.into_iter().enumerate() {
        let required = DeviceBinding::new().required_within(Duration::from_secs(60));
        let site = Site::under(key(1), required, configure);
        let mut browser = clobbered(&site);
        let mut thief = Browser::without_device(&site);
        thief.jar = browser.jar.clone();
        site.wait(600);
        assert_eq!(site.load(&browser.cookies()).rejected(), Some(DecodeError::NotBound), "{number}");
        for _ in 0..3 {
            assert_eq!(browser.page(), "ada", "{number}: {:?}", browser.refreshes);
            assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "{number}");
            assert_eq!(thief.page(), "", "{number}");
            site.wait(600);
        }
        assert_eq!(browser.dbsc.len(), 1, "{number}");
        // Without the proof of its device, such a session is as it was.
        let mut other = clobbered(&site);
        site.wait(600);
        let dbsc = other.dbsc[0].clone();
        let without_proof = other.refresh_request(&Dbsc { challenge: None, ..dbsc });
        let response = site.answer(&without_proof, &page);
        assert_eq!((response.status, response.set_cookies().count()), (403, 0), "{number}");
        assert_eq!(site.load(&other.cookies()).rejected(), Some(DecodeError::NotBound), "{number}");
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

#[test]
fn a_refresh_of_a_lost_mark_that_hears_late_of_an_end_has_this_node_forget_the_answer_from_before() {
    let list = List::default();
    let window = Duration::from_secs(3600);
    let site = Site::with(|config| config.revocations(list.clone()).subject("user").recheck_after(window));
    let mut browser = clobbered(&site);
    site.wait(600);
    let cookies = browser.cookies();
    let id = site.load(&cookies).id().unwrap();
    block_on(list.revoke(id, Mark::Ended, UnixTime::MAX)).unwrap();
    assert_eq!(site.load(&cookies).rejected(), None, "another node ended it, and the answer from before counts");
    browser.refresh();
    assert_eq!(site.load(&cookies).rejected(), Some(DecodeError::Revoked));
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
    let find = |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, v)| v.as_str());
    let binding = BindingRequest::from_headers(find);
    let mut registration = Box::pin(site.manager.answer_binding(&session, &binding));
    assert_eq!(block_on(poll_once(&mut registration)), None, "the list lets it wait");
    drop(registration);
    browser.receive(&Response::of(block_on(site.manager.commit_async(&session)).unwrap(), None));
    assert_eq!(browser.page(), "ada");
}

#[test]
fn a_link_on_another_site_to_a_session_that_lost_its_mark_and_had_to_be_bound_is_bounced_once() {
    for saves_uninitialized in [false, true] {
        let required = DeviceBinding::new().required_within(Duration::from_secs(60));
        let site = Site::under(key(1), required, |config| config.save_uninitialized(saves_uninitialized));
        let mut browser = clobbered(&site);
        site.wait(600);
        assert_eq!(browser.follow_link(), (2, "ada".to_owned()), "{saves_uninitialized}");
        let mut without = Browser::without_device(&site);
        without.get(&log_in);
        assert_eq!(without.follow_link(), (1, "ada".to_owned()), "{saves_uninitialized}: in time");
        site.wait(60);
        assert_eq!(without.follow_link(), (2, String::new()), "{saves_uninitialized}: and no more than once");
    }
}

#[test]
fn a_session_that_is_too_full_for_its_lost_mark_stays_good_although_the_answer_to_its_refresh_is_lost() {
    for (name, site) in listed() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let in_flight = browser.request("GET", "/", Vec::new());
        assert_eq!(browser.register(), [200]);
        let fill = |session: &Session| {
            session.set("essay", "").unwrap();
            session.set("essay", "x".repeat(session.remaining_bytes() - 5)).unwrap();
        };
        browser.receive(&site.answer(&in_flight, &fill));
        site.wait(600);
        let refresh = refresh_with_proof(&mut browser, &site);
        assert_eq!(site.answer(&refresh, &page).status, 200, "{name}");
        for _ in 0..3 {
            assert_eq!(browser.page(), "ada", "{name}: {:?}", site.load(&browser.cookies()).rejected());
            site.wait(600);
        }
        browser.get(&|session| session.set("essay", "").unwrap());
        assert_eq!(browser.page(), "ada", "{name}: {:?}", site.load(&browser.cookies()).rejected());
    }
}
