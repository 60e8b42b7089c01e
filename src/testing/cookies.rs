//! [`TestCookies`]: makes Cookie headers that a manager accepts, and Cookie headers that it refuses.

#![expect(clippy::expect_used, reason = "a cookie that can't be made is a test that fails")]

use serde::ser::Serialize;

use crate::crypto::Key;
use crate::data::SessionData;
use crate::manager::{Codec, SessionManager};
use crate::time::{Times, UnixTime};

/// Makes Cookie headers (`name=value`, or two such pairs) of a session with the given values: a good one, and one for
/// each way of being bad.
///
/// Each call seals another session with an id of its own, at the time of the manager's clock.
///
/// # Panics
/// Every method that seals panics when the session can't be sealed: it is larger than the configuration allows, or the
/// operating system's random number generator fails.
///
/// ```
/// use sealed_session::testing::TestCookies;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let cookies = TestCookies::new(&manager).with("user_id", 42);
/// assert_eq!(manager.load([cookies.logged_in()]).get("user_id")?, Some(42));
/// for bad in [cookies.expired(), cookies.tampered(), cookies.foreign_key(), cookies.other_name()] {
///     let session = manager.load([bad]);
///     assert!(session.is_empty() && session.rejected().is_some());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TestCookies {
    codec: Codec,
    values: SessionData,
}

impl TestCookies {
    /// Makes cookies for this manager. Their sessions have no values yet.
    ///
    /// # Panics
    /// When the operating system's random number generator fails.
    ///
    /// ```
    /// use sealed_session::testing::TestCookies;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// assert!(TestCookies::new(&manager).logged_in().starts_with("tideway_session="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(manager: &SessionManager) -> Self {
        let codec = manager.codec().clone();
        let values = codec.create().expect("there should be a random number");
        Self { codec, values }
    }

    /// Puts a value into each of the sessions.
    ///
    /// # Panics
    /// When a session doesn't take the value; see [`Session::set`](crate::Session::set).
    ///
    /// ```
    /// use sealed_session::testing::TestCookies;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let cookies = TestCookies::new(&manager).with("user_id", 42).with("roles", ["editor"]);
    /// assert_eq!(manager.load([cookies.logged_in()]).keys(), ["user_id", "roles"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with<T: Serialize>(mut self, key: &str, value: T) -> Self {
        self.values.set(key, value).expect("a session should take this value");
        self
    }

    /// Makes a good cookie, of a session that a login began just now.
    ///
    /// # Panics
    /// When the session can't be sealed.
    ///
    /// ```
    /// use sealed_session::testing::TestCookies;
    /// use std::time::Duration;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load([TestCookies::new(&manager).with("user_id", 42).logged_in()]);
    /// assert!(session.contains("user_id"));
    /// assert!(session.require_recent(Duration::from_secs(60)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn logged_in(&self) -> String {
        self.header(&self.sealed(&self.data()))
    }

    /// Makes a cookie whose idle timeout ends this second. It is refused with
    /// [`DecodeError::Expired`](crate::DecodeError::Expired).
    ///
    /// # Panics
    /// When the session can't be sealed.
    ///
    /// ```
    /// use sealed_session::testing::TestCookies;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load([TestCookies::new(&manager).expired()]);
    /// assert!(session.rejected().unwrap().is_expired());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expired(&self) -> String {
        let mut data = self.data();
        let now = data.created_at();
        let last_used = UnixTime::MIN.saturating_add(now.as_secs().saturating_sub(self.codec.engine().lifetime().idle));
        data.put_times(Times { created_at: last_used, issued_at: last_used, expires_at: now });
        self.header(&self.sealed(&data))
    }

    /// Makes a good cookie and changes one character of it. It is refused with
    /// [`DecodeError::NotAuthentic`](crate::DecodeError::NotAuthentic), or with
    /// [`DecodeError::Incomplete`](crate::DecodeError::Incomplete) if the session takes two cookies.
    ///
    /// # Panics
    /// When the session can't be sealed.
    ///
    /// ```
    /// use sealed_session::{DecodeError, testing::TestCookies};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load([TestCookies::new(&manager).tampered()]);
    /// assert_eq!(session.rejected(), Some(DecodeError::NotAuthentic));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tampered(&self) -> String {
        let mut value = self.sealed(&self.data());
        // The middle is ciphertext. So the version and the key id stay as they were, and so do the unused bits of the
        // last character, and only the check of the tag can refuse the cookie.
        let middle = value.len() / 2;
        let other = if value.get(middle..).is_some_and(|rest| rest.starts_with('A')) { "B" } else { "A" };
        value.replace_range(middle..=middle, other);
        self.header(&value)
    }

    /// Makes a cookie that is sealed under a key that the manager doesn't have. It is refused with
    /// [`DecodeError::UnknownKey`](crate::DecodeError::UnknownKey). A commit does not delete it, since another node may
    /// have that key.
    ///
    /// # Panics
    /// When the session can't be sealed.
    ///
    /// ```
    /// use sealed_session::{DecodeError, testing::TestCookies};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load([TestCookies::new(&manager).foreign_key()]);
    /// assert!(matches!(session.rejected(), Some(DecodeError::UnknownKey { .. })));
    /// assert!(manager.commit(&session)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn foreign_key(&self) -> String {
        let key = Key::generate().expect("there should be a random key");
        let engine = self.codec.engine().with_keys(&key.into());
        let data = self.data();
        let mut value =
            String::with_capacity(engine.checked_chars(&data).expect("the session should fit into a cookie"));
        engine.codec.seal(&data, &mut value).expect("there should be a random nonce");
        self.header(&value)
    }

    /// Makes a cookie whose value was sealed for another cookie name, under the manager's key, and which is sent under
    /// the manager's cookie name. It is refused with [`DecodeError::NotAuthentic`](crate::DecodeError::NotAuthentic),
    /// or with [`DecodeError::Incomplete`](crate::DecodeError::Incomplete) if the session takes two cookies.
    ///
    /// # Panics
    /// When the session can't be sealed.
    ///
    /// ```
    /// use sealed_session::{DecodeError, testing::TestCookies};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load([TestCookies::new(&manager).other_name()]);
    /// assert_eq!(session.rejected(), Some(DecodeError::NotAuthentic));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn other_name(&self) -> String {
        let name = format!("{}-other", self.codec.cookie_name());
        self.header(&self.codec.encode_for(&name, &self.data()).expect("the session should fit into a cookie"))
    }

    /// Makes a session with the values and with a new id, created now.
    fn data(&self) -> SessionData {
        let new = self.codec.create().expect("there should be a random number");
        let mut data = self.values.clone();
        data.set_id(new.id());
        data.put_times(*new.times());
        data
    }

    fn sealed(&self, data: &SessionData) -> String {
        self.codec.encode(data).expect("the session should fit into a cookie")
    }

    fn header(&self, value: &str) -> String {
        self.codec.engine().cookies.header(value)
    }
}
