//! The second half of a load: it opens the cookies that came. The newest session that is admitted becomes the state of
//! the request.

use super::candidate::Candidate;
use super::engine::Engine;
use super::held::Held;
use super::parts::open_parts;
use super::shared::Shared;
#[cfg(feature = "dbsc")]
use super::state::Unproven;
use super::state::{Origin, State};
use crate::backend::{Admitted, Answer, FailurePolicy, Mark, Questions};
use crate::codec::Opened;
use crate::cookie::MAX_PAIRS;
use crate::data::SessionData;
use crate::error::{BackendError, DecodeError, Refusal};
use crate::observe::Event;
use crate::time::UnixTime;

/// The state of a request, and the event that observers are to be told of it.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) event: Option<Event>,
}

impl Shared {
    /// True when the backends must be asked before the session can be known.
    pub(super) fn must_ask(&self) -> bool {
        self.engine.backend.exists() && (self.candidates.count() > 0 || !self.old.is_empty())
    }

    /// Opens the session if no backend has to be asked. If a backend has to be asked, and was not, the session is
    /// refused: an adapter that forgot to ask must not let in whom the backend would have kept out. Its cookies are
    /// known all the same, so that a logout ends them.
    pub(super) fn open(&self) -> Loaded {
        let now = self.engine.now();
        if !self.engine.backend.exists() {
            #[cfg(feature = "dbsc")]
            if let Some(binder) = &self.engine.binder {
                return self.open_proven(binder, now);
            }
            let found = self
                .newest(now)
                .and_then(|found| found.map(|found| self.engine.backend.admit_unasked(found)).transpose());
            return self.state(found, now);
        }
        let opened = self.open_all(now).0;
        #[cfg(feature = "dbsc")]
        let opened = self.follow_renames(opened, now);
        let mut candidates = self.known(&opened);
        if opened.is_empty()
            && let Ok(Some(imported)) = self.import(now)
        {
            candidates.push(Candidate::new(&self.engine, &self.engine.codec.opened(imported, now)));
        }
        let found = if self.must_ask() { Err(DecodeError::NotAsked.into()) } else { Ok(None) };
        let mut loaded = self.state(found, now);
        loaded.state.candidates = candidates;
        loaded
    }

    /// Opens the session, and asks the backends about each cookie that opened, the newest first, until one is admitted.
    ///
    /// # Errors
    /// [`BackendError`] when one of them failed and the configuration says [`FailurePolicy::Fail`].
    pub(super) async fn open_and_ask(&self) -> Result<Loaded, BackendError> {
        let now = self.engine.now();
        let questions = self.engine.questions();
        let (opened, refusal) = self.open_all(now);
        #[cfg(feature = "dbsc")]
        let (opened, mut unproven) = (self.follow_renames(opened, now), Unproven::default());
        let mut candidates = self.known(&opened);
        let (mut admitted, mut kept_out, mut successors) = (None, None, Vec::new());
        for (opened, candidate) in opened.into_iter().zip(&mut candidates) {
            match self.ask_about(&questions, opened, candidate).await? {
                Answer::Good(good) => {
                    #[cfg(feature = "dbsc")]
                    let good = match self.proven(&questions, good, now, &mut unproven).await? {
                        Ok(good) => good,
                        Err(refused) if refused.reason == DecodeError::Unavailable => {
                            kept_out = Some(refused);
                            break;
                        }
                        Err(refused) => {
                            kept_out.get_or_insert(refused);
                            continue;
                        }
                    };
                    admitted = Some(good);
                    break;
                }
                Answer::Ended { mark, refusal, .. } => {
                    if let Mark::Became(successor) = mark {
                        successors.push(successor);
                    }
                    kept_out.get_or_insert(refusal);
                }
                Answer::Refused(refused) if refused.reason == DecodeError::Unavailable => {
                    kept_out = Some(refused);
                    break;
                }
                Answer::Refused(refused) => {
                    kept_out.get_or_insert(refused);
                }
            }
        }
        if admitted.is_none() && kept_out.is_none() {
            match self.import(now) {
                Ok(None) => {}
                Ok(Some(imported)) => return self.ask_about_import(&questions, imported, now).await,
                Err(reason) => kept_out = Some(reason.into()),
            }
        }
        let found = match (admitted, kept_out.or(refusal)) {
            (Some(admitted), _) => Ok(Some(admitted)),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => Ok(None),
        };
        let mut loaded = self.state(found, now);
        #[cfg(feature = "dbsc")]
        {
            loaded.state.put_unproven(unproven);
        }
        (loaded.state.candidates, loaded.state.successors) = (candidates, successors);
        Ok(loaded)
    }

