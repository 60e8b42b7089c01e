//! The binding of a session to a device: what a load makes of it, and what an application may ask.

use std::sync::Arc;

use super::binding_state::StaleSession;
use super::candidate::Candidate;
use super::engine::Engine;
use super::held::Held;
use super::open::Loaded;
use super::perform::Commit;
use super::plan::Plan;
use super::session::Session;
use super::shared::Shared;
use super::state::{Origin, State, Unproven};
use crate::backend::{Admitted, Ending, FailurePolicy, Mark, Questions};
use crate::codec::Opened;
use crate::data::UNDER_WAY_SECONDS;
use crate::device_binding::{Binder, Binding, Bound, Judged, OFFER, Parts, judge};
use crate::error::{BackendError, DecodeError, Refusal, Unbound};
use crate::time::UnixTime;

impl Session {
    /// Says whether the session is bound to the device of its browser. Without
    /// [`SessionConfig::device_binding`](crate::SessionConfig::device_binding), no session is. Feature `dbsc`.
    ///
    /// ```
    /// use sealed_session::{Binding, DeviceBinding, Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
    /// let session = manager.load(None::<&str>);
    /// if session.binding() == Binding::Stale {
    ///     // The browser has a proof to give: see `SessionManager::binding_bounce`.
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn binding(&self) -> Binding {
        self.with(|state, engine| {
            if engine.binder.is_none() {
                Binding::Unbound
            } else if state.data.is_marked() {
                // A mark may also have come out of the record since the load, by a commit that found it there.
                let is_proven = state.binding.proven.is_some_and(|bound| state.data.bound() == Some(bound.binding));
                if is_proven { Binding::Fresh } else { Binding::Unbound }
            } else if matches!(state.origin(), Origin::Refused(DecodeError::StaleBinding)) {
                Binding::Stale
            } else {
                Binding::Unbound
            }
        })
    }

    /// Checks that the session is bound, and that its device proved it within the lifetime of
    /// [`DeviceBinding::lifetime`](crate::DeviceBinding::lifetime): for what matters most, such as a payment. Feature
    /// `dbsc`.
    ///
    /// The proof counts by the time of the load. A connection that goes on after that asks
    /// [`SessionManager::recheck`](crate::SessionManager::recheck).
    ///
    /// A browser that can't bind its session never passes. To have such browsers logged out everywhere, use
    /// [`DeviceBinding::required_within`](crate::DeviceBinding::required_within) instead.
    ///
    /// # Errors
    /// [`Unbound`] unless the session is [`Binding::Fresh`].
    ///
    /// ```
    /// use sealed_session::{Error, Session};
    ///
    /// fn pay(session: &Session) -> Result<(), Error> {
    ///     session.require_binding()?; // 403 if the error is returned to an adapter
    ///     Ok(())
    /// }
    /// ```
    pub fn require_binding(&self) -> Result<(), Unbound> {
        if self.binding() == Binding::Fresh { Ok(()) } else { Err(Unbound::default()) }
    }

    /// True when the session was refused, and a refresh by its browser may let it in.
    pub(crate) fn may_be_refreshed(&self) -> bool {
        let is_late = || self.with(|state, _| state.late.is_some() && state.held().is_none());
        self.binding() == Binding::Stale || is_late()
    }

    /// Returns the name and the value of the header that offers the browser to register a key, if the last commit
    /// sealed a login.
    pub(crate) fn binding_offer(&self) -> Option<(&'static str, String)> {
        let engine = &*self.shared.engine;
        let binder = engine.binder.as_ref()?;
        let id = self.lock().as_ref()?.binding.offer?;
        let parts = Parts { codec: &engine.codec, now: engine.now() };
        match parts.seal_registration(id, binder.challenge_lifetime()) {
            Ok(challenge) => Some((OFFER, binder.offer(&challenge))),
            // Without the offer the session stays as good as any that is not bound.
            Err(error) => {
                engine.observers.tell_noted(engine.note_failure(&error));
                None
            }
        }
    }
}

/// True when a session was ended by the id that it had before it was bound.
async fn has_ended(questions: &Questions<'_>, bound: &Bound) -> Result<bool, BackendError> {
    if bound.previous.is_none() {
        return Ok(false);
    }
    let known = questions.look(bound.previous, None).await?;
    Ok(known.mark.is_some_and(|mark| mark != Mark::Became(bound.session)))
}

fn is_no_longer_young(state: &State, now: UnixTime) -> bool {
    now.seconds_since(state.data.created_at()) >= UNDER_WAY_SECONDS
}

