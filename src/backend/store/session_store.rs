//! [`SessionStore`]: where the values of a session are kept when they are not in its cookie.

use std::sync::Arc;

use super::record::{Record, Tag};
use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

/// Keeps the values of sessions on the server, each under the id that its sealed cookie carries.
///
/// The manager asks a store only for ids out of cookies that opened, hands it records that are sealed already, and
/// refuses a record past its expiry, so a store needs no key and no clock. Many tasks may ask a store at once, and many
/// processes if they share it. A `load` returns what an earlier `save` acknowledged.
///
/// `testing::check_store` (feature `test-util`) is the suite that every store of this crate passes; run yours through
/// it.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use sealed_session::{BackendError, BoxFuture, Record, Save, SessionId, SessionStore, UnixTime};
///
/// #[derive(Default)]
/// struct Unbounded(Mutex<HashMap<SessionId, Record>>);
///
/// impl SessionStore for Unbounded {
///     fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
///         Box::pin(async move { Ok(self.0.lock().unwrap().get(&id).cloned()) })
///     }
///
///     fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
///         Box::pin(async move {
///             let mut records = self.0.lock().unwrap();
///             let applies = save.applies_to(records.get(&id).map(Record::tag));
///             if applies {
///                 records.insert(id, record.clone());
///             }
///             Ok(applies)
///         })
///     }
///
///     fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
///         Box::pin(async move {
///             self.0.lock().unwrap().remove(&id);
///             Ok(())
///         })
///     }
///
///     fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
///         Box::pin(async move {
///             let mut records = self.0.lock().unwrap();
///             let before = records.len();
///             records.retain(|_, record| record.expires_at() > now);
///             Ok((before - records.len()) as u64)
///         })
///     }
/// }
/// # drop(Box::new(Unbounded::default()) as Box<dyn SessionStore>);
/// ```
pub trait SessionStore: Send + Sync {
    /// Returns the record under this id, or `None` when there is none. A record that expired may still be returned.
    ///
    /// # Errors
    /// [`Unavailable`](BackendErrorKind::Unavailable) when nothing answers, [`Corrupt`](BackendErrorKind::Corrupt) when
    /// the record that is there is damaged.
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>>;

    /// Writes a record whole or not at all, and returns once it is kept. Returns true when the record was written:
    /// [`Save::Create`] finds no record under the id, or [`Save::Replace`] finds one with its tag; otherwise the store
    /// changes nothing. The look and the write are one step: if many callers replace one tag at once, exactly one is
    /// told that it wrote. So a request that ends late neither undoes what another one wrote nor brings back a session
    /// that another one destroyed.
    ///
    /// A record past its `expires_at` is there for a save as long as a load returns it: a `Create` is refused, and a
    /// `Replace` writes. The clock of a store decides nothing here, for it may be ahead of the clock by which the
    /// record was written.
    ///
    /// # Errors
    /// [`Full`](BackendErrorKind::Full) without room, [`Corrupt`](BackendErrorKind::Corrupt) when the record that is
    /// there can't be told to have the tag, and whatever a load may say. After
    /// [`Unavailable`](BackendErrorKind::Unavailable) the record may have been written all the same.
    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>>;

