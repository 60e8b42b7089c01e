//! The names of the variables, and the judgement of a name that is none of them: a service of Kubernetes, or a mistake.

use super::env_backend::{BACKEND, REVOCATIONS, REVOCATIONS_URL, STORE_URL, SUBJECT};
use super::env_redis::{STORE_CA_FILE, STORE_CERT_FILE, STORE_KEY_FILE, STORE_REPLICAS, STORE_SERVER_NAME};

pub(super) const PREFIX: &str = "TIDEWAY_";

pub(super) const TTL_SECONDS: &str = "SESSION_TTL_SECONDS";
pub(super) const COOKIE_NAME: &str = "SESSION_COOKIE_NAME";
pub(super) const COOKIE_PATH: &str = "SESSION_COOKIE_PATH";
pub(super) const COOKIE_DOMAIN: &str = "SESSION_COOKIE_DOMAIN";
pub(super) const COOKIE_SECURE: &str = "SESSION_COOKIE_SECURE";
pub(super) const COOKIE_HTTP_ONLY: &str = "SESSION_COOKIE_HTTP_ONLY";
pub(super) const COOKIE_SAME_SITE: &str = "SESSION_COOKIE_SAME_SITE";
pub(super) const FORMER_COOKIES: &str = "SESSION_FORMER_COOKIES";
pub(super) const ENCRYPTION_KEY: &str = "SESSION_ENCRYPTION_KEY";
pub(super) const ENCRYPTION_KEY_FILE: &str = "SESSION_ENCRYPTION_KEY_FILE";
pub(super) const ALLOW_INSECURE_KEY: &str = "SESSION_ALLOW_INSECURE_KEY";
pub(super) const PREVIOUS_KEYS: &str = "SESSION_PREVIOUS_KEYS";
pub(super) const PREVIOUS_KEYS_FILE: &str = "SESSION_PREVIOUS_KEYS_FILE";
pub(super) const ABSOLUTE_TIMEOUT_SECONDS: &str = "SESSION_ABSOLUTE_TIMEOUT_SECONDS";
pub(super) const EXTEND_AFTER_SECONDS: &str = "SESSION_EXTEND_AFTER_SECONDS";
pub(super) const NOT_BEFORE: &str = "SESSION_NOT_BEFORE";
pub(super) const AUDIENCE: &str = "SESSION_AUDIENCE";

/// Every variable, and the setting of [`SessionConfig`](super::SessionConfig) that it sets. The setting is empty where
/// `check` has no rule to report under the name of the variable.
pub(super) const VARIABLES: [(&str, &str); 27] = [
    (BACKEND, ""),
    (STORE_URL, ""),
    (STORE_CA_FILE, ""),
    (STORE_CERT_FILE, ""),
    (STORE_KEY_FILE, ""),
    (STORE_SERVER_NAME, ""),
    (STORE_REPLICAS, ""),
    (REVOCATIONS, ""),
    (REVOCATIONS_URL, ""),
    (SUBJECT, ""),
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
    (FORMER_COOKIES, "formerly"),
    (NOT_BEFORE, "not_before"),
    (AUDIENCE, "audience"),
];

/// The text that the name of every variable begins with, after the prefix.
pub(super) const COMMON: &str = "SESSION_";

/// Returns the names of the variables, each without the prefix and [`COMMON`].
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().filter_map(|(variable, _)| variable.strip_prefix(COMMON))
}

/// True for the rest of a name that Kubernetes gives to a variable about a service. A service whose name is `session`
/// behind the prefix, or begins so, puts such variables into every pod of its namespace
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>). The forms are
/// `SERVICE_HOST`, `SERVICE_PORT`, `SERVICE_PORT_<name>`, `PORT`, `PORT_<number>_<protocol>`, and the last one with
/// `_ADDR`, `_PORT` or `_PROTO` behind it; the rest of the service's name may stand before each.
pub(super) fn is_of_a_service(rest: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let any_after = |word: &str, is_end: &dyn Fn(&str) -> bool| {
        rest.match_indices(word).any(|(start, _)| {
            let (before, after) = rest.split_at(start);
            (before.is_empty() || before.ends_with('_')) && is_end(after.strip_prefix(word).unwrap_or_default())
        })
    };
    is_name(rest)
        && (any_after("SERVICE_HOST", &str::is_empty)
            || any_after("SERVICE_PORT", &|end| end.is_empty() || end.strip_prefix('_').is_some_and(is_name))
            || any_after("PORT", &|end| end.is_empty() || end.strip_prefix('_').is_some_and(is_port)))
}

