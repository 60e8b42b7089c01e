//! What must hold whatever happens: the invariants of the crate, each a function. A cookie that somebody once had is presented
//! to every node, and what it opens to is held against the books.

use crate::fleet::Fleet;
use crate::ledger::{Act, Broken, Cookie, Ledger, Outcome, Revocation};
use crate::setting::{ABSOLUTE, Place, Setting};
use crate::story::{Values, shown};
use crate::world::World;

/// One cookie, one node, and what the node says: the values of the session, or nothing if it is refused.
pub(crate) struct Sight<'a> {
    setting: &'a Setting,
    ledger: &'a Ledger,
    cookie: &'a Cookie,
    /// Whether it is authentic and alive by the clock of the node.
    opens: bool,
    admitted: Option<&'a Values>,
}

/// Looks at all cookies and at all answers.
pub(crate) fn look(world: &World, fleet: &Fleet) -> Option<Broken> {
    let count = world.state().ledger.cookies.len();
    for cookie in 0..count {
        if !world.state().ledger.is_at_stake(cookie) {
            continue;
        }
        let value = world.state().ledger.cookies[cookie].value.clone();
        for node in 0..fleet.len() {
            let admitted = fleet.look(node, &value);
            let opens = admitted.is_some() || fleet.opens(node, &value);
            let state = world.state();
            let ledger = &state.ledger;
            let (setting, admitted) = (&world.setting, admitted.as_ref());
            let sight = Sight { setting, ledger, cookie: &ledger.cookies[cookie], opens, admitted };
            for invariant in OF_COOKIES {
                if let Some((name, what)) = invariant(&sight).filter(|(name, _)| setting.is_wanted(name)) {
                    return Some(Broken {
                        invariant: name,
                        what: format!("node {} and cookie #{}: {what}", node + 1, cookie + 1),
                    });
                }
            }
        }
    }
    let state = world.state();
    let of_answers = |request: usize| {
        let found = OF_ANSWERS.iter().filter_map(|invariant| invariant(world, &state.ledger, request));
        found.into_iter().find(|(name, _)| world.setting.is_wanted(name))
    };
    let broken = (0..world.setting.plans.len()).find_map(|request| Some((request, of_answers(request)?)));
    broken.map(|(request, (name, what))| Broken { invariant: name, what: format!("request {}: {what}", request + 1) })
}

