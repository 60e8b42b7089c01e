//! Holds [`Candidates`], the values that one request brought under the session cookie's name.

use super::header::MAX_CANDIDATES;

/// The values that came under the session cookie's name, copied out of the headers so that they can be opened later.
///
/// The first value is in `first`, inside the allocation that holds this struct. Almost every request brings one value,
/// so a request that never looks at its session costs one allocation in all.
pub(crate) struct Candidates<B: ?Sized = [u8]> {
    found: usize,
    lens: [usize; MAX_CANDIDATES],
    more: Vec<u8>,
    second_parts: Option<Box<SecondParts>>,
    first: B,
}

/// The values that came under the name of the second cookie, where there may be one.
#[derive(Default)]
pub(crate) struct SecondParts {
    found: usize,
    values: Vec<Vec<u8>>,
}

impl SecondParts {
    /// Adds a value. Past [`MAX_CANDIDATES`] values only their number is kept.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if self.found < MAX_CANDIDATES {
            self.values.push(value.to_vec());
        }
        self.found = self.found.saturating_add(1);
    }

    /// True when more values came than [`SecondParts::values`] gives.
    pub(crate) fn is_cut(&self) -> bool {
        self.found > MAX_CANDIDATES
    }

    /// Returns the values in the order of the headers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(Vec::as_slice)
    }
}

impl<const N: usize> Candidates<[u8; N]> {
    /// Makes a list without values, with room for a first one of at most `N` bytes.
    pub(crate) fn new() -> Self {
        Self { found: 0, lens: [0; MAX_CANDIDATES], more: Vec::new(), second_parts: None, first: [0; N] }
    }
}

impl Candidates {
    /// Adds a value. For the first one there must be room. Past [`MAX_CANDIDATES`] values only their number is kept.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if self.found == 0 {
            if let (Some(first), [len, ..]) = (self.first.get_mut(..value.len()), &mut self.lens) {
                first.copy_from_slice(value);
                *len = value.len();
            }
        } else if let Some(len) = self.lens.get_mut(self.found) {
            *len = value.len();
            self.more.extend_from_slice(value);
        }
        self.found = self.found.saturating_add(1);
    }

    /// Adds the values that came under the name of the second cookie.
    pub(crate) fn put_second_parts(&mut self, second_parts: Box<SecondParts>) {
        self.second_parts = Some(second_parts);
    }

    /// Returns the values that came under the name of the second cookie, if any came.
    pub(crate) fn second_parts(&self) -> Option<&SecondParts> {
        self.second_parts.as_deref()
    }

    /// Returns the number of cookies that came under the session cookie's name.
    pub(crate) fn count(&self) -> usize {
        self.found
    }

    /// True when more values came than [`Candidates::values`] gives.
    pub(crate) fn is_cut(&self) -> bool {
        self.found > MAX_CANDIDATES
    }

    /// Returns the values in the order of the headers.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_candidates_are_kept_and_the_fifth_is_counted() {
        let candidates: &mut Candidates = &mut Candidates::<[u8; 3]>::new();
        for (count, value) in (1..).zip([&b"one"[..], b"two", b"", b"and the fourth"]) {
            candidates.add(value);
            assert_eq!((candidates.count(), candidates.is_cut()), (count, false));
        }
        assert_eq!(candidates.values().collect::<Vec<_>>(), [&b"one"[..], b"two", b"", b"and the fourth"]);
        candidates.add(b"five");
        assert_eq!((candidates.count(), candidates.is_cut()), (5, true));
        assert_eq!(candidates.values().collect::<Vec<_>>(), [&b"one"[..], b"two", b"", b"and the fourth"]);
    }

    #[test]
    fn four_second_parts_are_kept_and_the_fifth_is_counted() {
        let mut parts = SecondParts::default();
        for value in [b"1", b"2", b"3", b"4"] {
            parts.add(value);
            assert!(!parts.is_cut());
        }
        parts.add(b"5");
        assert!(parts.is_cut());
        assert!(parts.values().eq([b"1", b"2", b"3", b"4"]));
    }

    #[test]
    fn none_and_one_that_is_empty_are_two_things() {
        let candidates: &mut Candidates = &mut Candidates::<[u8; 0]>::new();
        assert_eq!(candidates.values().count(), 0);
        candidates.add(b"");
        assert_eq!(candidates.values().collect::<Vec<_>>(), [b""]);
    }
}
