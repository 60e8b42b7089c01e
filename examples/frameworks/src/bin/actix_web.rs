//! Sessions in actix-web: a middleware around the routes, and extractors. Run `cargo run --bin actix_web`.

use std::io;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Form, Json, Redirect, get, post};
use actix_web::{App, HttpResponse, HttpServer, Responder, Result};
use app::Visitor;
use futures_util::stream;
use sealed_session::actix_web::SessionMiddleware;
use sealed_session::{Session, Typed};
use serde_json::Value;

#[actix_web::main]
async fn main() -> io::Result<()> {
    env_logger::init(); // says why a session was not kept
    let manager = app::manager();
    let application = move || {
        App::new()
            .wrap(SessionMiddleware::new(manager.clone()))
            .route("/", get().to(page))
            .route("/login", post().to(login))
            .route("/set", post().to(set))
            .route("/flash", post().to(flash))
            .route("/logout", post().to(logout))
            .route("/api/session", get().to(api))
            .route("/untouched", get().to(untouched))
            .route("/early", post().to(early))
            .route("/error", post().to(fail))
            .route("/stream", get().to(streamed))
            .route("/cached", get().to(cached))
    };
    HttpServer::new(application).listen(app::listen())?.run().await
}

fn failure(error: impl Into<app::Error>) -> actix_web::Error {
    let error = error.into();
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    InternalError::new(error.to_string(), status).into()
}

fn see_other(path: &'static str) -> Redirect {
    Redirect::to(path).see_other()
}

async fn login(session: Session, form: Form<app::Login>) -> Result<Redirect> {
    app::login(&session, &form.name).map(see_other).map_err(failure)
}

async fn set(session: Session, form: Form<app::Entry>) -> Result<Redirect> {
    app::set(&session, &form.key, &form.value).map(see_other).map_err(failure)
}

async fn flash(session: Session, form: Form<app::Flash>) -> Result<Redirect> {
    app::flash(&session, &form.message).map(see_other).map_err(failure)
}

async fn logout(session: Session) -> Redirect {
    see_other(app::logout(&session))
}

async fn page(session: Session) -> Result<String> {
    app::page(&session).map_err(failure)
}

async fn api(session: Session) -> Result<Json<Value>> {
    app::api(&session).map(Json).map_err(failure)
}

async fn untouched() -> &'static str {
    "untouched"
}

async fn early(session: Session) -> Result<impl Responder> {
    app::early(&session).map_err(failure)?;
    Ok(HttpResponse::Forbidden())
}

async fn fail(session: Session) -> Result<Redirect> {
    app::fail(&session).map(see_other).map_err(failure)
}

/// Reads and writes the session as a type of the application.
async fn streamed(mut visitor: Typed<Visitor>) -> Result<impl Responder> {
    visitor.visits += 1;
    visitor.save().map_err(failure)?;
    let pieces = app::pieces(visitor.visits).map(|piece| io::Result::Ok(Bytes::from(piece)));
    Ok(HttpResponse::Ok().streaming(stream::iter(pieces)))
}

async fn cached(session: Session) -> Result<impl Responder> {
    let visits = app::visit(&session).map_err(failure)?;
    let mut response = HttpResponse::Ok();
    for header in app::OWN_HEADERS {
        response.append_header(header);
    }
    Ok(response.body(format!("visit {visits}")))
}
