//! [`Codec`]: between a session and the text of a cookie, with every check in its order.

use std::fmt;
use std::sync::Arc;

use crate::config::{Budget, Migrate, Options, ReadLimits, check};
use crate::cookie::{SetCookieWriter, SetCookies};
use crate::crypto::{BoundKey, KeyRing, Sealer};
use crate::data::{Lifetime, SessionData, SessionId};
use crate::error::{BackendError, DecodeError, EncodeError, Refusal};
use crate::format::wire;
#[cfg(feature = "import")]
use crate::import::Imports;
use crate::key_id::KeyId;
use crate::observe::{Event, KeyRole, Observers, SealCause};
use crate::time::{Clock, UnixTime};

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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) sealer: Sealer,
    pub(super) lifetime: Lifetime,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observers: Observers,
    pub(super) writer: SetCookieWriter,
    /// For the second cookie, of a configuration that allows one.
    pub(super) second: Option<SetCookieWriter>,
    pub(super) budget: Budget,
    pub(super) max_read_chars: ReadLimits,
    pub(super) padding_block: usize,
    pub(super) persistent: bool,
    pub(super) save_uninitialized: bool,
    pub(super) schema: u8,
    pub(super) migrate: Option<Migrate>,
    #[cfg(feature = "import")]
    pub(super) imports: Imports,
}

/// A session as it came out of a cookie.
pub(crate) struct Opened {
    pub(crate) data: SessionData,
    pub(crate) at: UnixTime,
    pub(crate) key_id: KeyId,
    /// Whether it was sealed under a previous key.
    pub(crate) is_stale: bool,
    /// Whether it came in another schema.
    pub(crate) is_migrated: bool,
    /// Whether its values came from a store.
    pub(crate) in_store: bool,
}

impl Codec {
    /// From options that have no problem.
    pub(crate) fn new(keys: &KeyRing, options: &Options) -> Self {
        let inner = Inner {
            sealer: Sealer::new(keys, &options.cookie_name, &options.audience),
            lifetime: check::lifetime(options),
            clock: Arc::clone(&options.clock),
            observers: options.observers.clone(),
            writer: SetCookieWriter::new(options, &options.cookie_name),
            second: options.two_cookies.then(|| SetCookieWriter::new(options, &check::longest_name(options))),
            budget: Budget::new(options),
            max_read_chars: ReadLimits::new(options),
            padding_block: options.padding_block,
            persistent: options.persistent,
            save_uninitialized: options.save_uninitialized,
            schema: options.schema,
            migrate: options.migrate.clone(),
            #[cfg(feature = "import")]
            imports: Imports::new(options),
        };
        Self { inner: Arc::new(inner) }
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
        self.inner.clock.now()
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
        self.inner.writer.cookie_name()
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
        Ok(self.create_with(SessionId::generate()?, self.now()))
    }

    pub(crate) fn create_with(&self, id: SessionId, now: UnixTime) -> SessionData {
        let mut data = SessionData::with(id, self.inner.lifetime.start(now));
        data.set_persistent(self.inner.persistent);
        data.set_schema(self.inner.schema);
        data
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
        let times = self.inner.lifetime.slide(self.now(), data.times());
        data.put_times(times);
    }

