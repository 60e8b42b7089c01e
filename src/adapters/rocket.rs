//! The session of each request to a Rocket application, and request guards for it. Feature `rocket`.
//!
//! ```
//! use rocket::{get, routes};
//! use sealed_session::rocket::SessionFairing;
//! use sealed_session::{Session, SessionConfig};
//!
//! #[get("/")]
//! fn visits(session: &Session) -> Result<String, String> {
//!     let visits = session.get::<u64>("visits").map_err(|error| error.to_string())?.unwrap_or(0) + 1;
//!     session.set("visits", visits).map_err(|error| error.to_string())?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app = rocket::build().attach(SessionFairing::new(manager)).mount("/", routes![visits]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Data, Response};
use serde::de::DeserializeOwned;

use super::extract_error::ExtractError;
use super::response::{self, ResponseHeaders, log_failure};
use crate::error::{BackendError, EncodeError};
use crate::manager::SessionManager;
use crate::session::{Session, Typed};

/// Gives each request its [`Session`], which is a request guard, and commits it when the handler or catcher has
/// answered, whatever the status.
///
/// The session is opened when the handler first looks at it, or before the handler runs when a store or a list of
/// revocations has to be asked about it. A response that sends a Set-Cookie gets `Cache-Control: private, no-store`,
/// unless the handler set a Cache-Control. A response whose session was looked at gets `Vary: Cookie`.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, the reason goes to
/// the log (`log` crate, target `sealed_session`; Rocket's own logger writes to standard output), and the client's
/// cookie stays as it was. [`SessionFairing::on_error`] sets another response. When a backend fails under
/// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail), the client gets that response too. A handler whose guard is the
/// session does not run then, but any other handler does, because a fairing can't answer in its place.
///
/// The headers go out before a streamed body, so no cookie holds a change that the body's stream makes to the session.
///
/// Rocket 0.5 drops a Cookie header that is not UTF-8, even if the bad byte is in a cookie of someone else. Such a
/// request has no session.
///
/// ```
/// use sealed_session::{SessionConfig, rocket::SessionFairing};
///
/// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let app = rocket::build().attach(SessionFairing::new(manager));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SessionFairing {
    manager: SessionManager,
    on_error: Box<dyn Fn(&EncodeError) -> Response<'static> + Send + Sync>,
}

impl SessionFairing {
    /// A fairing that loads from, and commits to, this manager.
    ///
    /// ```
    /// use sealed_session::{SessionConfig, rocket::SessionFairing};
    /// let fairing = SessionFairing::new(SessionConfig::new(sealed_session::Key::generate()?).build()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        let empty = |error: &EncodeError| Response::build().status(Status::new(response::status_of(error))).finalize();
        Self { manager, on_error: Box::new(empty) }
    }

    /// Sets the function that makes the error response, in place of an empty 500. The reason that it gets is meant for
    /// the operator: the client may have caused the failure, and needs to know no more than that nothing was kept.
    ///
    /// ```
    /// use rocket::{Response, http::Status};
    /// use sealed_session::{SessionConfig, rocket::SessionFairing};
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let fairing = SessionFairing::new(manager)
    ///     .on_error(|_| Response::build().status(Status::InsufficientStorage).finalize());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&EncodeError) -> Response<'static> + Send + Sync + 'static) -> Self {
        self.on_error = Box::new(on_error);
        self
    }

    fn load(&self, request: &Request<'_>) -> Session {
        if request.headers().contains("cookie") {
            return self.manager.load(request.headers().get("cookie"));
        }
        // Rocket's local client, which is for tests, fills the jar and sends no header. A request from the network has
        // both.
        self.manager.load(request.cookies().iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())))
    }
}

impl fmt::Debug for SessionFairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFairing").field("manager", &self.manager).finish_non_exhaustive()
    }
}

#[rocket::async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info { name: "sealed session", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let session = self.load(request);
        let loaded = session.ask().await.map(|()| session);
        if let Err(error) = &loaded {
            log_failure("loaded", error);
        }
        request.local_cache(|| Some(loaded));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let session = match request.local_cache(|| None::<Loaded>) {
            Some(Ok(session)) => session,
            // A fairing can't answer in a handler's place. A handler that asked for the session has failed, and any
            // other handler has run.
            Some(Err(error)) => return *response = (self.on_error)(&error.clone().into()),
            None => return,
        };
        let committed = session.commit_async().await;
        response::finish(response, session, committed, |response, error| *response = (self.on_error)(error));
    }
}

impl ResponseHeaders for Response<'_> {
    fn append_set_cookie(&mut self, set_cookie: String) {
        self.adjoin_raw_header("Set-Cookie", set_cookie);
    }

    fn set_default_cache_control(&mut self, directives: &'static str) {
        if !self.headers().contains("Cache-Control") {
            self.set_raw_header("Cache-Control", directives);
        }
    }

    fn append_vary(&mut self, header_name: &'static str) {
        self.adjoin_raw_header("Vary", header_name);
    }
}

/// The session of a request, or why the backends could not be asked about it before the handler ran.
type Loaded = Result<Session, BackendError>;

/// Guards a handler with the session that a [`SessionFairing`] put into the request.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Session {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        outcome(cached(request))
    }
}

/// Gives the same session by value, for a handler that hands it on.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        outcome(cached(request).cloned())
    }
}

/// Gives the values of that session as a `T`, which is a type of the application.
#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromRequest<'r> for Typed<T> {
    type Error = ExtractError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ExtractError> {
        outcome(cached(request).and_then(|session| Ok(Self::new(session.clone())?)))
    }
}

fn cached<'r>(request: &'r Request<'_>) -> Result<&'r Session, ExtractError> {
    match request.local_cache(|| None::<Loaded>) {
        Some(Ok(session)) => Ok(session),
        Some(Err(error)) => Err(ExtractError::Backend(error.clone())),
        None => Err(ExtractError::Missing),
    }
}

fn outcome<T>(found: Result<T, ExtractError>) -> Outcome<T, ExtractError> {
    match found {
        Ok(found) => Outcome::Success(found),
        Err(error) => {
            log::error!(target: "sealed_session", "{error}");
            Outcome::Error((Status::InternalServerError, error))
        }
    }
}
