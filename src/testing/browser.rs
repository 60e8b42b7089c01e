//! [`TestBrowser`]: carries the cookie of one response into the next request, as a browser does.

use std::fmt;

use crate::data::SessionData;
use crate::error::{BackendError, EncodeError, SetCookieError};
use crate::manager::SessionManager;
use crate::session::Session;

/// A browser that keeps the manager's cookie, or both cookies of a session that takes two, and the bound cookie
/// (feature `dbsc`). It drops a cookie only when a response deletes it: Max-Age does not end a cookie here, so that a
/// test sees whether the server ends the session. Path, Domain and Secure are ignored.
///
/// ```
/// use sealed_session::testing::TestBrowser;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let mut browser = TestBrowser::new(&manager);
/// let session = browser.load();
/// session.set("user_id", 42)?;
/// browser.commit(&session)?;
/// assert_eq!(browser.load().get("user_id")?, Some(42));
/// let session = browser.load();
/// session.destroy();
/// browser.commit(&session)?;
/// assert_eq!(browser.cookie(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TestBrowser {
    manager: SessionManager,
    cookie: Option<String>,
}

impl TestBrowser {
    /// Makes a browser without a cookie.
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert_eq!(TestBrowser::new(&manager).cookie(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(manager: &SessionManager) -> Self {
        Self { manager: manager.clone(), cookie: None }
    }

    /// Gives the browser a cookie (`name=value`), such as one of [`TestCookies`](crate::testing::TestCookies).
    ///
    /// ```
    /// use sealed_session::testing::{TestBrowser, TestCookies};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let cookies = TestCookies::new(&manager).with("user_id", 42);
    /// let browser = TestBrowser::new(&manager).with_cookie(cookies.logged_in());
    /// assert!(browser.load().contains("user_id"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookie = Some(cookie.into());
        self
    }

    /// Returns the Cookie header of the browser's next request. `None` when it has no cookie.
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let browser = TestBrowser::new(&manager).with_cookie("tideway_session=forged");
    /// assert_eq!(browser.cookie(), Some("tideway_session=forged"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Loads the session of the browser's next request.
    ///
    /// ```
    /// use sealed_session::{Status, testing::TestBrowser};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert_eq!(TestBrowser::new(&manager).load().status(), Status::New);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn load(&self) -> Session {
        self.manager.load(self.cookie())
    }

