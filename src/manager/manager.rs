//! [`SessionManager`]: Cookie headers in, Set-Cookie headers out.

use std::sync::Arc;

use crate::backend::Backend;
use crate::codec::Codec;
use crate::config::{SessionConfig, check};
use crate::cookie::SetCookies;
use crate::error::{BackendError, ConfigError, EncodeError};
use crate::session::{Session, Source};

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
#[derive(Clone, Debug)]
pub struct SessionManager {
    pub(crate) codec: Codec,
    pub(crate) backend: Option<Arc<Backend>>,
}

impl SessionManager {
    /// The manager that the environment describes, under the prefix `TIDEWAY_`; see [`SessionConfig::from_env`].
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable.
    ///
    /// ```no_run
    /// use sealed_session::SessionManager;
    /// let manager = SessionManager::from_env()?;
    /// assert!(manager.load(None::<&str>).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        SessionConfig::from_env()?.build()
    }

    /// The session of a request, from the values of its Cookie headers: any number of them, as strings or bytes.
    ///
    /// Never fails: a cookie that is refused gives an empty session, and [`Session::rejected`] says why. The cookie is not
    /// opened before something is asked of the session, so that a request that has no use for it pays for a header scan.
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
        Session::load(Source { codec: &self.codec, backend: self.backend.as_ref() }, cookie_headers)
    }

    /// What the response must carry for the session to be kept: call it once, after the handler, whatever its outcome.
    ///
    /// Nothing when nobody looked at the session, when a new one stayed empty, or when nothing changed and it is young. A
    /// sealed cookie when it changed, is due for extension, was sealed under a previous key or migrated, and for a new one
    /// that stayed empty if the configuration says so ([`SessionConfig::save_uninitialized`]). A deletion when
    /// it was destroyed, or when a cookie was refused that no other node may know better
    /// ([`DecodeError::may_open_elsewhere`](crate::DecodeError::may_open_elsewhere)). A value that is stored replaces even
    /// such a cookie: a browser has one.
    ///
    /// What is set after this call is in no cookie until the next call.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] when a session that changed would be over the limit of a cookie, [`EncodeError::Random`] when
    /// there is no random nonce to be had. The session stays as it was, and so does the client's cookie if you send no Set-Cookie.
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
        session.commit()
    }

    /// [`SessionManager::load`] for every configuration: it also asks the backends, once, if there is one and a cookie opens.
    /// Without a backend it does what `load` does, and waits for nothing.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed and the configuration says [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
    /// Under the other policies a failure is a session: an empty one, or an admitted one.
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

    /// [`SessionManager::commit`] for every configuration: it also keeps values in the store and puts what was ended on the
    /// list of revocations, before it hands out anything that the client could act on.
    ///
    /// # Errors
    /// As for [`SessionManager::commit`]; [`EncodeError::Backend`] when a backend failed, or when the session is empty since one
    /// failed when it was loaded, and something was stored in it; [`EncodeError::Ended`] when a change has nowhere to go
    /// because another request ended the session. The session stays as it was. A mere extension that fails is no error: the
    /// client's cookie stays good.
    ///
    /// A future that is dropped before its end leaves the session as it was, too: the next commit does all of it.
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
        session.commit_async().await
    }

    /// Whether a backend is configured, so that sessions must be loaded and committed by the methods that ask it.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert!(!manager.has_backend());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn has_backend(&self) -> bool {
        self.backend.is_some()
    }

    /// The codec under this manager, for what is not a request.
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

impl SessionConfig {
    /// Checks everything and makes the manager.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem, each naming the setting and what it takes.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let error = SessionConfig::new(Key::generate()?).cookie_name("__Host-s").secure(false).build().unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "secure");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    pub fn build(self) -> Result<SessionManager, ConfigError> {
        let (codec, backend) = self.checked()?;
        Ok(SessionManager { codec, backend: backend.exists().then(|| Arc::new(backend)) })
    }

    /// Checks everything and makes a codec alone.
    ///
    /// # Errors
    /// As for [`SessionConfig::build`].
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).cookie_name("sid").build_codec()?;
    /// assert_eq!(codec.cookie_name(), "sid");
    /// assert!(SessionConfig::new(Key::generate()?).cookie_name("").build_codec().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_codec(self) -> Result<Codec, ConfigError> {
        Ok(self.checked()?.0)
    }

    fn checked(self) -> Result<(Codec, Backend), ConfigError> {
        let (Self { keys, options }, problem) = self.for_this_process();
        let mut problems = check::problems(&options);
        problems.extend(problem);
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }
        let codec = Codec::new(&keys, &options);
        codec.tell(codec.note_start());
        Ok((codec, options.backend))
    }
}
