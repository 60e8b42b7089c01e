//! Ends sessions from outside of their requests: one session, all of a subject, or all but one.

use serde::ser::Serialize;

use super::manager::SessionManager;
use crate::backend::{Ending, Generation, Only, unsupported};
use crate::data::{SessionId, json};
use crate::error::{BackendError, DecodeError, EncodeError};
use crate::session::Session;
use crate::time::UnixTime;

impl SessionManager {
    /// Ends one session, wherever its cookie is: no cookie of this id is admitted any more, nor one of what the session
    /// became when it was regenerated. `until` is the time from which no cookie of it opens anyway:
    /// [`Retired::expires_at`](crate::Retired::expires_at), or its absolute timeout.
    ///
    /// A list remembers until then what the session became. A store without a list forgets it when the record of this
    /// id would have gone: at the end of its last cookie + the clock skew + a minute. The call still succeeds then, and
    /// the session lives on under its new id.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`](crate::BackendErrorKind::Unsupported) without a list of revocations, unless
    /// all values are in a store: then the session ends with its record. Otherwise the error of the backend that
    /// failed: the session may live on then.
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
        let engine = self.engine();
        if !engine.backend.is_in_store() {
            engine.backend.list()?;
        }
        let ending = Ending {
            id,
            until: engine.mark_end(until),
            stored: None,
            holds_values: true,
            cookie_expires_at: UnixTime::MAX,
        };
        engine.questions().strict().end(ending, engine.now()).await.map_err(backend_error)
    }

    /// Ends every session of a subject, on every device: those in which the entry of
    /// [`SessionConfig::subject`](crate::SessionConfig::subject) holds this value. This is the call for a ban, for "log
    /// out everywhere", and for a password that was reset by mail. It does not end the session of a login that comes
    /// afterwards.
    ///
    /// A ban also concerns a login that is under way if that calls [`SessionManager::begin_login`] before it looks
    /// whether the user is banned. To keep the session of this request, call [`SessionManager::revoke_others`]. Values
    /// are compared as JSON values: 42 and 42.0 are one subject, and 42 and "42" are two.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`](crate::BackendErrorKind::Unsupported) without a list of revocations or without
    /// a subject in the configuration, or when the value can't be serialized. Otherwise the error of the list: the
    /// sessions may live on then.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// let manager = config.subject("user_id").build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let before = manager.commit_async(&session).await?;
    ///
    /// manager.revoke_subject(&42).await?;
    /// assert_eq!(manager.load_async(before).await?.rejected(), Some(DecodeError::Revoked));
    ///
    /// let session = manager.load_async(None::<&str>).await?; // the same user logs in again
    /// session.set("user_id", 42)?;
    /// let after = manager.commit_async(&session).await?;
    /// assert_eq!(manager.load_async(after).await?.get("user_id")?, Some(42));
    /// # Ok(()) }
    /// ```
    #[doc(alias = "ban")]
    #[doc(alias = "log_out_everywhere")]
    pub async fn revoke_subject<T: Serialize + Sync + ?Sized>(&self, subject: &T) -> Result<(), BackendError> {
        let engine = self.engine();
        let subject = self.canonical(subject)?;
        let to = Generation::generate().map_err(backend_error)?;
        engine.questions().strict().revoke_subject(&subject, Only::Any, to, engine.now()).await.map(drop)
    }

    /// Ends every other session of the subject of this one, and regenerates this one: "log out my other devices", and a
    /// password change. Commit the session as usual afterwards.
    ///
    /// The session regenerates, so its CSRF token changes, and a page that is open has the old one. A longer life that
    /// [`Session::extend`](crate::Session::extend) or [`Session::set_idle_timeout`](crate::Session::set_idle_timeout)
    /// gave ends, too: call it again for "remember me".
    ///
    /// The session counts as a new login from then on, for the absolute timeout and for
    /// [`Session::require_recent`](crate::Session::require_recent). So ask for the password, or for a recent login,
    /// before this call.
    ///
    /// If the answer of the list is lost, this call is an error, and may be made again for the same session. If nobody
    /// makes it again, the user is logged out everywhere.
    ///
    /// # Errors
    /// [`EncodeError::Ended`] when the subject's sessions were revoked meanwhile, this one among them: nothing is taken
    /// back. [`EncodeError::Backend`] without a list of revocations, without a subject in the configuration or in the
    /// session as it was loaded, or when the list failed. [`EncodeError::Random`] when the operating system's random
    /// number generator failed.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// let manager = config.subject("user_id").build()?;
    /// # let login = async || -> Result<_, Box<dyn std::error::Error>> {
    /// #     let session = manager.load_async(None::<&str>).await?;
    /// #     session.set("user_id", 42)?;
    /// #     Ok(manager.commit_async(&session).await?)
    /// # };
    /// let (phone, laptop) = (login().await?, login().await?);
    ///
    /// let session = manager.load_async(laptop).await?;
    /// manager.revoke_others(&session).await?;
    /// let laptop = manager.commit_async(&session).await?;
    /// assert_eq!(manager.load_async(phone).await?.rejected(), Some(DecodeError::Revoked));
    /// assert_eq!(manager.load_async(laptop).await?.get("user_id")?, Some(42));
    /// # Ok(()) }
    /// ```
    #[doc(alias = "password_change")]
    #[doc(alias = "log_out_other_devices")]
    pub async fn revoke_others(&self, session: &Session) -> Result<(), EncodeError> {
        let engine = self.engine();
        let owner = session.owner().filter(|owner| owner.subject.is_some());
        engine.backend.list()?;
        let Some(owner) = owner else {
            return Err(unsupported("the session has no subject: nobody is logged in, or none is configured").into());
        };
        // A call that is made again after its answer was lost asks for the same.
        let (expected, to) = session.draw_generation(&owner)?;
        let subject = owner.subject.unwrap_or_default();
        if !engine.questions().strict().revoke_subject(&subject, Only::Of(expected), to, engine.now()).await? {
            return Err(EncodeError::Ended);
        }
        session.take_generation(subject, Some(to), true);
        session.regenerate()?;
        Ok(())
    }

    /// Begins the login of a subject: call it before the password is checked and before the application looks whether
    /// the user is banned. A ban or a reset that comes after it also ends the session that this login makes. The call
    /// is optional: without it, the session of the login is ended only by what is revoked after the login's commit.
    ///
    /// # Errors
    /// As for [`SessionManager::revoke_subject`].
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// let manager = config.subject("user_id").build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// manager.begin_login(&session, &42).await?;
    /// // The password is right, and the user is not banned yet. Then another request bans the user:
    /// manager.revoke_subject(&42).await?;
    /// session.regenerate()?;
    /// session.set("user_id", 42)?;
    /// let cookies = manager.commit_async(&session).await?;
    /// assert_eq!(manager.load_async(cookies).await?.rejected(), Some(DecodeError::Revoked));
    /// # Ok(()) }
    /// ```
    pub async fn begin_login<T: Serialize + Sync + ?Sized>(
        &self,
        session: &Session,
        subject: &T,
    ) -> Result<(), BackendError> {
        let subject = self.canonical(subject)?;
        let engine = self.engine();
        let known = engine.questions().look(None, Some(&subject)).await?;
        session.take_generation(subject, known.generation, false);
        Ok(())
    }

    /// Asks now whether the session that the client holds is still good, and returns the reason why not: for a route
    /// that must not go by an answer from before
    /// ([`SessionConfig::recheck_after`](crate::SessionConfig::recheck_after)), and for a connection that outlives its
    /// request, such as a WebSocket or server-sent events. It asks the store and the list, whatever is remembered,
    /// compares both timeouts with the clock, and looks for the key among the keys of this moment. The session stays as
    /// it is.
    ///
    /// The question is about the cookie that the request brought, or about the one that the last commit of this handle
    /// sent:
    ///
    /// | answer | what happened |
    /// |---|---|
    /// | `None` | The session is good, or no cookie holds it yet. |
    /// | [`Expired`](DecodeError::Expired) | A timeout has passed: [`Timeout`](crate::Timeout) says which. Another request that extended the session sealed another cookie, which does not count here. |
    /// | [`Revoked`](DecodeError::Revoked) | The user logged out, the session or its subject was revoked, another request regenerated the session, or it lost its subject. |
    /// | [`NotStored`](DecodeError::NotStored) | The record is gone from the store, or damaged. |
    /// | [`UnknownKey`](DecodeError::UnknownKey) | The key of the cookie was dropped ([`SessionManager::set_keys`]), or is retired. |
    /// | `StaleBinding`, `NotBound` | The session is bound to a device, and the bound cookie with which the request came has ended since; or the session had to be bound by now (feature `dbsc`). |
    /// | another | The cookie was refused when the request began, for this reason. |
    ///
    /// Only a list or a store knows of a logout or a regeneration: without them, every cookie is good until it expires.
    /// A value that another request wrote is no reason, and is not seen through this handle: load the same Cookie
    /// header again to read it.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed, under every [`FailurePolicy`](crate::FailurePolicy): nobody knows then
    /// whether the session is good.
    ///
    /// ```
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new());
    /// let manager = config.subject("user_id").build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// let _ = manager.commit_async(&session).await?;
    /// assert_eq!(manager.recheck(&session).await?, None);
    /// manager.revoke_subject(&42).await?;
    /// assert_eq!(manager.recheck(&session).await?, Some(DecodeError::Revoked));
    /// # Ok(()) }
    /// ```
    pub async fn recheck(&self, session: &Session) -> Result<Option<DecodeError>, BackendError> {
        session.recheck(&self.engine()).await
    }

    /// The canonical JSON text of a subject.
    fn canonical<T: Serialize + ?Sized>(&self, subject: &T) -> Result<String, BackendError> {
        let engine = self.engine();
        let backend = &engine.backend;
        backend.list()?;
        let key = backend.subject.as_deref().ok_or_else(|| unsupported("no subject is configured"))?;
        let json = json::to_json(key, subject).map_err(|_| unsupported("the subject could not be serialized"))?;
        Ok(json::canonical(&json).into_owned())
    }
}

/// The error of a backend out of an error that nothing else can have caused.
fn backend_error(error: EncodeError) -> BackendError {
    match error {
        EncodeError::Backend(error) => error,
        error => BackendError::new(crate::error::BackendErrorKind::Unavailable, error),
    }
}
