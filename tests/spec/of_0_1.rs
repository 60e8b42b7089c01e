//! Sessions that version 0.1 sealed and stored (`tests/vectors/of_0_1`). The pages promise that an upgrade keeps them.

#[cfg(any(feature = "file", feature = "sqlite"))]
use std::path::Path;

#[cfg(any(feature = "file", feature = "sqlite"))]
use sealed_session::SessionConfig;
use sealed_session::{Session, SessionManager, Status};
use serde::Deserialize;

use crate::backends::{load, run};
use crate::common::manager_with;

/// A line of `cookies.tsv`.
struct Sealed {
    id: &'static str,
    csrf_token: &'static str,
    cookie: &'static str,
}

fn sealed(session: &str) -> Sealed {
    let lines = include_str!("../vectors/of_0_1/cookies.tsv").lines();
    let fields = lines.map(|line| line.split('\t').collect::<Vec<_>>()).find(|fields| fields[0] == session).unwrap();
    Sealed { id: fields[1], csrf_token: fields[2], cookie: fields[3] }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Shop {
    user_id: u64,
    cart: Vec<String>,
    note: Option<u8>,
    rate: f64,
}

/// Loads the session of this name, and checks that it has all that version 0.1 gave to it.
fn loaded(manager: &SessionManager, name: &str) -> Session {
    let sealed = sealed(name);
    let session = load(manager, sealed.cookie);
    assert_eq!((session.rejected(), session.status()), (None, Status::Loaded));
    assert_eq!(session.id().unwrap().to_string(), sealed.id);
    let cart = vec!["tea".to_owned(), "té".to_owned()];
    assert_eq!(session.data(), Ok(Shop { user_id: 42, cart, note: None, rate: 0.5 }));
    assert!(session.verify_csrf_token(sealed.csrf_token));
    assert_eq!(session.take_flash("notice"), Ok(Some("hello".to_owned())));
    session
}

/// Commits the session, and returns the Cookie header of the next request.
fn commit(manager: &SessionManager, session: &Session) -> String {
    let cookies = run(manager.commit_async(session)).unwrap();
    let pairs: Vec<&str> = cookies.iter().filter_map(|line| line.split(';').next()).collect();
    pairs.join("; ")
}

#[test]
fn a_cookie_opens_with_all_that_it_has() {
    let (manager, _) = manager_with(|config| config);
    let session = loaded(&manager, "cookie");
    session.set("seen", true).unwrap();
    let next = load(&manager, &commit(&manager, &session));
    assert_eq!(next.get("seen"), Ok(Some(true)));
    assert!(
        next.verify_csrf_token(sealed("cookie").csrf_token),
        "the token is the session's, whichever version seals it"
    );
}

#[test]
fn two_cookies_of_one_session_open_with_all_that_they_have() {
    let (manager, _) = manager_with(|config| config.two_cookies(true));
    let session = loaded(&manager, "two_cookies");
    assert_eq!(session.get("big"), Ok(Some("x".repeat(3000))));
}

/// Goes through the life of a stored session: it is read, its record is replaced, and it ends.
#[cfg(any(feature = "file", feature = "sqlite"))]
fn lives_on_and_ends(change: impl FnOnce(SessionConfig) -> SessionConfig, name: &str) {
    let (manager, _) = manager_with(change);
    let session = loaded(&manager, name);
    session.set("seen", true).unwrap();
    commit(&manager, &session);
    let session = load(&manager, sealed(name).cookie);
    assert_eq!(session.get("seen"), Ok(Some(true)), "its record was replaced");
    assert_eq!(session.get("user_id"), Ok(Some(42)));
    session.destroy();
    commit(&manager, &session);
    let session = load(&manager, sealed(name).cookie);
    assert_eq!(session.rejected(), Some(sealed_session::DecodeError::Revoked));
}

/// Returns the path of a file of version 0.1.
#[cfg(any(feature = "file", feature = "sqlite"))]
fn file(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/of_0_1").join(path)
}

#[cfg(all(feature = "file", unix))]
#[test]
fn a_record_in_a_file_is_read_and_replaced_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let name = sealed("file_store").id;
    std::fs::copy(file("sessions").join(name), folder.path().join(name)).unwrap();
    lives_on_and_ends(|config| config.store(sealed_session::FileStore::open(folder.path()).unwrap()), "file_store");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_record_in_sqlite_is_read_and_replaced_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    std::fs::copy(file("sessions.db"), &path).unwrap();
    lives_on_and_ends(|config| config.store(sealed_session::SqliteStore::open(&path).unwrap()), "sqlite_store");
}
