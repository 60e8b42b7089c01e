//! [`SetCookies`]: the Set-Cookie header values of one response.

use std::{fmt, iter, option, vec};

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
