//! A GraphQL schema over the session.

use sealed_session::{Key, SessionConfig};
use serde_json::{Value, json};

use crate::browser::{Browser, Response, send};
use crate::program::{KEY, Program};

fn start() -> Program {
    Program::start(env!("CARGO_BIN_EXE_graphql"), &[])
}

fn post(program: &Program, cookie: &str, content_type: &str, query: &str) -> Response {
    let headers = format!("Content-Type: {content_type}\r\nCookie: {cookie}\r\n");
    send(&program.address, "POST", "/graphql", &headers, &json!({ "query": query }).to_string())
}

/// Asks, and returns the data of the answer.
fn ask(program: &Program, browser: &mut Browser, query: &str) -> Value {
    let response = post(program, &browser.cookie(), "application/json", query);
    browser.keep_cookies(&response);
    let mut answer: Value = serde_json::from_str(&response.body).unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].take()
}

#[test]
fn a_mutation_logs_in_a_query_says_who_it_is_and_a_logout_ends_it() {
    let program = start();
    let mut browser = Browser::default();
    assert_eq!(ask(&program, &mut browser, "{ me }"), json!({ "me": null }));
    let wrong = r#"mutation { login(name: "ada", password: "byron") }"#;
    assert_eq!(ask(&program, &mut browser, wrong), json!({ "login": false }));
    assert_eq!(ask(&program, &mut browser, "{ me }"), json!({ "me": null }));
    let right = r#"mutation { login(name: "ada", password: "lovelace") }"#;
    assert_eq!(ask(&program, &mut browser, right), json!({ "login": true }));
    assert_eq!(ask(&program, &mut browser, "{ me }"), json!({ "me": "ada" }));
    assert_eq!(ask(&program, &mut browser, "mutation { logout }"), json!({ "logout": true }));
    assert_eq!(browser.cookie(), "");
}

#[test]
fn the_mutations_of_one_request_see_each_other_and_send_one_cookie() {
    let program = start();
    let mut browser = Browser::default();
    let query = r#"mutation { a: addToCart(item: "apple") b: addToCart(item: "pear") login(name: "ada", password: "lovelace") }"#;
    let response = post(&program, "", "application/json", query);
    assert_eq!(response.header("set-cookie").len(), 1);
    browser.keep_cookies(&response);
    let expected = json!({ "me": "ada", "cart": ["apple", "pear"] });
    assert_eq!(ask(&program, &mut browser, "{ me cart }"), expected);
}

#[test]
fn a_request_that_reads_changes_nothing_and_is_not_for_caches() {
    let program = start();
    let mut browser = Browser::default();
    ask(&program, &mut browser, r#"mutation { addToCart(item: "apple") }"#);
    let response = post(&program, &browser.cookie(), "application/json", "{ cart }");
    assert!(response.header("set-cookie").is_empty());
    assert_eq!(response.header("vary"), ["Cookie"]);
}

#[test]
fn a_form_of_another_site_is_no_request() {
    let program = start();
    let query = r#"mutation { addToCart(item: "apple") }"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let response = post(&program, "", content_type, query);
        assert_eq!((response.status, response.header("set-cookie").len()), (415, 0), "{content_type}");
    }
}

#[test]
fn an_error_of_the_session_tells_the_client_nothing() {
    let program = start();
    let codec = SessionConfig::new(Key::from_hex(KEY).unwrap()).build_codec().unwrap();
    let mut data = codec.create().unwrap();
    data.set("cart", "not a list").unwrap();
    let cookie = format!("tideway_session={}", codec.encode(&data).unwrap());
    let body = post(&program, &cookie, "application/json", "{ cart }").body;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["errors"][0]["message"], "internal error", "{answer}");
}

#[test]
fn a_request_of_which_one_mutation_fails_keeps_what_the_others_stored() {
    let program = start();
    let mut browser = Browser::default();
    let too_long = "x".repeat(70_000);
    let query = format!(r#"mutation {{ a: addToCart(item: "apple") b: addToCart(item: "{too_long}") }}"#);
    let response = post(&program, "", "application/json", &query);
    assert_eq!(response.status, 200);
    assert!(response.body.contains("internal error"), "{}", response.body);
    browser.keep_cookies(&response);
    assert_eq!(ask(&program, &mut browser, "{ cart }"), json!({ "cart": ["apple"] }));
}
