//! Makes a configuration out of environment variables. Every variable is checked, and one report holds every problem.
//! No problem shows the value of a variable, since it may be a key.

use std::env;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::check;
use super::config::SessionConfig;
use super::env_backend::{BACKEND, STORE_URL};
use super::env_reader::{Reader, Text};
use super::options::Options;
use crate::cookie::{SameSite, syntax};
use crate::crypto::{Key, KeyRing};
use crate::error::{ConfigError, ConfigProblem, KeyError, ProblemKind};
use crate::time::UnixTime;

const PREFIX: &str = "TIDEWAY_";
const COMMON: &str = "SESSION_";

const TTL_SECONDS: &str = "SESSION_TTL_SECONDS";
const COOKIE_NAME: &str = "SESSION_COOKIE_NAME";
const COOKIE_PATH: &str = "SESSION_COOKIE_PATH";
const COOKIE_DOMAIN: &str = "SESSION_COOKIE_DOMAIN";
const COOKIE_SECURE: &str = "SESSION_COOKIE_SECURE";
const COOKIE_HTTP_ONLY: &str = "SESSION_COOKIE_HTTP_ONLY";
const COOKIE_SAME_SITE: &str = "SESSION_COOKIE_SAME_SITE";
const ENCRYPTION_KEY: &str = "SESSION_ENCRYPTION_KEY";
const ENCRYPTION_KEY_FILE: &str = "SESSION_ENCRYPTION_KEY_FILE";
const ALLOW_INSECURE_KEY: &str = "SESSION_ALLOW_INSECURE_KEY";
const PREVIOUS_KEYS: &str = "SESSION_PREVIOUS_KEYS";
const PREVIOUS_KEYS_FILE: &str = "SESSION_PREVIOUS_KEYS_FILE";
const ABSOLUTE_TIMEOUT_SECONDS: &str = "SESSION_ABSOLUTE_TIMEOUT_SECONDS";
const EXTEND_AFTER_SECONDS: &str = "SESSION_EXTEND_AFTER_SECONDS";
const NOT_BEFORE: &str = "SESSION_NOT_BEFORE";
const AUDIENCE: &str = "SESSION_AUDIENCE";

/// Every variable, and the setting of [`SessionConfig`] that it sets. The setting is empty where `check` has no rule to
/// report under the name of the variable.
const VARIABLES: [(&str, &str); 18] = [
    (BACKEND, ""),
    (STORE_URL, ""),
    (TTL_SECONDS, "idle_timeout"),
    (COOKIE_NAME, "cookie_name"),
    (COOKIE_PATH, "path"),
    (COOKIE_DOMAIN, "domain"),
    (COOKIE_SECURE, "secure"),
    (COOKIE_HTTP_ONLY, "http_only"),
    (ENCRYPTION_KEY, ""),
    (ENCRYPTION_KEY_FILE, ""),
    (ALLOW_INSECURE_KEY, ""),
    (PREVIOUS_KEYS, ""),
    (PREVIOUS_KEYS_FILE, ""),
    (ABSOLUTE_TIMEOUT_SECONDS, "absolute_timeout"),
    (EXTEND_AFTER_SECONDS, "extend_after"),
    (COOKIE_SAME_SITE, "same_site"),
    (NOT_BEFORE, "not_before"),
    (AUDIENCE, "audience"),
];

const WHOLE_SECONDS: &str = "a whole number of seconds";
const SWITCH: &str = "true or false (or 1/0, yes/no, on/off)";
const KEY: &str = "64 hexadecimal digits (or, with _FILE at the end of its name, the path of a file with them)";

