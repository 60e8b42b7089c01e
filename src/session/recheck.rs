//! Asks again whether the session of a request is still good.

use super::session::Session;
use super::state::Origin;
use crate::error::{BackendError, DecodeError, Timeout};

impl Session {
    /// Returns the reason why the session that the client holds would be refused if it came now.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed, whatever the policy for requests is.
    pub(crate) async fn recheck(&self) -> Result<Option<DecodeError>, BackendError> {
        let origin = self.with(|state, _| state.client.origin.clone());
        let held = match origin {
            Origin::Cookie(held) => held,
            Origin::Refused(reason) => return Ok(Some(reason)),
            Origin::Destroyed => return Ok(Some(DecodeError::Revoked)),
            Origin::Nothing | Origin::Imported => return Ok(None),
        };
        let engine = &*self.shared.engine;
        let now = engine.now();
        for (timeout, expires_at) in [(Timeout::Absolute, held.retired.expires_at), (Timeout::Idle, held.expires_at)] {
            if now >= expires_at {
                return Ok(Some(DecodeError::Expired { timeout, now, expires_at }));
            }
        }
        if !engine.backend.exists() {
            return Ok(None);
        }
        engine.questions().strict().recheck(held.retired.id, &held.owner, held.stored, now).await
    }
}
