//! Sessions in salvo: one handler around the routes. Run `cargo run --bin salvo`.

use std::io;

use futures_util::stream;
use salvo::conn::tcp::TcpAcceptor;
use salvo::http::ResBody;
use salvo::http::header::{CACHE_CONTROL, COOKIE, HeaderName, HeaderValue, SET_COOKIE, VARY};
use salvo::prelude::*;
use sealed_session::{Session, SessionManager};
use serde::de::DeserializeOwned;
use serde_json::Value;

#[tokio::main]
async fn main() -> io::Result<()> {
    let router = Router::new()
        .hoop(Sessions(app::manager()))
        .get(page)
        .push(Router::with_path("login").post(login))
        .push(Router::with_path("set").post(set))
        .push(Router::with_path("flash").post(flash))
        .push(Router::with_path("logout").post(logout))
        .push(Router::with_path("api/session").get(api))
        .push(Router::with_path("untouched").get(untouched))
        .push(Router::with_path("early").post(early))
        .push(Router::with_path("error").post(fail))
        .push(Router::with_path("stream").get(streamed))
        .push(Router::with_path("cached").get(cached));
    Server::new(TcpAcceptor::try_from(app::listen_async())?).try_serve(router).await
}

/// Loads the session before the routes and commits it after them, whatever they answer.
struct Sessions(SessionManager);

#[handler]
impl Sessions {
    async fn handle(&self, request: &mut Request, depot: &mut Depot, response: &mut Response, ctrl: &mut FlowCtrl) {
        let session = self.0.load(request.headers().get_all(COOKIE));
        depot.insert_typed(session.clone());
        ctrl.call_next(request, depot, response).await;
        match self.0.commit(&session) {
            // Set-Cookie lines are ASCII, so each of them is a header value.
            Ok(set_cookies) => set_cookies.into_iter().flat_map(HeaderValue::try_from).for_each(|set_cookie| {
                response.headers_mut().append(SET_COOKIE, set_cookie);
                let no_store = HeaderValue::from_static("private, no-store");
                response.headers_mut().insert(CACHE_CONTROL, no_store);
            }),
            // The handler's response may not be true if the session is not kept, so it is not sent.
            Err(error) => {
                eprintln!("session not kept: {error}");
                *response = Response::new();
                response.status_code(StatusCode::INTERNAL_SERVER_ERROR);
                // Without a body, salvo writes a page about the error, so the response gets an empty body.
                response.body(ResBody::Once(Vec::new().into()));
            }
        }
        if session.is_opened() {
            response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
        }
    }
}

fn session(depot: &Depot) -> Result<&Session, StatusError> {
    depot.get_typed().map_err(|_| StatusError::internal_server_error())
}

async fn form<T: DeserializeOwned>(request: &mut Request) -> Result<T, StatusError> {
    request.parse_form().await.map_err(|error| StatusError::bad_request().brief(error.to_string()))
}

fn failure(error: app::Error) -> StatusError {
    match error {
        app::Error::BadRequest(reason) => StatusError::bad_request().brief(reason),
        app::Error::Internal => StatusError::internal_server_error(),
    }
}

#[handler]
async fn login(request: &mut Request, depot: &Depot) -> Result<Redirect, StatusError> {
    let form: app::Login = form(request).await?;
    app::login(session(depot)?, &form.name).map(Redirect::other).map_err(failure)
}

#[handler]
async fn set(request: &mut Request, depot: &Depot) -> Result<Redirect, StatusError> {
    let form: app::Entry = form(request).await?;
    app::set(session(depot)?, &form.key, &form.value).map(Redirect::other).map_err(failure)
}

#[handler]
async fn flash(request: &mut Request, depot: &Depot) -> Result<Redirect, StatusError> {
    let form: app::Flash = form(request).await?;
    app::flash(session(depot)?, &form.message).map(Redirect::other).map_err(failure)
}

#[handler]
async fn logout(depot: &Depot) -> Result<Redirect, StatusError> {
    Ok(Redirect::other(app::logout(session(depot)?)))
}

#[handler]
async fn page(depot: &Depot) -> Result<String, StatusError> {
    app::page(session(depot)?).map_err(failure)
}

#[handler]
async fn api(depot: &Depot) -> Result<Json<Value>, StatusError> {
    app::api(session(depot)?).map(Json).map_err(failure)
}

#[handler]
async fn untouched() -> &'static str {
    "untouched"
}

#[handler]
async fn early(depot: &Depot) -> Result<(), StatusError> {
    app::early(session(depot)?).map_err(failure)?;
    Err(StatusError::forbidden())
}

#[handler]
async fn fail(depot: &Depot) -> Result<Redirect, StatusError> {
    app::fail(session(depot)?).map(Redirect::other).map_err(failure)
}

#[handler]
async fn streamed(depot: &Depot, response: &mut Response) -> Result<(), StatusError> {
    let pieces = app::pieces(app::visit(session(depot)?).map_err(failure)?);
    response.stream(stream::iter(pieces.map(io::Result::Ok)));
    Ok(())
}

#[handler]
async fn cached(depot: &Depot, response: &mut Response) -> Result<String, StatusError> {
    for (name, value) in app::OWN_HEADERS {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(format!("visit {}", app::visit(session(depot)?).map_err(failure)?))
}
