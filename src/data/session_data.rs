//! Holds [`SessionData`], a session as a plain value.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use super::json;
use super::lifetime::end_of;
use super::read_content::from_entries;
use super::session_id::SessionId;
use super::write_content::{Fields, to_fields};
use crate::error::{EncodeError, ValueError};
use crate::format::{CSRF_KEY, Change, Entries, FIXED_LEN, Fixed, MAX_BLOCK, Namespace, Others};
use crate::time::{Times, UnixTime};

/// A session as a plain value, which [`Codec`](crate::Codec) encodes and decodes.
///
/// Each value is kept as its JSON text. Reading a value parses that text alone, and values that nobody touches are
/// copied from cookie to cookie as they are. Flash values have a separate set of keys.
///
/// A value that JSON writes as `null`, such as `None` and `()`, is no value: to store it removes the value with its
/// key, and an entry that another writer stored as `null` is not there for any call but [`SessionData::entries`] and
/// [`SessionData::flash`].
///
/// ```
/// use sealed_session::{SessionData, UnixTime};
/// use std::time::Duration;
///
/// let now = UnixTime::from_secs(1_700_000_000).unwrap();
/// let mut data = SessionData::new(now, Duration::from_secs(3600))?;
/// data.set("user_id", 42)?;
/// assert_eq!(data.get::<u64>("user_id")?, Some(42));
/// assert!(!data.is_expired(now));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionData {
    id: SessionId,
    times: Times,
    schema: u8,
    persistent: bool,
    entries: Entries,
}

