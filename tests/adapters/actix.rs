//! The application on the middleware of `actix_web`.

use std::panic::AssertUnwindSafe;

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, ContentType};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{Bytes, Path, get, resource, route, scope};
use actix_web::{App, Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, error, rt};
use futures_lite::FutureExt;
use futures_lite::stream::once_future;
use sealed_session::actix_web::SessionMiddleware;
use sealed_session::{EncodeError, Error as SessionError, KeepExpiry, Session, SessionManager, SessionOf, Typed};

use crate::common::{
    Other, Reply, Visitor, act, acts, answer, be, count, fill, headers, manager, method_of, ran, read, stream,
    untouched, visit, visits, with_backends,
};
use crate::errors::fail;

/// A route inside of a middleware that fails after it did something to the session.
macro_rules! refusing {
    ($path:expr, $act:expr, $error:expr) => {
        resource($path).route(get().to(async || "")).wrap_fn(|request, _| {
            let act: fn(&Session) = $act;
            act(&session_of(&request));
            std::future::ready(Err::<ServiceResponse, Error>($error))
        })
    };
}

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    let manager = manager();
    let middleware = SessionMiddleware::new(manager.clone());
    let middleware = if hooked { middleware.on_error(full) } else { middleware };
    let twice = resource("/twice/{before}/{inside}/{after}")
        .wrap(SessionMiddleware::new(manager))
        .wrap_fn(|request, inner| {
            let ([before, _, after], session) = (acts(request.path()), session_of(&request));
            act(&session, &before);
            let answer = inner.call(request);
            async move {
                let response = answer.await?;
                act(&session, &after);
                Ok(response)
            }
        })
        .route(get().to(async |session: Session, request: HttpRequest| {
            act(&session, &acts(request.path())[1]);
            ""
        }));
    let inside = scope("")
        .wrap(middleware)
        .service(twice)
        .service(refusing!("/refused", |session| drop(visit(session).unwrap()), Teapot.into()))
        .service(refusing!("/refused/full", |session| drop(fill(session).unwrap()), Teapot.into()))
        .service(refusing!("/refused/once", |session| drop(visit(session).unwrap()), {
            error::InternalError::from_response("refused", HttpResponse::Conflict().body("theirs")).into()
        }))
        .service(resource("/panic").route(get().to(panicking)).wrap_fn(|request, inner| {
            let answer = AssertUnwindSafe(inner.call(request)).catch_unwind();
            async { answer.await.unwrap_or_else(|_| Err(error::ErrorInternalServerError("panicked"))) }
        }))
        .route("/answer", route().to(answered))
        .route("/poll", get().to(async |_: KeepExpiry, session: Session| read(&session).unwrap()))
        .route("/fails/{how}", get().to(async |session: Session, how: Path<String>| fail(&session, &how)))
        .route("/stream", get().to(streamed))
        .route("/untouched", get().to(async || untouched()))
        .route("/read", get().to(async |session: Session| read(&session).unwrap()))
        .route("/visit", get().to(async |session: Session| visit(&session).unwrap()))
        .route("/cached", get().to(cached))
        .route("/failing", get().to(failing))
        .route("/fill", get().to(filled))
        .route("/logout", get().to(logout))
        .route("/typed", get().to(async |mut visitor: Typed<Visitor>| count(&mut visitor)))
        .route("/other", get().to(async |_: Typed<Other>| ""));
    rt::System::new().block_on(async {
        let disordered = resource("/disordered")
            .route(get().to(async || ""))
            .wrap(SessionMiddleware::new(crate::common::manager()))
            .wrap(from_fn(async |_: Session, request: ServiceRequest, next: Next<_>| next.call(request).await));
        let app = App::new()
            .route("/outside", get().to(async |_: Session| ""))
            .route("/outside/result", get().to(async |found: Result<Session, SessionError>| found.map(|_| "")))
            .route("/framework", get().to(async || "actix-web"))
            .service(disordered)
            .service(inside);
        let app = init_service(app).await;
        let (method, path) = method_of(path);
        let mut request = TestRequest::with_uri(path).method(method.parse().unwrap());
        for cookie in cookies {
            request = request.append_header((COOKIE, *cookie));
        }
        for header in headers() {
            request = request.append_header(header);
        }
        reply(app.call(request.to_request()).await).await
    })
}

