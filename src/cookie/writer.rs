//! Writes the text of a Set-Cookie header around a value, and the text that deletes the cookie.

use cookie::{Cookie, CookieBuilder};
use time::{Duration, OffsetDateTime};

use super::attributes::{Attributes, SameSite};
use super::syntax::CookieName;

/// The longest Max-Age that browsers keep: 400 days, in seconds (RFC 6265bis section 5.5).
pub(super) const MAX_AGE_LIMIT: u64 = 400 * 24 * 60 * 60;

const MAX_AGE: &str = "; Max-Age=";
/// The digits of [`MAX_AGE_LIMIT`]. They are always counted, so that a size does not depend on the time.
const MAX_AGE_DIGITS: usize = 8;

/// The parts of a Set-Cookie text that are the same every time. The `cookie` crate makes them once.
#[derive(Debug)]
pub(super) struct SetCookieWriter {
    /// The name of the cookie and `=`.
    start: String,
    /// Every attribute but Max-Age, each with `; ` before it.
    attributes: String,
    deletion: String,
}

impl SetCookieWriter {
    /// Makes the writer for the cookie of this name.
    pub(super) fn new(name: &CookieName, attributes: &Attributes) -> Self {
        let start = format!("{}=", name.as_str());
        let whole = attributes.blank(name).build().to_string();
        let rest = whole.strip_prefix(&start).unwrap_or_default().to_owned();
        Self { start, attributes: rest, deletion: attributes.deletion(name) }
    }

    pub(super) fn cookie_name(&self) -> &str {
        self.start.trim_end_matches('=')
    }

    /// Returns every attribute but Max-Age, without the `; ` in front.
    #[cfg(feature = "dbsc")]
    pub(super) fn attributes(&self) -> &str {
        self.attributes.strip_prefix("; ").unwrap_or_default()
    }

    /// Returns the bytes of the longest text around a value.
    pub(super) fn overhead(&self) -> usize {
        [self.start.len(), self.attributes.len(), MAX_AGE.len(), MAX_AGE_DIGITS].iter().sum()
    }

    /// Returns the text up to the value, with room for a value of `chars` characters and all that follows.
    pub(super) fn begin(&self, chars: usize) -> String {
        let mut line = String::with_capacity(self.overhead().saturating_add(chars));
        line.push_str(&self.start);
        line
    }

    /// Appends the text after the value. `max_age` is in seconds; without it the browser drops the cookie when it is
    /// closed.
    pub(super) fn finish(&self, line: &mut String, max_age: Option<u64>) {
        line.push_str(&self.attributes);
        if let Some(seconds) = max_age {
            line.push_str(MAX_AGE);
            line.push_str(itoa::Buffer::new().format(seconds.min(MAX_AGE_LIMIT)));
        }
    }

    /// Returns a whole line around a value that is two texts in a row.
    pub(super) fn line(&self, [mark, part]: [&str; 2], max_age: Option<u64>) -> String {
        let mut line = self.begin(mark.len().saturating_add(part.len()));
        line.push_str(mark);
        line.push_str(part);
        self.finish(&mut line, max_age);
        line
    }

    /// Returns the text that deletes the cookie. It has the same name, Path, Domain, Secure, `SameSite` and
    /// Partitioned, and no value.
    pub(super) fn deletion(&self) -> String {
        self.deletion.clone()
    }
}

impl Attributes {
    /// Returns the text that deletes the cookie of this name.
    pub(crate) fn deletion(&self, name: &CookieName) -> String {
        let mut cookie = self.blank(name).build();
        // Some clients know only Max-Age, and some only Expires, so a deletion says both.
        cookie.set_max_age(Duration::ZERO);
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
        cookie.to_string()
    }

    /// Returns a cookie with these attributes, without a value and without an end.
    fn blank<'a>(&'a self, name: &'a CookieName) -> CookieBuilder<'a> {
        let mut builder = Cookie::build((name.as_str(), ""))
            .path(self.path.as_str())
            .secure(self.secure)
            .http_only(self.http_only)
            .partitioned(self.partitioned)
            .same_site(match self.same_site {
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::None => cookie::SameSite::None,
            });
        if let Some(domain) = &self.domain {
            builder = builder.domain(domain.as_str());
        }
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::{CookieDomain, CookiePath};
    use super::*;

    fn name(name: &str) -> CookieName {
        CookieName::parse(name).unwrap()
    }

    /// The attributes of the default configuration.
    fn attributes() -> Attributes {
        Attributes {
            path: CookiePath::parse("/").unwrap(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    fn set(attributes: &Attributes, max_age: Option<u64>) -> String {
        let writer = SetCookieWriter::new(&name("tideway_session"), attributes);
        let mut line = writer.begin(1);
        line.push('v');
        writer.finish(&mut line, max_age);
        line
    }

    #[test]
    fn the_default_attributes_are_the_safe_ones() {
        assert_eq!(
            set(&attributes(), Some(86400)),
            "tideway_session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"
        );
    }

    #[test]
    fn a_session_that_is_not_persistent_has_no_max_age() {
        assert_eq!(set(&attributes(), None), "tideway_session=v; HttpOnly; SameSite=Lax; Secure; Path=/");
    }

    #[test]
    fn every_attribute_is_written_and_a_deletion_repeats_them() {
        let attributes = Attributes {
            path: CookiePath::parse("/app").unwrap(),
            domain: CookieDomain::parse("example.com"),
            same_site: SameSite::None,
            partitioned: true,
            http_only: false,
            ..attributes()
        };
        let written = "; SameSite=None; Partitioned; Secure; Path=/app; Domain=example.com";
        assert_eq!(set(&attributes, Some(5)), format!("tideway_session=v{written}; Max-Age=5"));
        assert_eq!(
            SetCookieWriter::new(&name("s"), &attributes).deletion(),
            format!("s={written}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        );
    }

    #[test]
    fn secure_is_left_out_when_it_is_off() {
        let attributes = Attributes { secure: false, same_site: SameSite::Strict, ..attributes() };
        assert_eq!(set(&attributes, None), "tideway_session=v; HttpOnly; SameSite=Strict; Path=/");
    }

    #[test]
    fn max_age_is_at_most_400_days() {
        assert!(set(&attributes(), Some(34_560_000)).ends_with("Max-Age=34560000"));
        assert!(set(&attributes(), Some(34_560_001)).ends_with("Max-Age=34560000"));
    }

    #[test]
    fn the_overhead_is_the_longest_text_without_its_value() {
        let writer = SetCookieWriter::new(&name("tideway_session"), &attributes());
        assert_eq!(writer.overhead(), set(&attributes(), Some(u64::MAX)).len() - 1);
    }
}
