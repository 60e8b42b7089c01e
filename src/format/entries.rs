//! Keeps the entries of a session as the bytes that the format carries. An entry that nobody touches is copied from
//! cookie to cookie and never parsed.
//!
//! ```text
//! entry = tag (bit 7: flash, bits 0-6: key length 1..127) | key, UTF-8 | value length (2, big-endian) | value, one JSON text
//! ```

use std::collections::HashMap;
use std::ops::Range;
use std::str;

use crate::error::ValueError;

/// The separate sets of keys in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    Data,
    Flash,
    /// Holds [`CSRF_KEY`] alone. In the format the token is one of the values, but the calls that read and write values
    /// never see it.
    Csrf,
    /// The generation of the subject, under [`GENERATION_KEY`].
    Generation,
    /// The idle timeout of this one session, under [`IDLE_KEY`].
    Idle,
}

impl Namespace {
    fn of(tag: u8, key: &[u8]) -> Self {
        match tag & FLASH {
            0 if key == CSRF_KEY.as_bytes() => Self::Csrf,
            0 if key == GENERATION_KEY.as_bytes() => Self::Generation,
            0 if key == IDLE_KEY.as_bytes() => Self::Idle,
            0 => Self::Data,
            _ => Self::Flash,
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Data | Self::Csrf | Self::Generation | Self::Idle => 0,
            Self::Flash => FLASH,
        }
    }
}

/// One entry, borrowed from the block.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) namespace: Namespace,
    pub(crate) key: &'a str,
    pub(crate) json: &'a str,
}

impl Entry<'_> {
    /// Returns the bytes that the entry takes in the plaintext.
    pub(crate) fn size(&self) -> usize {
        size(self.key.len(), self.json.len())
    }
}

/// A well-formed sequence of entries.
///
/// Invariant: `block` consists of whole entries, keys and values are UTF-8, and no key stands twice in one namespace.
/// `parse` checks this, and every function that changes `block` keeps it.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Entries {
    block: Vec<u8>,
}

