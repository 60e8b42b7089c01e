//! What the handlers of the application do with a session, and what an administrator does from outside.

use sealed_session::{EncodeError, Session};

use crate::event::Footprint;
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
        Kind::Others if user.is_some() => log_out_others(request, session, &user.unwrap()).await?,
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
        note_login(request, session);
    }
}

/// A session that became somebody's, or whose subject took a new generation for it, is of this request's login.
fn note_login(request: &Request, session: &Session) {
    let before = session.get::<usize>("login").unwrap();
    session.set("login", request.number + 1).unwrap();
    note(request, "login", &(request.number + 1).to_string());
    let mut state = request.world.state();
    let user = state.ledger.acts[request.number].aim.get("user_id").cloned();
    let login = &mut state.ledger.logins[request.number + 1];
    (login.before, login.user) = (before, user.unwrap_or_default());
}

/// Takes the generation of a user before anything else is known of the login.
pub(crate) async fn begin(request: &Request, session: &Session) -> Result<(), Outcome> {
    let Kind::StrictLogin(user) = request.plan.kind else { return Ok(()) };
    let done = request.world.unless_dropped(request.manager.begin_login(session, &user)).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)
}

/// "Log out my other devices".
async fn log_out_others(request: &Request, session: &Session, user: &str) -> Result<(), Outcome> {
    if !request.world.setting.has_subject {
        return Ok(());
    }
    begin_revocation(request, user);
    let mut retries = request.world.setting.trouble.retries;
    while let Err(outcome) = revoke_others(request, session).await {
        if outcome == Outcome::Ended || retries == 0 {
            return Err(outcome);
        }
        retries -= 1;
    }
    end_revocation(request, user);
    note_login(request, session);
    Ok(())
}

async fn revoke_others(request: &Request, session: &Session) -> Result<(), Outcome> {
    request.note_time();
    let done = request.world.unless_dropped(request.manager.revoke_others(session)).await;
    done.ok_or(Outcome::Gone)?.map_err(refused)
}

fn begin_revocation(request: &Request, user: &str) {
    let mut state = request.world.state();
    let revocation = Revocation {
        by: request.number,
        subject: user.to_owned(),
        is_ban: request.plan.kind == Kind::Ban,
        began: state.step,
        had_effect: None,
        returned: None,
    };
    state.ledger.revocations.push(revocation);
    state.touched = Footprint::Everything;
}

fn end_revocation(request: &Request, user: &str) {
    let mut state = request.world.state();
    let step = state.step;
    state.tell(request.number, |_| format!("has revoked the sessions of {user}"));
    let of_this = state.ledger.revocations.iter_mut().find(|revocation| revocation.by == request.number);
    of_this.unwrap().returned = Some(step);
    state.touched = Footprint::Everything;
    state.ledger.is_changed = true;
}

/// Does what an administrator asked for.
pub(crate) async fn administer(request: &Request) -> Outcome {
    if request.plan.kind != Kind::Kill {
        begin_revocation(request, "1");
    }
    let mut retries = request.world.setting.trouble.retries;
    loop {
        request.note_time();
        let done =
            if request.plan.kind == Kind::Kill { revoke_first(request).await } else { revoke_user(request).await };
        match done {
            Ok(()) => return Outcome::Nothing,
            Err(outcome) if retries == 0 => return outcome,
            Err(_) => retries -= 1,
        }
    }
}

async fn revoke_user(request: &Request) -> Result<(), Outcome> {
    let done = request.world.unless_dropped(request.manager.revoke_subject(&1)).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)?;
    end_revocation(request, "1");
    Ok(())
}

/// Ends the session that there was at the start by its id, until its absolute timeout.
async fn revoke_first(request: &Request) -> Result<(), Outcome> {
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
