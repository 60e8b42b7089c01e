//! [`Options`]: the settings as they were given, before they are checked, and their defaults.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::former::FormerCookie;
use crate::backend::{ConfiguredClock, Coordinator};
use crate::codec::Migrate;
use crate::cookie::SameSite;
#[cfg(feature = "dbsc")]
use crate::device_binding::DeviceBinding;
#[cfg(feature = "import")]
use crate::import::PrivateImport;
use crate::observe::Observers;
use crate::session::MismatchPolicy;
use crate::time::{Clock, SystemClock, UnixTime};

/// Every setting but the keys.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as the cookie's attributes are")]
pub(super) struct Options {
    pub(super) cookie_name: String,
    pub(super) path: String,
    pub(super) domain: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    pub(super) partitioned: bool,
    pub(super) former: Vec<FormerCookie>,
    pub(super) persistent: bool,
    pub(super) save_uninitialized: bool,
    pub(super) idle_timeout: Duration,
    pub(super) absolute_timeout: Duration,
    pub(super) extend_after: Option<Duration>,
    pub(super) clock_skew: Duration,
    pub(super) not_before: UnixTime,
    pub(super) audience: String,
    pub(super) padding_block: usize,
    pub(super) max_cookie_bytes: usize,
    pub(super) two_cookies: bool,
    pub(super) schema: u8,
    pub(super) migrate: Option<Migrate>,
    pub(super) on_mismatch: MismatchPolicy,
    #[cfg(feature = "import")]
    pub(super) imports: Vec<Arc<PrivateImport>>,
    #[cfg(feature = "dbsc")]
    pub(super) device_binding: Option<DeviceBinding>,
    pub(super) clock: Arc<dyn Clock>,
    /// The same for a list, or a store in memory, that the environment named.
    pub(super) backend_clock: ConfiguredClock,
    pub(super) observers: Observers,
    pub(super) insecure_key: bool,
    pub(super) insecure_dev: bool,
    pub(super) backend: Coordinator,
    pub(super) recheck_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cookie_name: "tideway_session".to_owned(),
            path: "/".to_owned(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
            former: Vec::new(),
            persistent: true,
            save_uninitialized: false,
            idle_timeout: Duration::from_secs(24 * 60 * 60),
            absolute_timeout: Duration::from_secs(30 * 24 * 60 * 60),
            extend_after: None,
            clock_skew: Duration::from_secs(60),
            not_before: UnixTime::MIN,
            audience: String::new(),
            padding_block: 32,
            max_cookie_bytes: 3500,
            two_cookies: false,
            schema: 0,
            migrate: None,
            on_mismatch: MismatchPolicy::default(),
            #[cfg(feature = "import")]
            imports: Vec::new(),
            #[cfg(feature = "dbsc")]
            device_binding: None,
            clock: Arc::new(SystemClock),
            backend_clock: ConfiguredClock::default(),
            observers: Observers::default(),
            insecure_key: false,
            insecure_dev: false,
            backend: Coordinator::default(),
            recheck_after: Duration::ZERO,
        }
    }
}

/// Shows the settings but for `migrate` and `clock`, which have no text, the imports, `save_uninitialized` and
/// `insecure_dev`.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("cookie_name", &self.cookie_name)
            .field("path", &self.path)
            .field("domain", &self.domain)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("partitioned", &self.partitioned)
            .field("former", &self.former)
            .field("persistent", &self.persistent)
            .field("save_uninitialized", &self.save_uninitialized)
            .field("idle_timeout", &self.idle_timeout)
            .field("absolute_timeout", &self.absolute_timeout)
            .field("extend_after", &self.extend_after)
            .field("clock_skew", &self.clock_skew)
            .field("not_before", &self.not_before)
            .field("audience", &self.audience)
            .field("padding_block", &self.padding_block)
            .field("max_cookie_bytes", &self.max_cookie_bytes)
            .field("two_cookies", &self.two_cookies)
            .field("schema", &self.schema)
            .field("on_mismatch", &self.on_mismatch)
            .field("observers", &self.observers)
            .field("insecure_key", &self.insecure_key)
            .field("backend", &self.backend)
            .field("recheck_after", &self.recheck_after)
            .finish_non_exhaustive()
    }
}
