//! Checks the settings. Every broken rule becomes a problem in one report. Settings without a problem become values
//! that can't be wrong.

use std::time::Duration;

use super::check_former;
use super::options::Options;
use super::problems::{Problems, conflict, invalid};
use crate::cookie::syntax::{strip_prefix, without_prefix};
use crate::cookie::{Attributes, CookieDomain, CookieName, CookiePath, CookieSettings, Cookies, SameSite};
use crate::data::Lifetime;
#[cfg(feature = "dbsc")]
use crate::device_binding::Binder;
use crate::error::ConfigProblem;
use crate::format::{FIXED_LEN, wire};
#[cfg(feature = "import")]
use crate::import::ImportSettings;
use crate::time::UnixTime;

/// The settings after the check, as values that can't be wrong.
pub(super) struct Checked {
    pub(super) cookie: CookieSettings,
    pub(super) lifetime: Lifetime,
    #[cfg(feature = "import")]
    pub(super) imports: Vec<ImportSettings>,
    #[cfg(feature = "dbsc")]
    pub(super) binder: Option<Binder>,
}

/// Checks every setting.
///
/// # Errors
/// Every problem, in the order of the checks.
pub(super) fn check(options: &Options) -> Result<Checked, Vec<ConfigProblem>> {
    let mut problems = Problems::default();
    let name = cookie_name(options, &mut problems);
    let attributes = attributes(options, &mut problems);
    let prefixed =
        name.as_ref().map_or(&*options.cookie_name, |(name, second)| second.as_ref().unwrap_or(name).as_str());
    prefix_rules(options, prefixed, &mut problems);
    let lifetime = lifetime(options, &mut problems);
    backends(options, &mut problems);
    let taken = names_beside(options, name.as_ref());
    let former = check_former::former(options, attributes.as_ref(), &taken, &mut problems);
    let cookie = name.zip(attributes).map(|((name, second), attributes)| {
        let max_bytes = options.max_cookie_bytes;
        CookieSettings { name, second, attributes, former, max_bytes }
    });
    sizes(options, cookie.as_ref(), &mut problems);
    #[cfg(feature = "import")]
    let imports = super::check_import::imports(options, cookie.as_ref(), &taken, &mut problems);
    #[cfg(feature = "dbsc")]
    let binder = super::check_binding::binder(options, cookie.as_ref(), &mut problems);
    match (cookie, problems.are_none()) {
        (Some(cookie), true) => Ok(Checked {
            cookie,
            lifetime,
            #[cfg(feature = "import")]
            imports,
            #[cfg(feature = "dbsc")]
            binder,
        }),
        _ => Err(problems.into_all()),
    }
}

/// Returns the name of the cookie, and the name of the second cookie if a session may take two.
fn cookie_name(options: &Options, problems: &mut Problems) -> Option<(CookieName, Option<CookieName>)> {
    let name = CookieName::parse(&options.cookie_name);
    let takes = "1 to 256 letters, digits and !#$%&'*+-.^_`|~ (an RFC 9110 token)";
    problems.require(name.is_some(), "cookie_name", invalid(takes));
    let name = name?;
    let second = if options.two_cookies { name.second() } else { None };
    let rule = "must be at most 254 bytes with two cookies: the second one's has `-2` behind it";
    problems.require(second.is_some() || !options.two_cookies, "cookie_name", conflict(rule));
    Some((name, second))
}

/// Returns the names of the cookies that stand beside the session cookie: the second of two, and the bound cookie of
/// device binding. No cookie of another kind may have one of these names, or its deletion would delete ours.
fn names_beside(options: &Options, name: Option<&(CookieName, Option<CookieName>)>) -> Vec<CookieName> {
    let Some((name, second)) = name else { return Vec::new() };
    #[cfg(feature = "dbsc")]
    let bound = options.device_binding.as_ref().and_then(|_| name.bound());
    #[cfg(not(feature = "dbsc"))]
    let (bound, _, _) = (None, options, name);
    second.iter().cloned().chain(bound).collect()
}

fn attributes(options: &Options, problems: &mut Problems) -> Option<Attributes> {
    let path = CookiePath::parse(&options.path);
    let takes = "a path that begins with `/`, up to 1024 bytes of ASCII, without `;` and without a space at its end";
    problems.require(path.is_some(), "path", invalid(takes));
    let domain = options.domain.as_deref().map(CookieDomain::parse);
    let takes = "a host name such as example.com, or localhost: labels of up to 63 letters, digits and `-` with dots between \
                 them, and not a single label, whose cookies browsers ignore";
    problems.require(!matches!(domain, Some(None)), "domain", invalid(takes));
    let &Options { secure, http_only, same_site, partitioned, .. } = options;
    Some(Attributes { path: path?, domain: domain.flatten(), secure, http_only, same_site, partitioned })
}

