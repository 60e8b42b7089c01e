//! The records of a session: how long they stay, how one is written under a new id, and how what two requests wrote is merged.

use super::held::{Content, Held};
use super::perform::Commit;
use crate::backend::{MAX_TRIES, Record, Save, Stored, mark_of, never_wins, read_record};
use crate::data::SessionData;
use crate::error::{EncodeError, ValueError};
use crate::format::{Entries, GENERATION_KEY, MAX_BLOCK, Namespace};

impl Commit<'_> {
    /// The record of a session under its id. It outlives its cookie, and never goes sooner than it was to go before. The first one
    /// of a session whose cookie held the values stays as long as such a cookie opens.
    pub(super) fn record(
        &self,
        data: &SessionData,
        held: &Held,
        stored: Option<Stored>,
    ) -> Result<Record, EncodeError> {
        let lifetime = self.engine.lifetime();
        let usual = lifetime.record_end(data.expires_at());
        let until = match stored {
            Some(stored) => usual.max(stored.expires_at),
            None if !self.questions.has_list() => usual.max(lifetime.mark_end(held.retired.expires_at)),
            None => usual,
        };
        Ok(Record::new(self.engine.codec.seal_record(data)?, until))
    }

    /// Keeps the record of an id that this request drew. A record that is there is its own, from a commit that was given up.
    pub(super) async fn put(&self, data: &SessionData) -> Result<Stored, EncodeError> {
        let until = self.engine.lifetime().record_end(data.expires_at());
        let record = Record::new(self.engine.codec.seal_record(data)?, until);
        let mut save = Save::Create;
        for _ in 0..MAX_TRIES {
            if self.questions.save(data.id(), &record, save).await? {
                return Ok(Stored::of(&record));
            }
            save = match self.questions.load(data.id()).await? {
                Some(found) if mark_of(&found).is_some() => return Err(EncodeError::Ended),
                Some(found) => Save::Replace(found.tag()),
                None => Save::Create,
            };
        }
        Err(never_wins().into())
    }

    /// The session of a record that was found in place of the one that was expected; `None` when it is over.
    pub(super) fn read(&self, data: &SessionData, record: Record) -> Option<(SessionData, Stored)> {
        read_record(&self.engine.codec, data.without_entries(), self.state.now, record)
    }

    pub(super) fn merge(&self, held: &Held, mine: &Content, theirs: &SessionData) -> Result<Entries, EncodeError> {
        let nothing = Content(Entries::default());
        let base = held.content.as_ref().unwrap_or(&nothing);
        let cleared = self.state.aim.has_cleared();
        let merged = Entries::merge(&base.0, &mine.0, theirs.content(), cleared).and_then(|mut merged| {
            let wrote_subject = |key| base.0.get(Namespace::Data, key) != mine.0.get(Namespace::Data, key);
            if self.engine.backend.subject.as_deref().is_some_and(wrote_subject) {
                // The generation goes with the subject: what theirs had is of theirs.
                merged.remove(Namespace::Generation, GENERATION_KEY);
                if let Some(generation) = mine.0.get(Namespace::Generation, GENERATION_KEY) {
                    merged.put(Namespace::Generation, GENERATION_KEY, generation)?;
                }
            }
            Ok(merged)
        });
        merged.map_err(|error| too_large(&error, theirs))
    }
}

/// Values that do not fit together into one session.
pub(super) fn too_large(_: &ValueError, data: &SessionData) -> EncodeError {
    let size = data.content().as_bytes().len();
    EncodeError::TooLarge { size, limit: MAX_BLOCK, largest: data.largest(3) }
}
