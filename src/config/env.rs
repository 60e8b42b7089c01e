//! Makes a configuration out of environment variables. Every variable is checked, and one report holds every problem.
//! No problem shows the value of a variable, since it may be a key.

use std::env;
use std::ffi::OsString;

use super::config::SessionConfig;
use super::env_names::{ALLOW_INSECURE_KEY, ENCRYPTION_KEY, PREFIX, VARIABLES};
use super::env_reader::Variables;
use crate::crypto::KeyRing;
use crate::error::ConfigError;

/// Says which variables describe a configuration: the prefix of their names, whether a bare name counts too, and
/// whether the store and the list of revocations that they name are opened.
///
/// A bare name is one without the prefix, such as `SESSION_COOKIE_SECURE`. Flask, Laravel and other programs use some
/// of these names, so a variable that was set for one of them would change this application's sessions without a word.
/// That is why bare names count only where the application asks for it.
///
/// ```
/// use sealed_session::EnvReader;
/// let vars = [
///     ("SHOP_SESSION_ENCRYPTION_KEY", "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988"),
///     ("SESSION_COOKIE_NAME", "of_another_program"),
/// ];
/// let reader = EnvReader::new("SHOP_");
/// assert_eq!(reader.read_vars(vars)?.build_codec()?.cookie_name(), "tideway_session");
/// assert_eq!(reader.or_bare().read_vars(vars)?.build_codec()?.cookie_name(), "of_another_program");
/// # Ok::<(), sealed_session::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvReader {
    prefix: String,
    reads_bare: bool,
    opens_store: bool,
}

