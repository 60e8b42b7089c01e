//! Notes in the books, for each request, the cookies that it came with, the session that its load found, and its
//! answer.

use sealed_session::{DecodeError, Session, SessionData, SetCookies, Status};

use crate::browser::{header, value_of};
use crate::ledger::{Cookie, Ledger, Loaded, Outcome};
use crate::request::Request;
use crate::story::{Values, shown, values_of};
use crate::world::World;

impl Request {
    /// Notes the time at which a load or a commit begins. Its questions have a minute from then on.
    pub(crate) fn note_time(&self) {
        self.world.state().began[self.number] = self.world.time();
    }

    /// Notes if the load or the commit has taken a minute. The session asks its backends nothing more then, as if they
    /// had failed.
    pub(crate) fn note_lateness(&self) {
        let is_late = self.world.is_late(self.number);
        let mut state = self.world.state();
        state.ledger.acts[self.number].is_disturbed_or_late |= is_late;
    }

    /// Notes that a commit begins.
    pub(crate) fn note_commit(&self) {
        self.note_time();
        let mut state = self.world.state();
        let step = state.step;
        let act = &mut state.ledger.acts[self.number];
        (act.committed, act.last_effect) = (step, step);
    }

    /// The request comes with these cookies; returns its Cookie header.
    pub(crate) fn begin(&self, cookies: &[usize]) -> String {
        self.note_time();
        let mut state = self.world.state();
        let opens = |cookie: &usize| self.manager.codec().decode(&state.ledger.cookies[*cookie].value).is_ok();
        let opened: Vec<usize> = cookies.iter().copied().filter(opens).collect();
        let header = header(&state.ledger, cookies);
        let step = state.step;
        let named: Vec<String> = cookies.iter().map(|cookie| format!("#{}", cookie + 1)).collect();
        state.tell(self.number, |_| match &named[..] {
            [] => "comes without a cookie".to_owned(),
            named => format!("comes with {}", named.join(" and ")),
        });
        let act = &mut state.ledger.acts[self.number];
        act.began = step;
        act.came = self.world.time();
        act.opened = opened;
        header
    }

    /// Notes what a load came to.
    pub(crate) fn note_load(&self, session: &Session) {
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
        let is_disturbed_or_late = state.ledger.acts[self.number].is_disturbed_or_late;
        let act = &mut state.ledger.acts[self.number];
        act.is_empty_handed = loaded.is_none() && !is_unsure;
        let values = loaded.as_ref().map_or_else(Values::new, |loaded| loaded.values.clone());
        // A record that is damaged is nobody's session. A backend that was not heard may have somebody's.
        act.was_nobodys = is_nobodys(&self.world, &values);
        act.is_from_nobody = self.plan.kind.is_login() && act.was_nobodys && (!is_unsure || !is_disturbed_or_late);
        act.aim = values;
        act.loaded = loaded;
    }

    /// Notes what the answer of a commit gives the browser.
    pub(crate) fn note_cookies(&self, set_cookies: &SetCookies) -> Outcome {
        let Some(line) = set_cookies.iter().last() else { return Outcome::Nothing };
        let value = value_of(line);
        if value.is_empty() {
            return Outcome::Deletion;
        }
        let mut state = self.world.state();
        // The cookie is opened by the time at which its commit began, since by now it may be too old.
        let sealed = state.began[self.number] + self.world.setting.offsets[self.plan.node];
        let data = match state.shelves.reader.open(value, sealed) {
            Ok(data) => data,
            // The request took longer than a session lives. To a browser, a cookie that has expired is as good as none.
            Err(reason) if reason.is_expired() => return Outcome::Deletion,
            Err(reason) => {
                state.ledger.break_it("I11", format!("a cookie was handed out that does not open: {reason}"));
                return Outcome::Error(reason.to_string());
            }
        };
        let loaded = state.ledger.acts[self.number].loaded.as_ref();
        let is_new = loaded.is_none_or(|loaded| loaded.id != data.id());
        Self::check_times(&mut state.ledger, &data, is_new, sealed);
        state.ledger.check_was_not_over(&self.world.setting, self.number, data.id());
        let values = if data.is_empty() { state.shelves.values(data.id()) } else { Some(values_of(data.entries())) };
        state.ledger.check_carried_over(self.number, values.as_ref());
        state.ledger.cookies.push(Cookie {
            value: value.to_owned(),
            id: data.id(),
            created_at: data.created_at().as_secs(),
            expires_at: data.expires_at().as_secs(),
            has_values: !data.is_empty(),
            by: Some(self.number),
        });
        Outcome::Cookie(state.ledger.cookies.len() - 1)
    }

    /// I11: no session begins, and no cookie is issued, later than the commit did by the clock of its node.
    fn check_times(ledger: &mut Ledger, data: &SessionData, is_new: bool, sealed: u64) {
        let (created_at, issued_at) = (data.created_at().as_secs(), data.issued_at().as_secs());
        if is_new && created_at > sealed {
            ledger.break_it("I11", format!("a session began {} s after its node's clock", created_at - sealed));
        }
        if issued_at > sealed.max(created_at) {
            ledger.break_it("I11", format!("a cookie was issued {} s after its node's clock", issued_at - sealed));
        }
    }

    /// The request is answered.
    pub(crate) fn answer(&self, outcome: Outcome) {
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
            state.ledger.note_success(self.number, &outcome, step, self.world.time());
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

/// Returns true when a session with these values is nobody's.
fn is_nobodys(world: &World, values: &Values) -> bool {
    if world.setting.has_subject { !values.contains_key("user_id") } else { values.is_empty() }
}
