//! What every backend answers with, and what happens when one of them fails.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What the methods of [`SessionStore`](crate::SessionStore) and [`Revocations`](crate::Revocations) return: the future
/// that `Box::pin(async move { .. })` makes, for any runtime. So both are traits of objects.
///
/// ```
/// use sealed_session::BoxFuture;
/// fn answer() -> BoxFuture<'static, u64> {
///     Box::pin(async move { 42 })
/// }
/// # drop(answer());
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What becomes of a request while a backend fails: the choice between keeping everyone out and letting everyone in
/// (OWASP ASVS 5.0, 16.5.3, asks that it be made, and that failing open is never the default).
///
/// ```
/// use sealed_session::FailurePolicy;
/// assert_eq!(FailurePolicy::default(), FailurePolicy::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// The session is empty and [`DecodeError::Unavailable`](crate::DecodeError::Unavailable) says why; the cookie stays, so that the next request may find
    /// the session again. What is stored in such a session is refused with [`EncodeError::Backend`](crate::EncodeError::Backend), and so is its end.
    #[default]
    Refuse,
    /// The request gets an error: [`SessionManager::load_async`](crate::SessionManager::load_async) fails, and the adapters
    /// answer 500 (or what `on_error` says) without asking the handler.
    Fail,
    /// A session that opens is admitted although nobody could say whether it was revoked, and a logout that can't be put on
    /// the list still deletes the cookie. Values that the store can't give are refused all the same.
    Admit,
}

/// Why a backend could not do what it was asked. For the operator: a client never sees it.
///
/// ```
/// use sealed_session::{BackendError, BackendErrorKind};
/// let error = BackendError::new(BackendErrorKind::Unavailable, "connection refused");
/// assert_eq!(error.to_string(), "session backend is unavailable: connection refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendError {
    kind: BackendErrorKind,
    message: Box<str>,
}

impl BackendError {
    /// An error of this kind, with what the backend says of it. The message must hold no value of a session and no secret.
    ///
    /// ```
    /// use sealed_session::{BackendError, BackendErrorKind};
    /// let error = std::fs::read("/nowhere/at/all").map_err(|e| BackendError::new(BackendErrorKind::Unavailable, e));
    /// assert_eq!(error.unwrap_err().kind(), BackendErrorKind::Unavailable);
    /// ```
    #[must_use]
    pub fn new(kind: BackendErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string().into() }
    }

    /// What kind of failure it is.
    ///
    /// ```
    /// use sealed_session::{BackendError, BackendErrorKind};
    /// assert_eq!(BackendError::new(BackendErrorKind::Full, "disk full").kind(), BackendErrorKind::Full);
    /// ```
    #[must_use]
    pub fn kind(&self) -> BackendErrorKind {
        self.kind
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session backend {}: {}", self.kind.text(), self.message)
    }
}

impl Error for BackendError {}

/// The kinds of [`BackendError`].
///
/// ```
/// use sealed_session::BackendErrorKind;
/// assert_eq!(BackendErrorKind::Full.as_str(), "full");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendErrorKind {
    /// It can't be reached, or did not answer in time. Trying again later may help.
    Unavailable,
    /// It has no room: a disk is full, or a bound is reached.
    Full,
    /// What it holds is not what was stored.
    Corrupt,
    /// It can't do this at all, such as list sessions.
    Unsupported,
    /// It was not asked: the session was loaded or committed by a method that asks no backend.
    NotAsked,
}

impl BackendErrorKind {
    /// One word for a label of a metric.
    ///
    /// ```
    /// use sealed_session::BackendErrorKind;
    /// assert_eq!(BackendErrorKind::Unavailable.as_str(), "unavailable");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::NotAsked => "not_asked",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Unavailable => "is unavailable",
            Self::Full => "is full",
            Self::Corrupt => "holds what was not stored",
            Self::Unsupported => "can't do this",
            Self::NotAsked => "was not asked",
        }
    }
}
