//! Server functions of Leptos over the session: called by a script, as the half in the browser does, and by a form.

use sealed_session::{Key, SessionConfig};

use crate::browser::{Browser, Response, send};
use crate::program::{KEY, Program};

const LOGIN: &str = "name=ada&password=lovelace";

fn start() -> Program {
    Program::start(env!("CARGO_BIN_EXE_server_functions"), &[])
}

/// Calls a function as the half in the browser does: arguments as a form, and the answer as JSON.
fn call(program: &Program, browser: &mut Browser, name: &str, arguments: &str) -> Response {
    let headers = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\nCookie: {}\r\n",
        browser.cookie()
    );
    let response = send(&program.address, "POST", &format!("/api/{name}"), &headers, arguments);
    browser.keep_cookies(&response);
    response
}

#[test]
fn a_function_logs_in_another_says_who_it_is_and_a_third_logs_out() {
    let program = start();
    let mut browser = Browser::default();
    assert_eq!(call(&program, &mut browser, "me", "").body, "null");
    assert_eq!(call(&program, &mut browser, "login", "name=ada&password=byron").body, "false");
    assert_eq!(call(&program, &mut browser, "me", "").body, "null");
    assert_eq!(call(&program, &mut browser, "login", LOGIN).body, "true");
    assert_eq!(call(&program, &mut browser, "me", "").body, r#""ada""#);
    assert_eq!(call(&program, &mut browser, "logout", "").location(), "/");
    assert_eq!(browser.cookie(), "");
    assert_eq!(call(&program, &mut browser, "me", "").body, "null");
}

#[test]
fn a_form_without_a_script_calls_a_function_and_is_sent_back_with_the_cookie() {
    let program = start();
    let mut browser = Browser::default();
    let headers = "Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\nReferer: /account\r\n";
    let response = send(&program.address, "POST", "/api/login", headers, LOGIN);
    assert_eq!((response.status, response.location()), (302, "/account"));
    browser.keep_cookies(&response);
    assert_eq!(call(&program, &mut browser, "me", "").body, r#""ada""#);
}

#[test]
fn a_function_that_reads_changes_nothing_and_its_answer_is_not_for_caches() {
    let program = start();
    let mut browser = Browser::default();
    call(&program, &mut browser, "login", LOGIN);
    let response = call(&program, &mut browser, "me", "");
    assert!(response.header("set-cookie").is_empty());
    assert_eq!(response.header("vary"), ["Cookie"]);
}

#[test]
fn an_error_of_the_session_tells_the_client_nothing() {
    let program = start();
    let codec = SessionConfig::new(Key::from_hex(KEY).unwrap()).build_codec().unwrap();
    let mut data = codec.create().unwrap();
    data.set("user_id", 42).unwrap();
    let cookie = format!("Cookie: tideway_session={}\r\n", codec.encode(&data).unwrap());
    let response = send(&program.address, "POST", "/api/me", &cookie, "");
    assert_eq!(response.status, 500);
    assert!(response.body.contains("internal error") && !response.body.contains("user_id"), "{}", response.body);
}

#[test]
fn a_page_that_is_rendered_on_the_server_has_the_session_of_its_request() {
    let program = start();
    let mut browser = Browser::default();
    assert!(browser.get(&program.address, "/").body.contains("Hello, stranger."));
    call(&program, &mut browser, "login", LOGIN);
    let page = browser.get(&program.address, "/");
    assert!(page.body.contains("Hello, ada."), "{page:?}");
    assert_eq!(page.header("vary"), ["Cookie"]);
}
