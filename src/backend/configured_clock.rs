//! [`ConfiguredClock`]: the clock of the lists, and of the stores in memory, that the environment names.

use std::sync::{Arc, PoisonError, RwLock};

use crate::time::{Clock, SystemClock, UnixTime};

/// The clock of a configuration, for a list of revocations or a store in memory that the environment names. Both remove
/// old entries by themselves. They are opened before the application can say which clock the configuration goes by, so
/// they read the clock from here each time.
#[derive(Clone)]
pub(crate) struct ConfiguredClock(Arc<RwLock<Arc<dyn Clock>>>);

impl ConfiguredClock {
    pub(crate) fn set(&self, clock: Arc<dyn Clock>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = clock;
    }
}

impl Default for ConfiguredClock {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(Arc::new(SystemClock))))
    }
}

impl Clock for ConfiguredClock {
    fn now(&self) -> UnixTime {
        self.0.read().unwrap_or_else(PoisonError::into_inner).now()
    }
}
