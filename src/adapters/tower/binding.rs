//! The layer that also answers the route of device binding. It is a type of its own because it makes bodies of text,
//! which not every body of a tower service can be made of. Feature `dbsc`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::layer::{EmptyResponse, OnError, SessionLayer};
use crate::adapters::binding::{Interception, is_route};
use crate::adapters::request::{Exchange, Middleware};
use crate::adapters::response::Transport;
use crate::device_binding::BindingAnswer;
use crate::error::EncodeError;
use crate::manager::SessionManager;

/// A [`SessionLayer`] that also does device binding by itself: it answers the route of
/// [`DeviceBinding::path`](crate::DeviceBinding::path), and has a visitor who follows a link on another site refresh
/// the session first ([`SessionManager::binding_bounce`](crate::SessionManager::binding_bounce)).
/// [`SessionLayer::device_binding`] makes it.
///
/// Put it around the whole application: it must see the whole path, also of a request for which there is no route, and
/// whatever refuses or delays requests must let this route through. In axum, that is the last `.layer` of the router
/// that is served; if routers are merged afterwards, the one with the layer needs a `fallback`. It is a layer of its
/// own because its bodies are made of text.
///
/// ```
/// use axum::{Router, routing::get};
/// use sealed_session::tower::{DeviceBindingLayer, SessionLayer};
/// use sealed_session::{DeviceBinding, Key, SessionConfig};
///
/// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
/// let layer: DeviceBindingLayer = SessionLayer::new(manager).device_binding();
/// let app: Router = Router::new().route("/", get(|| async {})).layer(layer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeviceBindingLayer<F = EmptyResponse>(SessionLayer<F>);

impl<F> SessionLayer<F> {
    /// Makes a layer of this one that also does device binding by itself. A layer for bearer tokens binds nothing.
    /// Feature `dbsc`.
    ///
    /// ```
    /// use sealed_session::tower::SessionLayer;
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
    /// let layer = SessionLayer::new(manager).device_binding();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn device_binding(self) -> DeviceBindingLayer<F> {
        DeviceBindingLayer(self)
    }
}

impl<S, F: Clone> Layer<S> for DeviceBindingLayer<F> {
    type Service = DeviceBindingService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        DeviceBindingService { inner, layer: self.clone() }
    }
}

/// The service that [`DeviceBindingLayer`] makes.
///
/// ```
/// use sealed_session::tower::{DeviceBindingService, SessionLayer};
/// use tower_layer::Layer;
///
/// let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let layer = SessionLayer::new(manager).device_binding();
/// let service: DeviceBindingService<axum::Router> = layer.layer(axum::Router::new());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeviceBindingService<S, F = EmptyResponse> {
    inner: S,
    layer: DeviceBindingLayer<F>,
}

impl<S, F, A, B> Service<Request<A>> for DeviceBindingService<S, F>
where
    S: Service<Request<A>, Response = Response<B>> + Clone,
    F: OnError<B> + Clone,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = DeviceBindingFuture<S, A, S::Future, B, F>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let session = self.layer.0.enter(&mut request);
        DeviceBindingFuture { exchange: Exchange::begin(self.layer.clone(), session, &mut self.inner, request) }
    }
}

pin_project! {
    /// The future that a [`DeviceBindingService`] answers with.
    pub struct DeviceBindingFuture<S, A, I, B, F = EmptyResponse> {
        #[pin]
        exchange: Exchange<DeviceBindingLayer<F>, S, Request<A>, I, Response<B>>,
    }
}

impl<S, A, I, B, F> Future for DeviceBindingFuture<S, A, I, B, F>
where
    S: Service<Request<A>, Future = I>,
    I: Future<Output = Result<Response<B>, S::Error>>,
    F: OnError<B>,
    B: From<String>,
{
    type Output = I::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().exchange.poll(context)
    }
}

impl<S, A, I, B, F> fmt::Debug for DeviceBindingFuture<S, A, I, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceBindingFuture").field("session", self.exchange.session()).finish_non_exhaustive()
    }
}

/// Does what the [`SessionLayer`] does, and the answers of device binding.
impl<S, A, I, B, F> Middleware<S, Request<A>, I, Response<B>> for DeviceBindingLayer<F>
where
    S: Service<Request<A>, Future = I>,
    I: Future<Output = Result<Response<B>, S::Error>>,
    F: OnError<B>,
    B: From<String>,
{
    type Error = S::Error;

    fn transport(&self) -> Transport {
        <SessionLayer<F> as Middleware<S, Request<A>, I, Response<B>>>::transport(&self.0)
    }

    fn call(inner: &mut S, request: Request<A>) -> I {
        inner.call(request)
    }

    fn response(answer: I::Output) -> Result<Response<B>, S::Error> {
        answer
    }

    fn intercept(&self, request: &Request<A>) -> Option<Interception> {
        if self.0.transport != Transport::Cookie {
            return None;
        }
        let find = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Interception::of(&self.0.manager, place_of(request), find)
    }

    fn manager(&self) -> &SessionManager {
        &self.0.manager
    }

    fn answer(&self, _: Request<A>, answer: BindingAnswer) -> Result<Response<B>, Request<A>> {
        Ok(response_of(&answer))
    }

    fn refuse(&self, request: Request<A>, error: &EncodeError) -> Response<B> {
        if is_route(&self.0.manager, place_of(&request)) {
            // The application's own response may be a 4xx, and that ends the session in the browser.
            return response_of(&BindingAnswer::new(503));
        }
        <SessionLayer<F> as Middleware<S, Request<A>, I, Response<B>>>::refuse(&self.0, request, error)
    }

    fn replace(&self, response: &mut Response<B>, error: &EncodeError) {
        <SessionLayer<F> as Middleware<S, Request<A>, I, Response<B>>>::replace(&self.0, response, error);
    }
}

fn place_of<A>(request: &Request<A>) -> (&str, &str) {
    (request.method().as_str(), request.uri().path())
}

fn response_of<B: From<String>>(answer: &BindingAnswer) -> Response<B> {
    let mut response = Response::new(B::from(answer.body().to_owned()));
    *response.status_mut() = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers() {
        // The values are printable ASCII, so each is a header value.
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(name == "set-cookie");
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
