//! Sessions in axum: a layer around the routes, and extractors. Run `cargo run --bin axum`.

use std::io;

use app::Visitor;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, Redirect};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use futures_util::stream;
use sealed_session::tower::SessionLayer;
use sealed_session::{Session, Typed};
use serde_json::Value;

#[tokio::main]
async fn main() -> io::Result<()> {
    env_logger::init(); // says why a session was not kept
    let router = Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/set", post(set))
        .route("/flash", post(flash))
        .route("/logout", post(logout))
        .route("/api/session", get(api))
        .route("/untouched", get(untouched))
        .route("/early", post(early))
        .route("/error", post(fail))
        .route("/stream", get(streamed))
        .route("/cached", get(cached))
        .layer(SessionLayer::new(app::manager()));
    axum::serve(app::listen_async(), router).await
}

type Failure = (StatusCode, String);

fn failure(error: impl Into<app::Error>) -> Failure {
    let error = error.into();
    (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error.to_string())
}

async fn login(session: Session, Form(form): Form<app::Login>) -> Result<Redirect, Failure> {
    app::login(&session, &form.name).map(Redirect::to).map_err(failure)
}

async fn set(session: Session, Form(form): Form<app::Entry>) -> Result<Redirect, Failure> {
    app::set(&session, &form.key, &form.value).map(Redirect::to).map_err(failure)
}

async fn flash(session: Session, Form(form): Form<app::Flash>) -> Result<Redirect, Failure> {
    app::flash(&session, &form.message).map(Redirect::to).map_err(failure)
}

async fn logout(session: Session) -> Redirect {
    Redirect::to(app::logout(&session))
}

async fn page(session: Session) -> Result<String, Failure> {
    app::page(&session).map_err(failure)
}

async fn api(session: Session) -> Result<Json<Value>, Failure> {
    app::api(&session).map(Json).map_err(failure)
}

async fn untouched() -> &'static str {
    "untouched"
}

async fn early(session: Session) -> Result<StatusCode, Failure> {
    app::early(&session).map_err(failure)?;
    Ok(StatusCode::FORBIDDEN)
}

async fn fail(session: Session) -> Result<Redirect, Failure> {
    app::fail(&session).map(Redirect::to).map_err(failure)
}

/// Reads and writes the session as a type of the application.
async fn streamed(mut visitor: Typed<Visitor>) -> Result<Body, Failure> {
    visitor.visits += 1;
    visitor.save().map_err(failure)?;
    Ok(Body::from_stream(stream::iter(app::pieces(visitor.visits).map(io::Result::Ok))))
}

type OwnHeaders = AppendHeaders<[(&'static str, &'static str); 3]>;

async fn cached(session: Session) -> Result<(OwnHeaders, String), Failure> {
    let visits = app::visit(&session).map_err(failure)?;
    Ok((AppendHeaders(app::OWN_HEADERS), format!("visit {visits}")))
}
