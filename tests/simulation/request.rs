//! A request, from its first byte to its answer: load, handler, commit, and once more if that failed.

use std::sync::Arc;

use sealed_session::{DecodeError, EncodeError, Session, SessionManager, SetCookies, Status};

use crate::browser::{header, value_of};
use crate::handler;
use crate::kind::Kind;
use crate::ledger::{Cookie, Loaded, Outcome};
use crate::network::UNDER_WAY;
use crate::setting::Plan;
use crate::story::{Values, shown, values_of};
use crate::world::{Wait, World};

pub(crate) struct Request {
    pub(crate) world: Arc<World>,
    pub(crate) manager: SessionManager,
    pub(crate) number: usize,
    pub(crate) plan: Plan,
}

impl Request {
    /// Does all of it. The books say what it came to.
    pub(crate) async fn run(self, cookies: Vec<usize>) {
        let outcome =
            if self.plan.kind.is_from_outside() { handler::administer(&self).await } else { self.serve(cookies).await };
        self.answer(outcome);
    }

    async fn serve(&self, cookies: Vec<usize>) -> Outcome {
        let header = self.begin(cookies);
        let session = if self.plan.kind == Kind::LogoutUnasked {
            self.manager.load([header])
        } else {
            match self.world.unless_dropped(self.manager.load_async([header])).await {
                Some(Ok(session)) => session,
                Some(Err(_)) => return Outcome::Failed,
                None => return Outcome::Gone,
            }
        };
        self.note_load(&session);
        if let Err(outcome) = handler::begin(self, &session).await {
            return outcome;
        }
        self.world.wait(self.number, Wait::Handler).await;
        if let Err(outcome) = handler::handle(self, &session).await {
            return outcome;
        }
        let mut retries = self.world.setting.trouble.retries;
        loop {
            self.note_commit();
            let outcome = match self.world.unless_dropped(self.manager.commit_async(&session)).await {
                Some(Ok(set_cookies)) => return self.note_cookies(&set_cookies),
                Some(Err(EncodeError::Ended)) => return Outcome::Ended,
                Some(Err(EncodeError::Backend(_))) => {
                    self.note_lateness();
                    Outcome::Failed
                }
                Some(Err(error)) => return Outcome::Error(error.to_string()),
                None => Outcome::Gone,
            };
            if retries == 0 {
                return outcome;
            }
            retries -= 1;
            self.world.tell(self.number, |_| "tries again".to_owned());
            self.world.wait(self.number, Wait::Handler).await;
        }
    }

    /// From now on a minute is left for what is asked.
    pub(crate) fn note_time(&self) {
        self.world.state().began[self.number] = self.world.time();
    }

    /// What took a minute is as good as a failure: nothing more is asked.
    fn note_lateness(&self) {
        let mut state = self.world.state();
        let is_late = self.world.time() - state.began[self.number] >= UNDER_WAY;
        state.ledger.acts[self.number].is_disturbed |= is_late;
    }

    fn note_commit(&self) {
        self.note_time();
        let mut state = self.world.state();
        state.ledger.acts[self.number].last_effect = state.step;
    }

    fn begin(&self, cookies: Vec<usize>) -> String {
        self.note_time();
        let mut state = self.world.state();
        let opens = |cookie: &usize| self.manager.codec().decode(&state.ledger.cookies[*cookie].value).is_ok();
        let opened: Vec<usize> = cookies.iter().copied().filter(opens).collect();
        let header = header(&state.ledger, &cookies);
        let step = state.step;
        let named: Vec<String> = cookies.iter().map(|cookie| format!("#{}", cookie + 1)).collect();
        state.tell(self.number, |_| match &named[..] {
            [] => "comes without a cookie".to_owned(),
            named => format!("comes with {}", named.join(" and ")),
        });
        let act = &mut state.ledger.acts[self.number];
        act.began = step;
        act.candidates = cookies;
        act.opened = opened;
        header
    }

