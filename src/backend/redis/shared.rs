//! [`SharedConnections`]: the connections over which many reads go at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::RedisError;
use tokio::runtime::{Handle, Id};
use tokio::time::Instant;

use super::connector::{Connection, Connector, TRUSTED};
use super::deadline::part_of;

/// The connections to one server over which many reads go at once: one for each tokio runtime that reads. A runtime
/// drives the connections that were made in it, so reads never wait for the busy thread of another runtime.
#[derive(Default)]
pub(super) struct SharedConnections {
    by_runtime: Mutex<HashMap<Id, Arc<Slot>>>,
}

/// The place of one runtime's connection.
#[derive(Default)]
struct Slot {
    /// The connection and the time of its last use. `None` before the first read and after a failure.
    current: Mutex<Option<(Arc<Connection>, Instant)>>,
    /// The caller that connects, or sends a PING, holds it. The others wait for the connection that this caller brings.
    connecting: tokio::sync::Mutex<()>,
}

impl SharedConnections {
    /// Returns the connection of this runtime. Makes one if there is none, or if the one that rested for a second does
    /// not answer a PING in a third of the time until `connected_by`.
    pub(super) async fn get(
        &self,
        connector: &Connector,
        connected_by: Instant,
    ) -> Result<Arc<Connection>, RedisError> {
        let slot = self.slot(Handle::current().id());
        if let Some(connection) = slot.trusted() {
            return Ok(connection);
        }
        let _connecting = slot.connecting.lock().await;
        if let Some(connection) = slot.trusted() {
            return Ok(connection);
        }
        // A caller that gives up here leaves no connection behind, so the next one makes another.
        let rested = lock(&slot.current).take();
        let connection = match rested {
            Some((connection, _)) if connection.answers(part_of(connected_by)).await => connection,
            _ => Arc::new(connector.connect().await?),
        };
        *lock(&slot.current) = Some((Arc::clone(&connection), Instant::now()));
        Ok(connection)
    }

    fn slot(&self, runtime: Id) -> Arc<Slot> {
        let mut by_runtime = lock(&self.by_runtime);
        if let Some(slot) = by_runtime.get(&runtime) {
            return Arc::clone(slot);
        }
        by_runtime.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.has_connection());
        Arc::clone(by_runtime.entry(runtime).or_default())
    }

    /// Has the next read make a connection, if `failed` is the one that it would take. The reads that are under way
    /// over `failed` still get their answers, if answers come. Returns false when another read told of this failure
    /// before.
    pub(super) fn forget(&self, failed: &Arc<Connection>) -> bool {
        let slots: Vec<_> = lock(&self.by_runtime).values().cloned().collect();
        slots.iter().any(|slot| {
            let mut current = lock(&slot.current);
            current.take_if(|(connection, _)| Arc::ptr_eq(connection, failed)).is_some()
        })
    }

    /// Has every runtime make a connection for its next read.
    pub(super) fn clear(&self) {
        lock(&self.by_runtime).clear();
    }
}

impl Slot {
    fn has_connection(&self) -> bool {
        lock(&self.current).as_ref().is_some_and(|(connection, _)| !connection.has_lost_its_runtime())
    }

    /// Returns the connection if it was used within the last second.
    fn trusted(&self) -> Option<Arc<Connection>> {
        let mut current = lock(&self.current);
        let (connection, used) = current.as_mut()?;
        let now = Instant::now();
        let is_trusted = !connection.has_lost_its_runtime() && now.saturating_duration_since(*used) < TRUSTED;
        is_trusted.then(|| {
            *used = now;
            Arc::clone(connection)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    /// A process may begin and end many runtimes, as tests do.
    #[test]
    fn a_runtime_that_reads_no_more_has_no_place_once_another_one_begins() {
        let connections = SharedConnections::default();
        let [ended, connecting, new] = [(); 3].map(|()| Builder::new_current_thread().build().unwrap());
        let id = |runtime: &tokio::runtime::Runtime| runtime.handle().id();
        drop(connections.slot(id(&ended)));
        let held = connections.slot(id(&connecting));
        connections.slot(id(&new));
        let by_runtime = lock(&connections.by_runtime);
        assert!(!by_runtime.contains_key(&id(&ended)));
        assert!(Arc::ptr_eq(&by_runtime[&id(&connecting)], &held), "a caller who connects keeps its place");
        assert_eq!(by_runtime.len(), 2);
    }
}
