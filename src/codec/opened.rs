//! Holds [`Opened`], a session that came out of a sealed text.

use crate::data::SessionData;
#[cfg(feature = "dbsc")]
use crate::data::SessionId;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// A session that is authentic and alive. Nobody has asked a backend yet whether it still vouches for the session.
pub(crate) struct Opened {
    pub(crate) data: SessionData,
    /// The time at which the session was found alive.
    pub(crate) at: UnixTime,
    /// The key that opened the session.
    pub(crate) key_id: KeyId,
    /// True when that key is a previous one, so that the session is due for sealing under the primary key.
    pub(crate) is_stale: bool,
    /// True when the session came in another schema and was migrated.
    pub(crate) is_migrated: bool,
    /// The id under which the session came, if the registration of a key gave it another one since.
    #[cfg(feature = "dbsc")]
    pub(crate) previous: Option<SessionId>,
}

impl Opened {
    pub(super) fn new(data: SessionData, at: UnixTime, key_id: KeyId, is_stale: bool) -> Self {
        Self {
            data,
            at,
            key_id,
            is_stale,
            is_migrated: false,
            #[cfg(feature = "dbsc")]
            previous: None,
        }
    }
}
