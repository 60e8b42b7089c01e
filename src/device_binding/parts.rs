//! Seals and opens the parts of a binding, which the browser keeps for the server: the identifier of the DBSC session,
//! the value of the bound cookie, and challenges. docs/wire-format.md, section 13, is their published description.
//!
//! Each part has a plaintext of a fixed length and a purpose of its own in the additional data of its seal, so that no
//! part opens as another one. Ids and keys here are no secret; that nobody but this crate can make a part is what
//! counts.

use super::proof::PublicKey;
use crate::codec::TextCodec;
use crate::data::{BindingId, SessionId};
use crate::error::{DecodeError, EncodeError};
use crate::time::UnixTime;

/// The identifier of a DBSC session. The browser sends it with each refresh, and so brings back the key that it
/// registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identifier {
    pub(crate) bound: Bound,
    pub(crate) key: PublicKey,
}

/// The binding of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) binding: BindingId,
    /// The session that is bound.
    pub(crate) session: SessionId,
    /// The id that the session had before it was bound, if the registration gave it another one.
    pub(crate) previous: Option<SessionId>,
}

/// The reason why a part did not open, as far as callers act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartError {
    /// This node has no key for it. Another node may have.
    Unknown,
    /// It is none that this crate sealed for this purpose.
    Foreign,
    /// It was good once.
    Expired,
}

/// Seals and opens parts at one time, with the keys of one request.
pub(crate) struct Parts<'c> {
    pub(crate) codec: &'c TextCodec,
    pub(crate) now: UnixTime,
}

impl Parts<'_> {
    pub(crate) fn seal_identifier(&self, identifier: &Identifier) -> Result<String, EncodeError> {
        let bound = bound_bytes(&identifier.bound);
        self.codec.seal_part(IDENTIFIER, &[bound.as_slice(), &identifier.key.to_bytes()].concat())
    }

    pub(crate) fn open_identifier(&self, text: &[u8]) -> Result<Identifier, PartError> {
        let bytes = self.open::<{ BOUND_LEN + PublicKey::LEN }>(IDENTIFIER, text)?;
        let (bound, key) = bytes.split_first_chunk::<BOUND_LEN>().ok_or(PartError::Foreign)?;
        let key = key.first_chunk().and_then(|key| PublicKey::from_bytes(*key)).ok_or(PartError::Foreign)?;
        Ok(Identifier { bound: read_bound(*bound).ok_or(PartError::Foreign)?, key })
    }

    /// Seals the value of a bound cookie that ends at `expires_at`.
    pub(crate) fn seal_bound(&self, bound: &Bound, expires_at: UnixTime) -> Result<String, EncodeError> {
        self.codec.seal_part(COOKIE, &[bound_bytes(bound).as_slice(), &expires_at.to_u40()].concat())
    }

    pub(crate) fn open_bound(&self, text: &[u8]) -> Result<Bound, PartError> {
        let bytes = self.open_in_time::<{ BOUND_LEN + TIME_LEN }, BOUND_LEN>(COOKIE, text)?;
        read_bound(bytes).ok_or(PartError::Foreign)
    }

    /// Seals a challenge for the registration of a session, good for this many seconds.
    pub(crate) fn seal_registration(&self, session: SessionId, seconds: u64) -> Result<String, EncodeError> {
        self.seal_challenge(REGISTRATION, session.to_bytes(), seconds)
    }

    pub(crate) fn open_registration(&self, text: &[u8]) -> Result<SessionId, PartError> {
        self.open_in_time::<{ ID_LEN + TIME_LEN }, ID_LEN>(REGISTRATION, text).map(SessionId::from_bytes)
    }

    /// Seals a challenge for a refresh of a binding, good for this many seconds.
    pub(crate) fn seal_refresh(&self, binding: BindingId, seconds: u64) -> Result<String, EncodeError> {
        self.seal_challenge(REFRESH, binding.to_bytes(), seconds)
    }

    pub(crate) fn open_refresh(&self, text: &[u8]) -> Result<BindingId, PartError> {
        self.open_in_time::<{ ID_LEN + TIME_LEN }, ID_LEN>(REFRESH, text).map(BindingId::from_bytes)
    }

    fn seal_challenge(&self, purpose: &[u8], id: [u8; ID_LEN], seconds: u64) -> Result<String, EncodeError> {
        let expires_at = self.now.saturating_add(seconds).to_u40();
        self.codec.seal_part(purpose, &[id.as_slice(), &expires_at].concat())
    }

    /// Opens a part that ends with its time, and returns what stands before that.
    fn open_in_time<const N: usize, const BEFORE: usize>(
        &self,
        purpose: &[u8],
        text: &[u8],
    ) -> Result<[u8; BEFORE], PartError> {
        let bytes = self.open::<N>(purpose, text)?;
        let (before, time) = bytes.split_first_chunk::<BEFORE>().ok_or(PartError::Foreign)?;
        let expires_at = UnixTime::from_u40(time.try_into().map_err(|_| PartError::Foreign)?);
        if self.now < expires_at { Ok(*before) } else { Err(PartError::Expired) }
    }

    fn open<const N: usize>(&self, purpose: &[u8], text: &[u8]) -> Result<[u8; N], PartError> {
        self.codec.open_part(purpose, text, self.now).map_err(|reason| match reason {
            DecodeError::UnknownKey { .. } | DecodeError::UnsupportedVersion { .. } => PartError::Unknown,
            _ => PartError::Foreign,
        })
    }
}

fn bound_bytes(bound: &Bound) -> [u8; BOUND_LEN] {
    let previous = bound.previous.map_or(NONE, SessionId::to_bytes);
    let mut bytes = [0; BOUND_LEN];
    let ids = [bound.binding.to_bytes(), bound.session.to_bytes(), previous];
    bytes.chunks_exact_mut(ID_LEN).zip(ids).for_each(|(place, id)| place.copy_from_slice(&id));
    bytes
}

fn read_bound(bytes: [u8; BOUND_LEN]) -> Option<Bound> {
    let (&binding, rest) = bytes.split_first_chunk()?;
    let (&session, rest) = rest.split_first_chunk()?;
    let previous = Some(*rest.first_chunk()?).filter(|previous| *previous != NONE);
    let (binding, session) = (BindingId::from_bytes(binding), SessionId::from_bytes(session));
    Some(Bound { binding, session, previous: previous.map(SessionId::from_bytes) })
}

const IDENTIFIER: &[u8] = b"dbsc identifier";
const COOKIE: &[u8] = b"dbsc cookie";
const REGISTRATION: &[u8] = b"dbsc registration";
const REFRESH: &[u8] = b"dbsc refresh";

const ID_LEN: usize = crate::format::ID_LEN;
const TIME_LEN: usize = 5;
/// The bytes of the binding, the session and the previous id.
const BOUND_LEN: usize = 3 * ID_LEN;
/// The previous id of a session that had no other one. No random id is all zeros.
const NONE: [u8; ID_LEN] = [0; ID_LEN];
