//! Help for the tests of an application: a clock that they set, a browser of one cookie, and cookies good and bad.
//! And [`check_store`] and [`check_revocations`], the suites that every store and every list pass. Feature `test-util`, for `[dev-dependencies]`.
//!
//! ```
//! use sealed_session::testing::{TestBrowser, TestClock, TestCookies};
//! use sealed_session::{Key, SessionConfig, UnixTime};
//! use std::time::Duration;
//!
//! let clock = TestClock::fixed(UnixTime::from_secs(1_700_000_000).unwrap());
//! let manager = SessionConfig::new(Key::generate()?).clock(clock.clone()).build()?;
//!
//! let mut browser = TestBrowser::new(&manager);
//! let session = browser.load(); // what a handler of yours gets
//! session.regenerate()?;
//! session.set("user_id", 42)?;
//! browser.commit(&session)?;
//! assert_eq!(browser.load().get("user_id")?, Some(42));
//!
//! clock.advance(Duration::from_secs(24 * 60 * 60)); // the idle timeout
//! assert!(browser.load().is_empty());
//!
//! let cookies = TestCookies::new(&manager).with("user_id", 42);
//! assert!(manager.load([cookies.tampered()]).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod at_once;
mod browser;
mod clock;
mod cookies;
mod revocations_suite;
mod store_suite;

pub use browser::{SetCookieError, TestBrowser, read_set_cookie};
pub use clock::TestClock;
pub use cookies::TestCookies;
pub use revocations_suite::check_revocations;
pub use store_suite::check_store;
