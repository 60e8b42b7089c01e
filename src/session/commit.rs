//! The commit of a session, and what the backends are asked before a handler runs and told after it.

use super::Session;
use super::load::Shared;
use crate::backend::{Backend, Placement};
use crate::cookie::SetCookies;
use crate::error::{BackendError, BackendErrorKind, EncodeError};
use crate::observe::Event;
use crate::session::plan::{Checkpoint, Commit};
use crate::session::state;
use crate::session::state::{Retired, State};

impl Session {
    pub(crate) fn commit(&self) -> Result<SetCookies, EncodeError> {
        let Shared { codec, backend, .. } = &*self.shared;
        let mut event = None;
        let outcome = match &mut *self.lock() {
            Some(state) if !state.is_looked_at() => return Ok(SetCookies::default()),
            None => return Ok(SetCookies::default()),
            Some(state) if backend.is_none() => {
                state.commit(codec, Placement::Cookie, &mut event).map(|commit| commit.set_cookies)
            }
            Some(state) => {
                if state.is_due(codec) {
                    Err(not_asked().into())
                } else {
                    Ok(SetCookies::default())
                }
            }
        };
        self.tell(event, outcome)
    }

    /// What a commit comes to that no backend has a part in; `None` when [`Session::commit_async`] has to be waited for.
    #[cfg(any(feature = "tower", feature = "actix-web"))]
    pub(crate) fn commit_at_once(&self) -> Option<Result<SetCookies, EncodeError>> {
        let Shared { codec, backend: Some(_), .. } = &*self.shared else { return Some(self.commit()) };
        let is_due = |state: &mut State| state.is_looked_at() && state.is_due(codec);
        let must_wait = self.lock().as_mut().is_some_and(is_due);
        (!must_wait).then(|| Ok(SetCookies::default()))
    }

    /// Whether there is anything to ask the backends about.
    pub(crate) fn must_ask(&self) -> bool {
        self.shared.backend.is_some() && self.candidates() > 0
    }

    /// Opens the session and asks the backends about it, so that no question asked of it later has to wait.
    pub(crate) async fn ask(&self) -> Result<(), BackendError> {
        let Shared { codec, backend: Some(backend), candidates, .. } = &*self.shared else { return Ok(()) };
        if !self.must_ask() {
            return Ok(());
        }
        let now = codec.now();
        let (found, known) = match state::newest(candidates, codec, now) {
            Ok(Some(opened)) => {
                let known = Retired::new(&opened.data, codec);
                (backend.admit(codec, opened).await?.map(Some), Some(known))
            }
            found => (found, None),
        };
        let is_unsure = matches!(&found, Err(refusal) if refusal.reason.is_unsure());
        let mut event = None;
        let state = State::of(found, now, candidates, codec, &mut event).with_unsure(known.filter(|_| is_unsure));
        self.lock().get_or_insert(state);
        codec.tell(event);
        Ok(())
    }

    pub(crate) async fn commit_async(&self) -> Result<SetCookies, EncodeError> {
        let Some(backend) = &self.shared.backend else { return self.commit() };
        let mut event = None;
        let outcome = self.settled(backend, &mut event).await;
        self.tell(event, outcome)
    }

    async fn settled(&self, backend: &Backend, event: &mut Option<Event>) -> Result<SetCookies, EncodeError> {
        let codec = &self.shared.codec;
        let (before, commit) = match &mut *self.lock() {
            Some(state) if state.is_looked_at() => {
                let before = state.checkpoint();
                state.begin_after(backend);
                (before, state.commit(codec, backend.placement, event))
            }
            _ => return Ok(SetCookies::default()),
        };
        let Commit { set_cookies, work, is_dispensable } = commit?;
        let undo = Undo { session: self, before: Some(before) };
        match backend.settle(codec, &work).await {
            Ok(()) => {
                undo.forget();
                Ok(set_cookies)
            }
            Err(error) if is_dispensable => {
                *event = codec.note(|| Event::NotExtended { error });
                Ok(SetCookies::default())
            }
            Err(error) => Err(error),
        }
    }

    /// Tells the observers, with no lock held, what became of a commit.
    fn tell(&self, event: Option<Event>, outcome: Result<SetCookies, EncodeError>) -> Result<SetCookies, EncodeError> {
        let codec = &self.shared.codec;
        if let Err(EncodeError::Backend(error)) = &outcome {
            codec.tell_of(error);
        }
        codec.tell(outcome.as_ref().map_or_else(|error| codec.note_failure(error), |_| event));
        outcome
    }
}

fn not_asked() -> BackendError {
    BackendError::new(BackendErrorKind::NotAsked, "commit this session with commit_async")
}

/// Takes a commit back, unless it is told that all went well: a backend may fail, and a client may leave in the middle.
struct Undo<'s> {
    session: &'s Session,
    before: Option<Checkpoint>,
}

impl Undo<'_> {
    fn forget(mut self) {
        self.before = None;
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if let (Some(before), Some(state)) = (&self.before, &mut *self.session.lock()) {
            state.restore(before);
        }
    }
}