/// True for `6379_TCP`, and for that with what Kubernetes says about such a port.
fn is_port(text: &str) -> bool {
    let mut words = text.split('_');
    let is_number = words.next().is_some_and(|number| number.parse::<u16>().is_ok());
    let is_protocol = words.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol));
    let is_fact = words.next().is_none_or(|fact| ["ADDR", "PORT", "PROTO"].contains(&fact));
    is_number && is_protocol && is_fact && words.next().is_none()
}

/// Returns the known name that was most likely meant by a wrong one: the one that differs by a slip of the finger, or
/// else the only one of which the wrong name is the beginning or the end. `None` where that would be a guess.
pub(super) fn nearest(rest: &str) -> Option<&'static str> {
    let letters = |name: &str| name.replace(['_', '-'], "").to_ascii_uppercase();
    let wrong = letters(rest);
    let slips = |name: &&str| strsim::osa_distance(&wrong, &letters(name));
    let nearest = known().min_by_key(slips)?;
    if slips(&nearest) <= (wrong.len() / 6).max(1) {
        return Some(nearest);
    }
    let has_part = |name: &str| letters(name).starts_with(&wrong) || letters(name).ends_with(&wrong);
    let with_part: Vec<_> = known().filter(|name| wrong.len() >= 3 && has_part(name)).collect();
    // A variable and the one for its file are one answer.
    let mut answers = with_part.iter().filter(|name| {
        name.strip_suffix("_FILE").is_none_or(|variable| with_part.iter().all(|other| *other != variable))
    });
    let answer = answers.next().copied();
    answer.filter(|_| answers.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_service_is_told_from_a_name_of_ours() {
        for name in [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "SERVICE_PORT_HTTP_METRICS",
            "PORT",
            "PORT_6379_TCP",
            "PORT_6379_TCP_ADDR",
            "PORT_6379_TCP_PORT",
            "PORT_6379_TCP_PROTO",
            "PORT_53_UDP",
            "PORT_9_SCTP_ADDR",
            "STORE_SERVICE_HOST",
            "STORE_V2_PORT",
            "STORE_PORT_6379_TCP_ADDR",
            "COOKIE_PORT_SERVICE_PORT_P8080",
        ] {
            assert!(is_of_a_service(name), "{name}");
        }
        for name in [
            "",
            "SERVICE",
            "SERVICE_HOSTS",
            "SERVICE_PORTS",
            "SERVICE_PORT_",
            "SERVICE_HOST_NAME",
            "MICROSERVICE_HOST",
            "SUPPORT",
            "PORTS",
            "PORT_",
            "PORT_TCP",
            "PORT_6379",
            "PORT_6379_HTTP",
            "PORT_70000_TCP",
            "PORT_6379_TCP_HOST",
            "PORT_6379_TCP_ADDR_X",
            "service_host",
            "TTL",
        ] {
            assert!(!is_of_a_service(name), "{name}");
        }
        assert!(known().all(|name| !is_of_a_service(name)));
    }

    #[test]
    fn only_a_name_that_is_near_is_suggested() {
        for (wrong, meant) in [
            ("TTL", "TTL_SECONDS"),
            ("TTL_SECOND", "TTL_SECONDS"),
            ("ttl_seconds", "TTL_SECONDS"),
            ("COOKIE_SAMESITE", "COOKIE_SAME_SITE"),
            ("COOKIE-NAME", "COOKIE_NAME"),
            ("COOKIE_NAEM", "COOKIE_NAME"),
            ("SECURE", "COOKIE_SECURE"),
            ("HTTP_ONLY", "COOKIE_HTTP_ONLY"),
            ("ENCRYPTON_KEY", "ENCRYPTION_KEY"),
            ("ENCRYPTION", "ENCRYPTION_KEY"),
            ("PREVIOUS_KEY", "PREVIOUS_KEYS"),
            ("PREVIOUS", "PREVIOUS_KEYS"),
            ("PREVIOUS_KEY_FILE", "PREVIOUS_KEYS_FILE"),
            ("ABSOLUTE_TIMEOUT", "ABSOLUTE_TIMEOUT_SECONDS"),
            ("STORE_URI", "STORE_URL"),
            ("CA_FILE", "STORE_CA_FILE"),
            ("REPLICAS", "STORE_REPLICAS"),
            ("REVOCATION", "REVOCATIONS"),
            ("REVOCATION_URL", "REVOCATIONS_URL"),
            ("SUBJECTS", "SUBJECT"),
        ] {
            assert_eq!(nearest(wrong), Some(meant), "{wrong}");
        }
        for wrong in [
            "",
            "X",
            "KEY",
            "COOKIE",
            "SECRET",
            "NONSENSE",
            "IDLE_MINUTES",
            "COOKIE_SIZE",
            "REDIS_PASSWORD",
            "URL",
            "STORE",
        ] {
            assert_eq!(nearest(wrong), None, "{wrong}");
        }
        assert!(known().all(|name| nearest(name) == Some(name)));
    }
}
