//! Holds [`DecodeError`], which tells the log of a server why a cookie was refused. A client gets the same empty
//! session for every reason.

use std::error::Error;
use std::fmt;

use crate::key_id::KeyId;
use crate::time::UnixTime;

/// The reason why a cookie was refused, for logs and metrics. A client can't tell one reason from another.
///
/// A reason that holds times is reached only after the seal was verified, so the times tell a forger nothing.
///
/// ```
/// use sealed_session::DecodeError;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(["tideway_session=forged"]);
/// assert_eq!(session.rejected(), Some(DecodeError::Malformed));
/// assert!(session.is_empty(), "the client gets a session all the same");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The value is not in the format. It is too short, or holds a character outside the base64url alphabet, or its
    /// seal is valid and its plaintext is no session.
    Malformed,
    /// The value is longer than any cookie that a browser keeps.
    TooLong,
    /// The cookie is sealed in a version of the format that this release does not know.
    UnsupportedVersion {
        /// The version byte of the cookie.
        version: u8,
    },
    /// The cookie is sealed under a key that is not in the ring, or under a previous key that is retired
    /// ([`KeyRing::retire_previous_at`](crate::KeyRing::retire_previous_at)).
    UnknownKey {
        /// The id of that key.
        id: KeyId,
    },
    /// The cookie was changed, or was sealed for another cookie name or another audience.
    NotAuthentic,
    /// The cookie was issued in the future, by more than the clock skew.
    NotYetValid {
        /// The time of the check.
        now: UnixTime,
        /// The time at which the cookie says that it was sealed.
        issued_at: UnixTime,
    },
    /// The session is past its idle or its absolute timeout.
    Expired {
        /// The timeout that has passed.
        timeout: Timeout,
        /// The time of the check.
        now: UnixTime,
        /// The time at which the session ended.
        expires_at: UnixTime,
    },
    /// The session was created before the configured cut-off (`not_before`).
    BeforeCutoff {
        /// The time at which the session was created.
        created_at: UnixTime,
        /// The cut-off.
        not_before: UnixTime,
    },
    /// The session has another payload schema, and the application has no `migrate` function that takes it.
    UnsupportedSchema {
        /// The schema number of the cookie.
        schema: u8,
    },
    /// One part of a session over two cookies came, and no other part that makes it whole. The other part is missing,
    /// older, changed, or of another session. This happens while a client takes the two cookies, or when it drops one
    /// of them ([`SessionConfig::two_cookies`](crate::SessionConfig::two_cookies)).
    Incomplete,
    /// More cookies of this name came than are tried, or more pairs of parts, and none of those tried is good.
    TooManyCandidates,
    /// The cookie of another crate came and can't be imported, and no session cookie came that is good. Feature
    /// `import`.
    NotImported {
        /// True when a key opened the old cookie: the function that reads it refused its content, or the session is
        /// over. False when the cookie was changed, or was sealed under another key or for another name.
        opened: bool,
    },
    /// The session was ended: a list of [`Revocations`](crate::Revocations) has a mark for its id or another generation
    /// for its subject, or a [`SessionStore`](crate::SessionStore) has a tombstone in the place of its record.
    Revoked,
    /// The session's values are kept by a [`SessionStore`](crate::SessionStore), and the store has no living record of
    /// it, or one that is damaged.
    NotStored,
    /// A backend failed, so nobody knows whether the session is good. [`FailurePolicy`](crate::FailurePolicy) says what
    /// happens then.
    Unavailable,
    /// The configuration has a backend, and the session was loaded by a method that asks no backend.
    NotAsked,
    /// The session is bound to a device, and the browser's last proof that it has the key is missing or too old. The
    /// session is good again when the browser has refreshed it. A cookie that was copied out of the browser is refused
    /// for this reason. Feature `dbsc`.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    StaleBinding,
    /// The session was not bound to a device within the time that
    /// [`DeviceBinding::required_within`](crate::DeviceBinding::required_within) leaves a login. Feature `dbsc`.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    NotBound,
}

