//! The books: everything that was promised to somebody, which is what the invariants are read from.

use sealed_session::SessionId;

use crate::logins::{Login, Revocation};
use crate::story::Values;

pub(crate) struct Ledger {
    /// How long a session lives at most.
    absolute: u64,
    /// Every cookie that was ever handed out, and those that were out at the start.
    pub(crate) cookies: Vec<Cookie>,
    /// One entry for each request, in the order of the plans.
    pub(crate) acts: Vec<Act>,
    /// The sessions of which somebody was told that they ended.
    pub(crate) ended: Vec<End>,
    /// The ids that were regenerated, of which the browser was told.
    pub(crate) superseded: Vec<End>,
    /// A session that was somebody's, and the one that it was regenerated from.
    pub(crate) parents: Vec<(SessionId, SessionId)>,
    /// Each change that reached a backend: by which request, of which id.
    pub(crate) touches: Vec<Touch>,
    pub(crate) revocations: Vec<Revocation>,
    /// The login of the sessions at the start, then one login for each request: see [`Login`].
    pub(crate) logins: Vec<Login>,
    /// True when something past its time was removed.
    pub(crate) is_cleaned: bool,
    /// True when anything changed since all cookies were looked at.
    pub(crate) is_changed: bool,
    /// The invariant that was found to be broken first.
    pub(crate) broken: Option<Broken>,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Such as `I2`.
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

pub(crate) struct Cookie {
    pub(crate) value: String,
    pub(crate) id: SessionId,
    pub(crate) created_at: u64,
    pub(crate) expires_at: u64,
    /// True when the values are in the cookie.
    pub(crate) has_values: bool,
    /// The request that was answered with it.
    pub(crate) by: Option<usize>,
}

/// The end of an id, of which somebody was told at this step and at this time.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) id: SessionId,
    pub(crate) by: usize,
    pub(crate) step: u64,
    pub(crate) time: u64,
}

/// The books of one request: the cookies that it came with, its deeds, and its answer.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Act {
    /// The steps at which it came and was answered.
    pub(crate) began: u64,
    pub(crate) answered: Option<u64>,
    /// The step at which its last try of a commit began.
    pub(crate) committed: u64,
    /// The time at which it came.
    pub(crate) came: u64,
    /// The cookies that it came with and that opened on its node.
    pub(crate) opened: Vec<usize>,
    pub(crate) loaded: Option<Loaded>,
    /// True when its load found no session, though no backend failed, and nobody has looked yet whether that is right.
    pub(crate) is_empty_handed: bool,
    /// True when the session that came was nobody's.
    pub(crate) was_nobodys: bool,
    /// True when the request is a login from a session of nobody's.
    pub(crate) is_from_nobody: bool,
    /// True when its handler ended the session that came.
    pub(crate) has_destroyed: bool,
    /// The keys that the handler wrote.
    pub(crate) wrote: Vec<&'static str>,
    /// The values as the handler left them.
    pub(crate) aim: Values,
    /// The values of a record whose end this request asked for, as the record held them then.
    pub(crate) buried: Option<Values>,
    /// The step at which its last question had an effect, or its commit began.
    pub(crate) last_effect: u64,
    /// True when a question or an answer of the request was lost, when the request was dropped, or when its load or its
    /// commit took a minute, so that it was too late for a question.
    pub(crate) is_disturbed_or_late: bool,
    pub(crate) outcome: Option<Outcome>,
}

pub(crate) struct Loaded {
    pub(crate) id: SessionId,
    pub(crate) values: Values,
    pub(crate) created_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Of the cookies that were ever handed out.
    Cookie(usize),
    Deletion,
    Nothing,
    /// Somebody else ended the session.
    Ended,
    /// A backend failed.
    Failed,
    /// The request was told an error that no request should ever be told.
    Error(String),
    /// The request was dropped or crashed.
    Gone,
}

pub(crate) struct Touch {
    pub(crate) by: usize,
    pub(crate) id: SessionId,
    /// True when the request asked for the end of the session.
    pub(crate) is_end: bool,
}

