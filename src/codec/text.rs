//! Holds [`TextCodec`], which turns a session into sealed text and back, with every check in its order.

use super::opened::Opened;
use super::settings::CodecSettings;
use crate::crypto::{BoundKey, KeyRing, Sealer};
use crate::data::{Lifetime, SessionData, SessionId};
use crate::error::{DecodeError, EncodeError, Refusal};
use crate::format::wire;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// Seals sessions to text, and opens them. Apart from the random nonce it is pure: its caller says what time it is and
/// how long a text may be.
pub(crate) struct TextCodec {
    settings: CodecSettings,
}

impl TextCodec {
    pub(crate) fn new(settings: CodecSettings) -> Self {
        Self { settings }
    }

    /// Returns a codec that differs in its keys alone.
    pub(crate) fn with_keys(&self, keys: &KeyRing) -> Self {
        Self { settings: self.settings.with_keys(keys) }
    }

    /// Makes an empty session that begins at `now`, with the timeouts and the schema of the configuration.
    pub(crate) fn create(&self, id: SessionId, now: UnixTime) -> SessionData {
        let mut data = SessionData::with(id, self.settings.lifetime.start(now));
        data.set_persistent(self.settings.persistent);
        data.set_schema(self.settings.schema);
        data
    }

    /// Appends the sealed text of a session.
    pub(crate) fn seal(&self, data: &SessionData, text: &mut String) -> Result<(), EncodeError> {
        let mut envelope = self.unsealed(data)?;
        self.sealer().primary().seal(&mut envelope)?;
        wire::write_text(&envelope, text);
        Ok(())
    }

    /// Appends a text that is sealed for another cookie name. This codec refuses to open it.
    #[cfg(feature = "test-util")]
    pub(crate) fn seal_for(&self, cookie_name: &str, data: &SessionData, text: &mut String) -> Result<(), EncodeError> {
        let mut envelope = self.unsealed(data)?;
        self.sealer().primary().seal_for(cookie_name, &mut envelope)?;
        wire::write_text(&envelope, text);
        Ok(())
    }

    /// Opens a text of at most `max_chars` characters. Cheap refusals come first, and nothing is parsed before it is
    /// authentic. `now` is called when a key is found.
    pub(crate) fn open(
        &self,
        value: &[u8],
        max_chars: usize,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Opened, Refusal> {
        let bytes = wire::bytes_in(value.len());
        // Either buffer is on the stack, so that no refusal allocates.
        if bytes <= wire::SMALL_BUFFER_LEN {
            self.open_in(&mut [0; wire::SMALL_BUFFER_LEN], value, max_chars, now)
        } else {
            self.open_in(&mut [0; wire::BUFFER_LEN], value, max_chars, now)
        }
    }

    /// Opens a text that may be longer than one cookie holds.
    pub(crate) fn open_long(
        &self,
        text: &[u8],
        max_chars: usize,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Opened, Refusal> {
        self.open_in(&mut vec![0; wire::bytes_in(max_chars)], text, max_chars, now)
    }

    fn open_in(
        &self,
        buffer: &mut [u8],
        value: &[u8],
        max_chars: usize,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Opened, Refusal> {
        let envelope = wire::read_text(value, max_chars, buffer)?;
        let id = wire::key_id(envelope)?;
        self.open_under(id, envelope, now).map_err(|reason| Refusal { reason, key_id: Some(id) })
    }

    fn open_under(
        &self,
        id: KeyId,
        envelope: &mut [u8],
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Opened, DecodeError> {
        let (key, is_stale, at) = self.key(id, now)?;
        let data = SessionData::read_plaintext(key.open(envelope)?).ok_or(DecodeError::Malformed)?;
        self.lifetime().check(at, data.times())?;
        Ok(Opened::new(data, at, id, is_stale))
    }

    /// Returns the key of this id, true when it is a previous key, and the time.
    pub(super) fn key(
        &self,
        id: KeyId,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<(&BoundKey, bool, UnixTime), DecodeError> {
        let (key, is_previous) = self.sealer().find(id).ok_or(DecodeError::UnknownKey { id })?;
        let now = now();
        if is_previous && self.sealer().are_retired(now) {
            return Err(DecodeError::UnknownKey { id });
        }
        Ok((key, is_previous, now))
    }

    /// Checks that the keys still open what is sealed under this one.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKey`] when the key is gone, or retired at `now`.
    pub(crate) fn check_key(&self, id: KeyId, now: UnixTime) -> Result<(), DecodeError> {
        self.key(id, || now).map(drop)
    }

    /// Brings a session to the configured schema.
    pub(crate) fn migrate(&self, mut opened: Opened) -> Result<Opened, Refusal> {
        let (schema, configured) = (opened.data.schema(), self.settings.schema);
        if schema != configured {
            let refusal = Refusal { reason: DecodeError::UnsupportedSchema { schema }, key_id: Some(opened.key_id) };
            let migrate = self.settings.migrate.as_ref().ok_or(refusal)?;
            let (id, times) = (opened.data.id(), *opened.data.times());
            migrate(schema, &mut opened.data).map_err(|_| refusal)?;
            // A migration changes content alone. The id and the times were checked before it, so they stay.
            opened.data.set_id(id);
            opened.data.put_times(times);
            opened.data.set_schema(configured);
            opened.is_migrated = true;
        }
        Ok(opened)
    }

    /// Checks that a session has the schema of this codec.
    ///
    /// # Errors
    /// [`EncodeError::Schema`] when the session has another schema than this codec opens.
    pub(crate) fn check_schema(&self, data: &SessionData) -> Result<(), EncodeError> {
        let (found, expected) = (data.schema(), self.settings.schema);
        if found == expected { Ok(()) } else { Err(EncodeError::Schema { found, expected }) }
    }

    /// Returns the characters of the text that a session seals to.
    pub(crate) fn chars(&self, data: &SessionData) -> usize {
        wire::text_len(wire::OVERHEAD.saturating_add(self.padded_len(data)))
    }

    /// Returns the bytes of the longest plaintext whose text has at most `chars` characters, a whole number of padding
    /// blocks.
    pub(crate) fn max_plaintext(&self, chars: usize) -> usize {
        wire::max_plaintext(chars, self.settings.padding_block)
    }

    fn padded_len(&self, data: &SessionData) -> usize {
        data.plaintext_len().next_multiple_of(self.settings.padding_block)
    }

    /// Returns an envelope that is ready to be sealed: a fresh nonce, the padded plaintext, and room for the tag.
    pub(crate) fn unsealed(&self, data: &SessionData) -> Result<Vec<u8>, EncodeError> {
        let end = wire::HEAD_LEN.saturating_add(self.padded_len(data));
        let mut envelope = self.sealer().primary().begin(end.saturating_add(wire::TAG_LEN))?;
        data.write_plaintext(&mut envelope);
        envelope.resize(end, 0);
        Ok(envelope)
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.settings.sealer
    }

    pub(crate) fn lifetime(&self) -> &Lifetime {
        &self.settings.lifetime
    }
}
