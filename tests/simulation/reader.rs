//! Opens records and cookies, for the books and for the story.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sealed_session::{DecodeError, Record, SessionData, SessionId, SessionManager, UnixTime};

use crate::fleet;
use crate::network::at_once;
use crate::setting::SKEW;
use crate::story::{Values, values_of};
use crate::world::at;

pub(crate) struct Reader {
    manager: SessionManager,
    shelf: Arc<OneRecord>,
    /// The time of the world.
    time: Arc<AtomicU64>,
    /// The time by which the manager reads.
    clock: Arc<AtomicU64>,
}

/// A store of the one record that is to be read.
#[derive(Default)]
pub(crate) struct OneRecord(pub(crate) Mutex<Option<(SessionId, Record)>>);

impl Reader {
    pub(crate) fn new(time: &Arc<AtomicU64>, absolute: u64) -> Self {
        let (shelf, clock) = (Arc::new(OneRecord::default()), Arc::new(AtomicU64::new(0)));
        let read = Arc::clone(&clock);
        let config = fleet::config(absolute).clock(move || at(read.load(Ordering::Relaxed))).store(Arc::clone(&shelf));
        Self { manager: config.build().unwrap(), shelf, time: Arc::clone(time), clock }
    }

    /// The values of a record that is good by now.
    pub(crate) fn read(&self, id: SessionId, record: &Record) -> Option<Values> {
        self.clock.store(self.time.load(Ordering::Relaxed) + SKEW / 2, Ordering::Relaxed);
        *self.shelf.0.lock().unwrap() = Some((id, Record::new(record.bytes().to_vec(), UnixTime::MAX)));
        let all = at_once(self.manager.all()).unwrap();
        all.first().map(|data| values_of(data.entries()))
    }

    /// Returns the session in a cookie that was good at this time.
    pub(crate) fn open(&self, value: &str, time: u64) -> Result<SessionData, DecodeError> {
        self.clock.store(time, Ordering::Relaxed);
        self.manager.codec().decode(value)
    }
}