impl EnvReader {
    /// Takes the prefix of the names, such as `SHOP_`. [`EnvReader::default`] has the prefix `TIDEWAY_`.
    ///
    /// ```no_run
    /// use sealed_session::EnvReader;
    /// let manager = EnvReader::new("SHOP_").read()?.build()?;
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), reads_bare: false, opens_store: true }
    }

    /// Lets a bare name count where the one with the prefix is not set. Off by default.
    ///
    /// ```
    /// use sealed_session::EnvReader;
    /// let vars = [("SESSION_ENCRYPTION_KEY", "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988")];
    /// assert!(EnvReader::default().read_vars(vars).is_err());
    /// assert!(EnvReader::default().or_bare().read_vars(vars).is_ok());
    /// ```
    #[must_use]
    pub fn or_bare(mut self) -> Self {
        self.reads_bare = true;
        self
    }

    /// Lets the configuration have no backend, whatever the variables say: `SESSION_BACKEND`, `SESSION_REVOCATIONS`,
    /// their URLs and `SESSION_SUBJECT` are checked, and nothing is opened. This is for a program that checks or
    /// explains an environment, as `sealed-session doctor` does: it makes no file, and needs no feature of a store. If
    /// the feature `redis` is off, it checks only the scheme of a Redis URL, and of files of certificates only that
    /// they can be read.
    ///
    /// Serve no requests with such a configuration: it knows neither what is in the store nor which sessions ended.
    ///
    /// ```
    /// use sealed_session::EnvReader;
    /// let key = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";
    /// let vars = |url| {
    ///     let store = [("TIDEWAY_SESSION_BACKEND", "sqlite"), ("TIDEWAY_SESSION_STORE_URL", url)];
    ///     [("TIDEWAY_SESSION_ENCRYPTION_KEY", key)].into_iter().chain(store)
    /// };
    /// let reader = EnvReader::default().without_backend();
    /// assert!(!reader.read_vars(vars("sqlite:///nowhere/sessions.db"))?.build()?.has_backend());
    /// assert!(reader.read_vars(vars("sqlite::memory:")).is_err());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[must_use]
    pub fn without_backend(mut self) -> Self {
        self.opens_store = false;
        self
    }

    /// Reads the process environment.
    ///
    /// When the key is missing and `SESSION_ALLOW_INSECURE_KEY` is true, this method makes a random key for this
    /// process and warns about it on standard error.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable.
    ///
    /// ```no_run
    /// use sealed_session::EnvReader;
    /// // Reads TIDEWAY_SESSION_ENCRYPTION_KEY, or SESSION_ENCRYPTION_KEY, and their neighbours.
    /// let config = EnvReader::default().or_bare().read()?;
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn read(&self) -> Result<SessionConfig, ConfigError> {
        let config = self.read_vars(env::vars_os())?;
        if config.has_insecure_key() {
            warn(&self.prefix);
        }
        Ok(config)
    }

    /// Reads these variables instead of the process environment.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable; see [`SessionConfig::from_vars`].
    ///
    /// ```
    /// use sealed_session::EnvReader;
    /// let error = EnvReader::default().read_vars([("TIDEWAY_SESSION_TTL_SECONDS", "1h")]).unwrap_err();
    /// assert_eq!(error.problems().len(), 2, "the key is missing too");
    /// ```
    pub fn read_vars<N, V>(&self, vars: impl IntoIterator<Item = (N, V)>) -> Result<SessionConfig, ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let Self { prefix, reads_bare, opens_store } = self;
        let (reads_bare, opens_store) = (*reads_bare, *opens_store);
        let mut variables = Variables { reads_bare, opens_store, ..Variables::new(prefix, vars) };
        let mut options = variables.options();
        let keys = variables.keys(&mut options);
        variables.check(&options);
        variables.refuse_unknown();
        options.backend = variables.backend();
        options.backend_clock = variables.backend_clock.clone();
        match keys {
            Some(keys) if variables.problems.is_empty() => Ok(SessionConfig { keys, options }),
            _ => Err(ConfigError::new(variables.problems)),
        }
    }

    /// Reads the keys anew, and nothing else, from where [`EnvReader::read`] found them: for
    /// [`SessionManager::set_keys`](crate::SessionManager::set_keys). A process that runs keeps the variables with
    /// which it was started, so this is of use for keys in files (`SESSION_ENCRYPTION_KEY_FILE`,
    /// `SESSION_PREVIOUS_KEYS_FILE`).
    ///
    /// The two files are read one after the other. If both change in between, the keys are refused, or are those of one
    /// of the two states, as long as you rotate in the order that [`KeyRing`] gives: read them again after a moment.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of the keys. A key that is not set is one of them, whatever
    /// `SESSION_ALLOW_INSECURE_KEY` says.
    ///
    /// ```no_run
    /// use sealed_session::{EnvReader, SessionManager};
    /// let manager = SessionManager::from_env()?;
    /// // Later, when the files changed:
    /// match EnvReader::default().read_keys() {
    ///     Ok(keys) => manager.set_keys(keys),
    ///     Err(error) => eprintln!("the keys stay as they are: {error}"),
    /// }
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn read_keys(&self) -> Result<KeyRing, ConfigError> {
        self.read_key_vars(env::vars_os())
    }

    /// Reads the keys as [`EnvReader::read_keys`] does, from these variables instead of the process environment.
    ///
    /// # Errors
    /// As for [`EnvReader::read_keys`].
    ///
    /// ```
    /// use sealed_session::EnvReader;
    /// let digits = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";
    /// let keys = EnvReader::default().read_key_vars([("TIDEWAY_SESSION_ENCRYPTION_KEY", digits)])?;
    /// assert_eq!(keys.ids().count(), 1);
    /// assert!(EnvReader::default().read_key_vars([("TIDEWAY_SESSION_ALLOW_INSECURE_KEY", "true")]).is_err());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn read_key_vars<N, V>(&self, vars: impl IntoIterator<Item = (N, V)>) -> Result<KeyRing, ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut variables = Variables { reads_bare: self.reads_bare, ..Variables::new(&self.prefix, vars) };
        match variables.keys_again() {
            Some(keys) if variables.problems.is_empty() => Ok(keys),
            _ => Err(ConfigError::new(variables.problems)),
        }
    }

    /// Returns the bare name of every variable, for a program that explains or checks an environment.
    ///
    /// ```
    /// use sealed_session::EnvReader;
    /// assert!(EnvReader::bare_names().any(|name| name == "SESSION_TTL_SECONDS"));
    /// ```
    pub fn bare_names() -> impl Iterator<Item = &'static str> {
        VARIABLES.iter().map(|(name, _)| *name)
    }
}

