//! Sessions in plain hyper: two calls around the routes. Run `cargo run --bin hyper`.

use std::convert::Infallible;
use std::io;

use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, SET_COOKIE, VARY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sealed_session::{Session, SessionManager};
use serde::de::DeserializeOwned;

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let (manager, listener) = (app::manager(), app::listen_async());
    loop {
        let (stream, _) = listener.accept().await?;
        let manager = manager.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| with_session(&manager, request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                eprintln!("{error}");
            }
        });
    }
}

/// Loads the session before the routes and commits it after them, whatever they answer.
async fn with_session(manager: &SessionManager, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let session = manager.load(request.headers().get_all(COOKIE));
    let mut response = routes(request, &session).await.unwrap_or_else(|error| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer(status, error.to_string())
    });
    match manager.commit(&session) {
        // Set-Cookie lines are ASCII, so each of them is a header value.
        Ok(set_cookies) => set_cookies.into_iter().flat_map(HeaderValue::try_from).for_each(|set_cookie| {
            response.headers_mut().append(SET_COOKIE, set_cookie);
            let no_store = HeaderValue::from_static("private, no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
        }),
        // The handler's response may not be true if the session is not kept, so it is not sent.
        Err(error) => {
            eprintln!("session not kept: {error}");
            response = answer(StatusCode::INTERNAL_SERVER_ERROR, "");
        }
    }
    if session.is_opened() {
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    }
    Ok(response)
}

async fn routes(request: Request<Incoming>, session: &Session) -> Result<Response<Body>, app::Error> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    Ok(match (&method, path.as_str()) {
        (&Method::POST, "/login") => see_other(app::login(session, &form::<app::Login>(request).await?.name)?),
        (&Method::POST, "/set") => {
            let form: app::Entry = form(request).await?;
            see_other(app::set(session, &form.key, &form.value)?)
        }
        (&Method::POST, "/flash") => see_other(app::flash(session, &form::<app::Flash>(request).await?.message)?),
        (&Method::POST, "/logout") => see_other(app::logout(session)),
        (&Method::GET, "/") => answer(StatusCode::OK, app::page(session)?),
        (&Method::GET, "/api/session") => {
            let mut response = answer(StatusCode::OK, app::api(session)?.to_string());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        (&Method::GET, "/untouched") => answer(StatusCode::OK, "untouched"),
        (&Method::POST, "/early") => {
            app::early(session)?;
            answer(StatusCode::FORBIDDEN, "early")
        }
        (&Method::POST, "/error") => see_other(app::fail(session)?),
        (&Method::GET, "/stream") => {
            let pieces = app::pieces(app::visit(session)?).map(|piece| Ok(Frame::data(piece.into())));
            Response::new(StreamBody::new(stream::iter(pieces)).boxed())
        }
        (&Method::GET, "/cached") => {
            let mut response = answer(StatusCode::OK, format!("visit {}", app::visit(session)?));
            for (name, value) in app::OWN_HEADERS {
                response.headers_mut().append(name, HeaderValue::from_static(value));
            }
            response
        }
        _ => answer(StatusCode::NOT_FOUND, "not found"),
    })
}

async fn form<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T, app::Error> {
    let body = Limited::new(request.into_body(), 64 * 1024).collect().await;
    let body = body.map_err(|error| app::Error::BadRequest(error.to_string()))?.to_bytes();
    serde_urlencoded::from_bytes(&body).map_err(|error| app::Error::BadRequest(error.to_string()))
}

fn see_other(path: &'static str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "");
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
    response
}

fn answer(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(text.into()).boxed());
    *response.status_mut() = status;
    response
}
