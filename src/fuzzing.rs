//! Gives `fuzz/` the functions behind the seal, which a fuzzer can't reach by itself: it would have to forge a tag.
//! Compiled under `cfg(fuzzing)` only.

use crate::data::{SessionData, SessionId};
use crate::manager::Codec;

/// Reads a plaintext as the codec does. `None` when it is not well-formed.
#[must_use]
pub fn read_plaintext(plaintext: &[u8]) -> Option<SessionData> {
    SessionData::read_plaintext(plaintext)
}

/// Writes the plaintext of a session, without padding.
#[must_use]
pub fn write_plaintext(data: &SessionData) -> Vec<u8> {
    let mut plaintext = Vec::new();
    data.write_plaintext(&mut plaintext);
    plaintext
}

/// Seals any plaintext as a record for the session with this id. `None` when the random number generator fails.
#[must_use]
pub fn seal_record(codec: &Codec, id: SessionId, plaintext: &[u8]) -> Option<Vec<u8>> {
    codec.engine().codec.seal_plaintext(id, plaintext)
}
