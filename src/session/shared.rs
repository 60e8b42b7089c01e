//! [`Shared`]: what every clone of a session shares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "dbsc")]
use super::bound_cookies::BoundCookies;
use super::engine::Engine;
use super::late::Late;
use super::state::{Login, State};
use crate::cookie::Candidates;
use crate::format::wire;
use crate::import::OldCookies;
use crate::time::UnixTime;

/// The cookies that the request brought, and the session once it is opened. `B` is a `[u8; N]` until it is behind the
/// pointer.
pub(super) struct Shared<B: ?Sized = [u8]> {
    pub(super) engine: Arc<Engine>,
    pub(super) state: Mutex<Option<State>>,
    /// True when anything was asked of the session. A backend is asked before that. It is beside the state, so that a
    /// request that asks nothing locks nothing.
    is_looked_at: AtomicBool,
    /// True when this request is not to keep the session alive. It is beside the state, since saying so opens no
    /// session.
    keeps_expiry: AtomicBool,
    /// The cookies of another crate that came, for an import.
    pub(super) old: OldCookies,
    pub(super) late: Late,
    /// The bound cookies that came, where sessions are bound to devices.
    #[cfg(feature = "dbsc")]
    pub(super) bound: BoundCookies,
    pub(super) candidates: Candidates<B>,
}

impl Shared {
    /// Makes the session of a request, with room for a first candidate of at most `len` bytes, in one of a few sizes.
    pub(super) fn with_room(engine: &Arc<Engine>, len: usize) -> Arc<Self> {
        match len {
            0 => Self::new::<0>(engine),
            1..=256 => Self::new::<256>(engine),
            257..=640 => Self::new::<640>(engine),
            641..=1536 => Self::new::<1536>(engine),
            _ => Self::new::<TOO_LONG>(engine),
        }
    }

    fn new<const N: usize>(engine: &Arc<Engine>) -> Arc<Self> {
        Arc::new(Shared {
            engine: Arc::clone(engine),
            state: Mutex::new(None),
            is_looked_at: AtomicBool::new(false),
            keeps_expiry: AtomicBool::new(false),
            old: OldCookies::default(),
            late: Late::default(),
            #[cfg(feature = "dbsc")]
            bound: BoundCookies::default(),
            candidates: Candidates::<[u8; N]>::new(),
        })
    }
}

/// The last handle of a session tells whether changes are dropped with it that came when the response had gone out. Not
/// before then is it known that nobody commits them.
impl<B: ?Sized> Drop for Shared<B> {
    fn drop(&mut self) {
        if !self.late.is_response_out() {
            return;
        }
        // A function that migrates or imports may have panicked under the lock, before there was a state.
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.as_ref().is_some_and(State::has_uncommitted_change) {
            self.late.tell(&self.engine);
        }
    }
}

/// The number of bytes that are kept of a longer value. Such a value is refused for its length whatever follows.
pub(super) const TOO_LONG: usize = wire::NAME_AND_VALUE_LIMIT + 1;

impl Shared {
    /// Locks the state.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<State>> {
        // Only the application's functions that migrate or import can panic under the lock, and then the session stays
        // unopened.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look_at(&self) {
        self.is_looked_at.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_looked_at(&self) -> bool {
        self.is_looked_at.load(Ordering::Relaxed)
    }

    pub(super) fn keep_expiry(&self) {
        self.keeps_expiry.store(true, Ordering::Relaxed);
    }

    /// True when no seal moves the end of the session: this request is no use of it, or its response has gone out, so
    /// that no cookie could say so.
    pub(super) fn keeps_expiry(&self) -> bool {
        self.keeps_expiry.load(Ordering::Relaxed) || self.late.is_response_out()
    }

    /// Notes the generation that a login in this request takes, unless another one than `before` was noted meanwhile.
    pub(super) fn note_login(&self, login: &Login, before: Option<&Login>) {
        if let Some(state) = &mut *self.lock()
            && state.login.as_ref() == before
        {
            state.login = Some(login.clone());
        }
    }

    /// Notes the time at which the new session ends that a commit is about to make.
    pub(super) fn note_new_end(&self, end: UnixTime) {
        if let Some(state) = &mut *self.lock() {
            state.new_end = Some(state.new_end.map_or(end, |earlier| earlier.min(end)));
        }
    }
}