/// Checks what browsers demand of a cookie whose name begins with a prefix (RFC 6265bis section 4.1.3), of
/// `SameSite=None` and of Partitioned. If a session may take two cookies, `name` is the name of the second one: it
/// begins with the name of the first, and of the names `__Host` and `__Host-2` only the second has a prefix.
fn prefix_rules(options: &Options, name: &str, problems: &mut Problems) {
    let has = |prefix| strip_prefix(name, prefix).is_some();
    let host = has("__Host-");
    problems.require(!host || options.path == "/", "path", conflict("must be `/` with a `__Host-` cookie name"));
    let no_domain = conflict("must not be set with a `__Host-` cookie name");
    problems.require(!host || options.domain.is_none(), "domain", no_domain);
    problems.require(
        options.secure || without_prefix(name) == name,
        "secure",
        conflict("must be on with a cookie name that begins with `__Host-`, `__Secure-` or `__Http-`"),
    );
    problems.require(
        options.http_only || !has("__Http-") && !has("__Host-Http-"),
        "http_only",
        conflict("must be on with a cookie name that begins with `__Http-` or `__Host-Http-`"),
    );
    let none = options.same_site == SameSite::None;
    problems.require(options.secure || !none, "same_site", conflict("must not be none without Secure"));
    problems.require(options.secure || !options.partitioned, "partitioned", conflict("must not be on without Secure"));
}

fn lifetime(options: &Options, problems: &mut Problems) -> Lifetime {
    let whole = "whole seconds, from 1 to 1099511627775";
    problems.require(is_timeout(options.idle_timeout), "idle_timeout", invalid(whole));
    problems.require(is_timeout(options.absolute_timeout), "absolute_timeout", invalid(whole));
    problems.require(
        options.idle_timeout <= options.absolute_timeout,
        "idle_timeout",
        conflict("must not be longer than the absolute timeout, which is 30 days unless it is set"),
    );
    let extends =
        |holds: fn(Duration, Duration) -> bool| options.extend_after.is_none_or(|age| holds(age, options.idle_timeout));
    problems.require(extends(|age, _| is_whole(age)), "extend_after", invalid("whole seconds"));
    let rule = "must be shorter than the idle timeout";
    problems.require(extends(|age, idle| age < idle), "extend_after", conflict(rule));
    let is_skew = is_whole(options.clock_skew) && options.clock_skew <= MAX_CLOCK_SKEW;
    problems.require(is_skew, "clock_skew", invalid("whole seconds, up to a day"));
    let idle = options.idle_timeout.as_secs();
    let default = (idle / 10).max(60).min(idle / 2);
    Lifetime {
        idle,
        absolute: options.absolute_timeout.as_secs(),
        extend_after: options.extend_after.map_or(default, |age| age.as_secs()),
        clock_skew: options.clock_skew.as_secs(),
        not_before: options.not_before,
    }
}

fn backends(options: &Options, problems: &mut Problems) {
    problems.require(u16::try_from(options.audience.len()).is_ok(), "audience", invalid("up to 65535 bytes"));
    let subject = options.backend.subject.as_deref();
    problems.require(subject.is_none_or(is_subject_key), "subject", invalid(SUBJECT_KEY));
    let rule = "must not be set without a list of revocations or a store";
    problems.require(subject.is_none() || options.backend.exists(), "subject", conflict(rule));
    let window = options.recheck_after;
    let is_window = is_whole(window) && window <= MAX_RECHECK_AFTER;
    problems.require(is_window, "recheck_after", invalid("whole seconds, up to an hour"));
    let has_list = options.backend.revocations.is_some();
    let rule = "must not be set without a list of revocations";
    problems.require(window.is_zero() || has_list, "recheck_after", conflict(rule));
}

/// True for a text that can be the key of the entry which names the subject.
pub(super) fn is_subject_key(text: &str) -> bool {
    (1..=127).contains(&text.len())
}

pub(super) const SUBJECT_KEY: &str = "the key of an entry, 1 to 127 bytes";

/// Checks that the limits leave room for an empty session. Without a `cookie`, because its name or an attribute is
/// wrong, the room can't be known and is not checked.
fn sizes(options: &Options, cookie: Option<&CookieSettings>, problems: &mut Problems) {
    let is_block = (1..=1024).contains(&options.padding_block);
    problems.require(is_block, "padding_block", invalid("1 to 1024 bytes"));
    let fits = cookie.is_none_or(|settings| {
        let chars = Cookies::new(settings).max_whole();
        wire::max_plaintext(chars, options.padding_block) >= FIXED_LEN
    });
    let takes = "enough bytes for the cookie's name and attributes and an empty session, some 300";
    problems.require(fits || !is_block, "max_cookie_bytes", invalid(takes));
}

