//! A thief with copies of what a browser had.

use futures_lite::future::block_on;

use super::browser::Browser;
use super::site::{Site, page, sites};
use crate::error::DecodeError;

const BOUND: &str = "__Host-session-bound";

#[test]
fn the_session_cookie_alone_is_worth_nothing_at_any_time() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let mut thief = browser.stolen();
    thief.jar.remove(BOUND);
    for seconds in [0, 1, 300, 600, 3600] {
        site.wait(seconds);
        assert_eq!(thief.page(), "");
        assert_eq!(site.load(&thief.cookies()).rejected(), Some(DecodeError::StaleBinding));
    }
    assert_eq!(browser.page(), "ada", "nor does the thief harm the owner");
}

#[test]
fn the_whole_jar_stops_working_when_the_copied_bound_cookie_ends() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let mut thief = browser.stolen();
    site.wait(599);
    assert_eq!(thief.page(), "ada", "a limit: within the lifetime the whole jar works elsewhere");
    site.wait(1);
    assert_eq!(thief.page(), "");
    // The thief's browser may keep the cookie past its Max-Age. The server goes by what is sealed.
    assert_eq!(site.load(&thief.all_cookies()).rejected(), Some(DecodeError::StaleBinding));
    assert_eq!(browser.page(), "ada");
}

#[test]
fn a_connection_that_began_with_the_whole_jar_hears_when_the_copied_bound_cookie_ends() {
    for (name, site) in sites() {
        let mut browser = Browser::new(&site);
        browser.log_in();
        let connection = site.load(&browser.stolen().cookies());
        let recheck = || block_on(site.manager.recheck(&connection)).unwrap();
        site.wait(599);
        assert_eq!(recheck(), None, "{name}");
        site.wait(1);
        assert_eq!(recheck(), Some(DecodeError::StaleBinding), "{name}");
        assert_eq!(browser.page(), "ada", "{name}");
    }
}

#[test]
fn a_thief_with_every_cookie_and_the_identifier_can_not_refresh() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let mut thief = browser.stolen();
    thief.dbsc = browser.dbsc.clone();
    site.wait(600);
    let dbsc = thief.dbsc[0].clone();
    let request = thief.refresh_request(&dbsc);
    let response = site.answer(&request, &page);
    assert_eq!((response.status, response.headers.len()), (400, 1), "the thief's device has another key");
    assert_eq!(browser.page(), "ada");
}

#[test]
fn a_captured_refresh_works_until_its_challenge_ends_and_not_longer() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    let dbsc = browser.dbsc[0].clone();
    let captured = browser.refresh_request(&dbsc);
    assert_eq!(site.answer(&captured, &page).status, 200);
    site.wait(119);
    assert_eq!(site.answer(&captured, &page).status, 200, "a limit: single use would need a store");
    site.wait(1);
    let late = site.answer(&captured, &page);
    assert_eq!(late.status, 403);
    assert_eq!(late.set_cookies().count(), 0);
}

#[test]
fn the_worst_of_a_captured_refresh_is_the_lifetime_of_a_challenge_and_of_a_cookie() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    site.wait(600);
    let dbsc = browser.dbsc[0].clone();
    browser.refresh_one(&dbsc.identifier); // its answer has a challenge of 720 s
    let dbsc = browser.dbsc[0].clone();
    let captured = browser.refresh_request(&dbsc);
    site.wait(719);
    let response = site.answer(&captured, &page);
    let mut thief = browser.stolen();
    thief.receive(&response);
    site.wait(599);
    assert_eq!(thief.page(), "ada", "1,318 seconds after the request was captured");
    site.wait(1);
    assert_eq!(thief.page(), "");
    assert_eq!(site.answer(&captured, &page).status, 403);
}

#[test]
fn a_bound_cookie_of_another_session_proves_nothing() {
    let site = Site::new();
    let (mut one, mut two) = (Browser::new(&site), Browser::new(&site));
    one.log_in();
    two.log_in();
    let bound = two.jar[BOUND].clone();
    one.jar.insert(BOUND.to_owned(), bound);
    assert_eq!(site.load(&one.cookies()).rejected(), Some(DecodeError::StaleBinding));
    let mut bare = Browser::new(&site);
    bare.jar.insert(BOUND.to_owned(), two.jar[BOUND].clone());
    assert!(site.load(&bare.cookies()).is_empty());
}

#[test]
fn a_bound_session_can_not_be_bound_to_another_device() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&super::site::log_in);
    let offer = browser.offers[0].clone();
    assert_eq!(browser.register(), [200]);
    let mut thief = browser.stolen();
    let request = thief.registration(&offer);
    let response = site.answer(&request, &page);
    assert_eq!((response.status, response.set_cookies().count()), (403, 0));
}

#[test]
fn the_challenge_of_another_login_binds_nothing() {
    let site = Site::new();
    let (mut browser, mut thief) = (Browser::new(&site), Browser::new(&site));
    thief.get(&super::site::log_in);
    browser.get(&super::site::log_in);
    let offer = thief.offers[0].clone();
    let request = browser.registration(&offer);
    assert_eq!(site.answer(&request, &page).status, 403);
}