type Finding = Option<(&'static str, String)>;

const OF_COOKIES: [fn(&Sight<'_>) -> Finding; 5] = [
    a_revoked_subject_is_out,
    an_end_is_an_end,
    a_regenerated_id_is_over,
    a_later_login_is_good,
    a_retried_commit_is_whole,
];

const OF_ANSWERS: [fn(&World, &Ledger, usize) -> Finding; 3] =
    [a_visitor_can_log_in, nobody_is_ended_by_himself, no_answer_is_an_accident];

impl Sight<'_> {
    /// Whether the server remembers the end of this session: not if all that there is of it is in the cookie.
    fn is_end_kept(&self) -> bool {
        self.setting.has_list
            || match self.setting.place {
                Place::Cookie => false,
                Place::Store => true,
                Place::Spill => !self.cookie.has_values,
            }
    }
}

/// I1, I1c and I9: once a revocation of its subject has returned, a session whose login was before it is refused, and so is whatever
/// it was regenerated into; only the session that asked for the revocation is spared, and only if no other met it. After a ban there is none at all, if
/// every login takes its generation before it looks whether the user is banned.
fn a_revoked_subject_is_out(sight: &Sight<'_>) -> Finding {
    let values = sight.admitted.filter(|_| sight.setting.has_subject)?;
    let (user, login) = (values.get("user_id")?, values.get("login")?.parse().ok()?);
    let told = |revocation: &Revocation| format!("request {} revoked user {}", revocation.by + 1, revocation.subject);
    let is_ban =
        |revocation: &&Revocation| revocation.is_ban && revocation.subject == *user && revocation.returned.is_some();
    if let Some(ban) = sight.ledger.revocations.iter().find(is_ban).filter(|_| sight.setting.asks_before_logins(user)) {
        return Some(("I1c", format!("{}, who is banned, and it is admitted", told(ban))));
    }
    let ended = sight.ledger.revocation_of(login)?;
    Some(("I1", format!("{} as of step {:?}, and it is admitted", told(ended), ended.returned.unwrap_or_default())))
}

/// I2: once a session was ended, no cookie of it is admitted, nor of what it was regenerated into.
fn an_end_is_an_end(sight: &Sight<'_>) -> Finding {
    let is_over = sight.is_end_kept() && sight.admitted.is_some();
    let is_ended = || sight.ledger.line_of(sight.cookie.id).iter().any(|id| sight.ledger.ended.contains(id));
    (is_over && is_ended()).then(|| ("I2", "its session was ended, and it is admitted".to_owned()))
}

/// I3: once a session was regenerated, its old id is refused.
fn a_regenerated_id_is_over(sight: &Sight<'_>) -> Finding {
    let is_over = sight.is_end_kept() && sight.admitted.is_some();
    let is_superseded = || sight.ledger.superseded.contains(&sight.cookie.id);
    (is_over && is_superseded()).then(|| ("I3", "its session was regenerated, and the old id is admitted".to_owned()))
}

/// I5: a login that began after all revocations of its subject had returned is not refused by them.
fn a_later_login_is_good(sight: &Sight<'_>) -> Finding {
    if sight.admitted.is_some() || !sight.opens {
        return None;
    }
    let request = sight.cookie.by?;
    let user = sight.setting.plans[request].kind.user()?;
    let act = &sight.ledger.acts[request];
    if !sight.setting.plans[request].kind.is_login() {
        return None;
    }
    let is_own = act.loaded.as_ref().is_none_or(|loaded| loaded.id != sight.cookie.id);
    let is_touched = sight.ledger.touches.iter().any(|touch| touch.is_end && touch.id == sight.cookie.id);
    let is_met = sight.ledger.revocations.iter().any(|revocation| {
        revocation.subject == user.to_string() && revocation.returned.is_none_or(|returned| returned >= act.began)
    });
    // A session whose subject changes between the two questions about it is refused for the one that it had.
    let changes_subject = sight.setting.plans.iter().any(|plan| plan.kind.keeps_id_for_another());
    (is_own && !is_touched && !is_met && !changes_subject)
        .then(|| ("I5", "it is of a login that nobody revoked since, and it is refused".to_owned()))
}

/// I8: a commit that was tried again and succeeded did all that it was asked for.
fn a_retried_commit_is_whole(sight: &Sight<'_>) -> Finding {
    let request = sight.cookie.by?;
    let act = &sight.ledger.acts[request];
    let is_alone = sight.setting.plans.len() == 1 && act.is_disturbed && sight.opens;
    let is_aim = |values: &Values| act.aim.iter().all(|(key, value)| values.get(key) == Some(value));
    (is_alone && !sight.admitted.is_some_and(is_aim))
        .then(|| ("I8", format!("it should hold {:?}, found {:?}", act.aim, sight.admitted)))
}

/// I6: a login from nobody's session does not fail because of another request. One that outlives the cookies that it came with
/// may: nobody knows any more what they became.
fn a_visitor_can_log_in(world: &World, ledger: &Ledger, request: usize) -> Finding {
    let act = &ledger.acts[request];
    let now = world.latest().as_secs();
    if act.opened.iter().any(|cookie| ledger.cookies[*cookie].expires_at <= now) {
        return None;
    }
    let has_failed = matches!(act.outcome, Some(Outcome::Ended | Outcome::Failed));
    (act.is_from_nobody && has_failed && !act.is_disturbed)
        .then(|| ("I6", "it logs in from nobody's session, and is refused".to_owned()))
}

/// I8: nobody is told that his session was ended but by somebody else.
fn nobody_is_ended_by_himself(world: &World, ledger: &Ledger, request: usize) -> Finding {
    let act = &ledger.acts[request];
    let loaded = act.loaded.as_ref().filter(|_| act.outcome == Some(Outcome::Ended))?;
    let is_revoked = ledger.revocations.iter().any(|revocation| revocation.by != request);
    let is_outlived = world.latest().as_secs() >= loaded.created_at + ABSOLUTE;
    // A logout, though it is not answered yet, may find the session ended by this request's own earlier try, and end what that was
    // to become.
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

/// I7: of several cookies, one that is refused hides no good one. To be asked when a load has come to nothing.
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

/// What each cookie opens to on each node.
pub(crate) fn all_sights(world: &World, fleet: &Fleet) -> Vec<(usize, usize, Option<Values>)> {
    let values: Vec<String> = world.state().ledger.cookies.iter().map(|cookie| cookie.value.clone()).collect();
    let of = |(cookie, value): (usize, &String)| {
        (0..fleet.len()).map(|node| (cookie, node, fleet.look(node, value))).collect::<Vec<_>>()
    };
    values.iter().enumerate().flat_map(of).collect()
}

/// I12: to remove what is past its time changes no answer.
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

/// I10: where a browser gets all answers in order, it is logged in at the end, if someone logged in. Not where another request
/// began a session of its own: that is another visitor to us.
pub(crate) fn the_browser_keeps_its_login(world: &World, fleet: &Fleet, cookie: Option<usize>) -> Option<Broken> {
    let value = {
        let state = world.state();
        let acts = || world.setting.plans.iter().zip(&state.ledger.acts);
        let is_new = |plan_and_act: (&crate::setting::Plan, &Act)| match plan_and_act.1.outcome {
            Some(Outcome::Cookie(cookie)) => {
                plan_and_act.1.loaded.as_ref().is_none_or(|loaded| loaded.id != state.ledger.cookies[cookie].id)
            }
            _ => false,
        };
        if !acts().any(|(plan, act)| plan.kind.is_login() && matches!(act.outcome, Some(Outcome::Cookie(_)))) {
            return None;
        }
        if acts().any(|(plan, act)| !plan.kind.is_login() && is_new((plan, act))) {
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

impl Ledger {
    /// Whether anything was promised about a cookie: all others need no look.
    fn is_at_stake(&self, cookie: usize) -> bool {
        let Cookie { id, by, .. } = self.cookies[cookie];
        !self.revocations.is_empty()
            || by.is_some()
            || self.superseded.contains(&id)
            || self.line_of(id).iter().any(|id| self.ended.contains(id))
    }
}
