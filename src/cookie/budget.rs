//! [`Budget`]: how many characters and bytes a session may take in its cookie, or in both of its cookies.

use super::split::{BOTH_LIMIT, MARK, of_both};
use crate::format::wire;

/// The most that fits into a cookie, or into two, and the most that is read of one.
#[derive(Debug)]
pub(super) struct Budget {
    /// The bytes of a Set-Cookie line around its value.
    pub(super) overhead: usize,
    /// The characters that the value of one cookie may have when it is written.
    pub(super) one_chars: usize,
    /// The characters that the sealed text may have when it is written, in as many cookies as there may be.
    pub(super) max_chars: usize,
    /// The characters that the value of one cookie may have when it is read: browsers keep no longer one.
    pub(super) read_one: usize,
    /// The characters that a text in two cookies may have when it is read: servers take no longer ones.
    pub(super) read_both: usize,
}

impl Budget {
    /// The budget of a cookie whose name has `name` bytes and whose Set-Cookie line, of `max_bytes` at most, has `overhead`
    /// bytes around the value.
    pub(super) fn new(name: usize, overhead: usize, max_bytes: usize, two_cookies: bool) -> Self {
        let read_one = wire::NAME_AND_VALUE_LIMIT.saturating_sub(name);
        let read_both = BOTH_LIMIT.saturating_sub(of_both(name));
        let one_chars = read_one.min(max_bytes.saturating_sub(overhead));
        // Each part may be as long as a value is that has the mark before it.
        let two_chars = one_chars.saturating_sub(MARK.len()).saturating_mul(2).min(read_both);
        let max_chars = if two_cookies { two_chars } else { one_chars };
        Self { overhead, one_chars, max_chars, read_one, read_both }
    }
}
