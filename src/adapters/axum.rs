//! [`Session`] and [`Typed`] as extractors of axum. Feature `axum`.

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::extract_error::ExtractError;
use crate::session::{Session, Typed};

/// Extracts the session that a [`SessionLayer`](crate::tower::SessionLayer) put into the request. To extract a session is to look
/// at it.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        let session = parts.extensions.get::<Self>().cloned().ok_or(ExtractError::Missing)?;
        session.hand_out();
        Ok(session)
    }
}

/// Extracts the values of that session as a `T`, which is a type of the application.
impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Typed<T> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtractError> {
        Ok(Self::new(Session::from_request_parts(parts, state).await?)?)
    }
}

/// Answers with an empty 500, and writes the reason to the log.
impl IntoResponse for ExtractError {
    fn into_response(self) -> Response {
        log::error!(target: "sealed_session", "{self}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
