//! Sends requests through services in memory.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::header::COOKIE;
use http::{HeaderValue, Response};
use tower::Service;

use crate::contestant::{Case, What};

pub type Request = http::Request<()>;

/// Returns the response of every handler.
pub fn answer(request: Request) -> Result<Response<()>, Infallible> {
    drop(request);
    Ok(Response::default())
}

/// Returns the output of a future that never waits.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Makes a case: a request with this Cookie header goes through the service.
pub fn case<S, B: 'static>(what: What, cookie: &str, mut service: S) -> Case
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + 'static,
{
    let cookie = HeaderValue::from_str(cookie).unwrap();
    let mut call = move || {
        let mut request = Request::new(());
        request.headers_mut().insert(COOKIE, cookie.clone());
        ready(service.call(request)).unwrap()
    };
    let writes = call().headers().contains_key("set-cookie");
    assert_eq!(writes, what == What::HttpWrite, "{what:?}");
    Case::new(what, call)
}
