//! [`Session`] and [`Typed`] as extractors of axum. Feature `axum`.

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error_response::answer;
use super::keep_expiry::{KeepExpiry, keep_all};
use super::nesting::Others;
use super::session_of::SessionOf;
use crate::error::Error;
use crate::session::{Session, Typed};

/// Extracts the session that a [`SessionLayer`](crate::tower::SessionLayer) put into the request. To extract a session
/// is to look at it.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let session = parts.extensions.get::<Self>().cloned().ok_or(Error::NoLayer)?;
        session.hand_out();
        Ok(session)
    }
}

/// Extracts the session of the manager that a layer gave this name
/// ([`SessionLayer::of`](crate::tower::SessionLayer::of)). To extract a session is to look at it.
impl<S: Send + Sync, M: ?Sized + 'static> FromRequestParts<S> for SessionOf<M> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let session = parts.extensions.get::<Self>().cloned().ok_or(Error::NoLayer)?;
        session.hand_out();
        Ok(session)
    }
}

/// Says of the request that it keeps no session alive.
impl<S: Send + Sync> FromRequestParts<S> for KeepExpiry {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let others = parts.extensions.get::<Others>().map_or(&[][..], |Others(others)| others);
        keep_all(parts.extensions.get::<Session>().into_iter().chain(others))
    }
}

/// Extracts the values of that session as a `T`, which is a type of the application.
impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Typed<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Ok(Self::new(Session::from_request_parts(parts, state).await?)?)
    }
}

/// Answers with an empty response of [`Error::status`], which is mostly 500, and writes the reason to the log. In a
/// debug build, the body says of a forgotten session layer that it is forgotten.
///
/// ```
/// use axum::{Router, routing::post};
/// use sealed_session::{Error, Session};
///
/// async fn log_in(session: Session) -> Result<String, Error> {
///     session.regenerate()?;
///     session.set("user_id", 42)?;
///     Ok(session.csrf_token()?)
/// }
///
/// let app: Router = Router::new().route("/login", post(log_in));
/// ```
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, body) = answer(&self);
        let mut response = body.into_response();
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response
    }
}
