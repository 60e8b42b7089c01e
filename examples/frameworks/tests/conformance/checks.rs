//! The checks that every framework must pass. A check starts the servers that it needs, so that no check depends on
//! another.

mod cookies;
mod responses;
mod values;

use serde_json::{Value, json};

use crate::client::Response;
use crate::server::{Framework, Server};

/// The result of a check. The error says what was wrong.
pub type Outcome = Result<(), String>;

/// A row of the table.
pub struct Check {
    pub name: &'static str,
    pub run: fn(&Framework) -> Outcome,
}

pub const BYTE_BESIDE: &str = "byte 0xff in a foreign cookie of the same header";
pub const BYTE_ELSEWHERE: &str = "byte 0xff in a foreign cookie of another header";

pub const CHECKS: [Check; 27] = [
    row("no cookie: an empty session", values::missing),
    row("a value that is set is there in the next request", values::sets_and_reads),
    row("a flash value is shown exactly once", values::flash_once),
    row("login changes the id and keeps the values", values::login),
    row("logout deletes the cookie, with its name, Path, Secure and SameSite", cookies::logout),
    row("nothing changed: no Set-Cookie", values::unchanged),
    row("due for extension: same id, later end", cookies::extended),
    row("tampered cookie: an empty session, and it is left alone", cookies::tampered),
    row("expired cookie: the same", cookies::expired),
    row("cookie sealed for another name: the same", cookies::other_name),
    row("cookie under a foreign key: the same", cookies::foreign_key),
    row("several cookies of the name: the good one counts", cookies::duplicates),
    row("a value in quotes, as Java's clients send it", cookies::quoted),
    row("several Cookie headers", cookies::several_headers),
    row(BYTE_BESIDE, cookies::byte_beside),
    row(BYTE_ELSEWHERE, cookies::byte_elsewhere),
    row("64 KB of foreign cookies", cookies::long_header),
    row("200 requests at once with one cookie", values::parallel),
    row("the session is not asked for: no header of it", responses::untouched),
    row("it is: `Vary: Cookie`, and `private, no-store` with each Set-Cookie", responses::caching),
    row("the handler's own Vary and Set-Cookie stay, and its public Cache-Control does not", responses::own_headers),
    row("a handler that refuses (403) keeps what it set", responses::early),
    row("a handler that fails (500) keeps what it set", responses::failing),
    row("a streamed body arrives whole, after its Set-Cookie", responses::streamed),
    row("session too large: an empty 500, a line in the log, and the old cookie stays good", values::too_large),
    row("a wrong form: a 4xx, and nothing changes", responses::wrong_form),
    row("a wrong variable: it does not start, and says why", responses::wrong_variable),
];

const fn row(name: &'static str, run: fn(&Framework) -> Outcome) -> Check {
    Check { name, run }
}

/// Returns an error that shows both values, unless they are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $what:expr) => {
        let (left, right) = (&$left, &$right);
        if left != right {
            return Err(format!("{}: {left:?}, not {right:?}", $what));
        }
    };
}

/// Returns an error with this message, unless a condition holds.
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}

use {ensure, ensure_eq};

/// Checks that a request with these Cookie headers has the session of [`Server::logged_in`], and that the session stays
/// as it is.
fn is_ada(server: &Server, cookies: &[impl AsRef<[u8]>]) -> Outcome {
    let response = server.get("/api/session", cookies)?;
    ensure_eq!(response.status, 200, "status");
    ensure_eq!(response.json()?["data"], json!({ "name": "Ada" }), "data");
    sends_no_cookie(&response)
}

fn is_empty(session: &Value) -> Outcome {
    ensure_eq!((&session["data"], &session["flash"]), (&json!({}), &json!({})), "an empty session");
    Ok(())
}

/// Checks that the session is empty for this reason, and that the cookie stays until a request stores something.
fn is_refused_and_left_alone(server: &Server, cookie: &str, reason: &str) -> Outcome {
    let response = server.get("/api/session", &[cookie])?;
    let session = response.json()?;
    ensure_eq!((&session["status"], &session["rejected"]), (&json!("rejected"), &json!(reason)), "reason");
    is_empty(&session)?;
    sends_no_cookie(&response)?;
    let replaced = server.post("/login", &[cookie], "name=Ada")?.cookie()?;
    is_ada(server, &[replaced])
}

fn sends_no_cookie(response: &Response) -> Outcome {
    ensure_eq!(response.header("set-cookie"), [""; 0], "Set-Cookie");
    Ok(())
}

fn is_not_stored(response: &Response) -> Outcome {
    response.set_cookie()?;
    ensure_eq!(response.header("cache-control"), ["private, no-store"], "Cache-Control");
    ensure_eq!(response.vary(), ["Cookie"], "Vary");
    Ok(())
}
