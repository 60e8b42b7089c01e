//! A browser that moves from the old application to the new one.

use std::collections::BTreeMap;

use sealed_session::import::PrivateImport;
use sealed_session::{Key, Session, SessionConfig, SessionManager, Status};

/// A key of the old application.
pub(crate) fn old_key() -> Vec<u8> {
    (100..164).collect()
}

pub(crate) fn config() -> SessionConfig {
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    SessionConfig::new(key).cookie_name("__Host-session")
}

pub(crate) fn manager(imports: impl IntoIterator<Item = PrivateImport>) -> SessionManager {
    imports.into_iter().fold(config(), SessionConfig::import).build().unwrap()
}

/// A browser that keeps cookies by their name. All of them must be for the whole host.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn with(set_cookies: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let mut browser = Self::default();
        browser.receive(set_cookies);
        browser
    }

    pub(crate) fn receive(&mut self, set_cookies: impl IntoIterator<Item: AsRef<str>>) {
        for line in set_cookies {
            let mut parts = line.as_ref().split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let attributes: Vec<&str> = parts.collect();
            assert!(attributes.contains(&"Path=/"), "{attributes:?}");
            assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{attributes:?}");
            if attributes.contains(&"Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.cookies.keys().map(String::as_str).collect()
    }

    pub(crate) fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Sends the first request after the move and one more. `look` must find the values in both, and the second has no
    /// old cookie any more.
    pub(crate) fn moves(mut self, manager: &SessionManager, look: impl Fn(&Session)) {
        let ours = manager.codec().cookie_name();
        assert_eq!(manager.commit(&manager.load([self.header()])), Ok(Default::default()), "nobody looked");

        let session = manager.load([self.header()]);
        look(&session);
        assert_eq!(session.status(), Status::Changed);
        let id = session.id().unwrap();
        self.receive(manager.commit(&session).unwrap());
        assert_eq!(self.names(), [ours], "ours is there and the old ones are gone");

        let session = manager.load([self.header()]);
        look(&session);
        assert_eq!((session.status(), session.id().unwrap()), (Status::Loaded, id));
        assert!(manager.commit(&session).unwrap().is_empty());

        session.destroy();
        self.receive(manager.commit(&session).unwrap());
        assert_eq!(self.names(), [""; 0]);
    }
}
