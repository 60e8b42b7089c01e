//! A session in two cookies: how the sealed text is cut in two, and how a first part is known.
//!
//! The first cookie holds `2~` and the first half of the text, the second cookie, whose name ends in `-2`, holds the rest. The
//! one seal over both halves shows when a half is missing, old, foreign or in the wrong place.

/// The end of the name of the second cookie. It stands behind the name of the first, so that a prefix such as `__Host-` is
/// kept.
pub(super) const SUFFIX: &str = "-2";

/// The beginning of the value of a first cookie that is one of two. No base64url has a `~`.
pub(crate) const MARK: &str = "2~";

/// The most bytes of both names and values together. At some 8,180 bytes of cookies nginx, Apache and gunicorn refuse the
/// request, and at 8,000 curl and aiohttp send one of two without a word; the site's other cookies need room too.
pub(super) const BOTH_LIMIT: usize = 7600;

/// The most pairs of a first and a second part that one request is tried for.
pub(crate) const MAX_PAIRS: usize = 4;

/// The two parts of a text. `-2` and `2~` have the same length, so two lines of two halves are as short as they can be.
pub(super) fn halves(text: &str) -> (&str, &str) {
    text.split_at_checked(text.len().div_ceil(2)).unwrap_or((text, ""))
}

/// The bytes around two parts of a text, if `of_one` bytes are around a text in one cookie.
pub(super) fn of_both(of_one: usize) -> usize {
    of_one.saturating_mul(2).saturating_add(SUFFIX.len()).saturating_add(MARK.len())
}
