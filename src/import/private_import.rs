//! Holds [`PrivateImport`], which says how the old cookies of one name are opened, read and deleted.

use std::error::Error;
use std::fmt;

use super::key::ImportKey;
use crate::data::SessionData;
use crate::time::UnixTime;

/// The old cookies of one name, sealed by cookie-rs's private jar: their key, and the function that reads them.
///
/// [`SessionConfig::import`](crate::SessionConfig::import) takes any number of imports. When several have one name,
/// such as the same cookie under two old keys, the first key that opens the cookie counts. Imports of different names
/// are put together in one session, in their order.
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

/// The Domain attribute of an old cookie.
enum Domain {
    /// The old cookie has the Domain of the session cookie.
    Ours,
    /// The old cookie has this Domain, or none.
    Its(Option<String>),
}

/// A function that reads the text of an old cookie into a session.
type Read = dyn Fn(&str, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync;

impl PrivateImport {
    /// Imports the cookie of this name, sealed under this key. `read` puts the values of the cookie's text into a new
    /// session. [`actix_session`](super::actix_session), [`tideway`](super::tideway),
    /// [`json_object`](super::json_object) and [`text`](super::text) are such functions.
    ///
    /// The name may be that of the session cookie, or another. It is compared byte for byte, so it may only hold
    /// letters, digits and `!$&'*+-._~`, which no framework encodes.
    ///
    /// The function gets a session that was created at the present time. It may set `created_at` to an earlier time,
    /// and must be sure of that time, since the absolute timeout and
    /// [`Session::require_recent`](crate::Session::require_recent) count from it. Any other time, id or schema that it
    /// sets is dropped. An error refuses the import, with [`DecodeError::NotImported`](crate::DecodeError). The
    /// function runs under the lock of the session, as that of
    /// [`SessionConfig::migrate`](crate::SessionConfig::migrate) does.
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

    /// Sets the time at which the import ends. From then on nothing is imported, and the old cookies are treated as any
    /// foreign cookie. By default an import never ends. A good end is the day of the move plus the longest life that
    /// the old application gave a session.
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

    /// Sets the Path that the old cookie was set with. The default is that of the new cookie. A deletion must name the
    /// Path, or the browser keeps the old cookie.
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

    /// Sets the Domain that the old cookie was set with, `None` for none. The default is that of the new cookie. A
    /// deletion must name the Domain, or the browser keeps the old cookie.
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

    /// Sets whether the deletion of the old cookie says Secure. The default is what the new cookie says.
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

    /// Returns the Path and the Secure attribute that were set for the old cookie. `None` stands for those of the
    /// session cookie.
    pub(crate) fn overrides(&self) -> (Option<&str>, Option<bool>) {
        (self.path.as_deref(), self.secure)
    }

    /// Returns the Domain of the old cookie, if that of the session cookie is `ours`.
    pub(crate) fn domain_beside<'a>(&'a self, ours: Option<&'a str>) -> Option<&'a str> {
        match &self.domain {
            Domain::Ours => ours,
            Domain::Its(domain) => domain.as_deref(),
        }
    }
}

/// Shows the name and the end, and no key.
impl fmt::Debug for PrivateImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateImport").field("name", &self.name).field("until", &self.until).finish_non_exhaustive()
    }
}
