//! Finds our cookie in the Cookie header values of a request.
//!
//! It reads bytes and compares the name byte for byte: no percent-decoding, no Unicode white space, no `&str`. Browsers
//! store cookies named `\u{2000}__Host-sid` and `__%48ost-sid`, and a parser that tidies names hands those out as
//! `__Host-sid`.

use memchr::memchr_iter;

/// The most cookies of our name that one request is tried for. A client sends more only when someone planted them.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// The values that came under our name, copied out of the header so that they can be opened later.
#[derive(Default)]
pub(crate) struct Candidates {
    bytes: Vec<u8>,
    lens: [usize; MAX_CANDIDATES],
    found: usize,
}

impl Candidates {
    /// Looks through every header value once. Of a value longer than `max_len` only the fact is kept, as `max_len + 1`
    /// bytes of it.
    pub(crate) fn find<H: AsRef<[u8]>>(headers: impl IntoIterator<Item = H>, name: &[u8], max_len: usize) -> Self {
        let mut candidates = Self::default();
        for header in headers {
            candidates.scan(header.as_ref(), name, max_len.saturating_add(1));
        }
        candidates
    }

    fn scan(&mut self, header: &[u8], name: &[u8], keep: usize) {
        let mut start = 0;
        for end in memchr_iter(b';', header).chain([header.len()]) {
            let pair = header.get(start..end).unwrap_or_default();
            start = end.saturating_add(1);
            let Some(value) = value_of(pair, name) else { continue };
            if let Some(len) = self.lens.get_mut(self.found) {
                let value = value.get(..keep).unwrap_or(value);
                *len = value.len();
                self.bytes.extend_from_slice(value);
            }
            self.found = self.found.saturating_add(1);
        }
    }

    /// How many cookies came under our name.
    pub(crate) fn count(&self) -> usize {
        self.found
    }

    /// Whether there are more than those that [`Candidates::values`] gives.
    pub(crate) fn is_cut(&self) -> bool {
        self.found > MAX_CANDIDATES
    }

    /// The values, in the order of the headers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lens.iter().take(self.found).map_while(move |len| {
            let (value, after) = rest.split_at_checked(*len)?;
            rest = after;
            Some(value)
        })
    }
}

/// The value of a `name=value` pair if it has our name.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    // A name holds no `=`, so what follows it up to the first `=` may only be white space.
    let value = trim_start(trim_start(pair).strip_prefix(name)?).strip_prefix(b"=")?;
    Some(trim_end(trim_start(value)))
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&[u8]], name: &str) -> Vec<Vec<u8>> {
        Candidates::find(headers, name.as_bytes(), 100).values().map(<[u8]>::to_vec).collect()
    }

    fn in_one(header: &str) -> Vec<String> {
        found(&[header.as_bytes()], "__Host-s").into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    #[test]
    fn the_name_is_compared_byte_for_byte() {
        // (header, what is found), a comment a rule.
        for (header, expected) in [
            // Anywhere in the header, with or without spaces.
            ("__Host-s=v", &["v"][..]),
            ("a=1; __Host-s=v; b=2", &["v"]),
            ("a=1;__Host-s=v;b=2", &["v"]),
            // SP and HTAB around name and value are no part of them.
            (" \t__Host-s \t=\t v \t", &["v"]),
            // Split at the first `=` only.
            ("__Host-s=a=b=", &["a=b="]),
            // Empty is a value, and every duplicate counts, in order.
            ("__Host-s=", &[""]),
            ("__Host-s=1; __Host-s=2", &["1", "2"]),
            // Quotes are part of the value.
            ("__Host-s=\"v\"", &["\"v\""]),
            // Another case, a longer or a shorter name, a name inside a value.
            ("__host-s=v", &[]),
            ("__Host-s2=v", &[]),
            ("x__Host-s=v", &[]),
            ("__Host-=v", &[]),
            ("a=__Host-s=v", &[]),
            // A cookie without a name that looks like ours.
            ("=__Host-s=v", &[]),
            ("__Host-s", &[]),
            // Percent-encoding and Unicode white space are not ours.
            ("__%48ost-s=v", &[]),
            ("\u{2000}__Host-s=v", &[]),
            ("\u{85}__Host-s=v", &[]),
            ("\u{a0}__Host-s=v", &[]),
            ("__Host-s\u{a0}=v", &[]),
            ("\x0b__Host-s=v", &[]),
            ("\r\n__Host-s=v", &[]),
            // RFC 2109's attributes are cookies like any other.
            ("$Version=1; __Host-s=v; $Path=/", &["v"]),
            // A comma separates nothing.
            ("a=1, __Host-s=v", &[]),
            ("", &[]),
            (";;;", &[]),
        ] {
            assert_eq!(in_one(header), expected, "{header:?}");
        }
    }

    #[test]
    fn foreign_bytes_do_not_hide_our_cookie() {
        assert_eq!(found(&[b"a=\xff\xfe; s=v; \x80\0=\x01"], "s"), [b"v"]);
    }

    #[test]
    fn every_header_value_is_read() {
        assert_eq!(found(&[b"a=1", b"s=1", b"b=2; s=2"], "s"), [b"1", b"2"]);
    }

    #[test]
    fn four_candidates_are_kept_and_the_fifth_is_noted() {
        let four = Candidates::find(["s=1; s=2; s=3; s=4"], b"s", 100);
        assert!(!four.is_cut());
        let five = Candidates::find(["s=1; s=2; s=3", "s=4; s=5"], b"s", 100);
        assert!(five.is_cut());
        assert_eq!(five.values().collect::<Vec<_>>(), [b"1", b"2", b"3", b"4"]);
    }

    #[test]
    fn of_a_value_that_is_too_long_one_byte_more_than_allowed_is_kept() {
        let header = format!("s={}; s=v", "x".repeat(100_000));
        let candidates = Candidates::find([header], b"s", 100);
        assert_eq!(candidates.values().map(<[u8]>::len).collect::<Vec<_>>(), [101, 1]);
    }
}
