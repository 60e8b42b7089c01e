//! [`Engine`]: everything that a manager is made of, behind one pointer.
//!
//! A request goes by one engine from its load to its last commit. So a session that was admitted under a key which the
//! application drops meanwhile is never sealed under a new one.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::mismatch::MismatchPolicy;
use crate::backend::{Coordinator, Questions};
use crate::codec::{Opened, TextCodec};
use crate::cookie::{Cookies, SetCookies};
use crate::crypto::KeyRing;
use crate::data::{Lifetime, SessionData, SessionId};
#[cfg(feature = "dbsc")]
use crate::device_binding::Binder;
use crate::error::{EncodeError, Refusal};
use crate::format::MAX_BLOCK;
use crate::import::Imports;
use crate::observe::{Event, KeyRole, Observers, SealCause};
use crate::time::{Clock, UnixTime};

/// The parts of a manager, which every session of it shares: one `Arc` a request. The codec has the keys; everything
/// else is behind pointers, since it stays when the keys change.
pub(crate) struct Engine {
    pub(crate) codec: TextCodec,
    pub(crate) cookies: Arc<Cookies>,
    pub(crate) backend: Arc<Coordinator>,
    pub(crate) imports: Arc<Imports>,
    /// Binds sessions to devices, if the configuration says so.
    #[cfg(feature = "dbsc")]
    pub(crate) binder: Option<Arc<Binder>>,
    pub(crate) observers: Observers,
    pub(crate) clock: Arc<dyn Clock>,
    /// True when a new session that a request looked at gets a cookie although nothing was stored in it.
    pub(crate) save_uninitialized: bool,
    /// The policy for a session whose values do not make the type that a handler asks for.
    pub(crate) on_mismatch: MismatchPolicy,
}

impl Engine {
    /// Returns an engine that differs in its keys alone.
    pub(crate) fn with_keys(&self, keys: &KeyRing) -> Self {
        Self {
            codec: self.codec.with_keys(keys),
            cookies: Arc::clone(&self.cookies),
            backend: Arc::clone(&self.backend),
            imports: Arc::clone(&self.imports),
            #[cfg(feature = "dbsc")]
            binder: self.binder.clone(),
            observers: self.observers.clone(),
            clock: Arc::clone(&self.clock),
            save_uninitialized: self.save_uninitialized,
            on_mismatch: self.on_mismatch,
        }
    }

