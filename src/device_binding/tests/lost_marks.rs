//! Sessions that lost their mark to an answer to a request from before the registration, and what brings the mark back.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_lite::future::block_on;

use super::browser::{Browser, Dbsc, clobbered, refresh_with_proof};
use super::site::{List, Response, Site, key, listed, log_in, page, sites};
use crate::backend::{Mark, MemoryStore, Revocations};
use crate::config::SessionConfig;
use crate::device_binding::{Binding, DeviceBinding};
use crate::error::DecodeError;
use crate::session::Session;
use crate::time::UnixTime;

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
