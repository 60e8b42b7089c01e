//! Shows forms that no other site can send: each carries the CSRF token of its visitor's session, and the form that
//! changes the email address also asks for a recent login.
//!
//! Run `cargo run --features axum --example csrf_form` and open <http://127.0.0.1:3000>.

#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use sealed_session::tower::SessionLayer;
use sealed_session::{EncodeError, Key, Session, SessionConfig, SessionManager, StaleLogin, TimeoutPreset, ValueError};
use serde::Deserialize;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // These settings are for http://localhost: a random key for this run, and a cookie without Secure.
    let config = SessionConfig::new(Key::generate()?).secure(false).timeouts(TimeoutPreset::OwaspLowRisk);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 3000)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app(config.build()?)).await?)
}

pub(crate) fn app(manager: SessionManager) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/email", post(email))
        .layer(SessionLayer::new(manager))
}

#[derive(Deserialize)]
struct Fields {
    /// The CSRF token. A form without this field has the empty token, which is never right.
    #[serde(default)]
    csrf: String,
    value: String,
}

async fn login(session: Session, Form(form): Form<Fields>) -> Result<Redirect, Refused> {
    // The login form is checked too: otherwise another site could log the visitor in as somebody else.
    verify(&session, &form)?;
    // The old token ends with the old id. The next one is drawn here, so that pages which are opened at once have the
    // same.
    session.regenerate()?;
    session.set("name", &form.value)?;
    session.csrf_token()?;
    Ok(Redirect::to("/"))
}

async fn email(session: Session, Form(form): Form<Fields>) -> Result<Redirect, Refused> {
    verify(&session, &form)?;
    if !session.contains("name") {
        return Err(Refused(StatusCode::FORBIDDEN, "Log in first.".to_owned()));
    }
    session.require_recent(Duration::from_secs(5 * 60))?;
    session.set("email", &form.value)?;
    Ok(Redirect::to("/"))
}

fn verify(session: &Session, form: &Fields) -> Result<(), Refused> {
    if session.verify_csrf_token(&form.csrf) {
        return Ok(());
    }
    Err(Refused(StatusCode::FORBIDDEN, "This form is not from here, or too old: load the page again.".to_owned()))
}

async fn page(session: Session) -> Result<impl IntoResponse, Refused> {
    let token = session.csrf_token()?;
    let text = |key| Ok::<_, ValueError>(escape(&session.get::<String>(key)?.unwrap_or_default()));
    let (name, email) = (text("name")?, text("email")?);
    let form = |action, label, value| {
        format!(
            "<form method=post action={action}><input type=hidden name=csrf value={token}>
            <label>{label} <input name=value value='{value}' required></label> <button>Send</button></form>"
        )
    };
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>CSRF tokens</title>
        <h1>Hello, {}</h1>{}{}",
        if name.is_empty() { "stranger" } else { &name },
        form("/login", "Name", &name),
        form("/email", "Email", &email),
    );
    Ok(([(header::CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; base-uri 'none'")], Html(html)))
}

/// The status and the text that tell the client why a handler gave up.
struct Refused(StatusCode, String);

impl From<StaleLogin> for Refused {
    fn from(_: StaleLogin) -> Self {
        Self(StatusCode::FORBIDDEN, "That was a while ago: log in again.".to_owned())
    }
}

impl From<ValueError> for Refused {
    fn from(error: ValueError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<EncodeError> for Refused {
    fn from(_: EncodeError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, String::new())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
