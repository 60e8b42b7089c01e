//! Imports sessions from the cookies of another crate. They must be cookies that cookie-rs's private jar sealed, such
//! as those of axum-extra's `PrivateCookieJar`, actix-session's `CookieSessionStore`, Rocket's private cookies, and
//! Tideway 0.6 and later. Feature `import`.
//!
//! When no session cookie of this crate opens, the `cookie` crate opens an old cookie under its old key, and a function
//! reads it into a session with a new id. A request that looks at that session sends it sealed anew, and deletes the
//! old cookie.
//!
//! An old cookie says neither when it was made nor when it ends. A copy of it can be imported again and again, also
//! after a logout. Each import begins a new life of both timeouts, and counts as a login at that time for
//! [`Session::require_recent`](crate::Session::require_recent) from the next request on. Set an end with
//! [`PrivateImport::until`]. With [`SessionConfig::not_before`](crate::SessionConfig::not_before) set, nothing is
//! imported, since no old cookie can show that it was created later.
//!
//! ```
//! use sealed_session::import::{self, ImportKey, PrivateImport};
//! use sealed_session::{Key, SessionConfig, UnixTime};
//! # let now = UnixTime::from_secs(1_700_000_000).unwrap();
//! # let old_key: Vec<u8> = (0..64).collect();
//! # let mut jar = cookie::CookieJar::new();
//! # jar.private_mut(&cookie::Key::from(&old_key)).add(("id", r#"{"user_id":"42"}"#));
//! # let old_cookie = jar.get("id").unwrap().to_string();
//!
//! let old = PrivateImport::new(ImportKey::from_bytes(&old_key)?, "id", import::actix_session)
//!     .until(UnixTime::from_secs(1_800_000_000).unwrap());
//! let manager = SessionConfig::new(Key::generate()?).import(old).clock(move || now).build()?;
//!
//! let session = manager.load([old_cookie]);
//! assert_eq!(session.get("user_id")?, Some(42));
//! let set_cookies: Vec<String> = manager.commit(&session)?.into_iter().collect();
//! assert!(set_cookies[0].starts_with("id=;"), "the old cookie is deleted");
//! assert!(set_cookies[1].starts_with("tideway_session="));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// This room may not know the state of a request. `enabled` and `disabled` have the same calls, and the feature `import`
// decides which of the two is compiled. `private_import` describes an old cookie, `key` holds its key, and `payload`
// reads the texts of known crates.

mod enabled;
mod key;
mod payload;
mod private_import;

pub(crate) use enabled::{ImportSettings, Imports, OldCookies};
pub use key::ImportKey;
pub use payload::{actix_session, json_object, text, tideway};
pub use private_import::PrivateImport;

pub use crate::error::ImportKeyError;
