//! The application on the `tower` layer, with the extractors of `axum`.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, COOKIE, HeaderName};
use axum::http::{Request, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures_lite::FutureExt;
use futures_lite::future::block_on;
use futures_lite::stream::once_future;
use sealed_session::tower::SessionLayer;
use sealed_session::{EncodeError, Error, KeepExpiry, Session, SessionManager, SessionOf, Typed};
use tower_service::Service;

use crate::common::{
    Other, Reply, Visitor, act, acts, answer, be, count, fill, headers, manager, method_of, ran, read, stream,
    untouched, visit, visits, with_backends,
};
use crate::errors::fail;

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    let manager = manager();
    let nested = Router::new()
        .route("/twice/{before}/{inside}/{after}", get(inside))
        .layer(SessionLayer::new(manager.clone()))
        .layer(from_fn(between));
    let inside = Router::new()
        .route("/refused", get(async || "").layer(from_fn(refuse)))
        .route("/panic", get(panicking).layer(from_fn(catch)))
        .route("/untouched", get(async || untouched()))
        .route("/read", get(async |session: Session| read(&session).unwrap()))
        .route("/visit", get(async |session: Session| visit(&session).unwrap()))
        .route("/cached", get(async |session: Session| ([(CACHE_CONTROL, "max-age=60")], visit(&session).unwrap())))
        .route("/failing", get(async |session: Session| (StatusCode::IM_A_TEAPOT, visit(&session).unwrap())))
        .route("/fill", get(async |session: Session| ([("x-handler", "here")], fill(&session).unwrap())))
        .route("/logout", get(async |session: Session| assert!(session.destroy().is_some())))
        .route("/typed", get(async |mut visitor: Typed<Visitor>| count(&mut visitor)))
        .route("/other", get(async |_: Typed<Other>| ()))
        .route("/answer", get(answered))
        .route("/poll", get(async |_: KeepExpiry, session: Session| read(&session).unwrap()))
        .route("/fails/{how}", get(async |session: Session, Path(how): Path<String>| fail(&session, &how)))
        .route("/stream", get(streamed))
        .merge(nested)
        // A path without a route is seen by the layers of one of the merged routers alone, the one that has a fallback.
        .fallback(async || StatusCode::NOT_FOUND);
    // With the feature, the same checks go through the layer that also does device binding.
    #[cfg(feature = "dbsc")]
    let inside = if hooked {
        inside.layer(SessionLayer::new(manager).on_error(full).device_binding())
    } else {
        inside.layer(SessionLayer::new(manager).device_binding())
    };
    #[cfg(not(feature = "dbsc"))]
    let inside = if hooked {
        inside.layer(SessionLayer::new(manager).on_error(full))
    } else {
        inside.layer(SessionLayer::new(manager))
    };
    let disordered = Router::new()
        .route("/disordered", get(async || ""))
        .layer(SessionLayer::new(crate::common::manager()))
        .layer(from_fn(async |_: Session, request: Request<Body>, next: Next| next.run(request).await));
    let outside = inside
        .route("/outside", any(async |_: Session| ()))
        .route("/outside/result", any(async |session: Result<Session, Error>| session.map(drop)))
        .route("/framework", any(async || "axum"))
        .merge(disordered);
    reply(&outside, path, cookies)
}

