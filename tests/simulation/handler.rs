//! Does what the handlers of the application do with a session.

use sealed_session::{EncodeError, Session};

use crate::kind::Kind;
use crate::ledger::Outcome;
use crate::outside;
use crate::request::Request;

/// Does what the request came for. The request is answered with the error, if there is one.
pub(crate) async fn handle(request: &Request, session: &Session) -> Result<(), Outcome> {
    let number = request.number;
    let user = request.world.state().ledger.acts[number].aim.get("user_id").cloned();
    let is_loaded = request.world.state().ledger.acts[number].loaded.is_some();
    match request.plan.kind {
        Kind::WriteA => write(request, session, "a"),
        Kind::WriteB => write(request, session, "b"),
        Kind::Grow => grow(request, session),
        Kind::Shrink => shrink(request, session),
        // Nobody who is banned may log in.
        kind if kind.user() == Some(1) && is_banned(request) => {}
        Kind::Login(user) | Kind::StrictLogin(user) => {
            regenerate(session)?;
            log_in(request, session, user);
        }
        Kind::LoginKeep(user) => log_in(request, session, user),
        Kind::Relogin(user) => {
            destroy(request, session);
            log_in(request, session, user);
        }
        Kind::Renew if is_loaded => regenerate(session)?,
        Kind::StepUp if user.is_some() => {
            regenerate(session)?;
            write(request, session, "a");
        }
        Kind::Switch if user.is_some() => {
            regenerate(session)?;
            log_in(request, session, 2);
        }
        Kind::SwitchKeep if user.is_some() => log_in(request, session, 2),
        Kind::Logout | Kind::LogoutUnasked => destroy(request, session),
        Kind::Others if user.is_some() => outside::log_out_others(request, session, &user.unwrap()).await?,
        _ => {} // a read, or nobody's session
    }
    Ok(())
}

fn destroy(request: &Request, session: &Session) {
    session.destroy();
    let mut state = request.world.state();
    let act = &mut state.ledger.acts[request.number];
    act.has_destroyed = true;
    act.aim.clear();
}

fn is_banned(request: &Request) -> bool {
    request.world.state().ledger.revocations.iter().any(|revocation| revocation.is_ban)
}

fn regenerate(session: &Session) -> Result<(), Outcome> {
    session.regenerate().map(drop).map_err(refused)
}

/// Returns the outcome that the books note for an error of a session.
pub(crate) fn refused(error: EncodeError) -> Outcome {
    match error {
        EncodeError::Ended => Outcome::Ended,
        EncodeError::Backend(_) => Outcome::Failed,
        error => Outcome::Error(error.to_string()),
    }
}

fn note(request: &Request, key: &'static str, json: &str) {
    let mut state = request.world.state();
    let act = &mut state.ledger.acts[request.number];
    act.wrote.push(key);
    act.aim.insert(key.to_owned(), json.chars().take(6).collect());
}

/// Stores the number of the request.
fn write(request: &Request, session: &Session, key: &'static str) {
    session.set(key, request.number + 1).unwrap();
    note(request, key, &(request.number + 1).to_string());
}

/// Stores a value that is too long for a cookie and begins with the number of the request.
fn grow(request: &Request, session: &Session) {
    let long = format!("{}{}", request.number + 1, "x".repeat(LONG));
    session.set("big", &long).unwrap();
    note(request, "big", &format!("\"{long}\""));
}

/// Removes what is too long, if it is there.
fn shrink(request: &Request, session: &Session) {
    remove(request, session, "big");
}

fn remove(request: &Request, session: &Session, key: &'static str) {
    if session.discard(key) {
        let mut state = request.world.state();
        let act = &mut state.ledger.acts[request.number];
        act.wrote.push(key);
        act.aim.remove(key);
    }
}

/// Changes what the request wrote, before its next try: takes back the value that is too long and writes a short one
/// instead or, if there is nothing long to take back, takes back the short one and writes the long one.
pub(crate) fn change_mind(request: &Request, session: &Session) {
    let has_written = |key: &str| {
        let act = &request.world.state().ledger.acts[request.number];
        act.wrote.contains(&key) && act.aim.contains_key(key)
    };
    request.world.tell(request.number, |_| "changes its mind".to_owned());
    if has_written("big") {
        remove(request, session, "big");
        write(request, session, "a");
    } else {
        if has_written("a") {
            remove(request, session, "a");
        }
        grow(request, session);
    }
}

pub(crate) const LONG: usize = 4200;

/// Sets the user, and the number of the login unless the session was this user's already.
fn log_in(request: &Request, session: &Session, user: u8) {
    let before = session.get::<u8>("user_id").unwrap();
    if before != Some(user) {
        session.set("user_id", user).unwrap();
        note(request, "user_id", &user.to_string());
        note_login(request, session);
    }
}

/// A session that became somebody's, or whose subject took a new generation for it, is of this request's login.
pub(crate) fn note_login(request: &Request, session: &Session) {
    let before = session.get::<usize>("login").unwrap();
    session.set("login", request.number + 1).unwrap();
    note(request, "login", &(request.number + 1).to_string());
    let mut state = request.world.state();
    let user = state.ledger.acts[request.number].aim.get("user_id").cloned();
    let login = &mut state.ledger.logins[request.number + 1];
    (login.before, login.user) = (before, user.unwrap_or_default());
}
