//! The application under test, with a login, a counter and a logout. Each answer shows the session that the request
//! had, or had before a logout.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use sealed_session::tower::SessionLayer;
use sealed_session::{BackendErrorKind, Session, SessionManager, UnixTime};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[derive(Clone)]
struct App {
    manager: SessionManager,
    /// The number of bytes that a session has beside the user and the counter.
    size: usize,
}

/// Serves in the background, and returns the port.
pub(crate) fn start(runtime: &Runtime, manager: SessionManager, size: usize) -> u16 {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(serve(listener, manager, size));
    port
}

pub(crate) async fn serve(listener: TcpListener, manager: SessionManager, size: usize) {
    let layer = SessionLayer::new(manager.clone());
    let app = Router::new()
        .route("/login/{user}", get(log_in))
        .route("/add", get(add))
        .route("/read", get(async |session: Session| show(&session)))
        .route("/note", get(note))
        .route("/logout", get(log_out))
        .route("/everywhere", get(log_out_everywhere))
        .with_state(App { manager, size })
        .layer(layer);
    axum::serve(listener, app).await.unwrap();
}

async fn log_in(State(app): State<App>, Path(user): Path<u64>, session: Session) -> String {
    session.regenerate().unwrap();
    session.set("user", user).unwrap();
    put(&session, 0, app.size);
    show(&session)
}

async fn add(State(app): State<App>, session: Session) -> String {
    if let Some(counter) = session.get::<u64>("counter").unwrap() {
        put(&session, counter + 1, app.size);
    }
    show(&session)
}

/// Stores a value in any session, even in an empty one, as a page does that greets each visitor.
async fn note(session: Session) -> String {
    let seen = show(&session);
    session.set("note", new_note()).unwrap();
    seen
}

async fn log_out(session: Session) -> String {
    let seen = show(&session);
    session.destroy();
    seen
}

async fn log_out_everywhere(State(app): State<App>, session: Session) -> Result<String, StatusCode> {
    let seen = show(&session);
    if let Some(user) = session.get::<u64>("user").unwrap() {
        let ended = match app.manager.revoke_subject(&user).await {
            Err(error) if error.kind() == BackendErrorKind::Unsupported => {
                app.manager.revoke(session.id().unwrap(), UnixTime::MAX).await
            }
            ended => ended,
        };
        ended.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        session.destroy();
    }
    Ok(seen)
}

/// Stores the counter twice, the second time at the start of a large value. If the two differ later, a session is a mix
/// of two states.
fn put(session: &Session, counter: u64, size: usize) {
    session.set("counter", counter).unwrap();
    session.set("draft", format!("{counter:<size$}")).unwrap();
}

/// The user, the counter, the counter in the draft, and the reason for which the cookie was refused, each `-` if there
/// is none.
fn show(session: &Session) -> String {
    let number = |key| session.get::<u64>(key).unwrap().map_or("-".to_owned(), |number| number.to_string());
    let draft = session.get::<String>("draft").unwrap().unwrap_or("-".to_owned());
    let refused = session.rejected().map_or("-", |reason| reason.as_str());
    format!("{} {} {} {refused}", number("user"), number("counter"), draft.trim_end())
}

fn new_note() -> String {
    crate::helpers::new_id().to_string()
}