    /// Commits a session, and keeps the cookies that the response would carry.
    ///
    /// # Errors
    /// As for [`SessionManager::commit`]. The browser then keeps the cookie that it had.
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let mut browser = TestBrowser::new(&manager);
    /// let session = browser.load();
    /// session.set("draft", "x".repeat(5000))?;
    /// assert!(browser.commit(&session).is_err(), "too large for a cookie");
    /// assert_eq!(browser.cookie(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commit(&mut self, session: &Session) -> Result<(), EncodeError> {
        self.receive(self.manager.commit(session)?);
        Ok(())
    }

    /// Loads the session of the browser's next request, for every configuration: this asks the store and the list of
    /// revocations.
    ///
    /// # Errors
    /// As for [`SessionManager::load_async`].
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// use sealed_session::{Key, MemoryStore, SessionConfig};
    ///
    /// # futures_lite::future::block_on(async {
    /// let manager = SessionConfig::new(Key::generate()?).store(MemoryStore::new()).build()?;
    /// let mut browser = TestBrowser::new(&manager);
    /// let session = browser.load_async().await?;
    /// session.set("draft", "x".repeat(5000))?;
    /// browser.commit_async(&session).await?;
    /// assert!(browser.load_async().await?.contains("draft"), "it is in the store");
    /// # Ok::<(), sealed_session::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn load_async(&self) -> Result<Session, BackendError> {
        self.manager.load_async(self.cookie()).await
    }

    /// Commits a session for every configuration, as [`TestBrowser::commit`] does where there is no backend: this also
    /// keeps values in the store and tells the list of revocations.
    ///
    /// # Errors
    /// As for [`SessionManager::commit_async`]. The browser then keeps the cookie that it had.
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// use sealed_session::{DecodeError, Key, MemoryRevocations, SessionConfig};
    ///
    /// # futures_lite::future::block_on(async {
    /// let manager = SessionConfig::new(Key::generate()?).revocations(MemoryRevocations::new()).build()?;
    /// let mut browser = TestBrowser::new(&manager);
    /// let session = browser.load_async().await?;
    /// session.set("user_id", 42)?;
    /// browser.commit_async(&session).await?;
    ///
    /// let thief = browser.clone();
    /// let session = browser.load_async().await?;
    /// session.destroy();
    /// browser.commit_async(&session).await?;
    /// assert_eq!(thief.load_async().await?.rejected(), Some(DecodeError::Revoked));
    /// # Ok::<(), sealed_session::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn commit_async(&mut self, session: &Session) -> Result<(), EncodeError> {
        self.receive(self.manager.commit_async(session).await?);
        Ok(())
    }

    /// Takes the Set-Cookie headers of a response, for a test that goes through a framework. Cookies with other names
    /// are ignored.
    ///
    /// ```
    /// use sealed_session::testing::TestBrowser;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let mut browser = TestBrowser::new(&manager);
    /// browser.receive(["theme=dark; Path=/", "tideway_session=sealed; Path=/; Max-Age=60"]);
    /// assert_eq!(browser.cookie(), Some("tideway_session=sealed"));
    /// browser.receive(["tideway_session=; Path=/; Max-Age=0"]);
    /// assert_eq!(browser.cookie(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive(&mut self, set_cookies: impl IntoIterator<Item: AsRef<str>>) {
        for set_cookie in set_cookies {
            let SetCookie { name, value, is_deletion } = SetCookie::parse(set_cookie.as_ref());
            let codec = self.manager.codec();
            let engine = codec.engine();
            let is_ours = name == codec.cookie_name() || engine.cookies.second_name() == Some(name);
            #[cfg(feature = "dbsc")]
            let is_ours = is_ours || engine.binder.as_ref().is_some_and(|binder| binder.cookie.name() == name);
            if is_ours {
                self.put(name, (!is_deletion).then(|| format!("{name}={value}")));
            }
        }
    }

    /// Replaces the pairs with this name by `pair`, or drops them if `pair` is `None`.
    fn put(&mut self, name: &str, pair: Option<String>) {
        let pairs = self.cookie.iter().flat_map(|cookie| cookie.split(';')).map(str::trim);
        let others = pairs.filter(|pair| pair.split('=').next() != Some(name)).map(str::to_owned);
        let kept: Vec<_> = others.chain(pair).collect();
        self.cookie = (!kept.is_empty()).then(|| kept.join("; "));
    }
}

/// Shows no cookie, since whoever reads it could log in with it.
impl fmt::Debug for TestBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBrowser").field("has_cookie", &self.cookie.is_some()).finish_non_exhaustive()
    }
}

/// Reads the session in a Set-Cookie header of a response, as the next request will. If the session takes two cookies,
/// neither of them holds a session by itself; let [`TestBrowser::receive`] take both.
///
/// # Errors
/// [`SetCookieError`] when the header sets a cookie with another name, deletes the cookie, or sets a cookie that the
/// manager refuses.
///
/// ```
/// use sealed_session::testing::{SetCookieError, read_set_cookie};
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
/// assert_eq!(read_set_cookie(&manager, &set_cookie)?.get("user_id")?, Some(42));
///
/// session.destroy();
/// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
/// assert_eq!(read_set_cookie(&manager, &set_cookie), Err(SetCookieError::Deletion));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_set_cookie(manager: &SessionManager, set_cookie: &str) -> Result<SessionData, SetCookieError> {
    let SetCookie { name, value, is_deletion } = SetCookie::parse(set_cookie);
    let expected = manager.codec().cookie_name();
    if name != expected {
        return Err(SetCookieError::OtherName { expected: expected.to_owned(), found: name.to_owned() });
    }
    if is_deletion {
        return Err(SetCookieError::Deletion);
    }
    manager.codec().decode(value).map_err(SetCookieError::Refused)
}

/// The parts of a Set-Cookie header that [`TestBrowser`] looks at.
struct SetCookie<'a> {
    name: &'a str,
    value: &'a str,
    is_deletion: bool,
}

impl<'a> SetCookie<'a> {
    /// Splits a header by RFC 6265bis section 5.6: the pair of name and value stands first, and a pair without `=` has
    /// an empty name.
    fn parse(text: &'a str) -> Self {
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let is_deletion = attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("Max-Age=0"));
        Self { name: name.trim(), value: value.trim(), is_deletion }
    }
}