    /// Asks the backends about a session that was made of cookies of another crate: every copy of them has the same id,
    /// and is refused once that was ended.
    async fn ask_about_import(
        &self,
        questions: &Questions<'_>,
        imported: SessionData,
        now: UnixTime,
    ) -> Result<Loaded, BackendError> {
        let opened = self.engine.codec.opened(imported, now);
        let mut candidate = Candidate::new(&self.engine, &opened);
        let mut successors = Vec::new();
        let mut loaded = match self.ask_about(questions, opened, &mut candidate).await? {
            Answer::Good(admitted) => {
                let (opened, stored, owner, vouched) = admitted.into_parts();
                let mut held = Held::new(&self.engine, &opened.data, owner, opened.key_id, stored.is_none(), stored);
                held.vouched = vouched;
                let mut state = State::new(opened.data, Origin::Cookie(held), now);
                state.aim.import();
                self.note_cookies(&mut state);
                Loaded { state, event: None }
            }
            Answer::Ended { mark, refusal, .. } => {
                if let Mark::Became(successor) = mark {
                    successors.push(successor);
                }
                self.refused(refusal, now)
            }
            Answer::Refused(refusal) => self.refused(refusal, now),
        };
        (loaded.state.candidates, loaded.state.successors) = (vec![candidate], successors);
        Ok(loaded)
    }

    /// Asks the backends about one candidate. When nobody knows, the session is refused as
    /// [`DecodeError::Unavailable`].
    ///
    /// # Errors
    /// [`BackendError`] when nobody knows and the configuration says [`FailurePolicy::Fail`].
    async fn ask_about(
        &self,
        questions: &Questions<'_>,
        opened: Opened,
        candidate: &mut Candidate,
    ) -> Result<Answer, BackendError> {
        let Engine { codec, backend, observers, .. } = &*self.engine;
        let key_id = Some(opened.key_id);
        let answer = questions.ask(codec, opened).await;
        if let Err(error) = &answer {
            observers.tell_of(error);
        }
        candidate.is_ended = matches!(answer, Ok(Answer::Ended { is_over: true, .. }));
        match answer {
            Err(_) if backend.policy != FailurePolicy::Fail => {
                Ok(Answer::Refused(Refusal { reason: DecodeError::Unavailable, key_id }))
            }
            answer => answer,
        }
    }

    /// Makes a session of the cookies of another crate, if there are such cookies.
    fn import(&self, now: UnixTime) -> Result<Option<SessionData>, DecodeError> {
        let Self { engine, candidates, old, .. } = self;
        engine.imports.session(&engine.codec, &engine.cookies, (candidates, old), now)
    }

    /// Makes the state of the request: of the session that was admitted, else of an import, else of a new session.
    pub(super) fn state(&self, found: Result<Option<Admitted>, Refusal>, now: UnixTime) -> Loaded {
        let Self { engine, candidates, .. } = self;
        let mut loaded = match found {
            Ok(Some(admitted)) => {
                let (opened, stored, owner, vouched) = admitted.into_parts();
                #[cfg(feature = "dbsc")]
                let (opened, binding) = self.healed(opened, now);
                let event = engine.note_open(Ok(&opened), candidates.count());
                let holds_values = engine.backend.exists() && stored.is_none() && !opened.data.is_empty();
                let mut held = Held::new(engine, &opened.data, owner, opened.key_id, holds_values, stored);
                held.vouched = vouched;
                let is_migrated = opened.is_migrated;
                let mut state = State::new(opened.data, Origin::Cookie(held), now);
                if is_migrated {
                    state.aim.migrate();
                }
                #[cfg(feature = "dbsc")]
                state.put_binding(binding);
                Loaded { state, event }
            }
            none => {
                // A backend, if there is one, was asked about an import before.
                let imported = if engine.backend.exists() { Ok(None) } else { self.import(now) };
                match (imported, none) {
                    (Ok(Some(data)), _) => Loaded { state: State::new(data, Origin::Imported, now), event: None },
                    (Err(reason), _) => self.refused(reason.into(), now),
                    (Ok(None), Err(refusal)) => self.refused(refusal, now),
                    (Ok(None), Ok(_)) => {
                        Loaded { state: State::new(engine.blank(now), Origin::Nothing, now), event: None }
                    }
                }
            }
        };
        self.note_cookies(&mut loaded.state);
        loaded
    }

