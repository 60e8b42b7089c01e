//! The reserved entries of a session, by which the crate itself remembers something: the generation of the subject, the
//! binding to a device and the idle timeout of the one session. No call of an application reads or writes them
//! (docs/wire-format.md, section 6). The CSRF token, which is reserved too, is in the room `session`.

#[cfg(feature = "dbsc")]
use super::binding_id::BindingId;
use super::lifetime::Lifetime;
use super::session_data::SessionData;
use crate::error::ValueError;
#[cfg(feature = "dbsc")]
use crate::format::BOUND_KEY;
use crate::format::{GENERATION_KEY, IDLE_KEY, Namespace};

impl SessionData {
    /// The generation that the subject had when it logged in, as 16 hexadecimal digits.
    pub(crate) fn generation(&self) -> Option<&str> {
        self.json(Namespace::Generation, GENERATION_KEY)?.strip_prefix('"')?.strip_suffix('"')
    }

    /// Sets or removes the generation of the subject.
    ///
    /// # Errors
    /// [`ValueError::Full`] when there is no room for it.
    pub(crate) fn set_generation(&mut self, digits: Option<&str>) -> Result<(), ValueError> {
        let Some(digits) = digits else {
            self.remove_in(Namespace::Generation, GENERATION_KEY);
            return Ok(());
        };
        self.put(Namespace::Generation, GENERATION_KEY, &format!("\"{digits}\"")).map(drop)
    }

    /// Returns the id of the binding that the session is marked with.
    #[cfg(feature = "dbsc")]
    pub(crate) fn bound(&self) -> Option<BindingId> {
        let text = self.json(Namespace::Bound, BOUND_KEY)?.strip_prefix('"')?.strip_suffix('"')?;
        BindingId::from_text(text)
    }

    /// True when the session has a mark, whether or not that names a binding.
    #[cfg(feature = "dbsc")]
    pub(crate) fn is_marked(&self) -> bool {
        self.json(Namespace::Bound, BOUND_KEY).is_some()
    }

    /// Marks the session as bound.
    ///
    /// # Errors
    /// [`ValueError::Full`] when there is no room for the mark.
    #[cfg(feature = "dbsc")]
    pub(crate) fn set_bound(&mut self, binding: BindingId) -> Result<bool, ValueError> {
        self.put(Namespace::Bound, BOUND_KEY, &format!("\"{}\"", binding.to_text()))
    }

    /// Removes the mark.
    #[cfg(feature = "dbsc")]
    pub(crate) fn remove_bound(&mut self) {
        self.remove_in(Namespace::Bound, BOUND_KEY);
    }

    /// Returns the idle timeout of this session in seconds: its own if that is longer, or else the configured one. A
    /// text that is no number of seconds is none.
    pub(crate) fn idle_timeout(&self, lifetime: &Lifetime) -> u64 {
        let own = self.json(Namespace::Idle, IDLE_KEY).and_then(|digits| digits.parse().ok());
        own.unwrap_or(0).max(lifetime.idle)
    }

    /// Sets the idle timeout of this one session. Returns true when this changed anything.
    ///
    /// # Errors
    /// [`ValueError::Full`] when there is no room for it.
    pub(crate) fn set_idle_timeout(&mut self, seconds: u64) -> Result<bool, ValueError> {
        self.put(Namespace::Idle, IDLE_KEY, &seconds.to_string())
    }

    /// Removes the idle timeout of this one session. Returns true when there was one.
    pub(crate) fn remove_idle_timeout(&mut self) -> bool {
        self.remove_in(Namespace::Idle, IDLE_KEY)
    }
}
