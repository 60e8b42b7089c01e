//! Holds [`Unbound`], which says that a session has no proof of its device.

use std::error::Error;
use std::fmt;

/// The reason why a session does not pass [`Session::require_binding`](crate::Session::require_binding): no device has
/// proved lately that the session is bound to it. Feature `dbsc`.
///
/// ```
/// use sealed_session::{DeviceBinding, Key, SessionConfig, Unbound};
/// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
/// assert_eq!(manager.load(None::<&str>).require_binding(), Err(Unbound::default()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unbound {}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session must be bound to a device that proved it lately")
    }
}

impl Error for Unbound {}
