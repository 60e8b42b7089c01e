//! [`Held`]: the session that the client's cookie holds, as this request found it or as its last commit left it.

use super::engine::Engine;
use crate::backend::{Ending, Owner, Stored, Vouched};
use crate::data::{Retired, SessionData};
use crate::format::Entries;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// The session that the client's cookie holds.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The id and the absolute end of the session.
    pub(super) retired: Retired,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
    /// The key that it is sealed under. A session under a previous key is due for the primary one.
    pub(super) key: KeyId,
    /// True when the cookie holds the values. If there is no backend, nobody asks.
    pub(super) holds_values: bool,
    /// The record of the session, if it has one.
    pub(super) stored: Option<Stored>,
    pub(super) owner: Owner,
    /// Says whether the list was asked about the session in this request.
    pub(super) vouched: Vouched,
    /// The values, where there is a store: what a handler wrote is told by them.
    pub(super) content: Option<Content>,
}

/// The entries of a session that is in a store, or may come to be.
#[derive(Clone)]
pub(super) struct Content(pub(super) Entries);

impl Held {
    /// `data` has the values, whether or not the cookie holds them. `owner` is its owner; where there is no backend,
    /// nobody asks for the owner, and the default will do.
    pub(super) fn new(
        engine: &Engine,
        data: &SessionData,
        owner: Owner,
        key: KeyId,
        holds_values: bool,
        stored: Option<Stored>,
    ) -> Self {
        Self {
            retired: Retired::new(data, engine.lifetime()),
            issued_at: data.issued_at(),
            expires_at: data.expires_at(),
            key,
            holds_values,
            stored,
            owner,
            vouched: Vouched::Now,
            content: engine.backend.store.is_some().then(|| Content(data.content().clone())),
        }
    }

    /// True when the list was asked about the session before this request, and not in it: then it is asked before
    /// anything is made of the session.
    pub(super) fn must_be_asked_about(&self) -> bool {
        self.vouched == Vouched::Before
    }

    /// The end of this session, for the backends.
    pub(super) fn ending(&self, engine: &Engine) -> Ending {
        Ending {
            id: self.retired.id,
            until: engine.mark_end(self.retired.expires_at),
            stored: self.stored,
            holds_values: self.holds_values,
            cookie_expires_at: self.expires_at,
        }
    }
}

/// Shows no value.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content")
    }
}