    /// Writes a new record, as [`SessionStore::save`] does with [`Save::Create`], for a session that takes the place of
    /// the one under `old`. The caller ends that one right after, so that two records stand side by side for a moment
    /// only.
    ///
    /// By default this is that save. A store with a bound of its own lets the record in although it is full, if `old`
    /// has a record: otherwise nobody could log in to a full store, nor out of it.
    ///
    /// # Errors
    /// As for [`SessionStore::save`].
    ///
    /// ```
    /// use sealed_session::{MemoryStore, Record, Save, SessionId, SessionStore, UnixTime};
    /// # futures_lite::future::block_on(async {
    /// let store = MemoryStore::new().max_records(1);
    /// let (visitor, user, another) = (SessionId::generate()?, SessionId::generate()?, SessionId::generate()?);
    /// let record = Record::new(vec![1; 50], UnixTime::MAX);
    /// assert!(store.save(visitor, &record, Save::Create).await?);
    /// assert!(store.save(another, &record, Save::Create).await.is_err(), "it is full");
    /// assert!(store.create_in_place_of(visitor, user, &record).await?, "and the visitor can log in");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn create_in_place_of<'a>(
        &'a self,
        old: SessionId,
        id: SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        let _ = old;
        self.save(id, record, Save::Create)
    }

    /// Removes a record. A record that is not there is no error, and neither is a corrupt one.
    ///
    /// # Errors
    /// [`Unavailable`](BackendErrorKind::Unavailable) when nothing answers; the record may be gone all the same.
    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Removes every record with `expires_at <= now`, and returns the number of them. A store whose records go by
    /// themselves returns 0.
    ///
    /// # Errors
    /// [`Unavailable`](BackendErrorKind::Unavailable) when nothing answers; some of them may be gone all the same.
    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>>;

    /// Returns true when a new session could be kept at this moment, and an ended one recorded. For a health check: no
    /// request waits for it, so a store may write to find out.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }

    /// Returns true when a deleted record ends its session everywhere, as it does in a store that all servers share.
    fn supports_revocation(&self) -> bool {
        true
    }

    /// Returns every record, in no order, expired ones too.
    ///
    /// # Errors
    /// [`Unsupported`](BackendErrorKind::Unsupported) by default; else as for [`SessionStore::load`].
    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async { Err(unsupported()) })
    }

    /// Removes every record.
    ///
    /// # Errors
    /// [`Unsupported`](BackendErrorKind::Unsupported) by default; else as for [`SessionStore::delete`].
    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async { Err(unsupported()) })
    }
}

/// The condition under which a [`SessionStore::save`] writes.
///
/// ```
/// use sealed_session::{Record, Save, UnixTime};
/// let (old, new) = (Record::new(vec![1; 50], UnixTime::MAX), Record::new(vec![2; 50], UnixTime::MAX));
/// assert!(Save::Create.applies_to(None));
/// assert!(Save::Replace(old.tag()).applies_to(Some(old.tag())));
/// assert!(!Save::Replace(old.tag()).applies_to(Some(new.tag())), "somebody wrote meanwhile");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must decide both; a third would break every one of them")]
pub enum Save {
    /// The save writes only where there is no record under the id.
    Create,
    /// The save writes only where there is a record with this tag: the record that the caller read. A record that
    /// somebody else wrote meanwhile has another tag, and stays.
    Replace(Tag),
}

impl Save {
    /// Returns true when the save writes where a record with the tag `found` is, or where no record is. For stores that
    /// look and write under one lock; a database decides by a condition in its statement.
    ///
    /// ```
    /// use sealed_session::{Record, Save, UnixTime};
    /// let tag = Record::new(vec![1; 50], UnixTime::MAX).tag();
    /// assert!(!Save::Create.applies_to(Some(tag)));
    /// assert!(!Save::Replace(tag).applies_to(None), "it was deleted");
    /// ```
    #[must_use]
    pub fn applies_to(self, found: Option<Tag>) -> bool {
        match self {
            Self::Create => found.is_none(),
            Self::Replace(tag) => found == Some(tag),
        }
    }
}

/// An `Arc` is a store too, so that a store can be handed to the configuration and kept.
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        (**self).load(id)
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        (**self).save(id, record, save)
    }

    fn create_in_place_of<'a>(
        &'a self,
        old: SessionId,
        id: SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        (**self).create_in_place_of(old, id, record)
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        (**self).delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        (**self).cleanup_expired(now)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        (**self).is_healthy()
    }

    fn supports_revocation(&self) -> bool {
        (**self).supports_revocation()
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        (**self).all()
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        (**self).clear()
    }
}

fn unsupported() -> BackendError {
    BackendError::new(BackendErrorKind::Unsupported, "this store lists no sessions")
}
