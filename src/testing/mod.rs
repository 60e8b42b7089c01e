//! Helps tests: a clock, a browser, cookies, and suites for stores and for lists of revocations. Feature `test-util`,
//! for `[dev-dependencies]`.
//!
//! - [`TestClock`] is a clock that a test sets (`clock.rs`).
//! - [`TestBrowser`] keeps the cookie from one request to the next, and [`read_set_cookie`] reads one Set-Cookie header
//!   (`browser.rs`).
//! - [`TestCookies`] makes good and bad Cookie headers (`cookies.rs`).
//! - [`check_store`] checks any store (`store_suite.rs`), and [`check_revocations`] any list of revocations
//!   (`revocations_suite.rs`). Neither knows how the store or the list works.
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

pub use browser::{TestBrowser, read_set_cookie};
pub use clock::TestClock;
pub use cookies::TestCookies;
pub use revocations_suite::check_revocations;
pub use store_suite::check_store;

pub use crate::error::SetCookieError;
