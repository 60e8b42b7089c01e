//! Sessions in Rocket: a fairing, and request guards. Run `cargo run --bin rocket`.

use std::io::Cursor;

use app::Visitor;
use futures_util::Stream;
use futures_util::stream;
use rocket::fairing::AdHoc;
use rocket::form::Form;
use rocket::http::Status;
use rocket::response::stream::TextStream;
use rocket::response::{Redirect, Responder};
use rocket::serde::json::Json;
use rocket::{Config, FromForm, Request, Response, get, post, routes};
use sealed_session::rocket::SessionFairing;
use sealed_session::{Session, Typed};
use serde_json::Value;

#[rocket::main]
async fn main() {
    env_logger::init(); // says why a session was not kept; instead of Rocket's own log, which is on standard output
    let announce =
        AdHoc::on_liftoff("announce", |rocket| Box::pin(async { app::or_exit(app::announce(rocket.config().port)) }));
    let routes = routes![page, login, set, flash, logout, api, untouched, early, fail, streamed, cached];
    let rocket = rocket::custom(Config::figment().merge(("port", app::port())))
        .attach(SessionFairing::new(app::manager()))
        .attach(announce)
        .mount("/", routes);
    app::or_exit(rocket.launch().await);
}

type Failure = (Status, String);

fn failure(error: impl Into<app::Error>) -> Failure {
    let error = error.into();
    (Status::new(error.status()), error.to_string())
}

#[derive(FromForm)]
struct Login<'r> {
    name: &'r str,
}

#[post("/login", data = "<form>")]
fn login(session: Session, form: Form<Login<'_>>) -> Result<Redirect, Failure> {
    app::login(&session, form.name).map(Redirect::to).map_err(failure)
}

#[derive(FromForm)]
struct Entry<'r> {
    key: &'r str,
    value: &'r str,
}

#[post("/set", data = "<form>")]
fn set(session: Session, form: Form<Entry<'_>>) -> Result<Redirect, Failure> {
    app::set(&session, form.key, form.value).map(Redirect::to).map_err(failure)
}

#[derive(FromForm)]
struct Flash<'r> {
    message: &'r str,
}

#[post("/flash", data = "<form>")]
fn flash(session: Session, form: Form<Flash<'_>>) -> Result<Redirect, Failure> {
    app::flash(&session, form.message).map(Redirect::to).map_err(failure)
}

#[post("/logout")]
fn logout(session: Session) -> Redirect {
    Redirect::to(app::logout(&session))
}

#[get("/")]
fn page(session: Session) -> Result<String, Failure> {
    app::page(&session).map_err(failure)
}

#[get("/api/session")]
fn api(session: Session) -> Result<Json<Value>, Failure> {
    app::api(&session).map(Json).map_err(failure)
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "untouched"
}

/// Refuses the request by a status, and that status's catcher writes the response.
#[post("/early")]
fn early(session: Session) -> Result<Status, Failure> {
    app::early(&session).map_err(failure)?;
    Ok(Status::Forbidden)
}

#[post("/error")]
fn fail(session: Session) -> Result<Redirect, Status> {
    app::fail(&session).map(Redirect::to).map_err(|error| Status::new(error.status()))
}

/// Reads and writes the session as a type of the application.
#[get("/stream")]
fn streamed(mut visitor: Typed<Visitor>) -> Result<TextStream<impl Stream<Item = String>>, Failure> {
    visitor.visits += 1;
    visitor.save().map_err(failure)?;
    Ok(TextStream(stream::iter(app::pieces(visitor.visits))))
}

#[get("/cached")]
fn cached(session: Session) -> Result<Cached, Failure> {
    app::visit(&session).map(Cached).map_err(failure)
}

struct Cached(u64);

impl<'r> Responder<'r, 'static> for Cached {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let text = format!("visit {}", self.0);
        let mut response = Response::build().sized_body(text.len(), Cursor::new(text)).finalize();
        for (name, value) in app::OWN_HEADERS {
            response.adjoin_raw_header(name, value);
        }
        Ok(response)
    }
}
