//! The application on the `tower` layer, with the extractors of `axum`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, COOKIE};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use sealed_session::tower::SessionLayer;
use sealed_session::{EncodeError, Session, Typed};
use tower_service::Service;

use crate::common::{Other, Reply, Visitor, count, fill, manager, read, visit};

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    let inside = Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/read", get(async |session: Session| read(&session).unwrap()))
        .route("/visit", get(async |session: Session| visit(&session).unwrap()))
        .route("/cached", get(async |session: Session| ([(CACHE_CONTROL, "max-age=60")], visit(&session).unwrap())))
        .route("/failing", get(async |session: Session| (StatusCode::IM_A_TEAPOT, visit(&session).unwrap())))
        .route("/fill", get(async |session: Session| ([("x-handler", "here")], fill(&session).unwrap())))
        .route("/logout", get(async |session: Session| assert!(session.destroy().is_some())))
        .route("/typed", get(async |mut visitor: Typed<Visitor>| count(&mut visitor)))
        .route("/other", get(async |_: Typed<Other>| ()));
    let inside = if hooked {
        inside.layer(SessionLayer::new(manager()).on_error(full))
    } else {
        inside.layer(SessionLayer::new(manager()))
    };
    let app = inside.route("/outside", any(async |_: Session| ()));

    let mut request = Request::get(path);
    for cookie in cookies {
        request = request.header(COOKIE, *cookie);
    }
    block_on(async {
        let response = app.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Reply { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    })
}

fn full(error: &EncodeError) -> Response {
    assert!(matches!(error, EncodeError::TooLarge { .. } | EncodeError::Backend(_)));
    (StatusCode::INSUFFICIENT_STORAGE, "full").into_response()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
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
}
