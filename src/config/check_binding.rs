//! Checks the settings of device binding, and the settings of the cookie that it needs.

use std::time::Duration;

use super::options::Options;
use super::problems::{Problems, conflict, invalid};
use crate::cookie::{BoundCookie, CookieSettings, SameSite};
use crate::device_binding::{Binder, DeviceBinding};

/// Returns the checked settings; `None` without device binding, and where a setting has a problem.
pub(super) fn binder(options: &Options, cookie: Option<&CookieSettings>, problems: &mut Problems) -> Option<Binder> {
    let DeviceBinding { lifetime, path, required_within } = options.device_binding.as_ref()?;
    let is_lifetime = is_whole(*lifetime, LIFETIMES);
    problems.require(is_lifetime, "device_binding.lifetime", invalid("whole seconds, from 3 to 60 minutes"));
    let takes = "a path of a URL: `/` and 1 to 1023 bytes of ASCII, without spaces, quotes, `\\`, `?` and `#`";
    problems.require(is_path(path), "device_binding.path", invalid(takes));
    let is_limit = required_within.is_none_or(|limit| is_whole(limit, LIMITS));
    problems.require(is_limit, "device_binding.required_within", invalid("whole seconds, from 5 to 600"));

    let rule = "must be on with device binding, which browsers do over https alone";
    problems.require(options.secure, "secure", conflict(rule));
    problems.require(options.path == "/", "path", conflict("must be `/` with device binding"));
    let rule = "must not be set with device binding, which covers one host";
    problems.require(options.domain.is_none(), "domain", conflict(rule));
    let is_same_site = options.same_site != SameSite::None;
    problems.require(is_same_site, "same_site", conflict("must be lax or strict with device binding"));
    let rule = "must not be on with device binding: browsers do not look for partitioned cookies";
    problems.require(!options.partitioned, "partitioned", conflict(rule));
    let name = cookie?.name.bound();
    let rule = "must be at most 250 bytes with device binding: the bound cookie's has `-bound` behind it";
    problems.require(name.is_some(), "cookie_name", conflict(rule));
    Some(Binder {
        cookie: BoundCookie::new(&name?, &cookie?.attributes),
        path: path.clone(),
        lifetime: lifetime.as_secs(),
        required_within: required_within.map(|limit| limit.as_secs()),
        #[cfg(feature = "tower")]
        is_told: false.into(),
    })
}

/// True when browsers take the text as the path of a URL as it stands, also between the quotes of a structured field.
fn is_path(path: &str) -> bool {
    let is_path_byte = |byte: u8| byte.is_ascii_graphic() && !b"\"\\?#<>^`{|}".contains(&byte);
    path.len() > 1
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 1024
        && path.bytes().all(is_path_byte)
}

fn is_whole(duration: Duration, [least, most]: [u64; 2]) -> bool {
    duration.subsec_nanos() == 0 && (least..=most).contains(&duration.as_secs())
}

/// Chromium 156 renews a cookie that has less than 120 seconds left, and signs six times in nine minutes at most.
const LIFETIMES: [u64; 2] = [3 * 60, 60 * 60];
const LIMITS: [u64; 2] = [5, 600];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::tests::problems_of;

    fn with(binding: DeviceBinding, change: impl FnOnce(&mut Options)) -> Vec<String> {
        problems_of(|options| {
            options.device_binding = Some(binding);
            change(options);
        })
    }

    #[test]
    fn the_cookie_must_be_one_that_browsers_bind() {
        let problems = |change: fn(&mut Options)| with(DeviceBinding::new(), change);
        assert!(problems(|_| ()).is_empty());
        assert!(problems(|options| options.same_site = SameSite::Strict).is_empty());
        assert!(problems(|options| options.http_only = false).is_empty());
        assert_eq!(problems(|options| options.secure = false), ["secure C"]);
        assert_eq!(problems(|options| options.path = "/app".to_owned()), ["path C"]);
        assert_eq!(problems(|options| options.domain = Some("example.com".to_owned())), ["domain C"]);
        assert_eq!(problems(|options| options.same_site = SameSite::None), ["same_site C"]);
        assert_eq!(problems(|options| options.partitioned = true), ["partitioned C"]);
        assert!(problems(|options| options.cookie_name = "s".repeat(250)).is_empty());
        assert_eq!(problems(|options| options.cookie_name = "s".repeat(251)), ["cookie_name C"]);
    }

    #[test]
    fn the_lifetime_and_the_time_after_a_login_have_their_ranges() {
        let lifetime = |lifetime| with(DeviceBinding::new().lifetime(lifetime), |_| ());
        for minutes in [3, 10, 60] {
            assert!(lifetime(Duration::from_secs(minutes * 60)).is_empty());
        }
        for wrong in
            [Duration::ZERO, Duration::from_secs(179), Duration::from_secs(3601), Duration::from_millis(180_500)]
        {
            assert_eq!(lifetime(wrong), ["device_binding.lifetime I"], "{wrong:?}");
        }
        let required = |limit| with(DeviceBinding::new().required_within(limit), |_| ());
        for seconds in [5, 600] {
            assert!(required(Duration::from_secs(seconds)).is_empty());
        }
        for wrong in [Duration::from_secs(4), Duration::from_secs(601), Duration::from_millis(5_500)] {
            assert_eq!(required(wrong), ["device_binding.required_within I"], "{wrong:?}");
        }
    }

    #[test]
    fn the_path_is_one_that_stands_in_a_url_and_in_a_header_as_it_is() {
        let path = |path: &str| with(DeviceBinding::new().path(path), |_| ());
        let longest = format!("/{}", "a".repeat(1023));
        for good in ["/d", "/device-binding", "/a/b.c/~d%20e", "/a;b=c", &longest] {
            assert!(path(good).is_empty(), "{good}");
        }
        let long = format!("/{}", "a".repeat(1024));
        let wrong =
            ["", "/", "a", "//host/a", "/a b", "/a\"b", "/a\\b", "/a?b", "/a#b", "/ä", "/a\r\nb", "https://a/b", &long];
        for wrong in wrong {
            assert_eq!(path(wrong), ["device_binding.path I"], "{wrong}");
        }
    }
}
