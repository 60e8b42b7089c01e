//! The limits of device binding. Each limit of docs/device-bound.md that is not a test of `thief` or `revoked` is one
//! here.

use super::browser::Browser;
use super::site::{List, Site, key, log_in, sites};
use crate::backend::MemoryStore;
use crate::crypto::KeyRing;
use crate::device_binding::{Binding, DeviceBinding};
use crate::error::DecodeError;
use crate::session::Session;

#[test]
fn without_a_list_a_copy_of_the_login_response_stays_good_for_its_own_timeouts() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let mut thief = Browser::without_device(&site);
    thief.jar = browser.jar.clone();
    browser.register();
    site.wait(600);
    assert_eq!((browser.page(), thief.page()), ("ada".to_owned(), "ada".to_owned()));
    for _ in 0..31 {
        site.wait(23 * 3600 + 1800);
        thief.page();
    }
    assert_eq!(thief.page(), "", "after 30 days the absolute timeout has passed");
}

/// A route that regenerates the session of whoever comes, without a password: a payment, or `revoke_others`.
fn step_up(session: &Session) {
    session.regenerate().unwrap();
}

#[test]
fn whoever_has_the_whole_jar_and_finds_a_route_that_regenerates_has_a_session_of_his_own() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        let mut thief = browser.stolen();
        site.wait(599);
        thief.get(&step_up);
        assert_eq!(thief.offers.len(), 1, "{name}: the thief may even bind it to a device of his own");
        site.wait(3600);
        assert_eq!(thief.page(), "ada", "{name}");
    }
}

#[test]
fn a_copy_of_the_login_response_that_is_regenerated_before_the_first_refresh_outlives_it() {
    let site = Site::with(|config| config.revocations(List::default()));
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let mut thief = Browser::without_device(&site);
    thief.jar = browser.jar.clone();
    browser.register();
    thief.get(&step_up);
    site.wait(600);
    assert_eq!(
        (browser.page(), thief.page()),
        (String::new(), "ada".to_owned()),
        "the owner sees that he is logged out"
    );
}

#[test]
fn a_required_binding_counts_from_the_last_regeneration() {
    let required = DeviceBinding::new().required_within(std::time::Duration::from_secs(60));
    let site = Site::under(key(1), required, |config| config);
    let mut thief = Browser::without_device(&site);
    thief.get(&log_in);
    for _ in 0..100 {
        site.wait(59);
        thief.get(&step_up);
    }
    assert_eq!(thief.page(), "ada");
}

#[test]
fn in_a_store_the_session_cookie_alone_works_for_a_minute_after_the_login() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        let mut thief = browser.stolen();
        thief.jar.remove("__Host-session-bound");
        let within = if name.starts_with("store") { "ada" } else { "" };
        site.wait(59);
        assert_eq!(thief.page(), within, "{name}");
        site.wait(1);
        assert_eq!(thief.page(), "", "{name}");
    }
}

#[test]
fn a_copy_of_the_login_response_is_good_for_its_own_timeouts_if_the_session_spilled_before_it_was_registered() {
    let site = Site::with(|config| config.spill(MemoryStore::new()).revocations(List::default()));
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let mut thief = Browser::without_device(&site);
    thief.jar = browser.jar.clone();
    browser.get(&|session| session.set("essay", "x".repeat(10_000)).unwrap());
    browser.register();
    for _ in 0..3 {
        site.wait(600);
        assert_eq!((browser.page(), thief.page()), ("ada".to_owned(), "ada".to_owned()));
    }
    browser.log_out();
    assert_eq!(thief.page(), "");
}

#[test]
fn in_a_store_a_browser_that_never_got_the_answer_to_its_registration_logs_in_again_after_a_minute() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.get(&log_in);
        let offer = browser.offers.remove(0);
        let lost = site.answer(&browser.registration(&offer), &|_| ());
        assert_eq!(lost.status, 200, "{name}");
        site.wait(59);
        assert_eq!(browser.page(), "ada", "{name}");
        site.wait(1);
        assert_eq!(browser.page(), if name.starts_with("store") { "" } else { "ada" }, "{name}");
        browser.log_in();
        assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh, "{name}");
    }
}

