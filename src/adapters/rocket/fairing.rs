//! [`SessionFairing`]: it loads the session of each request and commits it to the response.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
#[cfg(feature = "dbsc")]
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
#[cfg(feature = "dbsc")]
use rocket::http::uri::Origin;
use rocket::request::Request;
use rocket::{Data, Response};

use super::loaded::{Failure, Loaded, all, sessions};
#[cfg(feature = "dbsc")]
use crate::adapters::binding::{Interception, is_route};
use crate::adapters::headers::ResponseHeaders;
use crate::adapters::response::{self, Transport, log_failure};
#[cfg(feature = "dbsc")]
use crate::device_binding::BindingAnswer;
use crate::error::EncodeError;
use crate::manager::SessionManager;
use crate::session::Session;

/// Gives each request its [`Session`], which is a request guard, and commits it when the handler or catcher has
/// answered, whatever the status.
///
/// The session is opened when the handler first looks at it, which it also does when a guard takes it, or before the
/// handler runs when a store or a list of revocations has to be asked about it. A response whose session was looked at
/// gets `Vary: Cookie`.
///
/// No shared cache may store a response with a Set-Cookie, or it would give one visitor's session to all. Such a
/// response gets `Cache-Control: private, no-store`. A Cache-Control of the handler stays if it says `private` or
/// `no-store`, and gets `private` in front of it otherwise. If it says `public` or `s-maxage`, or if a header for CDNs
/// and proxies lets others store the response, such as `CDN-Cache-Control`, `Surrogate-Control` or `X-Accel-Expires`,
/// an extension of the session waits for another response; what must be sent makes the response `private, no-store`,
/// with a warning in the log. Headers that are set outside of this fairing, or by a fairing that was attached after it,
/// are not seen.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, or an empty 409 if
/// another request ended the session. The reason goes to the log (`log` crate, target `sealed_session`; Rocket's own
/// logger writes to standard output), and the client's cookie stays as it was. [`SessionFairing::on_error`] sets
/// another response. When a backend fails under [`FailurePolicy::Fail`](crate::FailurePolicy::Fail), a handler whose
/// guard is the session does not run, and the client gets that response in place of the catcher's 500. A fairing can't
/// answer in place of any other handler: that one runs, and its response goes out. So does the response of a handler
/// whose guard is an `Option` or a `Result` of the session, unless it is a 500.
///
/// Rocket makes a response of a panic, and that is a response like any other: what the handler set before it panicked
/// is kept.
///
/// The headers go out before a streamed body, and before whatever a task or an upgraded connection does. A change that
/// they make to the session is in no cookie: the log and [`Event::ChangedTooLate`](crate::Event::ChangedTooLate) say
/// so, and [docs/stores.md, "After the response"](crate::_docs::stores#after-the-response), says what they can keep.
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
    name: Option<TypeId>,
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
        Self { manager, on_error: Box::new(empty), name: None }
    }

    /// Sets the function that makes the error response, in place of an empty 500 or 409. The reason that it gets is
    /// meant for the operator: the client may have caused the failure, and needs to know no more than that nothing was
    /// kept.
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

    /// Names the manager of this fairing by a type of the application, if it has several: handlers ask for its session
    /// as [`SessionOf<M>`](crate::SessionOf). Give a name to one manager only.
    ///
    /// ```
    /// use rocket::{get, routes};
    /// use sealed_session::{SessionConfig, SessionOf, rocket::SessionFairing};
    ///
    /// enum Admin {}
    ///
    /// #[get("/")]
    /// fn is_admin(admin: SessionOf<Admin>) -> String {
    ///     admin.contains("id").to_string()
    /// }
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).cookie_name("__Host-admin").build()?;
    /// let app = rocket::build().attach(SessionFairing::new(manager).of::<Admin>()).mount("/", routes![is_admin]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of<M: ?Sized + 'static>(mut self) -> Self {
        self.name = Some(TypeId::of::<M>());
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

#[cfg(feature = "dbsc")]
impl SessionFairing {
    /// Returns the answer of device binding to a request, if that answers it.
    async fn intercept(&self, request: &mut Request<'_>, session: &Session, has_failed: bool) -> Option<BindingAnswer> {
        let method = request.method();
        let interception = {
            let place = (method.as_str(), request.uri().path().as_str());
            if has_failed {
                return is_route(&self.manager, place).then(|| BindingAnswer::new(503));
            }
            Interception::of(&self.manager, place, |name| request.headers().get_one(name))?
        };
        let answer = interception.answer(&self.manager, session).await?;
        // A fairing can't keep Rocket from calling a handler, but it can lead the request to where there is none.
        if let Some(nowhere) = self.manager.binding_path().and_then(|path| Origin::parse_owned(path).ok()) {
            request.set_uri(nowhere);
        }
        Some(answer)
    }
}

/// Puts an answer of device binding in the place of a response.
#[cfg(feature = "dbsc")]
fn put(answer: &BindingAnswer, response: &mut Response<'_>) {
    let mut answered = Response::build();
    answered.status(Status::new(answer.status()));
    for (name, value) in answer.headers() {
        answered.raw_header_adjoin(name, value.to_owned());
    }
    let body = answer.body().to_owned();
    *response = answered.sized_body(body.len(), Cursor::new(body)).finalize();
}

#[rocket::async_trait]
impl Fairing for SessionFairing {
    fn info(&self) -> Info {
        Info { name: "sealed session", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let is_of_this = |loaded: &&Loaded| self.manager.has_loaded(&loaded.session);
        // A fairing of this manager that was attached before has loaded the session, and has answered for device
        // binding. This one hands the session out under its own name, or as the last one without a name.
        let loaded = all(request).find(is_of_this).map(|loaded| (loaded.session.clone(), loaded.failure.clone()));
        #[cfg(feature = "dbsc")]
        let is_first = loaded.is_none();
        let (session, failure) = if let Some(loaded) = loaded {
            loaded
        } else {
            let session = self.load(request);
            let failure = session.ask().await.err().map(|error| {
                log_failure("loaded", &error);
                Arc::new(Failure { error, is_asked_for: AtomicBool::new(false) })
            });
            (session, failure)
        };
        #[cfg(feature = "dbsc")]
        let answer = if is_first { self.intercept(request, &session, failure.is_some()).await } else { None };
        sessions(request).push(Loaded {
            name: self.name,
            session,
            failure,
            #[cfg(feature = "dbsc")]
            answer,
        });
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(loaded) = all(request).find(|one| self.manager.has_loaded(&one.session)) else { return };
        let Loaded { session, failure, .. } = loaded;
        #[cfg(feature = "dbsc")]
        if let Some(answer) = &loaded.answer {
            put(answer, response);
            return;
        }
        if let Some(Failure { error, is_asked_for }) = failure.as_deref() {
            // A fairing can't answer in a handler's place. A handler that asked for the session has not run, and a
            // catcher has answered. Any other handler has run, and its response stands.
            if is_asked_for.load(Ordering::Relaxed) {
                if response.status() == Status::InternalServerError {
                    *response = (self.on_error)(&error.clone().into());
                }
                response::vary(response, Transport::Cookie);
            }
            return;
        }
        // Another fairing of this manager has committed the session, and answered if that failed.
        if session.is_response_out() {
            return;
        }
        let committed = session.commit_async(response::dispensable(response)).await;
        response::finish(response, Transport::Cookie, session, committed, |response, error| {
            *response = (self.on_error)(error);
        });
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
