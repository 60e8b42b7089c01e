//! [`Admitted`]: a session that every configured backend vouches for.

use super::coordinator::Coordinator;
use crate::codec::Opened;
use crate::error::{DecodeError, Refusal};

/// A session that may become the session of a request. Only this room makes one: [`Coordinator::admit`] does after it asked
/// the backends, and [`Coordinator::admit_unasked`] where there are none.
pub(crate) struct Admitted(Opened);

impl Admitted {
    pub(super) fn new(opened: Opened) -> Self {
        Self(opened)
    }

    pub(crate) fn into_opened(self) -> Opened {
        self.0
    }
}

impl Coordinator {
    /// Admits a session where there is no backend to ask. Where there is one this fails closed, so that code which forgot to
    /// ask lets nobody in whom a backend would have kept out.
    ///
    /// # Errors
    /// [`DecodeError::NotAsked`] where a backend is configured.
    pub(crate) fn admit_unasked(&self, opened: Opened) -> Result<Admitted, Refusal> {
        if self.exists() { Err(DecodeError::NotAsked.into()) } else { Ok(Admitted::new(opened)) }
    }
}
