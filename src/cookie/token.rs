//! Carries the sealed text of a session as a bearer token: one text, also where a browser would get it in two cookies.

use super::cookies::Cookies;
use super::set_cookies::SetCookies;
use super::split::MARK;

impl Cookies {
    /// Returns the Cookie header that stands for the bearer token of these Authorization headers. `None` when there is
    /// no such token.
    pub(crate) fn header_of_token<H: AsRef<[u8]>>(&self, headers: impl IntoIterator<Item = H>) -> Option<String> {
        headers.into_iter().find_map(|value| token(value.as_ref()).map(|token| self.header(&text_of(token))))
    }

    /// Returns the bearer token that does for a client what these cookies do for a browser: `None` when the client
    /// keeps the token that it has, and an empty text when it drops it.
    pub(crate) fn token_of(&self, set_cookies: &SetCookies) -> Option<String> {
        // The last line of a name counts, if there are several.
        let value = |name: &str| {
            let lines = set_cookies.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            lines.last().and_then(|line| line.split(';').next())
        };
        let first = value(self.name())?;
        Some(match first.strip_prefix(MARK) {
            Some(one) => [one, self.second_name().and_then(value).unwrap_or_default()].concat(),
            None => first.to_owned(),
        })
    }
}

/// Returns the token of an Authorization header of the scheme Bearer (RFC 6750, section 2.1). The name of a scheme has
/// no case (RFC 9110, section 11.1).
fn token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.trim_ascii().split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) && token.first().is_none_or(|byte| *byte == b' ');
    is_bearer.then(|| token.trim_ascii())
}

/// Returns a token as it may stand in a Cookie header, where `;` would begin another cookie and quotes would go. A byte
/// that is in no sealed text becomes one that is in none either, so that the token is refused all the same.
fn text_of(token: &[u8]) -> String {
    let is_of_text = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    token.iter().map(|byte| if is_of_text(*byte) { char::from(*byte) } else { '!' }).collect()
}

const SCHEME: &str = "Bearer";
