//! [`SessionManager`]: Cookie headers in, Set-Cookie headers out.

use std::fmt;
use std::iter;
use std::sync::Arc;

use super::codec::Codec;
use crate::cookie::SetCookies;
use crate::crypto::KeyRing;
use crate::error::{BackendError, EncodeError};
use crate::session::{Dispensable, Engine, Session};

/// Loads the session of a request and commits it to the response. One for the whole application; cheap to clone.
///
/// ```
/// use sealed_session::{Key, SessionConfig};
///
/// let manager = SessionConfig::new(Key::generate()?).build()?;
///
/// // A request without a cookie, whose handler logs someone in.
/// let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
///
/// // The next request brings the cookie back.
/// let cookie = set_cookie.split(';').next().unwrap();
/// let session = manager.load([cookie]);
/// assert_eq!(session.get::<u64>("user_id")?, Some(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SessionManager {
    codec: Codec,
}

impl SessionManager {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { codec: Codec::new(engine) }
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        self.codec.engine()
    }

    /// Replaces the keys, here and in every clone of this manager and of its codec. The next request uses the new keys.
    ///
    /// A request that is under way ends with the keys with which it began, so no request sees two rings, and what was
    /// admitted under a key that you drop is not sealed under a new one. Requests read the keys without a lock. The old
    /// keys are wiped when the last such request ends.
    ///
    /// The order of a rotation stays that of [`KeyRing`]: every node learns a new key as a previous one before one of
    /// them seals with it. [`EnvReader::read_keys`](crate::EnvReader::read_keys) reads the keys anew from where
    /// `from_env` found them; `examples/live_keys` watches their files.
    ///
    /// ```
    /// use sealed_session::{Key, KeyRing, SessionConfig};
    /// let key = |byte| Key::from_bytes(&std::array::from_fn(|n| if n == 0 { byte } else { 7 }));
    /// let (old, new) = (|| key(1), || key(2));
    /// let manager = SessionConfig::new(old()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let cookies = manager.commit(&session)?;
    ///
    /// manager.set_keys(KeyRing::new(new()?, vec![old()?])?);
    /// let session = manager.load(cookies); // the old key still opens
    /// assert_eq!(session.get("user_id")?, Some(42));
    /// let cookies = manager.commit(&session)?; // and the new one seals
    ///
    /// manager.set_keys(new()?);
    /// assert_eq!(manager.load(cookies).get("user_id")?, Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "rotate")]
    #[doc(alias = "reload")]
    pub fn set_keys(&self, keys: impl Into<KeyRing>) {
        self.codec.live.set_keys(&keys.into());
    }

    /// The session of a request, from the values of its Cookie headers: any number of them, as strings or bytes.
    ///
    /// Never fails: a cookie that is refused gives an empty session, and [`Session::rejected`] says why. The cookie is
    /// not opened before something is asked of the session, so a request that does not use its session only pays for a
    /// header scan.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load(["theme=dark", "lang=en"]);
    /// assert!(session.rejected().is_none() && session.is_empty());
    /// let session = manager.load([b"tideway_session=\xff".as_slice()]);
    /// assert!(session.rejected().is_some() && session.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn load<H: AsRef<[u8]>>(&self, cookie_headers: impl IntoIterator<Item = H>) -> Session {
        Session::load(&self.codec.live.borrow(), cookie_headers)
    }

    /// True when this manager, or a clone of it, loaded the session.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn has_loaded(&self, session: &Session) -> bool {
        session.is_of(&self.codec.live.borrow())
    }

    /// Returns the Set-Cookie lines that keep the session. Call this once, after the handler, whatever its outcome.
    ///
    /// There are none when nobody looked at the session, when a new session stayed empty, or when nothing changed and
    /// the session is young. There is a sealed cookie when the session changed, is due for extension, was sealed under
    /// a previous key or migrated, and for a new session that stayed empty if the configuration says so
    /// ([`SessionConfig::save_uninitialized`](crate::SessionConfig::save_uninitialized)). There is a deletion when the
    /// session was destroyed. A cookie that was refused is left alone until something is stored or the session is
    /// destroyed.
    ///
    /// A value that is set after this call goes into the cookie of the next call. If an adapter has sent the response
    /// already, it is too late for a cookie ([`Event::ChangedTooLate`](crate::Event::ChangedTooLate)).
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] when a session that changed would be over the limit of a cookie,
    /// [`EncodeError::Random`] when there is no random nonce to be had, [`EncodeError::Ended`] when a session that
    /// changed is past its absolute timeout by now. The session stays as it was, and so does the client's cookie if you
    /// send no Set-Cookie.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(manager.commit(&session)?.is_empty(), "a new session without a value needs no cookie");
    /// session.set("user_id", 42)?;
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.starts_with("tideway_session="));
    /// assert!(manager.commit(&session)?.is_empty(), "nothing changed since");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commit(&self, session: &Session) -> Result<SetCookies, EncodeError> {
        let is_too_late = session.is_too_late();
        let set_cookies = session.commit(|| Dispensable::Send)?;
        if is_too_late {
            session.tell_too_late();
        }
        Ok(set_cookies)
    }

    /// [`SessionManager::load`] for every configuration: it also asks the backends about the cookies that open, the
    /// newest first, until one is admitted. Without a backend it does what `load` does, and waits for nothing.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed and the configuration says
    /// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail). Under the other policies a failure is a session: an empty
    /// one, or an admitted one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load_async(["theme=dark"]).await?;
    /// assert!(session.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn load_async<H: AsRef<[u8]>>(
        &self,
        cookie_headers: impl IntoIterator<Item = H>,
    ) -> Result<Session, BackendError> {
        let session = self.load(cookie_headers);
        session.ask().await?;
        Ok(session)
    }

    /// [`SessionManager::commit`] for every configuration: it also keeps values in the store and puts what was ended on
    /// the list of revocations, before it hands out anything that the client could act on.
    ///
    /// # Errors
    /// As for [`SessionManager::commit`]; [`EncodeError::Backend`] when a backend failed, or when the session is empty
    /// since one failed when it was loaded, and something was stored in it; [`EncodeError::Ended`] when a change can't
    /// be kept because another request ended the session or regenerated it: a conflict (409), and no fault of the
    /// server. The session stays as it was. A mere extension that fails is no error: the client's cookie stays good.
    ///
    /// If this future is dropped before its end, the session also stays as it was. The next commit does what is left to
    /// do, with the same result as one commit.
    ///
    /// In a store, writes of other requests to other keys stay; after the commit the session has them, too.
    ///
    /// A streamed body, a task, or what goes on after an upgrade may call this when an adapter has sent the response.
    /// What a backend keeps is kept then: the values of a session that had a record already, and the end of a session.
    /// For everything else it is too late ([`Event::ChangedTooLate`](crate::Event::ChangedTooLate)).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load_async(None::<&str>).await?;
    /// session.set("user_id", 42)?;
    /// assert_eq!(manager.commit_async(&session).await?.into_iter().count(), 1);
    /// # Ok(()) }
    /// ```
    pub async fn commit_async(&self, session: &Session) -> Result<SetCookies, EncodeError> {
        let is_too_late = session.is_too_late();
        let set_cookies = session.commit_async(Dispensable::Send).await?;
        if is_too_late {
            session.tell_too_late();
        }
        Ok(set_cookies)
    }

    /// Returns true when a backend is configured, so that sessions must be loaded and committed by the async methods.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert!(!manager.has_backend());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn has_backend(&self) -> bool {
        self.codec.live.borrow().backend.exists()
    }

    /// The codec under this manager, for what is not a request.
    ///
    /// Whatever it seals opens as a session cookie, and a session cookie opens as what it sealed. So don't seal with it
    /// what is handed to somebody else, such as the token of a link in an e-mail: whoever has the token could log in
    /// with it. Build a codec of another audience for that ([`SessionConfig::audience`](crate::SessionConfig::audience)
    /// and [`SessionConfig::build_codec`](crate::SessionConfig::build_codec)); docs/recipes/email-link.md has the
    /// program.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// let session = manager.load([format!("tideway_session={}", manager.codec().encode(&data)?)]);
    /// assert_eq!(session.get("user_id")?, Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.codec
    }
}

/// Shows the codec, the ids of the keys with the one that seals first, the backends and the device binding, and no key.
impl fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = self.engine();
        let backend = Some(&engine.backend).filter(|backend| backend.exists());
        let sealer = engine.codec.sealer();
        let key_ids: Vec<_> = iter::once(sealer.primary().id()).chain(sealer.previous_ids()).collect();
        let mut shown = f.debug_struct("SessionManager");
        shown.field("codec", &self.codec).field("key_ids", &key_ids).field("backend", &backend);
        #[cfg(feature = "dbsc")]
        shown.field("device_binding", &engine.binder);
        shown.finish()
    }
}