impl Entries {
    /// Copies the entries at the start of `bytes`. The bytes behind them must be padding.
    ///
    /// Returns `None` when an entry is cut short or not UTF-8, when a key stands twice in one namespace, or when the
    /// padding is not all zero.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut seen = SeenKeys::default();
        while let Some((entry, after)) = split_entry(rest) {
            if !entry.is_utf8() {
                return None;
            }
            if seen.insert(entry.tag, entry.key) {
                let before = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
                if raw_entries(before).any(|other| other.is(entry.namespace(), entry.key)) {
                    return None;
                }
            }
            rest = after;
        }
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        let block = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
        Some(Self { block: block.to_vec() })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.block
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        raw_entries(&self.block).map(|entry| Entry {
            namespace: entry.namespace(),
            // Invariant: key and value are UTF-8, so neither default is ever taken.
            key: str::from_utf8(entry.key).unwrap_or_default(),
            json: str::from_utf8(entry.json).unwrap_or_default(),
        })
    }

    pub(crate) fn in_namespace(&self, namespace: Namespace) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(move |entry| entry.namespace == namespace).map(|entry| (entry.key, entry.json))
    }

    /// Returns the JSON text of a value.
    pub(crate) fn get(&self, namespace: Namespace, key: &str) -> Option<&str> {
        let entry = raw_entries(&self.block).find(|entry| entry.is(namespace, key.as_bytes()))?;
        str::from_utf8(entry.json).ok()
    }

    /// Puts a value in the place of the one with this key, or at the end. Returns true when this changed anything.
    ///
    /// # Errors
    /// [`ValueError::KeyLength`], [`ValueError::TooLong`] and [`ValueError::Full`]; nothing is stored then.
    pub(crate) fn put(&mut self, namespace: Namespace, key: &str, json: &str) -> Result<bool, ValueError> {
        if self.get(namespace, key) == Some(json) {
            return Ok(false);
        }
        let place = self.place(namespace, key).unwrap_or(self.block.len()..self.block.len());
        let (before, after) = (self.block.get(..place.start), self.block.get(place.end..));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let mut block = Vec::with_capacity(self.block.len().saturating_add(size(key.len(), json.len())));
        block.extend_from_slice(before);
        push(&mut block, namespace, key, json, after.len())?;
        block.extend_from_slice(after);
        self.block = block;
        Ok(true)
    }

    /// Replaces the values by `fields`. Each field takes the place of the value with its key, or goes to the end. Flash
    /// values and the CSRF token stay. Returns true when this changed anything.
    ///
    /// # Errors
    /// The errors of [`Entries::put`]; nothing is changed then.
    pub(crate) fn put_all(&mut self, fields: &[(String, String)]) -> Result<bool, ValueError> {
        let mut left: HashMap<&str, &str> = fields.iter().map(|(key, json)| (key.as_str(), json.as_str())).collect();
        let mut block = Vec::with_capacity(self.block.len());
        for entry in self.iter() {
            let json = match entry.namespace {
                Namespace::Flash | Namespace::Csrf | Namespace::Generation | Namespace::Idle => Some(entry.json),
                Namespace::Data => left.remove(entry.key),
            };
            if let Some(json) = json {
                push(&mut block, entry.namespace, entry.key, json, 0)?;
            }
        }
        for (key, _) in fields {
            if let Some(json) = left.remove(key.as_str()) {
                push(&mut block, Namespace::Data, key, json, 0)?;
            }
        }
        let changed = block != self.block;
        self.block = block;
        Ok(changed)
    }

    /// The keys of the entries that are in one of the two alone, or differ between them.
    pub(crate) fn changed_keys(base: &Self, mine: &Self) -> Vec<(Namespace, String)> {
        let gone = base.iter().filter(|entry| mine.get(entry.namespace, entry.key).is_none());
        let written = mine.iter().filter(|entry| base.get(entry.namespace, entry.key) != Some(entry.json));
        gone.chain(written).map(|entry| (entry.namespace, entry.key.to_owned())).collect()
    }

    /// The entries that a request makes of those that are there by now (`theirs`), where it found `base` and leaves `mine`: key by
    /// key, what it wrote or removed is done to theirs, and everything else stays as they have it. A flash value that it took is
    /// removed only if it still is the one that it took. With `cleared`, every value that mine does not have goes.
    ///
    /// # Errors
    /// [`ValueError::Full`] when the two do not fit together.
    pub(crate) fn merge(base: &Self, mine: &Self, theirs: &Self, cleared: bool) -> Result<Self, ValueError> {
        let mut merged = theirs.clone();
        if cleared {
            merged.clear(Namespace::Data);
            for (key, json) in mine.in_namespace(Namespace::Data) {
                merged.put(Namespace::Data, key, json)?;
            }
        }
        for Entry { namespace, key, .. } in base.iter().filter(|entry| mine.get(entry.namespace, entry.key).is_none()) {
            let was_seen = namespace != Namespace::Flash || theirs.get(namespace, key) == base.get(namespace, key);
            if was_seen {
                merged.remove(namespace, key);
            }
        }
        for Entry { namespace, key, json } in mine.iter() {
            if base.get(namespace, key) != Some(json) {
                merged.put(namespace, key, json)?;
            }
        }
        Ok(merged)
    }

    /// Removes a value. Returns true when there was one.
    pub(crate) fn remove(&mut self, namespace: Namespace, key: &str) -> bool {
        let place = self.place(namespace, key);
        place.map(|place| self.block.drain(place)).is_some()
    }

    /// Removes every value of a namespace. Returns true when there was one.
    pub(crate) fn clear(&mut self, namespace: Namespace) -> bool {
        let mut kept = Vec::with_capacity(self.block.len());
        for entry in raw_entries(&self.block).filter(|entry| entry.namespace() != namespace) {
            kept.extend_from_slice(entry.whole);
        }
        let changed = kept.len() != self.block.len();
        self.block = kept;
        changed
    }

    /// Returns the bytes of the block that the entry with this key takes.
    fn place(&self, namespace: Namespace, key: &str) -> Option<Range<usize>> {
        let mut start = 0_usize;
        for entry in raw_entries(&self.block) {
            let end = start.checked_add(entry.whole.len())?;
            if entry.is(namespace, key.as_bytes()) {
                return Some(start..end);
            }
            start = end;
        }
        None
    }
}

/// Returns the bytes that an entry takes in the plaintext, from the bytes of its key and of its JSON text.
pub(crate) fn size(key: usize, json: usize) -> usize {
    key.saturating_add(json).saturating_add(3)
}

