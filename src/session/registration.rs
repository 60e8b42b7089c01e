//! The registration of a key: it binds a session to the device of its browser.

use std::sync::Arc;

use super::engine::{Engine, too_large};
use super::held::Held;
use super::perform::{Commit, Sent};
use super::plan::Dispensable;
use super::session::Session;
use super::state::State;
use crate::backend::{Ending, Mark};
use crate::cookie::SetCookies;
use crate::data::{BindingId, SessionId};
use crate::device_binding::proof::{Proof, ProofError, PublicKey};
use crate::device_binding::{Binder, BindingAnswer, BindingRequest, Bound, CHALLENGE, Identifier, PartError, Parts};
use crate::error::{DecodeError, EncodeError};
use crate::observe::{BindingOutcome, Event, SealCause};

impl Session {
    /// Answers a request to the route of device binding.
    pub(crate) async fn answer_binding(&self, request: &BindingRequest<'_>) -> BindingAnswer {
        let engine = &*self.shared.engine;
        let Some(binder) = &engine.binder else { return BindingAnswer::new(404) };
        // Neither a registration nor a refresh is a use of the session.
        self.shared.keep_expiry();
        let (answer, outcome) = match request.session_id {
            None => self.register(binder, request.proof).await.unwrap_or_else(Refused::answer),
            Some(header) => self.refresh(binder, header, request.proof).await.unwrap_or_else(Refused::answer),
        };
        engine.observers.tell_noted(engine.observers.note(|| Event::Binding { outcome }));
        answer
    }

    /// Binds the session to the key of a proof: only a session that is not bound, and only with a challenge that was
    /// given with its login.
    async fn register(&self, binder: &Arc<Binder>, proof: Option<&str>) -> Result<Answered, Refused> {
        let engine = &*self.shared.engine;
        let proof = Proof::read(proof.ok_or(Refused::NoProof)?)?;
        let key = *proof.key().filter(|key| proof.verify(key)).ok_or(Refused::NoProof)?;
        if proof.authorization().is_some() {
            // This crate gives no authorization that a browser could repeat.
            return Err(Refused::NoProof);
        }
        let parts = Parts { codec: &engine.codec, now: engine.now() };
        let challenged = parts.open_registration(proof.challenge().as_bytes()).map_err(|error| match error {
            PartError::Unknown => Refused::Unsure,
            PartError::Foreign | PartError::Expired => Refused::NotYours,
        })?;
        let (before, bound) = self.with(|state, engine| {
            let id = state.held().map(|held| held.retired.id);
            if id.is_none() && state.rejected.is_some_and(|reason| is_unsure(&reason)) {
                return Err(Refused::Unsure);
            }
            if id != Some(challenged) || state.data.is_marked() {
                return Err(Refused::NotYours);
            }
            let before = state.clone();
            Ok((before, state.bind(engine)?))
        })?;
        let before = Before { session: self, state: Some(before) };
        let answer = parts.bind(binder, &bound, key)?;
        let set_cookies = self.commit_async(Dispensable::Send).await?;
        before.forget();
        Ok((with_cookies(answer, set_cookies), BindingOutcome::Registered))
    }
}

/// Puts the session back as it was before its binding, unless the browser is told of that: a commit that comes after
/// one which failed or was given up must not send a mark that the browser knows nothing of.
pub(super) struct Before<'s> {
    pub(super) session: &'s Session,
    pub(super) state: Option<State>,
}

impl Before<'_> {
    pub(super) fn forget(mut self) {
        self.state = None;
    }
}

impl Drop for Before<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.state.take() {
            self.session.with(|state, _| *state = before);
        }
    }
}

impl State {
    /// Marks the session as bound. If there is a list and the cookie holds the values, the session gets another id as
    /// well: the cookie of the login, of which there may be a copy, can then be ended by its own id. In a store the
    /// copy leads to the same record, which has the mark.
    fn bind(&mut self, engine: &Engine) -> Result<Bound, EncodeError> {
        let binding = BindingId::generate()?;
        let old = self.data.id();
        let is_stored = self.held().is_some_and(|held| held.stored.is_some());
        self.data.set_bound(binding).map_err(|_| too_large(&self.data))?;
        let renames = engine.backend.revocations.is_some() && !is_stored;
        if renames {
            self.data.rename(SessionId::generate()?);
        }
        self.aim.bind();
        Ok(Bound { binding, session: self.data.id(), previous: renames.then_some(old) })
    }
}