async fn reply<B: MessageBody + 'static>(answer: Result<ServiceResponse<B>, Error>) -> Reply {
    // The framework makes a response of an error that no middleware made one of.
    let response = match answer {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    for (name, value) in response.headers() {
        let is_ours = name == "set-cookie" && value.as_bytes().starts_with(b"sid");
        assert!(value.is_sensitive() || !is_ours, "{value:?}");
        assert!(!value.is_sensitive() || name == "set-cookie", "{name}");
    }
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap();
    Reply { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn session_of(request: &ServiceRequest) -> Session {
    request.extensions().get::<Session>().cloned().unwrap()
}

async fn panicking(session: Session) -> &'static str {
    visit(&session).unwrap();
    panic!("a handler that panics");
}

async fn answered(session: Session, request: HttpRequest) -> HttpResponse {
    let answer = answer(&session, request.query_string());
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap());
    for header in answer.headers {
        response.append_header(header);
    }
    response.finish()
}

async fn streamed(session: Session, request: HttpRequest) -> HttpResponse {
    let query = request.query_string().to_owned();
    let body = once_future(async move { Ok::<_, Error>(Bytes::from_static(stream(&session, &query).as_bytes())) });
    HttpResponse::Ok().streaming(Box::pin(body))
}

async fn cached(session: Session) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "max-age=60")).body(visit(&session).unwrap())
}

async fn logout(session: Session) -> &'static str {
    session.destroy();
    ""
}

async fn filled(session: Session) -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-handler", "here")).body(fill(&session).unwrap())
}

#[derive(Debug)]
struct Teapot;

impl std::fmt::Display for Teapot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("teapot")
    }
}

impl ResponseError for Teapot {
    fn status_code(&self) -> StatusCode {
        StatusCode::IM_A_TEAPOT
    }
}

async fn failing(session: Session) -> Result<String, Teapot> {
    visit(&session).unwrap();
    Err(Teapot)
}

fn full(error: &EncodeError) -> HttpResponse {
    assert!(matches!(error, EncodeError::TooLarge { .. } | EncodeError::Backend(_)));
    HttpResponse::InsufficientStorage().content_type(ContentType::plaintext()).body("full")
}

#[test]
fn it_is_ready_when_what_it_wraps_is() {
    use actix_web::dev::{Transform, fn_service};
    struct Never;
    impl Service<ServiceRequest> for Never {
        type Response = ServiceResponse;
        type Error = Error;
        type Future = std::future::Ready<Result<ServiceResponse, Error>>;
        fn poll_ready(&self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
            std::task::Poll::Pending
        }
        fn call(&self, _: ServiceRequest) -> Self::Future {
            std::future::ready(Err(error::ErrorGone("never")))
        }
    }
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    rt::System::new().block_on(async {
        let service = SessionMiddleware::new(manager()).new_transform(Never).await.unwrap();
        assert!(service.poll_ready(&mut context).is_pending());
        let ready = fn_service(async |_: ServiceRequest| Err::<ServiceResponse, _>(Error::from(Teapot)));
        let service = SessionMiddleware::new(manager()).new_transform(ready).await.unwrap();
        assert!(service.poll_ready(&mut context).is_ready());
        let error = service.call(TestRequest::get().to_srv_request()).await.unwrap_err();
        assert!(error.as_error::<Teapot>().is_some(), "an error of an inner middleware is handed on");
    });
}

#[test]
fn an_error_of_the_crate_has_its_own_status() {
    use actix_web::ResponseError;
    use sealed_session::Error as SessionError;
    for (error, status) in [(EncodeError::Ended, 409), (EncodeError::Random, 500)] {
        let error = SessionError::from(error);
        assert_eq!((error.status_code().as_u16(), error.error_response().status().as_u16()), (status, status));
    }
}

#[test]
fn debug_shows_the_manager() {
    assert!(format!("{:?}", SessionMiddleware::new(manager())).starts_with("SessionMiddleware { manager: "));
}

#[test]
fn an_error_of_an_inner_middleware_has_its_own_response_and_the_headers_of_the_session() {
    let reply = send("/refused/once", &[], false);
    assert_eq!((reply.status, reply.body.as_str()), (409, "theirs"), "an error that can make one response only");
    assert_eq!(visits(reply.cookie()), Some(1));
    let reply = send("/refused/full", &[], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (500, "", 0));
    assert_eq!(reply.all("vary"), ["Cookie"]);
    let reply = send("/refused/full", &[], true);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (507, "full", 0));
}

#[test]
fn an_error_of_an_inner_middleware_says_the_same_as_before() {
    rt::System::new().block_on(async {
        let app = App::new().wrap(SessionMiddleware::new(manager())).service(refusing!(
            "/",
            |session| drop(visit(session).unwrap()),
            Teapot.into()
        ));
        let app = init_service(app).await;
        let error = app.call(TestRequest::get().to_request()).await.map(drop).unwrap_err();
        assert_eq!((error.to_string(), format!("{error:?}")), ("teapot".to_owned(), "Teapot".to_owned()));
        let [first, second] = [error.error_response(), error.error_response()];
        assert_eq!((first.status(), second.status()), (StatusCode::IM_A_TEAPOT, StatusCode::IM_A_TEAPOT));
        assert_eq!(error.as_response_error().status_code(), StatusCode::IM_A_TEAPOT);
        for name in ["set-cookie", "vary", "cache-control"] {
            assert!(first.headers().contains_key(name));
            assert_eq!(
                first.headers().get(name),
                second.headers().get(name),
                "whoever asks again gets the headers too"
            );
        }
    });
}

