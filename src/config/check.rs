//! What a configuration must keep to, checked once, when it is built: each broken rule is a problem in one report.

use std::borrow::Cow;
use std::time::Duration;

use crate::codec::{BOTH_LIMIT, MARK, SUFFIX};
use crate::config::config::{Options, SameSite};
use crate::cookie::SetCookieWriter;
use crate::data::Lifetime;
use crate::error::{ConfigProblem, ProblemKind};
use crate::format::wire;
use crate::time::UnixTime;

/// Every rule that `options` break, in the order of the settings.
pub(crate) fn problems(options: &Options) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    let mut require = |holds: bool, setting: &str, kind: ProblemKind| {
        if !holds {
            problems.push(ConfigProblem::new(setting, kind));
        }
    };
    let invalid = |takes| ProblemKind::Invalid { takes };
    let conflict = |rule| ProblemKind::Conflict { rule };

    let is_named = is_token(&options.cookie_name);
    require(is_named, "cookie_name", invalid("1 to 256 letters, digits and !#$%&'*+-.^_`|~ (an RFC 9110 token)"));
    // It begins with all that the other one begins with, and `__Host` becomes `__Host-2`.
    let name = &*longest_name(options);
    require(
        !is_named || is_token(name),
        "cookie_name",
        conflict("must be at most 254 bytes with two cookies: the second one's has `-2` behind it"),
    );
    require(
        is_path(&options.path),
        "path",
        invalid("a path that begins with `/`, up to 1024 bytes of ASCII, without `;` and without a space at its end"),
    );
    let domain_is_good = options.domain.as_deref().is_none_or(is_domain);
    require(
        domain_is_good,
        "domain",
        invalid("a host name: labels of up to 63 letters, digits and `-`, with dots between them"),
    );

    let has = |prefix| strip_prefix(name, prefix).is_some();
    let host = has("__Host-");
    let secure_name = PREFIXES.iter().any(|prefix| has(prefix));
    let http_name = has("__Http-") || has("__Host-Http-");
    require(!host || options.path == "/", "path", conflict("must be `/` with a `__Host-` cookie name"));
    require(!host || options.domain.is_none(), "domain", conflict("must not be set with a `__Host-` cookie name"));
    require(
        options.secure || !secure_name,
        "secure",
        conflict("must be on with a cookie name that begins with `__Host-`, `__Secure-` or `__Http-`"),
    );
    require(
        options.http_only || !http_name,
        "http_only",
        conflict("must be on with a cookie name that begins with `__Http-` or `__Host-Http-`"),
    );
    let none = options.same_site == SameSite::None;
    require(options.secure || !none, "same_site", conflict("must not be none without Secure"));
    require(options.secure || !options.partitioned, "partitioned", conflict("must not be on without Secure"));

    let whole = "whole seconds, from 1 to 1099511627775";
    require(is_timeout(options.idle_timeout), "idle_timeout", invalid(whole));
    require(is_timeout(options.absolute_timeout), "absolute_timeout", invalid(whole));
    require(
        options.idle_timeout <= options.absolute_timeout,
        "idle_timeout",
        conflict("must not be longer than the absolute timeout, which is 30 days unless it is set"),
    );
    let extends =
        |holds: fn(Duration, Duration) -> bool| options.extend_after.is_none_or(|age| holds(age, options.idle_timeout));
    require(extends(|age, _| is_whole(age)), "extend_after", invalid("whole seconds"));
    require(extends(|age, idle| age < idle), "extend_after", conflict("must be shorter than the idle timeout"));
    let is_skew = is_whole(options.clock_skew) && options.clock_skew <= MAX_CLOCK_SKEW;
    require(is_skew, "clock_skew", invalid("whole seconds, up to a day"));

    require(u16::try_from(options.audience.len()).is_ok(), "audience", invalid("up to 65535 bytes"));
    let subject = options.backend.subject.as_deref();
    let is_key = |key: &str| (1..=127).contains(&key.len());
    require(subject.is_none_or(is_key), "subject", invalid("the key of an entry, 1 to 127 bytes"));
    let has_list = options.backend.revocations.is_some();
    require(subject.is_none() || has_list, "subject", conflict("must not be set without a list of revocations"));
    require((1..=1024).contains(&options.padding_block), "padding_block", invalid("1 to 1024 bytes"));
    let fits = max_plaintext(options, Budget::new(options).one_chars) >= wire::FIXED_LEN;
    require(
        fits || !(1..=1024).contains(&options.padding_block),
        "max_cookie_bytes",
        invalid("enough bytes for the cookie's name and attributes and an empty session, some 300"),
    );
    #[cfg(feature = "import")]
    for import in &options.imports {
        // The deletion of an old cookie keeps to the same rules.
        let name = &import.name;
        let (path, domain, is_secure) = import.attributes(options);
        let is_plain = |byte: u8| !b"#%^`|".contains(&byte);
        require(
            is_token(name) && name.bytes().all(is_plain),
            "import name",
            invalid("1 to 256 letters, digits and !$&'*+-._~, which no framework encodes"),
        );
        require(is_path(path), "import path", invalid("a path that begins with `/`, as for `path`"));
        require(domain.is_none_or(is_domain), "import domain", invalid("a host name, as for `domain`"));
        let host = strip_prefix(name, "__Host-").is_some();
        require(!host || path == "/", "import path", conflict("must be `/` with a `__Host-` cookie name"));
        require(!host || domain.is_none(), "import domain", conflict("must not be set with a `__Host-` cookie name"));
        require(
            is_secure || without_prefix(name) == name,
            "import secure",
            conflict("must be on with a cookie name that begins with `__Host-`, `__Secure-` or `__Http-`"),
        );
    }
    problems
}

