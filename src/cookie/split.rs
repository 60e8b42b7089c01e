//! Cuts a sealed text in two, for a session in two cookies, and says how a first part is known.
//!
//! The first cookie holds `2~` and the first half of the text. The second cookie, whose name ends in `-2`, holds the
//! rest. The one seal over both halves shows when a half is missing, old, foreign or in the wrong place.

/// The end of the name of the second cookie. It stands behind the name of the first cookie, so that a prefix such as
/// `__Host-` is kept.
pub(super) const SUFFIX: &str = "-2";

/// The beginning of the value of a first cookie that is one of two. Base64url has no `~`, so no whole text begins like
/// this.
pub(crate) const MARK: &str = "2~";

/// The most bytes of both names and values together. nginx, Apache and gunicorn refuse a request that has some 8,180
/// bytes of cookies. At 8,000 bytes, curl and aiohttp send one of two cookies and drop the other silently. The site's
/// other cookies need room too.
pub(super) const BOTH_LIMIT: usize = 7600;

/// The most pairs of a first and a second part that one request is tried for.
pub(crate) const MAX_PAIRS: usize = 4;

/// Returns the two parts of a text. `-2` and `2~` have the same length, so two lines of two halves are as short as they
/// can be.
pub(super) fn halves(text: &str) -> (&str, &str) {
    text.split_at_checked(text.len().div_ceil(2)).unwrap_or((text, ""))
}

/// Returns the bytes around a text in two cookies, if `of_one` bytes are around a text in one cookie.
pub(super) fn of_both(of_one: usize) -> usize {
    of_one.saturating_mul(2).saturating_add(SUFFIX.len()).saturating_add(MARK.len())
}
