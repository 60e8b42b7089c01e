//! [`FormerCookie`]: a form in which the session cookie was set before the configuration changed.

use super::env_reader::trimmed;

/// A form in which the session cookie was set before, for [`SessionConfig::formerly`](crate::SessionConfig::formerly).
///
/// Browsers know a cookie by its name, Path and Domain, and by whether it is Partitioned (RFC 6265bis section 5.7,
/// CHIPS). If one of these changes, the new cookie does not replace the old one. A value of this type says these four,
/// as the old Set-Cookie header said them. A cookie without a Domain is the cookie of one host.
///
/// ```
/// use sealed_session::{FormerCookie, Key, SessionConfig};
/// // Before, the header said: Set-Cookie: sid=..; Path=/app; Domain=example.com
/// let former = FormerCookie::new("sid").path("/app").domain("example.com");
/// let manager = SessionConfig::new(Key::generate()?).cookie_name("__Host-sid").formerly(former).build()?;
/// let session = manager.load(None::<&str>);
/// session.destroy();
/// let deletions: Vec<_> = manager.commit(&session)?.into_iter().collect();
/// assert!(deletions[0].starts_with("sid=;") && deletions[0].contains("; Path=/app; Domain=example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerCookie {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) domain: Option<String>,
    pub(super) partitioned: bool,
}

impl FormerCookie {
    /// Takes the name that the cookie had. It had `Path=/`, no Domain, and was not Partitioned, unless the other
    /// methods say so.
    ///
    /// ```
    /// use sealed_session::{FormerCookie, Key, SessionConfig};
    /// let config = SessionConfig::new(Key::generate()?).path("/app").formerly(FormerCookie::new("tideway_session"));
    /// assert!(config.build().is_ok());
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), path: "/".to_owned(), domain: None, partitioned: false }
    }

    /// Sets the Path that the cookie had, `/` by default.
    ///
    /// ```
    /// use sealed_session::FormerCookie;
    /// assert_eq!(FormerCookie::new("sid").path("/"), FormerCookie::new("sid"));
    /// ```
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the Domain that the cookie had; none by default. A cookie of the same name and Path that had no Domain is
    /// covered as well.
    ///
    /// ```
    /// use sealed_session::FormerCookie;
    /// assert_ne!(FormerCookie::new("sid").domain("example.com"), FormerCookie::new("sid"));
    /// ```
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets whether the cookie was Partitioned, which it was not by default.
    ///
    /// ```
    /// use sealed_session::FormerCookie;
    /// assert_ne!(FormerCookie::new("sid").partitioned(true), FormerCookie::new("sid"));
    /// ```
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }
}

/// Reads a list of former cookies, each as its Set-Cookie header said it, with commas or line ends between them. The
/// value of the cookie does not count, nor does an attribute by which no browser tells cookies apart. Returns `None`
/// when a text is no Set-Cookie header.
pub(super) fn former_cookies(text: &str) -> Option<Vec<FormerCookie>> {
    text.split([',', '\n']).map(trimmed).filter(|text| !text.is_empty()).map(former_cookie).collect()
}

fn former_cookie(text: &str) -> Option<FormerCookie> {
    let mut parts = text.split(';').map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.trim(), value.trim())
    });
    let mut cookie = FormerCookie::new(parts.next()?.0);
    for (name, value) in parts {
        cookie = match name.to_ascii_lowercase().as_str() {
            "path" => cookie.path(value),
            "domain" => cookie.domain(value),
            "partitioned" => cookie.partitioned(true),
            "" | "secure" | "httponly" | "samesite" | "max-age" => cookie,
            _ => return None,
        };
    }
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_cookie_is_read_as_its_set_cookie_header_said_it() {
        let plain = || FormerCookie::new("sid");
        for (text, cookies) in [
            ("sid", vec![plain()]),
            ("sid=", vec![plain()]),
            ("sid=AfV8; HttpOnly; SameSite=Lax; Secure; Path=/app; Max-Age=86400", vec![plain().path("/app")]),
            (" sid ; PATH = /a b ;domain= .Example.com;Partitioned; ", {
                vec![plain().path("/a b").domain(".Example.com").partitioned(true)]
            }),
            ("a; Path=/x,b\n\nc;Domain=a.b ,", {
                vec![FormerCookie::new("a").path("/x"), FormerCookie::new("b"), FormerCookie::new("c").domain("a.b")]
            }),
        ] {
            assert_eq!(former_cookies(text), Some(cookies), "{text}");
        }
        for text in ["sid; Pfad=/", "sid; Expires=Thu", "a; Path=/, b; x"] {
            assert_eq!(former_cookies(text), None, "{text}");
        }
    }
}
