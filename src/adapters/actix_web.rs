//! The session of each request to an actix-web application, and extractors for it. Feature `actix-web`.
//!
//! ```
//! use actix_web::{App, HttpResponse, error::ErrorInternalServerError, web};
//! use sealed_session::actix_web::SessionMiddleware;
//! use sealed_session::{Session, SessionConfig};
//!
//! async fn visits(session: Session) -> actix_web::Result<String> {
//!     let visits = session.get::<u64>("visits").map_err(ErrorInternalServerError)?.unwrap_or(0) + 1;
//!     session.set("visits", visits).map_err(ErrorInternalServerError)?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app = App::new().wrap(SessionMiddleware::new(manager)).route("/", web::get().to(visits));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::EitherBody;
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderValue, SET_COOKIE, VARY};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;

use super::extract_error::ExtractError;
use super::request::{Exchange, Middleware};
use super::response::{ResponseHeaders, status_of};
use crate::error::EncodeError;
use crate::manager::SessionManager;
use crate::session::{Session, Typed};

/// Gives each request its [`Session`], which is an extractor, and commits it when the handler has answered, whatever
/// the status.
///
/// The session is opened when the handler first looks at it, or before the handler runs when a store or a list of
/// revocations has to be asked about it. A response that sends a Set-Cookie gets `Cache-Control: private, no-store`,
/// unless the handler set a Cache-Control. A response whose session was looked at gets `Vary: Cookie`.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, the reason goes to
/// the log (`log` crate, target `sealed_session`), and the client's cookie stays as it was. The same happens before the
/// handler runs when a backend fails under [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
/// [`SessionMiddleware::on_error`] sets another response. An error of a handler is a response, and the session is kept.
/// An error of a middleware inside this one is no response, and nothing is kept.
///
/// The headers go out before a streamed body, so no cookie holds a change that the body's stream makes to the session.
///
/// Make the manager once, outside of the closure that makes the `App`. Actix runs that closure for each worker, and
/// with [`allow_insecure_key`](crate::SessionConfig::from_env) each worker would draw a key of its own.
///
/// ```
/// use actix_web::App;
/// use sealed_session::{SessionConfig, actix_web::SessionMiddleware};
///
/// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let app = App::new().wrap(SessionMiddleware::new(manager));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SessionMiddleware {
    manager: SessionManager,
    on_error: Arc<dyn Fn(&EncodeError) -> HttpResponse + Send + Sync>,
}

impl SessionMiddleware {
    /// A middleware that loads from, and commits to, this manager.
    ///
    /// ```
    /// use sealed_session::{SessionConfig, actix_web::SessionMiddleware};
    /// let middleware = SessionMiddleware::new(SessionConfig::new(sealed_session::Key::generate()?).build()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self { manager, on_error: Arc::new(empty_response) }
    }

    /// Sets the function that makes the error response, in place of an empty 500. The reason that it gets is meant for
    /// the operator: the client may have caused the failure, and needs to know no more than that nothing was kept.
    ///
    /// ```
    /// use actix_web::HttpResponse;
    /// use sealed_session::{SessionConfig, actix_web::SessionMiddleware};
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let middleware = SessionMiddleware::new(manager)
    ///     .on_error(|_| HttpResponse::InsufficientStorage().body("your cart is full"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&EncodeError) -> HttpResponse + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }
}

fn empty_response(error: &EncodeError) -> HttpResponse {
    let status = StatusCode::from_u16(status_of(error)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::new(status)
}

impl fmt::Debug for SessionMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMiddleware").field("manager", &self.manager).finish_non_exhaustive()
    }
}

impl<S, B> Transform<S, ServiceRequest> for SessionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = SessionService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(SessionService { inner: Rc::new(inner), middleware: self.clone() }))
    }
}

/// The service that [`SessionMiddleware`] makes.
///
/// ```
/// use actix_web::dev::Service;
/// fn takes<S: Service<actix_web::dev::ServiceRequest>>(_: sealed_session::actix_web::SessionService<S>) {}
/// ```
#[derive(Debug)]
pub struct SessionService<S> {
    inner: Rc<S>,
    middleware: SessionMiddleware,
}

impl<S, B> Service<ServiceRequest> for SessionService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = SessionFuture<S, S::Future, B>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let session = self.middleware.manager.load(request.headers().get_all(COOKIE));
        request.extensions_mut().insert(session.clone());
        let mut inner = Rc::clone(&self.inner);
        SessionFuture { exchange: Exchange::begin(self.middleware.clone(), session, &mut inner, request) }
    }
}

pin_project! {
    /// The future that a [`SessionService`] answers with.
    pub struct SessionFuture<S, I, B> {
        #[pin]
        exchange: Exchange<SessionMiddleware, Rc<S>, ServiceRequest, I, Answer<B>>,
    }
}

/// The handler's body stands on the left, the body of an error response on the right.
type Answer<B> = ServiceResponse<EitherBody<B>>;

impl<S, I, B> Future for SessionFuture<S, I, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error, Future = I>,
    I: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<Answer<B>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().exchange.poll(context)
    }
}

impl<S, I, B> fmt::Debug for SessionFuture<S, I, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFuture").field("session", self.exchange.session()).finish_non_exhaustive()
    }
}

impl<S, I, B> Middleware<Rc<S>, ServiceRequest, I, Answer<B>> for SessionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error, Future = I>,
    I: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Error = Error;

    fn call(inner: &mut Rc<S>, request: ServiceRequest) -> I {
        inner.call(request)
    }

    fn response(answer: I::Output) -> Result<Answer<B>, Error> {
        answer.map(ServiceResponse::map_into_left_body)
    }

    fn refuse(&self, request: ServiceRequest, error: &EncodeError) -> Answer<B> {
        request.into_response((self.on_error)(error)).map_into_right_body()
    }

    fn replace(&self, response: &mut Answer<B>, error: &EncodeError) {
        *response.response_mut() = (self.on_error)(error).map_into_right_body();
    }
}

impl<B> ResponseHeaders for ServiceResponse<B> {
    fn append_set_cookie(&mut self, set_cookie: String) {
        // A Set-Cookie is printable ASCII, so it is a header value.
        if let Ok(mut set_cookie) = HeaderValue::try_from(set_cookie) {
            set_cookie.set_sensitive(true); // It stays out of HPACK's table and out of logs of headers.
            self.headers_mut().append(SET_COOKIE, set_cookie);
        }
    }

    fn set_default_cache_control(&mut self, directives: &'static str) {
        if !self.headers().contains_key(CACHE_CONTROL) {
            self.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(directives));
        }
    }

    fn append_vary(&mut self, header_name: &'static str) {
        self.headers_mut().append(VARY, HeaderValue::from_static(header_name));
    }
}

/// Extracts the session that a [`SessionMiddleware`] put into the request.
impl FromRequest for Session {
    type Error = ExtractError;
    type Future = Ready<Result<Self, ExtractError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(ExtractError::Missing))
    }
}

/// Extracts the values of that session as a `T`, which is a type of the application.
impl<T: DeserializeOwned> FromRequest for Typed<T> {
    type Error = ExtractError;
    type Future = Ready<Result<Self, ExtractError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let session = Session::from_request(request, payload).into_inner();
        ready(session.and_then(|session| Ok(Self::new(session)?)))
    }
}

/// Answers with an empty 500, and writes the reason to the log.
impl ResponseError for ExtractError {
    fn error_response(&self) -> HttpResponse {
        log::error!(target: "sealed_session", "{self}");
        HttpResponse::InternalServerError().finish()
    }
}
