//! axum-extra 0.12, with its `PrivateCookieJar`.

use axum_core::response::IntoResponse;
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar};
use sealed_session::import::{self, ImportKey, PrivateImport};

use crate::browser::{Browser, manager, old_key};

/// The Set-Cookie headers of a handler that adds these cookies.
fn sent(key: &[u8], cookies: &[(&str, &str)]) -> Vec<String> {
    let mut jar: PrivateCookieJar = PrivateCookieJar::new(Key::from(key));
    for (name, value) in cookies {
        let cookie = Cookie::build(((*name).to_owned(), (*value).to_owned())).path("/").secure(true).http_only(true);
        jar = jar.add(cookie.build());
    }
    let response = jar.into_response();
    response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

fn text(key: &[u8], name: &str) -> PrivateImport {
    PrivateImport::new(ImportKey::from_bytes(key).unwrap(), name, import::text(name))
}

#[test]
fn a_private_cookie_of_axum_extra_becomes_a_value() {
    let browser = Browser::with(sent(&old_key(), &[("user_id", "4b+2/é=")]));
    browser.moves(&manager([text(&old_key(), "user_id")]), |session| {
        assert_eq!(session.get("user_id"), Ok(Some("4b+2/é=".to_owned())));
    });
}

#[test]
fn several_private_cookies_become_one_session() {
    let browser = Browser::with(sent(&old_key(), &[("user_id", "42"), ("cart", r#"{"items":[1,2]}"#), ("theme", "")]));
    assert_eq!(browser.names(), ["cart", "theme", "user_id"]);
    let cart = PrivateImport::new(ImportKey::from_bytes(&old_key()).unwrap(), "cart", import::json_object);
    let manager = manager([text(&old_key(), "user_id"), cart, text(&old_key(), "theme")]);
    browser.moves(&manager, |session| {
        assert_eq!(session.keys(), ["user_id", "items", "theme"]);
        assert_eq!(session.get("items"), Ok(Some(vec![1, 2])));
        assert_eq!(session.get("theme"), Ok(Some(String::new())));
    });
}

#[test]
fn a_cookie_under_either_of_two_old_keys_is_imported() {
    let newer: Vec<u8> = (1..65).collect();
    let manager = manager([text(&newer, "user_id"), text(&old_key(), "user_id")]);
    for key in [newer, old_key()] {
        Browser::with(sent(&key, &[("user_id", "42")])).moves(&manager, |session| {
            assert_eq!(session.get("user_id"), Ok(Some("42".to_owned())));
        });
    }
}
