//! The response and the log line of an error of a handler, of an extractor, and of a layer that was forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use log::Level;
use sealed_session::{BackendError, BackendErrorKind, EncodeError, Error, Session};

use crate::common::{Send, logged, manager, visit, visits};

/// The handler of `/fails/{how}`: it passes on the errors of the calls that handlers make, each of another type.
pub(crate) fn fail(session: &Session, how: &str) -> Result<String, Error> {
    visit(session)?;
    match how {
        "set" => session.set("", 1)?,
        "get" => drop(session.get::<bool>("visits")?),
        "data" => drop(session.data::<BTreeMap<String, bool>>()?),
        "backend" => Err(BackendError::new(BackendErrorKind::Full, "no room"))?,
        "ended" => Err(EncodeError::Ended)?,
        "stale" => session.require_recent(Duration::ZERO)?,
        "forged" => drop(manager().codec().decode("forged")?),
        _ => drop(session.regenerate()?),
    }
    Ok(session.csrf_token()?)
}

pub(crate) fn an_error_of_a_handler_is_an_empty_500_and_its_reason_is_in_the_log(send: &Send) {
    for (how, status, level, reason) in [
        ("set", 500, Level::Error, "session key must be 1 to 127 bytes, found 0"),
        ("get", 500, Level::Error, r#"session value "visits" is not a bool"#),
        ("data", 500, Level::Error, "session value"),
        ("backend", 500, Level::Error, "session backend is full: no room"),
        ("ended", 409, Level::Info, "session was ended by another request"),
        ("stale", 403, Level::Info, "request brought no session, and no session was regenerated in it"),
        ("forged", 400, Level::Info, "session cookie is not in the known format"),
    ] {
        assert_eq!(logged(), []);
        let reply = send(&format!("/fails/{how}"), &[], false);
        assert_eq!((reply.status, reply.body.as_str()), (status, ""), "{how}");
        assert_eq!(visits(reply.cookie()), Some(1), "what was set before is kept, as after any response");
        let [(found, line)] = &logged()[..] else { panic!("one line for {how}") };
        assert!(*found == level && line.contains(reason), "{how}: {line}");
    }
}

pub(crate) fn a_handler_without_an_error_answers_as_it_wants(send: &Send) {
    let reply = send("/fails/never", &[], false);
    assert_eq!((reply.status, reply.body.len()), (200, 22));
    assert_eq!(logged(), []);
}

/// Checks the answer to a request whose session layer is missing.
fn says_what_is_forgotten(reply: &crate::common::Reply, has_body: bool) {
    assert_eq!((reply.status, reply.all("set-cookie").len()), (500, 0));
    let [(Level::Error, line)] = &logged()[..] else { panic!("one line") };
    assert!(line.contains("no session layer around this route"), "{line}");
    if has_body && cfg!(debug_assertions) {
        assert_eq!(reply.body, *line, "the developer is told in the page");
    } else {
        assert!(!reply.body.contains("session"), "the reason is for the log: {reply:?}");
    }
}

/// `/outside` has an extractor, `/outside/result` a handler that passes on what the extractor said. Of the two,
/// Rocket's guard has no body, since a catcher answers for it.
pub(crate) fn a_route_without_a_layer_is_a_500_that_says_why_to_the_log_and_to_the_developer(send: &Send) {
    let cookie = send("/visit", &[], false).cookie().to_owned();
    let has_body = send("/framework", &[], false).body != "rocket";
    says_what_is_forgotten(&send("/outside", &[&cookie], false), has_body);
    drop(logged());
    let reply = send("/outside/result", &[&cookie], false);
    if !has_body {
        // The guard has logged the reason, too.
        assert_eq!(logged().len(), 2);
        assert_eq!(reply.body.contains("no session layer"), cfg!(debug_assertions));
        assert_eq!(reply.status, 500);
        return;
    }
    says_what_is_forgotten(&reply, true);
}

/// For actix-web and axum: a middleware outside of the session layer asks for the session.
#[cfg(any(feature = "axum", feature = "actix-web"))]
pub(crate) fn a_layer_in_the_wrong_order_is_told_like_a_missing_one(send: &Send) {
    says_what_is_forgotten(&send("/disordered", &[], false), true);
}

#[test]
fn each_error_of_the_crate_becomes_one_with_the_same_text() {
    use sealed_session::{DecodeError, KeyError, SessionConfig, StaleLogin, ValueError};
    let config = SessionConfig::from_vars("SHOP_", [("PATH", "/bin")]).unwrap_err();
    let backend = BackendError::new(BackendErrorKind::Full, "no room");
    let texts = [
        (Error::from(ValueError::Random), ValueError::Random.to_string()),
        (EncodeError::Random.into(), EncodeError::Random.to_string()),
        (EncodeError::Backend(backend.clone()).into(), backend.to_string()),
        (DecodeError::NotAuthentic.into(), DecodeError::NotAuthentic.to_string()),
        (backend.clone().into(), backend.to_string()),
        (StaleLogin::NoSession.into(), StaleLogin::NoSession.to_string()),
        (KeyError::NotHex.into(), KeyError::NotHex.to_string()),
        (config.clone().into(), config.to_string()),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
        assert!(std::error::Error::source(&error).is_none(), "{text}: nothing is underneath");
    }
}

#[test]
fn an_error_of_a_text_is_the_clients_fault_unless_nobody_could_judge_the_text() {
    use sealed_session::{DecodeError, StaleLogin};
    let decode = |reason: DecodeError| Error::from(reason).status();
    assert_eq!([DecodeError::NotAuthentic, DecodeError::Revoked].map(decode), [400; 2]);
    assert_eq!([DecodeError::Unavailable, DecodeError::NotAsked].map(decode), [500; 2]);
    assert_eq!(Error::from(StaleLogin::NoSession).status(), 403);
    #[cfg(feature = "dbsc")]
    {
        let unbound = sealed_session::Unbound::default();
        assert_eq!((Error::from(unbound).status(), Error::from(unbound).to_string()), (403, unbound.to_string()));
        assert!(unbound.to_string().contains("must be bound"));
    }
}

#[test]
fn backend_errors_are_equal_if_their_kinds_and_texts_are_and_each_kind_is_one_word() {
    use BackendErrorKind::{Corrupt, Full, NotAsked, Unavailable, Unsupported};
    let error = BackendError::new(Full, "no room");
    assert_eq!(error, BackendError::new(Full, "no room"));
    assert_ne!(error, BackendError::new(Full, "no space"));
    assert_ne!(error, BackendError::new(Corrupt, "no room"));
    let words = [Unavailable, Full, Corrupt, Unsupported, NotAsked].map(BackendErrorKind::as_str);
    assert_eq!(words, ["unavailable", "full", "corrupt", "unsupported", "not_asked"]);
}

#[cfg(all(feature = "import", feature = "test-util"))]
#[test]
fn so_does_each_error_of_a_feature() {
    use sealed_session::import::ImportKeyError;
    use sealed_session::testing::SetCookieError;
    assert_eq!(Error::from(ImportKeyError::NotHex).to_string(), ImportKeyError::NotHex.to_string());
    assert_eq!(Error::from(SetCookieError::Deletion).to_string(), SetCookieError::Deletion.to_string());
}

#[test]
fn the_source_of_a_backend_is_the_source_of_each_error_around_it() {
    let io = || std::io::Error::new(std::io::ErrorKind::AddrInUse, "in use");
    let backend = BackendError::new(BackendErrorKind::Unavailable, "can't open it").with_source(io());
    for error in [Error::from(backend.clone()), Error::from(EncodeError::from(backend.clone()))] {
        let source = std::error::Error::source(&error).unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
        assert_eq!(error.to_string(), "session backend is unavailable: can't open it", "the message stands alone");
    }
    let without = BackendError::new(BackendErrorKind::Unavailable, "can't open it");
    assert_eq!(backend, without, "a source makes no other error");
}
