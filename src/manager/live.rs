//! [`Live`]: the engine of a manager and of its clones, in which the keys can be replaced.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::cookie::Cookies;
use crate::crypto::KeyRing;
use crate::session::Engine;

/// The engine that requests are given, until other keys take its place.
///
/// A request takes the engine without a lock: with `std` alone that would be a `RwLock`, whose readers write to one
/// cache line and wait for a writer. The old engine, and with it the old keys, is dropped and wiped when the last
/// request that began with it ends.
pub(super) struct Live {
    /// The cookies of every engine here. They don't change, so a name can be borrowed from them.
    cookies: Arc<Cookies>,
    engine: ArcSwap<Engine>,
}

impl Live {
    pub(super) fn new(engine: Engine) -> Self {
        Self { cookies: Arc::clone(&engine.cookies), engine: ArcSwap::from_pointee(engine) }
    }

    /// Returns the engine of the moment, for a call that waits for nothing.
    pub(super) fn borrow(&self) -> Guard<Arc<Engine>> {
        self.engine.load()
    }

    /// Returns the engine of the moment.
    pub(super) fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    pub(super) fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// Puts an engine with these keys in the place of the one that is there. Of two calls at once, the later one stays:
    /// the engines differ in nothing else.
    pub(super) fn set_keys(&self, keys: &KeyRing) {
        let engine = Arc::new(self.engine.load().with_keys(keys));
        self.engine.store(Arc::clone(&engine));
        engine.observers.tell_noted(engine.note_keys());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SessionConfig;
    use crate::crypto::Key;

    #[test]
    fn the_old_keys_are_dropped_when_the_last_request_that_began_with_them_ends() {
        let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
        let session = manager.load(None::<&str>);
        let old = Arc::downgrade(&manager.engine());
        manager.set_keys(Key::generate().unwrap());
        assert!(old.upgrade().is_some());
        drop(session);
        assert!(old.upgrade().is_none());
    }

    #[cfg(any(feature = "tower", feature = "actix-web"))]
    #[test]
    fn a_session_from_before_is_still_one_of_this_manager_and_of_no_other() {
        let new = || SessionConfig::new(Key::generate().unwrap()).build().unwrap();
        let (manager, other) = (new(), new());
        let session = manager.load(None::<&str>);
        manager.set_keys(Key::generate().unwrap());
        assert!(manager.has_loaded(&session), "or an inner layer would load and commit a second session");
        assert!(!other.has_loaded(&session));
    }
}
