//! [`Answer`]: what leaves the middleware, a response or the error of an inner middleware, and its headers.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::fmt;

use actix_web::body::EitherBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE, VARY};
use actix_web::{Error, HttpResponse, ResponseError};

use crate::adapters::headers::ResponseHeaders;
#[cfg(feature = "dbsc")]
use crate::device_binding::BindingAnswer;

/// The answer that leaves the middleware.
pub(super) enum Answer<B> {
    /// The handler's body stands on the left, the body of an error response on the right.
    Response(ServiceResponse<EitherBody<B>>),
    /// An error of an inner middleware, and the response that it makes, once it was asked for. The framework makes the
    /// response of the error outside of this middleware, so the session has to go with the error.
    Error { error: Error, response: OnceCell<HttpResponse> },
}

impl<B> Answer<B> {
    fn headers(&self) -> &HeaderMap {
        match self {
            Self::Response(response) => response.headers(),
            Self::Error { error, response } => response.get_or_init(|| error.error_response()).headers(),
        }
    }

    fn headers_mut(&mut self) -> Option<&mut HeaderMap> {
        match self {
            Self::Response(response) => Some(response.headers_mut()),
            Self::Error { error, response } => {
                response.get_or_init(|| error.error_response());
                response.get_mut().map(HttpResponse::headers_mut)
            }
        }
    }

    pub(super) fn into_result(self) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        match self {
            Self::Response(response) => Ok(response),
            Self::Error { error, response } => Err(match response.into_inner() {
                None => error,
                Some(response) => {
                    let (status, headers) = (response.status(), response.headers().clone());
                    WithSession { error, status, headers, response: RefCell::new(Some(response)) }.into()
                }
            }),
        }
    }
}

/// An error of an inner middleware, with a response that has the headers of the session.
struct WithSession {
    error: Error,
    status: StatusCode,
    headers: HeaderMap,
    /// The response that the error made. Not every error can make a second one.
    response: RefCell<Option<HttpResponse>>,
}

impl fmt::Debug for WithSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl fmt::Display for WithSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl ResponseError for WithSession {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response.take().unwrap_or_else(|| {
            let mut response = HttpResponse::new(self.status);
            response.headers_mut().clone_from(&self.headers);
            response
        })
    }
}

impl<B> ResponseHeaders for Answer<B> {
    fn append_set_cookie(&mut self, set_cookie: String) {
        // A Set-Cookie is printable ASCII, so it is a header value.
        if let (Some(headers), Ok(mut set_cookie)) = (self.headers_mut(), HeaderValue::try_from(set_cookie)) {
            set_cookie.set_sensitive(true); // It stays out of HPACK's table and out of logs of headers.
            headers.append(SET_COOKIE, set_cookie);
        }
    }

    fn append_vary(&mut self, header_name: &'static str) {
        if let Some(headers) = self.headers_mut() {
            headers.append(VARY, HeaderValue::from_static(header_name));
        }
    }

    fn values(&self, header_name: &'static str) -> impl Iterator<Item = &[u8]> {
        self.headers().get_all(header_name).map(HeaderValue::as_bytes)
    }

    fn set(&mut self, header_name: &'static str, value: Cow<'static, str>) {
        if let (Some(headers), Ok(value)) = (self.headers_mut(), HeaderValue::try_from(&*value)) {
            headers.insert(HeaderName::from_static(header_name), value);
        }
    }

    fn remove(&mut self, header_name: &'static str) {
        if let Some(headers) = self.headers_mut() {
            headers.remove(header_name);
        }
    }
}

#[cfg(feature = "dbsc")]
pub(super) fn binding_response(answer: &BindingAnswer) -> HttpResponse {
    let mut response = HttpResponse::build(status_code(answer.status())).body(answer.body().to_owned());
    for (name, value) in answer.headers() {
        // The values are printable ASCII, so each is a header value.
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(name == "set-cookie");
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

pub(super) fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
