//! Holds [`SetCookies`], the Set-Cookie header values of one response.

use std::{fmt, iter, option, vec};

/// The Set-Cookie header values that a response must carry: none, one, or two with
/// [`SessionConfig::two_cookies`](crate::SessionConfig::two_cookies). Values that delete other cookies come before
/// them: at a login and at a logout those of the other forms that the cookie may have
/// ([`SessionConfig::formerly`](crate::SessionConfig::formerly)), and with the feature `import` those that were
/// imported.
///
/// Add each value as a header of its own, and never fold two into one.
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
    /// The values for a second cookie, and those that delete cookies of other names, or of the same name at another
    /// path or domain. A browser that takes one of them for the session cookie all the same keeps what comes last.
    before: Vec<String>,
    /// The value that must come last. `None` only when `before` is empty.
    last: Option<String>,
}

impl SetCookies {
    pub(crate) fn new(line: String, another: Option<String>) -> Self {
        match another {
            None => Self { before: Vec::new(), last: Some(line) },
            Some(another) => Self { before: vec![line], last: Some(another) },
        }
    }

    /// Puts these values before its own.
    pub(crate) fn after(self, mut before: Vec<String>) -> Self {
        before.extend(self.before);
        Self { before, ..self }
    }

    /// Returns true when the response needs no Set-Cookie header.
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

    /// Returns the header values, borrowed. They are printable ASCII, so each is a valid header value.
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

/// Shows the number of values and never a value.
impl fmt::Debug for SetCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookies").field("count", &self.iter().count()).finish()
    }
}