#[test]
fn a_panic_that_nobody_makes_a_response_of_keeps_nothing() {
    be(with_backends());
    let cookie = send("/visit", &[], false).cookie().to_owned();
    rt::System::new().block_on(async {
        let app = App::new().wrap(SessionMiddleware::new(manager())).route("/", get().to(panicking));
        let app = init_service(app).await;
        let request = TestRequest::get().append_header((COOKIE, cookie.as_str())).to_request();
        assert!(AssertUnwindSafe(app.call(request)).catch_unwind().await.is_err(), "it goes on");
    });
    assert_eq!(visits(&cookie), Some(1));
}

#[test]
fn no_handler_runs_whose_session_may_be_lost() {
    let cookie = crate::checks::break_under_fail(&send);
    let reply = send("/untouched", &[&cookie], false);
    assert_eq!((reply.status, ran()), (500, 0));
}

#[test]
fn middlewares_of_two_managers_do_not_know_each_other() {
    let [ours, theirs] = crate::checks::two_managers();
    for ([first, second, third], innermost) in crate::checks::orders(&ours, &theirs) {
        let send = |cookies: &[&str]| {
            rt::System::new().block_on(async {
                let app = App::new()
                    .wrap(SessionMiddleware::new(first.clone()))
                    .wrap(SessionMiddleware::new(second.clone()))
                    .wrap(SessionMiddleware::new(third.clone()))
                    .wrap_fn(|request, inner| {
                        drop(visit(&session_of(&request)).unwrap());
                        inner.call(request)
                    })
                    .wrap(SessionMiddleware::new(ours.clone()))
                    .route("/", get().to(async |session: Session| visit(&session).unwrap()));
                let app = init_service(app).await;
                let mut request = TestRequest::get();
                for cookie in cookies {
                    request = request.append_header((COOKIE, *cookie));
                }
                reply(app.call(request.to_request()).await).await
            })
        };
        crate::checks::visits_both_or_one_twice(&send, innermost);
    }
}

#[test]
fn a_layer_in_the_wrong_order_is_told_like_a_missing_one() {
    crate::errors::a_layer_in_the_wrong_order_is_told_like_a_missing_one(&send);
}

#[test]
fn two_managers_are_told_apart_by_name() {
    use crate::several::{Admin, Site, visit_both};
    let [site, admin] = crate::several::managers();
    let by_name = async |site: Session, admin: SessionOf<Admin>| visit_both(&site, &admin);
    let both = async |site: SessionOf<Site>, admin: SessionOf<Admin>| visit_both(&site, &admin);
    let send = |inner: SessionMiddleware, outer: SessionMiddleware, path: &str, cookies: &[&str]| {
        rt::System::new().block_on(async {
            let app = App::new().wrap(inner).wrap(outer).route("/", get().to(by_name)).route("/both", get().to(both));
            let app = init_service(app.route("/taken", get().to(async |_: SessionOf<Admin>| ""))).await;
            let mut request = TestRequest::with_uri(path);
            for cookie in cookies {
                request = request.append_header((COOKIE, *cookie));
            }
            reply(app.call(request.to_request()).await).await
        })
    };
    let of = |manager: &SessionManager| SessionMiddleware::new(manager.clone());
    crate::several::each_has_its_own_session(&|cookies| send(of(&admin).of::<Admin>(), of(&site), "/", cookies));
    crate::several::each_has_its_own_session(&|cookies| send(of(&site), of(&admin).of::<Admin>(), "/", cookies));
    crate::several::each_has_its_own_session(&|cookies| {
        send(of(&site).of::<Site>(), of(&admin).of::<Admin>(), "/both", cookies)
    });
    for is_inner in [false, true] {
        crate::several::one_manager_by_two_names_has_one_session(&|cookies| {
            let [named, unnamed] = [of(&site).of::<Admin>(), of(&site)];
            if is_inner { send(named, unnamed, "/", cookies) } else { send(unnamed, named, "/", cookies) }
        });
    }
    let taken = send(of(&site), of(&admin).of::<Admin>(), "/taken", &[]);
    crate::several::to_take_a_session_by_its_name_is_to_look_at_it(&taken);
    crate::several::a_name_without_a_layer_is_told(&send(of(&site).of::<Site>(), of(&admin), "/both", &[]));
}
