//! Holds [`Binder`], which a manager binds sessions with: the settings of device binding, checked.

use std::fmt;
#[cfg(feature = "tower")]
use std::sync::atomic::AtomicBool;

use crate::cookie::BoundCookie;

/// The settings of device binding after the check, and the writer of the bound cookie.
pub(crate) struct Binder {
    pub(crate) cookie: BoundCookie,
    /// The path of the route at which browsers register and refresh.
    pub(crate) path: String,
    /// The seconds that a proof counts.
    pub(crate) lifetime: u64,
    /// The seconds after a login from which on a session must be bound, if it must.
    pub(crate) required_within: Option<u64>,
    /// True once the log has a warning that an adapter does not answer browsers.
    #[cfg(feature = "tower")]
    pub(crate) is_told: AtomicBool,
}

/// Shows the settings that an operator chose.
impl fmt::Debug for Binder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceBinding")
            .field("path", &self.path)
            .field("lifetime", &self.lifetime)
            .field("required_within", &self.required_within)
            .finish_non_exhaustive()
    }
}

impl Binder {
    /// Returns the seconds that a challenge counts. A browser keeps the challenge of one refresh for the next, which
    /// comes when the bound cookie ends or a little later.
    pub(crate) fn challenge_lifetime(&self) -> u64 {
        self.lifetime.saturating_add(CHALLENGE_GRACE)
    }
}

/// The seconds that a challenge outlives the bound cookie beside which it was given.
const CHALLENGE_GRACE: u64 = 120;
