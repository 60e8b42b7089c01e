//! How long one session lives: an idle timeout of its own ("remember me"), and requests that do not keep it alive.

use std::time::Duration;

use super::session::Session;
use crate::error::EncodeError;

impl Session {
    /// Gives this one session a longer idle timeout (whole seconds), as "remember me" does. It slides as the configured
    /// one does: each visit moves the end, and the cookie is sealed again at most once per
    /// [`extend_after`](crate::SessionConfig::extend_after). A timeout that is not longer than the configured one takes
    /// the longer one back. To set what is set already changes nothing.
    ///
    /// The absolute timeout ends the session all the same, so configure one that is long enough
    /// ([`SessionConfig::absolute_timeout`](crate::SessionConfig::absolute_timeout)).
    ///
    /// The timeout ends at the next login: [`Session::regenerate`] and [`Session::destroy`] remove it, so call this
    /// after `regenerate`. It takes 8 bytes of the session and one for each digit. [`Session::clear`] and
    /// [`Session::set_data`] keep it.
    ///
    /// [`Session::extend`] gives a longer life once, and that one does not slide. [`Session::set_persistent`] says
    /// whether the browser keeps the cookie when it is closed.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when the timeout is under a second or too long for the format,
    /// [`EncodeError::TooLarge`] when the session has no room for it.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// # let remember = true;
    /// session.regenerate()?; // the login
    /// session.set("user_id", 42)?;
    /// session.set_persistent(remember); // if not, the browser drops the cookie when it is closed
    /// if remember {
    ///     session.set_idle_timeout(Duration::from_secs(14 * 24 * 60 * 60))?;
    /// }
    /// assert_eq!(session.idle_timeout(), Duration::from_secs(14 * 24 * 60 * 60));
    /// # Ok::<(), sealed_session::Error>(())
    /// ```
    #[doc(alias = "remember_me")]
    pub fn set_idle_timeout(&self, timeout: Duration) -> Result<(), EncodeError> {
        self.with(|state, engine| state.set_idle_timeout(engine, timeout))
    }

    /// Returns the idle timeout of this session: its own, or else the configured one, which is an hour at most as long
    /// as the session is in a store and holds no value.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert_eq!(session.idle_timeout(), Duration::from_secs(24 * 60 * 60), "the default");
    /// # Ok::<(), sealed_session::Error>(())
    /// ```
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        self.with(|state, engine| Duration::from_secs(state.idle_timeout(engine)))
    }

    /// Says that this request is no use of the session: it does not move the end of the session. Call it for what a
    /// page asks for by itself, such as polling, a health check or a prefetch, or else an open tab keeps its user
    /// logged in for ever.
    ///
    /// Nothing is sealed only to extend the session then. If the handler changes the session, that is sealed, with the
    /// end that the session had. An end that the handler asks for itself ([`Session::extend`],
    /// [`Session::set_idle_timeout`]) is taken, and a login begins a life of its own.
    ///
    /// This call opens no session, so that a response which does not depend on the session gets no `Vary: Cookie`. With
    /// the feature of axum, actix-web or Rocket, the extractor `KeepExpiry` says the same for a route.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// # let mut data = sealed_session::SessionData::new(at(0), Duration::from_secs(24 * 60 * 60))?;
    /// let manager = SessionConfig::new(Key::generate()?).clock(move || at(12 * 60 * 60)).build()?;
    /// let cookie = format!("tideway_session={}", manager.codec().encode(&data)?); // it is half a day old
    ///
    /// let poll = manager.load([&cookie]);
    /// poll.keep_expiry();
    /// assert_eq!(poll.get::<u64>("unread")?, None);
    /// assert!(manager.commit(&poll)?.is_empty());
    ///
    /// let visit = manager.load([&cookie]);
    /// assert_eq!(visit.get::<u64>("unread")?, None);
    /// assert!(!manager.commit(&visit)?.is_empty(), "a visit extends the session");
    /// # Ok::<(), sealed_session::Error>(())
    /// ```
    pub fn keep_expiry(&self) {
        self.shared.keep_expiry();
    }
}