impl DecodeError {
    /// Returns a short, stable name of the reason, for the label of a metric.
    ///
    /// ```
    /// assert_eq!(sealed_session::DecodeError::NotAuthentic.as_str(), "not_authentic");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::UnknownKey { .. } => "unknown_key",
            Self::NotAuthentic => "not_authentic",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { timeout: Timeout::Idle, .. } => "expired_idle",
            Self::Expired { timeout: Timeout::Absolute, .. } => "expired_absolute",
            Self::BeforeCutoff { .. } => "before_cutoff",
            Self::UnsupportedSchema { .. } => "unsupported_schema",
            Self::Incomplete => "incomplete",
            Self::TooManyCandidates => "too_many_candidates",
            Self::NotImported { opened: false } => "import_not_authentic",
            Self::NotImported { opened: true } => "import_refused",
            Self::Revoked => "revoked",
            Self::NotStored => "not_stored",
            Self::Unavailable => "unavailable",
            Self::NotAsked => "not_asked",
            #[cfg(feature = "dbsc")]
            Self::StaleBinding => "stale_binding",
            #[cfg(feature = "dbsc")]
            Self::NotBound => "not_bound",
        }
    }

    /// Returns true when the session was good and is past one of its timeouts. [`DecodeError::is_over`] is also true of
    /// sessions that ended in another way.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let codec = SessionConfig::new(Key::generate()?).clock(move || at(13_600)).build_codec()?;
    /// let data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert!(codec.decode(&codec.encode(&data)?).unwrap_err().is_expired());
    /// assert!(!codec.decode("forged").unwrap_err().is_expired());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }

    /// Returns true when the session was good once and has ended, so that a page can say "you were logged out": a
    /// timeout has passed, it is older than the cut-off (`not_before`), it was logged out or revoked, or its record is
    /// gone from the store.
    ///
    /// The seal of such a cookie was verified, so nobody can forge one. A visitor without a cookie is another matter: a
    /// browser drops the cookie of a [persistent](crate::SessionConfig::persistent) session when the session ends, and
    /// then the visitor looks new. [docs/logout.md, "Expired, or new?"](crate::_docs::logout#expired-or-new), shows
    /// what tells the two apart.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let manager = SessionConfig::new(Key::generate()?).clock(move || at(13_600)).build()?;
    /// let data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// let session = manager.load([format!("tideway_session={}", manager.codec().encode(&data)?)]);
    /// assert!(session.rejected().unwrap().is_over(), "say that the session has expired");
    /// assert!(!manager.load(["tideway_session=forged"]).rejected().unwrap().is_over());
    /// assert_eq!(manager.load(None::<&str>).rejected(), None, "a visitor who is new");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_over(&self) -> bool {
        #[cfg(feature = "dbsc")]
        if *self == Self::NotBound {
            return true;
        }
        matches!(self, Self::Expired { .. } | Self::BeforeCutoff { .. } | Self::Revoked | Self::NotStored)
    }

    /// Returns true when another node, or this node later, may still open the cookie. No pre-session takes its place
    /// ([`SessionConfig::save_uninitialized`](crate::SessionConfig::save_uninitialized)).
    ///
    /// In the middle of a key rotation or an upgrade, other nodes of a fleet know keys and versions that this node does
    /// not know. A clock may be behind. A session that is bound to a device may be about to be refreshed. And a client
    /// that sent one part of two may be about to have both.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let newer = SessionConfig::new(Key::generate()?).build()?; // a node with a key that this one has not heard of
    /// let session = newer.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let session = manager.load(newer.commit(&session)?);
    /// assert!(session.rejected().unwrap().may_open_elsewhere());
    /// assert!(manager.commit(&session)?.is_empty(), "so the cookie is left alone");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn may_open_elsewhere(&self) -> bool {
        #[cfg(feature = "dbsc")]
        if *self == Self::StaleBinding {
            return true;
        }
        matches!(
            self,
            Self::UnsupportedVersion { .. }
                | Self::NotYetValid { .. }
                | Self::UnknownKey { .. }
                | Self::UnsupportedSchema { .. }
                | Self::Incomplete
                | Self::TooManyCandidates
                | Self::NotImported { .. }
                | Self::Unavailable
                | Self::NotAsked
        )
    }

    /// True when a backend gave no answer. The session may be good, so nothing may take its place.
    pub(crate) fn is_unsure(&self) -> bool {
        matches!(self, Self::Unavailable | Self::NotAsked)
    }

    fn weight(&self) -> u8 {
        match self {
            Self::Malformed => 0,
            Self::TooLong => 1,
            Self::NotAuthentic => 2,
            Self::Expired { .. } | Self::BeforeCutoff { .. } => 3,
            Self::NotYetValid { .. } => 4,
            Self::Incomplete => 5,
            Self::UnsupportedVersion { .. } => 6,
            Self::UnknownKey { .. } => 7,
            Self::UnsupportedSchema { .. } => 8,
            Self::TooManyCandidates => 9,
            // These come in the place of a session cookie's refusal or after it, so they are never compared with one.
            Self::NotImported { .. } | Self::Revoked | Self::NotStored | Self::Unavailable | Self::NotAsked => 10,
            #[cfg(feature = "dbsc")]
            Self::StaleBinding | Self::NotBound => 10,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("session cookie is not in the known format"),
            Self::TooLong => f.write_str("session cookie is longer than a cookie can be"),
            Self::UnsupportedVersion { version } => write!(f, "session cookie has the unknown version {version}"),
            Self::UnknownKey { id } => write!(f, "session cookie is sealed under the unknown key {id}"),
            Self::NotAuthentic => f.write_str("session cookie could not be authenticated"),
            Self::NotYetValid { now, issued_at } => {
                write!(f, "session cookie was issued in the future: issued {issued_at}, now {now}")
            }
            Self::Expired { timeout, now, expires_at } => {
                write!(f, "session is past its {timeout} timeout: ended {expires_at}, now {now}")
            }
            Self::BeforeCutoff { created_at, not_before } => {
                write!(f, "session was created before the cut-off: created {created_at}, cut-off {not_before}")
            }
            Self::UnsupportedSchema { schema } => {
                write!(f, "session has the schema {schema}, which this application does not take")
            }
            Self::Incomplete => f.write_str(
                "session cookie is one of two parts, and the other part is missing or is not of this session",
            ),
            Self::TooManyCandidates => {
                f.write_str("request has too many session cookies, and none of those that were tried is good")
            }
            Self::NotImported { opened: false } => f.write_str("cookie to import could not be authenticated"),
            Self::NotImported { opened: true } => {
                f.write_str("cookie to import is authentic, but its content was refused")
            }
            Self::Revoked => f.write_str("session was revoked"),
            Self::NotStored => f.write_str("no good record of this session was found in the store"),
            Self::Unavailable => {
                f.write_str("session could not be checked: the store or the list of revocations failed")
            }
            Self::NotAsked => f.write_str("session was not checked: it was loaded without asking the backend"),
            #[cfg(feature = "dbsc")]
            Self::StaleBinding => {
                f.write_str("session is bound to a device, and the proof of that is missing or too old")
            }
            #[cfg(feature = "dbsc")]
            Self::NotBound => f.write_str("session was not bound to a device in time"),
        }
    }
}