fn is_whole(duration: Duration) -> bool {
    duration.subsec_nanos() == 0
}

fn is_timeout(duration: Duration) -> bool {
    is_whole(duration) && (1..=UnixTime::MAX.as_secs()).contains(&duration.as_secs())
}

/// An hour. Whoever waits longer for a logout needs no list: a short idle timeout ends the session in that time, too.
const MAX_RECHECK_AFTER: Duration = Duration::from_secs(60 * 60);

/// A day. A longer clock skew would in effect switch off the check that a cookie was not issued in the future.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::MemoryRevocations;
    use crate::error::ProblemKind;

    /// Returns the settings that have a problem, each followed by `C` for a conflict or `I` for an invalid value.
    pub(in crate::config) fn problems_of(change: impl FnOnce(&mut Options)) -> Vec<String> {
        let mut options = Options::default();
        change(&mut options);
        let kind = |kind: &ProblemKind| if matches!(kind, ProblemKind::Conflict { .. }) { 'C' } else { 'I' };
        check(&options)
            .err()
            .unwrap_or_default()
            .iter()
            .map(|problem| format!("{} {}", problem.setting(), kind(problem.kind())))
            .collect()
    }

    fn of_name(name: &str) -> Vec<String> {
        problems_of(|options| options.cookie_name = name.into())
    }

    #[test]
    fn the_defaults_have_no_problem() {
        assert!(problems_of(|_| ()).is_empty());
    }

    #[test]
    fn a_cookie_name_is_a_token() {
        for name in ["s", "__Host-session", "!#$%&'*+-.^_`|~", &"n".repeat(256)] {
            assert!(of_name(name).is_empty(), "{name:?}");
        }
        for name in
            ["", "two words", "a=b", "a;b", "a,b", "\"a\"", "é", "a\0", "a=b; Domain=evil.example; x", &"n".repeat(257)]
        {
            assert_eq!(of_name(name), ["cookie_name I"], "{name:?}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash_and_can_not_end_the_attribute() {
        let of = |path: &str| problems_of(|options| options.path = path.into());
        assert!(of("/shop/a b").is_empty());
        assert!(of(&format!("/{}", "p".repeat(1023))).is_empty());
        for path in ["", "shop", "/;", "/ ", "/\n", "/é", "/\x7f", &format!("/{}", "p".repeat(1024))] {
            assert!(of(path).contains(&"path I".to_owned()), "{path:?}");
        }
    }

    #[test]
    fn a_domain_is_a_host_name() {
        let of = |domain: &str| problems_of(|options| options.domain = Some(domain.into()));
        assert!(of("example.com").is_empty());
        assert!(of(".example.com").is_empty());
        assert!(of(&["a"; 127].join(".")).is_empty());
        assert!(of(&format!("{}.example", "d".repeat(63))).is_empty());
        for domain in [
            "",
            ".",
            "..",
            "a..b",
            "..a",
            "-a",
            "a-",
            "example.com.",
            &["a"; 128].join("."),
            &format!("{}.example", "d".repeat(64)),
            "a b",
            "a;b",
            "a\n",
            "é",
            "example.com:80",
        ] {
            assert!(of(domain).contains(&"domain I".to_owned()), "{domain:?}");
        }
    }

    #[test]
    fn a_domain_is_no_single_label_but_localhost() {
        let of = |domain: &str| problems_of(|options| options.domain = Some(domain.into()));
        for domain in ["localhost", "LocalHost", ".localhost", "a.b", "app.localhost", "co.uk", "127.0.0.1"] {
            assert!(of(domain).is_empty(), "{domain:?}");
        }
        for domain in ["com", ".com", "COM", "internal", "xn--p1ai", "localhost2", "1", &"d".repeat(63)] {
            assert_eq!(of(domain), ["domain I"], "{domain:?}");
        }
    }

    #[test]
    fn prefixed_names_need_what_browsers_demand_of_them() {
        for name in ["__Host-s", "__host-s", "__HOST-S"] {
            let of = |change: fn(&mut Options)| {
                problems_of(|options| {
                    options.cookie_name = name.into();
                    change(options);
                })
            };
            assert!(of(|_| ()).is_empty());
            assert_eq!(of(|options| options.path = "/app".into()), ["path C"]);
            assert_eq!(of(|options| options.domain = Some("example.com".into())), ["domain C"]);
            assert_eq!(of(|options| options.secure = false), ["secure C"]);
        }
        for (name, setting) in [("__Secure-s", "secure C"), ("__Http-s", "secure C"), ("__Host-Http-s", "secure C")] {
            let insecure = problems_of(|options| (options.cookie_name, options.secure) = (name.into(), false));
            assert_eq!(insecure, [setting], "{name}");
        }
        for name in ["__Http-s", "__Host-Http-s"] {
            let scripted = problems_of(|options| (options.cookie_name, options.http_only) = (name.into(), false));
            assert_eq!(scripted, ["http_only C"], "{name}");
        }
    }

    #[test]
    fn a_name_loses_its_prefix_whole_and_in_any_case() {
        let without = ["__Host-sid", "__host-Http-sid", "__Secure-sid", "__HTTP-sid", "sid"].map(without_prefix);
        assert_eq!(without, ["sid"; 5]);
        assert_eq!(without_prefix("my__Host-sid"), "my__Host-sid");
    }

    #[test]
    fn same_site_none_and_partitioned_need_secure() {
        assert!(problems_of(|options| options.same_site = SameSite::None).is_empty());
        let none = problems_of(|options| (options.same_site, options.secure) = (SameSite::None, false));
        assert_eq!(none, ["same_site C"]);
        let partitioned = problems_of(|options| (options.partitioned, options.secure) = (true, false));
        assert_eq!(partitioned, ["partitioned C"]);
    }

    #[test]
    fn timeouts_are_whole_seconds_above_zero_in_order() {
        let seconds = Duration::from_secs;
        let idle = |timeout| problems_of(|options| options.idle_timeout = timeout);
        assert!(idle(seconds(1)).is_empty());
        assert_eq!(idle(Duration::ZERO), ["idle_timeout I"]);
        assert_eq!(idle(Duration::from_millis(1500)), ["idle_timeout I"]);
        assert_eq!(idle(Duration::MAX), ["idle_timeout I", "idle_timeout C"]);
        let absolute = |timeout| problems_of(|options| options.absolute_timeout = timeout);
        assert!(absolute(seconds(86_400)).is_empty());
        assert_eq!(absolute(seconds(86_399)), ["idle_timeout C"]);
        assert!(absolute(seconds((1 << 40) - 1)).is_empty());
        assert_eq!(absolute(seconds(1 << 40)), ["absolute_timeout I"]);
        let extend = |age| problems_of(|options| options.extend_after = Some(age));
        assert!(extend(Duration::ZERO).is_empty());
        assert!(extend(seconds(86_399)).is_empty());
        assert_eq!(extend(seconds(86_400)), ["extend_after C"]);
        assert_eq!(extend(Duration::from_millis(1)), ["extend_after I"]);
        let skew = |skew| problems_of(|options| options.clock_skew = skew);
        assert!(skew(seconds(86_400)).is_empty());
        for skewed in [Duration::from_nanos(1), seconds(86_401), Duration::MAX] {
            assert_eq!(skew(skewed), ["clock_skew I"]);
        }
    }

    #[test]
    fn the_default_of_extend_after_is_a_tenth_but_a_minute_at_least_and_half_at_most() {
        let of = |idle| {
            let options = Options { idle_timeout: Duration::from_secs(idle), ..Options::default() };
            lifetime(&options, &mut Problems::default()).extend_after
        };
        assert_eq!([of(86_400), of(601), of(600), of(300), of(120), of(100), of(1)], [8_640, 60, 60, 60, 60, 50, 0]);
    }

    #[test]
    fn a_list_is_asked_again_after_whole_seconds_up_to_an_hour() {
        let with_list = |window| {
            problems_of(|options| {
                options.backend.revocations = Some(Arc::new(MemoryRevocations::new()));
                options.recheck_after = window;
            })
        };
        for window in [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3_600)] {
            assert!(with_list(window).is_empty(), "{window:?}");
        }
        for window in [Duration::from_millis(500), Duration::from_secs(3_601), Duration::MAX] {
            assert_eq!(with_list(window), ["recheck_after I"], "{window:?}");
        }
        let without = problems_of(|options| options.recheck_after = Duration::from_secs(5));
        assert_eq!(without, ["recheck_after C"]);
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(problems_of(|options| options.audience = "a".repeat(65_536)), ["audience I"]);
        assert!(problems_of(|options| options.audience = "a".repeat(65_535)).is_empty());
        for block in [0, 1025, usize::MAX] {
            assert_eq!(problems_of(|options| options.padding_block = block), ["padding_block I"]);
        }
        for bytes in [0, 100, 200] {
            assert_eq!(problems_of(|options| options.max_cookie_bytes = bytes), ["max_cookie_bytes I"]);
        }
        assert!(problems_of(|options| options.max_cookie_bytes = usize::MAX).is_empty());
    }
}
