//! The crate `cookie` 0.18 alone. The other crates use its private jar.

use cookie::{Cookie, CookieJar, Key};
use sealed_session::import::{self, ImportKey, PrivateImport};
use sealed_session::{SessionManager, Status};

use crate::browser::{Browser, manager, old_key};

fn sealed(key: &Key, value: &str) -> Cookie<'static> {
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(Cookie::build(("old", value.to_owned())).path("/"));
    jar.get("old").unwrap().clone()
}

fn importing(key: ImportKey) -> SessionManager {
    manager([PrivateImport::new(key, "old", import::text("value"))])
}

#[test]
fn its_cookie_is_imported_percent_encoded_and_as_it_is() {
    let key = Key::from(&old_key());
    // The values are long enough for a `+`, a `/` and a `=` of base64, and short enough for a cookie.
    for value in ["", "v", "a longer value, with é and \u{1f980}", &"x".repeat(1000)] {
        let cookie = sealed(&key, value);
        for line in [cookie.to_string(), cookie.encoded().to_string()] {
            let manager = importing(ImportKey::from_bytes(key.master()).unwrap());
            Browser::with([line]).moves(&manager, |session| {
                assert_eq!(session.get("value"), Ok(Some(value.to_owned())));
            });
        }
    }
}

#[test]
fn a_key_that_was_derived_is_derived_again() {
    let master: Vec<u8> = (0..40).collect();
    let manager = importing(ImportKey::derive_from(&master).unwrap());
    Browser::with([sealed(&Key::derive_from(&master), "v").to_string()]).moves(&manager, |session| {
        assert_eq!(session.get("value"), Ok(Some("v".to_owned())));
    });
}

#[test]
fn another_byte_anywhere_gives_an_empty_session() {
    let manager = importing(ImportKey::from_bytes(&old_key()).unwrap());
    let text = sealed(&Key::from(&old_key()), "a value of some length").value().as_bytes().to_vec();
    for position in 0..text.len() {
        for byte in 0..=255 {
            // A semicolon ends the value, and spaces around the value are cut off, so that another value is read.
            let is_outside = byte == b';' || (matches!(byte, b' ' | b'\t') && [0, text.len() - 1].contains(&position));
            if byte == text[position] || is_outside {
                continue;
            }
            let mut header = [b"old=", &text[..]].concat();
            header[4 + position] = byte;
            let session = manager.load([header]);
            assert!(session.is_empty(), "{byte} at {position}");
            assert!(matches!(session.status(), Status::Rejected(reason) if reason.as_str() == "import_not_authentic"));
            assert!(manager.commit(&session).unwrap().is_empty());
        }
    }
}
