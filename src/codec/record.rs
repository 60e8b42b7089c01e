//! What a store keeps of a session: the envelope of a cookie, sealed to the session's id.

use super::codec::{Codec, Opened};
use crate::backend::Record;
use crate::data::{SessionData, SessionId};
use crate::error::{DecodeError, EncodeError, Refusal};
use crate::format::wire;
use crate::time::UnixTime;

impl Codec {
    /// What a store keeps of a session: all of it, sealed to its id.
    pub(crate) fn record(&self, data: &SessionData) -> Result<Record, EncodeError> {
        self.check_schema(data)?;
        let mut envelope = self.unsealed(data)?;
        self.inner.sealer.primary().seal_record(data.id(), &mut envelope)?;
        Ok(Record::new(envelope, data.expires_at()))
    }

    #[cfg(fuzzing)]
    pub(crate) fn seal_record(&self, id: SessionId, plaintext: &[u8]) -> Option<Vec<u8>> {
        let key = self.inner.sealer.primary();
        let mut envelope = key.begin(0).ok()?;
        envelope.extend_from_slice(plaintext);
        key.seal_record(id, &mut envelope).ok()?;
        Some(envelope)
    }

    /// What a store has for this id, if it is alive and can be read.
    pub(crate) fn read_record(&self, id: SessionId, record: Record, now: UnixTime) -> Option<SessionData> {
        let is_alive = record.expires_at() > now;
        let opened = self.open_record(id, record, now).ok()?;
        let opened = self.migrated(opened).ok()?;
        (is_alive && self.inner.lifetime.check(now, opened.data.times()).is_ok()).then_some(opened.data)
    }

    fn open_record(&self, id: SessionId, record: Record, now: UnixTime) -> Result<Opened, Refusal> {
        let mut envelope = record.into_bytes();
        if envelope.len() < wire::MIN_ENVELOPE_LEN {
            return Err(DecodeError::Malformed.into());
        }
        let key_id = wire::key_id(&envelope)?;
        let opened = self.key(key_id, Some(now)).and_then(|(key, is_stale, at)| {
            let plaintext = key.open_record(id, &mut envelope)?;
            let data = SessionData::read_plaintext(plaintext).ok_or(DecodeError::Malformed)?;
            Ok(Opened { data, at, key_id, is_stale, is_migrated: false, in_store: true })
        });
        opened.map_err(|reason| Refusal { reason, key_id: Some(key_id) })
    }

    /// Gives a session that came in a cookie the values that a store has for it, and their schema. Who it is and how long
    /// it lives stays as the cookie says.
    pub(crate) fn fill(&self, mut opened: Opened, record: Record) -> Result<Opened, Refusal> {
        let Opened { data, key_id, is_stale, .. } = self.open_record(opened.data.id(), record, opened.at)?;
        if is_stale {
            // It is this key that the session still needs.
            opened.is_stale = true;
            opened.key_id = key_id;
        }
        opened.data.take_content(data);
        opened.in_store = true;
        Ok(opened)
    }
}
