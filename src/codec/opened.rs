//! [`Opened`]: a session that came out of a sealed text.

use crate::data::SessionData;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// A session that is authentic and alive. Whether a backend still vouches for it is not known yet.
pub(crate) struct Opened {
    pub(crate) data: SessionData,
    /// The time at which it was found alive.
    pub(crate) at: UnixTime,
    /// The key that opened it.
    pub(crate) key_id: KeyId,
    /// True when that key is a previous one, so that the session is due for sealing under the primary one.
    pub(crate) is_stale: bool,
    /// True when it came in another schema and was migrated.
    pub(crate) is_migrated: bool,
}
