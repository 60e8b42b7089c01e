//! Checks of cookies of every kind, in headers of every kind.

use super::{Outcome, ensure, ensure_eq, is_ada, is_refused_and_left_alone, sends_no_cookie};
use crate::client::{NO_COOKIE, Response};
use crate::server::{Framework, OTHER_KEY};

/// A configuration, and the name and attributes of its cookie.
type Attributes<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);

pub fn logout(framework: &Framework) -> Outcome {
    let plain = [("TIDEWAY_SESSION_COOKIE_SECURE", "false"), ("TIDEWAY_SESSION_COOKIE_DOMAIN", "example.com")];
    let path = [
        ("TIDEWAY_SESSION_COOKIE_NAME", "sid"),
        ("TIDEWAY_SESSION_COOKIE_PATH", "/app"),
        ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "strict"),
    ];
    let host = [("TIDEWAY_SESSION_COOKIE_NAME", "__Host-sid"), ("TIDEWAY_SESSION_COOKIE_SAME_SITE", "none")];
    let expected: [Attributes<'_>; 4] = [
        (&[], "tideway_session=", &["HttpOnly", "SameSite=Lax", "Secure", "Path=/"]),
        (&plain, "tideway_session=", &["HttpOnly", "SameSite=Lax", "Path=/", "Domain=example.com"]),
        (&path, "sid=", &["HttpOnly", "SameSite=Strict", "Secure", "Path=/app"]),
        (&host, "__Host-sid=", &["HttpOnly", "SameSite=None", "Secure", "Path=/"]),
    ];
    for (vars, start, attributes) in expected {
        let server = framework.start(vars)?;
        let response = server.post("/login", NO_COOKIE, "name=Ada")?;
        let login = last(&response, attributes)?;
        let cookie = login.split(';').next().unwrap_or_default();
        let response = server.post("/logout", &[cookie], "")?;
        let logout = last(&response, attributes)?;
        ensure!(login.starts_with(start), "another name: {login}");
        ensure_eq!(login.split("; ").skip(1).collect::<Vec<_>>(), [attributes, &["Max-Age=86400"]].concat(), "set");
        let gone = ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
        ensure_eq!(logout.split("; ").collect::<Vec<_>>(), [&[start], attributes, &gone].concat(), "deleted");
    }
    Ok(())
}

/// Returns the last Set-Cookie header. Beside a cookie with a Domain, a header before it deletes the cookie that has no
/// Domain.
fn last<'r>(response: &'r Response, attributes: &[&str]) -> Result<&'r str, String> {
    let has_domain = attributes.iter().any(|attribute| attribute.starts_with("Domain="));
    match response.header("set-cookie")[..] {
        [line] if !has_domain => Ok(line),
        [deletion, line] if has_domain && deletion.contains("; Max-Age=0;") && !deletion.contains("Domain") => Ok(line),
        ref lines => Err(format!("Set-Cookie headers: {lines:?}")),
    }
}

pub fn tampered(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let mut cookie = server.logged_in()?;
    let last = cookie.len() - 10;
    let other = if &cookie[last..=last] == "A" { "B" } else { "A" };
    cookie.replace_range(last..=last, other);
    is_refused_and_left_alone(&server, &cookie, "not_authentic")?;
    is_refused_and_left_alone(&server, "tideway_session=garbage", "malformed")
}

pub fn expired(framework: &Framework) -> Outcome {
    let ttl = ("TIDEWAY_SESSION_TTL_SECONDS", "3600");
    let cookie = framework.start(&[ttl])?.logged_in()?;
    is_refused_and_left_alone(&framework.start(&[ttl, ("CLOCK_OFFSET_SECONDS", "3600")])?, &cookie, "expired_idle")
}

pub fn other_name(framework: &Framework) -> Outcome {
    let cookie = framework.start(&[("TIDEWAY_SESSION_COOKIE_NAME", "other")])?.logged_in()?;
    let Some(value) = cookie.strip_prefix("other=") else { return Err(format!("another name: {cookie}")) };
    is_refused_and_left_alone(&framework.start(&[])?, &format!("tideway_session={value}"), "not_authentic")
}

pub fn foreign_key(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    let foreign = framework.start(&[("TIDEWAY_SESSION_ENCRYPTION_KEY", OTHER_KEY)])?;
    is_refused_and_left_alone(&foreign, &cookie, "unknown_key")?;
    is_ada(&server, &[cookie])
}

pub fn duplicates(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    is_ada(&server, &[format!("tideway_session=garbage; {cookie}")])?;
    is_ada(&server, &[format!("{cookie}; tideway_session=garbage")])?;
    is_ada(&server, &["tideway_session=garbage", &cookie])
}

pub fn quoted(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?.replacen('=', "=\"", 1) + "\"";
    is_ada(&server, &[&cookie])?;
    is_ada(&server, &[format!("$Version=\"1\"; {cookie};$Path=\"/\"")])
}

pub fn several_headers(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    is_ada(&server, &["theme=dark", &cookie, "lang=en"])?;
    is_ada(&server, &[&cookie, "theme=dark; lang=en"])?;
    is_ada(&server, &["theme=dark; lang=en", &cookie])
}

pub fn byte_beside(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    is_ada(&server, &[[b"theme=\xff; ", cookie.as_bytes()].concat()])
}

pub fn byte_elsewhere(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    is_ada(&server, &[b"theme=\xff", cookie.as_bytes()])
}

pub fn long_header(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    let mut header: String = (0..64).map(|number| format!("tracker_{number:02}={}; ", "x".repeat(1011))).collect();
    ensure_eq!(header.len(), 64 * 1024, "length of the header");
    header.push_str(&cookie);
    is_ada(&server, &[header])
}

pub fn extended(framework: &Framework) -> Outcome {
    let vars = [("TIDEWAY_SESSION_TTL_SECONDS", "3600"), ("TIDEWAY_SESSION_EXTEND_AFTER_SECONDS", "1800")];
    let server = framework.start(&vars)?;
    let cookie = server.logged_in()?;
    let before = server.session(&cookie)?;
    let early = framework.start(&[vars[0], vars[1], ("CLOCK_OFFSET_SECONDS", "900")])?;
    sends_no_cookie(&early.get("/api/session", &[&cookie])?)?;
    let due = framework.start(&[vars[0], vars[1], ("CLOCK_OFFSET_SECONDS", "1800")])?;
    let after = due.session(&due.get("/api/session", &[&cookie])?.cookie()?)?;
    for same in ["id", "created_at", "data", "flash"] {
        ensure_eq!(after[same], before[same], same);
    }
    let later = after["expires_at"].as_u64().zip(before["expires_at"].as_u64()).map(|(after, before)| after - before);
    ensure!(later.is_some_and(|seconds| (1800..3600).contains(&seconds)), "the end moved by {later:?} seconds");
    Ok(())
}
