//! A session over two cookies: one text, sealed once, of which each cookie carries a part.
//!
//! The first cookie has the configured name, and `2~` before its part; the second has `-2` behind that name, and the rest. The
//! one seal over both is what finds out that a part is missing, old, foreign or in the wrong place.

use super::codec::{Codec, Opened, max_age};
use crate::cookie::{Seconds, SetCookieWriter, SetCookies};
use crate::data::SessionData;
use crate::error::{DecodeError, EncodeError, Refusal};
use crate::format::wire;
use crate::time::UnixTime;

/// What the name of the second cookie has behind that of the first: there it keeps a prefix such as `__Host-`.
pub(crate) const SUFFIX: &str = "-2";

/// What stands before the part in the first cookie: of how many it is one. No base64url has a `~`.
pub(crate) const MARK: &str = "2~";

/// The most bytes of both names and values together. At some 8,180 bytes of cookies nginx, Apache and gunicorn refuse the
/// request, and at 8,000 curl and aiohttp send one of two without a word; the site's other cookies need room too.
pub(crate) const BOTH_LIMIT: usize = 7600;

/// The most pairs of parts that one request is tried for.
pub(crate) const MAX_PAIRS: usize = 4;

impl Codec {
    /// The name of the second cookie, if there may be one.
    pub(crate) fn second_name(&self) -> Option<&str> {
        self.inner.second.as_ref().map(SetCookieWriter::cookie_name)
    }

    /// Whether the session takes two cookies.
    pub(crate) fn takes_two(&self, data: &SessionData) -> bool {
        self.is_split(self.chars(data))
    }

    /// Whether a text of so many characters takes two cookies.
    pub(super) fn is_split(&self, chars: usize) -> bool {
        self.inner.second.is_some() && chars > self.inner.budget.one_chars
    }

    /// What follows the mark of a first part; of a codec that reads two cookies.
    pub(crate) fn first_part<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        self.inner.second.as_ref()?;
        value.strip_prefix(MARK.as_bytes()).filter(|part| !part.is_empty())
    }

    /// Opens a first part with the second part that fits, if it is among those that came. `tries` is how many pairs may still
    /// be tried, of [`MAX_PAIRS`] in one request.
    pub(crate) fn open_parts(
        &self,
        first: &[u8],
        seconds: Option<&Seconds>,
        tries: &mut usize,
        now: UnixTime,
    ) -> Result<Opened, Refusal> {
        let max_part = self.inner.max_read_chars.one.saturating_sub(MARK.len());
        if first.len() > max_part {
            return Err(DecodeError::TooLong.into());
        }
        for second in seconds.into_iter().flat_map(Seconds::values).filter(|second| second.len() <= max_part) {
            let Some(left) = tries.checked_sub(1) else { return Err(DecodeError::TooManyCandidates.into()) };
            *tries = left;
            match self.open_whole(&[first, second].concat(), Some(now)) {
                // Another part may fit.
                Err(Refusal {
                    reason: DecodeError::NotAuthentic | DecodeError::Malformed | DecodeError::TooLong,
                    ..
                }) => {}
                outcome => return outcome,
            }
        }
        Err(if seconds.is_some_and(Seconds::is_cut) { DecodeError::TooManyCandidates } else { DecodeError::Incomplete }
            .into())
    }

    /// Opens a text that may be longer than one cookie holds.
    pub(super) fn open_whole(&self, text: &[u8], now: Option<UnixTime>) -> Result<Opened, Refusal> {
        let mut buffer = vec![0; wire::bytes_in(BOTH_LIMIT)];
        self.open_in(&mut buffer, text, self.inner.max_read_chars.both, now)
    }

    /// The Set-Cookie texts of a sealed text that takes two cookies: the second part, then the first.
    pub(super) fn set_both(&self, second: &SetCookieWriter, data: &SessionData) -> Result<SetCookies, EncodeError> {
        let mut text = String::new();
        self.seal(data, &mut text)?;
        let (one, two) = halves(&text);
        let line = |writer: &SetCookieWriter, [mark, part]: [&str; 2]| {
            let mut line = writer.begin(mark.len().saturating_add(part.len()));
            line.push_str(mark);
            line.push_str(part);
            writer.finish(&mut line, max_age(data));
            line
        };
        // Until a client that takes them one by one has the first part too, a cookie that it held before still opens.
        Ok(SetCookies::new(line(second, ["", two]), Some(line(&self.inner.writer, [MARK, one]))))
    }

    /// The Cookie header of a text that was sealed, in one cookie or two.
    #[cfg(feature = "test-util")]
    pub(crate) fn cookie_header(&self, text: &str) -> String {
        let name = self.cookie_name();
        match self.second_name().filter(|_| self.is_split(text.len())) {
            None => format!("{name}={text}"),
            Some(second) => {
                let (one, two) = halves(text);
                format!("{name}={MARK}{one}; {second}={two}")
            }
        }
    }
}

/// The two parts of a text. `-2` and `2~` weigh the same, so the lines of two halves are as short as two lines can be.
fn halves(text: &str) -> (&str, &str) {
    text.split_at_checked(text.len().div_ceil(2)).unwrap_or((text, ""))
}
