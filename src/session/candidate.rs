//! [`Candidate`]: a cookie of the request that opened, for the backends to end.

use super::engine::Engine;
use crate::backend::Ending;
use crate::codec::Opened;
use crate::data::Retired;

/// A cookie that is authentic and alive. A logout ends each of them, whichever one this request took for its session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) ending: Ending,
    /// True when the backends said that every cookie of its session was ended already.
    pub(super) is_ended: bool,
}

impl Candidate {
    pub(super) fn new(engine: &Engine, opened: &Opened) -> Self {
        let retired = Retired::new(&opened.data, engine.lifetime());
        let ending = Ending {
            id: retired.id,
            until: engine.mark_end(retired.expires_at),
            stored: None,
            holds_values: !opened.data.is_empty(),
            cookie_expires_at: opened.data.expires_at(),
        };
        Self { ending, is_ended: false }
    }
}
