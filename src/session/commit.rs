//! The way out: a commit decides what is to be done (`plan.rs`), performs it (here, and in `perform.rs` where backends
//! are asked), and adopts what it did.
//!
//! The state of the session is locked to decide and to adopt, and never while a backend is asked. A commit that fails,
//! or whose future is dropped, has changed nothing: the next one has as much to do.

use super::engine::Engine;
use super::held::Held;
use super::perform::{Commit, Sent};
use super::plan::{Dispensable, Plan};
use super::sending::{delete, with_deletions, with_other_forms};
use super::session::Session;
use super::shared::Shared;
use super::state::{Adopted, Client, Sealed, State};
use crate::backend::Owner;
use crate::cookie::SetCookies;
use crate::error::{BackendError, BackendErrorKind, EncodeError};
use crate::observe::{Event, SealCause};

impl Session {
    /// Commits where no backend is configured, and returns the Set-Cookie lines that the response must carry.
    ///
    /// # Errors
    /// [`BackendErrorKind::NotAsked`] where a backend is configured and the session has anything to be kept or ended.
    pub(crate) fn commit(&self, dispensable: impl FnOnce() -> Dispensable) -> Result<SetCookies, EncodeError> {
        let Shared { engine, .. } = &*self.shared;
        if !self.is_opened() {
            return Ok(SetCookies::default());
        }
        let mut event = None;
        let outcome = match &mut *self.lock() {
            Some(state) => {
                state.keeps_expiry = self.shared.keeps_expiry();
                if !engine.backend.exists() {
                    commit_alone(state, engine, dispensable, &mut event)
                } else if state.is_due(engine, dispensable) {
                    Err(not_asked().into())
                } else {
                    Ok(SetCookies::default())
                }
            }
            None => return Ok(SetCookies::default()),
        };
        self.tell(event, outcome)
    }

    /// Does the same as [`Session::commit`]; returns `None` when a backend must be told.
    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(crate) fn commit_at_once(
        &self,
        dispensable: impl FnOnce() -> Dispensable,
    ) -> Option<Result<SetCookies, EncodeError>> {
        let Shared { engine, .. } = &*self.shared;
        if !self.is_opened() || !engine.backend.exists() {
            return Some(self.commit(dispensable));
        }
        let must_wait = match &mut *self.lock() {
            Some(state) => {
                state.keeps_expiry = self.shared.keeps_expiry();
                state.is_due(engine, dispensable)
            }
            None => false,
        };
        (!must_wait).then(|| Ok(SetCookies::default()))
    }

    /// True when [`Session::ask`] has anything to ask.
    pub(crate) fn must_ask(&self) -> bool {
        self.shared.must_ask()
    }

    /// Opens the session and asks the backends about it, before a handler runs.
    ///
    /// # Errors
    /// [`BackendError`] when one of them failed and the configuration says
    /// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
    pub(crate) async fn ask(&self) -> Result<(), BackendError> {
        if self.must_ask() {
            let loaded = self.shared.open_and_ask().await?;
            self.lock().get_or_insert(loaded.state);
            self.shared.engine.observers.tell_noted(loaded.event);
        }
        Ok(())
    }

    /// Waits for the backends to do their part, and returns the Set-Cookie lines that the response must carry.
    pub(crate) async fn commit_async(&self, dispensable: Dispensable) -> Result<SetCookies, EncodeError> {
        let dispensable = || dispensable;
        if !self.shared.engine.backend.exists() {
            return self.commit(dispensable);
        }
        let mut event = None;
        let outcome = self.commit_and_ask(dispensable, &mut event).await;
        self.tell(event, outcome)
    }

