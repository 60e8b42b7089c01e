//! The parts of the application that are the same in each framework: its configuration, the work of its handlers, and a
//! reply.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_lite::future::block_on;
use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, Key, MemoryRevocations, MemoryStore, Record, Save, Session,
    SessionConfig, SessionId, SessionManager, SessionStore, Typed, UnixTime, ValueError,
};
use serde::{Deserialize, Serialize};

use crate::helpers::KEY;

thread_local! {
    /// The manager of the applications of this test. If there is none, they get one without a store.
    static MANAGER: RefCell<Option<SessionManager>> = const { RefCell::new(None) };
}

pub(crate) fn manager() -> SessionManager {
    MANAGER.with_borrow(Clone::clone).unwrap_or_else(|| config().build().unwrap())
}

pub(crate) fn config() -> SessionConfig {
    SessionConfig::new(Key::from_hex(KEY).unwrap()).cookie_name("sid")
}

/// Makes all applications of this test use this manager from now on.
pub(crate) fn be(manager: SessionManager) {
    MANAGER.set(Some(manager));
}

/// A manager that keeps all values in a store, and asks a list of revocations about every session.
pub(crate) fn with_backends() -> SessionManager {
    config().store(Small::default()).revocations(MemoryRevocations::new()).build().unwrap()
}

/// The number of visits in the session of this cookie.
pub(crate) fn visits(cookie: &str) -> Option<u64> {
    block_on(manager().load_async([cookie])).unwrap().get("visits").unwrap()
}

/// A store that has no room for a record of 4,000 bytes, and that fails on demand.
#[derive(Default)]
pub(crate) struct Small {
    records: MemoryStore,
    pub(crate) is_broken: Arc<AtomicBool>,
}

impl Small {
    fn check(&self) -> Result<(), BackendError> {
        let error = || BackendError::new(BackendErrorKind::Unavailable, "told to fail");
        if self.is_broken.load(Ordering::SeqCst) { Err(error()) } else { Ok(()) }
    }
}

impl SessionStore for Small {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            // A real store does not answer at once either.
            futures_lite::future::yield_now().await;
            self.check()?;
            self.records.load(id).await
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            futures_lite::future::yield_now().await;
            self.check()?;
            if record.bytes().len() >= 4000 {
                return Err(BackendError::new(BackendErrorKind::Full, "4,000 bytes are too many"));
            }
            self.records.save(id, record, save).await
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.records.delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.records.cleanup_expired(now)
    }
}

/// Sends a GET with these Cookie headers. With `hooked` the application answers 507 and `full` instead of an empty 500.
pub(crate) type Send = dyn Fn(&str, &[&str], bool) -> Reply;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    /// The name and the value of the one cookie that the reply sets.
    pub(crate) fn cookie(&self) -> &str {
        let [set_cookie] = self.all("set-cookie")[..] else { panic!("{self:?}") };
        set_cookie.split(';').next().unwrap()
    }
}

pub(crate) fn visit(session: &Session) -> Result<String, ValueError> {
    let visits = session.get::<u64>("visits")?.unwrap_or(0).saturating_add(1);
    session.set("visits", visits)?;
    Ok(visits.to_string())
}

pub(crate) fn read(session: &Session) -> Result<String, ValueError> {
    Ok(session.get::<u64>("visits")?.unwrap_or(0).to_string())
}

pub(crate) fn fill(session: &Session) -> Result<String, ValueError> {
    session.set("full", "x".repeat(4000))?;
    Ok("filled".to_owned())
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Visitor {
    pub(crate) visits: u64,
}

pub(crate) fn count(visitor: &mut Typed<Visitor>) -> String {
    visitor.visits = visitor.visits.saturating_add(1);
    visitor.save().unwrap();
    visitor.visits.to_string()
}

#[derive(Deserialize)]
pub(crate) struct Other {
    #[expect(dead_code, reason = "only to be refused")]
    pub(crate) visits: bool,
}
