//! Keeps the entries of a session as the bytes that the format carries. An entry that nobody touches is copied from
//! cookie to cookie and never parsed.

use std::collections::HashMap;
use std::ops::Range;
use std::str;

use super::entry::{Change, Entry, KEY_LEN, Namespace, Others, RESERVED, raw_entries, size, split_entry};
use super::seen_keys::SeenKeys;
use crate::error::ValueError;

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
            let before = || bytes.get(..bytes.len().saturating_sub(rest.len())).unwrap_or_default();
            if !entry.is_utf8() || !seen.insert(&entry, before) {
                return None;
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        raw_entries(&self.block).map(|entry| Entry {
            namespace: entry.namespace(),
            // Invariant: key and value are UTF-8, so neither default is ever taken.
            key: str::from_utf8(entry.key).unwrap_or_default(),
            json: str::from_utf8(entry.json).unwrap_or_default(),
        })
    }

    pub(crate) fn in_namespace(&self, namespace: Namespace) -> impl Iterator<Item = (&str, &str)> + Clone {
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

    /// Does several changes in one pass over the block, which thousands of calls of [`Entries::put`] would copy
    /// thousands of times. A value that is written takes the place of the one with its key, or goes to the end; if the
    /// text that is there `is_same`, it stays. If a key stands in the list twice, its last change counts. Returns true
    /// when this changed anything.
    ///
    /// # Errors
    /// The errors of [`Entries::put`]; nothing is changed then.
    pub(crate) fn apply<'c>(
        &mut self,
        changes: impl IntoIterator<Item = Change<'c>>,
        others: Others,
        is_same: impl Fn(&str, &str) -> bool,
    ) -> Result<bool, ValueError> {
        let changes: Vec<Change<'_>> = changes.into_iter().collect();
        let mut left: HashMap<_, _> = changes.iter().map(|change| (change.place(), change.json)).collect();
        let mut block = Vec::with_capacity(self.block.len());
        for entry in raw_entries(&self.block) {
            let (namespace, key) = (entry.namespace(), str::from_utf8(entry.key).unwrap_or_default());
            match left.remove(&(namespace, key)) {
                None if others == Others::Go(namespace) => {}
                Some(None) => {}
                Some(Some(json)) if !is_same(str::from_utf8(entry.json).unwrap_or_default(), json) => {
                    push(&mut block, namespace, key, json, 0)?;
                }
                None | Some(Some(_)) => block.extend_from_slice(entry.whole),
            }
        }
        for change in &changes {
            if let Some(Some(json)) = left.remove(&change.place()) {
                push(&mut block, change.namespace, change.key, json, 0)?;
            }
        }
        if block.len() > MAX_BLOCK {
            let written = changes.iter().rfind(|change| change.json.is_some());
            return Err(ValueError::Full { key: written.map_or_else(String::new, |change| change.key.to_owned()) });
        }
        let is_changed = block != self.block;
        self.block = block;
        Ok(is_changed)
    }

    /// The entries by their keys, for whoever looks up many of them.
    pub(crate) fn index(&self) -> HashMap<(Namespace, &str), &str> {
        self.iter().map(|entry| ((entry.namespace, entry.key), entry.json)).collect()
    }

    /// The keys of the entries that are in one of the two alone, or differ between them.
    pub(crate) fn changed_keys(base: &Self, mine: &Self) -> Vec<(Namespace, String)> {
        let (was, is) = (base.index(), mine.index());
        let gone = base.iter().filter(|entry| !is.contains_key(&entry.place()));
        let written = mine.iter().filter(|entry| was.get(&entry.place()) != Some(&entry.json));
        gone.chain(written).map(|entry| (entry.namespace, entry.key.to_owned())).collect()
    }

    /// The entries that a request makes of those that are there by now (`theirs`), where it found `base` and leaves
    /// `mine`: key by key, what it wrote or removed is done to theirs, and everything else stays as they have it. A
    /// flash value that it took is removed only if it still is the one that it took. With `cleared`, every value that
    /// mine does not have goes.
    ///
    /// # Errors
    /// [`ValueError::Full`] when the two do not fit together.
    pub(crate) fn merge(base: &Self, mine: &Self, theirs: &Self, cleared: bool) -> Result<Self, ValueError> {
        let (was, is, meanwhile) = (base.index(), mine.index(), theirs.index());
        let mut merged = theirs.clone();
        if cleared {
            merged.clear(Namespace::Data);
        }
        let gone = base.iter().filter(|entry| {
            let was_seen = entry.namespace != Namespace::Flash || meanwhile.get(&entry.place()) == Some(&entry.json);
            was_seen && !is.contains_key(&entry.place())
        });
        let written = mine.iter().filter(|entry| {
            let all = cleared && entry.namespace == Namespace::Data;
            all || was.get(&entry.place()) != Some(&entry.json)
        });
        let gone = gone.map(|Entry { namespace, key, .. }| Change { namespace, key, json: None });
        let written = written.map(|Entry { namespace, key, json }| Change { namespace, key, json: Some(json) });
        merged.apply(gone.chain(written), Others::Stay, str::eq)?;
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

/// Appends an entry, if it fits together with the `more` bytes that come after it.
fn push(block: &mut Vec<u8>, namespace: Namespace, key: &str, json: &str, more: usize) -> Result<(), ValueError> {
    let tag = match u8::try_from(key.len()) {
        Ok(len @ 1..=KEY_LEN) => len | namespace.bit(),
        _ => return Err(ValueError::KeyLength { found: key.len() }),
    };
    // In the format this value would stand beside the reserved entry, and a reader refuses a key that stands twice.
    if namespace == Namespace::Data && RESERVED.contains(&key) {
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

/// The most bytes that all entries may take together. No cookie holds a tenth of that: the bound keeps a session that
/// is too large to be sealed from costing quadratic time.
pub(crate) const MAX_BLOCK: usize = 0xffff;
#[cfg(test)]
mod tests {
    use super::Namespace::{Csrf, Data, Flash};
    use super::*;
    use crate::format::CSRF_KEY;
    use crate::format::seen_keys::FEW;

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
        assert!(parse(b"\0\0\0") == Some(Entries::default()));
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
    fn each_repeat_is_found_among_as_many_keys_as_the_filter_tells_apart() {
        let keys: Vec<_> = (1..FEW).map(|number| format!("k{number}")).collect();
        let few = entries(&keys.iter().map(|key| (Data, key.as_str(), "1")).collect::<Vec<_>>());
        for key in &keys {
            let again = entries(&[(Data, key, "2")]);
            assert_eq!(parse(&[few.as_bytes(), again.as_bytes()].concat()), None, "{key}");
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
        assert_eq!(none, Entries::default());
        assert_eq!(none.put(Data, "k", &long[1..]), Err(ValueError::Full { key: "k".into() }));
        assert_eq!(none.put(Data, &"k".repeat(127), fitting), Ok(true));
        assert_eq!(none.put(Data, &"k".repeat(127), &fitting[1..]), Ok(true), "it takes the place of the old one");
        assert_eq!(none.put(Flash, "f", ""), Err(ValueError::Full { key: "f".into() }));
        assert_eq!(parse(none.as_bytes()), Some(none));
    }

    fn change<'a>(namespace: Namespace, key: &'a str, json: Option<&'a str>) -> Change<'a> {
        Change { namespace, key, json }
    }

    #[test]
    fn changes_keep_places_and_leave_what_they_do_not_name() {
        let mut mixed = entries(&[(Data, "a", "1"), (Flash, "f", "2"), (Data, "b", "3"), (Data, "c", "4")]);
        let wanted =
            entries(&[(Flash, "f", "2"), (Data, "b", "5"), (Data, "c", "4"), (Data, "d", "7"), (Flash, "g", "8")]);
        // When a key stands twice in the list, its last value counts.
        let list = [
            change(Data, "d", Some("6")),
            change(Data, "a", None),
            change(Data, "b", Some("5")),
            change(Data, "d", Some("7")),
            change(Flash, "g", Some("8")),
            change(Flash, "h", Some("9")),
            change(Flash, "h", None),
        ];
        assert_eq!(mixed.apply(list, Others::Stay, str::eq), Ok(true));
        assert_eq!(mixed, wanted);
        assert_eq!(mixed.apply(list, Others::Stay, str::eq), Ok(false));
        let refused = mixed.apply([change(Data, "b", Some("0")), change(Data, "", Some("1"))], Others::Stay, str::eq);
        assert_eq!(refused, Err(ValueError::KeyLength { found: 0 }));
        assert_eq!(mixed, wanted);
    }

    #[test]
    fn values_that_are_not_named_go_and_texts_that_are_the_same_stay_on_request() {
        let mut mixed = entries(&[(Data, "a", "1"), (Flash, "f", "2"), (Data, "b", "3"), (Csrf, CSRF_KEY, "4")]);
        let ignoring_case = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let wanted = entries(&[(Flash, "f", "2"), (Data, "b", "x"), (Csrf, CSRF_KEY, "4")]);
        assert_eq!(mixed.apply([change(Data, "b", Some("x"))], Others::Go(Data), ignoring_case), Ok(true));
        assert_eq!(mixed, wanted);
        assert_eq!(mixed.apply([change(Data, "b", Some("X"))], Others::Go(Data), ignoring_case), Ok(false));
        assert_eq!(mixed, wanted);
    }

    #[test]
    fn changes_that_do_not_fit_change_nothing() {
        let many: Vec<_> = (0..20_000).map(|number| format!("key{number}")).collect();
        let mut one = entries(&[(Data, "a", "1"), (Data, "z", &"1".repeat(60_000))]);
        let before = one.clone();
        let list = || many.iter().map(|key| change(Data, key, Some("1")));
        assert!(matches!(one.apply(list(), Others::Stay, str::eq), Err(ValueError::Full { .. })));
        // The value that stays behind the longer one counts, too.
        let long = "1".repeat(5_600);
        assert_eq!(
            one.apply([change(Data, "a", Some(&long))], Others::Stay, str::eq),
            Err(ValueError::Full { key: "a".into() })
        );
        assert_eq!(one, before);
        assert_eq!(one.apply(list().take(300), Others::Stay, str::eq), Ok(true));
        assert_eq!(parse(one.as_bytes()), Some(one));
    }

    #[test]
    fn changes_that_leave_no_byte_of_room_are_done_and_one_byte_more_is_too_much() {
        let mut full = entries(&[(Data, "a", "1"), (Data, "z", &"1".repeat(60_000))]);
        let room = MAX_BLOCK - full.as_bytes().len();
        let long = "1".repeat(room + 2);
        let put = |json| [change(Data, "a", Some(json))];
        assert_eq!(full.apply(put(&long), Others::Stay, str::eq), Err(ValueError::Full { key: "a".into() }));
        assert_eq!(full.apply(put(&long[1..]), Others::Stay, str::eq), Ok(true));
        assert_eq!(full.as_bytes().len(), MAX_BLOCK);
    }

    #[test]
    fn a_merge_does_to_theirs_what_mine_wrote_and_removed_and_nothing_else() {
        let base = entries(&[(Data, "removed", "1"), (Data, "kept", "1"), (Data, "gone", "1"), (Data, "written", "1")]);
        let mine = entries(&[(Data, "kept", "1"), (Data, "gone", "1"), (Data, "written", "2"), (Data, "mine", "1")]);
        let theirs =
            entries(&[(Data, "removed", "3"), (Data, "kept", "3"), (Data, "written", "3"), (Data, "theirs", "3")]);
        let merged =
            entries(&[(Data, "kept", "3"), (Data, "written", "2"), (Data, "theirs", "3"), (Data, "mine", "1")]);
        assert_eq!(Entries::merge(&base, &mine, &theirs, false), Ok(merged));
    }

    #[test]
    fn a_merge_takes_a_flash_value_only_if_it_still_is_the_one_that_mine_took() {
        let base = entries(&[(Flash, "same", "1"), (Flash, "new", "1")]);
        let theirs = entries(&[(Flash, "same", "1"), (Flash, "new", "2")]);
        let merged = Entries::merge(&base, &Entries::default(), &theirs, false);
        assert_eq!(merged, Ok(entries(&[(Flash, "new", "2")])));
    }

    #[test]
    fn a_merge_of_a_cleared_session_has_the_values_of_mine_and_the_flash_values_of_theirs() {
        let base = entries(&[(Data, "a", "1"), (Flash, "f", "1")]);
        let theirs = entries(&[(Data, "b", "3"), (Flash, "g", "3")]);
        let merged = Entries::merge(&base, &base, &theirs, true);
        assert_eq!(merged, Ok(entries(&[(Flash, "g", "3"), (Data, "a", "1")])));
    }

    #[test]
    fn a_key_that_stands_twice_among_thousands_is_found() {
        let mut many = Entries::default();
        let keys: Vec<_> = (0..9_000).map(|number| format!("{number:x}")).collect();
        many.apply(keys.iter().map(|key| change(Data, key, Some(""))), Others::Stay, str::eq).unwrap();
        assert_eq!(parse(many.as_bytes()).as_ref(), Some(&many));
        for number in [0, FEW - 1, FEW, FEW + 1, 8_999] {
            let again = entries(&[(Data, &keys[number], "2")]);
            assert_eq!(parse(&[many.as_bytes(), again.as_bytes()].concat()), None, "{number}");
            let flash = entries(&[(Flash, &keys[number], "2")]);
            assert!(parse(&[many.as_bytes(), flash.as_bytes()].concat()).is_some(), "{number}");
        }
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
        assert_eq!(
            all.apply([change(Data, "b", Some("1")), change(Data, CSRF_KEY, Some("2"))], Others::Stay, str::eq),
            reserved()
        );
        assert_eq!(all.apply([change(Data, CSRF_KEY, None)], Others::Stay, str::eq), Ok(false));
        assert!(!all.remove(Data, CSRF_KEY));
        assert_eq!(all, before);
        assert_eq!(all.apply([], Others::Go(Data), str::eq), Ok(true));
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
