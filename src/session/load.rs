//! What a session holds of its request, and how the headers are looked through.

use std::sync::{Arc, Mutex};

use super::Session;
use crate::backend::Backend;
use crate::codec::Codec;
use crate::cookie::{Candidates, Seconds, header};
use crate::format::wire;
#[cfg(feature = "import")]
use crate::import::OldCookies;
use crate::session::state::State;

/// What the request brought, and the session once it is opened. `B` is a `[u8; N]` until it is behind the pointer.
pub(super) struct Shared<B: ?Sized = [u8]> {
    pub(super) codec: Codec,
    pub(super) backend: Option<Arc<Backend>>,
    pub(super) state: Mutex<Option<State>>,
    pub(super) candidates: Candidates<B>,
}

impl Shared {
    fn new<const N: usize>(from: Source<'_>, candidates: Candidates<[u8; N]>) -> Arc<Self> {
        let (codec, backend) = (from.codec.clone(), from.backend.cloned());
        Arc::new(Shared { codec, backend, state: Mutex::new(None), candidates })
    }

    /// With room for its first candidate, of at most `TOO_LONG` bytes, in a few sizes.
    fn holding(from: Source<'_>, value: &[u8]) -> Arc<Self> {
        match value.len() {
            0..=256 => Self::new::<256>(from, Candidates::of(value)),
            257..=640 => Self::new::<640>(from, Candidates::of(value)),
            641..=1536 => Self::new::<1536>(from, Candidates::of(value)),
            _ => Self::new::<TOO_LONG>(from, Candidates::of(value)),
        }
    }
}

/// What a session is loaded from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'m> {
    pub(crate) codec: &'m Codec,
    pub(crate) backend: Option<&'m Arc<Backend>>,
}

/// Of a longer value this much is kept: it is refused for its length whatever follows.
const TOO_LONG: usize = wire::NAME_AND_VALUE_LIMIT + 1;

impl Session {
    /// Looks through every header value once.
    pub(crate) fn load<H: AsRef<[u8]>>(from: Source<'_>, cookie_headers: impl IntoIterator<Item = H>) -> Self {
        let mut shared: Option<Arc<Shared>> = None;
        let mut seconds: Option<Box<Seconds>> = None;
        #[cfg(feature = "import")]
        let mut old = OldCookies::default();
        let names = [Some(from.codec.cookie_name()), from.codec.second_name()];
        for header in cookie_headers {
            #[cfg(feature = "import")]
            from.codec.imports().collect(header.as_ref(), &mut old);
            for (name, is_second) in names.into_iter().zip([false, true]) {
                let Some(name) = name else { break };
                for value in header::values(header.as_ref(), name.as_bytes()) {
                    let value = value.get(..TOO_LONG).unwrap_or(value);
                    match shared.as_mut().and_then(Arc::get_mut) {
                        _ if is_second => seconds.get_or_insert_default().add(value),
                        Some(shared) => shared.candidates.add(value),
                        None => shared = Some(Shared::holding(from, value)),
                    }
                }
            }
        }
        let mut shared = shared.unwrap_or_else(|| Shared::new::<0>(from, Candidates::new()));
        if let Some(seconds) = seconds
            && let Some(shared) = Arc::get_mut(&mut shared)
        {
            shared.candidates.put_seconds(seconds);
        }
        #[cfg(feature = "import")]
        let shared = with_old(shared, old);
        Self { shared }
    }
}

#[cfg(feature = "import")]
fn with_old(mut shared: Arc<Shared>, old: OldCookies) -> Arc<Shared> {
    if let Some(shared) = Arc::get_mut(&mut shared) {
        shared.candidates.old = old;
    }
    shared
}
