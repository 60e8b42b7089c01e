//! The end of a session: every cookie of it is refused from then on, and so is every cookie of what it became.

use super::admitted::Stored;
use super::placement::Placement;
use super::questions::Questions;
use super::revocations::Mark;
use super::tombstone::{mark_of, tombstone};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, EncodeError};
use crate::time::UnixTime;

/// A session to be ended, with the facts that its end needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) id: SessionId,
    /// The time until which the mark of the session must stand: no cookie of the session opens then by any clock.
    pub(crate) until: UnixTime,
    /// The record that was read, if one was.
    pub(crate) stored: Option<Stored>,
    /// True when cookies that hold the values of the session may be about.
    pub(crate) holds_values: bool,
    /// The time at which the cookie that was seen ends by itself.
    pub(crate) cookie_expires_at: UnixTime,
}

impl Questions<'_> {
    /// Ends a session, and whatever it became.
    ///
    /// # Errors
    /// [`EncodeError::Backend`] when a backend failed, and [`EncodeError::Ended`] when the request outlived the cookie,
    /// so that nobody knows any more what the session became.
    pub(crate) async fn end(&self, ending: Ending, now: UnixTime) -> Result<(), EncodeError> {
        let mut ending = ending;
        for _ in 0..MAX_HOPS {
            let (mut mark, mut is_listed) = (Mark::Ended, false);
            if self.has_list() {
                (mark, is_listed) = self.put_mark(ending.id, Mark::Ended, ending.until).await?;
            }
            if self.backend.placement != Placement::Cookie {
                match self.bury(ending, mark, now).await {
                    // With a list, the mark of the list counts: a tombstone may have been written by an end that knew
                    // less.
                    Ok(found) if mark == Mark::Ended => mark = found,
                    Ok(_) => {}
                    Err(EncodeError::Backend(error)) if is_listed => self.observers.tell_of(&error),
                    Err(error) => return Err(error),
                }
            }
            match mark {
                Mark::Ended => return Ok(()),
                Mark::Became(successor) => ending = self.successor(successor, now),
            }
        }
        let text = "the session went on under another id more than 100 times, and the last one was not reached";
        Err(BackendError::new(BackendErrorKind::Unavailable, text).into())
    }

    /// Marks an id as one under which a session was known before, and which became the session of `mark`. Returns false
    /// when the id was ended, or became another session.
    ///
    /// # Errors
    /// [`EncodeError::Backend`] when the list failed.
    #[cfg(feature = "dbsc")]
    pub(crate) async fn end_as(&self, ending: Ending, mark: Mark, now: UnixTime) -> Result<bool, EncodeError> {
        if self.revoke(ending.id, mark, ending.until).await? != mark {
            return Ok(false);
        }
        if self.backend.placement != Placement::Cookie
            && let Err(EncodeError::Backend(error)) = self.bury(ending, mark, now).await
        {
            self.observers.tell_of(&error);
        }
        Ok(true)
    }

    /// Returns the facts about a session that another one became. That session began by `now`, by a clock that may be
    /// ahead.
    pub(crate) fn successor(&self, id: SessionId, now: UnixTime) -> Ending {
        let until = self.lifetime.all_end(now);
        Ending { id, until, stored: None, holds_values: false, cookie_expires_at: UnixTime::MAX }
    }

    /// Puts a tombstone with this mark in the place of the record, and returns the mark of the tombstone that stands
    /// there.
    async fn bury(&self, ending: Ending, mark: Mark, now: UnixTime) -> Result<Mark, EncodeError> {
        let (mut stored, mut mark) = (ending.stored, mark);
        // With a list, or where no cookie holds the values, a record that is not there needs no tombstone.
        let creates = (ending.holds_values || self.may_come_again()) && !self.has_list();
        for _ in 0..MAX_TRIES {
            if stored.is_some() || creates {
                let until = self.tombstone_end(stored, ending.until);
                match self.save(ending.id, &tombstone(mark, until), Stored::save_over(stored)).await {
                    Ok(true) => return Ok(mark),
                    Err(error) if error.kind() != BackendErrorKind::Corrupt => return Err(error.into()),
                    _ => {}
                }
            }
            let found = match self.load(ending.id).await {
                // A record that the store finds damaged has no tag, so no tombstone can take its place. It admits
                // nobody, and its visitor must be able to log out and in again: it is removed.
                Err(error) if error.kind() == BackendErrorKind::Corrupt => {
                    self.observers.tell_of(&error);
                    self.delete(ending.id).await?;
                    None
                }
                found => found?,
            };
            match found {
                Some(record) => {
                    if let Some(found) = mark_of(&record) {
                        // A tombstone that is past its time keeps nobody out, and a session of the same id may have
                        // come since. So the end of that session takes the place of the old tombstone.
                        if record.expires_at() > now || !self.is_alone() {
                            return Ok(found);
                        }
                        mark = found;
                    }
                    stored = Some(Stored::of(&record));
                }
                None if creates => stored = None,
                // The tombstone of a session whose cookie has ended may be gone.
                None if !self.has_list() && now >= ending.cookie_expires_at => return Err(EncodeError::Ended),
                None => return Ok(mark),
            }
        }
        Err(never_wins().into())
    }

    /// Returns the time until which a tombstone stays: as long as the record in whose place it stands, or as the mark
    /// of its session. If a session of the same id may come without a record, and no list remembers the end, it stays
    /// for the longer of the two.
    pub(crate) fn tombstone_end(&self, stored: Option<Stored>, until: UnixTime) -> UnixTime {
        let Some(stored) = stored else { return until };
        if self.is_alone() { until.max(stored.expires_at) } else { stored.expires_at }
    }

    /// True when a tombstone alone keeps out a session that may come without a record.
    fn is_alone(&self) -> bool {
        self.may_come_again() && !self.has_list()
    }

    /// True when a session of an id that has a record may also come without one: in a cookie that was sealed before the
    /// session spilled, or from a copy of an old cookie that is imported once more.
    pub(super) fn may_come_again(&self) -> bool {
        self.backend.placement == Placement::Spill || self.backend.imports
    }
}

/// Returns the error for a request that lost to other writers at every try.
pub(crate) fn never_wins() -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, "other requests changed the session at each of eight tries")
}

/// The largest number of sessions in a row that an end follows, when each became the next. An end asks a question or
/// two for each.
const MAX_HOPS: usize = 100;

/// The number of times that a request tries to write a record before it gives up.
pub(crate) const MAX_TRIES: usize = 8;
