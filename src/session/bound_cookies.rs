//! [`BoundCookies`]: the bound cookies that a request brought.

use std::sync::OnceLock;

use super::engine::Engine;
use crate::cookie::header;
use crate::device_binding::{Bound, Parts};
use crate::time::UnixTime;

/// The values that came under the name of the bound cookie. Nothing is opened before somebody asks for the session.
#[derive(Default)]
pub(super) struct BoundCookies {
    values: Vec<Vec<u8>>,
    opened: OnceLock<Vec<Bound>>,
}

impl BoundCookies {
    /// Keeps the bound cookies of a Cookie header, four of a request at most.
    pub(super) fn collect(&mut self, engine: &Engine, cookie_header: &[u8]) {
        let Some(binder) = &engine.binder else { return };
        for value in header::values(cookie_header, binder.cookie.name().as_bytes()) {
            if self.values.len() < header::MAX_CANDIDATES && value.len() <= TOO_LONG {
                self.values.push(value.to_vec());
            }
        }
    }

    /// True when a bound cookie came, whatever it holds.
    pub(super) fn came(&self) -> bool {
        !self.values.is_empty()
    }

    /// Returns the bindings of the cookies that are authentic, and were alive when they were first asked for.
    pub(super) fn opened(&self, engine: &Engine, now: UnixTime) -> &[Bound] {
        let parts = Parts { codec: &engine.codec, now };
        self.opened.get_or_init(|| self.values.iter().filter_map(|value| parts.open_bound(value).ok()).collect())
    }

    /// True when one of the cookies proves this binding at `now`, which may be later than the load.
    pub(super) fn prove(&self, engine: &Engine, bound: &Bound, now: UnixTime) -> bool {
        let parts = Parts { codec: &engine.codec, now };
        self.values.iter().any(|value| parts.open_bound(value) == Ok(*bound))
    }
}

/// The most characters of a value that is kept. A bound cookie has some 130.
const TOO_LONG: usize = 256;