/// Reads the names with the prefix `TIDEWAY_`, and no bare ones.
impl Default for EnvReader {
    fn default() -> Self {
        Self::new(PREFIX)
    }
}

impl SessionConfig {
    /// Makes the configuration that the process environment describes, under the prefix `TIDEWAY_`.
    ///
    /// When the key is missing and `TIDEWAY_SESSION_ALLOW_INSECURE_KEY` is true, this method makes a random key for
    /// this process and warns about it on standard error. In production (`APP_ENV` is `production`, `prod`, `prd` or
    /// `live`, or begins with one of these words) that is an error.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable.
    ///
    /// ```no_run
    /// use sealed_session::SessionConfig;
    /// let manager = SessionConfig::from_env()?.cookie_name("__Host-shop").build()?;
    /// assert_eq!(manager.codec().cookie_name(), "__Host-shop");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_env() -> Result<Self, ConfigError> {
        EnvReader::default().read()
    }

    /// Does what [`SessionConfig::from_env`] does, under another prefix, such as `SHOP_`.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable.
    ///
    /// ```no_run
    /// use sealed_session::SessionConfig;
    /// // Reads SHOP_SESSION_ENCRYPTION_KEY and its neighbours.
    /// let config = SessionConfig::from_env_with_prefix("SHOP_")?;
    /// assert!(!config.has_insecure_key());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_env_with_prefix(prefix: &str) -> Result<Self, ConfigError> {
        EnvReader::new(prefix).read()
    }

    /// Makes the configuration that these variables describe. Each name is looked up with the prefix; [`EnvReader`] can
    /// take bare names too.
    ///
    /// A variable whose name begins with the prefix and `SESSION_`, and that this crate does not know, is an error,
    /// unless the name has the form that Kubernetes gives to the variables of a service, such as
    /// `SHOP_SESSION_SERVICE_HOST`. A variable that is empty is not set. White space around a value does not count, and
    /// quotes around it are an error.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable: each names the variable and what the variable takes, never
    /// its value, except for the path of a file of keys that can't be read.
    ///
    /// ```
    /// use sealed_session::SessionConfig;
    /// let vars = [
    ///     ("SHOP_SESSION_ENCRYPTION_KEY", "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988"),
    ///     ("SHOP_SESSION_COOKIE_NAME", "__Host-shop"),
    /// ];
    /// let manager = SessionConfig::from_vars("SHOP_", vars)?.build()?;
    /// assert_eq!(manager.codec().cookie_name(), "__Host-shop");
    ///
    /// let error = SessionConfig::from_vars("SHOP_", [("SHOP_SESSION_TTL", "60")]).unwrap_err();
    /// assert!(error.to_string().contains("did you mean SHOP_SESSION_TTL_SECONDS?"));
    /// assert!(error.to_string().contains("SHOP_SESSION_ENCRYPTION_KEY: is required"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_vars<N, V>(prefix: &str, vars: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        EnvReader::new(prefix).read_vars(vars)
    }
}

#[expect(clippy::print_stderr, reason = "a made-up key must not go unnoticed, and a library has no log of its own")]
fn warn(prefix: &str) {
    eprintln!(
        "WARNING: {prefix}{ENCRYPTION_KEY} is not set and {prefix}{ALLOW_INSECURE_KEY} is true: sessions are sealed under a \
         random key that ends with this process. Never do this in production."
    );
}
