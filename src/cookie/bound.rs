//! Holds [`BoundCookie`], which writes the short-lived cookie of a session that is bound to a device.

use super::attributes::Attributes;
use super::syntax::CookieName;
use super::writer::SetCookieWriter;

/// Writes the bound cookie, and the attributes by which the browser looks for it.
///
/// Both come from one [`SetCookieWriter`]. A browser that was told of other attributes than those of the Set-Cookie
/// never finds the cookie, and has each request wait for a refresh, without a word to anybody.
#[derive(Debug)]
pub(crate) struct BoundCookie(SetCookieWriter);

impl BoundCookie {
    /// `attributes` are those of the session cookie.
    pub(crate) fn new(name: &CookieName, attributes: &Attributes) -> Self {
        Self(SetCookieWriter::new(name, attributes))
    }

    pub(crate) fn name(&self) -> &str {
        self.0.cookie_name()
    }

    /// Returns the attributes as the session instructions name them: those of the Set-Cookie line without Max-Age,
    /// which a browser refuses there.
    pub(crate) fn attributes(&self) -> &str {
        self.0.attributes()
    }

    /// Returns the Set-Cookie line. `max_age` is in seconds.
    pub(crate) fn line(&self, text: &str, max_age: u64) -> String {
        self.0.line(["", text], Some(max_age))
    }

    /// Returns the line that deletes the cookie.
    pub(crate) fn deletion(&self) -> String {
        self.0.deletion()
    }
}