    /// True when the two differ in their keys at most.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(super) fn is_of_one_manager_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cookies, &other.cookies)
    }

    /// The time by the configured clock.
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    pub(crate) fn lifetime(&self) -> &Lifetime {
        self.codec.lifetime()
    }

    /// The time until which a mark must stand that ends a session now, if the absolute timeout of the session is
    /// `absolute_end`.
    ///
    /// All sessions that are imported from one old cookie have one id, and each is as old as its own import. So a
    /// manager that imports keeps each mark for as long as that of a session that begins now.
    pub(crate) fn mark_end(&self, absolute_end: UnixTime) -> UnixTime {
        let end = self.lifetime().mark_end(absolute_end);
        if self.backend.imports { end.max(self.lifetime().all_end(self.now())) } else { end }
    }

    /// The timeouts of this session, but for an idle timeout of its own ([`SessionData::idle_timeout`]). In a store, a
    /// session without values has a shorter idle timeout, unless the application gave it one of its own.
    pub(super) fn lifetime_of(&self, data: &SessionData, is_stored: bool) -> Cow<'_, Lifetime> {
        let lifetime = self.lifetime();
        let is_bare = is_stored && !data.has_values() && data.idle_timeout(lifetime) == lifetime.idle;
        if is_bare { Cow::Owned(lifetime.without_values()) } else { Cow::Borrowed(lifetime) }
    }

    /// The questions of one load, one commit or one call from outside of requests, which begins now.
    pub(crate) fn questions(&self) -> Questions<'_> {
        Questions::new(&self.backend, &self.observers, self.lifetime(), &*self.clock)
    }

    /// A session without content that begins now. Its id is drawn later.
    pub(super) fn blank(&self, now: UnixTime) -> SessionData {
        self.codec.create(SessionId::from_bytes([0; 16]), now)
    }

    /// The characters of the text that a session seals to.
    ///
    /// # Errors
    /// [`EncodeError::Schema`], and [`EncodeError::TooLarge`] when the text does not fit into the cookie, or into both.
    pub(crate) fn checked_chars(&self, data: &SessionData) -> Result<usize, EncodeError> {
        self.codec.check_schema(data)?;
        let chars = self.codec.chars(data);
        if chars > self.cookies.max_chars() {
            let (size, limit) = (self.cookies.line_bytes(chars), self.cookies.limit());
            return Err(EncodeError::TooLarge { size, limit, largest: data.largest(LARGEST_SHOWN) });
        }
        Ok(chars)
    }

    /// True when the session can go into a cookie with all that it holds.
    pub(super) fn fits(&self, data: &SessionData) -> bool {
        self.codec.chars(data) <= self.cookies.max_chars()
    }

    /// The Set-Cookie lines of a session that is sealed as it stands.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`], [`EncodeError::Schema`], [`EncodeError::Random`] and [`EncodeError::Cipher`].
    pub(super) fn set_cookies(&self, data: &SessionData, has_second: bool) -> Result<SetCookies, EncodeError> {
        let chars = self.checked_chars(data)?;
        let max_age = data.is_persistent().then(|| data.expires_at().seconds_since(data.issued_at()));
        self.cookies.set(chars, max_age, has_second, |line| self.codec.seal(data, line))
    }

    /// True when the session takes two cookies.
    pub(super) fn takes_two(&self, data: &SessionData) -> bool {
        self.cookies.is_split(self.codec.chars(data))
    }

    /// The bytes of entries that still fit into the cookie.
    pub(super) fn remaining_bytes(&self, data: &SessionData) -> usize {
        self.codec.max_plaintext(self.cookies.max_chars()).saturating_sub(data.plaintext_len())
    }

    /// The bytes of the names and values of the cookies that the session would be in.
    pub(super) fn cookie_bytes(&self, data: &SessionData) -> usize {
        self.cookies.cookie_bytes(self.codec.chars(data))
    }
}

/// The events that need more than one part of the engine. Each is `None` if nobody observes. While a lock is held, an
/// event is only noted, and observers are told when the lock is released.
impl Engine {
    pub(crate) fn note_start(&self) -> Option<Event> {
        let sealer = self.codec.sealer();
        self.observers.note(|| Event::Started {
            primary: sealer.primary().id(),
            previous: sealer.previous_ids().collect(),
            limit: self.cookies.limit(),
        })
    }

    pub(crate) fn note_keys(&self) -> Option<Event> {
        let sealer = self.codec.sealer();
        self.observers
            .note(|| Event::KeysChanged { primary: sealer.primary().id(), previous: sealer.previous_ids().collect() })
    }

    /// `candidates` is how many cookies of the name came.
    pub(crate) fn note_open(&self, opened: Result<&Opened, &Refusal>, candidates: usize) -> Option<Event> {
        self.observers.note(|| match opened {
            Ok(&Opened { at, key_id, is_stale, .. }) => {
                let ring = if is_stale { KeyRole::Previous } else { KeyRole::Primary };
                Event::Opened { key_id, ring, at, candidates }
            }
            Err(&Refusal { reason, key_id }) => Event::Refused { reason, key_id, candidates },
        })
    }

    pub(crate) fn note_seal(&self, data: &SessionData, cause: SealCause) -> Option<Event> {
        self.observers.note(|| Event::Sealed {
            key_id: self.codec.sealer().primary().id(),
            cause,
            bytes: self.cookies.line_bytes(self.codec.chars(data)),
            limit: self.cookies.limit(),
        })
    }

    pub(crate) fn note_failure(&self, error: &EncodeError) -> Option<Event> {
        self.observers.note(|| Event::Failed { error: error.clone() })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("cookies", &self.cookies).field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// Returns the error for values that do not fit together into one session.
pub(super) fn too_large(data: &SessionData) -> EncodeError {
    let size = data.content().as_bytes().len();
    EncodeError::TooLarge { size, limit: MAX_BLOCK, largest: data.largest(LARGEST_SHOWN) }
}

/// The number of largest entries that the error of a session that is too large names.
const LARGEST_SHOWN: usize = 3;
