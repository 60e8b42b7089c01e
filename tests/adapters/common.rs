//! The parts of the application that are the same in each framework: its configuration, the work of its handlers, and a
//! reply.

use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

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

/// The manager of the applications of this test.
pub(crate) fn manager() -> SessionManager {
    static LOGGING: Once = Once::new();
    // Rocket would set a logger of its own.
    LOGGING.call_once(|| {
        log::set_logger(&Log).unwrap();
        log::set_max_level(log::LevelFilter::Info);
    });
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

thread_local! {
    static LOGGED: RefCell<Vec<(log::Level, String)>> = const { RefCell::new(Vec::new()) };
    static RAN: Cell<u32> = const { Cell::new(0) };
    static HELD: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Keeps what the adapters log, for each test by itself, since all of a test runs on one thread.
struct Log;

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "sealed_session"
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LOGGED.with_borrow_mut(|logged| logged.push((record.level(), record.args().to_string())));
        }
    }

    fn flush(&self) {}
}

/// Returns the lines that were logged since the last call.
pub(crate) fn logged() -> Vec<(log::Level, String)> {
    LOGGED.with_borrow_mut(mem::take)
}

/// Notes that a handler runs.
pub(crate) fn run() {
    RAN.set(RAN.get().saturating_add(1));
}

/// Returns the number of handlers that ran since the last call.
pub(crate) fn ran() -> u32 {
    RAN.take()
}

/// A store that has no room for a record of 4,000 bytes, and that fails, or is used by another request, on demand.
#[derive(Default)]
pub(crate) struct Small {
    records: MemoryStore,
    pub(crate) is_broken: Arc<AtomicBool>,
    /// True if another request ends each session just before it is saved.
    pub(crate) is_overtaken: Arc<AtomicBool>,
    pub(crate) loads: Arc<AtomicU64>,
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
            self.loads.fetch_add(1, Ordering::SeqCst);
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
            if self.is_overtaken.load(Ordering::SeqCst) {
                self.records.delete(id).await?;
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

/// Sends a request for this path with these Cookie headers. It is a GET, unless `HEAD ` stands before the path. With
/// `hooked` the application answers 507 and `full` instead of an empty 500.
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

thread_local! {
    static HEADERS: RefCell<Vec<(&'static str, String)>> = const { RefCell::new(Vec::new()) };
}

/// Gives the next request these headers.
#[cfg_attr(not(feature = "dbsc"), expect(dead_code, reason = "device binding needs it"))]
pub(crate) fn with_headers(headers: Vec<(&'static str, String)>) {
    HEADERS.set(headers);
}

/// Takes the headers of the next request.
pub(crate) fn headers() -> Vec<(&'static str, String)> {
    HEADERS.take()
}

/// The method and the path of a request.
pub(crate) fn method_of(path: &str) -> (&str, &str) {
    path.split_once(' ').unwrap_or(("GET", path))
}

/// Does one thing to a session, and says so.
pub(crate) fn act(session: &Session, what: &str) {
    match what {
        "nothing" => {}
        "read" => drop(read(session).unwrap()),
        "visit" => drop(visit(session).unwrap()),
        "login" => {
            session.regenerate().unwrap();
            session.set("user", 1).unwrap();
        }
        "logout" => drop(session.destroy()),
        "extend" => session.extend(Duration::from_secs(48 * 3600)).unwrap(),
        "hold" => HELD.set(Some(session.clone())),
        "commit" => drop(block_on(manager().commit_async(session)).unwrap()),
        "commit_at_once" => drop(manager().commit(session).unwrap()),
        other => panic!("nobody can {other}"),
    }
}

/// Does to a session, in the body of `/stream`, the things that a query names, such as `do=read&do=visit`. The handler
/// took the session and did not look at it.
pub(crate) fn stream(session: &Session, query: &str) -> &'static str {
    query.split('&').filter_map(|pair| pair.strip_prefix("do=")).for_each(|what| act(session, what));
    "streamed"
}

/// The session that a handler kept beyond its request, as a task does.
pub(crate) fn held() -> Session {
    HELD.take().unwrap()
}

/// Returns what is to be done before, inside of and after the inner one of two layers, by the path
/// `/twice/{before}/{inside}/{after}`.
pub(crate) fn acts(path: &str) -> [String; 3] {
    let acts: Vec<String> = path.split('/').skip(2).map(str::to_owned).collect();
    acts.try_into().unwrap()
}

/// The answer of the handler of `/answer`, which does and says what the query asks for: `do`, `status`, and headers. In
/// the values of headers, `+` is a space.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

pub(crate) fn answer(session: &Session, query: &str) -> Answer {
    let mut answer = Answer { status: 200, headers: Vec::new() };
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "do" => act(session, value),
            "status" => answer.status = value.parse().unwrap(),
            header => answer.headers.push((header.to_owned(), value.replace('+', " "))),
        }
    }
    answer
}

pub(crate) fn untouched() -> &'static str {
    run();
    "untouched"
}

pub(crate) fn visit(session: &Session) -> Result<String, ValueError> {
    run();
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

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Other {
    pub(crate) visits: bool,
}
