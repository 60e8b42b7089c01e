//! [`SessionLayer`]: the layer, its service and its future.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE, VARY};
use http::{Extensions, HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "dbsc")]
use crate::adapters::binding::warn_that_nobody_answers;
use crate::adapters::headers::ResponseHeaders;
use crate::adapters::nesting::{self, Others, PutUnderName};
use crate::adapters::request::{Committer, Exchange, Middleware};
use crate::adapters::response::{self, Transport};
use crate::adapters::session_of::SessionOf;
use crate::error::EncodeError;
use crate::manager::SessionManager;
use crate::session::Session;

/// Puts a [`Session`] into the extensions of each request, and commits it when the inner service has
/// answered, whatever the status.
///
/// The session is opened when the handler first looks at it, which it also does when an extractor of axum takes it, or
/// before the handler runs when a store or a list of revocations has to be asked about it. A response whose session was
/// looked at gets `Vary: Cookie`.
///
/// No shared cache may store a response with a Set-Cookie, or it would give one visitor's session to all. Such a
/// response gets `Cache-Control: private, no-store`. A Cache-Control of the handler stays if it says `private` or
/// `no-store`, and gets `private` in front of it otherwise. If it says `public` or `s-maxage`, or if a header for CDNs
/// and proxies lets others store the response, such as `CDN-Cache-Control`, `Surrogate-Control` or `X-Accel-Expires`,
/// an extension of the session waits for another response; what must be sent makes the response `private, no-store`,
/// with a warning in the log. Headers that are set outside of this layer are not seen.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, or an empty 409 if
/// another request ended the session. The reason goes to the log (`log` crate, target `sealed_session`), and the
/// client's cookie stays as it was. The same happens before the inner service is called when a backend fails under
/// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail). [`SessionLayer::on_error`] sets another response. When the
/// inner service fails or panics instead of answering, there is no response that could carry a cookie, and nothing is
/// kept. A layer inside of this one that makes a response of an error or of a panic makes one like any other, and the
/// session is kept.
///
/// A layer that finds a session of its own manager, or of a clone of it, in the request uses that session, and leaves
/// the commit and the error response to the layer that put it there. So it does no harm if a nested router has the
/// layer again. Layers of two managers are independent: handlers get the session of the innermost one, or say which one
/// they ask for ([`SessionLayer::of`]). A program that puts a session into the extensions by hand commits it by hand.
///
/// The headers go out before a streamed body, and before whatever a task or an upgraded connection does. A change that
/// they make to the session is in no cookie: the log and [`Event::ChangedTooLate`](crate::Event::ChangedTooLate) say
/// so, and [docs/stores.md, "After the response"](crate::_docs::stores#after-the-response), says what they can keep. A
/// handler that takes the session out of the extensions by hand, and looks at it in the stream alone, should ask it
/// something before it answers, so that the response varies by it and the session is extended.
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
    pub(super) manager: SessionManager,
    on_error: F,
    pub(super) transport: Transport,
    name: Option<PutUnderName<Extensions>>,
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
        Self { manager, on_error: EmptyResponse, transport: Transport::Cookie, name: None }
    }

    /// A layer for clients that keep no cookies, such as a native application. The session comes as a bearer token
    /// (`Authorization: Bearer <token>`), and no cookie is read. A token that is new goes out in the header
    /// `session-token`, and the client keeps it in the place of its own; if that header is empty, the session has
    /// ended, and the client drops its token. No response has a Set-Cookie, and one whose session was looked at gets
    /// `Vary: Authorization`.
    ///
    /// The token is the sealed text that a browser keeps in the cookie ([`SessionManager::cookie_of_bearer`]). Put the
    /// layer around routes of their own, since two layers of one manager around each other are one, which is the outer
    /// one.
    ///
    /// ```
    /// use axum::{Router, routing::{get, post}};
    /// use sealed_session::{SessionConfig, tower::SessionLayer};
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let site = Router::new().route("/", get(|| async {})).layer(SessionLayer::new(manager.clone()));
    /// let api = Router::new().route("/login", post(|| async {})).layer(SessionLayer::bearer(manager));
    /// let app: Router = site.nest("/api", api);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bearer(manager: SessionManager) -> Self {
        Self { transport: Transport::Bearer, ..Self::new(manager) }
    }
}

