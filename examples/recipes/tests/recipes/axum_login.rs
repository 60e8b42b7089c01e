//! `axum-login` over sealed sessions.

use crate::browser::Browser;
use crate::program::Program;

fn start() -> Program {
    Program::start(env!("CARGO_BIN_EXE_axum_login"), &[])
}

fn log_in(program: &Program, browser: &mut Browser, name: &str, password: &str) -> u16 {
    browser.post(&program.address, "/login", &format!("name={name}&password={password}")).status
}

fn ada(program: &Program) -> Browser {
    let mut browser = Browser::default();
    assert_eq!(log_in(program, &mut browser, "ada", "ada-1"), 303);
    browser
}

fn account(program: &Program, browser: &mut Browser) -> Option<String> {
    let response = browser.get(&program.address, "/account");
    match response.status {
        200 => Some(response.body),
        307 => {
            assert_eq!(response.location(), "/?next=%2Faccount");
            None
        }
        status => panic!("{status}"),
    }
}

fn is_ada(program: &Program, browser: &mut Browser) -> bool {
    account(program, browser).as_deref() == Some("The account of ada.")
}

#[test]
fn a_route_that_asks_for_a_login_lets_in_who_logged_in_and_nobody_else() {
    let program = start();
    let mut browser = Browser::default();
    assert_eq!(account(&program, &mut browser), None);
    assert_eq!(log_in(&program, &mut browser, "ada", "wrong"), 401);
    assert_eq!(account(&program, &mut browser), None);
    assert_eq!(log_in(&program, &mut browser, "ada", "ada-1"), 303);
    assert!(is_ada(&program, &mut browser));
}

#[test]
fn the_only_cookie_is_the_sealed_one_and_a_request_that_changes_nothing_sets_none() {
    let program = start();
    let browser = ada(&program);
    assert!(browser.cookie().starts_with("tideway_session=") && !browser.cookie().contains(';'));
    for mut browser in [browser, Browser::default()] {
        assert_eq!(browser.get(&program.address, "/account").header("set-cookie").len(), 0);
    }
}

#[test]
fn a_login_changes_the_id_and_keeps_what_the_visitor_had() {
    let program = start();
    let mut browser = Browser::default();
    assert_eq!(browser.get(&program.address, "/").body, "Hello, stranger. Visit 1.");
    let before = browser.clone();
    assert_eq!(log_in(&program, &mut browser, "ada", "ada-1"), 303);
    assert_eq!(browser.get(&program.address, "/").body, "Hello, ada. Visit 2.");
    // The list of revocations has the old id, so whoever planted that cookie has nothing.
    assert_eq!(before.clone().get(&program.address, "/").body, "Hello, stranger. Visit 1.");
}

#[test]
fn a_logout_ends_the_session_and_every_copy_of_it() {
    let program = start();
    let mut browser = ada(&program);
    let mut copy = browser.clone();
    assert_eq!(browser.post(&program.address, "/logout", "").status, 303);
    assert_eq!(browser.cookie(), "");
    assert_eq!(account(&program, &mut copy), None);
}

#[test]
fn a_password_that_changes_ends_the_other_sessions_of_the_user_and_keeps_this_one() {
    let program = start();
    let (mut phone, mut laptop) = (ada(&program), ada(&program));
    assert_eq!(phone.post(&program.address, "/password", "password=ada-2").status, 303);
    assert!(is_ada(&program, &mut phone));
    assert_eq!(account(&program, &mut laptop), None);
    assert_eq!(laptop.cookie(), "", "axum-login ended it");
}

#[test]
fn a_ban_ends_every_session_of_the_user() {
    let program = start();
    let (mut phone, mut laptop) = (ada(&program), ada(&program));
    let mut bob = Browser::default();
    assert_eq!(log_in(&program, &mut bob, "bob", "bob-1"), 303);
    assert_eq!(Browser::default().post(&program.address, "/ban", "ada").status, 200);
    assert_eq!(account(&program, &mut phone), None);
    assert_eq!(account(&program, &mut laptop), None);
    assert!(account(&program, &mut bob).is_some());
}
