//! [`SessionMiddleware`]: the middleware, its service and its future.

use std::cell::OnceCell;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::EitherBody;
use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::COOKIE;
use actix_web::{Error, HttpMessage, HttpResponse};
use pin_project_lite::pin_project;

#[cfg(feature = "dbsc")]
use super::answer::binding_response;
use super::answer::{Answer, status_code};
#[cfg(feature = "dbsc")]
use crate::adapters::binding::{Interception, is_route};
use crate::adapters::nesting::{self, Others, PutUnderName};
use crate::adapters::request::{Exchange, Middleware};
use crate::adapters::response::status_of;
use crate::adapters::session_of::SessionOf;
#[cfg(feature = "dbsc")]
use crate::device_binding::BindingAnswer;
use crate::error::EncodeError;
use crate::manager::SessionManager;
use crate::session::Session;

/// Gives each request its [`Session`], which is an extractor, and commits it when the handler has answered, whatever
/// the status.
///
/// The session is opened when the handler first looks at it, which it also does when an extractor takes it, or before
/// the handler runs when a store or a list of revocations has to be asked about it. A response whose session was looked
/// at gets `Vary: Cookie`.
///
/// No shared cache may store a response with a Set-Cookie, or it would give one visitor's session to all. Such a
/// response gets `Cache-Control: private, no-store`. A Cache-Control of the handler stays if it says `private` or
/// `no-store`, and gets `private` in front of it otherwise. If it says `public` or `s-maxage`, or if a header for CDNs
/// and proxies lets others store the response, such as `CDN-Cache-Control`, `Surrogate-Control` or `X-Accel-Expires`,
/// an extension of the session waits for another response; what must be sent makes the response `private, no-store`,
/// with a warning in the log. Headers that are set outside of this middleware are not seen.
///
/// When the session can't be kept ([`EncodeError`]), an empty 500 takes the place of the response, or an empty 409 if
/// another request ended the session. The reason goes to the log (`log` crate, target `sealed_session`), and the
/// client's cookie stays as it was. The same happens before the handler runs when a backend fails under
/// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail). [`SessionMiddleware::on_error`] sets another response. An error
/// is a response, whether a handler returned it or a middleware inside of this one, and the session is kept. The error
/// of a middleware goes on as an error, whose response has the headers of the session; if the session was looked at, it
/// can't be downcast any more. When a handler panics there is no response, and nothing is kept.
///
/// A middleware that finds a session of its own manager, or of a clone of it, in the request uses that session, and
/// leaves the commit and the error response to the one that put it there. So it does no harm if an inner scope has the
/// middleware again. Middlewares of two managers are independent: handlers get the session of the innermost one, or say
/// which one they ask for ([`SessionMiddleware::of`]). Whoever puts a session into the extensions by hand commits it by
/// hand.
///
/// The headers go out before a streamed body, and before whatever a task or an upgraded connection does. A change that
/// they make to the session is in no cookie: the log and [`Event::ChangedTooLate`](crate::Event::ChangedTooLate) say
/// so, and [docs/stores.md, "After the response"](crate::_docs::stores#after-the-response), says what they can keep.
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
    name: Option<PutUnderName<Extensions>>,
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
        Self { manager, on_error: Arc::new(empty_response), name: None }
    }

    /// Sets the function that makes the error response, in place of an empty 500 or 409. The reason that it gets is
    /// meant for the operator: the client may have caused the failure, and needs to know no more than that nothing was
    /// kept.
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

    /// Names the manager of this middleware by a type of the application, if it has several: handlers ask for its
    /// session as [`SessionOf<M>`]. Give a name to one manager only.
    ///
    /// ```
    /// use actix_web::{App, web};
    /// use sealed_session::{SessionConfig, SessionOf, actix_web::SessionMiddleware};
    ///
    /// enum Admin {}
    ///
    /// let manager = SessionConfig::new(sealed_session::Key::generate()?).cookie_name("__Host-admin").build()?;
    /// let app = App::new()
    ///     .wrap(SessionMiddleware::new(manager).of::<Admin>())
    ///     .route("/", web::get().to(async |admin: SessionOf<Admin>| admin.contains("id").to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of<M: ?Sized + 'static>(mut self) -> Self {
        self.name = Some(|extensions, session| drop(extensions.insert(SessionOf::<M>::new(session))));
        self
    }
}

fn empty_response(error: &EncodeError) -> HttpResponse {
    HttpResponse::new(status_code(status_of(error)))
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

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let SessionMiddleware { manager, name, .. } = &self.middleware;
        let session =
            nesting::enter(&mut request, manager, *name, |request| manager.load(request.headers().get_all(COOKIE)));
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

impl<S, I, B> Future for SessionFuture<S, I, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error, Future = I>,
    I: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().exchange.poll(context).map(|answer| answer.and_then(Answer::into_result))
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

    #[cfg(feature = "dbsc")]
    fn intercept(&self, request: &ServiceRequest) -> Option<Interception> {
        let find = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        Interception::of(&self.manager, (request.method().as_str(), request.path()), find)
    }

    #[cfg(feature = "dbsc")]
    fn manager(&self) -> &SessionManager {
        &self.manager
    }

    #[cfg(feature = "dbsc")]
    fn answer(&self, request: ServiceRequest, answer: BindingAnswer) -> Result<Answer<B>, ServiceRequest> {
        Ok(Answer::Response(request.into_response(binding_response(&answer)).map_into_right_body()))
    }

    fn response(answer: I::Output) -> Result<Answer<B>, Error> {
        Ok(match answer {
            Ok(response) => Answer::Response(response.map_into_left_body()),
            Err(error) => Answer::Error { error, response: OnceCell::new() },
        })
    }

    fn refuse(&self, request: ServiceRequest, error: &EncodeError) -> Answer<B> {
        #[cfg(feature = "dbsc")]
        if is_route(&self.manager, (request.method().as_str(), request.path())) {
            // The application's own response may be a 4xx, and that ends the session in the browser.
            let response = binding_response(&BindingAnswer::new(503));
            return Answer::Response(request.into_response(response).map_into_right_body());
        }
        Answer::Response(request.into_response((self.on_error)(error)).map_into_right_body())
    }

    fn replace(&self, answer: &mut Answer<B>, error: &EncodeError) {
        let replacement = (self.on_error)(error);
        match answer {
            Answer::Response(response) => *response.response_mut() = replacement.map_into_right_body(),
            Answer::Error { response, .. } => *response = OnceCell::from(replacement),
        }
    }
}

impl nesting::Request for ServiceRequest {
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
        put(&mut self.extensions_mut(), session);
    }
}