fn reply(app: &Router, path: &str, cookies: &[&str]) -> Reply {
    let (method, path) = method_of(path);
    let mut request = Request::builder().method(method).uri(path);
    for cookie in cookies {
        request = request.header(COOKIE, *cookie);
    }
    for (name, value) in headers() {
        request = request.header(name, value);
    }
    block_on(async {
        let response = app.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
        for (name, value) in response.headers() {
            let is_ours = name == "set-cookie" && value.as_bytes().starts_with(b"sid");
            assert!(value.is_sensitive() || !is_ours, "{value:?}");
            assert!(!value.is_sensitive() || name == "set-cookie", "{name}");
        }
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Reply { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    })
}

async fn between(session: Session, request: Request<Body>, next: Next) -> Response {
    let [before, _, after] = acts(request.uri().path());
    act(&session, &before);
    let response = next.run(request).await;
    act(&session, &after);
    response
}

async fn inside(session: Session, uri: Uri) {
    act(&session, &acts(uri.path())[1]);
}

async fn refuse(session: Session, _: Request<Body>, _: Next) -> StatusCode {
    visit(&session).unwrap();
    StatusCode::IM_A_TEAPOT
}

async fn panicking(session: Session) {
    visit(&session).unwrap();
    panic!("a handler that panics");
}

async fn catch(request: Request<Body>, next: Next) -> Response {
    let caught = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    caught.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn answered(session: Session, uri: Uri) -> Response {
    let answer = answer(&session, uri.query().unwrap_or_default());
    let mut response = StatusCode::from_u16(answer.status).unwrap().into_response();
    for (name, value) in answer.headers {
        response.headers_mut().append(HeaderName::try_from(name).unwrap(), value.try_into().unwrap());
    }
    response
}

async fn streamed(session: Session, uri: Uri) -> Body {
    let query = uri.query().unwrap().to_owned();
    Body::from_stream(once_future(async move { Ok::<_, Infallible>(stream(&session, &query)) }))
}

fn full(error: &EncodeError) -> Response {
    assert!(matches!(error, EncodeError::TooLarge { .. } | EncodeError::Backend(_)));
    (StatusCode::INSUFFICIENT_STORAGE, "full").into_response()
}

#[test]
fn a_set_cookie_is_marked_as_a_secret_for_http2_and_for_logs() {
    let visits = get(async |session: Session| visit(&session).unwrap());
    let mut app: Router = Router::new().route("/", visits).layer(SessionLayer::new(manager()));
    let response = block_on(app.call(Request::get("/").body(Body::empty()).unwrap())).unwrap();
    assert!(response.headers()["set-cookie"].is_sensitive());
}

#[test]
fn an_error_of_the_inner_service_is_handed_on() {
    use tower_layer::Layer;
    #[derive(Clone)]
    struct Broken;
    impl Service<Request<()>> for Broken {
        type Response = Response<String>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Err("not ready"))
        }
        fn call(&mut self, _: Request<()>) -> Self::Future {
            std::future::ready(Err("broken"))
        }
    }
    let mut service = SessionLayer::new(manager()).layer(Broken);
    assert_eq!(block_on(service.call(Request::new(()))).unwrap_err(), "broken");
    let ready = block_on(std::future::poll_fn(|context| service.poll_ready(context)));
    assert_eq!(ready, Err("not ready"));
    #[cfg(feature = "dbsc")]
    {
        let mut service = SessionLayer::new(manager()).device_binding().layer(Broken);
        assert_eq!(block_on(service.call(Request::new(()))).unwrap_err(), "broken");
        let ready = block_on(std::future::poll_fn(|context| service.poll_ready(context)));
        assert_eq!(ready, Err("not ready"));
    }
}

#[test]
fn a_panic_that_nobody_makes_a_response_of_keeps_nothing() {
    be(with_backends());
    let cookie = send("/visit", &[], false).cookie().to_owned();
    let app = Router::new().route("/", get(panicking)).layer(SessionLayer::new(manager()));
    let request = Request::get("/").header(COOKIE, &cookie).body(Body::empty()).unwrap();
    let call = AssertUnwindSafe(async { app.clone().call(request).await });
    assert!(block_on(call.catch_unwind()).is_err(), "it goes on");
    assert_eq!(visits(&cookie), Some(1));
}

#[test]
fn no_handler_runs_whose_session_may_be_lost() {
    let cookie = crate::checks::break_under_fail(&send);
    let reply = send("/untouched", &[&cookie], false);
    assert_eq!((reply.status, ran()), (500, 0));
}

/// Layers from the innermost to the outermost, around a handler that visits the session that it gets.
fn layered(layers: impl IntoIterator<Item = SessionManager>) -> Router {
    let handler = Router::new().route("/", get(async |session: Session| visit(&session).unwrap()));
    layers.into_iter().fold(handler, |inside, manager| inside.layer(SessionLayer::new(manager)))
}

#[test]
fn layers_of_two_managers_do_not_know_each_other() {
    let [ours, theirs] = crate::checks::two_managers();
    for (layers, innermost) in crate::checks::orders(&ours, &theirs) {
        let between = from_fn(async |session: Session, request: Request<Body>, next: Next| {
            visit(&session).unwrap();
            next.run(request).await
        });
        let app = layered(layers).layer(between).layer(SessionLayer::new(ours.clone()));
        crate::checks::visits_both_or_one_twice(&|cookies| reply(&app, "/", cookies), innermost);
    }
}

#[test]
fn a_clone_of_a_manager_is_the_manager_and_an_equal_one_is_not() {
    let [ours, _] = crate::checks::two_managers();
    let reply_of = |inner: SessionManager| {
        let touch = from_fn(async |session: Session, request: Request<Body>, next: Next| {
            visit(&session).unwrap();
            next.run(request).await
        });
        reply(&layered([inner]).layer(touch).layer(SessionLayer::new(ours.clone())), "/", &[])
    };
    assert_eq!(reply_of(ours.clone()).all("set-cookie").len(), 1);
    let [equal, _] = crate::checks::two_managers();
    assert_eq!(reply_of(equal).all("set-cookie").len(), 2);
}

