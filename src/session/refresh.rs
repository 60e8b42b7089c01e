//! The refresh of a bound session: the browser proves that its device has the key, and gets a new bound cookie.

use std::sync::Arc;

use super::binding_state::StaleSession;
use super::plan::Dispensable;
use super::registration::{Answered, Before, Refused, is_unsure, with_cookies};
use super::session::Session;
use super::state::State;
use crate::backend::{Ending, Mark, Owner};
use crate::data::SessionId;
use crate::device_binding::proof::{self, Proof};
use crate::device_binding::{Binder, Bound, Identifier, PartError, Parts};
use crate::error::{BackendError, DecodeError};
use crate::observe::BindingOutcome;
use crate::time::UnixTime;

impl Session {
    /// Answers a refresh. It never extends the session, and ends the browser's binding only if the session is another
    /// one or is over.
    pub(super) async fn refresh(
        &self,
        binder: &Arc<Binder>,
        header: &str,
        proof: Option<&str>,
    ) -> Result<Answered, Refused> {
        let engine = &*self.shared.engine;
        let parts = Parts { codec: &engine.codec, now: engine.now() };
        let text = proof::session_id(header).ok_or(Refused::Over(None))?;
        let over = || Refused::Over(Some(text.to_owned()));
        let identifier = match parts.open_identifier(text.as_bytes()) {
            Ok(identifier) => identifier,
            Err(PartError::Unknown) if self.with(|state, _| state.may_be_bound()) => return Err(Refused::Unsure),
            Err(_) => return Err(over()),
        };
        let (found, is_unsure) = self.with(|state, engine| {
            let mark_end = |end| engine.lifetime().mark_end(end);
            (state.found(&identifier, mark_end), state.is_unsure())
        });
        let Identifier { bound, key } = identifier;
        let Some(found) = found else {
            if is_unsure {
                return Err(Refused::Unsure);
            }
            self.end_previous_of_ended(&bound).await.map_err(|error| self.failed(&error))?;
            return Err(over());
        };
        let ask = || -> Result<Refused, Refused> {
            let challenge = parts.seal_refresh(bound.binding, binder.challenge_lifetime())?;
            Ok(Refused::Challenge(Binder::challenge(&challenge, text)))
        };
        let Some(proof) = proof else { return Err(ask()?) };
        let proof = Proof::read(proof)?;
        if proof.key().is_some() || !proof.verify(&key) {
            return Err(Refused::NoProof);
        }
        if parts.open_refresh(proof.challenge().as_bytes()) != Ok(bound.binding) {
            return Err(ask()?);
        }
        if !self.is_good_now(&found).await.map_err(|error| self.failed(&error))? {
            self.end_previous_of_ended(&bound).await.map_err(|error| self.failed(&error))?;
            return Err(over());
        }
        if !found.is_lost {
            if !self.end_previous(&bound, found.mark_end).await.map_err(|error| self.failed(&error))? {
                return Err(over());
            }
            let answer = parts.prove(binder, &Bound { previous: None, ..bound }, text)?;
            return Ok((answer, BindingOutcome::Refreshed));
        }
        // The mark was lost, and this answer brings it back. The id that this answer replaces is ended at the next
        // refresh: if the answer is lost, too, the browser still has a good cookie.
        let answer = parts.prove(binder, &bound, text)?;
        let before = self.with(|state, _| {
            let before = state.clone();
            state.let_in(found.id);
            // A session that is full to the last byte stays under its id, without its mark, until something in it is
            // removed. The bound cookie lets it in.
            if state.data.set_bound(bound.binding).is_ok() {
                state.data.rename(bound.session);
                state.aim.bind();
            }
            before
        });
        let before = Before { session: self, state: Some(before) };
        match self.commit_async(Dispensable::Send).await {
            Ok(set_cookies) => {
                before.forget();
                Ok((with_cookies(answer, set_cookies), BindingOutcome::Refreshed))
            }
            Err(error) => Err(if matches!(Refused::from(error), Refused::NotYours) { over() } else { Refused::Unsure }),
        }
    }

    /// Asks the list, if the load went by an answer from before
    /// ([`SessionConfig::recheck_after`](crate::SessionConfig::recheck_after)): whoever ended the session relies on it
    /// that no proof counts any more.
    async fn is_good_now(&self, found: &Found) -> Result<bool, BackendError> {
        let engine = &*self.shared.engine;
        let Some(remembered) = &engine.backend.remembered else { return Ok(true) };
        let known = engine.questions().strict().look(Some(found.id), found.owner.subject.as_deref()).await?;
        let is_good = known.mark.is_none() && found.owner.is_of(known);
        if !is_good {
            remembered.forget(found.id);
        }
        Ok(is_good)
    }

