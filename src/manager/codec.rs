//! [`Codec`]: sealed text outside of requests.

use std::fmt;
use std::sync::Arc;

use super::live::Live;
use crate::data::{SessionData, SessionId};
use crate::error::{DecodeError, EncodeError};
use crate::observe::SealCause;
use crate::session::Engine;
use crate::time::UnixTime;

/// Turns a session into the value of a cookie and back. Pure and synchronous: for other frameworks, queues and tests.
///
/// Made by [`SessionConfig::build_codec`](crate::SessionConfig::build_codec); cheap to clone.
///
/// ```
/// use sealed_session::{DecodeError, Key, SessionConfig};
///
/// let codec = SessionConfig::new(Key::generate()?).build_codec()?;
/// let mut data = codec.create()?;
/// data.set("user_id", 42)?;
/// let value = codec.encode(&data)?;
/// assert_eq!(codec.decode(&value)?.get("user_id")?, Some(42));
///
/// let other = SessionConfig::new(Key::generate()?).build_codec()?;
/// assert!(matches!(other.decode(&value), Err(DecodeError::UnknownKey { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Codec {
    pub(super) live: Arc<Live>,
}

impl Codec {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { live: Arc::new(Live::new(engine)) }
    }

    /// Returns the engine with the keys of the moment.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.live.engine()
    }

    /// The time by the configured clock.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// let now = UnixTime::from_secs(1_700_000_000).unwrap();
    /// let codec = SessionConfig::new(Key::generate()?).clock(move || now).build_codec()?;
    /// assert_eq!(codec.now(), now);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.live.borrow().now()
    }

    /// The name of the cookie, which every seal is bound to.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).cookie_name("__Host-shop").build_codec()?;
    /// assert_eq!(codec.cookie_name(), "__Host-shop");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.live.cookies().name()
    }

    /// An empty session with a new id, created now, with the timeouts and the schema of the configuration.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the operating system's random number generator fails.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let codec = manager.codec();
    /// let data = codec.create()?;
    /// assert!(data.is_empty());
    /// assert_eq!(data.expires_at().as_secs() - data.created_at().as_secs(), 24 * 60 * 60);
    /// assert_ne!(data.id(), codec.create()?.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(&self) -> Result<SessionData, EncodeError> {
        Ok(self.live.borrow().codec.create(SessionId::generate()?, self.now()))
    }

    /// Makes the session one issued now: its idle timeout starts anew, its absolute timeout does not move.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let config = SessionConfig::new(Key::generate()?).idle_timeout(Duration::from_secs(3600));
    /// let codec = config.clock(move || at(10_600)).build_codec()?;
    /// let mut data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// codec.extend(&mut data);
    /// assert_eq!(data.created_at(), at(10_000));
    /// assert_eq!(data.expires_at(), at(10_600 + 3600));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "rolling")]
    #[doc(alias = "sliding")]
    #[doc(alias = "refresh")]
    pub fn extend(&self, data: &mut SessionData) {
        let engine = self.live.borrow();
        let lifetime = engine.lifetime();
        let times = lifetime.slide(self.now(), data.times(), data.idle_timeout(lifetime));
        data.put_times(times);
    }

    /// Seals a session as it stands, times and all, into the value of a cookie. Two calls never give the same value.
    ///
    /// With [`SessionConfig::two_cookies`](crate::SessionConfig::two_cookies) it is the whole text, which may be longer
    /// than one cookie holds: [`SessionManager::commit`](crate::SessionManager::commit) is what cuts it in two.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] when the cookie, or both, would be over the limit, [`EncodeError::Schema`] when the
    /// session is of another schema than this codec opens, [`EncodeError::Random`] when there is no random nonce to be
    /// had, [`EncodeError::Cipher`] never in practice.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let codec = manager.codec();
    /// let mut data = codec.create()?;
    /// assert_ne!(codec.encode(&data)?, codec.encode(&data)?);
    /// data.set("draft", "x".repeat(5000))?;
    /// assert!(codec.encode(&data).is_err(), "too large for a cookie");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode(&self, data: &SessionData) -> Result<String, EncodeError> {
        let engine = self.live.borrow();
        let value = seal(&engine, data);
        engine.observers.tell_noted(match &value {
            Ok(_) => engine.note_seal(data, SealCause::Encoded),
            Err(error) => engine.note_failure(error),
        });
        value
    }

    /// [`Codec::encode`] for another cookie name, which this codec refuses.
    #[cfg(feature = "test-util")]
    pub(crate) fn encode_for(&self, cookie_name: &str, data: &SessionData) -> Result<String, EncodeError> {
        let engine = self.live.borrow();
        let mut value = String::with_capacity(engine.checked_chars(data)?);
        engine.codec.seal_for(cookie_name, data, &mut value)?;
        Ok(value)
    }

    /// Opens the value of a cookie and checks everything: form, key, seal, name and audience, both timeouts, cut-off. A
    /// session of another schema comes back migrated. `value` is the whole text from [`Codec::encode`].
    ///
    /// # Errors
    /// Every [`DecodeError`] but [`DecodeError::Incomplete`] and [`DecodeError::TooManyCandidates`]. For your log only:
    /// a client should not learn which.
    ///
    /// ```
    /// use sealed_session::DecodeError;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let codec = manager.codec();
    /// let data = codec.create()?;
    /// let value = codec.encode(&data)?;
    /// assert_eq!(codec.decode(&value)?, data);
    /// assert_eq!(codec.decode("forged"), Err(DecodeError::Malformed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode(&self, value: &str) -> Result<SessionData, DecodeError> {
        let engine = self.live.borrow();
        let Engine { codec, cookies, .. } = &**engine;
        let value = value.as_bytes();
        let (one, now) = (cookies.max_value(), || engine.now());
        let opened = if value.len() > one && cookies.second_name().is_some() {
            codec.open_long(value, cookies.max_joined(), now)
        } else {
            codec.open(value, one, now)
        };
        let opened = opened.and_then(|opened| codec.migrate(opened));
        engine.observers.tell_noted(engine.note_open(opened.as_ref(), 1));
        opened.map(|opened| opened.data).map_err(|refusal| refusal.reason)
    }
}

fn seal(engine: &Engine, data: &SessionData) -> Result<String, EncodeError> {
    let mut value = String::with_capacity(engine.checked_chars(data)?);
    engine.codec.seal(data, &mut value)?;
    Ok(value)
}

/// Shows the cookie name and no key.
impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("cookie_name", &self.cookie_name()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod known_answers;
