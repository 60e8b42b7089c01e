//! Tideway 0.9, with its `CookieSessionStore`. Its cookie has the name that the cookie of this crate has by default.

use std::time::{Duration, SystemTime};

use sealed_session::import::{self, ImportKey, PrivateImport};
use sealed_session::{SessionManager, UnixTime};
use tideway::session::{CookieSessionStore, SessionConfig};
use tideway::traits::session::SessionData;

use crate::browser::{Browser, config};

const NAME: &str = "tideway_session";

fn digits() -> String {
    "0123456789abcdef".repeat(8)
}

/// The Set-Cookie header with which the old application answers a login.
fn logged_in(change: impl FnOnce(&mut SessionData)) -> [String; 1] {
    let config = SessionConfig { encryption_key: Some(digits()), ..SessionConfig::default() };
    let store = CookieSessionStore::new(&config).unwrap();
    let mut data = SessionData::new(Duration::from_secs(3600));
    data.set("user_id".to_owned(), "42".to_owned());
    data.set("name".to_owned(), "Ada \"é\" ;".to_owned());
    change(&mut data);
    [store.build_cookie(&data).unwrap().to_string()]
}

fn manager(name: &str) -> SessionManager {
    let old = PrivateImport::new(ImportKey::from_hex(&digits()).unwrap(), NAME, import::tideway);
    config().cookie_name(name).import(old).build().unwrap()
}

#[test]
fn a_session_of_tideway_goes_on_under_the_same_name_and_under_another() {
    for name in [NAME, "__Host-session"] {
        let browser = Browser::with(logged_in(|_| ()));
        assert_eq!(browser.names(), [NAME]);
        browser.moves(&manager(name), |session| {
            assert_eq!(session.get("user_id"), Ok(Some("42".to_owned())));
            assert_eq!(session.get("name"), Ok(Some("Ada \"é\" ;".to_owned())));
            assert_eq!(session.len(), 2);
        });
    }
}

#[test]
fn its_age_goes_on_too() {
    let two_days_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    let manager = manager(NAME);
    let session = manager.load([Browser::with(logged_in(|data| data.created_at = two_days_ago)).header()]);
    let seconds = two_days_ago.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(session.created_at(), UnixTime::from_secs(seconds).unwrap());
}

#[test]
fn a_session_that_is_over_is_not_imported() {
    let now = SystemTime::now();
    let old = |change: fn(&mut SessionData, SystemTime)| logged_in(|data| change(data, now));
    for set_cookie in [
        old(|data, now| data.expires_at = now),
        old(|data, now| data.expires_at = now - Duration::from_secs(1)),
        // This session is older than the absolute timeout of the new application, which is 30 days.
        old(|data, now| data.created_at = now - Duration::from_secs(30 * 24 * 3600)),
    ] {
        let value = set_cookie[0].split(';').next().unwrap();
        let session = manager(NAME).load([value]);
        assert!(session.is_empty());
        assert_eq!(session.rejected().unwrap().as_str(), "import_refused");
        assert!(manager(NAME).commit(&session).unwrap().is_empty());
    }
}
