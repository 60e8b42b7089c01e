//! The application on the middleware of `actix_web`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, ContentType};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{get, scope};
use actix_web::{App, HttpResponse, ResponseError, rt};
use sealed_session::actix_web::SessionMiddleware;
use sealed_session::{EncodeError, Session, Typed};

use crate::common::{Other, Reply, Visitor, count, fill, manager, read, visit};

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    let middleware = SessionMiddleware::new(manager());
    let middleware = if hooked { middleware.on_error(full) } else { middleware };
    let inside = scope("")
        .wrap(middleware)
        .route("/untouched", get().to(async || "untouched"))
        .route("/read", get().to(async |session: Session| read(&session).unwrap()))
        .route("/visit", get().to(async |session: Session| visit(&session).unwrap()))
        .route("/cached", get().to(cached))
        .route("/failing", get().to(failing))
        .route("/fill", get().to(filled))
        .route("/logout", get().to(logout))
        .route("/typed", get().to(async |mut visitor: Typed<Visitor>| count(&mut visitor)))
        .route("/other", get().to(async |_: Typed<Other>| ""));
    rt::System::new().block_on(async {
        let app = App::new().route("/outside", get().to(async |_: Session| "")).service(inside);
        let app = init_service(app).await;
        let mut request = TestRequest::get().uri(path);
        for cookie in cookies {
            request = request.append_header((COOKIE, *cookie));
        }
        let response = call_service(&app, request.to_request()).await;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = response.status().as_u16();
        let body = read_body(response).await;
        Reply { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    })
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
    use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, fn_service};
    struct Never;
    impl Service<ServiceRequest> for Never {
        type Response = ServiceResponse;
        type Error = actix_web::Error;
        type Future = std::future::Ready<Result<ServiceResponse, actix_web::Error>>;
        fn poll_ready(&self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), actix_web::Error>> {
            std::task::Poll::Pending
        }
        fn call(&self, _: ServiceRequest) -> Self::Future {
            std::future::ready(Err(actix_web::error::ErrorGone("never")))
        }
    }
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    rt::System::new().block_on(async {
        let service = SessionMiddleware::new(manager()).new_transform(Never).await.unwrap();
        assert!(service.poll_ready(&mut context).is_pending());
        let ready = fn_service(async |_: ServiceRequest| Err::<ServiceResponse, _>(actix_web::Error::from(Teapot)));
        let service = SessionMiddleware::new(manager()).new_transform(ready).await.unwrap();
        assert!(service.poll_ready(&mut context).is_ready());
        let error = service.call(TestRequest::get().to_srv_request()).await.unwrap_err();
        assert_eq!(error.to_string(), "teapot", "an error of an inner middleware is handed on");
    });
}

#[test]
fn debug_shows_the_manager() {
    assert!(format!("{:?}", SessionMiddleware::new(manager())).starts_with("SessionMiddleware { manager: "));
}
