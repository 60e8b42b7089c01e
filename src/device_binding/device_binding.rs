//! Holds [`DeviceBinding`], the settings of device binding.

use std::time::Duration;

/// The settings of device binding, for [`SessionConfig::device_binding`](crate::SessionConfig::device_binding).
///
/// Experimental: Device Bound Session Credentials are a draft, and this part of the API may change in any release.
///
/// ```
/// use sealed_session::{DeviceBinding, Key, SessionConfig};
/// use std::time::Duration;
///
/// let binding = DeviceBinding::new().lifetime(Duration::from_secs(5 * 60)).path("/session/binding");
/// let manager = SessionConfig::new(Key::generate()?).device_binding(binding).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeviceBinding {
    pub(crate) lifetime: Duration,
    pub(crate) path: String,
    pub(crate) required_within: Option<Duration>,
}

impl DeviceBinding {
    /// Makes the default settings: a lifetime of 10 minutes, the path `/device-binding`, and binding not required.
    ///
    /// ```
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// assert!(SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build().is_ok());
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { lifetime: Duration::from_secs(10 * 60), path: "/device-binding".to_owned(), required_within: None }
    }

    /// Sets the time that a proof counts, in whole seconds from 3 to 60 minutes: the lifetime of the bound cookie.
    /// Cookies that were copied out of the browser work elsewhere for this long at most.
    ///
    /// Chromium refreshes a cookie that has less than two minutes left, and signs at most six times in nine minutes for
    /// one site. A lifetime under three minutes would have it refresh on nearly every request until it no longer may.
    ///
    /// ```
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// use std::time::Duration;
    /// let binding = DeviceBinding::new().lifetime(Duration::from_secs(60));
    /// let error = SessionConfig::new(Key::generate()?).device_binding(binding).build().unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "device_binding.lifetime");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the path of the route at which browsers register and refresh, `/device-binding` by default: `/` and up to
    /// 1023 bytes of ASCII, as a path stands in a URL, without a query. Every POST to this path is for device binding,
    /// so it is not `/` alone.
    ///
    /// ```
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// let binding = DeviceBinding::new().path("no slash");
    /// let error = SessionConfig::new(Key::generate()?).device_binding(binding).build().unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "device_binding.path");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Requires that sessions are bound: a session that is somebody's, and that is not bound when this much time has
    /// passed since its login, is refused ([`DecodeError::NotBound`](crate::DecodeError::NotBound)). In whole seconds,
    /// from 5 to 600. By default binding is not required, and a session that is not bound is as good as one without
    /// this feature.
    ///
    /// The time runs from [`Session::created_at`](crate::Session::created_at), which is that of the login if that calls
    /// [`Session::regenerate`](crate::Session::regenerate). A session is somebody's if it has the entry that
    /// [`SessionConfig::subject`](crate::SessionConfig::subject) names, and if none is configured, any value but flash
    /// values.
    ///
    /// Browsers that can't bind a session are logged out after this time. On 2026-11-25 that was every browser but
    /// Chrome and Edge on Windows and macOS, and these on a device without a place for keys.
    ///
    /// ```
    /// use sealed_session::DeviceBinding;
    /// use std::time::Duration;
    /// let binding = DeviceBinding::new().required_within(Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn required_within(mut self, time: Duration) -> Self {
        self.required_within = Some(time);
        self
    }
}

impl Default for DeviceBinding {
    fn default() -> Self {
        Self::new()
    }
}
