//! Tells whether a key stands twice in a block of entries.

use std::collections::HashSet;

use super::entry::{Namespace, RawEntry, raw_entries};

/// The keys met so far in a block.
///
/// The first [`FEW`] keys go into a filter of 1,024 bits, which costs no allocation. It may say "seen" of a new key,
/// and never "new" of a seen one, so only the rare key in doubt is compared with those before it. A block of more keys
/// would fill the filter, and each key would be compared with all others. So its keys go into a set.
#[derive(Default)]
pub(super) struct SeenKeys<'a> {
    count: usize,
    filter: [u64; 16],
    /// The keys themselves, if there are more than a few.
    many: Option<HashSet<(Namespace, &'a [u8])>>,
}

impl<'a> SeenKeys<'a> {
    /// Notes the key of an entry. `before` gives the entries in front of it, if they are needed. Returns false when the
    /// key was noted before. It runs for each entry of each cookie, and is a part of the loop that reads them.
    #[inline]
    pub(super) fn insert(&mut self, entry: &RawEntry<'a>, before: impl Fn() -> &'a [u8]) -> bool {
        if self.count < FEW {
            self.count = self.count.saturating_add(1);
            return !self.is_in_filter(entry)
                || !raw_entries(before()).any(|other| other.is(entry.namespace(), entry.key));
        }
        let many = self
            .many
            .get_or_insert_with(|| raw_entries(before()).map(|entry| (entry.namespace(), entry.key)).collect());
        many.insert((entry.namespace(), entry.key))
    }

    /// Notes a key in the filter. Returns true when the key may have been noted before.
    fn is_in_filter(&mut self, entry: &RawEntry<'_>) -> bool {
        let hash = hash(entry.tag, entry.key);
        let bit = 1 << (hash >> 58);
        let word = usize::try_from(hash >> 54 & 0xf).ok().and_then(|word| self.filter.get_mut(word));
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

/// The number of keys up to which a filter tells whether a key stands twice. Most cookies have fewer.
pub(super) const FEW: usize = 128;
