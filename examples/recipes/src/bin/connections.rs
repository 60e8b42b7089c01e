//! A WebSocket and server-sent events that end when their session does. Run `cargo run --bin connections`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures_util::stream;
use sealed_session::tower::SessionLayer;
use sealed_session::{Error, MemoryRevocations, Session, SessionManager};

#[derive(Clone)]
struct App {
    manager: SessionManager,
    /// The time between two questions about one session.
    recheck_every: Duration,
}

#[tokio::main]
async fn main() {
    // For several servers, take a list that all of them ask, such as `RedisRevocations`.
    let config = recipes::config().revocations(MemoryRevocations::new()).subject("user_id");
    let manager = recipes::or_exit(config.build());
    let recheck_every = Duration::from_millis(recipes::number("RECHECK_EVERY_MILLIS", 5000));
    let router = Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/logout-everywhere", post(logout_everywhere))
        .route("/socket", any(socket))
        .route("/events", get(events))
        .layer(SessionLayer::new(manager.clone()))
        .with_state(App { manager, recheck_every });
    recipes::serve(router).await;
}

/// Logs a visitor in by name, without a password: this is a recipe for connections.
async fn login(session: Session, name: String) -> Result<(), Error> {
    session.regenerate()?;
    session.set("user_id", name)?;
    Ok(())
}

async fn logout(session: Session) {
    session.destroy();
}

async fn logout_everywhere(State(app): State<App>, session: Session) -> Result<(), Error> {
    if let Some(user_id) = session.get::<String>("user_id")? {
        app.manager.revoke_subject(&user_id).await?;
    }
    session.destroy();
    Ok(())
}

async fn socket(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    if !is_of_this_site(&headers) {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    let Some(user_id) = session.get::<String>("user_id")? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    session.keep_expiry(); // a page that connects again and again by itself keeps nobody logged in
    Ok(upgrade.on_upgrade(|socket| converse(app, session, user_id, socket)))
}

/// Tells whether a page of this site opens the connection. Every page of the web may open a WebSocket to every site.
fn is_of_this_site(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(|host| host.as_bytes());
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()?.split_once("://"));
    origin.is_some_and(|(_, origin)| host == Some(origin.as_bytes()))
}

async fn converse(app: App, session: Session, user_id: String, mut socket: WebSocket) {
    let mut tick = tokio::time::interval(app.recheck_every);
    let code = loop {
        let received = tokio::select! {
            received = socket.recv() => Some(received),
            _ = tick.tick() => None,
        };
        // This comes before anything is done for the client.
        match app.manager.recheck(&session).await {
            Ok(None) => {}
            Ok(Some(_)) => break close_code::POLICY, // the session is over
            Err(_) => break close_code::AGAIN,       // the list does not answer, so nobody knows
        }
        match received {
            Some(Some(Ok(Message::Text(text)))) => {
                let answer = format!("{user_id}: {text}");
                if socket.send(Message::text(answer)).await.is_err() {
                    return;
                }
            }
            Some(None | Some(Err(_) | Ok(Message::Close(_)))) => return,
            Some(Some(Ok(_))) | None => {}
        }
    };
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
}

async fn events(State(app): State<App>, session: Session) -> Result<Response, Error> {
    let Some(user_id) = session.get::<String>("user_id")? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    session.keep_expiry();
    let events = stream::unfold((app, session, 0_u64), move |(app, session, number)| {
        let text = format!("{user_id}: {number}");
        async move {
            if number > 0 {
                tokio::time::sleep(app.recheck_every).await;
            }
            // The stream ends here if the session is over. The browser asks again by itself, gets a 401 and gives up.
            let is_good = matches!(app.manager.recheck(&session).await, Ok(None));
            is_good.then(|| (Ok::<_, Infallible>(Event::default().data(text)), (app, session, number + 1)))
        }
    });
    Ok(Sse::new(events).into_response())
}
