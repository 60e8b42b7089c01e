//! The extractors that hand out the session of a request, and the response to an error of theirs or of a handler.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde::de::DeserializeOwned;

use super::answer::status_code;
use crate::adapters::error_response::answer;
use crate::adapters::keep_expiry::{KeepExpiry, keep_all};
use crate::adapters::nesting::Others;
use crate::adapters::session_of::SessionOf;
use crate::error::Error;
use crate::session::{Session, Typed};

/// Extracts the session that a [`SessionMiddleware`](crate::actix_web::SessionMiddleware) put into the request. To
/// extract a session is to look at it.
impl FromRequest for Session {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = request.extensions().get::<Self>().cloned();
        ready(session.inspect(Self::hand_out).ok_or(Error::NoLayer))
    }
}

/// Extracts the session of the manager that a middleware gave this name
/// ([`SessionMiddleware::of`](crate::actix_web::SessionMiddleware::of)). To extract a session is to look at it.
impl<M: ?Sized + 'static> FromRequest for SessionOf<M> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = request.extensions().get::<Self>().cloned();
        ready(session.inspect(|session| session.hand_out()).ok_or(Error::NoLayer))
    }
}

/// Says of the request that it keeps no session alive.
impl FromRequest for KeepExpiry {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let others = extensions.get::<Others>().map_or(&[][..], |Others(others)| others);
        ready(keep_all(extensions.get::<Session>().into_iter().chain(others)))
    }
}

/// Extracts the values of that session as a `T`, which is a type of the application.
impl<T: DeserializeOwned> FromRequest for Typed<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let session = Session::from_request(request, payload).into_inner();
        ready(session.and_then(|session| Ok(Self::new(session)?)))
    }
}

/// Answers with an empty response of [`Error::status`](crate::Error::status), which is mostly 500, and writes the
/// reason to the log. In a debug build, the body says of a forgotten middleware that it is forgotten.
///
/// ```
/// use actix_web::{App, web};
/// use sealed_session::{Error, Session};
///
/// async fn log_in(session: Session) -> Result<String, Error> {
///     session.regenerate()?;
///     session.set("user_id", 42)?;
///     Ok(session.csrf_token()?)
/// }
///
/// let app = App::new().route("/login", web::post().to(log_in));
/// ```
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status_code(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        let (status, body) = answer(self);
        let mut response = HttpResponse::build(status_code(status));
        if body.is_empty() { response.finish() } else { response.content_type(ContentType::plaintext()).body(body) }
    }
}
