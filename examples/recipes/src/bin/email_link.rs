//! A link in an e-mail, made by a background job: a new password for whoever forgot the old one. Run
//! `cargo run --bin email_link`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::REFERRER_POLICY;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use sealed_session::tower::SessionLayer;
use sealed_session::{Codec, Error, MemoryRevocations, Session, SessionManager};
use serde::Deserialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The time for which a link is good.
const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

#[derive(Clone)]
struct App {
    manager: SessionManager,
    links: Codec,
    jobs: Sender<String>,
    users: Arc<Mutex<HashMap<String, User>>>, // stands for your database
}

struct User {
    password: String, // your database has a hash
    /// Counts the passwords that this user had. A link is good for one of them.
    version: u64,
}

#[tokio::main]
async fn main() {
    let config = recipes::config().revocations(MemoryRevocations::new()).subject("user_id");
    let manager = recipes::or_exit(config.build());
    let links = recipes::config()
        .audience("shop: link for a new password") // what is sealed for it opens nowhere else
        .idle_timeout(LINK_LIFETIME)
        .absolute_timeout(LINK_LIFETIME);
    let links = recipes::or_exit(links.build_codec());
    let users = HashMap::from([("ada@example.com".into(), User { password: "forgotten".into(), version: 1 })]);
    let (jobs, queue) = channel(100);
    let app = App { manager: manager.clone(), links, jobs, users: Arc::new(Mutex::new(users)) };
    tokio::spawn(send_links(app.clone(), queue));
    let router = Router::new()
        .route("/", get(greet))
        .route("/login", post(login))
        .route("/forgot", post(forgot))
        .route("/reset", get(form).post(reset))
        .layer(SessionLayer::new(manager))
        .with_state(app);
    recipes::serve(router).await;
}

async fn greet(session: Session) -> Result<String, Error> {
    Ok(format!("Hello, {}.", session.get::<String>("user_id")?.as_deref().unwrap_or("stranger")))
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(State(app): State<App>, session: Session, Form(login): Form<Login>) -> Result<Response, Error> {
    app.manager.begin_login(&session, &login.email).await?;
    let is_right = app.users.lock().unwrap().get(&login.email).is_some_and(|user| user.password == login.password);
    if !is_right {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    session.regenerate()?;
    session.set("user_id", login.email)?;
    Ok(Redirect::to("/").into_response())
}

#[derive(Deserialize)]
struct Forgot {
    email: String,
}

/// Answers the same whether or not there is such a user, and equally fast.
async fn forgot(State(app): State<App>, Form(form): Form<Forgot>) -> StatusCode {
    let is_queued = app.jobs.try_send(form.email).is_ok();
    if is_queued { StatusCode::ACCEPTED } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Sends the links. It runs as long as the program, in no request.
async fn send_links(app: App, mut queue: Receiver<String>) {
    while let Some(email) = queue.recv().await {
        match app.link_for(&email) {
            Ok(Some(token)) => println!("To: {email} | Your link: /reset?token={token}"), // stands for your mailer
            Ok(None) => {}
            Err(error) => eprintln!("no link for {email}: {error}"),
        }
    }
}

impl App {
    /// Returns the token of a link; `None` when there is no such user.
    fn link_for(&self, email: &str) -> Result<Option<String>, Error> {
        let Some(version) = self.users.lock().unwrap().get(email).map(|user| user.version) else { return Ok(None) };
        let mut link = self.links.create()?;
        link.set("user_id", email)?;
        link.set("version", version)?;
        Ok(Some(self.links.encode(&link)?))
    }

    /// Gives the user of a link another password, and returns who that is; `None` when the link is not good, or not
    /// good any more.
    fn set_password(&self, token: &str, password: String) -> Result<Option<String>, Error> {
        let Ok(link) = self.links.decode(token) else { return Ok(None) };
        let (email, version) = (link.get::<String>("user_id")?, link.get::<u64>("version")?);
        // In a database this is one statement: UPDATE .. SET version = version + 1 WHERE email = ? AND version = ?.
        let mut users = self.users.lock().unwrap();
        let user = email.as_ref().and_then(|email| users.get_mut(email));
        let Some(user) = user.filter(|user| Some(user.version) == version) else { return Ok(None) };
        *user = User { password, version: user.version + 1 };
        Ok(email)
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Shows a form and changes nothing: programs that scan mails for harm follow links, too.
async fn form(Query(Token { token }): Query<Token>) -> Response {
    // Whatever the codec makes has letters, digits, - and _ only. Anything else might be a piece of HTML.
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let form = format!(
        r#"<form method="post" action="/reset"><input type="hidden" name="token" value="{token}">
        <input name="password" type="password" autocomplete="new-password"><button>Save</button></form>"#
    );
    // The address of this page has the token, and is not to be told to the pages that follow.
    ([(REFERRER_POLICY, "no-referrer")], Html(form)).into_response()
}

#[derive(Deserialize)]
struct Reset {
    token: String,
    password: String,
}

async fn reset(State(app): State<App>, session: Session, Form(form): Form<Reset>) -> Result<Response, Error> {
    let Some(email) = app.set_password(&form.token, form.password)? else {
        return Ok((StatusCode::BAD_REQUEST, "This link is used, or too old. Ask for another one.").into_response());
    };
    app.manager.revoke_subject(&email).await?; // whoever knew the old password is logged out
    session.regenerate_empty()?;
    session.set("user_id", email)?;
    Ok(Redirect::to("/").into_response())
}
