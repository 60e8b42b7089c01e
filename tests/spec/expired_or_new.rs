//! "Expired, or new?": what tells a session that has ended from a visitor who was never here (docs/logout.md).

use sealed_session::{DecodeError, MemoryStore, SessionConfig, Status};

use crate::backends::{commit, load, login};
use crate::common::{SECOND_KEY, START, at, fresh, key, manager, manager_with};

const DAY: u64 = 24 * 3600;

/// Returns what a page learns of this Cookie header: the reason, and whether the session is over.
fn told(manager: &sealed_session::SessionManager, cookie: &str) -> (Option<&'static str>, bool) {
    let session = load(manager, cookie);
    let is_over = session.rejected().is_some_and(|reason| reason.is_over());
    assert_eq!(session.status().is_over(), is_over);
    session.set_flash("notice", "You were logged out").unwrap();
    assert!(!session.status().is_over(), "the status is `Changed` now");
    assert_eq!(session.rejected().is_some_and(|reason| reason.is_over()), is_over, "and the reason stays known");
    (session.rejected().map(|reason| reason.as_str()), is_over)
}

#[test]
fn a_session_past_a_timeout_is_over_and_a_visitor_without_a_cookie_is_new() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = login(&manager, 42);
    assert_eq!(told(&manager, ""), (None, false));
    assert_eq!(fresh(&manager).status(), Status::New);
    clock.set(DAY);
    assert_eq!(told(&manager, &cookie), (Some("expired_idle"), true));
    clock.set(30 * DAY);
    assert_eq!(told(&manager, &cookie), (Some("expired_absolute"), true));
    assert_eq!(told(&manager, ""), (None, false));
}

#[test]
fn a_session_from_before_the_cut_off_is_over() {
    let cookie = login(&manager(), 42);
    let (cut, _) = manager_with(|config| config.not_before(at(START + 1)));
    assert_eq!(told(&cut, &cookie), (Some("before_cutoff"), true));
}

#[test]
fn a_session_that_was_logged_out_or_whose_record_is_gone_is_over() {
    let (manager, _) = manager_with(|config| config.store(MemoryStore::new()));
    let [one, other] = [login(&manager, 42), login(&manager, 43)];
    let session = load(&manager, &one);
    session.destroy();
    commit(&manager, &session);
    assert_eq!(told(&manager, &one), (Some("revoked"), true));
    crate::backends::run(manager.clear()).unwrap();
    assert_eq!(told(&manager, &other), (Some("not_stored"), true));
}

#[test]
fn a_cookie_that_was_never_good_here_is_not_over() {
    let manager = manager();
    let foreign = SessionConfig::new(key(SECOND_KEY)).build().unwrap();
    let cookie = login(&manager, 42);
    let (start, end) = cookie.split(';').next().unwrap().split_at(100);
    let other = if end.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{start}{other}{}", &end[1..]);
    for (cookie, reason) in [
        ("tideway_session=forged".to_owned(), "malformed"),
        (login(&foreign, 42), "unknown_key"),
        (tampered, "not_authentic"),
    ] {
        assert_eq!(told(&manager, &cookie), (Some(reason), false));
    }
    let unsure = [DecodeError::Unavailable, DecodeError::NotAsked, DecodeError::Incomplete];
    assert!(!unsure.iter().any(DecodeError::is_over), "nobody knows of these");
}

#[test]
fn the_cookie_of_a_persistent_session_goes_with_the_session_so_that_its_visitor_looks_new() {
    let (manager, _) = manager_with(|config| config);
    let session = fresh(&manager);
    session.set("user_id", 42).unwrap();
    let line = crate::common::commit(&manager, &session).unwrap();
    assert!(line.contains("; Max-Age=86400"), "{line}");
    assert_eq!(session.expires_at(), at(START + DAY));
}
