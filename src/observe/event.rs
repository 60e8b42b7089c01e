//! [`Event`]: what became of a cookie.

use crate::error::{BackendError, DecodeError, EncodeError};
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// What became of a cookie, for logs and metrics (OWASP Session Management Cheat Sheet, "Logging Sessions Life Cycle").
///
/// A request that looks at its session and brings cookies of our name gives one `Opened` or one `Refused`, however many
/// they are. A commit gives one of `Sealed`, `Deleted`, `NotExtended` and `Failed`, or none when there is nothing to do.
///
/// Nothing is told of a session that nobody looked at, of a request without our cookie that stores nothing, of a session that
/// is dropped without a commit, and of errors of other calls, such as [`Session::set`](crate::Session::set): their callers
/// have them.
///
/// No event holds a key, a cookie, a value or a session id. An [`EncodeError`] names the largest entries by their keys.
///
/// ```
/// use sealed_session::{Event, Key, SessionConfig};
/// use std::sync::mpsc;
/// let (sender, events) = mpsc::channel();
/// let config = SessionConfig::new(Key::generate()?).observer(move |event: &Event| sender.send(event.clone()).unwrap());
/// let manager = config.build()?;
/// let session = manager.load(["tideway_session=forged"]);
/// session.set("user_id", 42)?;
/// let _ = manager.commit(&session)?;
/// drop((manager, session));
/// assert!(events.iter().map(|event| event.as_str()).eq(["started", "refused", "sealed"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A manager or a codec was built. Told once, before anything else.
    #[non_exhaustive]
    Started {
        /// The key that seals.
        primary: KeyId,
        /// The keys that only open.
        previous: Vec<KeyId>,
        /// The most bytes that the Set-Cookie text may have, or both of them where there may be two.
        limit: usize,
    },
    /// A cookie was opened and is good.
    #[non_exhaustive]
    Opened {
        /// The key that had sealed it.
        key_id: KeyId,
        /// What this key is in the ring.
        ring: KeyRole,
        /// When, by the configured clock.
        at: UnixTime,
        /// How many cookies of our name came; see [`Session::candidates`](crate::Session::candidates).
        candidates: usize,
    },
    /// No cookie of our name was good.
    #[non_exhaustive]
    Refused {
        /// Why: what [`Session::rejected`](crate::Session::rejected) says.
        reason: DecodeError,
        /// The key that the cookie names, if it was read that far. It is no more than a claim while the reason is
        /// [`DecodeError::UnknownKey`] or [`DecodeError::NotAuthentic`]: anyone can make up millions, so don't label a
        /// metric with it.
        key_id: Option<KeyId>,
        /// How many cookies of our name came.
        candidates: usize,
    },
    /// A session was sealed.
    #[non_exhaustive]
    Sealed {
        /// The key that sealed it: the primary one.
        key_id: KeyId,
        /// Why.
        cause: SealCause,
        /// The bytes of the whole Set-Cookie text, or of both, as the limit counts them: with the longest Max-Age.
        bytes: usize,
        /// The bytes that they may have.
        limit: usize,
    },
    /// A session that nobody changed was due to be sealed and is over the limit, since that was lowered, or can't be kept in the
    /// store. No error: its cookie stays, and ends at its idle timeout however often it is used.
    #[non_exhaustive]
    NotExtended {
        /// [`EncodeError::TooLarge`].
        error: EncodeError,
    },
    /// A commit, or [`Codec::encode`](crate::Codec::encode), failed: what the request stored is not kept.
    #[non_exhaustive]
    Failed {
        /// What the caller got.
        error: EncodeError,
    },
    /// The store or the list of revocations failed. What became of the session is told apart from this.
    #[non_exhaustive]
    BackendFailed {
        /// What the backend said.
        error: BackendError,
    },
    /// The client was told to drop its cookie. A session that got a value after its end is `Sealed` instead, as
    /// [`SealCause::New`].
    #[non_exhaustive]
    Deleted {
        /// Why.
        cause: DeleteCause,
    },
}

impl Event {
    /// A short, stable name, for a metric's label.
    ///
    /// ```
    /// use sealed_session::{Event, Key, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?);
    /// config.observer(|event: &Event| assert_eq!(event.as_str(), "started")).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Opened { .. } => "opened",
            Self::Refused { .. } => "refused",
            Self::Sealed { .. } => "sealed",
            Self::NotExtended { .. } => "not_extended",
            Self::Failed { .. } => "failed",
            Self::BackendFailed { .. } => "backend_failed",
            Self::Deleted { .. } => "deleted",
        }
    }
}

/// What a key is in its ring.
///
/// ```
/// assert_eq!(sealed_session::KeyRole::Previous.as_str(), "previous");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRole {
    /// It seals and opens.
    Primary,
    /// It opens.
    Previous,
}

impl KeyRole {
    /// A short, stable name, for a metric's label.
    ///
    /// ```
    /// assert_eq!(sealed_session::KeyRole::Primary.as_str(), "primary");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Previous => "previous",
        }
    }
}

/// Why a session was sealed: of several reasons, the first one listed here.
///
/// ```
/// assert_eq!(sealed_session::SealCause::Rekeyed.as_str(), "rekeyed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealCause {
    /// By [`Codec::encode`](crate::Codec::encode), which is not told why.
    Encoded,
    /// It has a new id, as after a login.
    Regenerated,
    /// It is new: no good cookie came, or the session of that cookie was destroyed.
    New,
    /// It came in the cookie of another crate and was imported. Feature `import`.
    Imported,
    /// It came in another schema.
    Migrated,
    /// Something was stored, changed or removed.
    Changed,
    /// It was sealed under a previous key.
    Rekeyed,
    /// It was due for extension.
    Extended,
}

impl SealCause {
    pub(crate) const ALL: [Self; 8] = [
        Self::Encoded,
        Self::Regenerated,
        Self::New,
        Self::Imported,
        Self::Migrated,
        Self::Changed,
        Self::Rekeyed,
        Self::Extended,
    ];

    /// A short, stable name, for a metric's label.
    ///
    /// ```
    /// assert_eq!(sealed_session::SealCause::Extended.as_str(), "extended");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::Regenerated => "regenerated",
            Self::New => "new",
            Self::Imported => "imported",
            Self::Migrated => "migrated",
            Self::Changed => "changed",
            Self::Rekeyed => "rekeyed",
            Self::Extended => "extended",
        }
    }
}

/// Why a client was told to drop its cookie.
///
/// ```
/// assert_eq!(sealed_session::DeleteCause::Destroyed.as_str(), "destroyed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeleteCause {
    /// [`Session::destroy`](crate::Session::destroy) ended the session.
    Destroyed,
}

impl DeleteCause {
    pub(crate) const ALL: [Self; 1] = [Self::Destroyed];

    /// A short, stable name, for a metric's label.
    ///
    /// ```
    /// assert_eq!(sealed_session::DeleteCause::Destroyed.as_str(), "destroyed");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destroyed => "destroyed",
        }
    }
}
