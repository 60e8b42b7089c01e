//! Gives `fuzz/` the functions behind the seal, which a fuzzer can't reach by itself: it would have to forge a tag.
//! Compiled under `cfg(fuzzing)` only.

use crate::data::{SessionData, SessionId};
#[cfg(feature = "dbsc")]
use crate::device_binding::proof::{Proof, PublicKey, session_id};
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

/// The content of a device's proof: its challenge, its authorization and its key, `x | y`.
#[cfg(feature = "dbsc")]
pub type ProofParts = (String, Option<String>, Option<[u8; 64]>);

/// Reads the value of a `Secure-Session-Response` header. `None` when a rule is broken.
#[cfg(feature = "dbsc")]
#[must_use]
pub fn read_proof(value: &str) -> Option<ProofParts> {
    let proof = Proof::read(value).ok()?;
    let authorization = proof.authorization().map(str::to_owned);
    Some((proof.challenge().to_owned(), authorization, proof.key().map(|key| key.to_bytes())))
}

/// True when the value is a proof that the holder of this key signed.
#[cfg(feature = "dbsc")]
#[must_use]
pub fn verify_proof(value: &str, key: [u8; 64]) -> bool {
    Proof::read(value).is_ok_and(|proof| PublicKey::from_bytes(key).is_some_and(|key| proof.verify(&key)))
}

/// Reads the value of a `Sec-Secure-Session-Id` header.
#[cfg(feature = "dbsc")]
#[must_use]
pub fn device_session_id(value: &str) -> Option<&str> {
    session_id(value)
}
