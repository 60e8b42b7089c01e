//! Asks again whether the session of a request is still good.

use super::engine::Engine;
use super::session::Session;
use super::state::Origin;
use crate::backend::Recheck;
use crate::error::{BackendError, DecodeError, Timeout};

impl Session {
    /// Returns the reason why the session that the client holds would be refused if it came now. `latest` is the engine
    /// of the manager at this moment: its keys may be others than those with which this request began.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed, whatever the policy for requests is.
    pub(crate) async fn recheck(&self, latest: &Engine) -> Result<Option<DecodeError>, BackendError> {
        let origin = self.with(|state, _| state.client.origin.clone());
        let held = match origin {
            Origin::Cookie(held) => held,
            Origin::Refused(reason) => return Ok(Some(reason)),
            Origin::Destroyed => return Ok(Some(DecodeError::Revoked)),
            Origin::Nothing | Origin::Imported => return Ok(None),
        };
        let engine = &*self.shared.engine;
        let now = engine.now();
        if let Err(reason) = latest.codec.check_key(held.key, now) {
            return Ok(Some(reason));
        }
        for (timeout, expires_at) in [(Timeout::Absolute, held.retired.expires_at), (Timeout::Idle, held.expires_at)] {
            if now >= expires_at {
                return Ok(Some(DecodeError::Expired { timeout, now, expires_at }));
            }
        }
        #[cfg(feature = "dbsc")]
        if let Some(reason) = self.recheck_binding(&held, now) {
            return Ok(Some(reason));
        }
        if !engine.backend.exists() {
            return Ok(None);
        }
        let asked = Recheck {
            id: held.retired.id,
            key: held.key,
            owner: &held.owner,
            stored: held.stored,
            #[cfg(feature = "dbsc")]
            is_unproven: self.is_unproven(&held, now),
        };
        let questions = engine.questions().strict();
        let reason = questions.recheck(&latest.codec, &asked, now).await?;
        #[cfg(feature = "dbsc")]
        if reason.is_none() && self.has_ended_by_its_previous_id(&held, &questions).await? {
            return Ok(Some(DecodeError::Revoked));
        }
        Ok(reason)
    }
}