/// Appends an entry, if it fits together with the `more` bytes that come after it.
fn push(block: &mut Vec<u8>, namespace: Namespace, key: &str, json: &str, more: usize) -> Result<(), ValueError> {
    let tag = match u8::try_from(key.len()) {
        Ok(len @ 1..=KEY_LEN) => len | namespace.bit(),
        _ => return Err(ValueError::KeyLength { found: key.len() }),
    };
    // In the format this value would stand beside the reserved entry, and a reader refuses a key that stands twice.
    if namespace == Namespace::Data && [CSRF_KEY, GENERATION_KEY, IDLE_KEY].contains(&key) {
        return Err(ValueError::Reserved { key: key.to_owned() });
    }
    let Ok(json_len) = u16::try_from(json.len()) else {
        return Err(ValueError::TooLong { key: key.to_owned(), found: json.len() });
    };
    if size(key.len(), json.len()).saturating_add(block.len()).saturating_add(more) > MAX_BLOCK {
        return Err(ValueError::Full { key: key.to_owned() });
    }
    block.push(tag);
    block.extend_from_slice(key.as_bytes());
    block.extend_from_slice(&json_len.to_be_bytes());
    block.extend_from_slice(json.as_bytes());
    Ok(())
}

/// One entry as it stands in a block. Nothing but its lengths has been checked.
struct RawEntry<'a> {
    whole: &'a [u8],
    tag: u8,
    key: &'a [u8],
    json: &'a [u8],
}

impl RawEntry<'_> {
    fn is_utf8(&self) -> bool {
        // In most entries the key, the value and the length between them are ASCII. One look at all of it is faster
        // than two decodings.
        let Some(after_tag) = self.whole.get(1..) else { return false };
        after_tag.is_ascii() || (str::from_utf8(self.key).is_ok() && str::from_utf8(self.json).is_ok())
    }

    fn is(&self, namespace: Namespace, key: &[u8]) -> bool {
        self.key == key && self.namespace() == namespace
    }

    fn namespace(&self) -> Namespace {
        Namespace::of(self.tag, self.key)
    }
}

/// Splits the first entry off `bytes`. Returns `None` at the end, at padding, and where an entry is cut short.
fn split_entry(bytes: &[u8]) -> Option<(RawEntry<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let key_len = usize::from(tag & KEY_LEN);
    if key_len == 0 {
        return None;
    }
    let (key, rest) = rest.split_at_checked(key_len)?;
    let (len, rest) = rest.split_first_chunk()?;
    let (json, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    let whole = bytes.get(..size(key.len(), json.len()))?;
    Some((RawEntry { whole, tag, key, json }, rest))
}

fn raw_entries(mut block: &[u8]) -> impl Iterator<Item = RawEntry<'_>> {
    std::iter::from_fn(move || {
        let (entry, rest) = split_entry(block)?;
        block = rest;
        Some(entry)
    })
}

/// A filter over the keys met so far. It may say "seen" of a new key, and never "new" of a seen one, so only the rare
/// key in doubt is compared with those before it.
#[derive(Default)]
struct SeenKeys([u64; 16]);

impl SeenKeys {
    /// Notes a key. Returns true when the key may have been noted before.
    fn insert(&mut self, tag: u8, key: &[u8]) -> bool {
        let hash = hash(tag, key);
        let bit = 1 << (hash >> 58);
        let word = usize::try_from(hash >> 54 & 0xf).ok().and_then(|word| self.0.get_mut(word));
        word.is_none_or(|word| {
            let seen = *word & bit != 0;
            *word |= bit;
            seen
        })
    }
}

