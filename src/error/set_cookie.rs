//! Holds [`SetCookieError`], which says to a test why a Set-Cookie header holds no session.

use std::error::Error;
use std::fmt;

use super::decode::DecodeError;

/// The reason why no session could be read from a Set-Cookie header.
///
/// ```
/// use sealed_session::testing::read_set_cookie;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let error = read_set_cookie(&manager, "theme=dark; Path=/").unwrap_err();
/// assert_eq!(error.to_string(), r#"Set-Cookie must set the cookie "tideway_session", found "theme""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetCookieError {
    /// The header sets a cookie with another name.
    OtherName {
        /// The name of the manager's cookie.
        expected: String,
        /// The name of the cookie that the header sets.
        found: String,
    },
    /// The header deletes the cookie.
    Deletion,
    /// The manager refuses the cookie.
    Refused(DecodeError),
}

impl fmt::Display for SetCookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName { expected, found } => {
                write!(f, "Set-Cookie must set the cookie {expected:?}, found {found:?}")
            }
            Self::Deletion => f.write_str("Set-Cookie must hold a session, found a deletion"),
            Self::Refused(reason) => write!(f, "Set-Cookie must hold a session: {reason}"),
        }
    }
}

impl Error for SetCookieError {}
