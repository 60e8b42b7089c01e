//! Holds [`Event`], which says what became of a cookie, and the causes that events name.

use crate::error::{BackendError, DecodeError, EncodeError, ValueError};
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// A thing that happened to a session cookie, for logs and metrics (OWASP Session Management Cheat Sheet, "Logging
/// Sessions Life Cycle").
///
/// A request that brings session cookies and looks at its session gives one `Opened` or one `Refused`, however many
/// cookies it brings. A commit gives one of `Sealed`, `Deleted`, `NotExtended` and `Failed`, or none when there is
/// nothing to do. A session that begins anew since its values do not fit a type gives a `BegunAnew` in between.
///
/// There is no event for a session that nobody looked at, for a request without a session cookie that stores nothing,
/// and for a session that is dropped without a commit, unless an adapter has committed it before
/// ([`ChangedTooLate`](Self::ChangedTooLate)). Nor is there one for the errors of other calls, such as
/// [`Session::set`](crate::Session::set): their callers have them.
///
/// No event holds a key, a cookie, a value or a session id. An [`EncodeError`] names the largest entries by their keys.
///
/// ```
/// use sealed_session::{Event, Key, SessionConfig};
/// use std::sync::mpsc;
/// let (sender, events) = mpsc::channel();
/// let observer = move |event: &Event| sender.send(event.clone()).unwrap();
/// let config = SessionConfig::new(Key::generate()?).observer(observer);
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
    /// A manager or a codec was built. This event comes once, before all others.
    #[non_exhaustive]
    Started {
        /// The key that seals.
        primary: KeyId,
        /// The keys that only open.
        previous: Vec<KeyId>,
        /// The most bytes that the Set-Cookie text may have, or both texts together where there may be two.
        limit: usize,
    },
    /// [`SessionManager::set_keys`](crate::SessionManager::set_keys) replaced the keys. Requests that were under way
    /// end with the keys from before.
    #[non_exhaustive]
    KeysChanged {
        /// The key that seals.
        primary: KeyId,
        /// The keys that only open.
        previous: Vec<KeyId>,
    },
    /// A cookie was opened and is good.
    #[non_exhaustive]
    Opened {
        /// The key that had sealed the cookie.
        key_id: KeyId,
        /// The role of this key in the ring.
        ring: KeyRole,
        /// The time at which the cookie was opened, by the configured clock.
        at: UnixTime,
        /// The number of cookies that came under the session cookie's name; see
        /// [`Session::candidates`](crate::Session::candidates).
        candidates: usize,
    },
    /// Cookies came under the session cookie's name, and none of them was good.
    #[non_exhaustive]
    Refused {
        /// The reason that [`Session::rejected`](crate::Session::rejected) returns.
        reason: DecodeError,
        /// The key that the cookie names, if the cookie was read that far. With the reasons [`DecodeError::UnknownKey`]
        /// and [`DecodeError::NotAuthentic`] it is no more than a claim. Anyone can make up millions of key ids, so
        /// don't label a metric with them.
        key_id: Option<KeyId>,
        /// The number of cookies that came under the session cookie's name.
        candidates: usize,
    },
    /// A session was sealed.
    #[non_exhaustive]
    Sealed {
        /// The key that sealed the session, which is the primary one.
        key_id: KeyId,
        /// The cause.
        cause: SealCause,
        /// The bytes of the whole Set-Cookie text, or of both texts together. They are counted with the longest
        /// Max-Age, as the limit counts them.
        bytes: usize,
        /// The most bytes that the text, or both texts, may have.
        limit: usize,
    },
    /// A session that nobody changed was due to be sealed again, and was not. It is over the limit, since that was
    /// lowered, or the store can't keep it. This is no error: the client's cookie stays, and ends at its idle timeout
    /// however often it is used.
    #[non_exhaustive]
    NotExtended {
        /// The reason, such as [`EncodeError::TooLarge`].
        error: EncodeError,
    },
    /// A commit, or [`Codec::encode`](crate::Codec::encode), failed. The values that the request stored are not kept.
    #[non_exhaustive]
    Failed {
        /// The error that the caller got.
        error: EncodeError,
    },
    /// The store or the list of revocations failed. Another event tells what became of the session.
    #[non_exhaustive]
    BackendFailed {
        /// The error that the backend returned.
        error: BackendError,
    },
    /// The values of a session did not make the type of a [`Typed`](crate::Typed), so the session began anew, as
    /// [`MismatchPolicy::BeginAnew`](crate::MismatchPolicy::BeginAnew) says. The commit of the request has an event of
    /// its own.
    #[non_exhaustive]
    BegunAnew {
        /// The reason, which names the value.
        error: ValueError,
    },
    /// A session was changed when an adapter had sent its response: by a streamed body, by a task, or after an upgrade.
    /// The change is lost, since no Set-Cookie header was left to carry it to the client. This event comes once a
    /// session: when a commit by hand finds such a change, or when the last handle of the session is dropped and nobody
    /// has committed it.
    #[non_exhaustive]
    ChangedTooLate {},
    /// The route of device binding answered a request. A session that is refused because it is stale, or not bound
    /// although it must be, gives `Refused` instead, with a reason of that name.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    #[non_exhaustive]
    Binding {
        /// The answer.
        outcome: BindingOutcome,
    },
    /// The client was told to drop its cookie. A session that got a value after its end gives `Sealed` with
    /// [`SealCause::New`] instead.
    #[non_exhaustive]
    Deleted {
        /// The cause.
        cause: DeleteCause,
    },
}

