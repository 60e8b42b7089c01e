//! The calls of the manager that concern more than one session: revocations, and logins that begin before they are
//! known to be good.

use sealed_session::{Session, SessionId};

use crate::event::Footprint;
use crate::handler;
use crate::kind::Kind;
use crate::ledger::{End, Ledger, Outcome};
use crate::logins::Revocation;
use crate::network::UNDER_WAY;
use crate::request::Request;
use crate::setting::{Place, SKEW};
use crate::world::{World, at};

/// Takes the generation of a user before anything else is known of the login.
pub(crate) async fn begin_login(request: &Request, session: &Session) -> Result<(), Outcome> {
    let Kind::StrictLogin(user) = request.plan.kind else { return Ok(()) };
    let done = request.world.unless_dropped(request.manager.begin_login(session, &user)).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)
}

/// "Log out my other devices".
pub(crate) async fn log_out_others(request: &Request, session: &Session, user: &str) -> Result<(), Outcome> {
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
    handler::note_login(request, session);
    Ok(())
}

async fn revoke_others(request: &Request, session: &Session) -> Result<(), Outcome> {
    request.note_time();
    let done = request.world.unless_dropped(request.manager.revoke_others(session)).await;
    done.ok_or(Outcome::Gone)?.map_err(handler::refused)
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
        returned_at: 0,
    };
    state.ledger.revocations.push(revocation);
    state.touched = Footprint::Everything;
}

fn end_revocation(request: &Request, user: &str) {
    let mut state = request.world.state();
    let step = state.step;
    state.tell(request.number, |_| format!("has revoked the sessions of {user}"));
    let of_this = state.ledger.revocations.iter_mut().find(|revocation| revocation.by == request.number);
    let of_this = of_this.unwrap();
    (of_this.returned, of_this.returned_at) = (Some(step), request.world.time());
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
    let until = created_at + request.world.setting.absolute;
    let done = request.world.unless_dropped(request.manager.revoke(id, at(until))).await;
    done.ok_or(Outcome::Gone)?.map_err(|_| Outcome::Failed)?;
    let mut state = request.world.state();
    state.tell(request.number, |story| format!("has revoked the id {}", story.id(id)));
    let time = request.world.time();
    if time < until && remembers(&request.world, &state.ledger, id) {
        let end = End { id, by: request.number, step: state.step, time };
        state.ledger.ended.push(end);
        state.ledger.is_changed = true;
    }
    Ok(())
}

/// True while the backends know what a session became: a list does for all of its time, a store without a list for as
/// long as the record of the id would have stayed. In a store, the tombstone goes by the clock that is most ahead.
fn remembers(world: &World, ledger: &Ledger, id: SessionId) -> bool {
    if world.setting.has_list || world.setting.place != Place::Store {
        return true;
    }
    let ends = ledger.cookies.iter().filter(|cookie| cookie.id == id).map(|cookie| cookie.expires_at);
    ends.max().is_some_and(|end| world.latest() < at(end + SKEW + UNDER_WAY))
}