    async fn commit_and_ask(
        &self,
        dispensable: impl FnOnce() -> Dispensable,
        event: &mut Option<Event>,
    ) -> Result<SetCookies, EncodeError> {
        let Shared { engine, .. } = &*self.shared;
        if !self.is_opened() {
            return Ok(SetCookies::default());
        }
        let (plan, state) = match &mut *self.lock() {
            Some(state) => {
                state.keeps_expiry = self.shared.keeps_expiry();
                let plan = state.decide(engine, dispensable)?;
                if plan == Plan::Nothing {
                    return Ok(SetCookies::default());
                }
                (plan, state.set_out())
            }
            None => return Ok(SetCookies::default()),
        };
        let aim = state.aim;
        let commit = Commit::new(&self.shared, state);
        let sent = match commit.perform(plan).await {
            Ok(sent) => sent,
            Err(error) if plan.is_dispensable() => {
                // Whoever wrote meanwhile extended the session, and whoever ended it ended it.
                if error != EncodeError::Ended {
                    *event = engine.observers.note(|| Event::NotExtended { error });
                }
                return Ok(SetCookies::default());
            }
            Err(error) => return Err(error),
        };
        let Some(Sent { set_cookies, client, candidates, successors, sealed, event: told }) = sent else {
            return Ok(SetCookies::default());
        };
        let client = if self.shared.late.is_response_out() { client.ending_as(&commit.state.client) } else { client };
        if let Some(state) = &mut *self.lock() {
            let taken = commit.taken.into_inner();
            state.adopt(Adopted { client, candidates, successors, sealed, aim, taken });
            #[cfg(feature = "dbsc")]
            state.note_offer(plan, engine);
        }
        *event = told;
        Ok(set_cookies)
    }

    /// Notes that the response goes out. `log` is called for the first change that comes too late for it.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn note_response(&self, log: fn()) {
        self.shared.late.note_response(log);
    }

    /// True when the response has gone out.
    #[cfg(feature = "rocket")]
    pub(crate) fn is_response_out(&self) -> bool {
        self.shared.late.is_response_out()
    }

    /// True when the response has gone out, and handlers did something since that needs a cookie.
    pub(crate) fn is_too_late(&self) -> bool {
        let Shared { engine, late, .. } = &*self.shared;
        late.is_response_out() && self.lock().as_ref().is_some_and(|state| state.needs_its_cookie(engine))
    }

    /// Tells that changes came too late.
    pub(crate) fn tell_too_late(&self) {
        self.shared.late.tell(&self.shared.engine);
    }

    fn tell(&self, event: Option<Event>, outcome: Result<SetCookies, EncodeError>) -> Result<SetCookies, EncodeError> {
        let Engine { observers, .. } = &*self.shared.engine;
        if let Err(EncodeError::Backend(error)) = &outcome {
            observers.tell_of(error);
        }
        observers.tell_noted(outcome.as_ref().map_or_else(|error| self.shared.engine.note_failure(error), |_| event));
        outcome
    }
}

/// A commit where there is no backend to wait for.
fn commit_alone(
    state: &mut State,
    engine: &Engine,
    dispensable: impl FnOnce() -> Dispensable,
    event: &mut Option<Event>,
) -> Result<SetCookies, EncodeError> {
    let plan = state.decide(engine, dispensable)?;
    let cause = match plan {
        Plan::Nothing => return Ok(SetCookies::default()),
        Plan::Destroy { begin: None } => {
            let (sent, deleted) = delete(state, engine);
            *event = deleted;
            let (client, aim) = (Client::deleted(), state.aim);
            state.adopt(Adopted::alone(client, Sealed::No, aim));
            return Ok(sent);
        }
        Plan::Begin(cause) | Plan::Move(cause) | Plan::Again { cause, .. } | Plan::Destroy { begin: Some(cause) } => {
            cause
        }
    };
    let before = *state.data.times();
    let times = state.times_to_seal(&state.data, engine.lifetime());
    state.data.put_times(times);
    let sealed = seal(state, engine, cause);
    state.data.put_times(before);
    match sealed {
        Ok((set_cookies, client, sealed_event)) => {
            *event = sealed_event;
            let aim = state.aim;
            state.adopt(Adopted::alone(client, Sealed::With(times), aim));
            #[cfg(feature = "dbsc")]
            state.note_offer(plan, engine);
            Ok(with_other_forms(set_cookies, plan, engine))
        }
        Err(error) if plan.is_dispensable() => {
            *event = engine.observers.note(|| Event::NotExtended { error });
            Ok(SetCookies::default())
        }
        Err(error) => Err(error),
    }
}

/// The lines, what the client holds with them, and the event, of a session whose values go into its cookie.
fn seal(state: &State, engine: &Engine, cause: SealCause) -> Result<(SetCookies, Client, Option<Event>), EncodeError> {
    let data = &state.data;
    let set_cookies = engine.set_cookies(data, state.client.has_second)?;
    let key = engine.codec.sealer().primary().id();
    let held = Held::new(engine, data, Owner::default(), key, true, None);
    let client = Client::holding(held, engine.takes_two(data));
    Ok((with_deletions(set_cookies, state, engine), client, engine.note_seal(data, cause)))
}

fn not_asked() -> BackendError {
    BackendError::new(BackendErrorKind::NotAsked, "commit this session with commit_async")
}
