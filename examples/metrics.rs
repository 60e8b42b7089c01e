//! Counts visits, and shows at `/metrics` what becomes of the sessions, in the format that Prometheus reads.
//!
//! Run `cargo run --example metrics`, open <http://127.0.0.1:3000>, then <http://127.0.0.1:3000/metrics>. `PORT` picks
//! another port, and every `TIDEWAY_SESSION_…` variable works. A real site keeps `/metrics` from the public, on a port
//! of its own; docs/observability.md says what to watch.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's log is its terminal")]

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use sealed_session::{Counters, Counts, KeyCounts, Session, SessionConfig, SessionManager, UnixTime};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Err(error) = serve().await else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    ExitCode::FAILURE
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // These variables make a first run over plain http work. The variables of the environment override them.
    let first_run = [("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true"), ("TIDEWAY_SESSION_COOKIE_SECURE", "false")];
    let first_run = first_run.map(|(name, value)| (name.into(), value.into()));
    let config = SessionConfig::from_vars("TIDEWAY_", first_run.into_iter().chain(env::vars_os()))?;
    let counters = Counters::new();
    let manager = config.observer(counters.clone()).build()?;
    let router = Router::new()
        .route("/", get(visit))
        .layer(middleware::from_fn_with_state(manager, with_session))
        .route("/metrics", get(metrics))
        .with_state(counters);
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn visit(Extension(session): Extension<Session>) -> Result<String, String> {
    let visits = session.get::<u64>("visits").map_err(|error| error.to_string())?.unwrap_or(0).saturating_add(1);
    session.set("visits", visits).map_err(|error| error.to_string())?;
    Ok(format!("visit {visits}\n"))
}

/// Loads and commits the session, as in examples/demo.rs. The feature `axum` has a layer that does the same.
async fn with_session(State(manager): State<SessionManager>, mut request: Request, next: Next) -> Response {
    let session = manager.load(request.headers().get_all(header::COOKIE));
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    let Ok(set_cookies) = manager.commit(&session) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    for set_cookie in set_cookies.into_iter().flat_map(HeaderValue::try_from) {
        response.headers_mut().append(header::SET_COOKIE, set_cookie);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

async fn metrics(State(counters): State<Counters>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text(&counters.snapshot()))
}

/// Writes the counts in Prometheus's text format. No label needs escaping: ids are hexadecimal digits, and the names
/// are fixed in the crate.
fn text(counts: &Counts) -> String {
    let mut page = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, rows: &[(String, u64)]| {
        // Writing to a String never fails.
        let _ = writeln!(page, "# HELP sealed_session_{name} {help}\n# TYPE sealed_session_{name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(page, "sealed_session_{name}{labels} {value}");
        }
    };
    let of_keys = |number: fn(&KeyCounts) -> u64| -> Vec<_> {
        let labels = |key: &KeyCounts| format!("{{key=\"{}\",ring=\"{}\"}}", key.key_id, key.ring.as_str());
        counts.keys.iter().map(|key| (labels(key), number(key))).collect()
    };
    metric("opens_total", "counter", "Cookies opened, by the key that had sealed them.", &of_keys(|key| key.opens));
    let last = of_keys(|key| key.last_opened_at.map_or(0, UnixTime::as_secs));
    metric("last_open_timestamp_seconds", "gauge", "When a key last opened a cookie; 0 is never.", &last);
    metric("seals_total", "counter", "Sessions sealed, by key.", &of_keys(|key| key.seals));

    let named = |label: &str, counts: &[(&str, u64)]| -> Vec<_> {
        counts.iter().map(|(name, count)| (format!("{{{label}=\"{name}\"}}"), *count)).collect()
    };
    metric("seal_causes_total", "counter", "Sessions sealed, by cause.", &named("cause", &counts.seals));
    metric("refusals_total", "counter", "Requests whose cookie was refused.", &named("reason", &counts.refusals));
    metric("deletions_total", "counter", "Cookies deleted.", &named("cause", &counts.deletions));
    metric("failures_total", "counter", "Commits that failed.", &named("error", &counts.failures));

    // In a copy of this function, take out this attribute, or both lines if the application does no device binding.
    #[cfg(feature = "dbsc")]
    metric("bindings_total", "counter", "Answers of the route of device binding.", &named("outcome", &counts.bindings));

    for (name, help, value) in [
        ("not_extended_total", "Sessions that could not be extended.", counts.not_extended),
        ("changed_too_late_total", "Sessions changed after their response.", counts.changed_too_late),
        ("backend_failures_total", "Failures of the store or of the list of revocations.", counts.backend_failures),
        ("begun_anew_total", "Sessions that began anew since they did not fit a type.", counts.begun_anew),
        ("duplicates_total", "Requests with more than one cookie of our name.", counts.duplicates),
        ("near_limit_total", "Seals that took nine tenths of the limit or more.", counts.near_limit),
        ("sealed_bytes_total", "Bytes of all Set-Cookie texts sealed.", counts.sealed_bytes),
    ] {
        metric(name, "counter", help, &[(String::new(), value)]);
    }
    metric("limit_bytes", "gauge", "The most that a Set-Cookie text may have.", &[(String::new(), counts.limit)]);
    page
}
