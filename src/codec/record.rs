//! Seals and opens records. A record is what a store keeps of a session: an envelope like that of a cookie, sealed to
//! the session's id.

use super::opened::Opened;
use super::text::TextCodec;
use crate::data::{SessionData, SessionId};
use crate::error::{DecodeError, EncodeError, Refusal};
use crate::format::wire;
use crate::time::UnixTime;

impl TextCodec {
    /// Returns the sealed record of a session. Nothing bounds its length but the limit of a session's entries.
    pub(crate) fn seal_record(&self, data: &SessionData) -> Result<Vec<u8>, EncodeError> {
        self.check_schema(data)?;
        let mut envelope = self.unsealed(data)?;
        self.sealer().primary().seal_record(&data.id().to_bytes(), &mut envelope)?;
        Ok(envelope)
    }

    /// Returns a record for this session with any plaintext.
    #[cfg(fuzzing)]
    pub(crate) fn seal_plaintext(&self, id: SessionId, plaintext: &[u8]) -> Option<Vec<u8>> {
        let key = self.sealer().primary();
        let mut envelope = key.begin(0).ok()?;
        envelope.extend_from_slice(plaintext);
        key.seal_record(&id.to_bytes(), &mut envelope).ok()?;
        Some(envelope)
    }

    /// Opens the record of a session without its cookie, and checks the session by the times in the record.
    pub(crate) fn open_alone(&self, id: SessionId, record: Vec<u8>, now: UnixTime) -> Option<SessionData> {
        let opened = self.open_record(id, record, now).ok()?;
        let opened = self.migrate(opened).ok()?;
        self.lifetime().check(now, opened.data.times()).is_ok().then_some(opened.data)
    }

    /// Opens the record of a session whose cookie opened before. The times in it count for nothing.
    pub(crate) fn open_again(&self, id: SessionId, record: Vec<u8>, now: UnixTime) -> Result<SessionData, Refusal> {
        let opened = self.open_record(id, record, now)?;
        self.migrate(opened).map(|opened| opened.data)
    }

    fn open_record(&self, id: SessionId, mut envelope: Vec<u8>, now: UnixTime) -> Result<Opened, Refusal> {
        if envelope.len() < wire::MIN_ENVELOPE_LEN {
            return Err(DecodeError::Malformed.into());
        }
        let key_id = wire::key_id(&envelope)?;
        let opened = self.key(key_id, || now).and_then(|(key, is_stale, at)| {
            let plaintext = key.open_record(&id.to_bytes(), &mut envelope)?;
            let data = SessionData::read_plaintext(plaintext).ok_or(DecodeError::Malformed)?;
            Ok(Opened::new(data, at, key_id, is_stale))
        });
        opened.map_err(|reason| Refusal { reason, key_id: Some(key_id) })
    }

    /// Returns a session that came in no cookie of this crate, for what is asked about one that did.
    pub(crate) fn opened(&self, data: SessionData, at: UnixTime) -> Opened {
        Opened::new(data, at, self.sealer().primary().id(), false)
    }

    /// Puts the content of a record into a session whose cookie opened. Everything else about the session comes from
    /// the cookie.
    pub(crate) fn fill(&self, mut opened: Opened, record: Vec<u8>) -> Result<Opened, Refusal> {
        let Opened { data, key_id, is_stale, .. } = self.open_record(opened.data.id(), record, opened.at)?;
        if is_stale {
            // The session still needs the key of its record.
            opened.is_stale = true;
            opened.key_id = key_id;
        }
        opened.data.take_content(data);
        Ok(opened)
    }
}