    /// Ends the id that the session had before it was bound, with whatever cookie of it was copied then. Returns false
    /// when that id was ended as another session: then this one is over, too.
    async fn end_previous(&self, bound: &Bound, mark_end: UnixTime) -> Result<bool, BackendError> {
        let engine = &*self.shared.engine;
        let Some(previous) = bound.previous.filter(|_| engine.backend.revocations.is_some()) else { return Ok(true) };
        let questions = engine.questions().strict();
        let mark = Mark::Became(bound.session);
        if questions.revoke(previous, mark, mark_end).await? == mark {
            return Ok(true);
        }
        let ending = Ending {
            id: bound.session,
            until: mark_end,
            stored: None,
            holds_values: true,
            cookie_expires_at: UnixTime::MAX,
        };
        match questions.end(ending, engine.now()).await {
            Err(crate::error::EncodeError::Backend(error)) => Err(error),
            _ => Ok(false),
        }
    }

    /// Ends the id that the session had before it was bound, if the session itself was ended by its own id: there is no
    /// first refresh any more that would end a copy of the cookie of the login.
    async fn end_previous_of_ended(&self, bound: &Bound) -> Result<(), BackendError> {
        let engine = &*self.shared.engine;
        let Some(previous) = bound.previous.filter(|_| engine.backend.revocations.is_some()) else { return Ok(()) };
        let questions = engine.questions().strict();
        if questions.look(Some(bound.session), None).await?.mark.is_some() {
            let until = engine.lifetime().all_end(engine.now());
            questions.revoke(previous, Mark::Became(bound.session), until).await?;
        }
        Ok(())
    }

    fn failed(&self, error: &BackendError) -> Refused {
        self.shared.engine.observers.tell_of(error);
        Refused::Unsure
    }
}

/// The session of a refresh.
struct Found {
    /// The id under which it came.
    id: SessionId,
    owner: Owner,
    mark_end: UnixTime,
    /// True when the session lost its mark: the browser's cookie has none.
    is_lost: bool,
}

impl State {
    /// Finds the session that an identifier names: the session of the request, or a stale one.
    fn found(&self, identifier: &Identifier, mark_end: impl Fn(UnixTime) -> UnixTime) -> Option<Found> {
        let bound = &identifier.bound;
        let is_it = |stale: &&StaleSession| stale.id == bound.session && stale.binding == Some(bound.binding);
        if let Some(StaleSession { id, owner, mark_end, .. }) = self.binding.stale.iter().find(is_it) {
            return Some(Found { id: *id, owner: owner.clone(), mark_end: *mark_end, is_lost: false });
        }
        self.found_here(bound, &mark_end).or_else(|| self.late.as_ref()?.found_here(bound, &mark_end))
    }

    /// Finds the session in this state.
    fn found_here(&self, bound: &Bound, mark_end: &impl Fn(UnixTime) -> UnixTime) -> Option<Found> {
        let held = self.held()?;
        let mark_end = mark_end(held.retired.expires_at);
        let found = |is_lost| Found { id: held.retired.id, owner: held.owner.clone(), mark_end, is_lost };
        let is_it = held.retired.id == bound.session;
        if self.data.is_marked() {
            // A mark that the load put back is in no cookie of the browser yet, so it counts as lost.
            return (is_it && self.data.bound() == Some(bound.binding)).then_some(found(self.aim.is_bound()));
        }
        (is_it || bound.previous == Some(held.retired.id)).then_some(found(true))
    }

    /// Lets the session of this id in, if it was refused because it had to be bound: its device proved that it is.
    fn let_in(&mut self, id: SessionId) {
        let is_it = |late: &mut Box<State>| late.held().is_some_and(|held| held.retired.id == id);
        if let Some(mut late) = self.late.take_if(is_it) {
            std::mem::swap(&mut late.candidates, &mut self.candidates);
            std::mem::swap(&mut late.successors, &mut self.successors);
            *self = *late;
        }
    }

    /// True when nobody knows at the moment which session the browser has.
    fn is_unsure(&self) -> bool {
        self.held().is_none() && self.rejected.as_ref().is_some_and(is_unsure)
    }

    /// True when the session of the browser may be the one of an identifier that this node can't open.
    fn may_be_bound(&self) -> bool {
        let is_bound = self.data.is_marked() || self.rejected == Some(DecodeError::StaleBinding);
        is_bound || self.is_unsure()
    }
}
