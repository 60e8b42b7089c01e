//! Sessions in `tiny_http`, without async: two calls around the routes. Run `cargo run --bin tiny_http`.

use std::error::Error;
use std::io::{self, Read};
use std::thread;

use sealed_session::{Session, SessionManager};
use serde::de::DeserializeOwned;
use tiny_http::{Header, Method, Request, Response, ResponseBox, Server};

const THREADS: usize = 4;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (manager, server) = (app::manager(), Server::from_listener(app::listen(), None)?);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for request in server.incoming_requests() {
                    if let Err(error) = with_session(&manager, request) {
                        eprintln!("{error}");
                    }
                }
            });
        }
    });
    Ok(())
}

/// Loads the session before the routes and commits it after them, whatever they answer.
fn with_session(manager: &SessionManager, mut request: Request) -> io::Result<()> {
    let cookies = request.headers().iter().filter(|header| header.field.equiv("Cookie"));
    let session = manager.load(cookies.map(|header| header.value.as_str()));
    let mut response = routes(&mut request, &session)
        .unwrap_or_else(|error| Response::from_string(error.to_string()).with_status_code(error.status()).boxed());
    match manager.commit(&session) {
        Ok(set_cookies) if set_cookies.is_empty() => {}
        Ok(set_cookies) => {
            // `add_header` adds beside what is there, so the handler's own is taken out before.
            response = without(response, "Cache-Control").with_header(header("Cache-Control", "private, no-store"));
            set_cookies.iter().for_each(|set_cookie| response.add_header(header("Set-Cookie", set_cookie)));
        }
        // The handler's response may not be true if the session is not kept, so it is not sent.
        Err(error) => {
            eprintln!("session not kept: {error}");
            response = Response::empty(500).boxed();
        }
    }
    if session.is_opened() {
        response.add_header(header("Vary", "Cookie"));
    }
    request.respond(response)
}

fn routes(request: &mut Request, session: &Session) -> Result<ResponseBox, app::Error> {
    let (method, path) = (request.method().clone(), request.url().to_owned());
    Ok(match (method, path.as_str()) {
        (Method::Post, "/login") => see_other(app::login(session, &form::<app::Login>(request)?.name)?),
        (Method::Post, "/set") => {
            let form: app::Entry = form(request)?;
            see_other(app::set(session, &form.key, &form.value)?)
        }
        (Method::Post, "/flash") => see_other(app::flash(session, &form::<app::Flash>(request)?.message)?),
        (Method::Post, "/logout") => see_other(app::logout(session)),
        (Method::Get, "/") => Response::from_string(app::page(session)?).boxed(),
        (Method::Get, "/api/session") => {
            let json = Response::from_string(app::api(session)?.to_string());
            json.with_header(header("Content-Type", "application/json")).boxed()
        }
        (Method::Get, "/untouched") => Response::from_string("untouched").boxed(),
        (Method::Post, "/early") => {
            app::early(session)?;
            Response::from_string("early").with_status_code(403).boxed()
        }
        (Method::Post, "/error") => see_other(app::fail(session)?),
        (Method::Get, "/stream") => {
            // `tiny_http` sends a body of unknown length in chunks.
            let body = Pieces { rest: app::pieces(app::visit(session)?), piece: io::Cursor::default() };
            Response::empty(200).with_data(body, None).boxed()
        }
        (Method::Get, "/cached") => {
            let response = Response::from_string(format!("visit {}", app::visit(session)?)).boxed();
            app::OWN_HEADERS.iter().fold(response, |response, (name, value)| response.with_header(header(name, value)))
        }
        _ => Response::from_string("not found").with_status_code(404).boxed(),
    })
}

fn form<T: DeserializeOwned>(request: &mut Request) -> Result<T, app::Error> {
    let mut body = Vec::new();
    let read = request.as_reader().take(64 * 1024).read_to_end(&mut body);
    read.map_err(|error| app::Error::BadRequest(error.to_string()))?;
    serde_urlencoded::from_bytes(&body).map_err(|error| app::Error::BadRequest(error.to_string()))
}

fn see_other(path: &'static str) -> ResponseBox {
    Response::empty(303).with_header(header("Location", path)).boxed()
}

/// Takes a header out of a response.
fn without(response: ResponseBox, name: &'static str) -> ResponseBox {
    let headers = response.headers().iter().filter(|header| !header.field.equiv(name)).cloned().collect();
    let (status, length) = (response.status_code(), response.data_length());
    Response::new(status, headers, response.into_reader(), length, None)
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values here are ASCII, those of a session's Set-Cookie too")
}

/// Reads strings, each of which is made only when it is read.
struct Pieces<I> {
    rest: I,
    piece: io::Cursor<String>,
}

impl<I: Iterator<Item = String>> Read for Pieces<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            let Some(next) = (read == 0).then(|| self.rest.next()).flatten() else { return Ok(read) };
            self.piece = io::Cursor::new(next);
        }
    }
}
