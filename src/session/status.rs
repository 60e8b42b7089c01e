//! [`Status`]: the state of a session so far.

use crate::error::DecodeError;

/// The state of a session so far.
///
/// A new session that stayed empty is `New`, and a new session that got a value is `Changed`.
///
/// ```
/// use sealed_session::{DecodeError, Status};
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(["tideway_session=forged"]);
/// assert_eq!(session.status(), Status::Rejected(DecodeError::Malformed));
/// session.set("user_id", 42)?;
/// assert_eq!(session.status(), Status::Changed);
/// session.destroy();
/// assert_eq!(session.status(), Status::Destroyed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// No cookie came, and nothing is stored. The visitor is new, or the browser dropped the cookie when its session
    /// ended.
    New,
    /// The session came in a cookie and is unchanged.
    Loaded,
    /// Something was stored, changed or removed, or the session was migrated from another schema or imported.
    Changed,
    /// The session has a new id.
    Regenerated,
    /// The session is over, and nothing was stored since.
    Destroyed,
    /// A cookie came and was refused, for this reason; nothing is stored.
    Rejected(DecodeError),
}

impl Status {
    /// Returns true when a session came that was good once and has ended ([`DecodeError::is_over`]), and nothing is
    /// stored since. [`Session::rejected`](crate::Session::rejected) has the reason also after something was stored.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Status};
    /// assert!(Status::Rejected(DecodeError::Revoked).is_over());
    /// assert!(!Status::New.is_over());
    /// ```
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Rejected(reason) if reason.is_over())
    }

    /// A short, stable name, for logs and metrics.
    ///
    /// ```
    /// assert_eq!(sealed_session::Status::Loaded.as_str(), "loaded");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Loaded => "loaded",
            Self::Changed => "changed",
            Self::Regenerated => "regenerated",
            Self::Destroyed => "destroyed",
            Self::Rejected(_) => "rejected",
        }
    }
}
