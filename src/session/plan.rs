//! The first half of a commit: it decides what is to be done. It decides from plain data, asks no backend and sends
//! nothing.

use super::aim::Progress;
use super::engine::Engine;
use super::held::Held;
use super::state::{Origin, State};
use crate::error::{BackendError, BackendErrorKind, DecodeError, EncodeError};
use crate::observe::SealCause;

/// Says what a commit does with a seal that is dispensable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispensable {
    /// The commit sends the seal.
    Send,
    /// The commit leaves the seal out, and the session stays as it was. A later request sends the seal.
    LeaveOut,
}

/// The work that a commit has to do. docs/stores.md says what each plan does where there are backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// There is nothing to send and nothing to tell a backend.
    Nothing,
    /// The session was destroyed. If values were stored since, another session begins.
    Destroy { begin: Option<SealCause> },
    /// A session begins.
    Begin(SealCause),
    /// The session is sealed under its id once more. When nothing was written, that is dispensable: an extension, a new
    /// key or a migration that can't be done leaves the client a good cookie, and nothing is lost.
    Again { cause: SealCause, is_dispensable: bool },
    /// The session goes on under a new id, and the old id ends.
    Move(SealCause),
}

impl Plan {
    pub(super) fn is_dispensable(self) -> bool {
        matches!(self, Self::Again { is_dispensable: true, .. })
    }

    /// True when the session that is sealed is another one than the client's cookies hold: it follows a login or a
    /// logout. Then no cookie of a former form may be left behind.
    pub(super) fn is_login(self) -> bool {
        matches!(self, Self::Begin(SealCause::Regenerated) | Self::Move(_) | Self::Destroy { begin: Some(_) })
    }
}

impl State {
    /// True when a commit has anything to do, or fails.
    pub(super) fn is_due(&mut self, engine: &Engine, dispensable: impl FnOnce() -> Dispensable) -> bool {
        !matches!(self.decide(engine, dispensable), Ok(Plan::Nothing))
    }

    /// Decides what a commit has to do. It changes nothing but the time of the request, and draws an id if one is
    /// needed. It calls `dispensable` only if the seal is dispensable.
    ///
    /// # Errors
    /// [`EncodeError::Backend`] when values were stored in a session that no backend could say anything about, so that
    /// nothing may take its place; [`EncodeError::Ended`] when something was written to a session that has outlived its
    /// absolute timeout meanwhile; [`EncodeError::Random`] when there is no id to be had.
    pub(super) fn decide(
        &mut self,
        engine: &Engine,
        dispensable: impl FnOnce() -> Dispensable,
    ) -> Result<Plan, EncodeError> {
        // A handler may have taken its time. A clock that went back meanwhile is not followed.
        let before = self.now;
        self.now = before.max(engine.now());
        self.note_decision();
        let plan = self.plan(engine)?;
        match plan {
            Plan::Again { .. } if plan.is_dispensable() && dispensable() == Dispensable::LeaveOut => {
                return Ok(Plan::Nothing);
            }
            Plan::Nothing | Plan::Again { .. } | Plan::Destroy { begin: None } => return Ok(plan),
            Plan::Move(_) => self.leave_sent_id(before)?,
            Plan::Begin(_) | Plan::Destroy { begin: Some(_) } => drop(self.id()?),
        }
        if self.now >= engine.lifetime().absolute_end(self.data.times()) {
            return self.begin_now(plan, engine);
        }
        Ok(plan)
    }

    /// A session that begins in a request which outlived the absolute timeout begins now: else it would be over before
    /// its cookie arrives. If the session is somebody's already, or its generation was taken earlier, it does not
    /// begin: the list may have forgotten by now what concerns it.
    fn begin_now(&mut self, plan: Plan, engine: &Engine) -> Result<Plan, EncodeError> {
        let is_somebody = self.held().is_some_and(|held| held.owner.is_somebody);
        if !is_somebody && self.login.is_none() {
            self.data.put_times(engine.lifetime().start(self.now));
            return Ok(plan);
        }
        if self.aim.has_changed() { Err(EncodeError::Ended) } else { Ok(Plan::Nothing) }
    }

    fn plan(&self, engine: &Engine) -> Result<Plan, EncodeError> {
        let progress = self.aim.progress();
        let begin = if progress == Progress::Regenerated { SealCause::Regenerated } else { SealCause::New };
        Ok(match self.origin() {
            Origin::Destroyed if self.is_kept() && self.aim.is_destroyed() => Plan::Destroy { begin: Some(begin) },
            Origin::Destroyed if self.aim.is_destroyed() => Plan::Destroy { begin: None },
            Origin::Cookie(held) => return self.plan_of(held, engine),
            Origin::Imported if progress == Progress::Regenerated => Plan::Begin(SealCause::Regenerated),
            Origin::Imported => Plan::Begin(SealCause::Imported),
            Origin::Refused(reason) if reason.is_unsure() && self.is_kept() => return Err(not_heard().into()),
            Origin::Refused(_) | Origin::Nothing | Origin::Destroyed if self.is_kept() => Plan::Begin(begin),
            Origin::Refused(reason) if reason.may_open_elsewhere() || *reason == DecodeError::Revoked => Plan::Nothing,
            Origin::Refused(_) | Origin::Nothing if engine.save_uninitialized => Plan::Begin(begin),
            Origin::Refused(_) | Origin::Nothing | Origin::Destroyed => Plan::Nothing,
        })
    }