    /// Seals a session as it stands, times and all, into the value of a cookie. Two calls never give the same value.
    ///
    /// With [`SessionConfig::two_cookies`](crate::SessionConfig::two_cookies) it is the whole text, which may be longer than
    /// one cookie holds: [`SessionManager::commit`](crate::SessionManager::commit) is what cuts it in two.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] when the cookie, or both, would be over the limit, [`EncodeError::Schema`] when the session is of
    /// another schema than this codec opens, [`EncodeError::Random`] when there is no random nonce to be had,
    /// [`EncodeError::Cipher`] never in practice.
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
        let value = self.value(data);
        self.tell(match &value {
            Ok(_) => self.note_seal(data, SealCause::Encoded),
            Err(error) => self.note_failure(error),
        });
        value
    }

    fn value(&self, data: &SessionData) -> Result<String, EncodeError> {
        let chars = self.check(data)?;
        let mut value = String::with_capacity(chars);
        self.seal(data, &mut value)?;
        Ok(value)
    }

    /// [`Codec::encode`] for another cookie name, which this codec refuses.
    #[cfg(feature = "test-util")]
    pub(crate) fn encode_for(&self, cookie_name: &str, data: &SessionData) -> Result<String, EncodeError> {
        let chars = self.check(data)?;
        let mut envelope = self.unsealed(data)?;
        self.inner.sealer.primary().seal_for(cookie_name, &mut envelope)?;
        let mut value = String::with_capacity(chars);
        wire::write_text(&envelope, &mut value);
        Ok(value)
    }

    /// Opens the value of a cookie and checks everything: form, key, seal, name and audience, both timeouts, cut-off.
    /// A session of another schema comes back migrated. It takes whatever [`Codec::encode`] gives, and no part of it.
    ///
    /// # Errors
    /// Every [`DecodeError`] but [`DecodeError::Incomplete`] and [`DecodeError::TooManyCandidates`]. For your log only: a client should not learn which.
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
        let value = value.as_bytes();
        let is_long = self.inner.second.is_some() && value.len() > self.inner.max_read_chars.one;
        let opened = if is_long { self.open_whole(value, None) } else { self.open(value, None) };
        let opened = opened.and_then(|opened| self.migrated(opened));
        self.tell(self.note_open(opened.as_ref(), 1));
        opened.map(|opened| opened.data).map_err(|refusal| refusal.reason)
    }

    /// Opens one value; cheap refusals first, and no parsing of what is not authentic. Without `now` the clock is read
    /// when a key is found.
    pub(crate) fn open(&self, value: &[u8], now: Option<UnixTime>) -> Result<Opened, Refusal> {
        let max_chars = self.inner.max_read_chars.one;
        // On the stack, so that no refusal allocates.
        if wire::bytes_in(value.len()) <= wire::SMALL_BUFFER_LEN {
            self.open_in(&mut [0; wire::SMALL_BUFFER_LEN], value, max_chars, now)
        } else {
            self.open_in(&mut [0; wire::BUFFER_LEN], value, max_chars, now)
        }
    }

    pub(super) fn open_in(
        &self,
        buffer: &mut [u8],
        value: &[u8],
        max_chars: usize,
        now: Option<UnixTime>,
    ) -> Result<Opened, Refusal> {
        let envelope = wire::read_text(value, max_chars, buffer)?;
        let id = wire::key_id(envelope)?;
        self.open_under(id, envelope, now).map_err(|reason| Refusal { reason, key_id: Some(id) })
    }

    fn open_under(&self, id: KeyId, envelope: &mut [u8], now: Option<UnixTime>) -> Result<Opened, DecodeError> {
        let (key, is_previous, now) = self.key(id, now)?;
        let data = SessionData::read_plaintext(key.open(envelope)?).ok_or(DecodeError::Malformed)?;
        self.inner.lifetime.check(now, data.times())?;
        Ok(Opened { data, at: now, key_id: id, is_stale: is_previous, is_migrated: false, in_store: false })
    }

    /// The key of this id, whether it is a previous one, and the time.
    pub(super) fn key(&self, id: KeyId, now: Option<UnixTime>) -> Result<(&BoundKey, bool, UnixTime), DecodeError> {
        let (key, is_previous) = self.inner.sealer.find(id).ok_or(DecodeError::UnknownKey { id })?;
        let now = now.unwrap_or_else(|| self.now());
        if is_previous && self.inner.sealer.are_retired(now) {
            return Err(DecodeError::UnknownKey { id });
        }
        Ok((key, is_previous, now))
    }

    /// Brings a session to the configured schema.
    pub(crate) fn migrated(&self, mut opened: Opened) -> Result<Opened, Refusal> {
        let schema = opened.data.schema();
        if schema != self.inner.schema {
            let refusal = Refusal { reason: DecodeError::UnsupportedSchema { schema }, key_id: Some(opened.key_id) };
            let migrate = self.inner.migrate.as_ref().ok_or(refusal)?;
            let (id, times) = (opened.data.id(), *opened.data.times());
            migrate(schema, &mut opened.data).map_err(|_| refusal)?;
            // A migration is about content: who the session is and how long it lives was checked before it.
            opened.data.set_id(id);
            opened.data.put_times(times);
            opened.data.set_schema(self.inner.schema);
            opened.is_migrated = true;
        }
        Ok(opened)
    }

    /// The Set-Cookie texts with the sealed session. `has_second` is whether the client holds a second cookie, which goes if
    /// the session no longer needs it.
    pub(crate) fn set_cookies(&self, data: &SessionData, has_second: bool) -> Result<SetCookies, EncodeError> {
        let Inner { writer, second, .. } = &*self.inner;
        let chars = self.check(data)?;
        if let Some(second) = second.as_ref().filter(|_| self.is_split(chars)) {
            return self.set_both(second, data);
        }
        let mut line = writer.begin(chars);
        self.seal(data, &mut line)?;
        writer.finish(&mut line, max_age(data));
        Ok(SetCookies::new(line, second.as_ref().filter(|_| has_second).map(SetCookieWriter::deletion)))
    }

    /// The Set-Cookie texts that delete every cookie that there may be.
    pub(crate) fn deletions(&self) -> SetCookies {
        let Inner { writer, second, .. } = &*self.inner;
        SetCookies::new(writer.deletion(), second.as_ref().map(SetCookieWriter::deletion))
    }

    #[cfg(feature = "import")]
    pub(crate) fn imports(&self) -> &Imports {
        &self.inner.imports
    }

    pub(crate) fn lifetime(&self) -> &Lifetime {
        &self.inner.lifetime
    }

    /// Whether a new session is sealed although nothing is stored in it.
    pub(crate) fn saves_uninitialized(&self) -> bool {
        self.inner.save_uninitialized
    }

    /// The bytes that the name and the value of the cookie would have together, or those of both cookies.
    pub(crate) fn cookie_bytes(&self, data: &SessionData) -> usize {
        let chars = self.chars(data);
        let around = self.cookie_name().len();
        self.around(around, chars).saturating_add(chars)
    }

    /// The bytes of entries that still fit; see [`Session::remaining_bytes`](crate::Session::remaining_bytes).
    pub(crate) fn remaining_bytes(&self, data: &SessionData) -> usize {
        self.inner.budget.max_plaintext.saturating_sub(data.plaintext_len())
    }

    /// Whether the session can go into a cookie with all that it holds.
    pub(crate) fn fits(&self, data: &SessionData) -> bool {
        self.chars(data) <= self.inner.budget.max_chars
    }

    pub(super) fn chars(&self, data: &SessionData) -> usize {
        wire::text_len(wire::OVERHEAD.saturating_add(self.padded_len(data)))
    }

    pub(super) fn padded_len(&self, data: &SessionData) -> usize {
        data.plaintext_len().next_multiple_of(self.inner.padding_block)
    }

    /// The bytes of the Set-Cookie texts for a sealed text of `chars` characters.
    fn line_bytes(&self, chars: usize) -> usize {
        self.around(self.inner.budget.overhead, chars).saturating_add(chars)
    }

    /// What is around a text of `chars` characters, if it is `of_one` in one cookie.
    fn around(&self, of_one: usize, chars: usize) -> usize {
        if self.is_split(chars) { check::of_both(of_one) } else { of_one }
    }

    fn limit(&self) -> usize {
        self.line_bytes(self.inner.budget.max_chars)
    }

    pub(super) fn check_schema(&self, data: &SessionData) -> Result<(), EncodeError> {
        let (found, expected) = (data.schema(), self.inner.schema);
        if found == expected { Ok(()) } else { Err(EncodeError::Schema { found, expected }) }
    }

    pub(super) fn check(&self, data: &SessionData) -> Result<usize, EncodeError> {
        self.check_schema(data)?;
        let chars = self.chars(data);
        if chars > self.inner.budget.max_chars {
            let (size, limit) = (self.line_bytes(chars), self.limit());
            return Err(EncodeError::TooLarge { size, limit, largest: data.largest(LARGEST_SHOWN) });
        }
        Ok(chars)
    }

    pub(super) fn seal(&self, data: &SessionData, text: &mut String) -> Result<(), EncodeError> {
        let mut envelope = self.unsealed(data)?;
        self.inner.sealer.primary().seal(&mut envelope)?;
        wire::write_text(&envelope, text);
        Ok(())
    }

    /// An envelope with a fresh nonce, the padded plaintext, and room for the tag.
    pub(super) fn unsealed(&self, data: &SessionData) -> Result<Vec<u8>, EncodeError> {
        let end = wire::HEAD_LEN.saturating_add(self.padded_len(data));
        let mut envelope = self.inner.sealer.primary().begin(end.saturating_add(wire::TAG_LEN))?;
        data.write_plaintext(&mut envelope);
        envelope.resize(end, 0);
        Ok(envelope)
    }
}

