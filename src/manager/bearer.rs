//! Bearer tokens: the sealed text of a session in a header, for clients that keep no cookies.

use super::manager::SessionManager;
use crate::cookie::SetCookies;

impl SessionManager {
    /// Returns the Cookie header that a bearer token stands for, from the values of a request's Authorization headers
    /// (`Bearer <token>`, RFC 6750, section 2.1), to be loaded in its place. `None` when there is no bearer token.
    ///
    /// A bearer token is the sealed text of a session, the same that a browser keeps in the cookie, for clients that
    /// keep no cookies, such as a native application. Whoever has it is the user, and it opens as a cookie, too. A
    /// browser sends no such header by itself, so that a route that reads no cookies needs no CSRF token.
    ///
    /// [`SessionManager::bearer_of`] is the way back. With tower, `SessionLayer::bearer` does both.
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// // A login. The client has no token yet.
    /// let session = manager.load(manager.cookie_of_bearer(None::<&str>));
    /// session.regenerate()?;
    /// session.set("user_id", 42)?;
    /// let token = manager.bearer_of(manager.commit(&session)?).unwrap(); // goes to the client, which keeps it
    ///
    /// let authorization = format!("Bearer {token}");
    /// let session = manager.load(manager.cookie_of_bearer([&authorization]));
    /// assert_eq!(session.get("user_id")?, Some(42));
    /// assert_eq!(manager.bearer_of(manager.commit(&session)?), None, "the client keeps the token that it has");
    ///
    /// session.destroy();
    /// assert_eq!(manager.bearer_of(manager.commit(&session)?).as_deref(), Some(""), "the client drops it");
    /// # Ok::<(), sealed_session::Error>(())
    /// ```
    #[must_use]
    pub fn cookie_of_bearer<H: AsRef<[u8]>>(&self, authorization: impl IntoIterator<Item = H>) -> Option<String> {
        self.engine().cookies.header_of_token(authorization)
    }

    /// Returns the bearer token that replaces the one of the client, from what a commit of this manager returned.
    /// `None` when the client keeps the token that it has, and an empty text when it must drop it, because the session
    /// has ended.
    ///
    /// Send it in a header of your choice, and keep the response from caches (`Cache-Control: no-store`).
    ///
    /// ```
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let session = manager.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let token = manager.bearer_of(manager.commit(&session)?).unwrap();
    /// assert_eq!(manager.codec().decode(&token)?.get("user_id")?, Some(42), "it is the sealed text");
    /// # Ok::<(), sealed_session::Error>(())
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "they become the token instead of headers")]
    pub fn bearer_of(&self, set_cookies: SetCookies) -> Option<String> {
        self.engine().cookies.token_of(&set_cookies)
    }
}