impl SessionData {
    /// Makes an empty, persistent session of schema 0 with a new id. It is created at `now` and ends `ttl` (whole
    /// seconds) later.
    ///
    /// [`Codec::create`](crate::Codec::create) makes a session with the timeouts of the configuration.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `ttl` is under a second or too long for the format, [`EncodeError::Random`]
    /// when no random id can be drawn.
    ///
    /// ```
    /// use sealed_session::{EncodeError, SessionData, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert_eq!(data.expires_at(), at(13_600));
    /// assert_eq!(SessionData::new(at(10_000), Duration::ZERO), Err(EncodeError::TimeOutOfRange));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(now: UnixTime, ttl: Duration) -> Result<Self, EncodeError> {
        let times = Times { created_at: now, issued_at: now, expires_at: end_of(now, ttl)? };
        Ok(Self::with(SessionId::generate()?, times))
    }

    pub(crate) fn with(id: SessionId, times: Times) -> Self {
        Self { id, times, schema: 0, persistent: true, entries: Entries::default() }
    }

    /// Returns the id of the session.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// let copy = data.clone();
    /// assert_eq!(copy.id(), data.id());
    /// assert_ne!(manager.codec().create()?.id(), data.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Returns the time at which the session was created, or last regenerated
    /// ([`Session::regenerate`](crate::Session::regenerate)).
    ///
    /// ```
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// data.extend(at(10_600), Duration::from_secs(3600))?;
    /// assert_eq!(data.created_at(), at(10_000), "extending does not move it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn created_at(&self) -> UnixTime {
        self.times.created_at
    }

    /// Returns the time at which the session was last sealed.
    ///
    /// ```
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert_eq!(data.issued_at(), at(10_000));
    /// data.extend(at(10_600), Duration::from_secs(3600))?;
    /// assert_eq!(data.issued_at(), at(10_600));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.times.issued_at
    }

    /// Returns the time at which the session ends unless it is sealed again before.
    ///
    /// ```
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert_eq!(data.expires_at(), at(13_600));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.times.expires_at
    }

    /// Returns true when the session is over at `now`, which it is from `expires_at` on.
    ///
    /// ```
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert!(!data.is_expired(at(13_599)));
    /// assert!(data.is_expired(at(13_600)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_expired(&self, now: UnixTime) -> bool {
        now >= self.times.expires_at
    }

    /// Returns the application's number for the shape of the values that it keeps in the session.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).schema(2).build_codec()?;
    /// assert_eq!(codec.create()?.schema(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schema(&self) -> u8 {
        self.schema
    }

    /// Returns true when the browser keeps the cookie after the user closes the browser.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).persistent(false).build_codec()?;
    /// assert!(!codec.create()?.is_persistent());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.persistent
    }

    /// Sets the id. A new id removes the CSRF token, since a token belongs to one id.
    ///
    /// ```
    /// use sealed_session::SessionId;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// let id = SessionId::generate()?;
    /// data.set_id(id);
    /// assert_eq!(data.id(), id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_id(&mut self, id: SessionId) {
        if id != self.id {
            self.entries.remove(Namespace::Csrf, CSRF_KEY);
            #[cfg(feature = "dbsc")]
            self.remove_bound();
        }
        self.id = id;
    }

    /// Sets all three times, for an import or a test.
    ///
    /// # Errors
    /// [`EncodeError::TimesOutOfOrder`] unless `created_at <= issued_at <= expires_at`.
    ///
    /// ```
    /// use sealed_session::EncodeError;
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// data.set_times(at(1_000), at(2_000), at(3_000))?;
    /// assert_eq!(data.issued_at(), at(2_000));
    /// let backwards = data.set_times(at(2_000), at(1_000), at(3_000));
    /// assert_eq!(backwards, Err(EncodeError::TimesOutOfOrder));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_times(
        &mut self,
        created_at: UnixTime,
        issued_at: UnixTime,
        expires_at: UnixTime,
    ) -> Result<(), EncodeError> {
        let times = Times { created_at, issued_at, expires_at };
        if !times.are_in_order() {
            return Err(EncodeError::TimesOutOfOrder);
        }
        self.times = times;
        Ok(())
    }

    /// Sets `issued_at` to `now` and `expires_at` to `ttl` (whole seconds) later. The new end may be sooner or later
    /// than the one before.
    ///
    /// [`Codec::extend`](crate::Codec::extend) extends a session by the timeouts of the configuration.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `ttl` is under a second or too long for the format,
    /// [`EncodeError::TimesOutOfOrder`] when `now` is before the session was created.
    ///
    /// ```
    /// # use sealed_session::{SessionData, UnixTime};
    /// # use std::time::Duration;
    /// # let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// data.extend(at(10_600), Duration::from_secs(60))?;
    /// assert_eq!(data.expires_at(), at(10_660), "a shorter life is taken too");
    /// assert!(data.extend(at(9_999), Duration::from_secs(60)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "rolling")]
    #[doc(alias = "sliding")]
    #[doc(alias = "refresh")]
    pub fn extend(&mut self, now: UnixTime, ttl: Duration) -> Result<(), EncodeError> {
        self.set_times(self.times.created_at, now, end_of(now, ttl)?)
    }

    /// Sets the application's schema number.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_schema(1);
    /// assert!(manager.codec().encode(&data).is_err(), "this codec opens schema 0");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_schema(&mut self, schema: u8) {
        self.schema = schema;
    }

    /// Sets whether the browser keeps the cookie after the user closes the browser.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_persistent(false);
    /// let back = manager.codec().decode(&manager.codec().encode(&data)?)?;
    /// assert!(!back.is_persistent());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_persistent(&mut self, persistent: bool) {
        self.persistent = persistent;
    }

    /// Reads the value with this key. Returns `None` when there is none. `T` may borrow from the session, as a `&str`
    /// does.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// assert_eq!(data.get("user_id")?, Some(42));
    /// assert!(data.get::<String>("user_id").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get<'a, T: Deserialize<'a>>(&'a self, key: &str) -> Result<Option<T>, ValueError> {
        self.read(Namespace::Data, key)
    }

    /// Stores a value. Returns true when this changed anything: an equal value does not, in whatever order a map or a
    /// `HashSet` has its elements. `None` removes the value.
    ///
    /// # Errors
    /// [`ValueError::Serialize`], [`ValueError::NonFinite`], [`ValueError::TooDeep`], [`ValueError::KeyLength`],
    /// [`ValueError::Reserved`], [`ValueError::TooLong`] and [`ValueError::Full`]; nothing is stored then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// assert!(data.set("visits", 1)?);
    /// assert!(!data.set("visits", 1)?, "it was there already");
    /// assert!(data.set("visits", 2)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set<T: Serialize>(&mut self, key: &str, value: T) -> Result<bool, ValueError> {
        self.put(Namespace::Data, key, &json::to_json(key, &value)?)
    }

    /// Removes the value with this key and returns it. Returns `None` when there was none.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`; the value stays then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("coupon", "SPRING")?;
    /// assert!(data.remove::<u64>("coupon").is_err(), "no number, so it stays");
    /// assert_eq!(data.remove("coupon")?, Some("SPRING".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ValueError> {
        self.take(Namespace::Data, key)
    }

    /// Removes a value without reading it. Returns true when there was one.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("coupon", "SPRING")?;
    /// assert!(data.discard("coupon"));
    /// assert!(!data.discard("coupon"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn discard(&mut self, key: &str) -> bool {
        self.remove_in(Namespace::Data, key)
    }

    /// Returns true when there is a value with this key.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// data.set_flash("notice", "Saved")?;
    /// assert!(data.contains("user_id"));
    /// assert!(!data.contains("notice"), "a flash value is none of the values");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.json(Namespace::Data, key).is_some()
    }

    /// Returns the values in the order in which they were first stored, each as its key and its JSON text. If another
    /// writer of the format stored a `null`, it is among them; all other calls take it for absent.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// data.set("cart", ["apple"])?;
    /// let entries: Vec<_> = data.entries().collect();
    /// assert_eq!(entries, [("user_id", "42"), ("cart", r#"["apple"]"#)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.in_namespace(Namespace::Data)
    }

    /// Returns the entries of a namespace that hold a value.
    pub(crate) fn values(&self, namespace: Namespace) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.entries.in_namespace(namespace).filter(|(_, json)| !json::is_null(json))
    }

    /// Returns the number of values. Flash values are not counted.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// data.set_flash("notice", "Saved")?;
    /// assert_eq!(data.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.values(Namespace::Data).count()
    }

    /// Returns true when there is no value, no flash value and no CSRF token.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// assert!(data.is_empty());
    /// data.set_flash("notice", "Saved")?;
    /// assert!(!data.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_value = |namespace| match namespace {
            Namespace::Data | Namespace::Flash | Namespace::Csrf => true,
            Namespace::Generation | Namespace::Idle => false,
            #[cfg(feature = "dbsc")]
            Namespace::Bound => false,
        };
        self.entries.iter().all(|entry| !is_value(entry.namespace) || json::is_null(entry.json))
    }

    /// Removes every value. Flash values stay. Returns true when there was a value.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("user_id", 42)?;
    /// data.set_flash("notice", "Saved")?;
    /// assert!(data.clear());
    /// assert_eq!((data.len(), data.flash().count()), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) -> bool {
        let is_there = self.values(Namespace::Data).next().is_some();
        self.entries.clear(Namespace::Data);
        is_there
    }

    /// Reads all values as one struct or map, each field from the value with its name. `T` may borrow from the session.
    /// A map that keeps an order keeps that of [`SessionData::entries`].
    ///
    /// # Errors
    /// [`ValueError::Missing`] names a field that there is no value for, [`ValueError::Deserialize`] one whose value is
    /// of another type, and [`ValueError::Unknown`] a value that the type refuses.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("visits", 2)?;
    /// data.set("orders", 1)?;
    /// let all: BTreeMap<String, u32> = data.data()?;
    /// assert_eq!(all["visits"] + all["orders"], 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ValueError> {
        from_entries(&self.entries.in_namespace(Namespace::Data))
    }

    /// Replaces all values by the fields of a struct or map. Values that it doesn't have are removed, and flash values
    /// stay. Returns true when this changed anything.
    ///
    /// # Errors
    /// [`ValueError::NotAMap`], and those of [`SessionData::set`], which name the field; nothing is changed then.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set("draft", true)?;
    /// assert!(data.set_data(&BTreeMap::from([("visits", 2)]))?);
    /// assert_eq!(data.get("visits")?, Some(2));
    /// assert!(!data.contains("draft"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_data<T: Serialize + ?Sized>(&mut self, content: &T) -> Result<bool, ValueError> {
        self.put_all(&to_fields(content)?)
    }

    /// Stores a flash value for the next request that takes it. Returns true when this changed anything.
    ///
    /// # Errors
    /// [`ValueError::Serialize`], [`ValueError::NonFinite`], [`ValueError::TooDeep`], [`ValueError::KeyLength`],
    /// [`ValueError::TooLong`] and [`ValueError::Full`]; nothing is stored then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// assert!(data.set_flash("notice", "Saved")?);
    /// assert_eq!(data.take_flash("notice")?, Some("Saved".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_flash<T: Serialize>(&mut self, key: &str, value: T) -> Result<bool, ValueError> {
        self.put(Namespace::Flash, key, &json::to_json(key, &value)?)
    }

    /// Stores each field of a struct or map as a flash value. Other flash values stay. Returns true when this changed
    /// anything.
    ///
    /// # Errors
    /// [`ValueError::NotAMap`], and those of [`SessionData::set_flash`], which name the field; nothing is stored then.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_flash("notice", "Not saved")?;
    /// assert!(data.set_flashes(&BTreeMap::from([("name", "too long"), ("town", "unknown")]))?);
    /// assert_eq!(data.flash().count(), 3);
    /// assert_eq!(data.take_flash("town")?, Some("unknown".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_flashes<T: Serialize + ?Sized>(&mut self, values: &T) -> Result<bool, ValueError> {
        self.put_fields(Namespace::Flash, &to_fields(values)?, &[])
    }

    /// Removes the flash value with this key and returns it. Returns `None` when there was none.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`; the value stays then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_flash("notice", "Saved")?;
    /// assert_eq!(data.take_flash("notice")?, Some("Saved".to_owned()));
    /// assert_eq!(data.take_flash::<String>("notice")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_flash<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ValueError> {
        self.take(Namespace::Flash, key)
    }

    /// Returns the flash values without taking them, each as its key and its JSON text.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_flash("notice", "Saved")?;
    /// assert_eq!(data.flash().next(), Some(("notice", r#""Saved""#)));
    /// assert_eq!(data.flash().count(), 1, "looking takes nothing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flash(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.in_namespace(Namespace::Flash)
    }

    /// Removes every flash value and returns them, each with its key.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when one of the flash values is not a `T`; all of them stay then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let mut data = manager.codec().create()?;
    /// data.set_flash("notice", "Saved")?;
    /// data.set_flash("tries", 3)?;
    /// assert!(data.flashes::<String>().is_err(), "3 is no text, so both stay");
    /// assert_eq!(data.flashes::<serde_json::Value>()?.len(), 2);
    /// assert_eq!(data.flash().count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flashes<T: DeserializeOwned>(&mut self) -> Result<Vec<(String, T)>, ValueError> {
        let taken = self
            .values(Namespace::Flash)
            .map(|(key, json)| Ok((key.to_owned(), json::from_json(key, json)?)))
            .collect::<Result<_, _>>()?;
        self.clear_flashes();
        Ok(taken)
    }

    /// Returns true when the session holds anything besides flash values and the CSRF token.
    pub(crate) fn has_values(&self) -> bool {
        self.values(Namespace::Data).next().is_some()
    }

    /// Returns the JSON text of a value; `None` when there is none, and when it is `null`.
    pub(crate) fn json(&self, namespace: Namespace, key: &str) -> Option<&str> {
        self.entries.get(namespace, key).filter(|json| !json::is_null(json))
    }

    /// Puts a JSON text in its place; `null` removes what is there. A text of the value that is there changes nothing.
    pub(crate) fn put(&mut self, namespace: Namespace, key: &str, json: &str) -> Result<bool, ValueError> {
        if json::is_null(json) {
            return Ok(self.remove_in(namespace, key));
        }
        if self.json(namespace, key).is_some_and(|old| json::is_equal(old, json)) {
            return Ok(false);
        }
        json::check_depth(key, json)?;
        self.entries.put(namespace, key, json)
    }

    /// Puts each field in its place, and removes the other values.
    pub(crate) fn put_all(&mut self, fields: &Fields) -> Result<bool, ValueError> {
        self.apply(Namespace::Data, fields, &[], Others::Go(Namespace::Data))
    }

    /// Puts each field in its place, and removes the values that are `gone`.
    pub(crate) fn put_fields(
        &mut self,
        namespace: Namespace,
        fields: &Fields,
        gone: &[String],
    ) -> Result<bool, ValueError> {
        self.apply(namespace, fields, gone, Others::Stay)
    }

    /// Writes and removes several values in one pass. A text of the value that is there changes nothing.
    fn apply(
        &mut self,
        namespace: Namespace,
        fields: &Fields,
        gone: &[String],
        others: Others,
    ) -> Result<bool, ValueError> {
        for (key, json) in fields {
            json::check_depth(key, json)?;
        }
        let gone = gone.iter().map(|key| Change { namespace, key, json: None });
        let written = fields.iter().map(|(key, json)| Change { namespace, key, json: Some(json) });
        self.entries.apply(gone.chain(written), others, json::is_equal)
    }

    /// Removes every flash value. Returns true when there was one.
    pub(crate) fn clear_flashes(&mut self) -> bool {
        let is_there = self.values(Namespace::Flash).next().is_some();
        self.entries.clear(Namespace::Flash);
        is_there
    }

    pub(crate) fn remove_in(&mut self, namespace: Namespace, key: &str) -> bool {
        let is_there = self.json(namespace, key).is_some();
        self.entries.remove(namespace, key);
        is_there
    }

    pub(crate) fn times(&self) -> &Times {
        &self.times
    }

    pub(crate) fn put_times(&mut self, times: Times) {
        self.times = times;
    }

    /// Returns the same session without its entries.
    pub(crate) fn without_entries(&self) -> Self {
        let Self { id, times, schema, persistent, entries: _ } = *self;
        Self { id, times, schema, persistent, entries: Entries::default() }
    }

    /// Takes the entries of another session, and the schema in which they are written.
    pub(crate) fn take_content(&mut self, other: Self) {
        self.entries = other.entries;
        self.schema = other.schema;
    }

    /// Returns the bytes that entries may still fill, in a cookie or in a store.
    pub(crate) fn room(&self) -> usize {
        MAX_BLOCK.saturating_sub(self.entries.as_bytes().len())
    }

    pub(crate) fn content(&self) -> &Entries {
        &self.entries
    }

    pub(crate) fn set_content(&mut self, entries: Entries) {
        self.entries = entries;
    }

    /// Gives the session another id and leaves everything that it holds, unlike [`SessionData::set_id`]: it is the same
    /// session for its browser, and only copies of the cookie from before are to be told from it.
    #[cfg(feature = "dbsc")]
    pub(crate) fn rename(&mut self, id: SessionId) {
        self.id = id;
    }

    /// Returns the bytes of the plaintext without its padding.
    pub(crate) fn plaintext_len(&self) -> usize {
        FIXED_LEN.saturating_add(self.entries.as_bytes().len())
    }

    /// Appends the plaintext without its padding.
    pub(crate) fn write_plaintext(&self, plaintext: &mut Vec<u8>) {
        let Self { id, times, schema, persistent, entries } = self;
        Fixed { persistent: *persistent, schema: *schema, id: id.to_bytes(), times: *times }.write(plaintext);
        plaintext.extend_from_slice(entries.as_bytes());
    }

    /// Reads a plaintext. Returns `None` when the bytes are not the plaintext of a session.
    pub(crate) fn read_plaintext(plaintext: &[u8]) -> Option<Self> {
        let (fixed, entries) = plaintext.split_first_chunk()?;
        let Fixed { persistent, schema, id, times } = Fixed::read(fixed)?;
        let entries = Entries::parse(entries)?;
        Some(Self { id: SessionId::from_bytes(id), times, schema, persistent, entries })
    }

    /// Returns the `count` largest entries, largest first: the key of each, and the bytes that it takes.
    pub(crate) fn largest(&self, count: usize) -> Vec<(String, usize)> {
        let mut sizes: Vec<_> = self.entries.iter().map(|entry| (entry.key.to_owned(), entry.size())).collect();
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        sizes.truncate(count);
        sizes
    }

    fn read<'a, T: Deserialize<'a>>(&'a self, namespace: Namespace, key: &str) -> Result<Option<T>, ValueError> {
        self.json(namespace, key).map(|json| json::from_json(key, json)).transpose()
    }

    fn take<T: DeserializeOwned>(&mut self, namespace: Namespace, key: &str) -> Result<Option<T>, ValueError> {
        let value = self.read(namespace, key)?;
        self.entries.remove(namespace, key);
        Ok(value)
    }
}

/// Never shows a value, a flash value or the whole id.
impl fmt::Debug for SessionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionData")
            .field("id", &self.id)
            .field("created_at", &self.times.created_at)
            .field("issued_at", &self.times.issued_at)
            .field("expires_at", &self.times.expires_at)
            .field("schema", &self.schema)
            .field("persistent", &self.persistent)
            .field("entries", &self.entries().count())
            .field("flash", &self.flash().count())
            .finish()
    }
}
