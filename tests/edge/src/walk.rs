//! Every operation of a session that needs the time or random numbers, under a clock that the caller sets.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sealed_session::{DecodeError, Key, KeyRing, SessionConfig, SessionManager, UnixTime};

type Outcome<T> = Result<T, Box<dyn Error>>;

const START: u64 = 1_700_000_000;
const DAY: u64 = 24 * 60 * 60;

/// Does every operation. The result is a line for the reader, or the error.
pub fn every_operation() -> Outcome<String> {
    let seconds = Arc::new(AtomicU64::new(START));
    let clock = Arc::clone(&seconds);
    let set = |to: u64| seconds.store(START + to, Ordering::SeqCst);
    let ring = KeyRing::new(Key::generate()?, vec![Key::generate()?])?.retire_previous_at(at(START + DAY));
    let config = SessionConfig::new(ring).not_before(at(START));
    let manager = config.clock(move || at(clock.load(Ordering::SeqCst))).build()?;

    let session = manager.load(None::<&str>);
    session.set("user", "Ada")?;
    session.set_flash("notice", "saved")?;
    session.extend(Duration::from_secs(3 * DAY))?;
    let first = sent(&manager, &session)?;
    ensure(first.contains("; Max-Age=259200"), "a new session lives as long as it says")?;

    set(2 * DAY);
    let session = manager.load([cookie(&first)]);
    ensure(session.take_flash("notice")? == Some("saved".to_owned()), "a flash value is read")?;
    ensure(session.regenerate()?.is_some(), "a new id for an old one")?;
    let second = sent(&manager, &session)?;

    set(2 * DAY + DAY / 2);
    let session = manager.load([cookie(&second)]);
    ensure(session.get("user")? == Some("Ada".to_owned()), "the value came along")?;
    ensure(sent(&manager, &session)?.contains("; Max-Age="), "a session that is due is extended")?;
    ensure(session.destroy().is_some(), "there is something to destroy")?;
    ensure(sent(&manager, &session)?.contains("; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "a deletion")?;

    set(40 * DAY);
    let session = manager.load([cookie(&second)]);
    ensure(session.is_empty(), "over")?;
    ensure(
        session.rejected().is_some_and(|reason| reason.is_expired() && reason.to_string().contains("2023")),
        "expired",
    )?;
    ensure(manager.commit(&session)?.iter().next().is_none(), "an expired cookie is left alone")?;
    let session = manager.load(["tideway_session=forged"]);
    ensure(session.rejected() == Some(DecodeError::Malformed), "a forged cookie is refused")?;
    Ok("every operation asks the injected clock and no other".to_owned())
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap_or(UnixTime::MAX)
}

fn sent(manager: &SessionManager, session: &sealed_session::Session) -> Outcome<String> {
    manager.commit(session)?.into_iter().next().ok_or_else(|| "nothing is sent".into())
}

fn cookie(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap_or_default()
}

fn ensure(holds: bool, what: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(what.into()) }
}
