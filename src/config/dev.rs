//! Two settings that are for development alone, a cookie for plain http and a key that is made up, and the check that
//! neither of them is used in production.

use std::env;
use std::ffi::OsStr;

use super::config::SessionConfig;
use super::env_names::ALLOW_INSECURE_KEY;
use crate::cookie::{SameSite, syntax};
use crate::error::{ConfigProblem, ProblemKind};

impl SessionConfig {
    /// Makes the cookie work in development over plain http: turns Secure off, and with it what browsers take only
    /// together with Secure. The prefix of the cookie name is dropped, so `__Host-sid` becomes `sid`, and never meets
    /// the cookie of the real site. `SameSite=None` becomes `SameSite=Lax`, and Partitioned is turned off, so a page of
    /// another site does not get the cookie. The former cookies of [`SessionConfig::formerly`] are forgotten, since
    /// they are those of the real site, and no session is bound to a device (feature `dbsc`), which browsers do over
    /// https alone. Off by default.
    ///
    /// [`SessionConfig::build`] refuses this setting where the environment variable `APP_ENV` is `production`, `prod`,
    /// `prd` or `live`, in any case, or begins with one of these words, as `prod-eu` does.
    ///
    /// ```no_run
    /// use sealed_session::{Key, SameSite, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).cookie_name("__Host-sid").same_site(SameSite::None);
    /// assert_eq!(config.insecure_dev().build()?.codec().cookie_name(), "sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn insecure_dev(mut self) -> Self {
        self.options.insecure_dev = true;
        self
    }

    /// Carries out [`SessionConfig::insecure_dev`]. The problems are those of production, where neither that setting
    /// nor a key that was made up must be used.
    pub(super) fn for_this_process(self) -> (Self, Vec<ConfigProblem>) {
        self.for_app_env(env::var_os(APP_ENV).as_deref())
    }

    fn for_app_env(mut self, app_env: Option<&OsStr>) -> (Self, Vec<ConfigProblem>) {
        let options = &mut self.options;
        if options.insecure_dev {
            options.cookie_name = syntax::without_prefix(&options.cookie_name).to_owned();
            options.secure = false;
            options.partitioned = false;
            options.former.clear();
            // Browsers bind sessions over https alone.
            #[cfg(feature = "dbsc")]
            {
                options.device_binding = None;
            }
            if options.same_site == SameSite::None {
                options.same_site = SameSite::Lax;
            }
        }
        let settings = [("insecure_dev", options.insecure_dev), (ALLOW_INSECURE_KEY, options.insecure_key)];
        let refused = settings.into_iter().filter(|(_, is_on)| *is_on && is_production(app_env));
        let problems = refused.map(|(setting, _)| ConfigProblem::new(setting, NOT_IN_PRODUCTION)).collect();
        (self, problems)
    }
}

/// True when this value of the variable `APP_ENV` means production: its first word does. A value that was written
/// carelessly, or that also names a region, must not switch the check off.
pub(super) fn is_production(app_env: Option<&OsStr>) -> bool {
    let text = app_env.map(OsStr::to_string_lossy).unwrap_or_default();
    let first = text.split(|character: char| !character.is_alphanumeric()).find(|word| !word.is_empty());
    first.is_some_and(|word| PRODUCTION.iter().any(|name| word.eq_ignore_ascii_case(name)))
}

const PRODUCTION: [&str; 4] = ["production", "prod", "prd", "live"];

/// The variable that names the environment in which an application runs.
pub(super) const APP_ENV: &str = "APP_ENV";

pub(super) const NOT_IN_PRODUCTION: ProblemKind = ProblemKind::Conflict {
    rule: "must not be used where the variable APP_ENV begins with production, prod, prd or live",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::options::Options;
    use crate::crypto::Key;

    fn config() -> SessionConfig {
        SessionConfig::new(Key::generate().unwrap()).cookie_name("__Host-sid")
    }

    fn settings(config: SessionConfig, app_env: &str) -> Vec<String> {
        let (_, problems) = config.for_app_env(Some(OsStr::new(app_env)));
        problems.iter().map(|problem| problem.setting().to_owned()).collect()
    }

    #[test]
    fn the_insecure_configuration_for_development_is_refused_in_production() {
        let others =
            ["development", "", "--", "preproduction", "pre-production", "non-prod", "product", "delivery", "liver"];
        for app_env in others.map(Some).into_iter().chain([None]) {
            let (config, problems) = config().insecure_dev().for_app_env(app_env.map(OsStr::new));
            assert_eq!((config.options.cookie_name.as_str(), config.options.secure), ("sid", false));
            assert_eq!(problems, []);
        }
        let carelessly = ["production", "Production", " production\n", "\"production\"", "'PROD'", "\u{feff}prod"];
        for app_env in
            [&carelessly[..], &["prod", "prd", "live", "LIVE", "prod-eu", "production_2", "live:eu"]].concat()
        {
            assert_eq!(settings(config().insecure_dev(), app_env), ["insecure_dev"], "{app_env:?}");
        }
        let (unchanged, problems) = config().for_app_env(Some(OsStr::new("production")));
        assert!(unchanged.options.secure && unchanged.options.cookie_name == "__Host-sid" && problems.is_empty());
    }

    #[test]
    fn a_key_that_was_made_up_is_refused_in_production() {
        let made_up = || {
            let mut config = config();
            config.options.insecure_key = true;
            config
        };
        assert_eq!(settings(made_up(), "production"), ["SESSION_ALLOW_INSECURE_KEY"]);
        assert_eq!(settings(made_up().insecure_dev(), "prod"), ["insecure_dev", "SESSION_ALLOW_INSECURE_KEY"]);
        assert_eq!(settings(made_up(), "staging"), [""; 0]);
    }

    #[test]
    fn development_over_http_drops_all_that_browsers_take_with_secure_only() {
        let of = |change: fn(&mut Options)| {
            let mut config = config().insecure_dev();
            change(&mut config.options);
            let (config, _) = config.for_app_env(None);
            assert!(crate::config::check::check(&config.options).is_ok());
            (config.options.same_site, config.options.partitioned)
        };
        assert_eq!(of(|options| options.same_site = SameSite::None), (SameSite::Lax, false));
        assert_eq!(
            of(|options| (options.same_site, options.partitioned) = (SameSite::None, true)),
            (SameSite::Lax, false)
        );
        assert_eq!(of(|options| options.same_site = SameSite::Strict), (SameSite::Strict, false));
        for name in ["__Host-sid", "__Secure-sid", "__Http-sid", "__Host-Http-sid"] {
            let (config, _) = config().cookie_name(name).insecure_dev().for_app_env(None);
            assert_eq!(config.options.cookie_name, "sid");
        }
    }

    #[test]
    fn development_over_http_deletes_no_cookie_of_former_attributes() {
        let former = crate::config::FormerCookie::new("__Host-sid").path("/app");
        let (config, _) = config().formerly(former).insecure_dev().for_app_env(None);
        assert!(config.options.former.is_empty());
        assert!(crate::config::check::check(&config.options).is_ok());
    }

    #[cfg(feature = "dbsc")]
    #[test]
    fn development_over_http_binds_no_session() {
        let (config, _) =
            config().device_binding(crate::device_binding::DeviceBinding::new()).insecure_dev().for_app_env(None);
        assert!(crate::config::check::check(&config.options).is_ok_and(|checked| checked.binder.is_none()));
    }
}
