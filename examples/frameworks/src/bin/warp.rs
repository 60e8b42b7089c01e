//! Sessions in warp: one function around its service, and a filter that hands them out. Run `cargo run --bin warp`.

use std::convert::Infallible;
use std::io;

use futures_util::stream;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, COOKIE, HeaderValue, SET_COOKIE, VARY};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use sealed_session::{Session, SessionManager};
use warp::http::{Request, StatusCode, Uri};
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

#[tokio::main]
async fn main() -> io::Result<()> {
    let (manager, listener) = (app::manager(), app::listen_async());
    let routes = TowerToHyperService::new(warp::service(routes()));
    // This loop stands in for `warp::serve`, which can't run code before and after all routes.
    loop {
        let (stream, _) = listener.accept().await?;
        let (manager, routes) = (manager.clone(), routes.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| with_session(&manager, &routes, request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                eprintln!("{error}");
            }
        });
    }
}

/// Loads the session before the routes and commits it after them, whatever they answer.
async fn with_session<R>(
    manager: &SessionManager,
    routes: &R,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible>
where
    R: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    let session = manager.load(request.headers().get_all(COOKIE));
    request.extensions_mut().insert(session.clone());
    let mut response = routes.call(request).await?;
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
            response = warp::reply::with_status("", StatusCode::INTERNAL_SERVER_ERROR).into_response();
        }
    }
    if session.is_opened() {
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    }
    Ok(response)
}

fn routes() -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let session = warp::ext::get::<Session>;
    let page = warp::path::end().and(warp::get()).and(session()).map(|session: Session| reply(app::page(&session)));
    let login = warp::path!("login").and(warp::post()).and(session()).and(warp::body::form());
    let login = login.map(|session: Session, form: app::Login| redirect(app::login(&session, &form.name)));
    let set = warp::path!("set").and(warp::post()).and(session()).and(warp::body::form());
    let set = set.map(|session: Session, form: app::Entry| redirect(app::set(&session, &form.key, &form.value)));
    let flash = warp::path!("flash").and(warp::post()).and(session()).and(warp::body::form());
    let flash = flash.map(|session: Session, form: app::Flash| redirect(app::flash(&session, &form.message)));
    let logout = warp::path!("logout").and(warp::post()).and(session());
    let logout = logout.map(|session: Session| redirect(Ok(app::logout(&session))));
    let api = warp::path!("api" / "session").and(warp::get()).and(session());
    let api = api.map(|session: Session| reply(app::api(&session).map(|json| warp::reply::json(&json))));
    let untouched = warp::path!("untouched").and(warp::get()).map(|| "untouched");
    let early = warp::path!("early").and(warp::post()).and(session());
    let early = early.map(|session: Session| {
        reply(app::early(&session).map(|()| warp::reply::with_status("early", StatusCode::FORBIDDEN)))
    });
    let error = warp::path!("error").and(warp::post()).and(session());
    let error = error.map(|session: Session| redirect(app::fail(&session)));
    let stream = warp::path!("stream").and(warp::get()).and(session()).map(|session: Session| {
        let pieces = |visits| stream::iter(app::pieces(visits).map(io::Result::Ok));
        reply(app::visit(&session).map(|visits| warp::reply::stream(pieces(visits))))
    });
    let cached = warp::path!("cached").and(warp::get()).and(session());
    let cached = cached.map(|session: Session| {
        let mut response = reply(app::visit(&session).map(|visits| format!("visit {visits}")));
        for (name, value) in app::OWN_HEADERS {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        response
    });
    let changes = login.or(set).or(flash).or(logout).or(early).or(error);
    page.or(api).or(untouched).or(stream).or(cached).or(changes)
}

fn redirect(result: Result<&'static str, app::Error>) -> Response {
    reply(result.map(|path| warp::redirect::see_other(Uri::from_static(path))))
}

fn reply(result: Result<impl Reply, app::Error>) -> Response {
    result.map(Reply::into_response).unwrap_or_else(|error| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        warp::reply::with_status(error.to_string(), status).into_response()
    })
}
