//! What the handlers of the application do with a session, and what an administrator does from outside.

use sealed_session::{EncodeError, Session};

use crate::kind::Kind;
use crate::ledger::{Outcome, Revocation};
use crate::request::Request;
use crate::setting::ABSOLUTE;
use crate::world::at;

/// Does what the request came for. An error is what it is answered with.
pub(crate) async fn handle(request: &Request, session: &Session) -> Result<(), Outcome> {
    let number = request.number;
    let user = request.world.state().ledger.acts[number].aim.get("user_id").cloned();
    let is_loaded = request.world.state().ledger.acts[number].loaded.is_some();
    match request.plan.kind {
        Kind::WriteA => write(request, session, "a"),
        Kind::WriteB => write(request, session, "b"),
        Kind::Grow => grow(request, session),
        Kind::Login(user) => {
            regenerate(session)?;
            log_in(request, session, user);
        }
        Kind::LoginKeep(user) => log_in(request, session, user),
        Kind::Relogin(user) => {
            session.destroy();
            request.world.state().ledger.acts[number].aim.clear();
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
        Kind::Logout | Kind::LogoutUnasked => {
            session.destroy();
        }
        Kind::Others if user.is_some() => log_out_others(request, session, &user.unwrap()).await?,
        _ => {} // a read, or nobody's session
    }
    Ok(())
}

fn regenerate(session: &Session) -> Result<(), Outcome> {
    session.regenerate().map(drop).map_err(refused)
}

fn refused(error: EncodeError) -> Outcome {
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

/// Stores what is too long for a cookie and begins with the number of the request.
fn grow(request: &Request, session: &Session) {
    let long = format!("{}{}", request.number + 1, "x".repeat(LONG));
    session.set("big", &long).unwrap();
    note(request, "big", &format!("\"{long}\""));
}

pub(crate) const LONG: usize = 4200;

/// Sets the user, and the number of the login unless the session was this user's already.
fn log_in(request: &Request, session: &Session, user: u8) {
    let before = session.get::<u8>("user_id").unwrap();
    if before != Some(user) {
        session.set("user_id", user).unwrap();
        note(request, "user_id", &user.to_string());
        begin_login(request, session);
    }
}

/// A session that became somebody's, or whose subject took a new generation for it, is of this request's login.
fn begin_login(request: &Request, session: &Session) {
    let before = session.get::<usize>("login").unwrap();
    session.set("login", request.number + 1).unwrap();
    note(request, "login", &(request.number + 1).to_string());
    request.world.state().ledger.logins[request.number + 1].before = before;
}

/// "Log out my other devices": revoke first, then regenerate, as docs/stores.md says.
async fn log_out_others(request: &Request, session: &Session, user: &str) -> Result<(), Outcome> {
    if !request.world.setting.has_subject {
        return Ok(());
    }
    revoke_subject(request, user).await?;
    regenerate(session)?;
    begin_login(request, session);
    Ok(())
}

async fn revoke_subject(request: &Request, user: &str) -> Result<(), Outcome> {
    request.note_time();
    let began = request.world.state().step;
    let revocation =
        Revocation { by: request.number, subject: user.to_owned(), began, had_effect: None, returned: None };
    request.world.state().ledger.revocations.push(revocation);
    let subject: u8 = user.parse().unwrap();
    let done = request.world.unless_dropped(request.manager.revoke_subject(&subject)).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)?;
    let mut state = request.world.state();
    let step = state.step;
    state.tell(request.number, |_| format!("has revoked all sessions of {user}"));
    let of_this = state.ledger.revocations.iter_mut().rev().find(|revocation| revocation.by == request.number);
    of_this.unwrap().returned = Some(step);
    state.ledger.is_changed = true;
    Ok(())
}

/// Does what an administrator asked for.
pub(crate) async fn administer(request: &Request) -> Outcome {
    let mut retries = request.world.setting.trouble.retries;
    loop {
        let done = match request.plan.kind {
            Kind::Reset => revoke_subject(request, "1").await,
            _ => revoke_first(request).await,
        };
        match done {
            Ok(()) => return Outcome::Nothing,
            Err(outcome) if retries == 0 => return outcome,
            Err(_) => retries -= 1,
        }
    }
}

/// Ends the session that there was at the start by its id, until its absolute timeout.
async fn revoke_first(request: &Request) -> Result<(), Outcome> {
    request.note_time();
    let first = request.world.state().ledger.cookies.first().map(|cookie| (cookie.id, cookie.created_at));
    let Some((id, created_at)) = first else { return Ok(()) };
    let until = created_at + ABSOLUTE;
    let done = request.world.unless_dropped(request.manager.revoke(id, at(until))).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)?;
    let mut state = request.world.state();
    state.tell(request.number, |story| format!("has revoked the id {}", story.id(id)));
    if request.world.time() < until {
        state.ledger.ended.push(id);
        state.ledger.is_changed = true;
    }
    Ok(())
}
