//! The application on the fairing and the guards of `rocket`.

use rocket::http::{Header, Status};
use rocket::local::blocking::{Client, LocalRequest};
use rocket::response::Responder;
use rocket::response::status::Custom;
use rocket::{Config, Response, get, routes};
use sealed_session::rocket::SessionFairing;
use sealed_session::{EncodeError, Session, Typed};

use crate::common::{Other, Reply, Visitor, count, fill, manager, read, visit};

pub(crate) fn send(path: &str, cookies: &[&str], hooked: bool) -> Reply {
    // A fairing covers a whole application in Rocket, so a route outside of it needs an application without it.
    let client = client(path != "/outside", hooked);
    let mut request = client.get(path.to_owned());
    for cookie in cookies {
        request.add_header(Header::new("Cookie", (*cookie).to_owned()));
    }
    reply(request)
}

fn client(inside: bool, hooked: bool) -> Client {
    let fairing = SessionFairing::new(manager());
    let fairing = if hooked { fairing.on_error(full) } else { fairing };
    let quiet = Config { log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    let all = routes![untouched, reading, visiting, cached, failing, filled, logout, typed, other, outside];
    let app = rocket::custom(quiet).mount("/", all);
    Client::untracked(if inside { app.attach(fairing) } else { app }).unwrap()
}

fn reply(request: LocalRequest<'_>) -> Reply {
    let response = request.dispatch();
    let headers = response.headers().iter();
    let headers = headers.map(|header| (header.name().to_string(), header.value().to_owned())).collect();
    Reply { status: response.status().code, headers, body: response.into_string().unwrap_or_default() }
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "untouched"
}

#[get("/read")]
#[expect(clippy::needless_pass_by_value, reason = "the guard by value")]
fn reading(session: Session) -> String {
    read(&session).unwrap()
}

#[get("/visit")]
fn visiting(session: &Session) -> String {
    visit(session).unwrap()
}

#[derive(Responder)]
struct With<T> {
    body: String,
    header: T,
}

#[get("/cached")]
fn cached(session: &Session) -> With<Header<'static>> {
    With { body: visit(session).unwrap(), header: Header::new("Cache-Control", "max-age=60") }
}

#[get("/failing")]
fn failing(session: &Session) -> Result<String, Custom<String>> {
    Err(Custom(Status::ImATeapot, visit(session).unwrap()))
}

#[get("/fill")]
fn filled(session: &Session) -> With<Header<'static>> {
    With { body: fill(session).unwrap(), header: Header::new("X-Handler", "here") }
}

#[get("/logout")]
fn logout(session: &Session) {
    session.destroy();
}

#[get("/typed")]
fn typed(mut visitor: Typed<Visitor>) -> String {
    count(&mut visitor)
}

#[get("/other")]
fn other(_other: Typed<Other>) {}

#[get("/outside")]
fn outside(_session: &Session) {}

fn full(error: &EncodeError) -> Response<'static> {
    assert!(matches!(error, EncodeError::TooLarge { .. } | EncodeError::Backend(_)));
    let body = std::io::Cursor::new("full");
    Response::build().status(Status::InsufficientStorage).sized_body(None, body).finalize()
}

#[test]
fn the_local_client_of_rocket_brings_its_cookies_too() {
    let client = client(true, false);
    let visited = reply(client.get("/visit"));
    let (name, value) = visited.cookie().split_once('=').unwrap();
    let again = client.get("/read").cookie((name.to_owned(), value.to_owned()));
    assert_eq!(reply(again).body, "1");
}

#[test]
fn debug_shows_the_manager() {
    assert!(format!("{:?}", SessionFairing::new(manager())).starts_with("SessionFairing { manager: "));
}
