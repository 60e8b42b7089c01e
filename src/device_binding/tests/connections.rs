//! Connections that outlive what they began with: a registration, a regeneration, or a minute.

use std::time::Duration;

use futures_lite::future::block_on;

use super::browser::Browser;
use super::site::{Response, Site, key, log_in, sites};
use crate::device_binding::{Binding, DeviceBinding};
use crate::error::DecodeError;

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
