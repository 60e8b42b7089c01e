//! [`Work`]: what a commit asks of the backends.

use super::store::{Record, Save};
use crate::data::{Retired, SessionId};

/// What must be done before a response may go out.
#[derive(Default)]
pub(crate) struct Work {
    /// The record to be kept, under the id of its session.
    pub(crate) saving: Option<(SessionId, Saving)>,
    /// The session to be ended.
    pub(crate) ended: Option<Retired>,
}

/// A record, and how it may be written.
pub(crate) struct Saving {
    pub(crate) record: Record,
    /// The ways to write it, tried in this order until one finds what it needs.
    pub(crate) saves: &'static [Save],
}
