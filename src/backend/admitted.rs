//! [`Admitted`]: a session that every configured backend vouches for.

use crate::codec::Opened;

/// A session that may become the session of a request. Only this room makes one: `Coordinator::admit` does after it asked
/// the backends, and `Coordinator::admit_unasked` where there are none.
pub(crate) struct Admitted(Opened);

impl Admitted {
    pub(super) fn new(opened: Opened) -> Self {
        Self(opened)
    }

    pub(crate) fn into_opened(self) -> Opened {
        self.0
    }
}
