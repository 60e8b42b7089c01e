//! Helpers that most of these tests need: a clock that the test sets, a manager, and the cookie that a browser would
//! send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sealed_session::{Key, KeyRing, Session, SessionConfig, SessionManager, UnixTime};

pub(crate) use crate::helpers::{KEY as FIRST_KEY, OTHER_KEY as SECOND_KEY, START, at};

pub(crate) const NAME: &str = "tideway_session";

pub(crate) fn key(digits: &str) -> Key {
    Key::from_hex(digits).unwrap()
}

pub(crate) fn ring(primary: &str, previous: &[&str]) -> KeyRing {
    KeyRing::new(key(primary), previous.iter().map(|digits| key(digits)).collect()).unwrap()
}

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }

    /// Sets the clock to `seconds` after the start of the test.
    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(START + seconds, Ordering::SeqCst);
    }

    /// The clock as the configuration takes it.
    pub(crate) fn reader(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        let clock = self.clone();
        move || at(clock.0.load(Ordering::SeqCst))
    }
}

/// A manager under `FIRST_KEY` with a clock of its own.
pub(crate) fn manager_with(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock) {
    let clock = TestClock::new();
    let manager = change(SessionConfig::new(key(FIRST_KEY)).clock(clock.reader())).build().unwrap();
    (manager, clock)
}

pub(crate) fn manager() -> SessionManager {
    manager_with(|config| config).0
}

/// A session without a cookie.
pub(crate) fn fresh(manager: &SessionManager) -> Session {
    manager.load(None::<&str>)
}

/// Commits the session, and returns the Set-Cookie text that is sent, if any.
pub(crate) fn commit(manager: &SessionManager, session: &Session) -> Option<String> {
    let mut lines: Vec<String> = manager.commit(session).unwrap().into_iter().collect();
    assert!(lines.len() <= 1, "one cookie at most");
    lines.pop()
}

/// Seals the session and loads it again, as the next request does.
pub(crate) fn next(manager: &SessionManager, session: &Session) -> Session {
    manager.load([cookie_of(&commit(manager, session).unwrap())])
}

/// The Cookie header that a browser sends back for a Set-Cookie text.
pub(crate) fn cookie_of(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

/// The Cookie header of a session with `user_id` 1, sealed now.
pub(crate) fn sealed(manager: &SessionManager) -> String {
    let session = fresh(manager);
    session.set("user_id", 1).unwrap();
    cookie_of(&commit(manager, &session).unwrap())
}

/// Tells whether a Set-Cookie text deletes the session cookie.
pub(crate) fn is_deletion(set_cookie: &str) -> bool {
    set_cookie.starts_with(&format!("{NAME}=;"))
        && set_cookie.contains("; Max-Age=0")
        && set_cookie.contains("; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
}
