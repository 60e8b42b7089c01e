//! The way out: a commit decides what is to be done (`plan.rs`), performs it, and adopts what it did.
//!
//! The state of the session is locked to decide and to adopt, and never while a backend is asked. A commit that fails, or whose
//! future is dropped, has changed nothing: the next one has as much to do.

use super::engine::Engine;
use super::place::{Held, Placed};
use super::plan::{Plan, Seal};
use super::session::Session;
use super::shared::Shared;
use super::state::{Adopted, Client, Origin, Sealed, State};
use crate::backend::Work;
use crate::cookie::SetCookies;
use crate::data::{Retired, SessionData};
use crate::error::{BackendError, BackendErrorKind, EncodeError};
use crate::observe::{DeleteCause, Event, KeyRole};

/// What a commit came to, before any backend was asked.
struct Performed {
    set_cookies: SetCookies,
    work: Work,
    adopted: Adopted,
    event: Option<Event>,
}

impl Session {
    /// What the response must carry, where no backend is configured.
    ///
    /// # Errors
    /// [`BackendErrorKind::NotAsked`] where a backend is configured and the session has anything to be kept or ended.
    pub(crate) fn commit(&self) -> Result<SetCookies, EncodeError> {
        let Shared { engine, .. } = &*self.shared;
        let mut event = None;
        let outcome = match &mut *self.lock() {
            Some(state) if state.is_looked_at() => {
                if engine.backend.exists() {
                    if state.is_due(engine) { Err(not_asked().into()) } else { Ok(SetCookies::default()) }
                } else {
                    commit_alone(state, engine, &mut event)
                }
            }
            _ => return Ok(SetCookies::default()),
        };
        self.tell(event, outcome)
    }

    /// [`Session::commit`], unless a backend must be told: then `None`.
    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(crate) fn commit_at_once(&self) -> Option<Result<SetCookies, EncodeError>> {
        let Shared { engine, .. } = &*self.shared;
        if !engine.backend.exists() {
            return Some(self.commit());
        }
        let must_wait = self.lock().as_mut().is_some_and(|state| state.is_looked_at() && state.is_due(engine));
        (!must_wait).then(|| Ok(SetCookies::default()))
    }

    /// True when [`Session::ask`] has anything to ask.
    pub(crate) fn must_ask(&self) -> bool {
        self.shared.must_ask()
    }

    /// Opens the session and asks the backends about it, before a handler runs.
    ///
    /// # Errors
    /// [`BackendError`] when one of them failed and the configuration says [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
    pub(crate) async fn ask(&self) -> Result<(), BackendError> {
        if self.must_ask() {
            let (state, event) = self.shared.open_and_ask().await?;
            self.lock().get_or_insert(state);
            self.shared.engine.observers.tell_noted(event);
        }
        Ok(())
    }

    /// What the response must carry, once the backends have done their part.
    pub(crate) async fn commit_async(&self) -> Result<SetCookies, EncodeError> {
        if !self.shared.engine.backend.exists() {
            return self.commit();
        }
        let mut event = None;
        let outcome = self.commit_and_ask(&mut event).await;
        self.tell(event, outcome)
    }

    async fn commit_and_ask(&self, event: &mut Option<Event>) -> Result<SetCookies, EncodeError> {
        let Shared { engine, .. } = &*self.shared;
        let (plan, mut state) = match &mut *self.lock() {
            Some(state) if state.is_looked_at() => (state.decide(engine)?, state.clone()),
            _ => return Ok(SetCookies::default()),
        };
        let Some(performed) = excused(plan, perform(plan, &mut state, engine), engine, event)? else {
            return Ok(SetCookies::default());
        };
        let settled = engine.backend.settle(&engine.observers, &performed.work).await;
        if excused(plan, settled.map(Some), engine, event)?.is_none() {
            return Ok(SetCookies::default());
        }
        if let Some(state) = &mut *self.lock() {
            state.adopt(performed.adopted);
        }
        *event = performed.event;
        Ok(performed.set_cookies)
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
fn commit_alone(state: &mut State, engine: &Engine, event: &mut Option<Event>) -> Result<SetCookies, EncodeError> {
    let plan = state.decide(engine)?;
    let performed = perform(plan, state, engine);
    let Some(performed) = excused(plan, performed, engine, event)? else { return Ok(SetCookies::default()) };
    state.adopt(performed.adopted);
    *event = performed.event;
    Ok(performed.set_cookies)
}

/// Makes the lines for the response, and says what the backends must do before they go out; `None` when there is nothing to do.
/// It leaves the state as it was.
fn perform(plan: Plan, state: &mut State, engine: &Engine) -> Result<Option<Performed>, EncodeError> {
    match plan {
        Plan::Nothing => Ok(None),
        Plan::Delete { cause, ended } => {
            let origin = match state.origin() {
                Origin::Refused(reason) => Origin::Refused(reason),
                _ => Origin::Deleted,
            };
            let client =
                Client { origin, key: KeyRole::Primary, has_second: false, in_store: false, deletion_sent: true };
            let event = engine.observers.note(|| Event::Deleted { cause });
            let sent = engine.cookies.deletions();
            let sealed = match cause {
                DeleteCause::Expired => Sealed::NoMore(engine.blank(state.now)),
                _ => Sealed::No,
            };
            Ok(Some(performed(state, engine, sent, Work { saving: None, ended }, client, sealed, event)))
        }
        Plan::Seal(seal) => {
            let before = *state.data.times();
            state.data.put_times(seal.times);
            let done = perform_seal(seal, state, engine);
            state.data.put_times(before);
            done.map(Some)
        }
    }
}

fn perform_seal(seal: Seal, state: &State, engine: &Engine) -> Result<Performed, EncodeError> {
    let data = &state.data;
    let held = Held { second: state.client.has_second, record: seal.has_record };
    let Placed { set_cookies, saving, in_store, has_second } = engine.place(data, held, state.now)?;
    let client = Client {
        origin: Origin::Cookie(Retired::new(data, engine.lifetime())),
        key: KeyRole::Primary,
        has_second,
        in_store,
        deletion_sent: false,
    };
    let sealed = |data: &SessionData| engine.note_seal(data, seal.cause);
    let event = if in_store { sealed(&data.without_entries()) } else { sealed(data) };
    let work = Work { saving: saving.map(|saving| (data.id(), saving)), ended: seal.ended };
    Ok(performed(state, engine, set_cookies, work, client, Sealed::With(seal.times), event))
}

/// What is sent, with the deletions of the cookies of another crate that it replaces.
fn performed(
    state: &State,
    engine: &Engine,
    sent: SetCookies,
    work: Work,
    client: Client,
    sealed: Sealed,
    event: Option<Event>,
) -> Performed {
    let set_cookies = sent.after(engine.imports.deletions(&state.old, state.now));
    let adopted = Adopted { client, sealed, aim: state.aim };
    Performed { set_cookies, work, adopted, event }
}

/// Turns the failure of a dispensable seal into an event: nobody changed the session, and its cookie stays good.
fn excused<T>(
    plan: Plan,
    done: Result<Option<T>, EncodeError>,
    engine: &Engine,
    event: &mut Option<Event>,
) -> Result<Option<T>, EncodeError> {
    match (done, plan) {
        (Err(error), Plan::Seal(seal)) if seal.is_dispensable() => {
            *event = engine.observers.note(|| Event::NotExtended { error });
            Ok(None)
        }
        (done, _) => done,
    }
}

fn not_asked() -> BackendError {
    BackendError::new(BackendErrorKind::NotAsked, "commit this session with commit_async")
}
