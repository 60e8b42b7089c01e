//! [`Session`]: the handle that a request carries.

use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::engine::Engine;
use super::shared::Shared;
use super::state::{Drawn, Login, State};
use super::status::Status;
use crate::backend::{Generation, Owner, Placement};
use crate::data::{Retired, SessionData, SessionId, json, to_fields};
use crate::error::{DecodeError, EncodeError, ValueError};
use crate::format::Namespace;
use crate::time::UnixTime;

/// The session of one request: a shared handle, cheap to clone, for any thread.
///
/// [`SessionManager::load`](crate::SessionManager::load) returns the session, and the first question asked of it opens
/// it. Every change is in memory until [`SessionManager::commit`](crate::SessionManager::commit). No lock is held while
/// your `Serialize` and `Deserialize` run; a [`migrate`](crate::SessionConfig::migrate) function, one that imports, and
/// a clock of yours run under the lock.
///
/// A value that JSON writes as `null`, such as `None` and `()`, is no value: storing it removes the value with its key,
/// and every call takes a `null` that came from elsewhere for absent.
///
/// ```
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("cart", vec!["apple", "pear"])?;
/// let cart: Option<Vec<String>> = session.get("cart")?;
/// assert_eq!(cart.unwrap().len(), 2);
/// assert!(session.get::<u64>("cart").is_err(), "a wrong type is an error, and the value stays");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Session {
    pub(super) shared: Arc<Shared>,
}

