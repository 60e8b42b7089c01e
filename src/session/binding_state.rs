//! [`BindingState`]: what a request knows of the binding of its session to a device, as plain data.

use super::engine::Engine;
use crate::backend::Owner;
use crate::data::{BindingId, SessionId};
use crate::device_binding::Bound;
use crate::time::UnixTime;

/// The binding of the session, as far as a request knows it.
#[derive(Clone, Default)]
pub(super) struct BindingState {
    /// The binding that the bound cookie proved. A session that is marked without it was let in because its login is
    /// young.
    pub(super) proven: Option<Bound>,
    /// The sessions of the request that were refused as stale.
    pub(super) stale: Vec<StaleSession>,
    /// True when a bound cookie came, whatever it holds.
    pub(super) has_cookie: bool,
    /// The session that the response is to offer a binding for.
    pub(super) offer: Option<SessionId>,
}

/// A session that is refused until its browser has refreshed it. Its cookie opened, and the backends vouch for it.
#[derive(Clone, Debug)]
pub(super) struct StaleSession {
    pub(super) id: SessionId,
    pub(super) owner: Owner,
    pub(super) binding: Option<BindingId>,
    /// The time until which a mark for an id of this session must stand.
    pub(super) mark_end: UnixTime,
}

impl BindingState {
    /// Returns the binding that the bound cookie proved, if it is that of this session: a login since the load gave the
    /// session an id that the bound cookie does not name.
    pub(super) fn proven_of(&self, session: SessionId) -> Option<Bound> {
        self.proven.filter(|bound| bound.session == session)
    }

    /// Returns the lines that delete the bound cookie, if the client may have one.
    pub(super) fn deletions(&self, engine: &Engine) -> Vec<String> {
        let has_one = self.has_cookie || !self.stale.is_empty();
        engine.binder.iter().filter(|_| has_one).map(|binder| binder.cookie.deletion()).collect()
    }
}
