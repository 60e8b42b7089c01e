//! Opens records, for the books and for the story.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use sealed_session::{Record, SessionId, SessionManager, UnixTime};

use crate::fleet;
use crate::network::at_once;
use crate::setting::SKEW;
use crate::story::{Values, values_of};
use crate::world::clock;

pub(crate) struct Reader {
    manager: SessionManager,
    shelf: Arc<OneRecord>,
}

/// A store of the one record that is to be read.
#[derive(Default)]
pub(crate) struct OneRecord(pub(crate) Mutex<Option<(SessionId, Record)>>);

impl Reader {
    pub(crate) fn new(time: &Arc<AtomicU64>) -> Self {
        let shelf = Arc::new(OneRecord::default());
        let config = fleet::config().clock(clock(time, SKEW / 2)).store(Arc::clone(&shelf));
        Self { manager: config.build().unwrap(), shelf }
    }

    pub(crate) fn read(&self, id: SessionId, record: &Record) -> Option<Values> {
        *self.shelf.0.lock().unwrap() = Some((id, Record::new(record.bytes().to_vec(), UnixTime::MAX)));
        let all = at_once(self.manager.all()).unwrap();
        all.first().map(|data| values_of(data.entries()))
    }
}
