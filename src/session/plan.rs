//! What the commit of a session must do, and how it is undone when a backend fails.

use super::state::{Origin, Progress, Retired, State};
use crate::backend::Work;
use crate::backend::{Held, Placed, Placement};
use crate::codec::Codec;
use crate::cookie::SetCookies;
use crate::error::{BackendError, BackendErrorKind, EncodeError};
#[cfg(feature = "import")]
use crate::import::OldCookies;
use crate::observe::{DeleteCause, Event, SealCause};
use crate::time::Times;

/// What a commit must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Nothing,
    Seal(SealCause),
    Delete(DeleteCause),
}

/// What a commit may have to take back.
#[expect(clippy::struct_excessive_bools, reason = "they are the state's")]
pub(crate) struct Checkpoint {
    origin: Origin,
    progress: Progress,
    times: Times,
    is_stale: bool,
    deletion_sent: bool,
    has_second: bool,
    in_store: bool,
    ended: Option<Retired>,
    #[cfg(feature = "import")]
    old: OldCookies,
}

/// What a commit came to: lines for the response, once the backends have done their work.
#[derive(Default)]
pub(crate) struct Commit {
    pub(crate) set_cookies: SetCookies,
    pub(crate) work: Work,
    /// Whether nobody misses it, should it come to nothing: the session as the client has it stays good.
    pub(crate) is_dispensable: bool,
}

impl State {
    /// Whether a commit has anything to send.
    pub(crate) fn is_due(&mut self, codec: &Codec) -> bool {
        self.now = self.now.max(codec.now());
        self.plan(codec) != Plan::Nothing
    }

    /// Does what the rules demand, and notes what there is to tell. On an error all is as it was.
    pub(crate) fn commit(
        &mut self,
        codec: &Codec,
        placement: Placement,
        event: &mut Option<Event>,
    ) -> Result<Commit, EncodeError> {
        // A handler may have taken its time. A clock that went back meanwhile is not followed.
        self.now = self.now.max(codec.now());
        match self.plan(codec) {
            Plan::Seal(_) if self.now >= codec.lifetime().absolute_end(self.data.times()) => {
                self.destroy(codec);
                self.ended = None; // no cookie of it opens any more
                Ok(self.delete(codec, DeleteCause::Expired, event))
            }
            Plan::Nothing => Ok(Commit::default()),
            Plan::Delete(cause) => Ok(self.delete(codec, cause, event)),
            Plan::Seal(_) if matches!(self.origin, Origin::Refused(reason) if reason.is_unsure()) => {
                Err(EncodeError::Backend(not_heard()))
            }
            Plan::Seal(cause) => {
                let before = *self.data.times();
                let id = self.id()?;
                self.data.put_times(codec.lifetime().slide(self.now, &before));
                let old = self.retired().filter(|old| old.id != id);
                let held = Held { second: self.has_second, record: self.in_store && old.is_none() };
                let placed = match placement.place(codec, &self.data, held, self.now) {
                    Ok(placed) => placed,
                    Err(error) => {
                        self.data.put_times(before);
                        return self.excuse(codec, error, event);
                    }
                };
                let Placed { set_cookies, saving, in_store, has_second } = placed;
                self.origin = Origin::Cookie(Retired::new(&self.data, codec));
                self.progress = Progress::Untouched;
                self.is_stale = false;
                self.in_store = in_store;
                self.has_second = has_second;
                *event = if in_store {
                    codec.note_seal(&self.data.without_entries(), cause)
                } else {
                    codec.note_seal(&self.data, cause)
                };
                let work = Work { saving: saving.map(|saving| (id, saving)), ended: self.ended.take().or(old) };
                let is_dispensable = matches!(cause, SealCause::Rekeyed | SealCause::Extended);
                let set_cookies = self.with_deletions(set_cookies, codec);
                Ok(Commit { set_cookies, work, is_dispensable })
            }
        }
    }