#[test]
fn whoever_is_there_at_the_login_can_bind_it_to_another_device() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let mut malware = browser.stolen();
    assert_eq!((malware.register(), browser.register()), (vec![200], vec![200]));
    site.wait(600);
    assert_eq!((malware.page(), browser.page()), ("ada".to_owned(), "ada".to_owned()));
}

#[test]
fn a_browser_that_lost_its_binding_logs_in_again_and_is_not_let_in_without() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    browser.dbsc.clear(); // the TPM was cleared, or something before the site answered 429
    site.wait(600);
    assert_eq!(browser.page(), "");
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Stale);
    browser.log_in();
    assert_eq!(browser.page(), "ada");
    assert_eq!(site.load(&browser.cookies()).binding(), Binding::Fresh);
}

#[test]
fn a_binding_whose_key_was_dropped_needs_a_new_login() {
    let before = Site::under(key(1), DeviceBinding::new(), |config| config);
    let mut browser = Browser::new(&before);
    browser.log_in();
    // The site rotates its key, the browser comes back in time, and its session is sealed under the new key.
    before.manager.set_keys(KeyRing::new(key(2), vec![key(1)]).unwrap());
    assert_eq!(browser.page(), "ada");
    before.wait(600);
    assert_eq!(browser.page(), "ada", "the previous key opens the identifier");
    before.manager.set_keys(key(2));
    before.wait(600);
    browser.refresh();
    assert_eq!(browser.refreshes.last(), Some(&503), "another node might know the key");
    assert_eq!(browser.page(), "");
    browser.get(&log_in);
    browser.jar.remove("__Host-session-bound");
    browser.refresh();
    assert!(browser.dbsc.is_empty(), "the new session is not bound, so the binding from before is of no use");
    assert_eq!(browser.register(), [200]);
    assert_eq!(browser.page(), "ada");
}

#[test]
fn a_session_without_a_login_that_regenerates_is_never_offered_a_binding() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&|session| session.set("user", "ada").unwrap());
    assert!(browser.offers.is_empty());
    browser.get(&|session| assert!(session.regenerate().is_ok()));
    assert_eq!(browser.offers.len(), 1);
    browser.get(&|session| assert!(session.regenerate_empty().is_ok()));
    assert_eq!(browser.offers.len(), 1, "nobody is logged in");
}

#[test]
fn what_is_stored_in_a_stale_session_takes_its_place() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    browser.dbsc.clear();
    browser.get(&|session| session.set("theme", "dark").unwrap());
    let session = site.load(&browser.cookies());
    assert_eq!((session.rejected(), session.contains("user")), (None, false));
    assert_ne!(session.rejected(), Some(DecodeError::StaleBinding));
}

#[test]
fn the_first_four_bound_cookies_of_a_request_count_and_no_other() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let cookies = browser.cookies();
    let with_others_before = |count: usize| format!("{}{cookies}", "__Host-session-bound=x; ".repeat(count));
    assert_eq!(site.load(&with_others_before(3)).binding(), Binding::Fresh);
    assert_eq!(site.load(&with_others_before(4)).rejected(), Some(DecodeError::StaleBinding));
}

#[test]
fn a_logout_deletes_the_bound_cookie_of_a_request_that_brought_one_and_of_no_other() {
    let site = Site::new();
    let deletions = |cookies: &str| {
        let session = site.load(cookies);
        session.destroy();
        let lines = futures_lite::future::block_on(site.manager.commit_async(&session)).unwrap();
        lines.into_iter().filter(|line| line.starts_with("__Host-session-bound=;")).count()
    };
    let mut browser = Browser::without_device(&site);
    browser.get(&log_in);
    assert_eq!(deletions(&browser.cookies()), 0);
    assert_eq!(deletions(&format!("{}; __Host-session-bound=x", browser.cookies())), 1, "whatever it holds");
}