    /// True when a handler did something that is lost unless the client gets a cookie. Whatever a backend keeps is not
    /// lost: the values of a session that has a record, and the end of a session.
    pub(super) fn needs_its_cookie(&self, engine: &Engine) -> bool {
        self.has_uncommitted_change()
            && match self.plan(engine) {
                Err(_) | Ok(Plan::Nothing) => false,
                Ok(Plan::Destroy { begin: None }) => !engine.backend.exists(),
                // The cookie says how long the session lives, so `extend` needs one.
                Ok(Plan::Again { .. }) => {
                    self.held().is_none_or(|held| held.stored.is_none() || held.expires_at != self.data.expires_at())
                }
                Ok(Plan::Begin(_) | Plan::Move(_) | Plan::Destroy { begin: Some(_) }) => true,
            }
    }

    /// Returns the plan for the session of the client's cookie.
    fn plan_of(&self, held: &Held, engine: &Engine) -> Result<Plan, EncodeError> {
        let cause = match self.aim.progress() {
            Progress::Regenerated => SealCause::Regenerated,
            #[cfg(feature = "dbsc")]
            _ if self.aim.is_bound() => SealCause::Bound,
            Progress::Migrated if self.aim.is_imported() => SealCause::Imported,
            Progress::Migrated => SealCause::Migrated,
            Progress::Changed => SealCause::Changed,
            Progress::Untouched if held.key != engine.codec.sealer().primary().id() => SealCause::Rekeyed,
            Progress::Untouched if self.keeps_expiry => return Ok(Plan::Nothing),
            Progress::Untouched if self.is_due_to_live_on(held, engine) => SealCause::Extended,
            Progress::Untouched => return Ok(Plan::Nothing),
        };
        // A request may outlive its session. The backends may have forgotten by now what they knew of the session, so
        // only a login that owes nothing to it goes on.
        let is_over = self.now >= held.retired.expires_at;
        let is_login = cause == SealCause::Regenerated && !held.owner.is_somebody;
        if is_over && !is_login {
            return if self.aim.has_changed() { Err(EncodeError::Ended) } else { Ok(Plan::Nothing) };
        }
        if cause == SealCause::Regenerated || self.changes_owner(held, engine) {
            return Ok(Plan::Move(cause));
        }
        // An imported session is in no cookie of this crate yet.
        let is_dispensable = !self.aim.has_changed() && cause != SealCause::Imported;
        Ok(if is_dispensable && self.is_late(held, engine) {
            Plan::Nothing
        } else {
            Plan::Again { cause, is_dispensable }
        })
    }

    fn is_due_to_live_on(&self, held: &Held, engine: &Engine) -> bool {
        let lifetime = engine.lifetime_of(&self.data, held.stored.is_some());
        lifetime.is_due(self.now, self.data.times(), || self.data.idle_timeout(&lifetime))
    }

    /// True when somebody's session becomes another subject's, or nobody's. That is a login as the other subject, so
    /// the session goes on under a new id: no cookie of the former subject is ever a cookie of the new one. It is also
    /// true if an earlier try of the commit drew that id already.
    fn changes_owner(&self, held: &Held, engine: &Engine) -> bool {
        let subject = &held.owner.subject;
        let is_another = || subject.is_some() && engine.backend.owner_of(&self.data).subject != *subject;
        self.data.id() != held.retired.id && !self.is_renamed(held)
            || engine.backend.revocations.is_some() && is_another()
    }

    /// Draws the id under which the session goes on if its subject was changed, so that what goes with the id can be
    /// made before the commit.
    pub(super) fn leave_former_subject(&mut self, engine: &Engine) -> Result<(), EncodeError> {
        let is_left = self.held().is_some_and(|held| self.changes_owner(held, engine));
        if is_left { self.leave_sent_id(self.now) } else { Ok(()) }
    }

    /// True when a binding gives the session another id, under which it is the same session. An id that a commit drew
    /// to move the session has no mark.
    #[cfg(feature = "dbsc")]
    pub(super) fn is_renamed(&self, held: &Held) -> bool {
        let is_of_binding = self.aim.is_bound() && self.data.is_marked();
        is_of_binding && self.aim.progress() != Progress::Regenerated && self.data.id() != held.retired.id
    }

    #[cfg(not(feature = "dbsc"))]
    #[expect(clippy::unused_self, reason = "nothing is bound without the feature")]
    fn is_renamed(&self, _: &Held) -> bool {
        false
    }

    /// True when the request took long, and no backend knows which cookie the client holds by now: the answer might
    /// replace the cookie of a login that happened meanwhile. A later request sends the seal that is left out here,
    /// because the session still lives long enough. A young seal alone does not say so: it may have left the end of the
    /// session where it was.
    fn is_late(&self, held: &Held, engine: &Engine) -> bool {
        let idle = engine.lifetime().idle;
        let is_bare = engine.backend.revocations.is_none() && held.stored.is_none();
        let is_slow = self.now.seconds_since(self.loaded_at) >= SLOW_SECONDS;
        let is_young = self.now.seconds_since(held.issued_at).saturating_mul(2) < idle;
        let lives_long_enough = held.expires_at.seconds_since(self.now).saturating_mul(2) > idle;
        is_bare && is_slow && is_young && lives_long_enough
    }
}

/// The number of seconds from which on a request is a slow one.
const SLOW_SECONDS: u64 = 2;

fn not_heard() -> BackendError {
    BackendError::new(
        BackendErrorKind::NotAsked,
        "load this session with load_async: until then nobody knows what it holds, so nothing may replace it",
    )
}