    /// What [`State::restore`] needs to undo a commit.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin,
            progress: self.progress,
            times: *self.data.times(),
            is_stale: self.is_stale,
            deletion_sent: self.deletion_sent,
            has_second: self.has_second,
            in_store: self.in_store,
            ended: self.ended,
            #[cfg(feature = "import")]
            old: self.old.clone(),
        }
    }

    /// Undoes a commit that came to nothing: the next one has as much to do.
    pub(crate) fn restore(&mut self, checkpoint: &Checkpoint) {
        let &Checkpoint { origin, progress, times, is_stale, deletion_sent, has_second, in_store, ended, .. } =
            checkpoint;
        // What was changed while the backend was asked stays changed.
        let progress = if progress == Progress::Untouched { self.progress } else { progress };
        self.data.put_times(times);
        self.origin = origin;
        self.progress = progress;
        self.is_stale = is_stale;
        self.deletion_sent = deletion_sent;
        self.has_second = has_second;
        self.in_store = in_store;
        self.ended = ended;
        #[cfg(feature = "import")]
        self.old.clone_from(&checkpoint.old);
    }

    fn delete(&mut self, codec: &Codec, cause: DeleteCause, event: &mut Option<Event>) -> Commit {
        self.deletion_sent = true;
        self.has_second = false;
        *event = codec.note(|| Event::Deleted { cause });
        let work = Work { saving: None, ended: self.ended.take() };
        let set_cookies = self.with_deletions(codec.deletions(), codec);
        Commit { set_cookies, work, is_dispensable: false }
    }

    /// What is sent, with the deletions of the old cookies that it replaces.
    #[cfg(feature = "import")]
    fn with_deletions(&mut self, sent: SetCookies, codec: &Codec) -> SetCookies {
        sent.after(codec.imports().deletions(&std::mem::take(&mut self.old), self.now))
    }

    #[cfg(not(feature = "import"))]
    #[expect(clippy::unused_self, reason = "there are no old cookies")]
    fn with_deletions(&self, sent: SetCookies, _: &Codec) -> SetCookies {
        sent
    }

    /// A session that nobody changed and that no longer fits, since a limit was lowered, is no fault of this request: its
    /// cookie stays good until it expires.
    fn excuse(&self, codec: &Codec, error: EncodeError, event: &mut Option<Event>) -> Result<Commit, EncodeError> {
        match error {
            EncodeError::TooLarge { .. } if self.progress == Progress::Untouched => {
                *event = codec.note(|| Event::NotExtended { error });
                Ok(Commit::default())
            }
            error => Err(error),
        }
    }

    fn plan(&self, codec: &Codec) -> Plan {
        match (self.progress, self.origin) {
            (Progress::Regenerated, _) if self.is_kept() => Plan::Seal(SealCause::Regenerated),
            (_, Origin::Imported) => Plan::Seal(SealCause::Imported),
            (Progress::Migrated, Origin::Cookie(_)) => Plan::Seal(SealCause::Migrated),
            (Progress::Changed, Origin::Cookie(_)) => Plan::Seal(SealCause::Changed),
            (Progress::Changed | Progress::Migrated, _) if self.is_kept() => Plan::Seal(SealCause::New),
            (_, Origin::Cookie(_)) if self.is_stale => Plan::Seal(SealCause::Rekeyed),
            (_, Origin::Cookie(_)) if codec.lifetime().is_due(self.now, self.data.times()) => {
                Plan::Seal(SealCause::Extended)
            }
            (_, Origin::Refused(reason)) if reason.leaves_cookie() => Plan::Nothing,
            (_, Origin::Nothing | Origin::Refused(_)) if codec.saves_uninitialized() => Plan::Seal(SealCause::New),
            (_, Origin::Refused(_)) if !self.deletion_sent => Plan::Delete(DeleteCause::Refused),
            (_, Origin::Destroyed) if !self.deletion_sent => Plan::Delete(DeleteCause::Destroyed),
            _ => Plan::Nothing,
        }
    }
}

fn not_heard() -> BackendError {
    BackendError::new(BackendErrorKind::NotAsked, "nobody knows what the session holds, so nothing may take its place")
}