impl SessionConfig {
    /// Makes the configuration that the process environment describes, under the prefix `TIDEWAY_`.
    ///
    /// When the key is missing and `TIDEWAY_SESSION_ALLOW_INSECURE_KEY` is true, this method makes a random key for
    /// this process and warns about it on standard error.
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
        Self::from_env_with_prefix(PREFIX)
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
        let config = Self::from_vars(prefix, env::vars_os())?;
        if config.has_insecure_key() {
            warn(prefix);
        }
        Ok(config)
    }

    /// Makes the cookie work in development over plain http: turns Secure off, and drops the prefix of the cookie name
    /// that needs Secure. So `__Host-sid` becomes `sid`, and never meets the cookie of the real site. Off by default.
    ///
    /// [`SessionConfig::build`] refuses this setting where the environment variable `APP_ENV` is `production`.
    ///
    /// ```no_run
    /// use sealed_session::{Key, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).cookie_name("__Host-sid").insecure_dev();
    /// assert_eq!(config.build()?.codec().cookie_name(), "sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn insecure_dev(mut self) -> Self {
        self.options.insecure_dev = true;
        self
    }

    /// Carries out [`SessionConfig::insecure_dev`]. The problem is `Some` in production, where it must not be used.
    pub(crate) fn for_this_process(self) -> (Self, Option<ConfigProblem>) {
        self.for_app_env(env::var_os("APP_ENV").as_deref())
    }

    fn for_app_env(mut self, app_env: Option<&OsStr>) -> (Self, Option<ConfigProblem>) {
        if !self.options.insecure_dev {
            return (self, None);
        }
        let name = syntax::without_prefix(&self.options.cookie_name).to_owned();
        self.options.cookie_name = name;
        self.options.secure = false;
        let rule = "must not be used where the variable APP_ENV is production";
        let is_production = app_env.is_some_and(|value| value.eq_ignore_ascii_case("production"));
        (self, is_production.then(|| ConfigProblem::new("insecure_dev", ProblemKind::Conflict { rule })))
    }

    /// Makes the configuration that these variables describe. Each name is looked up with the prefix, then without it.
    /// A variable whose name begins with the prefix and `SESSION_`, and that this crate does not know, is an error.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every variable: each names the variable and what the variable takes, never
    /// its value.
    ///
    /// ```
    /// use sealed_session::SessionConfig;
    /// let vars = [
    ///     ("SHOP_SESSION_ENCRYPTION_KEY", "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988"),
    ///     ("SESSION_COOKIE_NAME", "__Host-shop"),
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
        let mut reader = Reader::new(prefix, vars);
        let mut options = reader.options();
        let keys = reader.keys(&mut options);
        reader.check(&options);
        reader.refuse_unknown();
        options.backend = reader.backend();
        match keys {
            Some(keys) if reader.problems.is_empty() => Ok(Self { keys, options }),
            _ => Err(ConfigError::new(reader.problems)),
        }
    }
}
impl Reader<'_> {
    fn options(&mut self) -> Options {
        let default = Options::default();
        Options {
            idle_timeout: self.parse(TTL_SECONDS, WHOLE_SECONDS, seconds).unwrap_or(default.idle_timeout),
            cookie_name: self.text(COOKIE_NAME).unwrap_or(default.cookie_name),
            path: self.text(COOKIE_PATH).unwrap_or(default.path),
            domain: self.text(COOKIE_DOMAIN).filter(|domain| !domain.is_empty()),
            secure: self.parse(COOKIE_SECURE, SWITCH, switch).unwrap_or(default.secure),
            http_only: self.parse(COOKIE_HTTP_ONLY, SWITCH, switch).unwrap_or(default.http_only),
            same_site: self.parse(COOKIE_SAME_SITE, "strict, lax or none", same_site).unwrap_or(default.same_site),
            absolute_timeout: self
                .parse(ABSOLUTE_TIMEOUT_SECONDS, WHOLE_SECONDS, seconds)
                .unwrap_or(default.absolute_timeout),
            extend_after: self.parse(EXTEND_AFTER_SECONDS, WHOLE_SECONDS, seconds),
            not_before: self
                .parse(NOT_BEFORE, "an RFC 3339 instant such as 2026-01-31T12:00:00Z", UnixTime::from_rfc3339)
                .unwrap_or(default.not_before),
            audience: self.text(AUDIENCE).unwrap_or(default.audience),
            ..default
        }
    }

    /// Reads the keys. `None` means that a problem was noted.
    fn keys(&mut self, options: &mut Options) -> Option<KeyRing> {
        let allow_insecure = self.parse(ALLOW_INSECURE_KEY, SWITCH, switch).unwrap_or(false);
        let primary = self.text_or_file(ENCRYPTION_KEY, ENCRYPTION_KEY_FILE);
        let previous = self.text_or_file(PREVIOUS_KEYS, PREVIOUS_KEYS_FILE);
        let primary = match primary {
            Text::Is(var) => self.key(&var.name, Key::from_hex(&var.text)),
            Text::Unset if allow_insecure => {
                options.insecure_key = true;
                self.key(&self.name_of(ENCRYPTION_KEY), Key::generate())
            }
            Text::Unset => self.problem(self.name_of(ENCRYPTION_KEY), ProblemKind::Missing { takes: KEY }),
            Text::Unreadable => None,
        };
        let (previous_name, previous) = match previous {
            Text::Is(var) => {
                let texts = var.text.split([',', '\n']).map(str::trim).filter(|text| !text.is_empty());
                let keys: Vec<_> = texts.map(|text| self.key(&var.name, Key::from_hex(text))).collect();
                (var.name, keys.into_iter().collect::<Option<Vec<_>>>())
            }
            Text::Unset => (self.name_of(PREVIOUS_KEYS), Some(Vec::new())),
            Text::Unreadable => return None,
        };
        self.key(&previous_name, KeyRing::new(primary?, previous?))
    }

    fn key<T>(&mut self, name: &str, key: Result<T, KeyError>) -> Option<T> {
        key.map_err(|error| self.note(name.to_owned(), ProblemKind::Key(error))).ok()
    }

    /// Notes the rules that the options break, under the names of the variables. A variable gets one problem at most.
    /// If a variable in seconds could not be read, no conflict between such variables is noted, since the default
    /// stands in for it.
    fn check(&mut self, options: &Options) {
        let is_time = |name: &str| name.ends_with("_SECONDS");
        let has_wrong_time = self.problems.iter().any(|problem| is_time(problem.setting()));
        for problem in check::check(options).err().unwrap_or_default() {
            let variable = VARIABLES.iter().find(|(_, setting)| *setting == problem.setting());
            let name = variable.map_or_else(|| problem.setting().to_owned(), |(name, _)| self.name_of(name));
            let is_known = self.problems.iter().any(|known| known.setting() == name);
            let is_conflict = matches!(problem.kind(), ProblemKind::Conflict { .. });
            let is_unsure = has_wrong_time && is_conflict && is_time(&name);
            if !is_known && !is_unsure {
                self.note(name, problem.kind().clone());
            }
        }
    }

    /// Notes every variable whose name begins with the prefix and `SESSION_`, and that [`VARIABLES`] does not list.
    /// Without a prefix nothing is noted, since other programs may read such variables.
    fn refuse_unknown(&mut self) {
        if self.prefix.is_empty() {
            return;
        }
        let ours = format!("{}{COMMON}", self.prefix);
        let names: Vec<_> = self.vars.keys().filter_map(|name| Some(name.to_str()?.to_owned())).collect();
        for name in names {
            let Some(rest) = name.strip_prefix(&ours) else { continue };
            let known = || VARIABLES.iter().filter_map(|(variable, _)| variable.strip_prefix(COMMON));
            if known().all(|variable| variable != rest) {
                // Jaro-Winkler favours names with a common beginning, as when the unit was left off.
                let likeness = |variable: &&str| strsim::jaro_winkler(variable, rest);
                let nearest = known().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default();
                self.note(name.clone(), ProblemKind::UnknownVariable { nearest: format!("{ours}{nearest}") });
            }
        }
    }
}

