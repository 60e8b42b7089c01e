//! Holds [`Error`], the one error that a handler needs: every other error of this crate converts into it.

use std::error::Error as StdError;
use std::fmt;

use super::backend::BackendError;
use super::config::ConfigError;
use super::decode::DecodeError;
use super::encode::EncodeError;
#[cfg(feature = "import")]
use super::import_key::ImportKeyError;
use super::key::KeyError;
#[cfg(feature = "test-util")]
use super::set_cookie::SetCookieError;
use super::stale_login::StaleLogin;
#[cfg(feature = "dbsc")]
use super::unbound::Unbound;
use super::value::ValueError;

/// Any error of this crate. Each of the others converts into it, so `?` works in a handler that returns it.
///
/// With the feature of a framework it is a response: `IntoResponse` of axum, `ResponseError` of actix-web, `Responder`
/// of Rocket. The client gets an empty response with [`Error::status`], which is 500 for nearly every error, and the
/// reason goes to the log (`log` crate, target `sealed_session`). [docs/errors.md](crate::_docs::errors) shows this for
/// each framework, and how an application answers otherwise.
///
/// Its text is that of the error inside, and [`source`](StdError::source) is the source of the error inside. There is
/// one where a backend gave one ([`BackendError::with_source`]).
///
/// ```
/// use sealed_session::{Error, Session, ValueError};
///
/// fn log_in(session: &Session) -> Result<String, Error> {
///     session.regenerate()?; // EncodeError
///     session.set("user_id", 42)?; // ValueError
///     Ok(session.csrf_token()?)
/// }
///
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// assert_eq!(log_in(&session)?.len(), 22);
/// let error = Error::from(session.get::<bool>("user_id").unwrap_err());
/// assert!(matches!(error, Error::Value(ValueError::Deserialize { .. })));
/// assert_eq!(error.status(), 500);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The request passed no session layer (tower), middleware (actix-web) or fairing (Rocket) of this crate before the
    /// handler, or another middleware, asked for the session.
    NoLayer,
    /// A value could not be put into a session or read out of it.
    Value(ValueError),
    /// A session could not be sealed.
    Encode(EncodeError),
    /// A sealed text was refused.
    Decode(DecodeError),
    /// A store or a list of revocations failed.
    Backend(BackendError),
    /// The session has no recent login.
    StaleLogin(StaleLogin),
    /// The session has no proof of its device.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    Unbound(Unbound),
    /// A key is refused.
    Key(KeyError),
    /// A configuration is refused.
    Config(ConfigError),
    /// A key of another crate is refused.
    #[cfg(feature = "import")]
    #[cfg_attr(docsrs, doc(cfg(feature = "import")))]
    ImportKey(ImportKeyError),
    /// A test found no session in a Set-Cookie header.
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    SetCookie(SetCookieError),
}

impl Error {
    /// Returns the status of the response to a handler that failed with this error (RFC 9110, section 15).
    ///
    /// | error | status |
    /// |---|--:|
    /// | [`DecodeError`] of a text that the client sent | 400 |
    /// | [`StaleLogin`]: the user must log in again for this | 403 |
    /// | `Unbound` (feature `dbsc`): the session must be bound to a device for this | 403 |
    /// | [`EncodeError::Ended`]: another request ended the session | 409 |
    /// | every other, since it is the server's or the application's | 500 |
    ///
    /// ```
    /// use sealed_session::{DecodeError, EncodeError, Error, StaleLogin};
    /// assert_eq!(Error::from(EncodeError::Random).status(), 500);
    /// assert_eq!(Error::from(EncodeError::Ended).status(), 409);
    /// assert_eq!(Error::from(StaleLogin::NoSession).status(), 403);
    /// assert_eq!(Error::from(DecodeError::NotAuthentic).status(), 400);
    /// assert_eq!(Error::from(DecodeError::Unavailable).status(), 500, "a backend failed");
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Encode(EncodeError::Ended) => 409,
            Self::StaleLogin(_) => 403,
            #[cfg(feature = "dbsc")]
            Self::Unbound(_) => 403,
            Self::Decode(reason) if !reason.is_unsure() => 400,
            _ => 500,
        }
    }

    /// Returns the error inside, if there is one.
    fn inner(&self) -> Option<&(dyn StdError + 'static)> {
        Some(match self {
            Self::NoLayer => return None,
            Self::Value(error) => error,
            Self::Encode(error) => error,
            Self::Decode(error) => error,
            Self::Backend(error) => error,
            Self::StaleLogin(error) => error,
            #[cfg(feature = "dbsc")]
            Self::Unbound(error) => error,
            Self::Key(error) => error,
            Self::Config(error) => error,
            #[cfg(feature = "import")]
            Self::ImportKey(error) => error,
            #[cfg(feature = "test-util")]
            Self::SetCookie(error) => error,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inner() {
            Some(error) => fmt::Display::fmt(error, f),
            None => f.write_str(NO_LAYER),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner().and_then(StdError::source)
    }
}

macro_rules! converts {
    ($($(#[$feature:meta])? $variant:ident($error:ty)),+ $(,)?) => {
        $($(#[$feature])?
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

converts! {
    Value(ValueError),
    Encode(EncodeError),
    Decode(DecodeError),
    Backend(BackendError),
    StaleLogin(StaleLogin),
    #[cfg(feature = "dbsc")]
    Unbound(Unbound),
    Key(KeyError),
    Config(ConfigError),
    #[cfg(feature = "import")]
    ImportKey(ImportKeyError),
    #[cfg(feature = "test-util")]
    SetCookie(SetCookieError),
}

const NO_LAYER: &str = "no session layer around this route: the last `.layer` (axum) or `.wrap` (actix-web) is the outermost, and a \
                        fairing (Rocket) is attached before those that ask for the session";
