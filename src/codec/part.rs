//! Seals and opens the parts of a binding: short plaintexts of a fixed length that are no session. Each is sealed for
//! one purpose, which its additional data names, so that none of them opens in the place of another.

use super::text::TextCodec;
use crate::error::{DecodeError, EncodeError};
use crate::format::wire;
use crate::time::UnixTime;

impl TextCodec {
    /// Returns the sealed text of a plaintext.
    pub(crate) fn seal_part(&self, purpose: &[u8], plaintext: &[u8]) -> Result<String, EncodeError> {
        let key = self.sealer().primary();
        let mut envelope = key.begin(wire::OVERHEAD.saturating_add(plaintext.len()))?;
        envelope.extend_from_slice(plaintext);
        key.seal_part(purpose, &mut envelope)?;
        let mut text = String::new();
        wire::write_text(&envelope, &mut text);
        Ok(text)
    }

    /// Opens a text that [`TextCodec::seal_part`] sealed for this purpose, if its plaintext has `N` bytes.
    pub(crate) fn open_part<const N: usize>(
        &self,
        purpose: &[u8],
        text: &[u8],
        now: UnixTime,
    ) -> Result<[u8; N], DecodeError> {
        let mut envelope = wire::read_part(text, wire::text_len(wire::OVERHEAD.saturating_add(N)))?;
        let (key, _, _) = self.key(wire::key_id(&envelope)?, || now)?;
        key.open_part(purpose, &mut envelope)?.try_into().map_err(|_| DecodeError::Malformed)
    }
}
