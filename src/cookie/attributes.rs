//! Holds [`Attributes`], which tell a browser where and when to send a cookie back.

use super::syntax::{CookieDomain, CookiePath};

/// The attributes of a cookie, without Max-Age and Expires. The configuration made each of them, and checked the rules
/// between them.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) path: CookiePath,
    pub(crate) domain: Option<CookieDomain>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

/// Says when a browser sends the cookie along with a request that another site caused (RFC 6265bis section 5.6.7).
///
/// ```
/// use sealed_session::{Key, SameSite, SessionConfig};
/// let config = SessionConfig::new(Key::generate()?).same_site(SameSite::None).secure(false);
/// assert_eq!(config.build().unwrap_err().problems()[0].setting(), "same_site");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// The browser never sends it, not even when a user follows a link to this site. A login with an identity provider
    /// loses its session.
    Strict,
    /// The browser sends it when a user follows a link, and not with what a foreign page loads or posts. This is the
    /// default.
    Lax,
    /// The browser always sends it. This needs Secure.
    None,
}
