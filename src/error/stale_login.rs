//! Holds [`StaleLogin`], which says why a login is not recent enough.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// The reason why a session has no recent login. Let the user authenticate again, then call
/// [`Session::regenerate`](crate::Session::regenerate).
///
/// ```
/// use sealed_session::StaleLogin;
/// use std::time::Duration;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// let refused = session.require_recent(Duration::from_secs(300)).unwrap_err();
/// assert_eq!(refused, StaleLogin::NoSession);
/// assert_eq!(refused.to_string(), "request brought no session, and no session was regenerated in it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaleLogin {
    /// The request brought no good cookie, or its session was destroyed since, and no session was regenerated.
    NoSession,
    /// The session was created or last regenerated too long ago.
    TooOld {
        /// The time since then, in whole seconds.
        age: Duration,
        /// The age from which on the session is too old.
        limit: Duration,
    },
}

impl fmt::Display for StaleLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession => f.write_str("request brought no session, and no session was regenerated in it"),
            Self::TooOld { age, limit } => {
                let (age, limit) = (age.as_secs(), limit.as_secs());
                write!(f, "session must have been regenerated less than {limit} seconds ago, found {age}")
            }
        }
    }
}

impl Error for StaleLogin {}