impl Session {
    /// Reads a value; `None` when there is none.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`; the value stays.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// assert_eq!(session.get("user_id")?, Some(42));
    /// assert_eq!(session.get::<u64>("cart")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ValueError> {
        self.json(Namespace::Data, key).map(|json| json::from_json(key, &json)).transpose()
    }

    /// Stores a value under a key of 1 to 127 bytes. What is stored here, [`Session::get`] gives back; what could not
    /// come back is an error. `None` removes the value.
    ///
    /// Storing an equal value changes nothing, in whatever order a map or a `HashSet` has its elements.
    ///
    /// # Errors
    /// [`ValueError::Serialize`], [`ValueError::NonFinite`], [`ValueError::TooDeep`], [`ValueError::KeyLength`],
    /// [`ValueError::Reserved`], [`ValueError::TooLong`] and [`ValueError::Full`]; nothing is stored then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("roles", ["editor", "billing"])?;
    /// assert_eq!(session.get::<Vec<String>>("roles")?.unwrap(), ["editor", "billing"]);
    /// assert!(session.set("", 1).is_err(), "a key has at least one byte");
    /// assert!(session.set("ratio", 1.0 / 0.0).is_err(), "JSON has no text for infinity");
    /// session.set("roles", None::<String>)?;
    /// assert!(!session.contains("roles"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set<T: Serialize>(&self, key: &str, value: T) -> Result<(), ValueError> {
        let json = json::to_json(key, &value)?;
        self.change(|data| data.put(Namespace::Data, key, &json))
    }

    /// Stores a value and returns the one that was there.
    ///
    /// # Errors
    /// As for [`Session::set`], and [`ValueError::Deserialize`] when the old value is not a `T`; nothing is stored
    /// then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert_eq!(session.replace::<u64, _>("visits", 1)?, None);
    /// assert_eq!(session.replace::<u64, _>("visits", 2)?, Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replace<T: DeserializeOwned, V: Serialize>(&self, key: &str, value: V) -> Result<Option<T>, ValueError> {
        let json = json::to_json(key, &value)?;
        self.swap(Namespace::Data, key, Some(&json))
    }

    /// Removes a value and returns it; `None` when there was none. [`Session::discard`] doesn't ask for its type.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`; the value stays.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("coupon", "SPRING")?;
    /// assert_eq!(session.remove("coupon")?, Some("SPRING".to_owned()));
    /// assert_eq!(session.remove::<String>("coupon")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ValueError> {
        self.swap(Namespace::Data, key, None)
    }

    /// Removes a value unread. Says whether there was one.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("coupon", "SPRING")?;
    /// assert!(session.discard("coupon"));
    /// assert!(!session.discard("coupon"), "it is gone already");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "most callers only want it gone")]
    pub fn discard(&self, key: &str) -> bool {
        self.edit(|data| data.discard(key))
    }

    /// Returns true when there is a value with this key.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// assert!(session.contains("user_id"));
    /// assert!(!session.contains("cart"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.read(|data| data.contains(key))
    }

    /// The keys of the values, in the order in which they were first stored; flash values are not among them.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// session.set("cart", ["apple"])?;
    /// session.set_flash("notice", "Saved")?;
    /// assert_eq!(session.keys(), ["user_id", "cart"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.read(|data| data.values(Namespace::Data).map(|(key, _)| key.to_owned()).collect())
    }

    /// The number of values; flash values are not counted.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// session.set_flash("notice", "Saved")?;
    /// assert_eq!(session.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.read(SessionData::len)
    }

    /// Returns true when there is neither a value nor a flash value, nor a CSRF token.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(session.is_empty());
    /// session.set_flash("notice", "Saved")?;
    /// assert!(!session.is_empty(), "a flash value counts here");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read(SessionData::is_empty)
    }

    /// Removes every value and keeps the session, its id and its flash values. See [`Session::destroy`] for a logout.
    ///
    /// In a store, this also removes values that other requests store before the commit.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("cart", ["apple"])?;
    /// session.set_flash("notice", "Your cart is empty")?;
    /// session.clear();
    /// assert!(!session.contains("cart"));
    /// assert!(session.take_flash::<String>("notice")?.is_some(), "flash values stay");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&self) {
        self.with(|state, _| state.clear());
    }

    /// Reads all values as one struct or map, each field from the value with its name, whoever stored it. A map that
    /// keeps an order keeps that of [`Session::keys`].
    ///
    /// # Errors
    /// [`ValueError::Missing`] names a field that there is no value for, [`ValueError::Deserialize`] one whose value is
    /// of another type, and [`ValueError::Unknown`] a value that the type refuses.
    ///
    /// ```
    /// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    /// struct Visitor { name: String, visits: u32 }
    ///
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set_data(&Visitor { name: "Ada".into(), visits: 1 })?;
    /// session.set("visits", 2)?;
    /// assert_eq!(session.data::<Visitor>()?, Visitor { name: "Ada".into(), visits: 2 });
    /// session.discard("name");
    /// assert!(session.data::<Visitor>().unwrap_err().to_string().starts_with("session has no value \"name\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ValueError> {
        self.contents().data()
    }

    /// Replaces all values by those of a struct or map: each field becomes a value, and all other values are removed.
    /// Flash values stay.
    ///
    /// # Errors
    /// [`ValueError::NotAMap`], and those of [`Session::set`], which name the field; nothing is changed then.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("draft", true)?;
    /// session.set_data(&BTreeMap::from([("name", "Ada"), ("town", "London")]))?;
    /// assert_eq!(session.keys(), ["name", "town"]);
    /// assert!(session.set_data(&42).is_err(), "a number has no fields");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_data<T: Serialize + ?Sized>(&self, content: &T) -> Result<(), ValueError> {
        let fields = to_fields(content)?;
        self.change(|data| data.put_all(&fields))
    }

    /// Stores a flash value, which is read once, by the request that takes it. Flash values have keys of their own.
    ///
    /// # Errors
    /// As for [`Session::set`], but that no key is reserved; nothing is stored then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set_flash("notice", "Welcome back")?;
    /// assert_eq!(session.take_flash("notice")?, Some("Welcome back".to_owned()));
    /// assert_eq!(session.take_flash::<String>("notice")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_flash<T: Serialize>(&self, key: &str, value: T) -> Result<(), ValueError> {
        let json = json::to_json(key, &value)?;
        self.change(|data| data.put(Namespace::Flash, key, &json))
    }

    /// Stores each field of a struct or map as a flash value of its own; the flash values under other keys stay. To
    /// read a map as a whole, store it as one value, with [`Session::set_flash`].
    ///
    /// # Errors
    /// [`ValueError::NotAMap`], and those of [`Session::set_flash`], which name the field; nothing is stored then.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Refused { name: &'static str, error: &'static str }
    ///
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set_flashes(&Refused { name: "Ada", error: "this name is taken" })?;
    /// assert_eq!(session.take_flash("name")?, Some("Ada".to_owned()));
    /// let left = session.flashes::<String>()?;
    /// assert_eq!(left, [("error".to_owned(), "this name is taken".to_owned())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "flash_map")]
    pub fn set_flashes<T: Serialize + ?Sized>(&self, values: &T) -> Result<(), ValueError> {
        let fields = to_fields(values)?;
        self.change(|data| data.put_fields(Namespace::Flash, &fields, &[]))
    }

    /// Takes a flash value, which is then gone from the next cookie. Flash values that nobody takes stay.
    ///
    /// In a store, a flash value that another request stored under the key meanwhile stays for the next request.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when the value is not a `T`; the value stays.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set_flash("notice", "Saved")?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert_eq!(session.take_flash("notice")?, Some("Saved".to_owned()));
    /// let session = manager.load(manager.commit(&session)?); // and so does the one after it
    /// assert_eq!(session.take_flash::<String>("notice")?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_flash<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ValueError> {
        self.swap(Namespace::Flash, key, None)
    }

    /// Takes every flash value, in the order in which they were stored.
    ///
    /// # Errors
    /// [`ValueError::Deserialize`] when one of them is not a `T`; all of them stay. `serde_json::Value` fits all.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set_flash("notice", "Saved")?;
    /// session.set_flash("warning", "Your plan ends soon")?;
    /// for (key, text) in session.flashes::<String>()? {
    ///     assert!(["notice", "warning"].contains(&key.as_str()), "{key}: {text}");
    /// }
    /// assert!(session.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flashes<T: DeserializeOwned>(&self) -> Result<Vec<(String, T)>, ValueError> {
        let flashes = |data: &SessionData| -> Vec<(String, String)> {
            data.values(Namespace::Flash).map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
        };
        loop {
            // They are read without the lock, so they may have changed meanwhile. Then they are read once more.
            let texts = self.read(flashes);
            let read = texts.iter().map(|(key, json)| Ok((key.clone(), json::from_json(key, json)?)));
            let taken = read.collect::<Result<_, _>>()?;
            let mut is_current = true;
            self.edit(|data| {
                is_current = flashes(data) == texts;
                is_current && data.clear_flashes()
            });
            if is_current {
                return Ok(taken);
            }
        }
    }

    /// Gives the session a new id and a new `created_at`, and keeps its values. Call it at login and at every other
    /// change of privilege, before storing who logged in (OWASP, "Renew the Session ID After Any Privilege Level
    /// Change").
    ///
    /// Two things end with the old id: the CSRF token, and a longer lifetime that [`Session::extend`] or
    /// [`Session::set_idle_timeout`] gave. Call these after this call, not before it.
    ///
    /// A value that someone planted before the login is kept too, and so is a value of another user who was logged in;
    /// [`Session::regenerate_empty`] drops both.
    ///
    /// A second call before a commit keeps the id that the first call drew. If there is a list of revocations or a
    /// store, the commit ends the old id; when another request has ended the session, or regenerated it, and this
    /// request wrote something, the commit is [`EncodeError::Ended`].
    ///
    /// Returns the session that the client's cookie held until now, if there was one.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the operating system's random number generator fails.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("cart", ["apple"])?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// let id = session.id()?;
    /// let retired = session.regenerate()?.unwrap();
    /// assert_eq!(retired.id, id);
    /// assert_ne!(session.id()?, id);
    /// assert!(session.contains("cart"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "renew")]
    #[doc(alias = "cycle_id")]
    pub fn regenerate(&self) -> Result<Option<Retired>, EncodeError> {
        self.with(|state, engine| state.regenerate(engine.lifetime()))
    }

    /// Does what [`Session::regenerate`] does, and drops every value and flash value. The old session ends as if by
    /// [`Session::destroy`], and the new one takes nothing over from it.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the operating system's random number generator fails; nothing is dropped then.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("next", "/planted")?;
    /// let id = session.id()?;
    /// session.regenerate_empty()?;
    /// session.set("user_id", 42)?;
    /// assert_ne!(session.id()?, id);
    /// assert_eq!(session.keys(), ["user_id"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn regenerate_empty(&self) -> Result<Option<Retired>, EncodeError> {
        self.with(State::regenerate_empty)
    }

    /// Ends the session: its values go, and the cookie is deleted. A value that is stored after this, such as a flash
    /// value that says goodbye, begins another session with another id.
    ///
    /// If there is a list of revocations or a store, the commit ends every cookie of this request that opened, and
    /// whatever another request regenerated their sessions into: copies open nothing from then on. Without either, a
    /// copy opens until it expires.
    ///
    /// Returns the session that the client's cookie held until now, if there was one.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// let id = session.id()?;
    /// assert_eq!(session.destroy().unwrap().id, id);
    /// assert!(!session.contains("user_id"));
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(set_cookie.contains("Max-Age=0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "logout")]
    #[doc(alias = "flush")]
    #[doc(alias = "purge")]
    pub fn destroy(&self) -> Option<Retired> {
        self.with(State::destroy)
    }

    /// Lets this session live for `ttl` (whole seconds), unless it would live longer anyway, but never past the
    /// absolute timeout. The time counts from when this request first looked at the session, or last committed it.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `ttl` is under a second or too long for the format.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// let week = Duration::from_secs(7 * 24 * 60 * 60);
    /// session.extend(week)?;
    /// assert_eq!(Some(session.expires_at()), session.created_at().checked_add(week));
    /// assert!(session.extend(Duration::from_millis(999)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "rolling")]
    #[doc(alias = "refresh")]
    pub fn extend(&self, ttl: Duration) -> Result<(), EncodeError> {
        self.with(|state, engine| state.extend(engine.lifetime(), ttl))
    }

    /// Sets whether the browser keeps the cookie when it is closed. It does by default
    /// ([`SessionConfig::persistent`](crate::SessionConfig::persistent)), so `set_persistent(false)` is the useful
    /// call: for a visitor who does not tick "remember me". [`Session::set_idle_timeout`] is for one who does.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// session.set_persistent(false);
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// assert!(!set_cookie.contains("Max-Age"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_persistent(&self, persistent: bool) {
        self.edit(|data| {
            let changed = data.is_persistent() != persistent;
            data.set_persistent(persistent);
            changed
        });
    }

    /// The id, for logs and lists of revocations. A new session draws it here, or when it is committed; one that stays
    /// empty is not committed, and the next request has another.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the operating system's random number generator fails.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let id = session.id()?;
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert_eq!(session.id()?, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn id(&self) -> Result<SessionId, EncodeError> {
        self.with(|state, _| state.id())
    }

    /// Returns the time at which the session was created, or last regenerated.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// let now = UnixTime::from_secs(1_700_000_000).unwrap();
    /// let manager = SessionConfig::new(Key::generate()?).clock(move || now).build()?;
    /// assert_eq!(manager.load(None::<&str>).created_at(), now);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn created_at(&self) -> UnixTime {
        self.read(SessionData::created_at)
    }

    /// Returns the time at which the cookie of this request was sealed; for a new session, the time at which it was
    /// opened.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let manager = SessionConfig::new(Key::generate()?).clock(move || at(10_600)).build()?;
    /// let data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// let session = manager.load([format!("tideway_session={}", manager.codec().encode(&data)?)]);
    /// assert_eq!(session.issued_at(), at(10_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.read(SessionData::issued_at)
    }

    /// Returns the time at which the session ends unless it is sealed again before.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let config = SessionConfig::new(Key::generate()?).idle_timeout(Duration::from_secs(900));
    /// let manager = config.clock(move || at(10_000)).build()?;
    /// assert_eq!(manager.load(None::<&str>).expires_at(), at(10_900));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.read(SessionData::expires_at)
    }

    /// Returns true when the browser keeps the cookie after the browser is closed.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(session.is_persistent(), "unless the configuration says otherwise");
    /// session.set_persistent(false);
    /// assert!(!session.is_persistent());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.read(SessionData::is_persistent)
    }

    /// Returns the state of the session so far, such as new, loaded or destroyed.
    ///
    /// ```
    /// use sealed_session::Status;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert_eq!(session.status(), Status::New);
    /// session.set("user_id", 42)?;
    /// assert_eq!(session.status(), Status::Changed);
    /// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
    /// assert_eq!(session.status(), Status::Loaded);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> Status {
        self.with(|state, _| state.status())
    }

    /// The reason why the cookie of this request was refused, if it was, whatever happened since. The reason is for
    /// your log; tell a visitor no more than whether a session has ended ([`DecodeError::is_over`]).
    ///
    /// ```
    /// use sealed_session::DecodeError;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load(["theme=dark; tideway_session=forged"]);
    /// assert_eq!(session.rejected(), Some(DecodeError::Malformed));
    /// session.set("visits", 1)?;
    /// assert!(session.rejected().is_some(), "it stays known");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rejected(&self) -> Option<DecodeError> {
        self.with(|state, _| state.rejected)
    }

    /// The number of cookies of the session's name that the request brought. More than one means that an attribute of
    /// the cookie was changed, or that a neighbour on another host of the domain plants its own. The second of two
    /// cookies is not counted.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load(["tideway_session=one; theme=dark", "tideway_session=two"]);
    /// assert_eq!(session.candidates(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.shared.candidates.count()
    }

    /// Returns true when anything was asked of the session: then the response depends on the cookie and should say
    /// `Vary: Cookie`.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(!session.is_opened());
    /// assert_eq!(session.get::<u64>("user_id")?, None);
    /// assert!(session.is_opened());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.shared.is_looked_at()
    }

    /// The exact number of bytes of entries that the cookie, or both, can still hold. A new value takes 3 bytes, its
    /// key and its JSON text. The number is 0 when the session is full, or too large to be sealed.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// let before = session.remaining_bytes();
    /// session.set("user_id", 42)?; // 3 bytes, 7 of the key, 2 of the text
    /// assert_eq!(session.remaining_bytes(), before - 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn remaining_bytes(&self) -> usize {
        self.with(|state, engine| match engine.backend.placement {
            Placement::Cookie => engine.remaining_bytes(&state.data),
            Placement::Store | Placement::Spill => state.data.room(),
        })
    }

    /// The number of bytes of the name and the value of the cookie together, if the session is sealed as it is.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let bytes = session.cookie_bytes();
    /// let set_cookie = manager.commit(&session)?.into_iter().next().unwrap();
    /// let (name, rest) = set_cookie.split_once('=').unwrap();
    /// let (value, _attributes) = rest.split_once(';').unwrap();
    /// assert_eq!(bytes, name.len() + value.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cookie_bytes(&self) -> usize {
        self.with(|state, engine| match engine.backend.placement {
            Placement::Cookie => engine.cookie_bytes(&state.data),
            Placement::Spill if engine.fits(&state.data) => engine.cookie_bytes(&state.data),
            Placement::Store | Placement::Spill => engine.cookie_bytes(&state.data.without_entries()),
        })
    }

    /// A copy of the session as a plain value; its flash values stay unread.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when it is new and there is no random id to be had.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let data = session.snapshot()?;
    /// session.clear();
    /// assert_eq!(data.get("user_id")?, Some(42), "a copy of its own");
    /// assert_eq!(data.id(), session.id()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Result<SessionData, EncodeError> {
        self.with(|state, _| {
            state.id()?;
            Ok(state.data.clone())
        })
    }

    /// A copy of the session, to be read without the lock.
    pub(super) fn contents(&self) -> SessionData {
        self.read(Clone::clone)
    }

    fn json(&self, namespace: Namespace, key: &str) -> Option<String> {
        self.read(|data| data.json(namespace, key).map(str::to_owned))
    }

    fn read<R>(&self, read: impl FnOnce(&SessionData) -> R) -> R {
        self.with(|state, _| read(&state.data))
    }

    pub(super) fn change(
        &self,
        change: impl FnOnce(&mut SessionData) -> Result<bool, ValueError>,
    ) -> Result<(), ValueError> {
        self.with(|state, _| state.change(change))
    }

    fn edit(&self, edit: impl FnOnce(&mut SessionData) -> bool) -> bool {
        self.with(|state, _| state.edit(edit))
    }

    /// Puts `new` in the place of a value and returns the old one, once it is known to be a `T`.
    fn swap<T: DeserializeOwned>(
        &self,
        namespace: Namespace,
        key: &str,
        new: Option<&str>,
    ) -> Result<Option<T>, ValueError> {
        loop {
            // Parsed without the lock, so it may have changed meanwhile: then once more.
            let old = self.json(namespace, key);
            let value = old.as_deref().map(|json| json::from_json(key, json)).transpose()?;
            let mut is_current = true;
            self.change(|data| {
                is_current = data.json(namespace, key) == old.as_deref();
                match new {
                    _ if !is_current => Ok(false),
                    Some(json) => data.put(namespace, key, json),
                    None => Ok(data.remove_in(namespace, key)),
                }
            })?;
            if is_current {
                return Ok(value);
            }
        }
    }

    pub(super) fn with<R>(&self, f: impl FnOnce(&mut State, &Engine) -> R) -> R {
        let engine = &*self.shared.engine;
        let mut state = self.lock();
        if let Some(state) = &mut *state {
            self.shared.look_at();
            return f(state, engine);
        }
        let loaded = self.shared.open();
        let opened = state.insert(loaded.state);
        self.shared.look_at();
        let result = f(opened, engine);
        // Nobody is told under the lock.
        drop(state);
        engine.observers.tell_noted(loaded.event);
        result
    }

    /// Returns the owner of the session, as the client's cookie has it.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.with(|state, _| state.held().map(|held| held.owner.clone()))
    }

    /// The generation that the subject must still have for `revoke_others`, and the one to put in its place: the same
    /// one until the list has answered.
    pub(crate) fn draw_generation(&self, owner: &Owner) -> Result<(Option<Generation>, Generation), EncodeError> {
        self.with(|state, _| {
            let subject = owner.subject.as_deref().unwrap_or_default();
            let earlier = state.login.as_ref().filter(|login| login.replaces && login.subject == subject);
            let expected = earlier.map_or(owner.generation, |login| login.generation);
            let is_it = |drawn: &&Drawn| drawn.subject == subject && drawn.expected == expected;
            if let Some(drawn) = state.drawn.as_ref().filter(is_it) {
                return Ok((expected, drawn.generation));
            }
            let generation = Generation::generate()?;
            state.drawn = Some(Drawn { subject: subject.to_owned(), expected, generation });
            Ok((expected, generation))
        })
    }

    /// Notes the generation that this session takes when it is sealed for this subject.
    pub(crate) fn take_generation(&self, subject: String, generation: Option<Generation>, replaces: bool) {
        self.with(|state, _| {
            state.login = Some(Login { subject, generation, replaces });
            state.drawn = None;
        });
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.shared.lock()
    }
}

/// Shows no value and does not open the session.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.lock() {
            None => f.write_str("Session(unopened)"),
            Some(state) => {
                f.debug_struct("Session").field("status", &state.status()).field("data", &state.data).finish()
            }
        }
    }
}
