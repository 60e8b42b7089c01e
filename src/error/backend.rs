//! Holds [`BackendError`], which says why a store or a list of revocations could not do what it was asked.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The reason why a backend could not do what it was asked. It is for the operator, and a client never sees it.
///
/// ```
/// use sealed_session::{BackendError, BackendErrorKind};
/// let error = BackendError::new(BackendErrorKind::Unavailable, "connection refused");
/// assert_eq!(error.to_string(), "session backend is unavailable: connection refused");
/// ```
///
/// Two errors are equal if their kinds and messages are, whatever their sources.
#[derive(Clone, Debug)]
pub struct BackendError {
    kind: BackendErrorKind,
    message: Box<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl BackendError {
    /// Makes an error of this kind. `message` is what the backend says about it, and must hold no value of a session
    /// and no secret.
    ///
    /// ```
    /// use sealed_session::{BackendError, BackendErrorKind};
    /// let error = std::fs::read("/nowhere/at/all").map_err(|e| BackendError::new(BackendErrorKind::Unavailable, e));
    /// assert_eq!(error.unwrap_err().kind(), BackendErrorKind::Unavailable);
    /// ```
    #[must_use]
    pub fn new(kind: BackendErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string().into(), source: None }
    }

    /// Keeps the error underneath, which [`source`](Error::source) returns: of this error and of every error of this
    /// crate that holds it. A program can look there for more than the kind, and a report of errors goes on there. The
    /// message alone must say to an operator what happened, since logs show no sources. The texts of `source` must hold
    /// no value of a session and no secret either.
    ///
    /// ```
    /// use sealed_session::{BackendError, BackendErrorKind};
    /// use std::error::Error;
    ///
    /// let error = std::fs::read("/nowhere/at/all").unwrap_err();
    /// let error = BackendError::new(BackendErrorKind::Unavailable, &error).with_source(error);
    /// let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    /// assert_eq!(source.unwrap().kind(), std::io::ErrorKind::NotFound);
    /// ```
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Returns the kind of failure.
    ///
    /// ```
    /// use sealed_session::{BackendError, BackendErrorKind};
    /// assert_eq!(BackendError::new(BackendErrorKind::Full, "disk full").kind(), BackendErrorKind::Full);
    /// ```
    #[must_use]
    pub fn kind(&self) -> BackendErrorKind {
        self.kind
    }

    /// Returns what the backend said.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session backend {}: {}", self.kind.text(), self.message)
    }
}

impl PartialEq for BackendError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.message == other.message
    }
}

impl Eq for BackendError {}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// The kinds of [`BackendError`].
///
/// ```
/// use sealed_session::BackendErrorKind;
/// assert_eq!(BackendErrorKind::Full.as_str(), "full");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendErrorKind {
    /// The backend can't be reached, or did not answer in time. Trying again later may help.
    Unavailable,
    /// The backend has no room, since a disk is full or a bound is reached.
    Full,
    /// The backend holds something else than what was stored.
    Corrupt,
    /// The backend can't do this at all. Not every backend can list sessions, for example.
    Unsupported,
    /// The backend was not asked, since the session was loaded or committed by a method that asks no backend.
    NotAsked,
}

impl BackendErrorKind {
    /// Returns one word for the kind, for the label of a metric.
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
            Self::Corrupt => "holds damaged data",
            Self::Unsupported => "does not support this",
            Self::NotAsked => "was not asked",
        }
    }
}