    fn note_load(&self, session: &Session) {
        let is_loaded = session.status() == Status::Loaded;
        let loaded = is_loaded.then(|| {
            let values = values_of(session.snapshot().unwrap().entries());
            Loaded { id: session.id().unwrap(), values, created_at: session.created_at().as_secs() }
        });
        let rejected = session.rejected();
        self.note_lateness();
        let is_unsure = matches!(rejected, Some(DecodeError::Unavailable | DecodeError::NotAsked));
        let mut state = self.world.state();
        state.tell(self.number, |story| match (&loaded, &rejected) {
            (Some(loaded), _) => format!("has the session {}, {}", story.id(loaded.id), shown(&loaded.values)),
            (None, None) => "has no session".to_owned(),
            (None, Some(reason)) => format!("has no session: {reason}"),
        });
        let is_disturbed = state.ledger.acts[self.number].is_disturbed;
        let act = &mut state.ledger.acts[self.number];
        act.is_empty_handed = loaded.is_none() && !is_unsure;
        let values = loaded.as_ref().map_or_else(Values::new, |loaded| loaded.values.clone());
        // A record that is damaged is nobody's session. A backend that was not heard may have somebody's.
        act.was_nobodys = is_nobodys(&self.world, &values);
        act.is_from_nobody = self.plan.kind.is_login() && act.was_nobodys && (!is_unsure || !is_disturbed);
        act.aim = values;
        act.loaded = loaded;
    }

    /// Notes what the answer of a commit gives the browser.
    fn note_cookies(&self, set_cookies: &SetCookies) -> Outcome {
        let Some(line) = set_cookies.iter().last() else { return Outcome::Nothing };
        let value = value_of(line);
        if value.is_empty() {
            return Outcome::Deletion;
        }
        let now = self.world.time_at(self.plan.node);
        let mut state = self.world.state();
        // It may have taken so long that the cookie is too old by now.
        let sealed = state.began[self.number] + self.world.setting.offsets[self.plan.node];
        let data = match state.shelves.reader.open(value, sealed) {
            Ok(data) => data,
            // Its request took longer than a session lives: to a browser that is as good as none.
            Err(reason) if reason.is_expired() => return Outcome::Deletion,
            Err(reason) => {
                state.ledger.break_it("I11", format!("a cookie was handed out that does not open: {reason}"));
                return Outcome::Error(reason.to_string());
            }
        };
        let old = state.ledger.acts[self.number].loaded.as_ref().map(|loaded| loaded.id);
        let (created_at, issued_at) = (data.created_at().as_secs(), data.issued_at().as_secs());
        if old != Some(data.id()) && created_at > now {
            state.ledger.break_it("I11", format!("a session began {} s after its node's clock", created_at - now));
        }
        if issued_at > now.max(created_at) {
            state.ledger.break_it("I11", format!("a cookie was issued {} s after its node's clock", issued_at - now));
        }
        let values = if data.is_empty() { state.shelves.values(data.id()) } else { Some(values_of(data.entries())) };
        state.ledger.check_carried_over(self.number, values.as_ref());
        state.ledger.cookies.push(Cookie {
            value: value.to_owned(),
            id: data.id(),
            created_at,
            expires_at: data.expires_at().as_secs(),
            has_values: !data.is_empty(),
            by: Some(self.number),
        });
        Outcome::Cookie(state.ledger.cookies.len() - 1)
    }

    fn answer(&self, outcome: Outcome) {
        let mut state = self.world.state();
        let step = state.step;
        state.tell(self.number, |_| match &outcome {
            Outcome::Cookie(cookie) => format!("is answered with cookie #{}", cookie + 1),
            Outcome::Deletion => "is answered with the deletion of the cookie".to_owned(),
            Outcome::Nothing => "is answered".to_owned(),
            Outcome::Ended => "is told that the session was ended".to_owned(),
            Outcome::Failed => "is told that a backend failed".to_owned(),
            Outcome::Error(error) => format!("is told an error: {error}"),
            Outcome::Gone => "is gone".to_owned(),
        });
        if let Outcome::Cookie(cookie) = &outcome {
            let Cookie { id, has_values, .. } = state.ledger.cookies[*cookie];
            state.story.line(|story| {
                let place = if has_values { "with its values" } else { "without values" };
                format!("     cookie #{} is of {}, {place}", cookie + 1, story.id(id))
            });
        }
        if matches!(outcome, Outcome::Cookie(_) | Outcome::Deletion | Outcome::Nothing) {
            state.ledger.note_success(self.number, &outcome, self.world.time());
        }
        state.ledger.is_changed = true;
        let act = &mut state.ledger.acts[self.number];
        act.answered = Some(step);
        let is_given = matches!(outcome, Outcome::Cookie(_));
        act.outcome = Some(outcome);
        if is_given {
            state.ledger.logins[self.number + 1].answered = Some(step);
        }
    }
}

/// Whether a session with these values is nobody's.
pub(crate) fn is_nobodys(world: &World, values: &Values) -> bool {
    if world.setting.has_subject { !values.contains_key("user_id") } else { values.is_empty() }
}
