//! What an operator or an administrator does to sessions from outside of their requests.

use serde::ser::Serialize;

use super::manager::SessionManager;
use crate::backend::{SessionStore, no_revocations};
use crate::data::{Retired, SessionData, SessionId, json};
use crate::error::{BackendError, BackendErrorKind};
use crate::session::Engine;
use crate::time::UnixTime;

impl SessionManager {
    /// Ends the session of this id wherever its cookie is: it goes on the list of revocations, and its record out of the store.
    /// `until` is when no cookie of it opens any more: [`Retired::expires_at`], or its absolute timeout.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] without a list of revocations, unless all values are in a store: then the session ends
    /// with its record. Otherwise what the backend says; the session may live on then.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig, UnixTime};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let manager = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new()).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let cookies = manager.commit_async(&session).await?;
    /// manager.revoke(session.id()?, UnixTime::MAX).await?;
    /// assert_eq!(manager.load_async(cookies).await?.rejected(), Some(DecodeError::Revoked));
    /// # Ok(()) }
    /// ```
    pub async fn revoke(&self, id: SessionId, until: UnixTime) -> Result<(), BackendError> {
        let Engine { backend, observers, .. } = &**self.engine();
        backend.revoke(observers, Retired { id, expires_at: until }).await
    }

    /// Ends every session that the subject has by now, on every device: those in which the entry of
    /// [`SessionConfig::subject`](crate::SessionConfig::subject) holds this value, created up to this second.
    ///
    /// A session that is regenerated after this call, in this process, stays: for "log out my other devices", and for the new
    /// login after a password was reset, call it first and [`Session::regenerate`](crate::Session::regenerate) then. A login that
    /// another process serves within the same second is refused with the rest. The value is compared as JSON: 42 is not "42".
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] without a list of revocations or without a subject in the configuration,
    /// or when the value can't be serialized. Otherwise what the backend says; the sessions may live on then.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// let manager = config.subject("user_id").build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let stolen = manager.commit_async(&session).await?;
    ///
    /// manager.revoke_subject(&42).await?;
    /// session.regenerate()?;
    /// let kept = manager.commit_async(&session).await?;
    /// assert_eq!(manager.load_async(stolen).await?.rejected(), Some(DecodeError::Revoked));
    /// assert_eq!(manager.load_async(kept).await?.get("user_id")?, Some(42));
    /// # Ok(()) }
    /// ```
    pub async fn revoke_subject<T: Serialize + Sync + ?Sized>(&self, subject: &T) -> Result<(), BackendError> {
        let Engine { backend, codec, .. } = &**self.engine();
        if !backend.exists() {
            return Err(no_revocations());
        }
        let unsupported = |text| BackendError::new(BackendErrorKind::Unsupported, text);
        let key = backend.subject.as_deref().ok_or_else(|| unsupported("no subject is configured"))?;
        let subject = json::to_json(key, subject).map_err(|_| unsupported("the subject could not be serialized"))?;
        backend.revoke_subject(codec.lifetime(), self.engine().now(), &subject).await
    }

    /// Removes the records of the store that are past their time, and says how many they were. 0 without a store. Call it now and
    /// then, from a task of its own: every hour will do.
    ///
    /// # Errors
    /// What the store says.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert_eq!(manager.cleanup_expired().await?, 0);
    /// # Ok(()) }
    /// ```
    pub async fn cleanup_expired(&self) -> Result<u64, BackendError> {
        match self.store() {
            Some(store) => store.cleanup_expired(self.engine().now()).await,
            None => Ok(0),
        }
    }

    /// Whether every backend can be used at this moment; true without one. For a health check.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert!(manager.is_healthy().await);
    /// # Ok(()) }
    /// ```
    pub async fn is_healthy(&self) -> bool {
        let backend = &self.engine().backend;
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

    /// Whether a session can be ended before its time, on every device.
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
        let backend = &self.engine().backend;
        let by_store = || backend.is_in_store() && self.store().is_some_and(SessionStore::supports_revocation);
        backend.revocations.is_some() || by_store()
    }

    /// Every living session whose values are in the store, in no order. A record that does not open under the keys of this
    /// manager is passed over.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] without a store, or when it lists none. Otherwise what it says.
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
        let records = self.store().ok_or_else(no_store)?.all().await?;
        let (codec, now) = (&self.engine().codec, self.engine().now());
        let alive = records.into_iter().filter(|(_, record)| record.expires_at() > now);
        Ok(alive.filter_map(|(id, record)| codec.open_alone(id, record.into_bytes(), now)).collect())
    }

    /// Ends every session whose values are in the store.
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
        self.store().ok_or_else(no_store)?.clear().await
    }

    fn store(&self) -> Option<&dyn SessionStore> {
        self.engine().backend.store.as_deref()
    }
}

fn no_store() -> BackendError {
    BackendError::new(BackendErrorKind::Unsupported, "no store is configured")
}