impl Ledger {
    pub(crate) fn new(requests: usize, absolute: u64) -> Self {
        let mut logins = vec![Login::default(); requests + 1];
        logins[0] = Login { user: "1".to_owned(), answered: Some(0), done: Some(0), ..Login::default() };
        Self {
            absolute,
            cookies: Vec::new(),
            acts: (0..requests).map(|_| Act::default()).collect(),
            ended: Vec::new(),
            superseded: Vec::new(),
            parents: Vec::new(),
            touches: Vec::new(),
            revocations: Vec::new(),
            logins,
            is_cleaned: false,
            is_changed: true,
            broken: None,
        }
    }

    pub(crate) fn break_it(&mut self, invariant: &'static str, what: impl Into<String>) {
        self.broken.get_or_insert_with(|| Broken { invariant, what: what.into() });
    }

    /// Returns an id, and the ids that it was regenerated from.
    pub(crate) fn line_of(&self, id: SessionId) -> Vec<SessionId> {
        let mut line = vec![id];
        while let Some((_, parent)) = line.last().and_then(|id| self.parents.iter().find(|(child, _)| child == id)) {
            line.push(*parent);
        }
        line
    }

    /// Returns the ends of a session that somebody was told of: of this id, or of one that it was regenerated from.
    pub(crate) fn ends_of(&self, id: SessionId) -> impl Iterator<Item = &End> {
        let line = self.line_of(id);
        self.ended.iter().filter(move |end| line.contains(&end.id))
    }

    /// Returns true when another request changed anything about this id, about an id that it was or became, or about
    /// any id of which this request changed anything, whether this request made that id or found it.
    pub(crate) fn is_touched_by_others(&self, request: usize, id: SessionId) -> bool {
        let is_changed_here =
            |other: SessionId| self.touches.iter().any(|touch| touch.by == request && touch.id == other);
        let is_related =
            |other| self.line_of(other).contains(&id) || self.line_of(id).contains(&other) || is_changed_here(other);
        self.touches.iter().any(|touch| touch.by != request && is_related(touch.id))
    }
}

impl Ledger {
    /// Returns a key whose value differs although this request did not write it.
    pub(crate) fn lost_key(&self, request: usize, before: &Values, after: &Values) -> Option<String> {
        let wrote = &self.acts[request].wrote;
        let mut keys = before.keys().chain(after.keys()).filter(|key| !wrote.contains(&key.as_str()));
        keys.find(|key| before.get(*key) != after.get(*key)).cloned()
    }

    /// Checks I4 for a regeneration: the values that the old record held when it ended are in the new session.
    pub(crate) fn check_carried_over(&mut self, request: usize, after: Option<&Values>) {
        let (Some(before), Some(after)) = (&self.acts[request].buried, after) else { return };
        if let Some(key) = self.lost_key(request, before, after) {
            let what = format!("request {} regenerates and undoes what another one wrote to {key:?}", request + 1);
            self.break_it("I4", what);
        }
    }
}

/// These functions note what an answer promises.
impl Ledger {
    pub(crate) fn note_success(&mut self, request: usize, outcome: &Outcome, step: u64, time: u64) {
        let act = &self.acts[request];
        let new = match outcome {
            Outcome::Cookie(cookie) => Some(self.cookies[*cookie].id),
            _ => None,
        };
        let old = act.loaded.as_ref().filter(|loaded| new.is_some_and(|new| new != loaded.id)).map(|loaded| loaded.id);
        // A session that the request outlived is left out: nobody knows what it became.
        let lives = |cookie: &&Cookie| time < cookie.created_at + self.absolute;
        let opened = act.opened.iter().map(|cookie| &self.cookies[*cookie]).filter(lives).map(|cookie| cookie.id);
        let opened = opened.map(|id| End { id, by: request, step, time });
        if act.has_destroyed {
            self.ended.extend(opened);
        } else if let (Some(new), Some(old)) = (new, old) {
            // Every cookie that came is refused from now on.
            self.superseded.extend(opened);
            if !act.was_nobodys {
                self.parents.push((new, old));
            }
        }
        if new.is_some() {
            self.logins[request + 1].done.get_or_insert(act.last_effect);
        }
    }
}
