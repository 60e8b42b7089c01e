//! Small stores of an application's own. One overrides every method that has a default, and one overrides none of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use sealed_session::{BackendError, BoxFuture, MemoryStore, Record, Save, SessionId, SessionStore, UnixTime};

/// This store overrides every default. It says that it is not healthy, and that a deleted record ends no session
/// elsewhere.
#[derive(Default)]
pub(super) struct Shelf(Plain);

/// This store has only the methods that every store must have.
#[derive(Default)]
pub(super) struct Plain(Mutex<HashMap<SessionId, Record>>);

impl Plain {
    fn records(&self) -> MutexGuard<'_, HashMap<SessionId, Record>> {
        self.0.lock().unwrap()
    }
}

/// An application may keep its store behind a pointer that does not show the type.
pub(super) fn shelf() -> Arc<dyn SessionStore> {
    Arc::new(Arc::new(Shelf::default()))
}

/// The store in memory that this crate has. Its clock stands at the first second, when nothing has expired.
pub(super) fn memory() -> Arc<dyn SessionStore> {
    Arc::new(MemoryStore::new().clock(|| UnixTime::MIN))
}

pub(super) fn plain() -> Arc<dyn SessionStore> {
    Arc::new(Arc::new(Plain::default()))
}

impl SessionStore for Plain {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move { Ok(self.records().get(&id).cloned()) })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let mut records = self.records();
            let applies = save.applies_to(records.get(&id).map(Record::tag));
            if applies {
                records.insert(id, record.clone());
            }
            Ok(applies)
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.records().remove(&id);
            Ok(())
        })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async move {
            let mut records = self.records();
            let before = records.len();
            records.retain(|_, record| record.expires_at() > now);
            Ok(u64::try_from(before - records.len()).unwrap())
        })
    }
}

impl SessionStore for Shelf {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.0.load(id)
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        self.0.save(id, record, save)
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.0.delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.0.cleanup_expired(now)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }

    fn supports_revocation(&self) -> bool {
        false
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async { Ok(self.0.records().iter().map(|(id, record)| (*id, record.clone())).collect()) })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async {
            self.0.records().clear();
            Ok(())
        })
    }
}