/// The timeouts of options that have no problem.
pub(crate) fn lifetime(options: &Options) -> Lifetime {
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

/// How much fits into a cookie, or into two.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The bytes of a Set-Cookie text around its value.
    pub(crate) overhead: usize,
    /// The characters that the value of one cookie may have.
    pub(crate) one_chars: usize,
    /// The characters that the sealed text may have, in as many cookies as there may be.
    pub(crate) max_chars: usize,
    /// The bytes that the plaintext may have, a whole number of padding blocks.
    pub(crate) max_plaintext: usize,
}

impl Budget {
    pub(crate) fn new(options: &Options) -> Self {
        let overhead = SetCookieWriter::new(options, &options.cookie_name).overhead();
        let read = ReadLimits::new(options);
        let one_chars = read.one.min(options.max_cookie_bytes.saturating_sub(overhead));
        // Each part may be as long as a value is that has the mark before it.
        let two_chars = one_chars.saturating_sub(MARK.len()).saturating_mul(2).min(read.both);
        let max_chars = if options.two_cookies { two_chars } else { one_chars };
        Self { overhead, one_chars, max_chars, max_plaintext: max_plaintext(options, max_chars) }
    }
}

/// The bytes that the plaintext in a sealed text may have.
fn max_plaintext(options: &Options, chars: usize) -> usize {
    let room = wire::bytes_in(chars).saturating_sub(wire::OVERHEAD);
    let blocks = room.checked_div(options.padding_block).unwrap_or(0);
    blocks.saturating_mul(options.padding_block)
}

/// The characters that a sealed text may have for browsers to keep it and servers to take it.
#[derive(Debug)]
pub(crate) struct ReadLimits {
    /// In one cookie.
    pub(crate) one: usize,
    /// In two.
    pub(crate) both: usize,
}

impl ReadLimits {
    pub(crate) fn new(options: &Options) -> Self {
        let name = options.cookie_name.len();
        Self { one: wire::NAME_AND_VALUE_LIMIT.saturating_sub(name), both: BOTH_LIMIT.saturating_sub(of_both(name)) }
    }
}

/// What is around two parts of a text, if `of_one` is around a text in one cookie.
pub(crate) fn of_both(of_one: usize) -> usize {
    of_one.saturating_mul(2).saturating_add(SUFFIX.len()).saturating_add(MARK.len())
}

/// The name of the last cookie that there may be.
pub(crate) fn longest_name(options: &Options) -> Cow<'_, str> {
    let name = options.cookie_name.as_str();
    if options.two_cookies { format!("{name}{SUFFIX}").into() } else { name.into() }
}

fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=256).contains(&name.len()) && name.bytes().all(is_tchar)
}

fn is_path(path: &str) -> bool {
    let is_path_byte = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b';';
    // Browsers trim a space at the end, and a deletion must name the same path.
    let is_trimmed = path.starts_with('/') && !path.ends_with(' ');
    is_trimmed && path.len() <= ATTRIBUTE_LIMIT && path.bytes().all(is_path_byte)
}

/// RFC 1123 section 2.1; browsers ignore one dot in front.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_host_byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.strip_prefix('.').unwrap_or(domain).split('.').all(is_label)
}

/// A cookie name without the prefix that asks browsers for more.
pub(crate) fn without_prefix(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| strip_prefix(name, prefix)).unwrap_or(name)
}

/// Browsers take prefixes in any case.
fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The prefixes of cookie names that all need Secure, longer ones first.
const PREFIXES: [&str; 4] = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"];

fn is_whole(duration: Duration) -> bool {
    duration.subsec_nanos() == 0
}

fn is_timeout(duration: Duration) -> bool {
    is_whole(duration) && (1..=UnixTime::MAX.as_secs()).contains(&duration.as_secs())
}

/// A wider one would switch the check off.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// The most bytes that browsers keep of an attribute's value (RFC 6265bis section 5.6).
const ATTRIBUTE_LIMIT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings with a problem, each with `C` for a conflict and `I` for an invalid value.
    fn problems_of(change: impl FnOnce(&mut Options)) -> Vec<String> {
        let mut options = Options::default();
        change(&mut options);
        let kind = |kind: &ProblemKind| if matches!(kind, ProblemKind::Conflict { .. }) { 'C' } else { 'I' };
        problems(&options).iter().map(|problem| format!("{} {}", problem.setting(), kind(problem.kind()))).collect()
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
        assert!(of(&"d".repeat(63)).is_empty());
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
            &"d".repeat(64),
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
        let of =
            |idle| lifetime(&Options { idle_timeout: Duration::from_secs(idle), ..Options::default() }).extend_after;
        assert_eq!([of(86_400), of(601), of(600), of(300), of(120), of(100), of(1)], [8_640, 60, 60, 60, 60, 50, 0]);
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