impl Event {
    /// Returns a short, stable name, for the label of a metric.
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
            Self::KeysChanged { .. } => "keys_changed",
            Self::Opened { .. } => "opened",
            Self::Refused { .. } => "refused",
            Self::Sealed { .. } => "sealed",
            Self::NotExtended { .. } => "not_extended",
            Self::Failed { .. } => "failed",
            Self::BackendFailed { .. } => "backend_failed",
            Self::BegunAnew { .. } => "begun_anew",
            Self::ChangedTooLate {} => "changed_too_late",
            #[cfg(feature = "dbsc")]
            Self::Binding { .. } => "binding",
            Self::Deleted { .. } => "deleted",
        }
    }
}

/// The role of a key in its ring.
///
/// ```
/// assert_eq!(sealed_session::KeyRole::Previous.as_str(), "previous");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRole {
    /// The key seals and opens.
    Primary,
    /// The key only opens.
    Previous,
}

impl KeyRole {
    /// Returns a short, stable name, for the label of a metric.
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

/// The cause of a seal. When several causes apply, the event names the one that stands first here.
///
/// ```
/// assert_eq!(sealed_session::SealCause::Rekeyed.as_str(), "rekeyed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealCause {
    /// [`Codec::encode`](crate::Codec::encode) sealed the session, and is not told why.
    Encoded,
    /// The session has a new id, as after a login.
    Regenerated,
    /// The session is new. No good cookie came, or the session of that cookie was destroyed.
    New,
    /// The session came in the cookie of another crate and was imported. Feature `import`.
    Imported,
    /// The session came in another schema.
    Migrated,
    /// The session was bound to the device of its browser, or got the mark of its binding back. Feature `dbsc`.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    Bound,
    /// Something in the session was stored, changed or removed.
    Changed,
    /// The session was sealed under a previous key.
    Rekeyed,
    /// The session was due for extension.
    Extended,
}

impl SealCause {
    pub(crate) const ALL: &[Self] = &[
        Self::Encoded,
        Self::Regenerated,
        Self::New,
        Self::Imported,
        Self::Migrated,
        #[cfg(feature = "dbsc")]
        Self::Bound,
        Self::Changed,
        Self::Rekeyed,
        Self::Extended,
    ];

    /// Returns a short, stable name, for the label of a metric.
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
            #[cfg(feature = "dbsc")]
            Self::Bound => "bound",
            Self::Changed => "changed",
            Self::Rekeyed => "rekeyed",
            Self::Extended => "extended",
        }
    }
}

/// The cause of a deletion: why a client was told to drop its cookie.
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

    /// Returns a short, stable name, for the label of a metric.
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

/// The answer of the route of device binding
/// ([`SessionManager::answer_binding`](crate::SessionManager::answer_binding)).
///
/// ```
/// assert_eq!(sealed_session::BindingOutcome::Refreshed.as_str(), "refreshed");
/// ```
#[cfg(feature = "dbsc")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingOutcome {
    /// A session was bound.
    Registered,
    /// The proof of a bound session counts anew.
    Refreshed,
    /// The browser is asked to sign a challenge: it had none, or an old one.
    Challenged,
    /// The browser was told to end its binding: the session is another one, or is over.
    Ended,
    /// The request was no registration of this session, or its proof is none.
    Refused,
    /// A backend failed, or this node has no key for what came. The browser will try again.
    Failed,
}

#[cfg(feature = "dbsc")]
impl BindingOutcome {
    pub(crate) const ALL: [Self; 6] =
        [Self::Registered, Self::Refreshed, Self::Challenged, Self::Ended, Self::Refused, Self::Failed];

    /// Returns a short, stable name, for the label of a metric.
    ///
    /// ```
    /// assert_eq!(sealed_session::BindingOutcome::Ended.as_str(), "ended");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Refreshed => "refreshed",
            Self::Challenged => "challenged",
            Self::Ended => "ended",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}
