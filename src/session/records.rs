//! The records of a session: how long they stay, how one is written under a new id, and how the values that two
//! requests wrote are merged.

use std::collections::BTreeSet;

use super::engine::too_large;
use super::held::{Content, Held};
use super::perform::Commit;
use crate::backend::{MAX_TRIES, Record, Save, Stored, mark_of, never_wins, read_record};
use crate::data::{SessionData, SessionId};
use crate::error::EncodeError;
use crate::format::{Change, Entries, GENERATION_KEY, Namespace, Others};

impl Commit<'_> {
    /// Makes the record of a session under its id. The record outlives its cookie, and is never removed sooner than an
    /// earlier record of the session would have been. The first record of a session whose cookie held the values stays
    /// as long as such a cookie opens.
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

    /// Saves the record of an id that this request drew, in place of the record under the id `old` if there is one. A
    /// record that is there already comes from an earlier try of this request. `moved` is the session that is moved,
    /// with the values that the handlers left; if it is given, the values that the earlier try took over from other
    /// requests are kept.
    pub(super) async fn put(
        &self,
        data: &mut SessionData,
        old: Option<SessionId>,
        moved: Option<(&Held, &Content)>,
    ) -> Result<Stored, EncodeError> {
        let mut save = Save::Create;
        for _ in 0..MAX_TRIES {
            let until = self.engine.lifetime().record_end(data.expires_at());
            let record = Record::new(self.engine.codec.seal_record(data)?, until);
            let is_written = match save {
                Save::Create => self.questions.create(old, data.id(), &record).await?,
                Save::Replace(_) => self.questions.save(data.id(), &record, save).await?,
            };
            if is_written {
                return Ok(Stored::of(&record));
            }
            let Some(found) = self.questions.load(data.id()).await? else {
                save = Save::Create;
                continue;
            };
            if mark_of(&found).is_some() {
                return Err(EncodeError::Ended);
            }
            save = Save::Replace(found.tag());
            if let (Some((held, mine)), Some((theirs, _))) = (moved, self.read(data.id(), data, found)) {
                data.set_content(self.merge(held, mine, &theirs)?);
                self.slide(data, None);
            }
        }
        Err(never_wins().into())
    }

    /// True if a record was past its time when this request loaded the session, so that the load took it for none. It
    /// is that of an earlier session: all sessions that are imported from one old cookie have one id.
    pub(super) fn is_forgotten(&self, held: &Held, record: &Record) -> bool {
        held.stored.is_none() && record.expires_at() <= self.state.loaded_at
    }

    /// Reads the session of a record that was found under this id in place of the expected one. Its times are those of
    /// `data`. It returns `None` if the record cannot be read or is a tombstone.
    pub(super) fn read(&self, id: SessionId, data: &SessionData, record: Record) -> Option<(SessionData, Stored)> {
        let mut expected = data.without_entries();
        expected.set_id(id);
        read_record(&self.engine.codec, expected, self.state.now, record)
    }

    pub(super) fn merge(&self, held: &Held, mine: &Content, theirs: &SessionData) -> Result<Entries, EncodeError> {
        let nothing = Content(Entries::default());
        let base = held.content.as_ref().unwrap_or(&nothing);
        let cleared = self.state.aim.has_cleared();
        let merged = Entries::merge(&base.0, &mine.0, theirs.content(), cleared).and_then(|mut merged| {
            // A key that still is as an earlier try of this commit wrote it becomes what the handler left: the handler
            // may have taken it back since. What another request wrote after that try stays.
            let left = self.left_by_earlier_tries(&base.0, theirs.content());
            let is = mine.0.index();
            let left = left.iter().map(|(namespace, key)| (*namespace, key.as_str()));
            let changes =
                left.clone().map(|place| Change { namespace: place.0, key: place.1, json: is.get(&place).copied() });
            merged.apply(changes, Others::Stay, str::eq)?;
            let is_own = |key: &str| {
                let place = (Namespace::Data, key);
                base.0.get(place.0, place.1) != is.get(&place).copied() || left.clone().any(|left| left == place)
            };
            let backend = &self.engine.backend;
            let is_mine = backend.subject.as_deref().is_some_and(is_own);
            if is_mine || backend.owner_of(theirs).subject != backend.owner_of(&self.state.data).subject {
                // The generation goes with the subject: the one in `theirs` belongs to the subject of `theirs`, and
                // this request's own, which `revoke_others` may have drawn, to the subject of this request.
                let of = if is_mine { &mine.0 } else { theirs.content() };
                merged.remove(Namespace::Generation, GENERATION_KEY);
                if let Some(generation) = of.get(Namespace::Generation, GENERATION_KEY) {
                    merged.put(Namespace::Generation, GENERATION_KEY, generation)?;
                }
            }
            Ok(merged)
        });
        merged.map_err(|_| too_large(theirs))
    }

    /// Returns the keys that earlier tries of this commit wrote or removed, and that are in `theirs` as one of them
    /// left them.
    fn left_by_earlier_tries(&self, base: &Entries, theirs: &Entries) -> BTreeSet<(Namespace, String)> {
        let meanwhile = theirs.index();
        let left = self.state.tried.iter().flat_map(|Content(tried)| {
            let was_tried = tried.index();
            let mut changed = Entries::changed_keys(base, tried);
            changed.retain(|(namespace, key)| {
                let place = (*namespace, key.as_str());
                meanwhile.get(&place) == was_tried.get(&place)
            });
            changed
        });
        left.collect()
    }
}
