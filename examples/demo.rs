//! Shows a visitor's session on a small site: its contents, how full the cookie is, and the changes that each request
//! makes.
//!
//! Run `cargo run --example demo` and open <http://127.0.0.1:3000>. `PORT` picks another port, and every
//! `TIDEWAY_SESSION_…` variable works. Keys in files may be changed while it runs. Only `SameSite` guards its forms: a
//! real site adds CSRF tokens.
//!
//! With `--features dbsc`, and behind a server that speaks https, it binds sessions to devices and shows the state of
//! the binding: set `TIDEWAY_SESSION_COOKIE_SECURE=true`, which says that browsers come over https.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the demo's log is its terminal")]

use std::env;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use sealed_session::{ConfigError, EncodeError, Session, SessionConfig, SessionManager, ValueError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::key_watch::KeyWatch;

#[cfg(feature = "dbsc")]
#[path = "device_binding/without_adapter.rs"]
mod binding;
#[path = "live_keys/key_watch.rs"]
mod key_watch;

const PREFIX: &str = "TIDEWAY_";
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; \
                   frame-ancestors 'none'";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (code, error) = match manager() {
        Ok(manager) => match serve(manager).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => (1, error),
        },
        Err(error) => (2, error.to_string()),
    };
    eprintln!("{error}");
    ExitCode::from(code)
}

/// Makes the manager that the environment describes. Without a key or a choice of Secure, a first run over http works
/// too.
fn manager() -> Result<SessionManager, ConfigError> {
    let allow_key = var("SESSION_ALLOW_INSECURE_KEY").is_none();
    let allow_key = allow_key.then(|| (format!("{PREFIX}SESSION_ALLOW_INSECURE_KEY").into(), "true".into()));
    let mut config = SessionConfig::from_vars(PREFIX, env::vars_os().chain(allow_key))?;
    if config.has_insecure_key() {
        println!("{PREFIX}SESSION_ENCRYPTION_KEY is not set: made a key, and all sessions end with this run.");
    }
    let text = |name| var(name).map(|text| text.to_string_lossy().trim().to_ascii_lowercase()).unwrap_or_default();
    // Browsers refuse such cookies without Secure, and accept Secure cookies from localhost over http.
    let needs_secure = text("SESSION_COOKIE_NAME").starts_with("__") || text("SESSION_COOKIE_SAME_SITE") == "none";
    if var("SESSION_COOKIE_SECURE").is_none() && !needs_secure {
        println!("{PREFIX}SESSION_COOKIE_SECURE is not set: sending the cookie without Secure, as this is plain http.");
        config = config.secure(false);
    }
    #[cfg(feature = "dbsc")]
    if ["true", "1", "yes", "on"].contains(&text("SESSION_COOKIE_SECURE").as_str()) {
        config = binding::configure(config);
    }
    config.build()
}

/// Looks a variable up as the crate does: with the prefix. One that is empty is not set.
fn var(name: &str) -> Option<OsString> {
    env::var_os(format!("{PREFIX}{name}")).filter(|text| !text.to_string_lossy().trim().is_empty())
}

