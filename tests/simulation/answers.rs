//! The invariants about answers: what a request was told, which cookies it saw, and what its browser is left with.

use crate::fleet::Fleet;
use crate::invariants::Finding;
use crate::ledger::{Act, Broken, Ledger, Outcome};
use crate::setting::IDLE;
use crate::story::{Values, shown};
use crate::world::World;

pub(crate) const OF_ANSWERS: [fn(&World, &Ledger, usize) -> Finding; 3] =
    [a_visitor_can_log_in, nobody_is_ended_by_himself, no_answer_is_an_accident];

/// I6: a login from nobody's session does not fail because of another request. A login may fail if it outlives a cookie
/// that it came with, or takes longer than a session lives: then nobody knows any more what the session of that cookie
/// became, or who was revoked.
fn a_visitor_can_log_in(world: &World, ledger: &Ledger, request: usize) -> Finding {
    let act = &ledger.acts[request];
    let now = world.latest().as_secs();
    let has_outlived_cookie = act.opened.iter().any(|cookie| ledger.cookies[*cookie].expires_at <= now);
    if has_outlived_cookie || world.time() >= act.came + world.setting.absolute {
        return None;
    }
    let has_failed = matches!(act.outcome, Some(Outcome::Ended | Outcome::Failed));
    (act.is_from_nobody && has_failed && !act.is_disturbed_or_late)
        .then(|| ("I6", "it logs in from nobody's session, and is refused".to_owned()))
}

/// I8: nobody is told that his session was ended but by somebody else. A session ends by itself at its absolute
/// timeout, and a commit can be tried again until the idle timeout.
fn nobody_is_ended_by_himself(world: &World, ledger: &Ledger, request: usize) -> Finding {
    let act = &ledger.acts[request];
    let loaded = act.loaded.as_ref().filter(|_| act.outcome == Some(Outcome::Ended))?;
    let is_revoked = ledger.revocations.iter().any(|revocation| revocation.by != request);
    let is_past_absolute = world.latest().as_secs() >= loaded.created_at + world.setting.absolute;
    let is_outlived = is_past_absolute || world.time() >= act.came + IDLE;
    // A logout, though it is not answered yet, may find the session ended by this request's own earlier try, and end
    // what that was to become.
    let logs_out = |act: &Act| act.has_destroyed && act.opened.iter().any(|it| ledger.cookies[*it].id == loaded.id);
    let is_logged_out = ledger.acts.iter().enumerate().any(|(other, act)| other != request && logs_out(act));
    let is_touched = ledger.is_touched_by_others(request, loaded.id) || is_logged_out;
    let is_alone = !is_touched && !is_revoked && !is_outlived && !ledger.is_cleaned;
    is_alone.then(|| ("I8", "it is told that somebody ended its session, and nobody did".to_owned()))
}

/// A request gets an answer, or an error that this simulation made.
fn no_answer_is_an_accident(_: &World, ledger: &Ledger, request: usize) -> Finding {
    match &ledger.acts[request].outcome {
        Some(Outcome::Error(error)) => Some(("errors", error.clone())),
        _ => None,
    }
}

/// I7: of several cookies, one that is refused hides no good one. The rule is checked when a load has found no session.
pub(crate) fn no_good_cookie_is_hidden(world: &World, fleet: &Fleet, request: usize) -> Option<Broken> {
    let opened = world.state().ledger.acts[request].opened.clone();
    let node = world.setting.plans[request].node;
    if world.setting.plans.iter().any(|plan| plan.kind.keeps_id_for_another()) {
        return None;
    }
    let is_good = |cookie: &usize| {
        let value = world.state().ledger.cookies[*cookie].value.clone();
        fleet.look(node, &value).is_some()
    };
    let hidden = opened.into_iter().find(is_good)?;
    Some(Broken {
        invariant: "I7",
        what: format!("request {} does not see its good cookie #{}", request + 1, hidden + 1),
    })
}

/// Returns what each cookie opens to on each node.
pub(crate) fn all_sights(world: &World, fleet: &Fleet) -> Vec<(usize, usize, Option<Values>)> {
    let values: Vec<String> = world.state().ledger.cookies.iter().map(|cookie| cookie.value.clone()).collect();
    let of = |(cookie, value): (usize, &String)| {
        (0..fleet.len()).map(|node| (cookie, node, fleet.look(node, value))).collect::<Vec<_>>()
    };
    values.iter().enumerate().flat_map(of).collect()
}

/// I12: a cleanup, which removes what is past its time, changes no answer.
pub(crate) fn a_cleanup_changes_nothing(
    before: &[(usize, usize, Option<Values>)],
    after: &[(usize, usize, Option<Values>)],
) -> Option<Broken> {
    let ((cookie, node, was), (_, _, is)) = before.iter().zip(after).find(|(before, after)| before != after)?;
    let told = |values: &Option<Values>| values.as_ref().map_or("nothing".to_owned(), shown);
    let what =
        format!("node {} and cookie #{}: {} before a cleanup, {} after it", node + 1, cookie + 1, told(was), told(is));
    Some(Broken { invariant: "I12", what })
}

/// I10: where a browser gets all answers in order, it is logged in at the end, if someone logged in. The rule leaves
/// out the runs in which another request began a session of its own: the server takes that request for another
/// visitor's.
pub(crate) fn the_browser_keeps_its_login(world: &World, fleet: &Fleet, cookie: Option<usize>) -> Option<Broken> {
    let value = {
        let state = world.state();
        let is_given = |request: usize| matches!(state.ledger.acts[request].outcome, Some(Outcome::Cookie(_)));
        let (logins, others): (Vec<usize>, Vec<usize>) =
            (0..world.setting.plans.len()).partition(|request| world.setting.plans[*request].kind.is_login());
        if !logins.into_iter().any(is_given) || others.into_iter().any(|request| state.ledger.has_begun(request)) {
            return None;
        }
        cookie.map(|cookie| state.ledger.cookies[cookie].value.clone())
    };
    let is_in = |node| {
        let values = value.as_ref().and_then(|value| fleet.look(node, value));
        values.is_some_and(|values| values.contains_key("user_id"))
    };
    (!(0..fleet.len()).all(is_in))
        .then(|| Broken { invariant: "I10", what: "somebody logged in, and the browser is not logged in".to_owned() })
}

/// I8: after a request that was alone, a renewal finds what the handler of that request left in the session, and
/// nothing else: no try of the request that came to nothing left anything that comes back. The renewal is served by
/// another node.
pub(crate) fn nothing_comes_back(world: &World, fleet: &Fleet) -> Option<Broken> {
    let (value, aim) = {
        let ledger = &world.state().ledger;
        let [Act { outcome: Some(Outcome::Cookie(cookie)), aim, .. }] = &ledger.acts[..] else { return None };
        (ledger.cookies[*cookie].value.clone(), aim.clone())
    };
    let renewed = fleet.renew(fleet.len() - 1, &value);
    (renewed.as_ref() != Some(&aim)).then(|| {
        let what = format!("after the next renewal, the session should hold {aim:?}, found {renewed:?}");
        Broken { invariant: "I8", what }
    })
}

impl Ledger {
    /// Returns true when a request was given a session that it did not come with.
    fn has_begun(&self, request: usize) -> bool {
        let act = &self.acts[request];
        let Some(Outcome::Cookie(cookie)) = act.outcome else { return false };
        act.loaded.as_ref().is_none_or(|loaded| loaded.id != self.cookies[cookie].id)
    }
}