fn seconds(text: &str) -> Option<Duration> {
    // `parse` alone would take a plus sign.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).map(Duration::from_secs)
}

fn switch(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "1", "yes", "on"]) => Some(true),
        () if is(["false", "0", "no", "off"]) => Some(false),
        () => None,
    }
}

fn same_site(text: &str) -> Option<SameSite> {
    match text.to_ascii_lowercase().as_str() {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

#[expect(clippy::print_stderr, reason = "a made-up key must not go unnoticed, and a library has no log of its own")]
fn warn(prefix: &str) {
    eprintln!(
        "WARNING: {prefix}{ENCRYPTION_KEY} is not set and {prefix}{ALLOW_INSECURE_KEY} is true: sessions are sealed under a \
         random key that ends with this process. Never do this in production."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_insecure_configuration_for_development_is_refused_in_production() {
        let config = |app_env: Option<&str>| {
            let config = SessionConfig::new(Key::generate().unwrap()).insecure_dev().cookie_name("__Host-sid");
            config.for_app_env(app_env.map(OsStr::new))
        };
        for app_env in [None, Some("development"), Some("")] {
            let (config, problem) = config(app_env);
            assert_eq!((config.options.cookie_name.as_str(), config.options.secure), ("sid", false));
            assert_eq!(problem, None);
        }
        for app_env in ["production", "Production"] {
            let (_, problem) = config(Some(app_env));
            assert!(problem.is_some_and(|problem| problem.setting() == "insecure_dev"));
        }
        let (unchanged, _) = SessionConfig::new(Key::generate().unwrap()).cookie_name("__Host-sid").for_app_env(None);
        assert!(unchanged.options.secure && unchanged.options.cookie_name == "__Host-sid");
    }

    #[test]
    fn the_readme_lists_every_variable_and_no_other() {
        let readme = include_str!("../../README.md");
        let listed = readme.lines().filter_map(|line| line.strip_prefix("| `TIDEWAY_")?.split('`').next());
        let listed: std::collections::BTreeSet<_> = listed.collect();
        assert_eq!(listed, VARIABLES.iter().map(|(name, _)| *name).collect());
    }

    #[test]
    fn the_readme_gives_the_defaults() {
        let readme = include_str!("../../README.md");
        let listed = |name: &str| {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `TIDEWAY_{name}` |"))).unwrap();
            row.split('|').nth(2).unwrap().trim_matches([' ', '`']).to_owned()
        };
        let default = Options::default();
        assert_eq!(listed(TTL_SECONDS), default.idle_timeout.as_secs().to_string());
        assert_eq!(listed(ABSOLUTE_TIMEOUT_SECONDS), default.absolute_timeout.as_secs().to_string());
        assert_eq!(listed(COOKIE_NAME), default.cookie_name);
        assert_eq!(listed(COOKIE_PATH), default.path);
        assert_eq!(listed(COOKIE_SECURE), default.secure.to_string());
        assert_eq!(listed(COOKIE_HTTP_ONLY), default.http_only.to_string());
        assert_eq!(same_site(&listed(COOKIE_SAME_SITE)), Some(default.same_site));
        assert_eq!(listed(COOKIE_DOMAIN), "none");
        assert_eq!(default.domain, None);
    }
}
