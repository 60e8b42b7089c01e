//! Takes the text out of a header value.
//!
//! The draft says that both headers are strings of RFC 9651, in quotes. Chromium 156 sends them bare. A browser may
//! send either, so both forms are read.

/// Reads `Sec-Secure-Session-Id`: the identifier of the session that the browser wants to refresh. Returns `None` for a
/// value that is in neither form. What the identifier says is for the caller to find out.
pub(crate) fn session_id(value: &str) -> Option<&str> {
    text(value).filter(|id| !id.is_empty())
}

/// Returns the text of a value, without the quotes if it has some.
///
/// Parameters (`;name=value`) after the text are left out, since RFC 9651 has readers ignore those that they do not
/// know. Neither a proof nor an identifier of ours needs an escaped character in quotes, so a backslash is refused.
pub(super) fn text(value: &str) -> Option<&str> {
    let value = value.trim_matches([' ', '\t']);
    let (text, rest) = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => value.split_at(value.find(';').unwrap_or(value.len())),
    };
    let is_text = !text.contains(['"', '\\']);
    (is_text && (rest.is_empty() || rest.starts_with(';'))).then_some(text)
}