/// Spreads a tag and both ends of a key over 64 bits. The hash need not be strong, since a collision costs one
/// comparison.
fn hash(tag: u8, key: &[u8]) -> u64 {
    let ends = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        _ => key.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
    };
    (ends ^ u64::from(tag)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The key of the CSRF token among the values of the format. No application can store a value under it.
pub(crate) const CSRF_KEY: &str = "~csrf";

/// The key of the entry that holds the generation of the subject: `"` + 16 hexadecimal digits + `"`.
pub(crate) const GENERATION_KEY: &str = "~gen";

/// The key of the entry that holds the idle timeout of this one session: whole seconds, in digits.
pub(crate) const IDLE_KEY: &str = "~idle";

/// The most bytes that all entries may take together. No cookie holds a tenth of that: the bound keeps a session that
/// is too large to be sealed from costing quadratic time.
pub(crate) const MAX_BLOCK: usize = 0xffff;
const FLASH: u8 = 0x80;
const KEY_LEN: u8 = 0x7f;

#[cfg(test)]
mod tests {
    use super::Namespace::{Csrf, Data, Flash};
    use super::*;

    fn entries(list: &[(Namespace, &str, &str)]) -> Entries {
        let mut entries = Entries::default();
        for (namespace, key, json) in list {
            entries.put(*namespace, key, json).unwrap();
        }
        entries
    }

    fn parse(bytes: &[u8]) -> Option<Entries> {
        Entries::parse(bytes)
    }

    #[test]
    fn an_entry_is_the_published_bytes() {
        let entries = entries(&[(Data, "a", "1"), (Flash, "bc", "\"x\"")]);
        assert_eq!(entries.as_bytes(), b"\x01a\x00\x011\x82bc\x00\x03\"x\"");
        assert_eq!(parse(entries.as_bytes()), Some(entries));
    }

    #[test]
    fn every_cut_inside_an_entry_is_refused() {
        let whole = b"\x01a\x00\x03\"x\"";
        assert!(parse(whole).is_some());
        for cut in 1..whole.len() {
            assert_eq!(parse(&whole[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn a_byte_that_is_not_zero_after_the_last_entry_is_refused() {
        for padding in [&b"\0\x01"[..], b"\0\0\0\xff", b"\x80", b"\x80\0", b"\0\x01a\x00\x011"] {
            assert_eq!(parse(&[b"\x01a\x00\x011", padding].concat()), None, "{padding:?}");
        }
        assert!(parse(b"\0\0\0").is_some_and(|entries| entries.as_bytes().is_empty()));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_in_key_and_value() {
        assert_eq!(parse(b"\x01\xff\x00\x011"), None);
        assert_eq!(parse(b"\x01a\x00\x01\xff"), None);
    }

    #[test]
    fn a_key_that_stands_twice_in_one_namespace_is_refused() {
        assert_eq!(parse(b"\x01a\x00\x011\x01b\x00\x011\x01a\x00\x012"), None);
        assert_eq!(parse(b"\x81a\x00\x011\x81a\x00\x012"), None);
        assert!(parse(b"\x01a\x00\x011\x81a\x00\x012").is_some());
    }

    #[test]
    fn two_hundred_different_keys_are_no_duplicates_and_each_repeat_is_found() {
        let mut many = Entries::default();
        for number in 0..200 {
            many.put(Data, &format!("k{number}"), "1").unwrap();
        }
        assert_eq!(parse(many.as_bytes()).as_ref(), Some(&many));
        for number in (0..200).step_by(9) {
            let again = entries(&[(Data, &format!("k{number}"), "2")]);
            assert_eq!(parse(&[many.as_bytes(), again.as_bytes()].concat()), None, "{number}");
        }
    }

    #[test]
    fn put_replaces_in_place_and_keeps_the_order() {
        let mut three = entries(&[(Data, "a", "1"), (Data, "b", "2"), (Data, "c", "3")]);
        assert_eq!(three.put(Data, "b", "\"longer\""), Ok(true));
        assert_eq!(three, entries(&[(Data, "a", "1"), (Data, "b", "\"longer\""), (Data, "c", "3")]));
        assert_eq!(three.put(Data, "b", ""), Ok(true));
        assert_eq!(three.get(Data, "b"), Some(""));
        assert_eq!(three.get(Data, "c"), Some("3"));
    }

    #[test]
    fn put_of_the_same_text_changes_nothing() {
        let mut one = entries(&[(Data, "a", "1")]);
        assert_eq!(one.put(Data, "a", "1"), Ok(false));
        assert_eq!(one.put(Flash, "a", "1"), Ok(true));
    }

    #[test]
    fn a_key_has_1_to_127_bytes_and_a_value_at_most_65535() {
        let mut none = Entries::default();
        assert_eq!(none.put(Data, "", "1"), Err(ValueError::KeyLength { found: 0 }));
        assert_eq!(none.put(Data, &"k".repeat(128), "1"), Err(ValueError::KeyLength { found: 128 }));
        assert_eq!(none.put(Data, &"k".repeat(256), "1"), Err(ValueError::KeyLength { found: 256 }));
        let long = "1".repeat(65_536);
        let fitting = &long[..MAX_BLOCK - 3 - 127];
        assert_eq!(none.put(Data, "k", &long), Err(ValueError::TooLong { key: "k".into(), found: 65_536 }));
        assert!(none.as_bytes().is_empty());
        assert_eq!(none.put(Data, "k", &long[1..]), Err(ValueError::Full { key: "k".into() }));
        assert_eq!(none.put(Data, &"k".repeat(127), fitting), Ok(true));
        assert_eq!(none.put(Data, &"k".repeat(127), &fitting[1..]), Ok(true), "it takes the place of the old one");
        assert_eq!(none.put(Flash, "f", ""), Err(ValueError::Full { key: "f".into() }));
        assert_eq!(parse(none.as_bytes()), Some(none));
    }

    #[test]
    fn put_all_keeps_places_drops_the_rest_and_leaves_flash_values() {
        let fields = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(key, json)| ((*key).to_owned(), (*json).to_owned())).collect()
        };
        let mut mixed = entries(&[(Data, "a", "1"), (Flash, "f", "2"), (Data, "b", "3"), (Data, "c", "4")]);
        let wanted = entries(&[(Flash, "f", "2"), (Data, "b", "5"), (Data, "c", "4"), (Data, "d", "7")]);
        // When a key stands twice in the list, its last value counts.
        let list = fields(&[("d", "6"), ("c", "4"), ("b", "5"), ("d", "7")]);
        assert_eq!(mixed.put_all(&list), Ok(true));
        assert_eq!(mixed, wanted);
        assert_eq!(mixed.put_all(&list), Ok(false));
        assert_eq!(mixed.put_all(&fields(&[("b", "0"), ("", "1")])), Err(ValueError::KeyLength { found: 0 }));
        assert_eq!(mixed, wanted);
        let many: Vec<_> = (0..20_000).map(|number| (format!("key{number}"), "1".to_owned())).collect();
        assert!(matches!(mixed.put_all(&many), Err(ValueError::Full { .. })));
        assert_eq!(mixed.put_all(&many[..300]), Ok(true));
        assert_eq!(parse(mixed.as_bytes()), Some(mixed));
    }

    #[test]
    fn the_csrf_token_is_a_value_of_the_format_that_the_values_see_nothing_of() {
        let mut all = entries(&[(Data, "a", "1"), (Csrf, CSRF_KEY, "2"), (Flash, CSRF_KEY, "3")]);
        assert_eq!(all.as_bytes(), b"\x01a\x00\x011\x05~csrf\x00\x012\x85~csrf\x00\x013");
        assert_eq!(parse(all.as_bytes()).as_ref(), Some(&all));
        assert_eq!(all.in_namespace(Data).collect::<Vec<_>>(), [("a", "1")]);
        assert_eq!(all.in_namespace(Flash).collect::<Vec<_>>(), [(CSRF_KEY, "3")]);
        assert_eq!((all.get(Data, CSRF_KEY), all.get(Csrf, CSRF_KEY)), (None, Some("2")));
        let reserved = || Err(ValueError::Reserved { key: CSRF_KEY.into() });
        let before = all.clone();
        assert_eq!(all.put(Data, CSRF_KEY, "4"), reserved());
        assert_eq!(all.put_all(&[("b".into(), "1".into()), (CSRF_KEY.into(), "2".into())]), reserved());
        assert!(!all.remove(Data, CSRF_KEY));
        assert_eq!(all, before);
        assert_eq!(all.put_all(&[]), Ok(true));
        assert!(!all.clear(Data));
        assert_eq!(all, entries(&[(Csrf, CSRF_KEY, "2"), (Flash, CSRF_KEY, "3")]));
        assert_eq!(parse(b"\x05~csrf\x00\x011\x05~csrf\x00\x012"), None);
    }

    #[test]
    fn remove_and_clear_touch_one_namespace() {
        let mut both = entries(&[(Data, "a", "1"), (Flash, "a", "2"), (Data, "b", "3")]);
        assert!(both.remove(Data, "a"));
        assert!(!both.remove(Data, "a"));
        assert_eq!(both.get(Flash, "a"), Some("2"));
        assert!(both.clear(Flash));
        assert!(!both.clear(Flash));
        assert_eq!(both, entries(&[(Data, "b", "3")]));
    }
}
