//! Helpers for the tests of stores and of revocations. Their backends keep a log of calls and fail on demand.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, EncodeError, Generation, Known, Mark, Only, Record, Revocations, Save,
    Session, SessionId, SessionManager, SessionStore, UnixTime,
};

pub(crate) use futures_lite::future::block_on as run;

/// A backend that notes each call, and whose methods fail or hang on demand.
#[derive(Default)]
pub(crate) struct Watched<T> {
    pub(crate) inner: T,
    calls: Mutex<Vec<String>>,
    broken: Mutex<HashSet<&'static str>>,
    hanging: Mutex<HashSet<&'static str>>,
    stepping: AtomicBool,
}

impl<T: Default> Watched<T> {
    pub(crate) fn new(inner: T) -> Arc<Self> {
        Arc::new(Self { inner, ..Self::default() })
    }
}

impl<T> Watched<T> {
    /// Makes each method wait from now on until the request that calls it is polled once more: so a test can let others
    /// go on before every question.
    pub(crate) fn step(&self) {
        self.stepping.store(true, Ordering::SeqCst);
    }

    async fn turn(&self) {
        if self.stepping.load(Ordering::SeqCst) {
            futures_lite::future::yield_now().await;
        }
    }

    /// Makes these methods fail from now on, and no others. A save can be named by what it does, as "save Replace".
    pub(crate) fn fail(&self, methods: &[&'static str]) {
        *self.broken.lock().unwrap() = methods.iter().copied().collect();
    }

    /// Makes these methods, and no others, do from now on what they are asked and never answer.
    pub(crate) fn hang(&self, methods: &[&'static str]) {
        *self.hanging.lock().unwrap() = methods.iter().copied().collect();
    }

    async fn answer<A>(&self, method: &str, more: &str, answer: A) -> A {
        if names(&self.hanging, method, more) { std::future::pending().await } else { answer }
    }

    /// Takes the calls that were noted since this was last called.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn note(&self, method: &str, more: &str) -> Result<(), BackendError> {
        self.calls.lock().unwrap().push(format!("{method}{more}"));
        if names(&self.broken, method, more) { Err(broken()) } else { Ok(()) }
    }
}

/// Tells whether a call is one of these.
fn names(methods: &Mutex<HashSet<&'static str>>, method: &str, more: &str) -> bool {
    methods.lock().unwrap().iter().any(|named| *named == method || **named == *format!("{method}{more}"))
}

pub(crate) fn broken() -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, "told to fail")
}

impl<T: SessionStore> SessionStore for Watched<T> {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            self.turn().await;
            self.note("load", "")?;
            self.inner.load(id).await
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let word = if save == Save::Create { " Create" } else { " Replace" };
            self.turn().await;
            self.note("save", word)?;
            self.answer("save", word, self.inner.save(id, record, save).await).await
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.turn().await;
            self.note("delete", "")?;
            self.answer("delete", "", self.inner.delete(id).await).await
        })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.inner.cleanup_expired(now)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move { self.note("is_healthy", "").is_ok() })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        self.inner.all()
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.inner.clear()
    }
}

impl<T: Revocations> Revocations for Watched<T> {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move {
            self.turn().await;
            self.note("revoke", &format!(" until {}", until.as_secs()))?;
            self.answer("revoke", "", self.inner.revoke(id, mark, until).await).await
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
            self.turn().await;
            self.note("revoke_subject", &format!(" {subject} until {}", until.as_secs()))?;
            self.answer("revoke_subject", "", self.inner.revoke_subject(subject, only, to, until).await).await
        })
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            self.turn().await;
            let about: Vec<&str> = id.map(|_| "id").into_iter().chain(subject).collect();
            self.note("look", &format!(" {}", about.join(" and ")))?;
            self.inner.look(id, subject).await
        })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move { self.note("is_healthy", "").is_ok() })
    }
}

/// Puts a record in the place of the one that is there.
pub(crate) fn overwrite(store: &impl SessionStore, id: SessionId, record: &Record) -> Result<bool, BackendError> {
    let found = run(store.load(id))?.unwrap();
    run(store.save(id, record, Save::Replace(found.tag())))
}

/// The session that a request with this cookie gets.
pub(crate) fn load(manager: &SessionManager, cookie: &str) -> Session {
    run(manager.load_async([cookie])).unwrap()
}

/// Commits the session, and returns the one cookie that the response sets, if any.
pub(crate) fn commit(manager: &SessionManager, session: &Session) -> Option<String> {
    try_commit(manager, session).unwrap()
}

pub(crate) fn try_commit(manager: &SessionManager, session: &Session) -> Result<Option<String>, EncodeError> {
    run(answer(manager, session))
}

/// Returns the cookie that the response of a commit sets, or the error.
pub(crate) async fn answer(manager: &SessionManager, session: &Session) -> Result<Option<String>, EncodeError> {
    let mut lines = manager.commit_async(session).await?.into_iter();
    let line = lines.next();
    assert_eq!(lines.next(), None);
    Ok(line)
}

/// Logs this user in with a new session, and returns the cookie.
pub(crate) fn login(manager: &SessionManager, user_id: u64) -> String {
    let session = load(manager, "");
    session.set("user_id", user_id).unwrap();
    commit(manager, &session).unwrap()
}

/// Commits until the commit waits for a backend, and then drops it. A server does so when the client has gone away.
pub(crate) fn give_up(manager: &SessionManager, session: &Session) {
    let mut commit = std::pin::pin!(manager.commit_async(session));
    assert!(run(futures_lite::future::poll_once(commit.as_mut())).is_none(), "nothing was waited for");
}

pub(crate) fn user_id(session: &Session) -> Option<u64> {
    session.get("user_id").unwrap()
}
