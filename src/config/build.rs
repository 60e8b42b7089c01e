//! Checks the settings, and builds a manager or a codec out of them.

use std::sync::Arc;

use super::check::{self, Checked};
use super::config::SessionConfig;
use crate::backend::Remembered;
use crate::codec::{CodecSettings, TextCodec};
use crate::cookie::Cookies;
use crate::crypto::Sealer;
use crate::error::ConfigError;
use crate::import::Imports;
use crate::manager::{Codec, SessionManager};
use crate::session::Engine;

impl SessionConfig {
    /// Checks every setting and makes the manager.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem: each names the setting and what the setting takes.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let error = SessionConfig::new(Key::generate()?).cookie_name("__Host-s").secure(false).build().unwrap_err();
    /// assert_eq!(error.problems()[0].setting(), "secure");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    pub fn build(self) -> Result<SessionManager, ConfigError> {
        Ok(SessionManager::new(self.engine()?))
    }

    /// Checks every setting and makes a codec without a manager.
    ///
    /// # Errors
    /// As for [`SessionConfig::build`].
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// let codec = SessionConfig::new(Key::generate()?).cookie_name("sid").build_codec()?;
    /// assert_eq!(codec.cookie_name(), "sid");
    /// assert!(SessionConfig::new(Key::generate()?).cookie_name("").build_codec().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_codec(self) -> Result<Codec, ConfigError> {
        Ok(Codec::new(self.engine()?))
    }

    fn engine(self) -> Result<Engine, ConfigError> {
        let (Self { keys, mut options }, problems) = self.for_this_process();
        let mut checked = match check::check(&options) {
            Ok(checked) if problems.is_empty() => checked,
            checked => return Err(ConfigError::new(checked.err().into_iter().flatten().chain(problems).collect())),
        };
        let imports = checked.imports();
        let window = options.recheck_after.as_secs();
        options.backend.imports = imports.are_there();
        options.backend.remembered = (window > 0).then(|| Remembered::new(window));
        #[cfg(feature = "dbsc")]
        let binder = checked.binder.take();
        let Checked { cookie, lifetime, .. } = checked;
        let codec = CodecSettings {
            sealer: Sealer::new(&keys, cookie.name.as_str(), &options.audience),
            lifetime,
            padding_block: options.padding_block,
            persistent: options.persistent,
            schema: options.schema,
            migrate: options.migrate,
        };
        let engine = Engine {
            codec: TextCodec::new(codec),
            cookies: Arc::new(Cookies::new(&cookie)),
            backend: Arc::new(options.backend),
            imports: Arc::new(imports),
            #[cfg(feature = "dbsc")]
            binder: binder.map(Arc::new),
            observers: options.observers,
            clock: options.clock,
            save_uninitialized: options.save_uninitialized,
            on_mismatch: options.on_mismatch,
        };
        engine.observers.tell_noted(engine.note_start());
        Ok(engine)
    }
}

impl Checked {
    #[cfg(feature = "import")]
    fn imports(&mut self) -> Imports {
        Imports::new(std::mem::take(&mut self.imports), &self.cookie.name, &self.cookie.attributes)
    }

    #[cfg(not(feature = "import"))]
    #[expect(clippy::unused_self, reason = "there are no imports without the feature")]
    fn imports(&mut self) -> Imports {
        Imports
    }
}

impl SessionManager {
    /// Makes the manager that the process environment describes, under the prefix `TIDEWAY_`; see
    /// [`SessionConfig::from_env`].
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable.
    ///
    /// ```no_run
    /// use sealed_session::SessionManager;
    /// let manager = SessionManager::from_env()?;
    /// assert!(manager.load(None::<&str>).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        SessionConfig::from_env()?.build()
    }
}
