//! Writes Set-Cookie: the texts that set and delete our cookie, and what they measure.

use std::{fmt, iter, option, vec};

use cookie::{Cookie, CookieBuilder};
use time::{Duration, OffsetDateTime};

use crate::config::{Options, SameSite};

/// The longest Max-Age that browsers keep: 400 days, in seconds (RFC 6265bis section 5.5).
pub(crate) const MAX_AGE_LIMIT: u64 = 400 * 24 * 60 * 60;

const MAX_AGE: &str = "; Max-Age=";
/// Room for the digits of [`MAX_AGE_LIMIT`], always counted, so that a size does not depend on the time.
const MAX_AGE_DIGITS: usize = 8;

/// What a response must carry: nothing, or one Set-Cookie header value, or two with
/// [`SessionConfig::two_cookies`](crate::SessionConfig::two_cookies); with the feature `import`, also those that delete old
/// cookies, before it.
///
/// Add each as a header of its own; never fold two into one.
///
/// ```
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(["a=1"]);
/// session.set("user_id", 42)?;
/// for set_cookie in manager.commit(&session)? {
///     assert!(set_cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[must_use = "the session is lost unless each of these becomes a Set-Cookie header of the response"]
pub struct SetCookies {
    /// Those of a second cookie, and those that delete cookies of other names, or of our name at another place. A browser that
    /// takes one of them for our cookie all the same keeps what comes last.
    before: Vec<String>,
    /// Without it there is none before it.
    last: Option<String>,
}

impl SetCookies {
    pub(crate) fn new(line: String, another: Option<String>) -> Self {
        match another {
            None => Self { before: Vec::new(), last: Some(line) },
            Some(another) => Self { before: vec![line], last: Some(another) },
        }
    }

    /// The same, after these.
    #[cfg(feature = "import")]
    pub(crate) fn after(self, mut before: Vec<String>) -> Self {
        before.extend(self.before);
        Self { before, ..self }
    }

    /// Whether the response needs no Set-Cookie header.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// assert!(manager.commit(&session)?.is_empty());
    /// session.set("user_id", 42)?;
    /// assert!(!manager.commit(&session)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// The header values, borrowed. They are printable ASCII, so each is a valid header value.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// # let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let set_cookies = manager.commit(&session)?;
    /// assert!(set_cookies.iter().next().unwrap().starts_with("tideway_session="));
    /// assert_eq!(set_cookies.iter().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.before.iter().chain(&self.last).map(String::as_str)
    }
}

impl IntoIterator for SetCookies {
    type Item = String;
    type IntoIter = iter::Chain<vec::IntoIter<String>, option::IntoIter<String>>;

    fn into_iter(self) -> Self::IntoIter {
        self.before.into_iter().chain(self.last)
    }
}

/// Never shows a value.
impl fmt::Debug for SetCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookies").field("count", &self.iter().count()).finish()
    }
}

/// The parts of a Set-Cookie text that are the same every time, made once by the `cookie` crate.
#[derive(Debug)]
pub(crate) struct SetCookieWriter {
    /// `name=`
    start: String,
    /// Every attribute but Max-Age, each with `; ` before it.
    attributes: String,
    deletion: String,
}

impl SetCookieWriter {
    /// For the cookie of this name.
    pub(crate) fn new(options: &Options, name: &str) -> Self {
        let start = format!("{name}=");
        let whole = blank(options, name).build().to_string();
        let attributes = whole.strip_prefix(&start).unwrap_or_default().to_owned();
        let deletion = deletion_of(blank(options, name).build());
        Self { start, attributes, deletion }
    }

    pub(crate) fn cookie_name(&self) -> &str {
        self.start.trim_end_matches('=')
    }

    /// The bytes of the longest text around a value.
    pub(crate) fn overhead(&self) -> usize {
        [self.start.len(), self.attributes.len(), MAX_AGE.len(), MAX_AGE_DIGITS].iter().sum()
    }

    /// The text up to the value, with room for `chars` characters of it and all that follows.
    pub(crate) fn begin(&self, chars: usize) -> String {
        let mut line = String::with_capacity(self.overhead().saturating_add(chars));
        line.push_str(&self.start);
        line
    }

    /// The text after the value. `max_age` is in seconds; without it the browser drops the cookie when it is closed.
    pub(crate) fn finish(&self, line: &mut String, max_age: Option<u64>) {
        line.push_str(&self.attributes);
        if let Some(seconds) = max_age {
            line.push_str(MAX_AGE);
            line.push_str(itoa::Buffer::new().format(seconds.min(MAX_AGE_LIMIT)));
        }
    }

    /// The text that deletes the cookie: same name, Path, Domain, Secure, `SameSite` and Partitioned, no value.
    pub(crate) fn deletion(&self) -> String {
        self.deletion.clone()
    }
}

/// The text that deletes a cookie.
pub(crate) fn deletion_of(mut cookie: Cookie<'_>) -> String {
    // Some clients know only Max-Age, some only Expires; a deletion says both.
    cookie.set_max_age(Duration::ZERO);
    cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
    cookie.to_string()
}

/// A cookie of ours, without a value and an end.
pub(crate) fn blank<'o>(options: &'o Options, name: &'o str) -> CookieBuilder<'o> {
    let mut builder = Cookie::build((name, ""))
        .path(options.path.as_str())
        .secure(options.secure)
        .http_only(options.http_only)
        .partitioned(options.partitioned)
        .same_site(match options.same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        });
    if let Some(domain) = &options.domain {
        builder = builder.domain(domain.as_str());
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(options: &Options, max_age: Option<u64>) -> String {
        let writer = SetCookieWriter::new(options, &options.cookie_name);
        let mut line = writer.begin(1);
        line.push('v');
        writer.finish(&mut line, max_age);
        line
    }

    #[test]
    fn the_default_attributes_are_the_safe_ones() {
        assert_eq!(
            set(&Options::default(), Some(86400)),
            "tideway_session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"
        );
    }

    #[test]
    fn a_session_that_is_not_persistent_has_no_max_age() {
        assert_eq!(set(&Options::default(), None), "tideway_session=v; HttpOnly; SameSite=Lax; Secure; Path=/");
    }

    #[test]
    fn every_attribute_is_written_and_a_deletion_repeats_them() {
        let options = Options {
            cookie_name: "s".into(),
            path: "/app".into(),
            domain: Some("example.com".into()),
            same_site: SameSite::None,
            partitioned: true,
            http_only: false,
            ..Options::default()
        };
        let attributes = "; SameSite=None; Partitioned; Secure; Path=/app; Domain=example.com";
        assert_eq!(set(&options, Some(5)), format!("s=v{attributes}; Max-Age=5"));
        assert_eq!(
            SetCookieWriter::new(&options, "s").deletion(),
            format!("s={attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        );
    }

    #[test]
    fn secure_is_left_out_when_it_is_off() {
        let options = Options { secure: false, same_site: SameSite::Strict, ..Options::default() };
        assert_eq!(set(&options, None), "tideway_session=v; HttpOnly; SameSite=Strict; Path=/");
    }

    #[test]
    fn max_age_is_at_most_400_days() {
        assert!(set(&Options::default(), Some(34_560_000)).ends_with("Max-Age=34560000"));
        assert!(set(&Options::default(), Some(34_560_001)).ends_with("Max-Age=34560000"));
    }

    #[test]
    fn the_overhead_is_the_longest_text_without_its_value() {
        let writer = SetCookieWriter::new(&Options::default(), "tideway_session");
        assert_eq!(writer.overhead(), set(&Options::default(), Some(u64::MAX)).len() - 1);
    }
}