/// What is told, and what it is made of. Where a lock is held, an event is noted, and told when it is released.
impl Codec {
    /// Tells every observer.
    pub(crate) fn tell(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.inner.observers.tell(&event);
        }
    }

    pub(crate) fn note_start(&self) -> Option<Event> {
        let sealer = &self.inner.sealer;
        let started = || Event::Started {
            primary: sealer.primary().id(),
            previous: sealer.previous_ids().collect(),
            limit: self.limit(),
        };
        self.inner.observers.note(started)
    }

    pub(crate) fn note_open(&self, opened: Result<&Opened, &Refusal>, candidates: usize) -> Option<Event> {
        self.inner.observers.note(|| match opened {
            Ok(&Opened { at, key_id, is_stale, .. }) => {
                let ring = if is_stale { KeyRole::Previous } else { KeyRole::Primary };
                Event::Opened { key_id, ring, at, candidates }
            }
            Err(&Refusal { reason, key_id }) => Event::Refused { reason, key_id, candidates },
        })
    }

    pub(crate) fn note_seal(&self, data: &SessionData, cause: SealCause) -> Option<Event> {
        let key_id = self.inner.sealer.primary().id();
        let bytes = || self.line_bytes(self.chars(data));
        self.inner.observers.note(|| Event::Sealed { key_id, cause, bytes: bytes(), limit: self.limit() })
    }

    pub(crate) fn note_failure(&self, error: &EncodeError) -> Option<Event> {
        self.inner.observers.note(|| Event::Failed { error: error.clone() })
    }

    pub(crate) fn tell_of(&self, error: &BackendError) {
        self.tell(self.note(|| Event::BackendFailed { error: error.clone() }));
    }

    pub(crate) fn note(&self, event: impl FnOnce() -> Event) -> Option<Event> {
        self.inner.observers.note(event)
    }
}