impl Commit<'_> {
    /// Seals the session under another id, as the same session: the old id is not ended here, since requests that are
    /// under way have it. It is ended at the first refresh.
    pub(super) async fn rename(&self, held: &Held, cause: SealCause) -> Result<Sent, EncodeError> {
        let mut data = self.state.data.clone();
        self.slide(&mut data, None);
        self.put_generation(&mut data, Some(held)).await?;
        let is_stored = self.is_stored(&data, None);
        let set_cookies = self.lines(&data, is_stored)?;
        let stored = if is_stored { Some(self.put(&mut data, None, None).await?) } else { None };
        // The list is asked last: whoever ended the session before this ended the new id with it.
        if !self.is_still_good(held).await? {
            return Err(EncodeError::Ended);
        }
        Ok(self.sent(set_cookies, data, stored, cause))
    }

    /// Ends the id that a session had before it was bound, as one that became this session. Returns false when it was
    /// ended as another session: then this one is over, too.
    pub(super) async fn end_previous(&self, held: &Held, previous: SessionId) -> Result<bool, EncodeError> {
        if !self.questions.has_list() {
            return Ok(true);
        }
        let ending = Ending { id: previous, stored: None, holds_values: true, ..held.ending(self.engine) };
        self.questions.end_as(ending, Mark::Became(held.retired.id), self.state.now).await
    }
}

impl Parts<'_> {
    /// Makes the answer that gives a browser its bound cookie, the identifier of its session, and the challenge of the
    /// next refresh.
    pub(super) fn bind(&self, binder: &Binder, bound: &Bound, key: PublicKey) -> Result<BindingAnswer, Refused> {
        let identifier = self.seal_identifier(&Identifier { bound: *bound, key })?;
        self.prove(binder, bound, &identifier)
    }

    /// Does the same for a browser that has its identifier. It gets that back: a browser ends a session whose
    /// identifier changes.
    pub(super) fn prove(&self, binder: &Binder, bound: &Bound, identifier: &str) -> Result<BindingAnswer, Refused> {
        let cookie = self.seal_bound(bound, self.now.saturating_add(binder.lifetime))?;
        let challenge = self.seal_refresh(bound.binding, binder.challenge_lifetime())?;
        Ok(BindingAnswer::new(200)
            .with("set-cookie", binder.cookie.line(&cookie, binder.lifetime))
            .with(CHALLENGE, Binder::challenge(&challenge, identifier))
            .with_json(binder.instructions(identifier)))
    }
}

pub(super) type Answered = (BindingAnswer, BindingOutcome);

/// The reason why a request to the route is not answered as it wishes.
pub(super) enum Refused {
    /// The proof is missing, or is none.
    NoProof,
    /// The session can't be bound with this challenge: it is another one, it is bound already, or the challenge is too
    /// old.
    NotYours,
    /// The session of this browser is another one, or is over. The value is the identifier that the browser sent.
    Over(Option<String>),
    /// The browser signed nothing, or an old challenge. The value is the header with the next one.
    Challenge(String),
    /// Nobody knows at the moment: a backend failed, or this node has no key for what came.
    Unsure,
}

impl Refused {
    pub(super) fn answer(self) -> Answered {
        match self {
            Self::NoProof => (BindingAnswer::new(400), BindingOutcome::Refused),
            Self::NotYours => (BindingAnswer::new(403), BindingOutcome::Refused),
            Self::Over(identifier) => {
                let ending = Binder::ending(identifier.as_deref());
                (BindingAnswer::new(200).with_json(ending), BindingOutcome::Ended)
            }
            Self::Challenge(challenge) => {
                (BindingAnswer::new(403).with(CHALLENGE, challenge), BindingOutcome::Challenged)
            }
            Self::Unsure => (BindingAnswer::new(503), BindingOutcome::Failed),
        }
    }
}

impl From<ProofError> for Refused {
    fn from(_: ProofError) -> Self {
        Self::NoProof
    }
}

impl From<EncodeError> for Refused {
    fn from(error: EncodeError) -> Self {
        match error {
            // Another request ended or bound the session, or the mark does not fit into it.
            EncodeError::Ended | EncodeError::TooLarge { .. } => Self::NotYours,
            _ => Self::Unsure,
        }
    }
}

/// True when another node, or this one later, may take a session that was refused for this reason.
pub(super) fn is_unsure(reason: &DecodeError) -> bool {
    reason.may_open_elsewhere() && *reason != DecodeError::StaleBinding
}

/// Adds the cookies of the session before those of the answer.
pub(super) fn with_cookies(mut answer: BindingAnswer, set_cookies: SetCookies) -> BindingAnswer {
    answer.headers.extend(set_cookies.into_iter().map(|line| ("set-cookie", line)));
    answer
}
