//! Moves a session to a new id, if there are backends.

use super::held::{Content, Held};
use super::perform::{Commit, Sent};
use crate::backend::{MAX_TRIES, Mark, Placement, Stored, mark_of, never_wins, tombstone};
use crate::data::{SessionData, SessionId};
use crate::error::EncodeError;
use crate::format::{CSRF_KEY, Namespace};
use crate::observe::SealCause;

impl Commit<'_> {
    /// Lets the session go on under a new id. The new record is kept first, so that one of the two is good at all
    /// times; then the old id is marked with what it became, so that an end of it that comes later finds the new one.
    pub(super) async fn move_on(&self, held: &Held, cause: SealCause) -> Result<Option<Sent>, EncodeError> {
        if self.has_outlived_an_earlier_try() {
            return self.refuse();
        }
        let (old, new) = (held.retired.id, self.state.data.id());
        // A session of nobody may have many successors: when a visitor clicks "log in" twice, both logins are good.
        let is_somebody = held.owner.is_somebody;
        let mark = if is_somebody { Mark::Became(new) } else { Mark::Ended };
        let mut data = self.beginning();
        self.shared.note_new_end(data.expires_at());
        let changes_subject = self.put_generation(&mut data, Some(held)).await?;
        let is_stored = self.is_stored(&data, None);
        self.check_size(&data, is_stored)?;
        let mine = Content(data.content().clone());
        let from = held.stored.map(|_| old);
        let mut stored = if is_stored { Some(self.put(&mut data, from, Some((held, &mine))).await?) } else { None };
        let until = self.engine.mark_end(held.retired.expires_at);
        // The list decides which request moves a session of somebody on. If the session is nobody's, the store says
        // first whether it has become somebody's meanwhile, and only then does the list mark it.
        if is_somebody && self.questions.has_list() && self.questions.revoke(old, mark, until).await? != mark {
            return self.lost(stored, new).await;
        }
        let mut buried = self.bury(held, mark, &mine, &mut data, &mut stored).await?;
        if !is_somebody && self.questions.has_list() && buried != Buried::Lost {
            self.questions.revoke(old, mark, until).await?;
            if buried == Buried::Absent {
                // Another request may have made the first record of the session before the list had the mark.
                buried = self.bury(held, mark, &mine, &mut data, &mut stored).await?;
            }
        }
        if buried == Buried::Lost {
            return self.lost(stored, new).await;
        }
        // An earlier try of this commit may have taken over what others wrote, which its record holds.
        let may_have_more = stored.is_none() && self.state.has_tried && self.has_store();
        if may_have_more && self.questions.load(new).await?.is_some() {
            stored = Some(self.put(&mut data, Some(old), Some((held, &mine))).await?);
        }
        // Whoever ends the session by the id of its login finds the new one, too. A refresh that is under way sees that
        // the old session was not ended.
        #[cfg(feature = "dbsc")]
        let previous = self.state.binding.proven_of(old).and_then(|bound| bound.previous);
        #[cfg(not(feature = "dbsc"))]
        let previous = None;
        #[cfg(feature = "dbsc")]
        if let Some(previous) = previous
            && !self.end_previous(held, previous).await?
        {
            return self.lost(stored, new).await;
        }
        self.end_candidates(&[Some(old), previous]).await?;
        let subject = held.owner.subject.as_deref();
        let asks_subject = changes_subject || held.must_be_asked_about() && subject.is_some();
        // Since an earlier try told the list what the old session became, a logout may have ended that. The question
        // about the subject comes last: a revocation that returned before it concerns this session.
        let has_told = self.questions.has_list() && self.state.has_tried;
        let is_over = has_told && self.questions.look(Some(new), None).await?.mark.is_some()
            || asks_subject
                && self.questions.has_list()
                && !self.is_of(held, self.questions.look(None, subject).await?);
        if is_over {
            self.take_back(stored, new).await;
            return Err(EncodeError::Ended);
        }
        let set_cookies = self.lines(&data, stored.is_some())?;
        Ok(Some(self.sent(set_cookies, data, stored, cause)))
    }

    /// Puts a tombstone in the place of the old id's record, if the record still is the one that went into the new
    /// session. If other requests wrote to it meanwhile, their changes are taken over first.
    async fn bury(
        &self,
        held: &Held,
        mark: Mark,
        mine: &Content,
        data: &mut SessionData,
        stored: &mut Option<Stored>,
    ) -> Result<Buried, EncodeError> {
        if !self.has_store() {
            return Ok(Buried::Done);
        }
        let old = held.retired.id;
        let until = self.engine.mark_end(held.retired.expires_at);
        let has_list = self.questions.has_list();
        let is_somebody = held.owner.is_somebody;
        let mut tag = held.stored;
        // If there is a list, its mark is enough for a session that has no record: no tombstone is needed.
        let mut is_known = tag.is_some() || !has_list;
        for _ in 0..MAX_TRIES {
            if is_known && (tag.is_some() || held.holds_values) {
                let record = tombstone(mark, self.questions.tombstone_end(tag, until));
                if self.questions.save(old, &record, Stored::save_over(tag)).await? {
                    return Ok(Buried::Done);
                }
            }
            is_known = true;
            let Some(record) = self.questions.load(old).await? else {
                if held.holds_values && !has_list {
                    tag = None;
                    continue;
                }
                // A record that was there and is gone was ended by other means.
                let is_lost = is_somebody && (held.stored.is_some() || !has_list);
                return Ok(if is_lost { Buried::Lost } else { Buried::Absent });
            };
            if self.is_forgotten(held, &record) {
                tag = Some(Stored::of(&record));
                continue;
            }
            if let Some(found) = mark_of(&record) {
                if is_somebody && found != mark {
                    return Ok(Buried::Lost);
                }
                return Ok(Buried::Done);
            }
            tag = Some(Stored::of(&record));
            let Some((theirs, _)) = self.read(old, data, record) else { continue };
            let became_somebody = !is_somebody && self.engine.backend.owner_of(&theirs).is_somebody;
            if became_somebody && !self.says_whose(held, &theirs) {
                return Ok(Buried::Lost);
            }
            data.set_content(self.merge(held, mine, &theirs)?);
            if mine.0.get(Namespace::Csrf, CSRF_KEY).is_none() {
                // A token goes with the id of its session.
                data.remove_in(Namespace::Csrf, CSRF_KEY);
            }
            // So does the mark of a binding, which another request may have made meanwhile.
            #[cfg(feature = "dbsc")]
            data.remove_bound();
            self.slide(data, *stored);
            // Once the old record is gone, what was taken over from it is nowhere else. A next try of this commit finds
            // it in the new record, even if it would fit into a cookie, and this one takes the place of what an earlier
            // try took over.
            *stored = Some(self.put(data, Some(old), None).await?);
        }
        Err(never_wins().into())
    }

    /// True when this try comes so late after an earlier one that a new record of that one may be gone again. What the
    /// earlier try took over from other requests was in there, and their record may be a tombstone.
    fn has_outlived_an_earlier_try(&self) -> bool {
        let is_late = self.state.new_end.is_some_and(|end| self.state.now >= end);
        is_late && self.has_store()
    }

    fn has_store(&self) -> bool {
        self.engine.backend.placement != Placement::Cookie
    }

    /// Takes the new session back, because another request ended the old one, or moved it on, at the same time. If this
    /// request wrote nothing, that is no error: the answer of the other request holds everything.
    async fn lost(&self, stored: Option<Stored>, new: SessionId) -> Result<Option<Sent>, EncodeError> {
        self.take_back(stored, new).await;
        self.refuse()
    }

    fn refuse(&self) -> Result<Option<Sent>, EncodeError> {
        if self.state.aim.has_changed() { Err(EncodeError::Ended) } else { Ok(None) }
    }

    async fn take_back(&self, stored: Option<Stored>, new: SessionId) {
        if stored.is_some() {
            self.questions.take_back(new).await;
        }
    }
}

/// The result of turning the old record into a tombstone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Buried {
    Done,
    /// There was no record.
    Absent,
    /// Another request ended the session, or moved it on.
    Lost,
}