impl Commit<'_> {
    /// True when the session was ended by the id that it had before it was bound, since the load.
    pub(super) async fn has_ended_by_its_previous_id(&self, held: &Held) -> Result<bool, BackendError> {
        match self.state.binding.proven_of(held.retired.id) {
            Some(bound) => has_ended(&self.questions, &bound).await,
            None => Ok(false),
        }
    }
}

impl Session {
    /// Returns the reason why the session of this request would be refused for its binding if it came now: the bound
    /// cookie that proved it has ended since the load, or the time has passed in which a young session is let in
    /// without one.
    pub(super) fn recheck_binding(&self, held: &Held, now: UnixTime) -> Option<DecodeError> {
        self.with(|state, engine| {
            let binder = engine.binder.as_ref()?;
            let age = now.seconds_since(state.data.created_at());
            if let Some(bound) = state.binding.proven_of(held.retired.id) {
                let is_over = !self.shared.bound.prove(engine, &bound, now);
                return is_over.then_some(DecodeError::StaleBinding);
            }
            if state.data.is_marked() {
                return is_no_longer_young(state, now).then_some(DecodeError::StaleBinding);
            }
            let is_late = binder.required_within.is_some_and(|limit| age >= limit);
            (is_late && engine.backend.owner_of(&state.data).is_somebody).then_some(DecodeError::NotBound)
        })
    }

    /// True when no bound cookie proved the session, which is too old to be let in without one. If it was bound since
    /// the load, its record has the mark.
    pub(super) fn is_unproven(&self, held: &Held, now: UnixTime) -> bool {
        self.with(|state, engine| {
            let has_proof = state.binding.proven_of(held.retired.id).is_some();
            engine.binder.is_some() && !has_proof && is_no_longer_young(state, now)
        })
    }

    /// True when the session that the client holds was ended by the id that it had before it was bound.
    pub(super) async fn has_ended_by_its_previous_id(
        &self,
        held: &Held,
        questions: &Questions<'_>,
    ) -> Result<bool, BackendError> {
        match self.with(|state, _| state.binding.proven_of(held.retired.id)) {
            Some(bound) => has_ended(questions, &bound).await,
            None => Ok(false),
        }
    }
}

