//! The calls of an operator about the backends: cleaning up, asking for their health, listing and clearing.

use super::manager::SessionManager;
use crate::backend::SessionStore;
use crate::data::SessionData;
use crate::error::BackendError;
#[cfg(doc)]
use crate::error::BackendErrorKind;

impl SessionManager {
    /// Removes the records of the store that are past their time, tombstones of ended sessions included, and says how
    /// many they were. 0 without a store. Call it now and then, from a task of its own: every hour will do.
    ///
    /// # Errors
    /// Returns the error of the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert_eq!(manager.cleanup_expired().await?, 0);
    /// # Ok(()) }
    /// ```
    pub async fn cleanup_expired(&self) -> Result<u64, BackendError> {
        let engine = self.engine();
        match &engine.backend.store {
            Some(store) => store.cleanup_expired(engine.now()).await,
            None => Ok(0),
        }
    }

    /// Returns true when a login could be kept and a logout recorded at this moment, and always if there is no backend.
    /// Use it in a health check.
    ///
    /// It asks the store and the list of revocations, each of which tries a write. Remembered answers of the list
    /// ([`SessionConfig::recheck_after`](crate::SessionConfig::recheck_after)) do not count here.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert!(manager.is_healthy().await);
    /// # Ok(()) }
    /// ```
    pub async fn is_healthy(&self) -> bool {
        let engine = self.engine();
        let backend = &engine.backend;
        let has_store = match &backend.store {
            Some(store) => store.is_healthy().await,
            None => true,
        };
        has_store
            && match &backend.revocations {
                Some(revocations) => revocations.is_healthy().await,
                None => true,
            }
    }

    /// Returns true when one session can be ended before its time, together with every copy of its cookie: by a list of
    /// revocations, or by a store.
    ///
    /// The calls for all sessions of a subject need more, so this does not answer for them: `revoke_subject`,
    /// `revoke_others` and `begin_login` need a list, and [`SessionConfig::subject`](crate::SessionConfig::subject).
    ///
    /// ```
    /// use sealed_session::{Key, MemoryRevocations, SessionConfig};
    /// assert!(!SessionConfig::new(Key::generate()?).build()?.supports_revocation());
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// assert!(config.build()?.supports_revocation());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn supports_revocation(&self) -> bool {
        let engine = self.engine();
        let backend = &engine.backend;
        let by_store = || backend.is_in_store() && backend.store().is_ok_and(SessionStore::supports_revocation);
        backend.revocations.is_some() || by_store()
    }

    /// Every living session whose values are in the store, in no order. A record that does not open under the keys of
    /// this manager is passed over, and so is the tombstone of a session that ended.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] without a store, or when the store lists none. Otherwise the error of the
    /// store.
    ///
    /// ```
    /// use sealed_session::{Key, MemoryStore, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).store(MemoryStore::new()).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let _ = manager.commit_async(&session).await?;
    /// assert_eq!(manager.all().await?[0].get("user_id")?, Some(42));
    /// # Ok(()) }
    /// ```
    pub async fn all(&self) -> Result<Vec<SessionData>, BackendError> {
        let engine = self.engine();
        let records = engine.backend.store()?.all().await?;
        let (codec, now) = (&engine.codec, engine.now());
        let alive = records.into_iter().filter(|(_, record)| record.expires_at() > now);
        Ok(alive.filter_map(|(id, record)| codec.open_alone(id, record.into_bytes(), now)).collect())
    }

    /// Ends every session whose values are in the store. The call removes all records, tombstones included: a cookie
    /// that holds its values, from before there was a store, opens again even if it was ended. If there may be such
    /// cookies, set [`SessionConfig::not_before`](crate::SessionConfig::not_before).
    ///
    /// # Errors
    /// As for [`SessionManager::all`].
    ///
    /// ```
    /// use sealed_session::{Key, MemoryStore, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).store(MemoryStore::new()).build()?;
    /// manager.clear().await?;
    /// assert!(manager.all().await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn clear(&self) -> Result<(), BackendError> {
        self.engine().backend.store()?.clear().await
    }
}