async fn serve(manager: SessionManager) -> Result<(), String> {
    let port = match env::var_os("PORT") {
        None => 3000,
        Some(text) => text.to_str().and_then(|text| text.parse().ok()).ok_or("PORT takes a number from 0 to 65535")?,
    };
    let refused = |error| format!("can't listen on 127.0.0.1:{port}: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
    println!("Listening on http://{}", listener.local_addr().map_err(refused)?);
    // Keys that are in files may change while the demo runs. Without such files there is nothing to watch.
    if let Ok(watch) = KeyWatch::new(manager.clone()) {
        watch.start();
    }
    let router = Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/set", post(set))
        .route("/flash", post(flash))
        .route("/logout", post(logout))
        .route("/api/session", get(api))
        .layer(middleware::from_fn_with_state(manager, with_session));
    axum::serve(listener, router).await.map_err(|error| error.to_string())
}

/// Does all that a framework needs to do: loads the session before the handler, and commits it after the handler.
async fn with_session(State(manager): State<SessionManager>, mut request: Request, next: Next) -> Response {
    let session = manager.load(request.headers().get_all(header::COOKIE));
    #[cfg(feature = "dbsc")]
    if let Some(answer) =
        binding::answer(&manager, &session, (request.method(), request.uri().path(), request.headers())).await
    {
        return answer;
    }
    request.extensions_mut().insert(session.clone());
    // The session as it came, for the page that says what did not fit. Nothing of it is opened unless that page is
    // needed.
    let before = manager.load(request.headers().get_all(header::COOKIE));
    let mut response = next.run(request).await;
    match manager.commit(&session) {
        // Set-Cookie lines are ASCII, so each of them is a header value.
        Ok(set_cookies) => set_cookies.into_iter().flat_map(HeaderValue::try_from).for_each(|set_cookie| {
            response.headers_mut().append(header::SET_COOKIE, set_cookie);
            let no_store = HeaderValue::from_static("private, no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, no_store);
        }),
        // The handler's response may not be true if the session is not kept, so it is not sent. No cookie is, so the
        // visitor still has the session from before.
        Err(error @ EncodeError::TooLarge { .. }) => response = too_large(&before, &error).into_response(),
        Err(error) => response = Failure::from(error).into_response(),
    }
    #[cfg(feature = "dbsc")]
    binding::offer(&manager, &session, response.headers_mut());
    if session.is_opened() {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    response
}

/// The status and the text that tell the client why a handler gave up.
struct Failure(StatusCode, String);

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        eprintln!("{error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, String::new())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

#[derive(Deserialize)]
struct Login {
    name: String,
    /// A checkbox, which browsers send only when it is checked.
    forget: Option<String>,
}

async fn login(Extension(session): Extension<Session>, Form(form): Form<Login>) -> Result<Redirect, Failure> {
    // The id changes first, so that an id from before the login is worth nothing after it.
    session.regenerate()?;
    session.set_persistent(form.forget.is_none());
    session.set("name", &form.name)?;
    session.set_flash("welcome", format!("Welcome, {}. Your session has a new id.", form.name))?;
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    value: String,
}

async fn set(Extension(session): Extension<Session>, Form(form): Form<Entry>) -> Result<Redirect, Failure> {
    session.set(&form.key, &form.value)?;
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Flash {
    message: String,
}

async fn flash(Extension(session): Extension<Session>, Form(form): Form<Flash>) -> Result<Redirect, Failure> {
    session.set_flash("message", &form.message)?;
    Ok(Redirect::to("/"))
}

async fn logout(Extension(session): Extension<Session>) -> Redirect {
    session.destroy();
    Redirect::to("/")
}

async fn api(Extension(session): Extension<Session>) -> Result<Json<Value>, Failure> {
    let status = session.status().as_str();
    // Taking the flash values of a copy leaves those of the session.
    let mut copy = session.snapshot()?;
    Ok(Json(json!({
        "id": copy.id().to_string(),
        "created_at": copy.created_at().as_secs(),
        "issued_at": copy.issued_at().as_secs(),
        "expires_at": copy.expires_at().as_secs(),
        "status": status,
        "rejected": session.rejected().map(|reason| reason.as_str()),
        "data": copy.data::<Map<String, Value>>()?,
        "flash": copy.flashes()?.into_iter().collect::<Map<String, Value>>(),
        "cookie_bytes": session.cookie_bytes(),
        "binding": binding_of(&session),
    })))
}

/// The state of the binding to a device.
#[cfg(feature = "dbsc")]
fn binding_of(session: &Session) -> &'static str {
    session.binding().as_str()
}

/// Without the feature, no session is bound.
#[cfg(not(feature = "dbsc"))]
fn binding_of(_: &Session) -> &'static str {
    "unbound"
}

async fn page(Extension(session): Extension<Session>) -> Result<impl IntoResponse, Failure> {
    // The status is read before the visit is counted, since counting changes it.
    let status = session.status().as_str();
    let flashes = session.flashes::<Value>()?;
    // A visitor can store another type under this key. Then counting starts anew.
    let visits = session.get::<u64>("visits").ok().flatten().unwrap_or(0).saturating_add(1);
    // A cookie that is almost full stops counting, so that it doesn't lock its visitor out of the page.
    if session.remaining_bytes() > 16 {
        session.set("visits", visits)?;
    }

    render(&session, visits, status, &flashes, None)
}

/// Shows the session from before the request, with the reason why the one after it could not be kept.
fn too_large(before: &Session, error: &EncodeError) -> Result<impl IntoResponse, Failure> {
    let visits = before.get::<u64>("visits").ok().flatten().unwrap_or(0);
    let html = render(before, visits, before.status().as_str(), &[], Some(&error.to_string()))?;
    Ok((StatusCode::PAYLOAD_TOO_LARGE, html))
}

/// Writes the page. `problem` is why the last request changed nothing.
fn render(
    session: &Session,
    visits: u64,
    status: &str,
    flashes: &[(String, Value)],
    problem: Option<&str>,
) -> Result<impl IntoResponse + use<>, Failure> {
    let data = session.snapshot()?;
    let name = data.get::<String>("name").ok().flatten().unwrap_or_else(|| "stranger".to_owned());
    let (name, id, created, issued) = (escape(&name), data.id(), data.created_at(), data.issued_at());
    let (expires, persistent) = (data.expires_at(), if data.is_persistent() { "yes" } else { "no" });
    let row = |(key, json)| format!("<tr><th scope=row>{}<td><code>{}</code>", escape(key), escape(json));
    let rows = data.entries().map(row).collect::<Vec<_>>().concat();
    let notices = flashes.iter().map(|(key, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("<p class=notice><b>{}</b> {}</p>", escape(key), escape(&text))
    });
    // The demo shows these reasons to the visitor; a real site keeps them in its log.
    let bad = |kind: &str, text: &str| format!("<p class='notice bad'><b>{kind}</b> {}</p>", escape(text));
    let rejected = session.rejected().map(|reason| bad(reason.as_str(), &reason.to_string()));
    let problem = problem.map(|text| bad("too_large", text));
    let notices = notices.chain(rejected).chain(problem).collect::<Vec<_>>().concat();
    let binding = binding_of(session);
    let (used, free) = (session.cookie_bytes(), session.remaining_bytes());
    // Three bytes of a session are four characters of its cookie.
    let whole = free.saturating_mul(4).saturating_div(3).saturating_add(used);
    let percent = used.saturating_mul(100).checked_div(whole).unwrap_or(100);
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>sealed-session demo</title>
        <meta name=viewport content='width=device-width, initial-scale=1'><link rel=icon href='data:,'>
        <style>{CSS}</style>
        <header><h1>Hello, {name}</h1>
        <p>Visit <b>{visits}</b>. All that this site knows of you is in your cookie, sealed.</header>
        {notices}
        <main><section><h2>Your session</h2>
        <dl><dt>Id<dd><code>{id}</code><dt>Status<dd><span class=pill>{status}</span><dt>Created<dd>{created}
        <dt>Issued<dd>{issued}<dt>Expires<dd>{expires}<dt>Persistent<dd>{persistent}<dt>Device<dd>{binding}</dl>
        <h3>Cookie</h3><div class=bar><i style='width:{percent}%'></i></div>
        <p>{used} bytes, with room for {free} more bytes of data
        <h3>Data</h3><table>{rows}</table></section>
        {FORMS}</main>
        <footer>The same as JSON: <a href='/api/session'>/api/session</a></footer>"
    );
    Ok(([(header::CONTENT_SECURITY_POLICY, CSP)], Html(html)))
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

const FORMS: &str = "<section class=forms><h2>Change it</h2>
<form method=post action=/login><label>Name <input name=name required autocomplete=nickname></label>
<button>Log in</button>
<label class=check><input type=checkbox name=forget> Forget me when the browser closes</label></form>
<form method=post action=/set><label>Key <input name=key required maxlength=127 autocomplete=off></label>
<label>Value <input name=value autocomplete=off></label><button>Set</button></form>
<form method=post action=/flash><label>Message, shown once <input name=message required autocomplete=off></label>
<button>Flash</button></form>
<form method=post action=/logout><button class=quiet>Log out</button></form></section>";

const CSS: &str = "
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#191c22;--soft:#626a77;--line:#e2e5ea;--field:#f8f9fb;
--main:#0b7261;--on:#fff;--tint:#e2f2ee;--bad:#a92b2b;--badtint:#fbe9e7}
@media(prefers-color-scheme:dark){:root{--page:#111417;--card:#1a1e23;--ink:#e8eaed;--soft:#98a1ad;--line:#2c3239;
--field:#14181c;--main:#5fd0b5;--on:#06231c;--tint:#17332d;--bad:#ff9c92;--badtint:#3a1f1e}}
*{box-sizing:border-box;margin:0}
body{max-width:60rem;margin:auto;padding:clamp(1.25rem,5vw,3.5rem) 1.25rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header{margin-bottom:1.75rem}h1{font-size:clamp(1.8rem,5vw,2.5rem);line-height:1.15;letter-spacing:-.02em}
p,footer,dt,h3,label{color:var(--soft)}header p{margin-top:.4rem}header b,a{color:var(--main)}
h2{font-size:1.15rem;margin-bottom:1rem}h3{font-size:.9rem;font-weight:500;margin:1.5rem 0 .5rem}
.notice{padding:.7rem 1rem;margin-bottom:1rem;border-radius:.6rem;background:var(--tint);color:inherit}
.notice b{color:var(--main);margin-right:.5rem}.notice.bad{background:var(--badtint)}.bad b{color:var(--bad)}
main{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));align-items:start}
section{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:1.4rem;min-width:0}
dl{display:grid;grid-template-columns:auto 1fr;gap:.45rem 1.1rem}dd,dt{font-size:.95rem}
code{font:.88rem ui-monospace,monospace}
.pill{background:var(--tint);color:var(--main);border-radius:1rem;padding:.1rem .65rem}
.bar{height:.4rem;border-radius:1rem;background:var(--line);overflow:hidden}
.bar i{display:block;height:100%;background:var(--main)}main p{font-size:.9rem;margin-top:.5rem}
table{width:100%;border-collapse:collapse}th{width:32%;font-weight:400}tr>*{text-align:left;vertical-align:top;
padding:.45rem .8rem .45rem 0;border-top:1px solid var(--line);unicode-bidi:isolate}
form{display:flex;flex-wrap:wrap;gap:.7rem;align-items:end;padding:1.1rem 0;border-bottom:1px solid var(--line)}
h2+form{padding-top:0}form:last-child{padding-bottom:0;border:0}label{flex:1 1 5rem;font-size:.9rem}
input,button{font:inherit;height:2.6rem;border-radius:.5rem;padding:0 .8rem;border:1px solid var(--line)}
input{display:block;width:100%;margin-top:.25rem;background:var(--field);color:var(--ink);font-size:1rem}
.check{flex:1 0 100%}.check input{display:inline;width:auto;height:auto;margin:0 .4rem 0 0}
button{background:var(--main);border-color:var(--main);color:var(--on);font-weight:600;cursor:pointer}
.quiet{background:none;color:var(--bad);border-color:currentColor}button:hover{filter:brightness(1.1)}
:focus-visible{outline:2px solid var(--main);outline-offset:2px}footer{margin-top:1.5rem;font-size:.9rem}";
