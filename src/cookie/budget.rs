//! Computes the [`Budget`] of a session: the characters and bytes that it may take in its cookie, or in both of its
//! cookies.

use super::split::{BOTH_LIMIT, MARK, of_both};
use crate::format::wire;

/// The limits of a sealed text in one cookie or in two, when it is written and when it is read.
#[derive(Debug)]
pub(super) struct Budget {
    /// The bytes of a Set-Cookie line around its value.
    pub(super) overhead: usize,
    /// The characters that the value of one cookie may have when it is written.
    pub(super) one_chars: usize,
    /// The characters that the sealed text may have when it is written, in one cookie or, where two are allowed, in
    /// both.
    pub(super) max_chars: usize,
    /// The characters that the value of one cookie may have when it is read. Browsers keep no longer value.
    pub(super) read_one: usize,
    /// The characters that a text in two cookies may have when it is read. Servers take no longer cookies.
    pub(super) read_both: usize,
}

impl Budget {
    /// Computes the budget of a cookie. Its name has `name` bytes, and its Set-Cookie line has at most `max_bytes`
    /// bytes, of which `overhead` stand around the value.
    pub(super) fn new(name: usize, overhead: usize, max_bytes: usize, two_cookies: bool) -> Self {
        let read_one = wire::NAME_AND_VALUE_LIMIT.saturating_sub(name);
        let read_both = BOTH_LIMIT.saturating_sub(of_both(name));
        let one_chars = read_one.min(max_bytes.saturating_sub(overhead));
        // A part may have as many characters as a value has behind the mark. The second part has no mark, but the name
        // of its cookie is longer by the same number.
        let two_chars = one_chars.saturating_sub(MARK.len()).saturating_mul(2).min(read_both);
        let max_chars = if two_cookies { two_chars } else { one_chars };
        Self { overhead, one_chars, max_chars, read_one, read_both }
    }
}
