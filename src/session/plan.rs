//! The way out, first step: what a commit has to do. It is decided from plain data: nothing is asked and nothing is changed.

use super::aim::Progress;
use super::engine::Engine;
use super::state::{Origin, State};
use crate::data::Retired;
use crate::error::{BackendError, BackendErrorKind, EncodeError};
use crate::observe::{DeleteCause, KeyRole, SealCause};
use crate::time::Times;

/// What a commit has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plan {
    /// There is nothing to send and nothing to tell a backend.
    Nothing,
    /// The session is sealed, and the cookie is sent.
    Seal(Seal),
    /// The cookie is deleted.
    Delete {
        cause: DeleteCause,
        /// The session to be ended.
        ended: Option<Retired>,
    },
}

/// A session to be sealed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seal {
    pub(super) cause: SealCause,
    /// The times that the session gets.
    pub(super) times: Times,
    /// The session to be ended: that of the client's cookie, if the session is not the same any more.
    pub(super) ended: Option<Retired>,
    /// True when a store has a record of this very session.
    pub(super) has_record: bool,
}

impl Seal {
    /// True for an extension and for a re-keying: when it can't be done, the client's cookie stays good, and nothing is lost.
    pub(super) fn is_dispensable(&self) -> bool {
        matches!(self.cause, SealCause::Rekeyed | SealCause::Extended)
    }
}

impl State {
    /// True when a commit has anything to do.
    pub(super) fn is_due(&mut self, engine: &Engine) -> bool {
        self.go_on(engine);
        self.cause(engine) != Cause::Nothing
    }

    /// Takes the time of the commit: a handler may have taken its time. A clock that went back meanwhile is not followed.
    fn go_on(&mut self, engine: &Engine) {
        self.now = self.now.max(engine.now());
    }

    /// Decides what a commit has to do.
    ///
    /// # Errors
    /// [`EncodeError::Backend`] when values were stored in a session that no backend could say anything about, so that nothing
    /// may take its place, and [`EncodeError::Random`] when there is no id to be had.
    pub(super) fn decide(&mut self, engine: &Engine) -> Result<Plan, EncodeError> {
        self.go_on(engine);
        let lifetime = engine.lifetime();
        let cause = match self.cause(engine) {
            Cause::Nothing => return Ok(Plan::Nothing),
            Cause::Delete(cause) => return Ok(Plan::Delete { cause, ended: self.ended() }),
            // No cookie of a session past its absolute timeout opens any more, so that there is none to end.
            Cause::Seal(_) if self.now >= lifetime.absolute_end(self.data.times()) => {
                return Ok(Plan::Delete { cause: DeleteCause::Expired, ended: None });
            }
            Cause::Seal(cause) => cause,
        };
        if matches!(self.origin(), Origin::Refused(reason) if reason.is_unsure()) {
            return Err(EncodeError::Backend(not_heard()));
        }
        let id = self.id()?;
        let times = lifetime.slide(self.now, &self.begun(engine));
        let ended = self.ended().filter(|ended| ended.id != id);
        Ok(Plan::Seal(Seal { cause, times, ended, has_record: self.client.in_store && ended.is_none() }))
    }

    /// The times of the session. One that was regenerated after its subject was revoked a moment ago begins after that, to be
    /// told from the sessions that the revocation ended.
    fn begun(&self, engine: &Engine) -> Times {
        let times = *self.data.times();
        let Some(revoked_before) = self.aim.revoked_before() else { return times };
        let created_at = times.created_at.max(engine.backend.beginning(&self.data, revoked_before));
        let issued_at = times.issued_at.max(created_at);
        Times { created_at, issued_at, expires_at: times.expires_at.max(issued_at) }
    }

    /// The session that the client's cookie held and that is not to go on under its id. A session of a cookie that no backend
    /// could say anything about is ended by a logout, too.
    fn ended(&self) -> Option<Retired> {
        self.client.origin.retired().or(self.unsure.filter(|_| self.aim.is_destroyed()))
    }

    fn cause(&self, engine: &Engine) -> Cause {
        // A change takes a deletion back, so that it has to be sent again.
        let deletion_sent = self.client.deletion_sent && !self.aim.is_touched();
        match (self.aim.progress(), self.origin()) {
            (Progress::Regenerated, _) if self.is_kept() => Cause::Seal(SealCause::Regenerated),
            (_, Origin::Imported) => Cause::Seal(SealCause::Imported),
            (Progress::Migrated, Origin::Cookie(_)) => Cause::Seal(SealCause::Migrated),
            (Progress::Changed, Origin::Cookie(_)) => Cause::Seal(SealCause::Changed),
            (Progress::Changed | Progress::Migrated, _) if self.is_kept() => Cause::Seal(SealCause::New),
            (_, Origin::Cookie(_)) if self.client.key == KeyRole::Previous => Cause::Seal(SealCause::Rekeyed),
            (_, Origin::Cookie(_)) if engine.lifetime().is_due(self.now, self.data.times()) => {
                Cause::Seal(SealCause::Extended)
            }
            (_, Origin::Refused(reason)) if reason.leaves_cookie() => Cause::Nothing,
            (_, Origin::Nothing | Origin::Refused(_)) if engine.save_uninitialized => Cause::Seal(SealCause::New),
            (_, Origin::Refused(_)) if !deletion_sent => Cause::Delete(DeleteCause::Refused),
            (_, Origin::Deleted) if !deletion_sent => Cause::Delete(DeleteCause::Destroyed),
            _ => Cause::Nothing,
        }
    }
}

/// Why a commit has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Nothing,
    Seal(SealCause),
    Delete(DeleteCause),
}

fn not_heard() -> BackendError {
    BackendError::new(BackendErrorKind::NotAsked, "nobody knows what the session holds, so nothing may take its place")
}
