//! The application of the contestants: it reads, writes and begins sessions with the contents of `sessions.rs`.

use axum::Router;
use axum::extract::Path as Segments;
use axum::http::StatusCode;
use axum::routing::get;
use sealed_session::Session;

use crate::sessions::Content;
use crate::workloads::FIRST;

pub fn routes() -> Router {
    Router::new()
        .route("/read/{content}", get(read))
        .route("/write/{content}/{value}", get(write))
        .route("/seed/{content}", get(seed))
        .route("/untouched", get(untouched))
}

pub async fn read(session: Session, Segments(content): Segments<usize>) -> Result<String, StatusCode> {
    let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
    let text = |key| session.get::<String>(key).ok().flatten().ok_or(StatusCode::GONE);
    Ok(format!("{} {}", text(FIRST)?, text(content.second)?))
}

pub async fn write(
    session: Session,
    Segments((content, value)): Segments<(usize, String)>,
) -> Result<String, StatusCode> {
    let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
    session.set(content.second, value).map_err(|_| StatusCode::INSUFFICIENT_STORAGE)?;
    Ok(DONE.to_owned())
}

pub async fn seed(session: Session, Segments(content): Segments<usize>) -> Result<String, StatusCode> {
    let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
    session.set_data(&content.map).map_err(|_| StatusCode::INSUFFICIENT_STORAGE)?;
    Ok(DONE.to_owned())
}

pub async fn untouched() -> String {
    DONE.to_owned()
}

/// The body of a response that shows no values.
pub const DONE: &str = "done";
