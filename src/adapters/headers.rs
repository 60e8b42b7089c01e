//! [`ResponseHeaders`]: what the rules of this room need of a framework's response.

use std::borrow::Cow;

/// The headers of a framework's response, as far as the rules of this room need them.
pub(super) trait ResponseHeaders {
    /// Adds one Set-Cookie header, marked as sensitive where the framework can do that.
    fn append_set_cookie(&mut self, set_cookie: String);

    /// Puts a bearer token into its header, marked as sensitive where the framework can do that.
    #[cfg(feature = "tower")]
    fn set_token(&mut self, header_name: &'static str, token: String) {
        self.set(header_name, token.into());
    }

    /// Adds one Vary header.
    fn append_vary(&mut self, header_name: &'static str);

    /// Returns the values that the response has under a name in lower case.
    fn values(&self, header_name: &'static str) -> impl Iterator<Item = &[u8]>;

    /// Puts this value, of printable ASCII, in the place of all that the response has under a name in lower case.
    fn set(&mut self, header_name: &'static str, value: Cow<'static, str>);

    /// Removes all values under a name in lower case.
    fn remove(&mut self, header_name: &'static str);
}
