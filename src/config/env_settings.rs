//! Reads each variable into the setting that it sets, and the keys.

use std::ffi::OsStr;
use std::time::Duration;

use super::dev::{APP_ENV, NOT_IN_PRODUCTION, is_production};
use super::env_names::{
    ABSOLUTE_TIMEOUT_SECONDS, ALLOW_INSECURE_KEY, AUDIENCE, COMMON, COOKIE_DOMAIN, COOKIE_HTTP_ONLY, COOKIE_NAME,
    COOKIE_PATH, COOKIE_SAME_SITE, COOKIE_SECURE, ENCRYPTION_KEY, ENCRYPTION_KEY_FILE, EXTEND_AFTER_SECONDS,
    FORMER_COOKIES, NOT_BEFORE, PREVIOUS_KEYS, PREVIOUS_KEYS_FILE, TTL_SECONDS, VARIABLES, is_of_a_service, known,
    nearest,
};
use super::env_reader::{Text, Variables, is_quoted, trimmed};
use super::former::former_cookies;
use super::options::Options;
use super::secret::Secret;
use super::{check, check_former};
use crate::cookie::SameSite;
use crate::crypto::{Key, KeyRing};
use crate::error::{KeyError, ProblemKind};
use crate::time::UnixTime;

impl Variables<'_> {
    pub(super) fn options(&mut self) -> Options {
        let default = Options::default();
        Options {
            idle_timeout: self.parse(TTL_SECONDS, WHOLE_SECONDS, seconds).unwrap_or(default.idle_timeout),
            cookie_name: self.text(COOKIE_NAME).unwrap_or(default.cookie_name),
            path: self.text(COOKIE_PATH).unwrap_or(default.path),
            domain: self.text(COOKIE_DOMAIN),
            secure: self.parse(COOKIE_SECURE, SWITCH, switch).unwrap_or(default.secure),
            http_only: self.parse(COOKIE_HTTP_ONLY, SWITCH, switch).unwrap_or(default.http_only),
            same_site: self.parse(COOKIE_SAME_SITE, "strict, lax or none", same_site).unwrap_or(default.same_site),
            former: self.parse(FORMER_COOKIES, check_former::TAKES, former_cookies).unwrap_or_default(),
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
    pub(super) fn keys(&mut self, options: &mut Options) -> Option<KeyRing> {
        let allow_insecure = self.allow_insecure_key();
        let primary = self.text_or_file(ENCRYPTION_KEY, ENCRYPTION_KEY_FILE);
        let previous = self.text_or_file(PREVIOUS_KEYS, PREVIOUS_KEYS_FILE);
        let primary = match primary {
            Text::Is(var) => {
                let key = Key::from_hex(&var.text);
                key.map_err(|error| self.note(var.name, ProblemKind::Key(error))).ok()
            }
            Text::Unset if allow_insecure => {
                options.insecure_key = true;
                let key = Key::generate();
                key.map_err(|error| self.note(self.name_of(ENCRYPTION_KEY), ProblemKind::Key(error))).ok()
            }
            Text::Unset => {
                let is_bare = [ENCRYPTION_KEY, ENCRYPTION_KEY_FILE].iter().any(|name| self.is_set_bare_only(name));
                let takes = if is_bare { KEY_NOT_BARE } else { KEY };
                self.problem(self.name_of(ENCRYPTION_KEY), ProblemKind::Missing { takes })
            }
            Text::Unreadable => None,
        };
        let (name, keys) = match previous {
            Text::Is(var) => (var.name.clone(), self.previous_keys(&var.name, &var.text)?),
            Text::Unset => (self.name_of(PREVIOUS_KEYS), Vec::new()),
            Text::Unreadable => return None,
        };
        let primary = primary?;
        let ids: Vec<_> = keys.iter().map(Key::id).collect();
        match KeyRing::new(primary, keys) {
            Ok(ring) => Some(ring),
            Err(error) => {
                // The last key with the id is the one that is too much.
                let number = match error {
                    KeyError::Duplicate { id } => ids.iter().rposition(|other| *other == id),
                    _ => None,
                };
                let number = number.unwrap_or_default().saturating_add(1);
                self.problem(name, ProblemKind::PreviousKey { number, error })
            }
        }
    }

    /// Reads the keys for a manager that has some already. Here no key is made up in the place of a missing one, since
    /// that would log everyone out.
    pub(super) fn keys_again(&mut self) -> Option<KeyRing> {
        let mut options = Options::default();
        let keys = self.keys(&mut options);
        if options.insecure_key {
            return self.problem(self.name_of(ENCRYPTION_KEY), ProblemKind::Missing { takes: KEY });
        }
        keys
    }

    /// Reads whether a missing key may be replaced by a random one, which is refused in production.
    fn allow_insecure_key(&mut self) -> bool {
        let is_allowed = self.parse(ALLOW_INSECURE_KEY, SWITCH, switch).unwrap_or(false);
        let app_env = self.by_name.get(OsStr::new(APP_ENV)).and_then(Secret::to_str);
        let is_refused = is_allowed && is_production(app_env.map(OsStr::new));
        if is_refused {
            self.note(self.name_of(ALLOW_INSECURE_KEY), NOT_IN_PRODUCTION);
        }
        is_allowed && !is_refused
    }

    fn previous_keys(&mut self, name: &str, text: &str) -> Option<Vec<Key>> {
        let texts: Vec<_> = text.split([',', '\n']).map(trimmed).filter(|text| !text.is_empty()).collect();
        if texts.iter().any(|text| is_quoted(text)) {
            return self.problem(name.to_owned(), ProblemKind::Quoted);
        }
        let keys = (1..).zip(texts).map(|(number, text)| {
            let key = Key::from_hex(text);
            key.map_err(|error| self.note(name.to_owned(), ProblemKind::PreviousKey { number, error })).ok()
        });
        // Every key is read before one that is missing ends this, so that all of them are in the report.
        let keys: Vec<_> = keys.collect();
        keys.into_iter().collect()
    }

    /// Notes the rules that the options break, under the names of the variables. A variable gets one problem at most.
    /// If a variable in seconds could not be read, no conflict between such variables is noted, since the default
    /// stands in for it.
    pub(super) fn check(&mut self, options: &Options) {
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

    /// Notes every variable whose name begins with the prefix and `SESSION_`, and that the crate does not know. Without
    /// a prefix nothing is noted, since other programs may read such variables.
    pub(super) fn refuse_unknown(&mut self) {
        if self.prefix.is_empty() {
            return;
        }
        let ours = format!("{}{COMMON}", self.prefix);
        let names: Vec<_> = self.by_name.keys().filter_map(|name| Some(name.to_str()?.to_owned())).collect();
        for name in names {
            // A file of variables may begin with a byte order mark, which then belongs to the first name.
            let Some(rest) = trimmed(&name).strip_prefix(&ours) else { continue };
            let is_known = known().any(|variable| name == format!("{ours}{variable}"));
            if !is_known && !is_of_a_service(rest) {
                let nearest = nearest(rest).map(|nearest| format!("{ours}{nearest}"));
                self.note(name, ProblemKind::UnknownVariable { nearest });
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

const WHOLE_SECONDS: &str = "a whole number of seconds";
const SWITCH: &str = "true or false (or 1/0, yes/no, on/off)";
const KEY: &str = "64 hexadecimal digits (or, with _FILE at the end of its name, the path of a file with them)";
const KEY_NOT_BARE: &str = "64 hexadecimal digits; the variable without the prefix is set, and counts only in a program that asks for bare names";

#[cfg(test)]
mod tests {
    use super::*;

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