impl Shared {
    /// Opens the session where no backend has to be asked: the newest one that is not refused for its binding.
    pub(super) fn open_proven(&self, binder: &Arc<Binder>, now: UnixTime) -> Loaded {
        let (opened, unopened) = self.open_all(now);
        let (mut unproven, mut refused) = (Unproven::default(), None);
        for opened in opened {
            let key_id = Some(opened.key_id);
            let found = self.engine.codec.migrate(opened).and_then(|opened| {
                let admitted = self.engine.backend.admit_unasked(opened)?;
                let checked = self.check_binding(binder, admitted, now, &mut unproven);
                checked.map_err(|reason| Refusal { reason, key_id })
            });
            match found {
                Ok(admitted) => {
                    let mut loaded = self.state(Ok(Some(admitted)), now);
                    loaded.state.put_unproven(unproven);
                    return loaded;
                }
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        let mut loaded = self.state(refused.or(unopened).map_or(Ok(None), Err), now);
        loaded.state.put_unproven(unproven);
        loaded
    }

    /// Gives sessions that were registered, and whose cookie another response replaced by the one from before, the id
    /// that the registration gave them. The backends are then asked about that id; the values of a session that spilled
    /// meanwhile are still in the record of its previous id.
    pub(super) fn follow_renames(&self, mut opened: Vec<Opened>, now: UnixTime) -> Vec<Opened> {
        for opened in &mut opened {
            if let Judged::Lost(bound) = judge(&opened.data, self.bound.opened(&self.engine, now)) {
                opened.previous = (opened.data.id() != bound.session).then_some(opened.data.id());
                opened.data.rename(bound.session);
            }
        }
        opened
    }

    /// Returns the ids that these sessions had before they were bound, for the backends to end with them: until the
    /// first refresh the cookie of such an id is good.
    pub(super) fn previous<'o>(&'o self, opened: &'o [Opened]) -> impl Iterator<Item = Candidate> + 'o {
        opened.iter().filter(|_| self.engine.backend.revocations.is_some()).flat_map(|opened| {
            let of_this = |bound: &&Bound| bound.session == opened.data.id();
            let cookies = self.bound.opened(&self.engine, opened.at).iter().filter(of_this);
            cookies.filter_map(|bound| {
                let Candidate { ending, is_ended } = Candidate::new(&self.engine, opened);
                let ending = Ending { id: bound.previous?, holds_values: true, ..ending };
                Some(Candidate { ending, is_ended })
            })
        })
    }

    /// Checks the binding of a session that the backends vouch for. Returns the session, or the refusal of one that is
    /// not good.
    ///
    /// # Errors
    /// [`BackendError`] when the list failed and the configuration says [`FailurePolicy::Fail`].
    pub(super) async fn proven(
        &self,
        questions: &Questions<'_>,
        admitted: Admitted,
        now: UnixTime,
        unproven: &mut Unproven,
    ) -> Result<Result<Admitted, Refusal>, BackendError> {
        let Some(binder) = &self.engine.binder else { return Ok(Ok(admitted)) };
        let admitted = match self.check_binding(binder, admitted, now, unproven) {
            Ok(admitted) => admitted,
            Err(reason) => return Ok(Err(reason.into())),
        };
        // Until the first refresh, whoever ends the session by the id that it had at its login ends it under that id
        // alone.
        let judged = judge(admitted.data(), self.bound.opened(&self.engine, now));
        let (Judged::Fresh(bound) | Judged::Lost(bound)) = judged else { return Ok(Ok(admitted)) };
        match has_ended(questions, &bound).await {
            Ok(false) => Ok(Ok(admitted)),
            Ok(true) => Ok(Err(DecodeError::Revoked.into())),
            Err(error) => {
                self.engine.observers.tell_of(&error);
                let fails = self.engine.backend.policy == FailurePolicy::Fail;
                if fails { Err(error) } else { Ok(Err(DecodeError::Unavailable.into())) }
            }
        }
    }

    /// Returns the session, unless it has to be refused until it is proven or because it is not bound. Such a session
    /// is noted for a refresh.
    fn check_binding(
        &self,
        binder: &Binder,
        admitted: Admitted,
        now: UnixTime,
        unproven: &mut Unproven,
    ) -> Result<Admitted, DecodeError> {
        let data = admitted.data();
        let age = now.seconds_since(data.created_at());
        match judge(data, self.bound.opened(&self.engine, now)) {
            Judged::Fresh(_) | Judged::Lost(_) => Ok(admitted),
            // A request that was sent before the registration has no bound cookie yet, and finds the mark in the
            // record. Where a cookie holds the values, such a request has a cookie without the mark.
            Judged::Stale if admitted.is_stored() && age < UNDER_WAY_SECONDS => Ok(admitted),
            Judged::Stale => {
                let lifetime = self.engine.lifetime();
                let mark_end = lifetime.mark_end(lifetime.absolute_end(data.times()));
                let owner = admitted.owner().clone();
                unproven.stale.push(StaleSession { id: data.id(), owner, binding: data.bound(), mark_end });
                Err(DecodeError::StaleBinding)
            }
            Judged::Unbound => {
                let is_late = binder.required_within.is_some_and(|limit| age >= limit);
                if !is_late || !self.engine.backend.owner_of(data).is_somebody {
                    return Ok(admitted);
                }
                if unproven.late.is_none() {
                    unproven.late = Some(Box::new(self.state(Ok(Some(admitted)), now).state));
                }
                Err(DecodeError::NotBound)
            }
        }
    }

    /// Puts a mark back that another response took away, and returns the binding that the bound cookie proves.
    pub(super) fn healed(&self, mut opened: Opened, now: UnixTime) -> (Opened, Option<Judged>) {
        if self.engine.binder.is_none() {
            return (opened, None);
        }
        let judged = judge(&opened.data, self.bound.opened(&self.engine, now));
        if let Judged::Lost(bound) = judged {
            opened.data.rename(bound.session);
            // A session that is full to the last byte stays without its mark, until something in it is removed.
            let _ = opened.data.set_bound(bound.binding);
        }
        (opened, Some(judged))
    }
}

impl State {
    /// Notes the sessions that were refused for their binding.
    pub(super) fn put_unproven(&mut self, unproven: Unproven) {
        (self.binding.stale, self.late) = (unproven.stale, unproven.late);
    }

    /// Notes the binding with which the session came.
    pub(super) fn put_binding(&mut self, judged: Option<Judged>) {
        match judged {
            Some(Judged::Fresh(bound)) => self.binding.proven = Some(bound),
            Some(Judged::Lost(bound)) => {
                self.binding.proven = Some(bound);
                self.aim.heal();
            }
            Some(Judged::Stale | Judged::Unbound) | None => {}
        }
    }

    /// Notes, when a commit sealed a login, that the response offers to bind the session.
    pub(super) fn note_offer(&mut self, plan: Plan, engine: &Engine) {
        if engine.binder.is_none() || !plan.is_login() {
            return;
        }
        if let Origin::Cookie(held) = &self.client.origin {
            let is_somebody = engine.backend.owner_of(&self.data).is_somebody;
            self.binding.offer = is_somebody.then_some(held.retired.id);
        }
    }
}
