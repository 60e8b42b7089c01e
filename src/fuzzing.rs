//! For `fuzz/` alone: what lies behind the seal, where a fuzzer doesn't get by itself. Compiled under `cfg(fuzzing)` only.

use crate::data::{SessionData, SessionId};
use crate::manager::Codec;

/// Reads a plaintext the way the codec does.
#[must_use]
pub fn read_plaintext(plaintext: &[u8]) -> Option<SessionData> {
    SessionData::read_plaintext(plaintext)
}

/// The plaintext of a session, without its padding.
#[must_use]
pub fn write_plaintext(data: &SessionData) -> Vec<u8> {
    let mut plaintext = Vec::new();
    data.write_plaintext(&mut plaintext);
    plaintext
}

/// A record for this session with any plaintext, sealed for real; `None` when there is no random nonce to be had.
#[must_use]
pub fn seal_record(codec: &Codec, id: SessionId, plaintext: &[u8]) -> Option<Vec<u8>> {
    codec.engine.codec.seal_plaintext(id, plaintext)
}