#[test]
fn a_layer_in_the_wrong_order_is_told_like_a_missing_one() {
    crate::errors::a_layer_in_the_wrong_order_is_told_like_a_missing_one(&send);
}

#[test]
fn two_managers_are_told_apart_by_name() {
    use crate::several::{Admin, Site, visit_both};
    let handler = get(async |site: Session, admin: SessionOf<Admin>| visit_both(&site, &admin));
    let both = get(async |site: SessionOf<Site>, admin: SessionOf<Admin>| visit_both(&site, &admin));
    let layer = SessionLayer::new;
    let [site, admin] = crate::several::managers();
    for app in [
        Router::new().route("/", handler.clone()).layer(layer(admin.clone()).of::<Admin>()).layer(layer(site.clone())),
        Router::new().route("/", handler.clone()).layer(layer(site.clone())).layer(layer(admin.clone()).of::<Admin>()),
        Router::new().route("/", both).layer(layer(admin).of::<Admin>()).layer(layer(site.clone()).of::<Site>()),
    ] {
        crate::several::each_has_its_own_session(&|cookies| reply(&app, "/", cookies));
    }
    for app in [
        Router::new().route("/", handler.clone()).layer(layer(site.clone()).of::<Admin>()).layer(layer(site.clone())),
        Router::new().route("/", handler.clone()).layer(layer(site.clone())).layer(layer(site.clone()).of::<Admin>()),
    ] {
        crate::several::one_manager_by_two_names_has_one_session(&|cookies| reply(&app, "/", cookies));
    }
    let taken = Router::new().route("/", get(async |_: SessionOf<Admin>| ())).layer(layer(site.clone()).of::<Admin>());
    crate::several::to_take_a_session_by_its_name_is_to_look_at_it(&reply(&taken, "/", &[]));
    let app = Router::new().route("/", handler).layer(layer(site).of::<Site>());
    crate::several::a_name_without_a_layer_is_told(&reply(&app, "/", &[]));
}

#[test]
fn a_router_may_keep_the_sessions_of_all_managers_from_being_extended() {
    use crate::several::Admin;
    let (ahead, [site, admin]) = crate::several::managers_ahead();
    let app = |is_polled: bool| {
        let handler = get(async |site: Session, admin: SessionOf<Admin>| crate::several::visit_both(&site, &admin));
        let read = get(async |site: Session, admin: SessionOf<Admin>| drop((read(&site), read(&admin))));
        let app = Router::new().route("/visit", handler).route("/read", read);
        let app = if is_polled { app.route_layer(axum::middleware::from_extractor::<KeepExpiry>()) } else { app };
        app.layer(SessionLayer::new(admin.clone()).of::<Admin>()).layer(SessionLayer::new(site.clone()))
    };
    let visited = reply(&app(false), "/visit", &[]);
    let cookies: Vec<&str> = visited.all("set-cookie").iter().map(|line| line.split(';').next().unwrap()).collect();
    ahead.store(12 * 3600, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(reply(&app(true), "/read", &cookies).all("set-cookie").len(), 0);
    assert_eq!(reply(&app(false), "/read", &cookies).all("set-cookie").len(), 2);
}

#[cfg(feature = "dbsc")]
#[test]
fn a_layer_that_does_not_answer_device_binding_says_so_in_the_log() {
    use crate::common::{config, logged};
    use sealed_session::DeviceBinding;
    manager(); // sets the log up
    let apply = |layer: SessionLayer| {
        let _: Router = Router::new().route("/", get(async || "")).route("/other", get(async || "")).layer(layer);
        logged()
    };
    let bound = config().cookie_name("__Host-sid").device_binding(DeviceBinding::new()).build().unwrap();
    assert_eq!(apply(SessionLayer::bearer(bound.clone())), [], "a bearer token is never bound");
    let _: Router = Router::new().layer(SessionLayer::new(bound.clone()).device_binding());
    assert_eq!(apply(SessionLayer::new(manager())), [], "no device binding is configured");
    let lines = apply(SessionLayer::new(bound));
    let [(log::Level::Warn, line)] = &lines[..] else {
        panic!("one warning, whatever the number of routes: {lines:?}")
    };
    assert!(line.contains("call device_binding() on the SessionLayer"), "{line}");
}
