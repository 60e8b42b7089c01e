//! For `fuzz/` alone: what lies behind the seal, where a fuzzer doesn't get by itself. Compiled under `cfg(fuzzing)` only.

use crate::data::SessionData;

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
