//! Holds [`BindingId`], the 128 random bits that name the binding of a session to a device.

use super::session_id::SessionId;
use crate::error::EncodeError;
use crate::format::wire;

/// The id of one binding. A registration draws it, and the session, its bound cookie and its challenges name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BindingId([u8; wire::ID_LEN]);

impl BindingId {
    pub(crate) fn generate() -> Result<Self, EncodeError> {
        Ok(Self(SessionId::generate()?.to_bytes()))
    }

    pub(crate) fn from_bytes(bytes: [u8; wire::ID_LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn to_bytes(self) -> [u8; wire::ID_LEN] {
        self.0
    }

    /// Reads 22 characters of base64url.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        wire::read_id(text.as_bytes()).map(Self)
    }

    pub(crate) fn to_text(self) -> String {
        let mut text = String::new();
        wire::write_text(&self.0, &mut text);
        text
    }
}
