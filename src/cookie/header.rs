//! Finds our cookie in the Cookie header values of a request.
//!
//! It reads bytes and compares the name byte for byte: no percent-decoding, no Unicode white space, no `&str`. Browsers
//! store cookies named `\u{2000}__Host-sid` and `__%48ost-sid`, and a parser that tidies names hands those out as
//! `__Host-sid`.

use memchr::memchr_iter;

#[cfg(feature = "import")]
use crate::import::OldCookies;

/// The most cookies of our name that one request is tried for. A client sends more only when someone planted them.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// The values in one Cookie header that came under our name.
pub(crate) fn values<'h>(header: &'h [u8], name: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
    let mut start = 0;
    memchr_iter(b';', header).chain([header.len()]).filter_map(move |end| {
        let pair = header.get(start..end)?;
        start = end.saturating_add(1);
        value_of(pair, name)
    })
}

/// The values that came under our name, copied out of the headers so that they can be opened later.
///
/// The first is in `first`, the allocation that holds this struct: almost every request brings one, and a request that
/// never looks at its session then costs one allocation in all.
pub(crate) struct Candidates<B: ?Sized = [u8]> {
    found: usize,
    lens: [usize; MAX_CANDIDATES],
    more: Vec<u8>,
    seconds: Option<Box<Seconds>>,
    #[cfg(feature = "import")]
    pub(crate) old: OldCookies,
    first: B,
}

/// The values that came under the name of the second cookie, where there may be one.
#[derive(Default)]
pub(crate) struct Seconds {
    found: usize,
    values: Vec<Vec<u8>>,
}

impl Seconds {
    /// Adds another one; of those past [`MAX_CANDIDATES`] only the number is kept.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if self.found < MAX_CANDIDATES {
            self.values.push(value.to_vec());
        }
        self.found = self.found.saturating_add(1);
    }

    /// Whether there are more than those that [`Seconds::values`] gives.
    pub(crate) fn is_cut(&self) -> bool {
        self.found > MAX_CANDIDATES
    }

    /// The values, in the order of the headers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(Vec::as_slice)
    }
}

impl<const N: usize> Candidates<[u8; N]> {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            found: 0,
            lens: [0; MAX_CANDIDATES],
            more: Vec::new(),
            seconds: None,
            #[cfg(feature = "import")]
            old: OldCookies::default(),
            first: [0; N],
        }
    }

    /// The first value, of at most `N` bytes.
    pub(crate) fn of(value: &[u8]) -> Self {
        let mut candidates = Self { found: 1, ..Self::new() };
        if let (Some(first), [len, ..]) = (candidates.first.get_mut(..value.len()), &mut candidates.lens) {
            first.copy_from_slice(value);
            *len = value.len();
        }
        candidates
    }
}

impl Candidates {
    /// Adds another one; of those past [`MAX_CANDIDATES`] only the number is kept.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if let Some(len) = self.lens.get_mut(self.found) {
            *len = value.len();
            self.more.extend_from_slice(value);
        }
        self.found = self.found.saturating_add(1);
    }

    /// Adds what came under the name of the second cookie.
    pub(crate) fn put_seconds(&mut self, seconds: Box<Seconds>) {
        self.seconds = Some(seconds);
    }

    /// What came under the name of the second cookie, if anything did.
    pub(crate) fn seconds(&self) -> Option<&Seconds> {
        self.seconds.as_deref()
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
        let [first, others @ ..] = &self.lens;
        let first = self.first.get(..*first).filter(|_| self.found > 0);
        let mut rest = self.more.as_slice();
        let others = others.iter().take(self.found.saturating_sub(1)).map_while(move |len| {
            let (value, after) = rest.split_at_checked(*len)?;
            rest = after;
            Some(value)
        });
        first.into_iter().chain(others)
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
        headers.iter().flat_map(|header| values(header, name.as_bytes())).map(<[u8]>::to_vec).collect()
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
    fn four_candidates_are_kept_and_the_fifth_is_counted() {
        let mut first = Candidates::<[u8; 8]>::of(b"one");
        let candidates: &mut Candidates = &mut first;
        for (count, value) in (2..).zip([&b"two"[..], b"", b"four"]) {
            candidates.add(value);
            assert_eq!((candidates.count(), candidates.is_cut()), (count, false));
        }
        assert_eq!(candidates.values().collect::<Vec<_>>(), [&b"one"[..], b"two", b"", b"four"]);
        candidates.add(b"five");
        assert_eq!((candidates.count(), candidates.is_cut()), (5, true));
        assert_eq!(candidates.values().collect::<Vec<_>>(), [&b"one"[..], b"two", b"", b"four"]);
    }

    #[test]
    fn none_and_one_that_is_empty_are_two_things() {
        let values = |candidates: &Candidates| candidates.values().map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(values(&Candidates::<[u8; 0]>::new()), [b""; 0]);
        assert_eq!(values(&Candidates::<[u8; 0]>::of(b"")), [b""]);
    }
}
