//! `axum-login` over sealed sessions: a tower-sessions session that lives in one entry. Run
//! `cargo run --bin axum_login`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_login::tower_sessions::Session as TowerSession;
use axum_login::tower_sessions::cookie::time::{Duration, OffsetDateTime};
use axum_login::tower_sessions::session::{Id, Record};
use axum_login::tower_sessions::session_store::{Error as StoreError, Result as StoreResult, SessionStore};
use axum_login::{AuthManager, AuthUser, AuthnBackend, login_required};
use sealed_session::tower::SessionLayer;
use sealed_session::{Error, MemoryRevocations, Session, SessionManager};
use serde::Deserialize;

/// The key of the entry that holds all values of a tower-sessions session.
const ENTRY: &str = "tower_session";

/// A store of tower-sessions, for one request: its only record is an entry of the session.
#[derive(Debug)]
struct OneEntry(Session);

#[async_trait]
impl SessionStore for OneEntry {
    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let data = self.0.get(ENTRY).map_err(|error| StoreError::Decode(error.to_string()))?.unwrap_or_default();
        // The sealed session has the end that counts.
        let expiry_date = OffsetDateTime::now_utc() + Duration::weeks(1000);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        self.0.set(ENTRY, &record.data).map_err(|error| StoreError::Encode(error.to_string()))
    }

    /// Is called when the id is to change, which `axum-login` asks for at a login.
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        self.0.regenerate().map_err(|error| StoreError::Backend(error.to_string()))?;
        self.save(record).await
    }

    async fn delete(&self, _: &Id) -> StoreResult<()> {
        self.0.discard(ENTRY);
        Ok(())
    }
}

/// Gives each request the tower-sessions session that `axum-login` looks for, and keeps what became of it.
async fn bridge(session: Session, mut request: Request, next: Next) -> Result<Response, Response> {
    let inner = TowerSession::new(Some(Id(0)), Arc::new(OneEntry(session.clone())), None);
    request.extensions_mut().insert(inner.clone());
    let response = next.run(request).await;
    if inner.is_modified() {
        if inner.is_empty().await {
            session.destroy(); // a logout
        } else {
            inner.save().await.map_err(|error| {
                eprintln!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            })?;
        }
    }
    Ok(response)
}

#[tokio::main]
async fn main() {
    let config = recipes::config().revocations(MemoryRevocations::new()).subject("user_id");
    let manager = recipes::or_exit(config.build());
    let users = Users::default();
    let router = Router::new()
        .route("/account", get(account))
        .route("/password", post(password))
        .route_layer(login_required!(Users, login_url = "/"))
        .route("/", get(greet))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/ban", post(ban))
        .with_state(manager.clone())
        // The last layer is the outermost: first the sealed session, then the one inside of it, then axum-login.
        .layer(tower_layer::layer_fn(move |inner| AuthManager::new(inner, users.clone(), "auth")))
        .layer(from_fn(bridge))
        .layer(SessionLayer::new(manager));
    recipes::serve(router).await;
}

/// The users, and their passwords as they are: your database has hashes.
#[derive(Clone, Debug)]
struct Users(Arc<Mutex<HashMap<String, User>>>);

impl Default for Users {
    fn default() -> Self {
        let user = |name: &str| (name.to_owned(), User { name: name.into(), password: format!("{name}-1") });
        Self(Arc::new(Mutex::new(["ada", "bob"].map(user).into())))
    }
}

#[derive(Clone, Debug)]
struct User {
    name: String,
    password: String,
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.name.clone()
    }

    /// A session ends when this changes. Take a few bytes of a hash: they are in the cookie, as JSON.
    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, credentials: Credentials) -> Result<Option<User>, Infallible> {
        let user = self.0.lock().unwrap().get(&credentials.name).cloned();
        Ok(user.filter(|user| user.password == credentials.password))
    }

    async fn get_user(&self, name: &String) -> Result<Option<User>, Infallible> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }
}

type AuthSession = axum_login::AuthSession<Users>;

async fn greet(auth: AuthSession, session: Session) -> Result<String, Error> {
    let visits = session.get::<u64>("visits")?.unwrap_or(0) + 1;
    session.set("visits", visits)?; // an entry of its own, beside the one of axum-login
    Ok(format!("Hello, {}. Visit {visits}.", auth.user.map_or("stranger".into(), |user| user.name)))
}

async fn account(auth: AuthSession) -> String {
    format!("The account of {}.", auth.user.map_or_else(String::new, |user| user.name))
}

async fn login(
    State(manager): State<SessionManager>,
    session: Session,
    mut auth: AuthSession,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Error> {
    manager.begin_login(&session, &credentials.name).await?;
    let Ok(Some(user)) = auth.authenticate(credentials).await else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    if auth.login(&user).await.is_err() {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    }
    session.set("user_id", &user.name)?; // the subject, for `revoke_subject`
    Ok(Redirect::to("/account").into_response())
}

async fn logout(mut auth: AuthSession) -> Result<Redirect, StatusCode> {
    auth.logout().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

/// Changes the password. `axum-login` ends the sessions that began with the old one, and keeps this one, since it logs
/// in anew.
async fn password(mut auth: AuthSession, Form(form): Form<NewPassword>) -> Result<Redirect, StatusCode> {
    let user = User { password: form.password, ..auth.user.clone().ok_or(StatusCode::UNAUTHORIZED)? };
    auth.backend.0.lock().unwrap().insert(user.name.clone(), user.clone());
    auth.login(&user).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/account"))
}

/// Ends every session of a user. Your application asks first who wants that.
async fn ban(State(manager): State<SessionManager>, name: String) -> Result<(), Error> {
    Ok(manager.revoke_subject(&name).await?)
}
