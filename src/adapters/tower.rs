//! The session of each request to any tower service: axum, hyper, tonic and others. Feature `tower`.
//!
//! ```
//! use axum::{Extension, Router, routing::get};
//! use sealed_session::tower::SessionLayer;
//! use sealed_session::{Session, SessionConfig, ValueError};
//!
//! async fn visits(Extension(session): Extension<Session>) -> Result<String, String> {
//!     let visits = session.get::<u64>("visits").map_err(|error| error.to_string())?.unwrap_or(0) + 1;
//!     session.set("visits", visits).map_err(|error| error.to_string())?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app: Router = Router::new().route("/", get(visits)).layer(SessionLayer::new(manager));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY};
use http::{HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::request::{Exchange, Middleware};
use super::response::{self, ResponseHeaders};
use crate::error::EncodeError;
use crate::manager::SessionManager;

/// Puts a [`Session`](crate::Session) into the extensions of each request, and commits it when the inner service has
/// answered, whatever the status.
///
/// The session is opened when the handler first looks at it, or before the handler runs when a store or a list of
/// revocations has to be asked about it. A response that sends a Set-Cookie gets `Cache-Control: private, no-store`,
/// unless the handler set a Cache-Control. A response whose session was looked at gets `Vary: Cookie`.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, the reason goes to
/// the log (`log` crate, target `sealed_session`), and the client's cookie stays as it was. The same happens before the
/// inner service is called when a backend fails under [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
/// [`SessionLayer::on_error`] sets another response. When the inner service fails instead of answering, there is no
/// response that could carry a cookie, and nothing is kept.
///
/// The headers go out before a streamed body, so no cookie holds a change that the body's stream makes to the session.
///
/// ```
/// use axum::{Router, routing::post};
/// use sealed_session::{Session, SessionConfig, tower::SessionLayer};
///
/// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let app: Router = Router::new().route("/", post(|| async {})).layer(SessionLayer::new(manager));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionLayer<F = EmptyResponse> {
    manager: SessionManager,
    on_error: F,
}

impl SessionLayer {
    /// A layer that loads from, and commits to, this manager.
    ///
    /// ```
    /// use sealed_session::{SessionConfig, tower::SessionLayer};
    /// let layer = SessionLayer::new(SessionConfig::new(sealed_session::Key::generate()?).build()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self { manager, on_error: EmptyResponse }
    }
}

impl<F> SessionLayer<F> {
    /// Sets the function that makes the error response, in place of an empty 500. The reason that it gets is meant for
    /// the operator: the client may have caused the failure, and needs to know no more than that nothing was kept.
    ///
    /// ```
    /// use axum::{http::StatusCode, response::IntoResponse};
    /// use sealed_session::{SessionConfig, tower::SessionLayer};
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let layer = SessionLayer::new(manager)
    ///     .on_error(|_| (StatusCode::INSUFFICIENT_STORAGE, "your cart is full").into_response());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_error<B, G: Fn(&EncodeError) -> Response<B>>(self, on_error: G) -> SessionLayer<G> {
        SessionLayer { manager: self.manager, on_error }
    }
}

impl<S, F: Clone> Layer<S> for SessionLayer<F> {
    type Service = SessionService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { inner, layer: self.clone() }
    }
}

/// The service that [`SessionLayer`] makes.
///
/// ```
/// use sealed_session::tower::{SessionLayer, SessionService};
/// use tower_layer::Layer;
///
/// let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let service: SessionService<axum::Router> = SessionLayer::new(manager).layer(axum::Router::new());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionService<S, F = EmptyResponse> {
    inner: S,
    layer: SessionLayer<F>,
}

impl<S, F, A, B> Service<Request<A>> for SessionService<S, F>
where
    S: Service<Request<A>, Response = Response<B>> + Clone,
    F: OnError<B> + Clone,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = SessionFuture<S, A, S::Future, B, F>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let session = self.layer.manager.load(request.headers().get_all(COOKIE));
        request.extensions_mut().insert(session.clone());
        SessionFuture { exchange: Exchange::begin(self.layer.clone(), session, &mut self.inner, request) }
    }
}

pin_project! {
    /// The future that a [`SessionService`] answers with.
    pub struct SessionFuture<S, A, I, B, F = EmptyResponse> {
        #[pin]
        exchange: Exchange<SessionLayer<F>, S, Request<A>, I, Response<B>>,
    }
}

impl<S, A, I, B, F> Future for SessionFuture<S, A, I, B, F>
where
    S: Service<Request<A>, Future = I>,
    I: Future<Output = Result<Response<B>, S::Error>>,
    F: OnError<B>,
{
    type Output = I::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().exchange.poll(context)
    }
}

impl<S, A, I, B, F> fmt::Debug for SessionFuture<S, A, I, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFuture").field("session", self.exchange.session()).finish_non_exhaustive()
    }
}

impl<S, A, I, B, F> Middleware<S, Request<A>, I, Response<B>> for SessionLayer<F>
where
    S: Service<Request<A>, Future = I>,
    I: Future<Output = Result<Response<B>, S::Error>>,
    F: OnError<B>,
{
    type Error = S::Error;

    fn call(inner: &mut S, request: Request<A>) -> I {
        inner.call(request)
    }

    fn response(answer: I::Output) -> Result<Response<B>, S::Error> {
        answer
    }

    fn refuse(&self, _: Request<A>, error: &EncodeError) -> Response<B> {
        self.on_error.response(error)
    }

    fn replace(&self, response: &mut Response<B>, error: &EncodeError) {
        *response = self.on_error.response(error);
    }
}

impl<B> ResponseHeaders for Response<B> {
    fn append_set_cookie(&mut self, set_cookie: String) {
        // A Set-Cookie is printable ASCII, so it is a header value.
        if let Ok(mut set_cookie) = HeaderValue::try_from(set_cookie) {
            set_cookie.set_sensitive(true); // It stays out of HPACK's table and out of logs of headers.
            self.headers_mut().append(SET_COOKIE, set_cookie);
        }
    }

    fn set_default_cache_control(&mut self, directives: &'static str) {
        self.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(directives));
    }

    fn append_vary(&mut self, header_name: &'static str) {
        self.headers_mut().append(VARY, HeaderValue::from_static(header_name));
    }
}

/// Makes the response that a client gets when its session can't be loaded or kept. Every
/// `Fn(&EncodeError) -> Response<B>` implements it.
///
/// ```
/// use sealed_session::{EncodeError, tower::OnError};
/// let on_error = |_: &EncodeError| http::Response::new("sorry");
/// assert_eq!(*on_error.response(&EncodeError::Random).body(), "sorry");
/// ```
pub trait OnError<B> {
    /// Makes the response.
    fn response(&self, error: &EncodeError) -> Response<B>;
}

impl<B, F: Fn(&EncodeError) -> Response<B>> OnError<B> for F {
    fn response(&self, error: &EncodeError) -> Response<B> {
        self(error)
    }
}

/// Makes an empty 500. A [`SessionLayer`] answers with it unless [`SessionLayer::on_error`] sets another response.
///
/// ```
/// use sealed_session::{EncodeError, tower::{EmptyResponse, OnError}};
/// let response: http::Response<String> = EmptyResponse::default().response(&EncodeError::Random);
/// assert_eq!((response.status().as_u16(), response.body().as_str()), (500, ""));
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct EmptyResponse;

impl<B: Default> OnError<B> for EmptyResponse {
    fn response(&self, error: &EncodeError) -> Response<B> {
        let mut answer = Response::default();
        let status = StatusCode::from_u16(response::status_of(error));
        *answer.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer
    }
}
