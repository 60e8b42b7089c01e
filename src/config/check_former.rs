//! Checks the former cookies: browsers delete a cookie by the rules by which they keep one.

use super::former::FormerCookie;
use super::options::Options;
use super::problems::{IS_TAKEN, Problems, conflict, invalid};
use crate::cookie::syntax::{strip_prefix, without_prefix};
use crate::cookie::{Attributes, CookieDomain, CookieName, CookiePath, Form};

/// Checks each former cookie. Those without a problem are returned if the attributes of our own cookie, `ours`, have no
/// problem either: a deletion takes from them whatever tells no two cookies apart. `taken` are the names of the cookies
/// beside our own.
pub(super) fn former(
    options: &Options,
    ours: Option<&Attributes>,
    taken: &[CookieName],
    problems: &mut Problems,
) -> Vec<Form> {
    let is_free = |cookie: &FormerCookie| taken.iter().all(|name| name.as_str() != cookie.name);
    problems.require(options.former.iter().all(is_free), FORMERLY, conflict(IS_TAKEN));
    options.former.iter().filter_map(|cookie| form(cookie, options.secure, ours, problems)).collect()
}

fn form(cookie: &FormerCookie, secure: bool, ours: Option<&Attributes>, problems: &mut Problems) -> Option<Form> {
    let name = CookieName::parse(&cookie.name);
    let path = CookiePath::parse(&cookie.path);
    let domain = cookie.domain.as_deref().map(CookieDomain::parse);
    let is_good = name.is_some() && path.is_some() && !matches!(domain, Some(None));
    problems.require(is_good, FORMERLY, invalid(TAKES));
    let is_host =
        strip_prefix(&cookie.name, "__Host-").is_some() || strip_prefix(&cookie.name, "__Host-Http-").is_some();
    let rule = "a cookie with a `__Host-` name had the Path `/` and no Domain";
    problems.require(!is_host || cookie.path == "/" && domain.is_none(), FORMERLY, conflict(rule));
    let needs_secure = cookie.partitioned || without_prefix(&cookie.name) != cookie.name;
    let rule =
        "a cookie that was Partitioned, or whose name has a prefix such as `__Host-`, can't be deleted without Secure";
    problems.require(secure || !needs_secure, FORMERLY, conflict(rule));
    let attributes = ours?.clone();
    let partitioned = cookie.partitioned;
    Some(Form {
        name: name?,
        attributes: Attributes { path: path?, domain: domain.flatten(), partitioned, ..attributes },
    })
}

const FORMERLY: &str = "formerly";
/// The values of the setting, and of the variable that sets it.
pub(super) const TAKES: &str = "cookies as their Set-Cookie headers said them, such as `sid; Path=/app; Domain=example.com`: a name, and if it had \
     them a Path, a Domain and Partitioned";
