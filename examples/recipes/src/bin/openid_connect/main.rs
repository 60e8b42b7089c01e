//! A login by OpenID Connect, and logouts that the provider asks for. Run
//! `OIDC_ISSUER=.. cargo run --bin openid_connect`.

mod provider;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use openidconnect::core::CoreResponseType;
use openidconnect::{AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope};
use provider::{Login, Provider};
use sealed_session::tower::SessionLayer;
use sealed_session::{Error, MemoryRevocations, Session, SessionId, SessionManager, UnixTime};
use serde::{Deserialize, Serialize};

const ABSOLUTE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone)]
struct App {
    manager: SessionManager,
    provider: Arc<Provider>,
    /// The session that each `sid` of the provider is here, and the end of it: in your database, so that every server
    /// knows them.
    sessions: Arc<Mutex<HashMap<String, (SessionId, UnixTime)>>>,
}

#[tokio::main]
async fn main() {
    let config = recipes::config().revocations(MemoryRevocations::new()).subject("user_id");
    let manager = recipes::or_exit(config.absolute_timeout(ABSOLUTE_TIMEOUT).build());
    let (listener, origin) = recipes::listen();
    let provider = recipes::or_exit(Provider::from_env(&format!("{origin}/callback")).await);
    let app = App { manager: manager.clone(), provider: Arc::new(provider), sessions: Arc::default() };
    let router = Router::new()
        .route("/", get(greet))
        .route("/login", get(begin))
        .route("/callback", get(callback_by_query).post(callback_by_form))
        .route("/logout", post(logout))
        .route("/backchannel-logout", post(backchannel_logout))
        .layer(SessionLayer::new(manager))
        .with_state(app);
    recipes::serve_on(listener, router).await;
}

async fn greet(session: Session) -> Result<String, Error> {
    let user_id = session.get::<String>("user_id")?;
    let has_token = session.contains("access_token");
    Ok(format!("Hello, {}. Access token: {has_token}.", user_id.as_deref().unwrap_or("stranger")))
}

async fn logout(session: Session) {
    session.destroy();
}

/// The part of a login that its callback needs.
#[derive(Deserialize, Serialize)]
struct Attempt {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// The bytes that a login takes: those of its attempt, and those of the user's `sub`, which has 255 characters at most.
const ROOM: usize = 500;

/// The logins that one browser may have under way, in as many tabs.
const MAX_ATTEMPTS: usize = 4;

async fn begin(State(app): State<App>, session: Session) -> Result<Response, Error> {
    // Later it would be too late: the provider would have logged the visitor in, and the code would be spent.
    if session.remaining_bytes() < ROOM {
        return Ok((StatusCode::INSUFFICIENT_STORAGE, "Your session is full.").into_response());
    }
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let request = app.provider.client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
    let (url, state, nonce) = request.add_scope(Scope::new("email".into())).set_pkce_challenge(challenge).url();
    // Each tab has a key of its own, so that one login does not end another. The oldest give way.
    let attempts: Vec<_> = session.keys().into_iter().filter(|key| key.starts_with("login.")).collect();
    for key in attempts.iter().rev().skip(MAX_ATTEMPTS - 1) {
        session.discard(key);
    }
    session.set(&format!("login.{}", state.secret()), Attempt { nonce, verifier })?;
    Ok(Redirect::to(url.as_str()).into_response())
}

/// The answer with which the provider sends the browser back: a code, or the reason why there is none.
#[derive(Deserialize)]
struct Answer {
    state: String,
    code: Option<String>,
}

async fn callback_by_query(app: State<App>, session: Session, Query(answer): Query<Answer>) -> Result<Response, Error> {
    callback(app, session, answer).await
}

/// Some providers make the browser send a form (`response_mode=form_post`). Then the cookie must be `SameSite=None`.
async fn callback_by_form(app: State<App>, session: Session, Form(answer): Form<Answer>) -> Result<Response, Error> {
    callback(app, session, answer).await
}

async fn callback(State(app): State<App>, session: Session, answer: Answer) -> Result<Response, Error> {
    // Taken, so that it is good once. Another browser has no such attempt: nobody is logged in by the link of another.
    let Some(attempt) = session.remove::<Attempt>(&format!("login.{}", answer.state))? else {
        return Ok((StatusCode::BAD_REQUEST, "This login did not begin here, or took too long.").into_response());
    };
    let Some(code) = answer.code else {
        return Ok((StatusCode::FORBIDDEN, "The provider did not log you in.").into_response());
    };
    let login = match app.provider.exchange(code, attempt.verifier, &attempt.nonce).await {
        Ok(login) => login,
        Err(error) => {
            eprintln!("no login: {error}");
            return Ok((StatusCode::BAD_GATEWAY, "The provider did not log you in.").into_response());
        }
    };
    app.log_in(&session, login).await?;
    Ok(Redirect::to("/").into_response())
}

impl App {
    async fn log_in(&self, session: &Session, login: Login) -> Result<(), Error> {
        self.manager.begin_login(session, &login.subject).await?;
        session.regenerate()?;
        session.set("user_id", &login.subject)?;
        // The code is spent. If the session could not be kept now, the visitor would have to begin anew, and fail
        // again.
        session.discard("access_token");
        if session.remaining_bytes() >= login.access_token.len() + ROOM {
            session.set("access_token", &login.access_token)?;
        } else {
            eprintln!("an access token of {} bytes does not fit into the cookie", login.access_token.len());
        }
        if let Some(sid) = login.sid {
            let until = session.created_at().checked_add(ABSOLUTE_TIMEOUT).unwrap_or(UnixTime::MAX);
            self.sessions.lock().unwrap().insert(sid, (session.id()?, until));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Logout {
    logout_token: String,
}

/// OpenID Connect Back-Channel Logout 1.0: the provider itself asks, and brings no cookie.
async fn backchannel_logout(State(app): State<App>, Form(form): Form<Logout>) -> Result<StatusCode, Error> {
    let Some(logout) = app.provider.verify_logout(&form.logout_token, app.manager.codec().now()) else {
        return Ok(StatusCode::BAD_REQUEST);
    };
    match (logout.sid, logout.sub) {
        (Some(sid), _) => {
            let session = app.sessions.lock().unwrap().get(&sid).copied();
            if let Some((id, until)) = session {
                app.manager.revoke(id, until).await?; // and whatever the session was regenerated into
                app.sessions.lock().unwrap().remove(&sid); // not before it is revoked: the provider may try again
            }
        }
        (None, Some(sub)) => app.manager.revoke_subject(&sub).await?,
        (None, None) => return Ok(StatusCode::BAD_REQUEST),
    }
    Ok(StatusCode::OK)
}
