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
    let takes =
        "a path of a URL: up to 1024 bytes of ASCII that begin with `/`, without spaces, quotes, `\\`, `?` and `#`";
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
    })
}

/// True when browsers take the text as the path of a URL as it stands, also between the quotes of a structured field.
fn is_path(path: &str) -> bool {
    let is_path_byte = |byte: u8| byte.is_ascii_graphic() && !b"\"\\?#<>^`{|}".contains(&byte);
    path.starts_with('/') && !path.starts_with("//") && path.len() <= 1024 && path.bytes().all(is_path_byte)
}

fn is_whole(duration: Duration, [least, most]: [u64; 2]) -> bool {
    duration.subsec_nanos() == 0 && (least..=most).contains(&duration.as_secs())
}

/// Chromium 156 renews a cookie that has less than 120 seconds left, and signs six times in nine minutes at most.
const LIFETIMES: [u64; 2] = [3 * 60, 60 * 60];
const LIMITS: [u64; 2] = [5, 600];
