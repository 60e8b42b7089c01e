//! Holds [`Binding`], which says whether a session is bound to the device of its browser.

/// Says whether a session is bound to the device of its browser. [`Session::binding`](crate::Session::binding) returns
/// it.
///
/// ```
/// use sealed_session::{Binding, DeviceBinding, Key, SessionConfig};
/// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
/// assert_eq!(manager.load(None::<&str>).binding(), Binding::Unbound);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binding {
    /// The session is not bound: nobody logged in yet, the browser has not registered a key yet, or it can't.
    Unbound,
    /// The session is bound, and the browser proved within the lifetime of the bound cookie that it has the key.
    Fresh,
    /// The session is bound, and the proof is missing or too old. The session is refused
    /// ([`DecodeError::StaleBinding`](crate::DecodeError::StaleBinding)), and good again once the browser has refreshed
    /// it.
    Stale,
}

impl Binding {
    /// Returns a short, stable name, for logs and metrics.
    ///
    /// ```
    /// assert_eq!(sealed_session::Binding::Fresh.as_str(), "fresh");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
        }
    }
}