/// Shows the cookie name and no key.
impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("cookie_name", &self.cookie_name()).finish_non_exhaustive()
    }
}

/// How long the browser keeps the cookie, in seconds; `None` until it is closed.
pub(super) fn max_age(data: &SessionData) -> Option<u64> {
    data.is_persistent().then(|| data.expires_at().seconds_since(data.issued_at()))
}

const LARGEST_SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Record;
    use crate::config::SessionConfig;
    use crate::crypto::Key;
    use crate::format::Namespace;

    const FIRST: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWiPWKZd7A0\
                         SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4ILuirQu3Z8m_hUtVkrl0Ys";
    const SECOND: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld-xuZyQlDB3J8BiyQUkURDnrbM1zaL1k618V5njvKvqJUmR3ogKKwQ7O7Jaqjje\
                          uzw";

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds).unwrap()
    }

    fn config(now: u64) -> SessionConfig {
        let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
        SessionConfig::new(key).clock(move || at(now))
    }

    fn session(times: [u64; 3]) -> SessionData {
        let mut data = SessionData::new(at(0), std::time::Duration::from_secs(1)).unwrap();
        data.set_id(SessionId::from_bytes((0xa0..=0xaf).collect::<Vec<_>>().try_into().unwrap()));
        data.set_times(at(times[0]), at(times[1]), at(times[2])).unwrap();
        data
    }

    fn first() -> (Codec, SessionData) {
        let mut data = session([1_700_000_000, 1_700_003_600, 1_700_090_000]);
        data.set("user_id", "123").unwrap();
        data.set("role", "admin").unwrap();
        data.set_flash("notice", "Welcome back").unwrap();
        (config(1_700_003_600).build_codec().unwrap(), data)
    }

    fn second() -> (Codec, SessionData) {
        let config = config(0).cookie_name("__Host-session").audience("shop").schema(7).padding_block(1);
        let mut data = session([0, 0, UnixTime::MAX.as_secs()]);
        data.set_persistent(false);
        data.set_schema(7);
        (config.build_codec().unwrap(), data)
    }

    /// The one place where a nonce is chosen.
    fn seal_with_published_nonce(codec: &Codec, data: &SessionData) -> String {
        let mut envelope = codec.unsealed(data).unwrap();
        for (byte, value) in envelope[5..29].iter_mut().zip(0x40..) {
            *byte = value;
        }
        codec.inner.sealer.primary().seal(&mut envelope).unwrap();
        let mut text = String::new();
        wire::write_text(&envelope, &mut text);
        text
    }

    #[test]
    fn the_known_answers_open_to_their_sessions() {
        for ((codec, data), value) in [(first(), FIRST), (second(), SECOND)] {
            assert_eq!(codec.decode(value).as_ref(), Ok(&data));
        }
    }

    #[test]
    fn the_known_answers_are_what_their_sessions_seal_to() {
        for ((codec, data), value) in [(first(), FIRST), (second(), SECOND)] {
            assert_eq!(seal_with_published_nonce(&codec, &data), value);
        }
    }

    /// The codec and the session that a vector describes.
    fn of_vector(v: &serde_json::Value) -> (Codec, SessionData) {
        let number = |field: &str| v[field].as_u64().unwrap();
        let text = |field: &str| v[field].as_str().unwrap();
        let schema = u8::try_from(number("schema")).unwrap();
        let codec = config(number("now"))
            .cookie_name(text("cookie_name"))
            .audience(text("audience"))
            .schema(schema)
            .padding_block(usize::try_from(number("padding_block")).unwrap())
            .build_codec()
            .unwrap();
        let mut data = session(["created_at", "issued_at", "expires_at"].map(number));
        data.set_persistent(number("flags") == 1);
        data.set_schema(schema);
        for (field, namespace) in [("data", Namespace::Data), ("flash", Namespace::Flash)] {
            for pair in v[field].as_array().unwrap() {
                data.put(namespace, pair[0].as_str().unwrap(), pair[1].as_str().unwrap()).unwrap();
            }
        }
        (codec, data)
    }

    #[test]
    fn every_accepted_vector_is_what_its_session_seals_to() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/v1.json")).unwrap();
        let mut count = 0;
        for v in vectors["accepted"].as_array().unwrap() {
            let text = |field: &str| v[field].as_str().unwrap();
            let (codec, data) = of_vector(v);
            assert_eq!(seal_with_published_nonce(&codec, &data), text("value"), "{}", text("name"));
            count += 1;
        }
        assert!(count >= 40);
    }

    /// The record of the first known answer.
    const RECORD: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWi\
                          PWKZd7A0SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4I_f0RJZj8lrrwpu7mV5NZd";

    fn bytes(text: &str) -> Vec<u8> {
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap()
    }

    fn record_with_published_nonce(codec: &Codec, data: &SessionData) -> Record {
        let mut envelope = codec.unsealed(data).unwrap();
        for (byte, value) in envelope[5..29].iter_mut().zip(0x40..) {
            *byte = value;
        }
        codec.inner.sealer.primary().seal_record(data.id(), &mut envelope).unwrap();
        Record::new(envelope, data.expires_at())
    }

    /// What a cookie without entries and a record come to.
    fn filled(codec: &Codec, cookie: &str, record: &Record) -> Result<SessionData, DecodeError> {
        let Ok(opened) = codec.open(cookie.as_bytes(), None) else { panic!("{cookie}") };
        assert!(opened.data.is_empty());
        codec.fill(opened, record.clone()).map(|opened| opened.data).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn the_known_answer_of_a_record_is_what_its_session_seals_to() {
        let (codec, data) = first();
        assert_eq!(record_with_published_nonce(&codec, &data).bytes(), bytes(RECORD));
        let cookie = codec.encode(&data.without_entries()).unwrap();
        let record = Record::new(bytes(RECORD), data.expires_at());
        assert_eq!(filled(&codec, &cookie, &record), Ok(data));
    }

    #[test]
    fn every_vector_of_a_record_is_what_its_session_seals_to_and_opens_beside_its_cookie() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/v1.json")).unwrap();
        let mut count = 0;
        for v in vectors["records"]["accepted"].as_array().unwrap() {
            let (name, number) = (&v["name"], |field: &str| v[field].as_u64().unwrap());
            let text = |field: &str| v[field].as_str().unwrap();
            let (codec, mut data) = of_vector(v);
            if let Some(fill) = v["fill"].as_object() {
                let chars = usize::try_from(fill["count"].as_u64().unwrap()).unwrap();
                data.set(fill["key"].as_str().unwrap(), "x".repeat(chars)).unwrap();
            }
            // What is in a record besides its content may be of another time than its cookie.
            let mut sealed = data.clone();
            if let Some(other) = v["sealed"].as_object() {
                let number = |field: &str| at(other[field].as_u64().unwrap());
                sealed.set_times(number("created_at"), number("issued_at"), number("expires_at")).unwrap();
                sealed.set_persistent(other["flags"] == 1);
            }
            let record = record_with_published_nonce(&codec, &sealed);
            if v["fill"].is_object() {
                assert_eq!(u64::try_from(record.bytes().len()), Ok(number("length")), "{name}");
                assert!(hex::encode(record.bytes()).ends_with(text("tag")), "{name}");
            } else {
                assert_eq!(record.bytes(), bytes(text("record")), "{name}");
            }
            assert_eq!(filled(&codec, text("cookie"), &record).as_ref(), Ok(&data), "{name}");
            count += 1;
        }
        assert!(count >= 13);
    }

    #[test]
    fn every_refused_vector_of_a_record_is_refused_for_its_reason() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/v1.json")).unwrap();
        let mut count = 0;
        for v in vectors["records"]["refused"].as_array().unwrap() {
            let text = |field: &str| v[field].as_str().unwrap();
            let config = config(v["now"].as_u64().unwrap()).cookie_name(text("cookie_name")).audience(text("audience"));
            let codec = config.build_codec().unwrap();
            let filled = filled(&codec, text("cookie"), &Record::new(bytes(text("record")), UnixTime::MAX));
            assert_eq!(filled.unwrap_err().as_str(), text("reason"), "{}", v["name"]);
            count += 1;
        }
        assert!(count >= 26);
    }

    #[test]
    fn an_authentic_plaintext_that_is_no_session_is_malformed() {
        let (codec, data) = first();
        let key = codec.inner.sealer.primary();
        let mut plaintext = Vec::new();
        data.write_plaintext(&mut plaintext);
        let sealed = |plaintext: &[u8]| {
            let mut envelope = key.begin(0).unwrap();
            envelope.extend_from_slice(plaintext);
            key.seal(&mut envelope).unwrap();
            let mut text = String::new();
            wire::write_text(&envelope, &mut text);
            codec.decode(&text)
        };
        assert_eq!(sealed(&plaintext).as_ref(), Ok(&data));
        // Every cut but the three that fall between entries.
        let whole = (0..plaintext.len()).filter(|cut| sealed(&plaintext[..*cut]).is_ok());
        assert_eq!(whole.collect::<Vec<_>>(), [33, 48, 62]);
        for cut in 0..33 {
            assert_eq!(sealed(&plaintext[..cut]), Err(DecodeError::Malformed), "{cut}");
        }
        assert_eq!(sealed(&[&plaintext[..], b"\0\x01"].concat()), Err(DecodeError::Malformed));
        plaintext[0] = 2;
        assert_eq!(sealed(&plaintext), Err(DecodeError::Malformed));
    }
}