    fn refused(&self, refusal: Refusal, now: UnixTime) -> Loaded {
        let event = self.engine.note_open(Err(&refusal), self.candidates.count());
        Loaded { state: State::new(self.engine.blank(now), Origin::Refused(refusal.reason), now), event }
    }

    /// Notes which cookies the client holds besides the first one.
    fn note_cookies(&self, state: &mut State) {
        #[cfg(feature = "dbsc")]
        {
            state.binding.has_cookie = self.bound.came();
        }
        state.client.has_second = self.candidates.second_parts().is_some();
        state.old = self.engine.imports.to_delete(&self.candidates, &self.old);
    }

    /// Makes a candidate of each session that opened, so that a logout can end them all.
    fn known(&self, opened: &[Opened]) -> Vec<Candidate> {
        let known = opened.iter().map(|opened| Candidate::new(&self.engine, opened));
        #[cfg(feature = "dbsc")]
        let known = known.chain(self.previous(opened));
        known.collect()
    }

    /// Returns the session that was issued last, of those that are authentic, alive and of a known schema. If there is
    /// none, it returns the refusal that says the most.
    fn newest(&self, now: UnixTime) -> Result<Option<Opened>, Refusal> {
        let mut best: Option<Opened> = None;
        let refusal = self.open_each(now, |opened| {
            if best.as_ref().is_none_or(|best| opened.data.issued_at() > best.data.issued_at()) {
                best = Some(opened);
            }
        });
        let Some(best) = best else { return refusal.map_or(Ok(None), Err) };
        match self.engine.codec.migrate(best) {
            Err(_) if self.candidates.count() > 1 => self.newest_of_a_known_schema(now),
            migrated => migrated.map(Some),
        }
    }

    /// Does the same as `newest` when the newest session has an unknown schema: that session must not hide another one.
    fn newest_of_a_known_schema(&self, now: UnixTime) -> Result<Option<Opened>, Refusal> {
        let mut refusal = None;
        for opened in self.open_all(now).0 {
            match self.engine.codec.migrate(opened) {
                Ok(migrated) => return Ok(Some(migrated)),
                Err(refused) => refusal = refusal.or(Some(refused)),
            }
        }
        refusal.map_or(Ok(None), Err)
    }

    /// Returns the sessions that are authentic and alive, the one issued last first, and the refusal that says the
    /// most.
    pub(super) fn open_all(&self, now: UnixTime) -> (Vec<Opened>, Option<Refusal>) {
        let mut opened = Vec::new();
        let refusal = self.open_each(now, |found| opened.push(found));
        // The sort is stable: of two that were issued in one second, the one that came first stays first.
        opened.sort_by_key(|opened: &Opened| std::cmp::Reverse(opened.data.issued_at()));
        (opened, refusal)
    }

    /// Opens each candidate, and returns the refusal that says the most of those that did not open, for a request in
    /// which none did.
    fn open_each(&self, now: UnixTime, mut found: impl FnMut(Opened)) -> Option<Refusal> {
        let Self { engine, candidates, .. } = self;
        let Engine { codec, cookies, .. } = &**engine;
        let mut refusal: Option<Refusal> = candidates.is_cut().then_some(DecodeError::TooManyCandidates.into());
        let mut tries = MAX_PAIRS;
        for value in candidates.values() {
            let outcome = match cookies.first_part(value) {
                None => codec.open(value, cookies.max_value(), || now),
                Some(part) => open_parts(engine, part, candidates.second_parts(), &mut tries, now),
            };
            match outcome {
                Ok(opened) => found(opened),
                Err(refused) => refusal = Some(refusal.map_or(refused, |refusal| refusal.or_weightier(refused))),
            }
        }
        refusal.or(candidates.second_parts().map(|_| DecodeError::Incomplete.into()))
    }
}
