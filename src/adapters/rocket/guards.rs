//! The request guards that hand out the session of a request, and the response to an error of theirs or of a handler.

use std::any::TypeId;
use std::io::Cursor;
use std::sync::atomic::Ordering;

use rocket::Response;
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};
use serde::de::DeserializeOwned;

use super::loaded::{Failure, all};
use crate::adapters::error_response::answer;
use crate::adapters::keep_expiry::{KeepExpiry, keep_all};
use crate::adapters::session_of::SessionOf;
use crate::error::Error;
use crate::session::{Session, Typed};

/// Guards a handler with the session that a [`SessionFairing`](crate::rocket::SessionFairing) put into the request. A
/// guard that gets the session looks at it.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Session {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        outcome(cached(request, None))
    }
}

/// Gives the same session by value, for a handler that hands it on.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        outcome(cached(request, None).cloned())
    }
}

/// Gives the session of the manager that a fairing gave this name
/// ([`SessionFairing::of`](crate::rocket::SessionFairing::of)).
#[rocket::async_trait]
impl<'r, M: ?Sized + 'static> FromRequest<'r> for SessionOf<M> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        outcome(cached(request, Some(TypeId::of::<M>())).cloned().map(Self::new))
    }
}

/// Says of the request that it keeps no session alive.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for KeepExpiry {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        outcome(keep_all(all(request).map(|loaded| &loaded.session)))
    }
}

/// Gives the values of that session as a `T`, which is a type of the application.
#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromRequest<'r> for Typed<T> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        outcome(cached(request, None).and_then(|session| Ok(Self::new(session.clone())?)))
    }
}

/// Answers with an empty response of [`Error::status`], which is mostly 500, and writes the reason to the log. In a
/// debug build, the body says of a forgotten fairing that it is forgotten; a request guard has no body, so a catcher
/// answers in its place.
///
/// ```
/// use rocket::{post, routes};
/// use sealed_session::{Error, Session};
///
/// #[post("/login")]
/// fn log_in(session: &Session) -> Result<String, Error> {
///     session.regenerate()?;
///     session.set("user_id", 42)?;
///     Ok(session.csrf_token()?)
/// }
///
/// let app = rocket::build().mount("/", routes![log_in]);
/// ```
impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let (status, body) = answer(&self);
        let mut response = Response::build();
        response.status(Status::new(status));
        if !body.is_empty() {
            response.header(ContentType::Plain).sized_body(body.len(), Cursor::new(body));
        }
        response.ok()
    }
}

/// Returns the session of this name, or the one without a name, of the fairing that was attached last, and looks at it.
fn cached<'r>(request: &'r Request<'_>, name: Option<TypeId>) -> Result<&'r Session, Error> {
    let loaded = all(request).filter(|loaded| loaded.name == name).last().ok_or(Error::NoLayer)?;
    match loaded.failure.as_deref() {
        None => {
            loaded.session.hand_out();
            Ok(&loaded.session)
        }
        Some(Failure { error, is_asked_for }) => {
            is_asked_for.store(true, Ordering::Relaxed);
            Err(Error::Backend(error.clone()))
        }
    }
}

fn outcome<T>(found: Result<T, Error>) -> Outcome<T, Error> {
    match found {
        Ok(found) => Outcome::Success(found),
        Err(error) => {
            // A catcher makes the body, so a guard has none.
            let (status, _) = answer(&error);
            Outcome::Error((Status::new(status), error))
        }
    }
}
