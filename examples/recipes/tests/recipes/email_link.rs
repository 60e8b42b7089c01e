//! A link in an e-mail: good once, for a while, and for one thing only.

use sealed_session::{Key, SessionConfig};

use crate::browser::{Browser, send};
use crate::program::{KEY, Program};

const LOGIN: &str = "email=ada%40example.com&password=";

fn start() -> Program {
    Program::start(env!("CARGO_BIN_EXE_email_link"), &[])
}

/// Asks for a link, waits until the program sends one, and returns its token.
fn token(program: &mut Program) -> String {
    assert_eq!(Browser::default().post(&program.address, "/forgot", "email=ada%40example.com").status, 202);
    let mail = program.next_line();
    let (to, token) = mail.split_once(" | Your link: /reset?token=").unwrap_or_else(|| panic!("not a mail: {mail}"));
    assert_eq!(to, "To: ada@example.com");
    token.to_owned()
}

fn log_in(program: &Program, password: &str) -> Option<Browser> {
    let mut browser = Browser::default();
    let status = browser.post(&program.address, "/login", &format!("{LOGIN}{password}")).status;
    (status == 303).then_some(browser)
}

/// Follows the link and sends the form, and returns the status.
fn reset(program: &Program, browser: &mut Browser, token: &str, password: &str) -> u16 {
    browser.post(&program.address, "/reset", &format!("token={token}&password={password}")).status
}

fn greeting(program: &Program, browser: &mut Browser) -> String {
    browser.get(&program.address, "/").body
}

#[test]
fn a_link_sets_the_password_logs_its_user_in_and_ends_the_sessions_from_before() {
    let mut program = start();
    let mut thief = log_in(&program, "forgotten").unwrap();
    assert_eq!(greeting(&program, &mut thief), "Hello, ada@example.com.");
    let token = token(&mut program);
    let mut ada = Browser::default();
    assert_eq!(reset(&program, &mut ada, &token, "new"), 303);
    assert_eq!(greeting(&program, &mut ada), "Hello, ada@example.com.");
    assert_eq!(greeting(&program, &mut thief), "Hello, stranger.");
    assert!(log_in(&program, "forgotten").is_none());
    assert!(log_in(&program, "new").is_some());
}

#[test]
fn the_token_of_a_link_does_not_open_as_a_session() {
    let mut program = start();
    let token = token(&mut program);
    let cookie = format!("Cookie: tideway_session={token}\r\n");
    assert_eq!(send(&program.address, "GET", "/", &cookie, "").body, "Hello, stranger.", "though it names a user");
}

/// The session has the values of a link, so that nothing but the audience keeps it from being one.
#[test]
fn the_cookie_of_a_session_is_not_good_as_a_link() {
    let program = start();
    let site = SessionConfig::new(Key::from_hex(KEY).unwrap()).build_codec().unwrap();
    let mut data = site.create().unwrap();
    data.set("user_id", "ada@example.com").unwrap();
    data.set("version", 1).unwrap();
    let value = site.encode(&data).unwrap();
    let cookie = format!("Cookie: tideway_session={value}\r\n");
    assert_eq!(send(&program.address, "GET", "/", &cookie, "").body, "Hello, ada@example.com.");
    assert_eq!(reset(&program, &mut Browser::default(), &value, "new"), 400);
    assert!(log_in(&program, "forgotten").is_some());
}

#[test]
fn a_link_is_good_once_and_so_are_all_links_from_before_a_new_password() {
    let mut program = start();
    let (first, second) = (token(&mut program), token(&mut program));
    assert_eq!(reset(&program, &mut Browser::default(), &second, "new"), 303);
    for token in [&second, &first] {
        let mut browser = Browser::default();
        assert_eq!(reset(&program, &mut browser, token, "newer"), 400);
        assert_eq!(greeting(&program, &mut browser), "Hello, stranger.");
    }
    assert!(log_in(&program, "new").is_some());
}

#[test]
fn a_link_is_good_for_fifteen_minutes() {
    let mut program = start();
    let (in_time, too_late) = (token(&mut program), token(&mut program));
    program.set_clock_ahead(15 * 60);
    assert_eq!(reset(&program, &mut Browser::default(), &too_late, "new"), 400);
    program.set_clock_ahead(14 * 60);
    assert_eq!(reset(&program, &mut Browser::default(), &in_time, "new"), 303);
}

#[test]
fn a_program_that_follows_the_link_changes_nothing() {
    let mut program = start();
    let token = token(&mut program);
    for _ in 0..2 {
        let page = Browser::default().get(&program.address, &format!("/reset?token={token}"));
        assert!(page.body.contains(&token), "{page:?}");
        assert_eq!(page.header("referrer-policy"), ["no-referrer"]);
    }
    assert_eq!(Browser::default().get(&program.address, "/reset?token=%22%3E%3Cscript%3E").status, 400);
    assert_eq!(reset(&program, &mut Browser::default(), &token, "new"), 303);
}

#[test]
fn nobody_learns_who_is_a_user() {
    let mut program = start();
    let unknown = Browser::default().post(&program.address, "/forgot", "email=bob%40example.com");
    assert_eq!((unknown.status, unknown.body.as_str()), (202, ""));
    // The next mail is Ada's: Bob got none.
    let _ = token(&mut program);
}
