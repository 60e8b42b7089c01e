//! The life of a session as a table of the states of its browser.

use futures_lite::future::block_on;

use super::browser::Browser;
use super::site::{Site, page, sites};
use crate::backend::MemoryStore;
use crate::config::SessionConfig;
use crate::crypto::Key;
use crate::device_binding::{Binding, DeviceBinding};
use crate::error::DecodeError;
use crate::session::Session;

#[test]
fn the_life_of_a_session() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        let state = |browser: &Browser<'_>| {
            let session = site.load(&browser.cookies());
            (session.binding(), session.rejected())
        };
        // (what happens, whose the next page is, the binding then)
        let mut is = |what: &str, act: &dyn Fn(&mut Browser<'_>), user: &str, expected: Binding, refreshes: usize| {
            act(&mut browser);
            assert_eq!(state(&browser).0, expected, "{name}: {what}");
            assert_eq!(browser.page(), user, "{name}: {what}");
            assert_eq!(browser.refreshes.len(), refreshes, "{name}: {what}: {:?}", browser.refreshes);
        };
        is("a visitor who is new", &|_| (), "", Binding::Unbound, 0);
        is(
            "the login, before the key is registered",
            &|browser| drop(browser.get(&super::site::log_in)),
            "ada",
            Binding::Unbound,
            0,
        );
        is("the key is registered", &|browser| assert_eq!(browser.register(), [200]), "ada", Binding::Fresh, 0);
        is("one second before the bound cookie ends", &|_| site.wait(599), "ada", Binding::Fresh, 0);
        is("the bound cookie ends", &|_| site.wait(1), "ada", Binding::Stale, 1);
        is("the proof counts anew", &|_| site.wait(599), "ada", Binding::Fresh, 1);
        is("an hour later its challenge is old", &|_| site.wait(3600), "ada", Binding::Stale, 3);
        is(
            "the browser restarts, and has no challenge",
            &|browser| {
                browser.dbsc[0].challenge = None;
                site.wait(600);
            },
            "ada",
            Binding::Stale,
            5,
        );
        is("the logout", &|browser| browser.log_out(), "", Binding::Unbound, 6);
        assert!(browser.dbsc.is_empty(), "{name}: the browser was told to end its binding");
        assert!(browser.jar.is_empty(), "{name}: both cookies are deleted, {:?}", browser.jar.keys());
        assert_eq!((site.outcomes("registered"), site.outcomes("refreshed")), (1, 3), "{name}");
        assert_eq!((site.outcomes("challenged"), site.outcomes("ended")), (2, 1), "{name}");
        assert_eq!((site.outcomes("refused"), site.outcomes("failed")), (0, 0), "{name}");
    }
}

#[test]
fn a_browser_without_device_binding_lives_as_ever() {
    for (name, site) in sites() {
        let mut browser = Browser::without_device(&site);
        browser.log_in();
        for _ in 0..10 {
            site.wait(3600);
            assert_eq!(browser.page(), "ada", "{name}");
        }
        browser.log_out();
        assert_eq!(browser.page(), "", "{name}");
        assert_eq!(site.counters.snapshot().refusals("stale_binding"), 0, "{name}");
    }
}

#[test]
fn a_stale_session_is_empty_has_its_reason_and_keeps_its_cookie() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(600);
        let session = site.load(&browser.cookies());
        assert_eq!(session.binding(), Binding::Stale, "{name}");
        assert_eq!(session.rejected(), Some(DecodeError::StaleBinding), "{name}");
        assert!(session.is_empty() && session.require_binding().is_err(), "{name}");
        // An hour before its idle timeout a good session would be extended.
        site.wait(22 * 3600);
        let response = site.answer(&browser.request("GET", "/", Vec::new()), &page);
        assert_eq!((response.set_cookies().count(), response.body.as_str()), (0, ""), "{name}");
        assert!(site.counters.snapshot().refusals("stale_binding") > 1, "{name}");
    }
}

#[test]
fn no_pre_session_takes_the_place_of_a_stale_session() {
    let site = Site::with(|config| config.save_uninitialized(true));
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    let look = |session: &Session| assert!(session.is_empty());
    let response = site.answer(&browser.request("GET", "/", Vec::new()), &look);
    assert_eq!(response.set_cookies().count(), 0);
    assert_eq!(browser.page(), "ada");
}

#[test]
fn a_refresh_never_extends_the_session() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        for _ in 0..23 {
            site.wait(3600);
            browser.refresh();
        }
        assert!(browser.refreshes.contains(&200), "{name}");
        site.wait(3600);
        browser.refresh();
        assert_eq!(browser.page(), "", "{name}: a day after the login the idle timeout has passed");
        assert!(browser.dbsc.is_empty(), "{name}");
        let reason = site.load(&browser.all_cookies()).rejected().map(|reason| reason.as_str());
        let expected = if name.contains("store") { "not_stored" } else { "expired_idle" };
        assert!(reason == Some(expected) || reason == Some("expired_idle"), "{name}: {reason:?}");
    }
}

#[test]
fn each_login_is_bound_anew_and_the_binding_from_before_ends() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        let first = browser.dbsc[0].identifier.clone();
        browser.get(&super::site::log_in);
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Unbound, "{name}");
        assert_eq!(browser.register(), [200], "{name}");
        assert_eq!(browser.dbsc.len(), 2, "{name}");
        site.wait(600);
        assert_eq!(browser.page(), "ada", "{name}");
        assert_eq!(browser.dbsc.len(), 1, "{name}");
        assert_ne!(browser.dbsc[0].identifier, first, "{name}");
    }
}

