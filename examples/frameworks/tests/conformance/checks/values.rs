//! Checks of the values that a visitor stores, and reads again.

use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

use super::{Outcome, ensure, ensure_eq, is_ada, is_empty, sends_no_cookie};
use crate::client::NO_COOKIE;
use crate::server::Framework;

pub fn missing(framework: &Framework) -> Outcome {
    let response = framework.start(&[])?.get("/api/session", NO_COOKIE)?;
    let session = response.json()?;
    ensure_eq!(session["status"], "new", "status");
    ensure_eq!(session["rejected"], Value::Null, "rejected");
    is_empty(&session)?;
    sends_no_cookie(&response)
}

pub fn sets_and_reads(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let first = server.post("/set", NO_COOKIE, "key=color&value=dark+green")?;
    ensure_eq!((first.status, first.header("location")), (303, vec!["/"]), "answer to a form");
    let session = server.session(&first.cookie()?)?;
    ensure_eq!(session["data"], json!({ "color": "dark green" }), "data");
    ensure_eq!((&session["status"], &session["rejected"]), (&json!("loaded"), &Value::Null), "status");
    let second = server.post("/set", &[first.cookie()?], "key=size&value=XL")?;
    let session = server.session(&second.cookie()?)?;
    ensure_eq!(session["data"], json!({ "color": "dark green", "size": "XL" }), "data");
    Ok(())
}

pub fn flash_once(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.post("/flash", NO_COOKIE, "message=Saved+%26+done")?.cookie()?;
    ensure_eq!(server.session(&cookie)?["flash"], json!({ "message": "Saved & done" }), "flash values");
    let first = server.get("/", &[cookie])?;
    ensure!(first.text().contains("message: Saved & done"), "not shown: {}", first.text());
    let second = server.get("/", &[first.cookie()?])?;
    ensure!(second.status == 200 && !second.text().contains("Saved"), "shown again: {}", second.text());
    Ok(())
}

pub fn login(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let before = server.post("/set", NO_COOKIE, "key=color&value=green")?.cookie()?;
    let after = server.post("/login", &[&before], "name=Ada+Lovelace")?.cookie()?;
    let length = after.len() - "=".len();
    let (before, after) = (server.session(&before)?, server.session(&after)?);
    ensure!(before["id"].is_string() && before["id"] != after["id"], "the id stayed");
    ensure_eq!(after["data"], json!({ "color": "green", "name": "Ada Lovelace" }), "data");
    ensure_eq!(after["flash"], json!({ "welcome": "Welcome, Ada Lovelace." }), "flash values");
    ensure_eq!(after["cookie_bytes"], length, "length of the cookie");
    Ok(())
}

pub fn unchanged(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    is_ada(&server, &[&cookie])?;
    sends_no_cookie(&server.post("/set", &[&cookie], "key=name&value=Ada")?)
}

pub fn too_large(framework: &Framework) -> Outcome {
    let server = framework.start(&[])?;
    let cookie = server.logged_in()?;
    let response = server.post("/set", &[&cookie], &format!("key=big&value={}", "x".repeat(4000)))?;
    ensure_eq!((response.status, response.text()), (500, String::new()), "answer");
    ensure_eq!(response.header("location"), [""; 0], "Location");
    ensure_eq!(response.vary(), ["Cookie"], "Vary");
    sends_no_cookie(&response)?;
    is_ada(&server, &[cookie])?;
    let log = server.stop();
    ensure!(log.contains("session cookie must be at most 3500 bytes") && log.contains("\"big\""), "log: {log}");
    ensure!(!log.contains("xxx"), "a value in the log: {log}");
    Ok(())
}

pub fn parallel(framework: &Framework) -> Outcome {
    const REQUESTS: usize = 200;
    /// Lets one framework at a time run this check: two could need more connections than a process may have.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // The server runs without a configured key, so that the check fails if each thread makes a key of its own.
    let server = framework.start_without_key()?;
    let cookie = server.logged_in()?;
    let start = Barrier::new(REQUESTS);
    thread::scope(|scope| {
        let request = || {
            start.wait();
            is_ada(&server, &[&cookie])
        };
        let threads: Vec<_> = (0..REQUESTS).map(|_| scope.spawn(request)).collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a panic".to_owned())));
        outcomes.collect()
    })
}
