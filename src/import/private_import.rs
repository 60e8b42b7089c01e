//! [`PrivateImport`]: one old cookie, and how it is read.

use std::error::Error;
use std::fmt;

use super::key::ImportKey;
use crate::data::SessionData;
use crate::time::UnixTime;

/// Old cookies of one name, sealed by cookie-rs's private jar: their key, and how to read what is in them.
///
/// [`SessionConfig::import`](crate::SessionConfig::import) takes any number of them. Of those with one name, such as the same cookie under two old keys,
/// the first key that opens the cookie counts. Those of different names are put together in one session, in their order.
///
/// ```
/// use sealed_session::import::{self, ImportKey, PrivateImport};
/// use sealed_session::{Key, SessionConfig};
/// # let (digits, secret_key) = ("0123456789abcdef".repeat(8), "hPrRyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=");
/// let config = SessionConfig::new(Key::generate()?)
///     .import(PrivateImport::new(ImportKey::from_hex(&digits)?, "tideway_session", import::tideway))
///     .import(PrivateImport::new(ImportKey::from_rocket(secret_key)?, "user_id", import::text("user_id")));
/// assert!(config.build().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PrivateImport {
    pub(super) key: ImportKey,
    name: String,
    pub(super) read: Box<Read>,
    pub(super) until: UnixTime,
    path: Option<String>,
    domain: Domain,
    secure: Option<bool>,
}

/// The Domain of an old cookie.
enum Domain {
    /// That of our cookie.
    Ours,
    Its(Option<String>),
}

/// What reads the text of an old cookie into a session.
type Read = dyn Fn(&str, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync;

impl PrivateImport {
    /// Imports the cookie of this name, sealed under this key, by a function that puts the values of its text into a new
    /// session. [`actix_session`](super::actix_session), [`tideway`](super::tideway), [`json_object`](super::json_object) and [`text`](super::text) are such functions.
    ///
    /// The name may be that of the new cookie, or another. It is compared byte for byte, so it may only hold letters, digits
    /// and `!$&'*+-._~`, which no framework encodes.
    ///
    /// The function gets a session created now. It may set `created_at` to an earlier time, which it must know: the
    /// absolute timeout and [`Session::require_recent`](crate::Session::require_recent) count from it. Whatever other time,
    /// id or schema it sets is not kept. An error refuses the import, with [`DecodeError::NotImported`](crate::DecodeError).
    /// It runs under the lock of the session, as [`SessionConfig::migrate`](crate::SessionConfig::migrate) does.
    ///
    /// ```
    /// use sealed_session::import::{ImportKey, PrivateImport};
    /// use sealed_session::{Key, SessionConfig};
    /// # let old_key: Vec<u8> = (0..64).collect();
    /// # let mut jar = cookie::CookieJar::new();
    /// # jar.private_mut(&cookie::Key::from(&old_key)).add(("login", "42|Ada"));
    /// # let old_cookie = jar.get("login").unwrap().to_string();
    /// let login = PrivateImport::new(ImportKey::from_bytes(&old_key)?, "login", |text, data| {
    ///     let (id, name) = text.split_once('|').ok_or("a login has two parts")?;
    ///     data.set("user_id", id.parse::<u64>()?)?;
    ///     data.set("name", name)?;
    ///     Ok(())
    /// });
    /// let manager = SessionConfig::new(Key::generate()?).import(login).build()?;
    /// assert_eq!(manager.load([old_cookie]).get("user_id")?, Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new<F>(key: ImportKey, cookie_name: impl Into<String>, read: F) -> Self
    where
        F: Fn(&str, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    {
        let (name, read, until) = (cookie_name.into(), Box::new(read), UnixTime::MAX);
        Self { key, name, read, until, path: None, domain: Domain::Ours, secure: None }
    }

    /// When the import ends: from this time on, nothing is imported, and the old cookies are as foreign as any. Never by
    /// default. A good end is the longest life that the old application gave a session, from the day of the move.
    ///
    /// ```
    /// use sealed_session::import::{self, ImportKey, PrivateImport};
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// # let old_key: Vec<u8> = (0..64).collect();
    /// # let mut jar = cookie::CookieJar::new();
    /// # jar.private_mut(&cookie::Key::from(&old_key)).add(("user", "42"));
    /// # let old_cookie = jar.get("user").unwrap().to_string();
    /// let end = UnixTime::from_secs(1_800_000_000).unwrap();
    /// let old = PrivateImport::new(ImportKey::from_bytes(&old_key)?, "user", import::text("user")).until(end);
    /// let manager = SessionConfig::new(Key::generate()?).import(old).clock(move || end).build()?;
    /// assert!(manager.load([old_cookie]).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn until(mut self, end: UnixTime) -> Self {
        self.until = end;
        self
    }

    /// The Path that the old cookie was set with; that of the new cookie by default. A deletion must name it, or the browser
    /// keeps the old cookie.
    ///
    /// ```
    /// use sealed_session::import::{self, ImportKey, PrivateImport};
    /// # let key: Vec<u8> = (0..64).collect();
    /// let old = PrivateImport::new(ImportKey::from_bytes(&key)?, "user", import::text("user")).path("/shop");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The Domain that the old cookie was set with, `None` for none; that of the new cookie by default. As for
    /// [`PrivateImport::path`].
    ///
    /// ```
    /// use sealed_session::import::{self, ImportKey, PrivateImport};
    /// # let key: Vec<u8> = (0..64).collect();
    /// let old = PrivateImport::new(ImportKey::from_bytes(&key)?, "user", import::text("user")).domain("example.com");
    /// let old = old.domain(None); // or to this host alone
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn domain<'a>(mut self, domain: impl Into<Option<&'a str>>) -> Self {
        self.domain = Domain::Its(domain.into().map(str::to_owned));
        self
    }

    /// Whether the deletion of the old cookie says Secure; as the new cookie does by default.
    ///
    /// ```
    /// use sealed_session::import::{self, ImportKey, PrivateImport};
    /// # let key: Vec<u8> = (0..64).collect();
    /// let old = PrivateImport::new(ImportKey::from_bytes(&key)?, "user", import::text("user")).secure(false);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The Path and the Secure attribute that were set for the old cookie; `None` stands for that of our cookie.
    pub(crate) fn overrides(&self) -> (Option<&str>, Option<bool>) {
        (self.path.as_deref(), self.secure)
    }

    /// The Domain of the old cookie, if that of our cookie is `ours`.
    pub(crate) fn domain_beside<'a>(&'a self, ours: Option<&'a str>) -> Option<&'a str> {
        match &self.domain {
            Domain::Ours => ours,
            Domain::Its(domain) => domain.as_deref(),
        }
    }
}

/// Shows the name and no key.
impl fmt::Debug for PrivateImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateImport").field("name", &self.name).field("until", &self.until).finish_non_exhaustive()
    }
}
