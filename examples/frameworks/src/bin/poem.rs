//! Sessions in poem: one function around the routes. Run `cargo run --bin poem`.

use std::io;
use std::sync::Arc;

use futures_util::stream;
use poem::http::header::{CACHE_CONTROL, COOKIE, HeaderValue, SET_COOKIE, VARY};
use poem::http::{HeaderName, StatusCode};
use poem::listener::TcpAcceptor;
use poem::web::{Data, Form, Json, Redirect};
use poem::{Body, Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler, post};
use sealed_session::{Session, SessionManager};
use serde_json::Value;

#[tokio::main]
async fn main() -> io::Result<()> {
    let manager = app::manager();
    let routes = Route::new()
        .at("/", get(page))
        .at("/login", post(login))
        .at("/set", post(set))
        .at("/flash", post(flash))
        .at("/logout", post(logout))
        .at("/api/session", get(api))
        .at("/untouched", get(untouched))
        .at("/early", post(early))
        .at("/error", post(fail))
        .at("/stream", get(streamed))
        .at("/cached", get(cached))
        .around(move |routes, request| with_session(manager.clone(), routes, request));
    Server::new_with_acceptor(TcpAcceptor::from_tokio(app::listen_async())?).run(routes).await
}

/// Loads the session before the routes and commits it after them, whatever they answer.
async fn with_session(manager: SessionManager, routes: Arc<Route>, mut request: Request) -> poem::Result<Response> {
    let session = manager.load(request.headers().get_all(COOKIE));
    request.set_data(session.clone());
    // `get_response`, unlike `call`, makes responses of errors, so that they carry the session too.
    let mut response = routes.get_response(request).await;
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
            response = StatusCode::INTERNAL_SERVER_ERROR.into();
        }
    }
    if session.is_opened() {
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    }
    Ok(response)
}

fn failure(error: app::Error) -> poem::Error {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    poem::Error::from_string(error.to_string(), status)
}

#[handler]
async fn login(Data(session): Data<&Session>, Form(form): Form<app::Login>) -> poem::Result<Redirect> {
    app::login(session, &form.name).map(Redirect::see_other).map_err(failure)
}

#[handler]
async fn set(Data(session): Data<&Session>, Form(form): Form<app::Entry>) -> poem::Result<Redirect> {
    app::set(session, &form.key, &form.value).map(Redirect::see_other).map_err(failure)
}

#[handler]
async fn flash(Data(session): Data<&Session>, Form(form): Form<app::Flash>) -> poem::Result<Redirect> {
    app::flash(session, &form.message).map(Redirect::see_other).map_err(failure)
}

#[handler]
async fn logout(Data(session): Data<&Session>) -> Redirect {
    Redirect::see_other(app::logout(session))
}

#[handler]
async fn page(Data(session): Data<&Session>) -> poem::Result<String> {
    app::page(session).map_err(failure)
}

#[handler]
async fn api(Data(session): Data<&Session>) -> poem::Result<Json<Value>> {
    app::api(session).map(Json).map_err(failure)
}

#[handler]
async fn untouched() -> &'static str {
    "untouched"
}

#[handler]
async fn early(Data(session): Data<&Session>) -> poem::Result<(StatusCode, &'static str)> {
    app::early(session).map_err(failure)?;
    Ok((StatusCode::FORBIDDEN, "early"))
}

#[handler]
async fn fail(Data(session): Data<&Session>) -> poem::Result<Redirect> {
    app::fail(session).map(Redirect::see_other).map_err(failure)
}

#[handler]
async fn streamed(Data(session): Data<&Session>) -> poem::Result<Body> {
    let pieces = app::pieces(app::visit(session).map_err(failure)?);
    Ok(Body::from_bytes_stream(stream::iter(pieces.map(io::Result::Ok))))
}

#[handler]
async fn cached(Data(session): Data<&Session>) -> poem::Result<Response> {
    let mut response = format!("visit {}", app::visit(session).map_err(failure)?).into_response();
    for (name, value) in app::OWN_HEADERS {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}
