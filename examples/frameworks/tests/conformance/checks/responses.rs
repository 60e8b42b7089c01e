//! Checks of responses: their headers beside Set-Cookie, their status, and their bodies.

use serde_json::json;

use super::{Outcome, ensure, ensure_eq, is_ada, is_not_stored, sends_no_cookie};
use crate::client::NO_COOKIE;
use crate::server::Framework;

pub fn untouched(framework: &Framework) -> Outcome {
    let vars = [("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "1")];
    let cookie = framework.start(&vars)?.logged_in()?;
    // The cookie is old enough to be sealed again, but the handler does not look at the session.
    let server = framework.start(&[vars[0], ("CLOCK_OFFSET_SECONDS", "600")])?;
    for cookie in [cookie.as_str(), "tideway_session=garbage", ""] {
        let response = server.get("/untouched", &[cookie])?;
        ensure_eq!((response.status, response.text()), (200, "untouched".to_owned()), "answer");
        ensure_eq!(response.header("vary"), [""; 0], "Vary");
        ensure_eq!(response.header("cache-control"), [""; 0], "Cache-Control");
        sends_no_cookie(&response)?;
    }
    Ok(())
}

pub fn caching(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    let form = "key=color&value=green";
    for response in [
        server.post("/set", NO_COOKIE, form)?,
        server.post("/set", &[&cookie], form)?,
        server.post("/logout", &[&cookie], "")?,
        server.post("/set", &["tideway_session=garbage"], form)?,
    ] {
        is_not_stored(&response)?;
    }
    for response in [
        server.get("/api/session", &[&cookie])?,
        server.get("/api/session", NO_COOKIE)?,
        server.get("/api/session", &["tideway_session=garbage"])?,
    ] {
        ensure_eq!(response.vary(), ["Cookie"], "Vary");
        ensure_eq!(response.header("cache-control"), [""; 0], "Cache-Control");
    }
    Ok(())
}

pub fn own_headers(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let response = server.get("/cached", &[server.logged_in()?])?;
    ensure_eq!((response.status, response.text()), (200, "visit 1".to_owned()), "answer");
    ensure_eq!(response.header("cache-control"), ["private, no-store"], "Cache-Control");
    ensure_eq!(response.vary(), ["Accept-Language", "Cookie"], "Vary");
    let lines = response.header("set-cookie");
    let (theirs, ours): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.starts_with("theme="));
    ensure_eq!(theirs, ["theme=dark; Path=/"], "the handler's Set-Cookie");
    let [ours] = ours[..] else { return Err(format!("{} Set-Cookie headers of ours", ours.len())) };
    let session = server.session(ours.split(';').next().unwrap_or_default())?;
    ensure_eq!(session["data"], json!({ "name": "Ada", "visits": 1 }), "data");
    Ok(())
}

pub fn early(framework: &Framework) -> Outcome {
    keeps_and_answers(framework, "/early", 403, "early")
}

pub fn failing(framework: &Framework) -> Outcome {
    keeps_and_answers(framework, "/error", 500, "failed")
}

/// Checks that a handler which answers with an error keeps what it stored in the session.
fn keeps_and_answers(framework: &Framework, path: &str, status: u16, key: &str) -> Outcome {
    let server = framework.start(&[])?;
    let response = server.post(path, &[server.logged_in()?], "")?;
    ensure_eq!(response.status, status, "status");
    is_not_stored(&response)?;
    ensure_eq!(server.session(&response.cookie()?)?["data"], json!({ "name": "Ada", (key): true }), "data");
    Ok(())
}

pub fn streamed(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let response = server.get("/stream", &[server.logged_in()?])?;
    ensure_eq!(response.status, 200, "status");
    ensure!(response.chunks.is_some_and(|chunks| chunks > 1), "chunks: {:?}", response.chunks);
    ensure!(response.text() == app::pieces(1).collect::<String>(), "another body, of {} bytes", response.body.len());
    is_not_stored(&response)?;
    let session = server.session(&response.cookie()?)?;
    ensure_eq!(session["data"], json!({ "name": "Ada", "visits": 1 }), "data");
    Ok(())
}

pub fn wrong_form(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    let response = server.post("/set", &[&cookie], "nothing=here")?;
    ensure!((400..500).contains(&response.status), "status {}", response.status);
    sends_no_cookie(&response)?;
    is_ada(&server, &[cookie])
}

pub fn wrong_variable(framework: &Framework) -> Outcome {
    let cases = [
        (("TIDEWAY_SESSION_TTL", "1"), "TIDEWAY_SESSION_TTL_SECONDS?"),
        (("PORT", "x"), "PORT"),
        (("CLOCK_OFFSET_SECONDS", "x"), "CLOCK_OFFSET_SECONDS"),
    ];
    for (var, name) in cases {
        let output = framework.refuse(&[var])?;
        ensure_eq!(output.status.code(), Some(2), "exit code");
        let report = String::from_utf8_lossy(&output.stderr);
        ensure!(report.contains(name), "report: {report}");
    }
    Ok(())
}
