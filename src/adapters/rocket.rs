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

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Data, Response};
use serde::de::DeserializeOwned;

use super::extract_error::ExtractError;
use super::headers::ResponseHeaders;
use super::response::{self, log_failure};
use crate::error::{BackendError, EncodeError};
use crate::manager::SessionManager;
use crate::session::{Session, Typed};

/// Gives each request its [`Session`], which is a request guard, and commits it when the handler or catcher has
/// answered, whatever the status.
///
/// The session is opened when the handler first looks at it, which it also does when a guard takes it, or before the handler
/// runs when a store or a list of revocations has to be asked about it. A response whose session was looked at gets `Vary: Cookie`.
///
/// No shared cache may store a response with a Set-Cookie, or it would give one visitor's session to all. Such a response gets
/// `Cache-Control: private, no-store`. A Cache-Control of the handler stays if it says `private` or `no-store`, and gets
/// `private` in front of it otherwise. If it says `public` or `s-maxage`, or if `CDN-Cache-Control` (or one of Cloudflare,
/// Netlify and Vercel) or `Surrogate-Control` lets others store the response, an extension of the session waits for another
/// response; what must be sent makes the response `private, no-store`, with a warning in the log. Headers that are set outside of
/// this fairing, or by a fairing that was attached after it, are not seen.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, or an
/// empty 409 if another request ended the session. The reason goes to
/// the log (`log` crate, target `sealed_session`; Rocket's own logger writes to standard output), and the client's
/// cookie stays as it was. [`SessionFairing::on_error`] sets another response. When a backend fails under
/// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail), a handler whose guard is the session does not run, and the client gets
/// that response in place of the catcher's 500. A fairing can't answer in place of any other handler: that one runs, and its
/// response goes out. So does the response of a handler whose guard is an `Option` or a `Result` of the session, unless it is a
/// 500.
///
/// Rocket makes a response of a panic, and that is a response like any other: what the handler set before it panicked is kept.
///
/// The headers go out before a streamed body, and before whatever a task or an upgraded connection does. A change that they make to
/// the session is in no cookie: the log and [`Event::ChangedTooLate`](crate::Event::ChangedTooLate) say so, and docs/stores.md, "After
/// the response", says what they can keep.
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

    /// Sets the function that makes the error response, in place of an empty 500 or 409. The reason that it gets is meant for
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
        // A fairing that was attached before has loaded the session.
        if loaded(request).is_some() {
            return;
        }
        let session = self.load(request);
        let outcome = session.ask().await.map(|()| session).map_err(|error| {
            log_failure("loaded", &error);
            NotLoaded { error, is_asked_for: AtomicBool::new(false) }
        });
        request.local_cache(Loaded::new).get_or_init(|| outcome);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let session = match loaded(request) {
            Some(Ok(session)) => session,
            // A fairing can't answer in a handler's place. A handler that asked for the session has not run, and a catcher has
            // answered. Any other handler has run, and its response stands.
            Some(Err(NotLoaded { error, is_asked_for })) => {
                if is_asked_for.load(Ordering::Relaxed) && response.status() == Status::InternalServerError {
                    *response = (self.on_error)(&error.clone().into());
                }
                return;
            }
            None => return,
        };
        let committed = session.commit_async(response::dispensable(response)).await;
        response::finish(response, session, committed, |response, error| *response = (self.on_error)(error));
    }
}

impl ResponseHeaders for Response<'_> {
    fn append_set_cookie(&mut self, set_cookie: String) {
        self.adjoin_raw_header("Set-Cookie", set_cookie);
    }

    fn append_vary(&mut self, header_name: &'static str) {
        self.adjoin_raw_header("Vary", header_name);
    }

    fn values(&self, header_name: &'static str) -> impl Iterator<Item = &[u8]> {
        self.headers().get(header_name).map(str::as_bytes)
    }

    fn set(&mut self, header_name: &'static str, value: Cow<'static, str>) {
        self.set_raw_header(header_name, value);
    }

    fn remove(&mut self, header_name: &'static str) {
        self.remove_header(header_name);
    }
}

/// The session of a request, or why the backends could not be asked about it before the handler ran. The cell is unset
/// where no fairing has loaded the session.
type Loaded = OnceLock<Result<Session, NotLoaded>>;

/// A session that the backends could not be asked about, under [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
struct NotLoaded {
    error: BackendError,
    /// True when a guard asked for the session, and failed.
    is_asked_for: AtomicBool,
}

/// Guards a handler with the session that a [`SessionFairing`] put into the request. A guard that gets the session looks at it.
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

fn loaded<'r>(request: &'r Request<'_>) -> Option<&'r Result<Session, NotLoaded>> {
    request.local_cache(Loaded::new).get()
}

fn cached<'r>(request: &'r Request<'_>) -> Result<&'r Session, ExtractError> {
    match loaded(request) {
        Some(Ok(session)) => {
            session.hand_out();
            Ok(session)
        }
        Some(Err(NotLoaded { error, is_asked_for })) => {
            is_asked_for.store(true, Ordering::Relaxed);
            Err(ExtractError::Backend(error.clone()))
        }
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
