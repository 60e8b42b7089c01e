//! A site whose sessions are bound to devices, without a framework.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_lite::future::block_on;

use crate::backend::{BoxFuture, Generation, Known, Mark, MemoryRevocations, MemoryStore, Only, Revocations};
use crate::config::SessionConfig;
use crate::cookie::SetCookies;
use crate::crypto::{Key, KeyRing};
use crate::data::SessionId;
use crate::device_binding::{BindingAnswer, BindingRequest, DeviceBinding};
use crate::error::{BackendError, BackendErrorKind};
use crate::manager::SessionManager;
use crate::observe::Counters;
use crate::session::Session;
use crate::time::UnixTime;

/// The path of the route of device binding.
pub(super) const ROUTE: &str = "/device-binding";

pub(super) struct Site {
    pub(super) manager: SessionManager,
    pub(super) counters: Counters,
    seconds: Arc<AtomicU64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

pub(super) type Handler<'h> = &'h dyn Fn(&Session);

pub(super) fn key(byte: u8) -> Key {
    let mut bytes = [7; 32];
    bytes[0] = byte;
    Key::from_bytes(&bytes).unwrap()
}

/// The configurations in which a session lives the same life.
pub(super) fn sites() -> Vec<(&'static str, Site)> {
    vec![
        ("cookie", Site::new()),
        ("list", Site::with(|config| config.revocations(List::default()))),
        ("store", Site::with(|config| config.store(MemoryStore::new()))),
        ("store and list", Site::with(|config| config.store(MemoryStore::new()).revocations(List::default()))),
        ("spill", Site::with(|config| config.spill(MemoryStore::new()))),
        ("spill and list", Site::with(|config| config.spill(MemoryStore::new()).revocations(List::default()))),
    ]
}

/// The configurations with a list and a subject.
pub(super) fn listed() -> [(&'static str, Site); 3] {
    let list = List::default;
    [
        ("list", Site::with(|config| config.revocations(list()).subject("user"))),
        ("store and list", Site::with(|config| config.store(MemoryStore::new()).revocations(list()).subject("user"))),
        ("spill and list", Site::with(|config| config.spill(MemoryStore::new()).revocations(list()).subject("user"))),
    ]
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with(|config| config)
    }

    pub(super) fn with(configure: impl FnOnce(SessionConfig) -> SessionConfig) -> Self {
        Self::under(key(1), DeviceBinding::new(), configure)
    }

    pub(super) fn under(
        keys: impl Into<KeyRing>,
        binding: DeviceBinding,
        configure: impl FnOnce(SessionConfig) -> SessionConfig,
    ) -> Self {
        let seconds = Arc::new(AtomicU64::new(1_700_000_000));
        let (clock, counters) = (Arc::clone(&seconds), Counters::new());
        let config = SessionConfig::new(keys)
            .cookie_name("__Host-session")
            .device_binding(binding)
            .observer(counters.clone())
            .clock(move || UnixTime::from_secs(clock.load(Ordering::Relaxed)).unwrap());
        Self { manager: configure(config).build().unwrap(), counters, seconds }
    }

    pub(super) fn now(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Answers a request as docs/device-bound.md tells an application to.
    pub(super) fn answer(&self, request: &Request, handler: Handler<'_>) -> Response {
        block_on(async {
            let cookies = request.headers.iter().filter(|(name, _)| *name == "cookie").map(|(_, value)| value);
            let Ok(session) = self.manager.load_async(cookies).await else { return Response::empty(500) };
            let binding = request.binding();
            let answer = if request.method == "POST" && request.path == ROUTE {
                Some(self.manager.answer_binding(&session, &binding).await)
            } else {
                self.manager.binding_bounce(&session, &binding).filter(|_| request.method == "GET")
            };
            if let Some(answer) = answer {
                return Response::of_route(&answer);
            }
            handler(&session);
            let body = session.get::<String>("user").unwrap().unwrap_or_default();
            let Ok(lines) = self.manager.commit_async(&session).await else { return Response::empty(500) };
            Response { body, ..Response::of(lines, self.manager.binding_offer(&session)) }
        })
    }

    /// Answers a request to the route with a session that was loaded before.
    pub(super) fn answer_later(&self, session: &Session, request: &Request) -> Response {
        Response::of_route(&block_on(self.manager.answer_binding(session, &request.binding())))
    }

    /// The session that these cookies give.
    pub(super) fn load(&self, cookies: &str) -> Session {
        block_on(self.manager.load_async([cookies])).unwrap()
    }

    /// The number of answers of the route with this outcome.
    pub(super) fn outcomes(&self, name: &str) -> u64 {
        self.counters.snapshot().bindings.iter().find(|(found, _)| *found == name).unwrap().1
    }
}

impl Request {
    /// The headers that the route of device binding reads.
    pub(super) fn binding(&self) -> BindingRequest<'_> {
        let find = |name: &str| self.headers.iter().find(|(found, _)| *found == name).map(|(_, v)| v.as_str());
        BindingRequest::from_headers(find)
    }
}

impl Response {
    /// The answer of the route.
    fn of_route(answer: &BindingAnswer) -> Self {
        let headers = answer.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { status: answer.status(), headers, body: answer.body().to_owned() }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// A response with these cookies and this offer.
    pub(super) fn of(lines: SetCookies, offer: Option<(&'static str, String)>) -> Self {
        let mut response = Self::empty(200);
        response.headers.extend(lines.into_iter().map(|line| ("set-cookie".to_owned(), line)));
        response.headers.extend(offer.map(|(name, value)| (name.to_owned(), value)));
        response
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn set_cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str())
    }
}

/// A login, a page and a logout.
pub(super) fn log_in(session: &Session) {
    session.regenerate().unwrap();
    session.set("user", "ada").unwrap();
}

pub(super) fn page(_: &Session) {}

pub(super) fn log_out(session: &Session) {
    session.destroy();
}

/// A list that a test can take away, at once or after a number of answers.
#[derive(Clone, Default)]
pub(super) struct List {
    inner: Arc<MemoryRevocations>,
    pub(super) is_down: Arc<AtomicBool>,
    /// The number of the question, counted from now on, from which on the list fails; 0 if no number makes it fail.
    pub(super) fails_from: Arc<AtomicU64>,
    /// The number of questions that it was asked.
    pub(super) asked: Arc<AtomicU64>,
}

impl List {
    fn check(&self) -> Result<(), BackendError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let fails_from = self.fails_from.load(Ordering::Relaxed);
        if fails_from > 1 {
            self.fails_from.store(fails_from.saturating_sub(1), Ordering::Relaxed);
        }
        let is_down = self.is_down.load(Ordering::Relaxed) || fails_from == 1;
        if is_down { Err(BackendError::new(BackendErrorKind::Unavailable, "down")) } else { Ok(()) }
    }
}

impl Revocations for List {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.revoke(id, mark, until).await
        })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.revoke_subject(subject, only, to, until).await
        })
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.look(id, subject).await
        })
    }
}