impl<F> SessionLayer<F> {
    /// Sets the function that makes the error response, in place of an empty 500 or 409. The reason that it gets is
    /// meant for the operator: the client may have caused the failure, and needs to know no more than that nothing was
    /// kept.
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
        SessionLayer { manager: self.manager, on_error, transport: self.transport, name: self.name }
    }

    /// Names the manager of this layer by a type of the application, if it has several: handlers ask for its session as
    /// [`SessionOf<M>`]. Give a name to one manager only.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::get};
    /// use sealed_session::{SessionConfig, SessionOf, tower::SessionLayer};
    ///
    /// enum Admin {}
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).cookie_name("__Host-admin").build()?;
    /// let app: Router = Router::new()
    ///     .route("/", get(|Extension(admin): Extension<SessionOf<Admin>>| async move { admin.contains("id").to_string() }))
    ///     .layer(SessionLayer::new(manager).of::<Admin>());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of<M: ?Sized + 'static>(self) -> Self {
        let name = |extensions: &mut Extensions, session| drop(extensions.insert(SessionOf::<M>::new(session)));
        Self { name: Some(name), ..self }
    }
}

impl<F> SessionLayer<F> {
    /// Puts the session into the request, and says which layer commits it.
    pub(super) fn enter<A>(&self, request: &mut Request<A>) -> (Session, Committer) {
        let Self { manager, transport, name, .. } = self;
        nesting::enter(request, manager, *name, |request| match transport {
            Transport::Cookie => manager.load(request.headers().get_all(COOKIE)),
            Transport::Bearer => manager.load(manager.cookie_of_bearer(request.headers().get_all(AUTHORIZATION))),
        })
    }
}

impl<S, F: Clone> Layer<S> for SessionLayer<F> {
    type Service = SessionService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        #[cfg(feature = "dbsc")]
        if self.transport == Transport::Cookie {
            warn_that_nobody_answers(&self.manager);
        }
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
        let session = self.layer.enter(&mut request);
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

    fn transport(&self) -> Transport {
        self.transport
    }

    #[cfg(feature = "dbsc")]
    fn manager(&self) -> &SessionManager {
        &self.manager
    }

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

    fn set_token(&mut self, header_name: &'static str, token: String) {
        // A sealed text is ASCII, so it is a header value.
        if let Ok(mut token) = HeaderValue::try_from(token) {
            token.set_sensitive(true);
            self.headers_mut().insert(HeaderName::from_static(header_name), token);
        }
    }

    fn append_vary(&mut self, header_name: &'static str) {
        self.headers_mut().append(VARY, HeaderValue::from_static(header_name));
    }

    fn values(&self, header_name: &'static str) -> impl Iterator<Item = &[u8]> {
        self.headers().get_all(header_name).into_iter().map(HeaderValue::as_bytes)
    }

    fn set(&mut self, header_name: &'static str, value: Cow<'static, str>) {
        if let Ok(value) = HeaderValue::try_from(&*value) {
            self.headers_mut().insert(header_name, value);
        }
    }

    fn remove(&mut self, header_name: &'static str) {
        self.headers_mut().remove(header_name);
    }
}

impl<A> nesting::Request for Request<A> {
    type Extensions = Extensions;

    fn session(&self) -> Option<Session> {
        self.extensions().get().cloned()
    }

    fn put_session(&mut self, session: Session) {
        self.extensions_mut().insert(session);
    }

    fn take_others(&mut self) -> Option<Others> {
        self.extensions_mut().remove()
    }

    fn put_others(&mut self, others: Others) {
        self.extensions_mut().insert(others);
    }

    fn put_under_name(&mut self, put: PutUnderName<Extensions>, session: Session) {
        put(self.extensions_mut(), session);
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

/// Makes an empty 500, or an empty 409 when another request ended the session meanwhile. A [`SessionLayer`] answers
/// with it unless [`SessionLayer::on_error`] sets another response.
///
/// ```
/// use sealed_session::{EncodeError, tower::{EmptyResponse, OnError}};
/// for (error, status) in [(EncodeError::Random, 500), (EncodeError::Ended, 409)] {
///     let response: http::Response<String> = EmptyResponse::default().response(&error);
///     assert_eq!((response.status().as_u16(), response.body().as_str()), (status, ""));
/// }
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
