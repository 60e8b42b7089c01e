//! Checks what must hold whatever happens. Each invariant is a function. The invariants of this file are about cookies:
//! each cookie that somebody once had is presented to every node, and the values that it opens to are held against the
//! books.

use crate::answers::OF_ANSWERS;
use crate::fleet::Fleet;
use crate::ledger::{Broken, Cookie, End, Ledger};
use crate::logins::Revocation;
use crate::setting::{Place, Setting};
use crate::story::Values;
use crate::world::World;

/// A cookie, a node, and the answer of the node: the values of the session, or nothing if the cookie is refused.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    setting: &'a Setting,
    ledger: &'a Ledger,
    cookie: &'a Cookie,
    /// True when the cookie is authentic and alive by the clock of the node.
    opens: bool,
    admitted: Option<&'a Values>,
    /// The node and the time, if the node may have gone by an answer of the list that it remembers.
    recalled: Option<(usize, u64)>,
}

/// Looks at all cookies and at all answers.
pub(crate) fn look(world: &World, fleet: &Fleet) -> Option<Broken> {
    let count = world.state().ledger.cookies.len();
    let is_wanted = |(name, _): &(&str, String)| world.setting.is_wanted(name);
    for cookie in 0..count {
        if !world.state().ledger.is_at_stake(&world.setting, cookie) {
            continue;
        }
        let value = world.state().ledger.cookies[cookie].value.clone();
        for node in 0..fleet.len() {
            let admitted = fleet.look(node, &value);
            let opens = admitted.is_some() || fleet.opens(node, &value);
            let is_recalled = world.setting.recheck_after > 0 && opens && admitted.is_none();
            let recalled = if is_recalled { fleet.recall(node, &value) } else { None };
            let state = world.state();
            let (setting, ledger, now) = (&world.setting, &state.ledger, world.time());
            let asked = Sight {
                setting,
                ledger,
                cookie: &ledger.cookies[cookie],
                opens,
                admitted: admitted.as_ref(),
                recalled: None,
            };
            let by_memory = Sight { admitted: recalled.as_ref(), recalled: Some((node, now)), ..asked };
            let found = OF_COOKIES.iter().find_map(|invariant| invariant(&asked).filter(is_wanted));
            let found = found.or_else(|| OF_ENDS.iter().find_map(|invariant| invariant(&by_memory).filter(is_wanted)));
            if let Some((name, what)) = found {
                let how = if asked.admitted.is_none() && by_memory.admitted.is_some() { " by its memory" } else { "" };
                let what = format!("node {}{how} and cookie #{}: {what}", node + 1, cookie + 1);
                return Some(Broken { invariant: name, what });
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

/// The name of an invariant, and how it is broken.
pub(crate) type Finding = Option<(&'static str, String)>;

const OF_COOKIES: [fn(&Sight<'_>) -> Finding; 5] = [
    a_revoked_subject_is_out,
    an_end_is_an_end,
    a_regenerated_id_is_over,
    a_later_login_is_good,
    a_retried_commit_is_exact,
];

/// The invariants that a node keeps, too, while it goes by its memory: but for the ends that another node recorded less
/// than `recheck_after` ago.
const OF_ENDS: [fn(&Sight<'_>) -> Finding; 3] = [a_revoked_subject_is_out, an_end_is_an_end, a_regenerated_id_is_over];

impl Sight<'_> {
    /// Returns true when the node must know of an end that this request was answered with at this time.
    fn knows(&self, by: usize, time: u64) -> bool {
        let Some((node, now)) = self.recalled else { return true };
        self.setting.plans[by].node == node || now >= time + self.setting.recheck_after
    }

    fn knows_end(&self, end: &End) -> bool {
        self.knows(end.by, end.time)
    }

    fn knows_revocation(&self, revocation: &Revocation) -> bool {
        self.knows(revocation.by, revocation.returned_at)
    }

    /// Returns true when the server remembers the end of this session. It does not if all that there is of the session
    /// is in the cookie.
    fn is_end_kept(&self) -> bool {
        self.setting.has_list
            || match self.setting.place {
                Place::Cookie => false,
                Place::Store => true,
                Place::Spill => !self.cookie.has_values,
            }
    }
}

/// I1, I1c and I9: once a revocation of its subject has returned, a session whose login was before it is refused, and
/// so is whatever it was regenerated into; only the session that asked for the revocation is spared, and only if no
/// other met it. After a ban there is none at all, if every login takes its generation before it looks whether the user
/// is banned.
fn a_revoked_subject_is_out(sight: &Sight<'_>) -> Finding {
    let values = sight.admitted.filter(|_| sight.setting.has_subject)?;
    let (user, login) = (values.get("user_id")?, values.get("login")?.parse().ok()?);
    let told = |revocation: &Revocation| format!("request {} revoked user {}", revocation.by + 1, revocation.subject);
    let is_ban =
        |revocation: &&Revocation| revocation.is_ban && revocation.subject == *user && revocation.returned.is_some();
    let ban = sight.ledger.revocations.iter().filter(is_ban).find(|ban| sight.knows_revocation(ban));
    if let Some(ban) = ban.filter(|_| sight.setting.asks_before_logins(user)) {
        return Some(("I1c", format!("{}, who is banned, and it is admitted", told(ban))));
    }
    let ended = sight.ledger.revocation_of(login, |revocation| sight.knows_revocation(revocation))?;
    Some(("I1", format!("{} as of step {:?}, and it is admitted", told(ended), ended.returned.unwrap_or_default())))
}

/// I2: once a session was ended, no cookie of it is admitted, nor of what it was regenerated into.
fn an_end_is_an_end(sight: &Sight<'_>) -> Finding {
    let is_over = sight.is_end_kept() && sight.admitted.is_some();
    let is_ended = || sight.ledger.ends_of(sight.cookie.id).any(|end| sight.knows_end(end));
    (is_over && is_ended()).then(|| ("I2", "its session was ended, and it is admitted".to_owned()))
}

/// I3: once a session was regenerated, its old id is refused.
fn a_regenerated_id_is_over(sight: &Sight<'_>) -> Finding {
    let is_over = sight.is_end_kept() && sight.admitted.is_some();
    let is_this = |end: &&End| end.id == sight.cookie.id;
    let is_superseded = || sight.ledger.superseded.iter().filter(is_this).any(|end| sight.knows_end(end));
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

/// I8: however often a commit was tried, its session holds what the handler left in it, and nothing else. Only a
/// request that is alone knows what that is.
fn a_retried_commit_is_exact(sight: &Sight<'_>) -> Finding {
    let request = sight.cookie.by?;
    let aim = &sight.ledger.acts[request].aim;
    let is_alone = sight.setting.plans.len() == 1 && sight.opens;
    (is_alone && sight.admitted != Some(aim))
        .then(|| ("I8", format!("it should hold {aim:?}, found {:?}", sight.admitted)))
}

impl Ledger {
    /// Returns true when anything was promised about a cookie. All other cookies need no look.
    fn is_at_stake(&self, setting: &Setting, cookie: usize) -> bool {
        let Cookie { id, by, .. } = self.cookies[cookie];
        let is_kept = |by: usize| setting.plans[by].kind.is_login() || setting.plans.len() == 1;
        !self.revocations.is_empty()
            || by.is_some_and(is_kept)
            || self.superseded.iter().any(|end| end.id == id)
            || self.ends_of(id).next().is_some()
    }
}
