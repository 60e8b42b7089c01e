//! Sends requests through the tower layer around a service in memory: what a request costs whose handler reads one
//! value of a tiny session, leaves the session alone, or finds none. `bare` is the same request without the layer.

use std::convert::Infallible;
use std::future::ready;

use http::header::COOKIE;
use http::{Request, Response};
use sealed_session::tower::SessionLayer;
use sealed_session::{Key, Session, SessionConfig};
use tower::{Layer, Service, service_fn};

use crate::{run, workloads};

pub fn send(kind: &str, calls: u32) {
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    let manager = SessionConfig::new(key).build().unwrap();
    let session = manager.load(None::<&str>);
    let [tiny, ..] = &workloads::WORKLOADS;
    for (key, value) in tiny.map() {
        session.set(&key, value).unwrap();
    }
    let set_cookie = manager.commit(&session).unwrap().into_iter().next().unwrap();
    let (cookie, _) = set_cookie.split_once(';').unwrap();
    let layer = SessionLayer::new(manager);
    let bare = service_fn(|request| ready(answer(request)));
    match kind {
        "bare" => send_all(bare, Some(cookie), calls),
        "untouched" => send_all(layer.layer(bare), Some(cookie), calls),
        "read" => send_all(layer.layer(asking(true)), Some(cookie), calls),
        "stranger" => send_all(layer.layer(asking(false)), None, calls),
        _ => unreachable!("no such kind of request"),
    }
}

/// A service that asks for a value, which is there or not.
fn asking(is_there: bool) -> impl Service<Request<()>, Response = Response<()>, Error = Infallible> + Clone {
    service_fn(move |request: Request<()>| {
        let value: Option<String> = request.extensions().get::<Session>().unwrap().get(workloads::FIRST).unwrap();
        assert_eq!(value.is_some(), is_there);
        ready(answer(request))
    })
}

fn answer(request: Request<()>) -> Result<Response<()>, Infallible> {
    drop(request);
    Ok(Response::default())
}

fn send_all<S>(mut service: S, cookie: Option<&str>, calls: u32)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    for _ in 0..calls {
        let request = cookie.into_iter().fold(Request::builder(), |request, cookie| request.header(COOKIE, cookie));
        counted_request(&mut |request| run(service.call(request)).unwrap(), request.body(()).unwrap());
    }
}

// Safety: nothing else has this name. callgrind finds by it what it must count.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_request(serve: &mut dyn FnMut(Request<()>) -> Response<()>, request: Request<()>) {
    drop(serve(request));
}