/// Refreshes with these session cookies, without a proof: the browser is asked for one if its session can be refreshed.
fn is_asked_for_a_proof(site: &Site, browser: &mut Browser<'_>, cookies: String) -> bool {
    let dbsc = super::browser::Dbsc { challenge: None, ..browser.dbsc[0].clone() };
    let mut request = browser.refresh_request(&dbsc);
    request.headers.retain(|(header, _)| *header != "cookie");
    request.headers.push(("cookie", cookies));
    let answer = site.answer(&request, &page);
    answer.status == 403 && answer.header("secure-session-challenge").is_some()
}

#[test]
fn a_stale_session_beside_an_older_good_one_can_still_prove_itself() {
    for (name, site) in sites() {
        let mut older = Browser::without_device(&site);
        older.log_in();
        site.wait(60);
        let mut browser = Browser::new(&site);
        browser.log_in();
        site.wait(600);
        let both = format!("{}; {}", older.cookies(), browser.cookies());
        assert_eq!(site.load(&both).rejected(), None, "{name}: it hides no good one");
        assert!(is_asked_for_a_proof(&site, &mut browser, both), "{name}");
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
        assert!(is_asked_for_a_proof(&site, &mut browser, both), "{name}");
    }
}

#[test]
fn a_link_on_another_site_to_a_stale_session_is_bounced_once() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        assert_eq!(browser.follow_link(), (1, "ada".to_owned()), "{name}");
        site.wait(600);
        assert_eq!(browser.follow_link(), (2, "ada".to_owned()), "{name}");
        let mut thief = browser.stolen();
        site.wait(600);
        assert_eq!(thief.follow_link(), (2, String::new()), "{name}: and no more than once");
    }
}

#[test]
fn a_required_binding_ends_sessions_that_are_not_bound_in_time() {
    let required = || DeviceBinding::new().required_within(std::time::Duration::from_secs(60));
    let site = Site::under(super::site::key(1), required(), |config| config);
    let (mut with, mut without) = (Browser::new(&site), Browser::without_device(&site));
    with.log_in();
    without.log_in();
    site.wait(59);
    assert_eq!((with.page(), without.page()), ("ada".to_owned(), "ada".to_owned()));
    site.wait(1);
    assert_eq!((with.page(), without.page()), ("ada".to_owned(), String::new()));
    let reason = site.load(&without.cookies()).rejected();
    assert_eq!(reason, Some(DecodeError::NotBound));
    assert!(reason.unwrap().is_over());
    without.log_in();
    assert_eq!(without.page(), "ada", "a login begins the time anew");
}

#[test]
fn a_connection_hears_when_its_session_had_to_be_bound_or_to_prove_it() {
    let recheck = |site: &Site, session: &Session| block_on(site.manager.recheck(session)).unwrap();
    let required = DeviceBinding::new().required_within(std::time::Duration::from_secs(60));
    let site = Site::under(super::site::key(1), required, |config| config);
    let mut without = Browser::without_device(&site);
    without.log_in();
    let session = site.load(&without.cookies());
    site.wait(59);
    assert_eq!(recheck(&site, &session), None);
    site.wait(1);
    assert_eq!(recheck(&site, &session), Some(DecodeError::NotBound));
    // In a store, a request that was sent before the registration is let in for a minute.
    let site = Site::with(|config| config.store(MemoryStore::new()));
    let mut browser = Browser::new(&site);
    browser.get(&super::site::log_in);
    let before = browser.cookies();
    browser.register();
    let session = site.load(&before);
    site.wait(59);
    assert_eq!(recheck(&site, &session), None);
    site.wait(1);
    assert_eq!(recheck(&site, &session), Some(DecodeError::StaleBinding));
}

#[test]
fn a_required_binding_leaves_visitors_alone_who_are_nobody() {
    let required = DeviceBinding::new().required_within(std::time::Duration::from_secs(60));
    let site = Site::under(super::site::key(1), required, |config| config);
    let mut browser = Browser::new(&site);
    let mut token = String::new();
    browser.get(&|session| drop(session.csrf_token().unwrap()));
    site.wait(600);
    browser.get(&|session| assert_eq!((session.rejected(), session.len()), (None, 0)));
    token.push_str(&site.load(&browser.cookies()).csrf_token().unwrap());
    assert!(site.load(&browser.cookies()).verify_csrf_token(&token), "the session came with its token");
}

#[test]
fn a_registration_never_extends_the_session() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&super::site::log_in);
        let before = site.load(&browser.cookies()).expires_at();
        site.wait(700);
        assert_eq!(browser.register(), [200], "{name}");
        let session = site.load(&browser.cookies());
        assert_eq!((session.binding(), session.expires_at()), (Binding::Fresh, before), "{name}");
        assert_eq!(session.issued_at().as_secs(), site.now(), "{name}: the newest of its cookies");
    }
}

#[test]
fn a_lost_mark_that_a_refresh_sets_again_does_not_extend_the_session() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&super::site::log_in);
        let in_flight = browser.request("GET", "/", Vec::new());
        browser.register();
        browser.receive(&site.answer(&in_flight, &|session| session.set("seen", true).unwrap()));
        let before = site.load(&browser.cookies()).expires_at();
        site.wait(6000);
        browser.refresh();
        let session = site.load(&browser.cookies());
        assert_eq!((session.binding(), session.expires_at()), (Binding::Fresh, before), "{name}");
    }
}

#[test]
fn a_manager_shows_the_settings_of_its_device_binding() {
    let manager = SessionConfig::new(Key::generate().unwrap()).device_binding(DeviceBinding::new()).build().unwrap();
    let shown = format!("{manager:?}");
    assert!(
        shown.contains(r#"DeviceBinding { path: "/device-binding", lifetime: 600, required_within: None, .. }"#),
        "{shown}"
    );
}
