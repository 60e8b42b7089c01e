//! The way in, first half: the Cookie headers of a request are looked through once, and what came is kept until somebody asks.

use std::sync::{Arc, Mutex};

use super::engine::Engine;
use super::session::Session;
use super::state::State;
use crate::cookie::{Candidates, Seconds, header};
use crate::format::wire;
use crate::import::OldCookies;

/// What the request brought, and the session once it is opened. `B` is a `[u8; N]` until it is behind the pointer.
pub(super) struct Shared<B: ?Sized = [u8]> {
    pub(super) engine: Arc<Engine>,
    pub(super) state: Mutex<Option<State>>,
    /// The cookies of another crate that came, for an import.
    pub(super) old: OldCookies,
    pub(super) candidates: Candidates<B>,
}

impl Shared {
    fn new<const N: usize>(engine: &Arc<Engine>, candidates: Candidates<[u8; N]>) -> Arc<Self> {
        let (engine, old) = (Arc::clone(engine), OldCookies::default());
        Arc::new(Shared { engine, state: Mutex::new(None), old, candidates })
    }

    /// Makes room for the first candidate, of at most `TOO_LONG` bytes, in one of a few sizes.
    fn holding(engine: &Arc<Engine>, value: &[u8]) -> Arc<Self> {
        match value.len() {
            0..=256 => Self::new::<256>(engine, Candidates::of(value)),
            257..=640 => Self::new::<640>(engine, Candidates::of(value)),
            641..=1536 => Self::new::<1536>(engine, Candidates::of(value)),
            _ => Self::new::<TOO_LONG>(engine, Candidates::of(value)),
        }
    }
}

/// Of a longer value this many bytes are kept: it is refused for its length whatever follows.
const TOO_LONG: usize = wire::NAME_AND_VALUE_LIMIT + 1;

impl Session {
    /// The session of a request. Every header value is looked through once, and no cookie is opened.
    pub(crate) fn load<H: AsRef<[u8]>>(engine: &Arc<Engine>, cookie_headers: impl IntoIterator<Item = H>) -> Self {
        let mut shared: Option<Arc<Shared>> = None;
        let mut seconds: Option<Box<Seconds>> = None;
        let mut old = OldCookies::default();
        let names = [Some(engine.cookies.name()), engine.cookies.second_name()];
        for header in cookie_headers {
            engine.imports.collect(header.as_ref(), &mut old);
            for (name, is_second) in names.into_iter().zip([false, true]) {
                let Some(name) = name else { break };
                for value in header::values(header.as_ref(), name.as_bytes()) {
                    let value = value.get(..TOO_LONG).unwrap_or(value);
                    match shared.as_mut().and_then(Arc::get_mut) {
                        _ if is_second => seconds.get_or_insert_default().add(value),
                        Some(shared) => shared.candidates.add(value),
                        None => shared = Some(Shared::holding(engine, value)),
                    }
                }
            }
        }
        let mut shared = shared.unwrap_or_else(|| Shared::new::<0>(engine, Candidates::new()));
        if let Some(shared) = Arc::get_mut(&mut shared) {
            shared.old = old;
            if let Some(seconds) = seconds {
                shared.candidates.put_seconds(seconds);
            }
        }
        Self { shared }
    }
}