impl Error for DecodeError {}

/// The reason why a cookie was refused, with the id of the key that it names if the cookie was read that far.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) reason: DecodeError,
    pub(crate) key_id: Option<KeyId>,
}

impl Refusal {
    /// Returns the one of two refusals that is reported for a request. A reason that keeps the cookie in the browser
    /// comes first, then the reason of the cookie that passed more checks.
    pub(crate) fn or_weightier(self, other: Self) -> Self {
        if other.reason.weight() > self.reason.weight() { other } else { self }
    }
}

/// Makes the refusal of a cookie whose key id was not read.
impl From<DecodeError> for Refusal {
    fn from(reason: DecodeError) -> Self {
        Self { reason, key_id: None }
    }
}

/// The two timeouts of a session (OWASP Session Management Cheat Sheet, "Session Expiration").
///
/// ```
/// use sealed_session::{DecodeError, Key, SessionConfig, SessionData, Timeout, UnixTime};
/// # use std::time::Duration;
/// let at = |days: u64| UnixTime::from_secs(days * 24 * 60 * 60).unwrap();
/// let codec = SessionConfig::new(Key::generate()?).clock(move || at(30)).build_codec()?;
/// let mut data = SessionData::new(at(0), Duration::from_secs(3600))?;
/// data.set_times(at(0), at(29), at(31))?;
/// let error = codec.decode(&codec.encode(&data)?).unwrap_err();
/// assert!(matches!(error, DecodeError::Expired { timeout: Timeout::Absolute, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The session was last sealed too long ago.
    Idle,
    /// The session was created too long ago.
    Absolute,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Absolute => "absolute",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deletion of one cookie would delete the other, too, since both have one name.
    #[test]
    fn of_two_refused_cookies_one_that_may_open_elsewhere_keeps_both() {
        let (time, id) = (UnixTime::MIN, KeyId::new([7; 4]));
        let all = [
            DecodeError::Malformed,
            DecodeError::TooLong,
            DecodeError::NotAuthentic,
            DecodeError::Expired { timeout: Timeout::Idle, now: time, expires_at: time },
            DecodeError::BeforeCutoff { created_at: time, not_before: time },
            DecodeError::NotYetValid { now: time, issued_at: time },
            DecodeError::Incomplete,
            DecodeError::UnsupportedVersion { version: 2 },
            DecodeError::UnknownKey { id },
            DecodeError::UnsupportedSchema { schema: 1 },
            DecodeError::TooManyCandidates,
        ];
        for one in all {
            for other in all {
                let told = Refusal::from(one).or_weightier(other.into()).reason;
                assert_eq!(
                    told.may_open_elsewhere(),
                    one.may_open_elsewhere() || other.may_open_elsewhere(),
                    "{one:?} {other:?}"
                );
            }
        }
    }
}
