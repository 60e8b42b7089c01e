//! The way of one request through a middleware, for the frameworks whose middlewares are services: tower and actix-web.
//!
//! 1. *Loading*: the backends are asked about the session, if the request brought one and there is a backend to ask.
//! 2. *Handling*: the inner service handles the request.
//! 3. *Committing*: the backends are told about the session, if there is something to tell them.
//!
//! Device binding (feature `dbsc`) may answer after step 1, in the place of the inner service.
//!
//! A request that waits for no backend begins at step 2 and ends with it, and costs no allocation here. So does a
//! request that brings the session of an outer middleware: that one asked, and commits.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

#[cfg(feature = "dbsc")]
use super::binding::Interception;
use super::headers::ResponseHeaders;
use super::response::{self, Transport};
use crate::backend::BoxFuture;
use crate::cookie::SetCookies;
#[cfg(feature = "dbsc")]
use crate::device_binding::BindingAnswer;
use crate::error::{BackendError, EncodeError};
#[cfg(feature = "dbsc")]
use crate::manager::SessionManager;
use crate::session::Session;

/// The needs of an [`Exchange`] from the middleware of a framework, around an inner service `S` that answers a request
/// `Q` by a future `I`. `R` is the response that leaves the middleware.
pub(super) trait Middleware<S, Q, I: Future, R: ResponseHeaders> {
    /// The error of the inner service, which leaves the middleware as it is.
    type Error;

    /// Says in which header the session comes and goes.
    fn transport(&self) -> Transport {
        Transport::Cookie
    }

    /// Calls the inner service.
    fn call(inner: &mut S, request: Q) -> I;

    /// Turns what the inner service answered into the response that leaves the middleware. If the inner service
    /// answered with an error and no response is made of it, nothing is committed.
    fn response(answer: I::Output) -> Result<R, Self::Error>;

    /// Returns what device binding may have to answer in the place of the inner service.
    #[cfg(feature = "dbsc")]
    fn intercept(&self, _: &Q) -> Option<Interception> {
        None
    }

    /// The manager of the sessions.
    #[cfg(feature = "dbsc")]
    fn manager(&self) -> &SessionManager;

    /// Makes the response of an answer of device binding. Without one, the request goes to the inner service.
    #[cfg(feature = "dbsc")]
    fn answer(&self, request: Q, _: BindingAnswer) -> Result<R, Q> {
        Err(request)
    }

    /// Makes the error response to a request whose session could not be loaded.
    fn refuse(&self, request: Q, error: &EncodeError) -> R;

    /// Puts the error response in the place of a response whose session could not be kept.
    fn replace(&self, response: &mut R, error: &EncodeError);
}

pin_project! {
    /// A request and its response, as a future. The type parameters are those of [`Middleware`], which is `M`.
    pub(super) struct Exchange<M, S, Q, I, R> {
        #[pin]
        step: Step<S, Q, I, R>,
        session: Session,
        committer: Committer,
        middleware: M,
    }
}

/// The middleware that loads and commits the session of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Committer {
    /// The middleware at hand.
    This,
    /// Another middleware of the same manager, around this one.
    Outer,
}

pin_project! {
    #[project = StepProjection]
    enum Step<S, Q, I, R> {
        /// `request` is `None` only after the last poll of this step.
        Loading { loading: BoxFuture<'static, Result<Option<Answer>, BackendError>>, inner: S, request: Option<Q> },
        Handling { #[pin] handling: I },
        /// `response` is `None` only after the last poll of this step.
        Committing { committing: BoxFuture<'static, Result<SetCookies, EncodeError>>, response: Option<R> },
    }
}

/// The answer of device binding, which answers some requests in the place of the inner service.
#[cfg(feature = "dbsc")]
type Answer = BindingAnswer;
#[cfg(not(feature = "dbsc"))]
type Answer = std::convert::Infallible;

impl<M, S, Q, I, R> Exchange<M, S, Q, I, R> {
    /// Begins to load the session, or calls the inner service at once when no backend has to be asked.
    pub(super) fn begin(middleware: M, (session, committer): (Session, Committer), inner: &mut S, request: Q) -> Self
    where
        M: Middleware<S, Q, I, R>,
        S: Clone,
        I: Future,
        R: ResponseHeaders,
    {
        #[cfg(feature = "dbsc")]
        let intercepted = middleware.intercept(&request).filter(|_| committer == Committer::This);
        let must_wait = session.must_ask();
        #[cfg(feature = "dbsc")]
        let must_wait = must_wait || intercepted.is_some();
        let step = if committer == Committer::This && must_wait {
            // The service that is ready takes this request. Its clone has to become ready before it takes the next one.
            let clone = inner.clone();
            let inner = mem::replace(inner, clone);
            let session = session.clone();
            #[cfg(feature = "dbsc")]
            let manager = middleware.manager().clone();
            let loading = Box::pin(async move {
                session.ask().await?;
                #[cfg(feature = "dbsc")]
                if let Some(intercepted) = intercepted {
                    return Ok(intercepted.answer(&manager, &session).await);
                }
                Ok(None)
            });
            Step::Loading { loading, inner, request: Some(request) }
        } else {
            Step::Handling { handling: M::call(inner, request) }
        };
        Self { step, session, committer, middleware }
    }

    /// The session of the request.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl<M, S, Q, I, R> Future for Exchange<M, S, Q, I, R>
where
    M: Middleware<S, Q, I, R>,
    I: Future,
    R: ResponseHeaders,
{
    type Output = Result<R, M::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (mut response, committed) = loop {
            let next = match this.step.as_mut().project() {
                StepProjection::Loading { loading, inner, request } => {
                    let loaded = ready!(loading.as_mut().poll(context));
                    let Some(request) = request.take() else { return Poll::Pending };
                    let request = match loaded {
                        Err(error) => {
                            response::log_failure("loaded", &error);
                            let mut refused = this.middleware.refuse(request, &error.into());
                            response::vary(&mut refused, this.middleware.transport());
                            return Poll::Ready(Ok(refused));
                        }
                        #[cfg(feature = "dbsc")]
                        Ok(Some(answer)) => match this.middleware.answer(request, answer) {
                            Ok(response) => return Poll::Ready(Ok(response)),
                            Err(request) => request,
                        },
                        #[cfg(not(feature = "dbsc"))]
                        Ok(Some(never)) => match never {},
                        Ok(None) => request,
                    };
                    Step::Handling { handling: M::call(inner, request) }
                }
                StepProjection::Handling { handling } => {
                    let response = M::response(ready!(handling.poll(context)))?;
                    if *this.committer == Committer::Outer {
                        return Poll::Ready(Ok(response));
                    }
                    if let Some(committed) = this.session.commit_at_once(|| response::dispensable(&response)) {
                        break (response, committed);
                    }
                    let (session, dispensable) = (this.session.clone(), response::dispensable(&response));
                    let committing = Box::pin(async move { session.commit_async(dispensable).await });
                    Step::Committing { committing, response: Some(response) }
                }
                StepProjection::Committing { committing, response } => {
                    let committed = ready!(committing.as_mut().poll(context));
                    let Some(response) = response.take() else { return Poll::Pending };
                    break (response, committed);
                }
            };
            this.step.set(next);
        };
        let transport = this.middleware.transport();
        response::finish(&mut response, transport, this.session, committed, |response, error| {
            this.middleware.replace(response, error);
        });
        Poll::Ready(Ok(response))
    }
}
