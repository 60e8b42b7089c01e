//! A small site over the store: who is logged in, visits, and a draft that no cookie has room for.

use std::fmt::Display;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::{Form, Router};
use sealed_session::tower::SessionLayer;
use sealed_session::{EncodeError, Session, SessionManager};
use serde::Deserialize;

/// The routes. The layer waits for the store before a handler runs and after it, so no handler does.
pub fn router(manager: SessionManager) -> Router {
    let sessions = SessionLayer::new(manager.clone()).on_error(|error| not_kept(error).into_response());
    Router::new()
        .route("/", get(visit))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/draft", get(draft).post(keep_draft))
        .layer(sessions)
        .route("/health", get(health)) // below the layer: it has no session
        .with_state(manager)
}

async fn visit(session: Session) -> Result<String, Failure> {
    let visits = session.get("visits").map_err(internal)?.unwrap_or(0_u64) + 1;
    session.set("visits", visits).map_err(internal)?;
    let name = session.get("name").map_err(internal)?.unwrap_or("stranger".to_owned());
    Ok(format!("Hello, {name}. Visit {visits}.\n"))
}

#[derive(Deserialize)]
struct Login {
    name: String,
}

async fn login(session: Session, Form(form): Form<Login>) -> Result<Redirect, Failure> {
    session.regenerate().map_err(internal)?;
    session.set("name", form.name).map_err(internal)?;
    Ok(Redirect::to("/"))
}

async fn logout(session: Session) -> Redirect {
    session.destroy();
    Redirect::to("/")
}

async fn draft(session: Session) -> Result<String, Failure> {
    Ok(session.get("draft").map_err(internal)?.unwrap_or_default())
}

/// Stores the body as the draft.
async fn keep_draft(session: Session, body: String) -> Result<StatusCode, Failure> {
    session.set("draft", body).map_err(|error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn health(State(manager): State<SessionManager>) -> StatusCode {
    if manager.is_healthy().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

type Failure = (StatusCode, String);

fn internal(error: impl Display) -> Failure {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// Returns the answer of the layer when a session could not be loaded or kept. The reason is in the log.
fn not_kept(error: &EncodeError) -> impl IntoResponse {
    let status = match error {
        EncodeError::Backend(_) => StatusCode::SERVICE_UNAVAILABLE,
        EncodeError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        EncodeError::Ended => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, [(header::RETRY_AFTER, "1")])
}
