//! For `fuzz/` alone: what lies behind the seal, where a fuzzer doesn't get by itself. Compiled under `cfg(fuzzing)` only.

use crate::data::SessionData;
use crate::wire::HEAD_LEN;

/// Reads a plaintext the way the codec does, from behind the head of an opened envelope.
#[must_use]
pub fn read_plaintext(plaintext: &[u8]) -> Option<SessionData> {
    let envelope = [&[0xff; HEAD_LEN], plaintext].concat();
    SessionData::read_plaintext(envelope, HEAD_LEN)
}

/// The plaintext of a session, without its padding.
#[must_use]
pub fn write_plaintext(data: &SessionData) -> Vec<u8> {
    let mut plaintext = Vec::new();
    data.write_plaintext(&mut plaintext);
    plaintext
}
