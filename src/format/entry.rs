//! One entry: its bytes, its namespace, and the change of one.
//!
//! ```text
//! entry = tag (bit 7: flash, bits 0-6: key length 1..127) | key, UTF-8
//!       | value length (2, big-endian) | value, one JSON text
//! ```

use std::str;

/// The separate sets of keys in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The mark that says to which device the session is bound, under [`BOUND_KEY`].
    #[cfg(feature = "dbsc")]
    Bound,
}

impl Namespace {
    fn of(tag: u8, key: &[u8]) -> Self {
        match tag & FLASH {
            0 if key == CSRF_KEY.as_bytes() => Self::Csrf,
            0 if key == GENERATION_KEY.as_bytes() => Self::Generation,
            0 if key == IDLE_KEY.as_bytes() => Self::Idle,
            #[cfg(feature = "dbsc")]
            0 if key == BOUND_KEY.as_bytes() => Self::Bound,
            0 => Self::Data,
            _ => Self::Flash,
        }
    }

    pub(super) fn bit(self) -> u8 {
        match self {
            Self::Data | Self::Csrf | Self::Generation | Self::Idle => 0,
            #[cfg(feature = "dbsc")]
            Self::Bound => 0,
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

impl<'a> Entry<'a> {
    /// Returns the bytes that the entry takes in the plaintext.
    pub(crate) fn size(&self) -> usize {
        size(self.key.len(), self.json.len())
    }

    pub(super) fn place(&self) -> (Namespace, &'a str) {
        (self.namespace, self.key)
    }
}

/// A value to be written, or with no text a value to be removed.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) namespace: Namespace,
    pub(crate) key: &'a str,
    pub(crate) json: Option<&'a str>,
}

impl<'a> Change<'a> {
    pub(super) fn place(&self) -> (Namespace, &'a str) {
        (self.namespace, self.key)
    }
}

/// The fate of the entries that several changes do not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    Stay,
    /// Those of this namespace are removed.
    Go(Namespace),
}

/// Returns the bytes that an entry takes in the plaintext, from the bytes of its key and of its JSON text.
pub(super) fn size(key: usize, json: usize) -> usize {
    key.saturating_add(json).saturating_add(3)
}

/// One entry as it stands in a block. Nothing but its lengths has been checked.
pub(super) struct RawEntry<'a> {
    pub(super) whole: &'a [u8],
    pub(super) tag: u8,
    pub(super) key: &'a [u8],
    pub(super) json: &'a [u8],
}

impl RawEntry<'_> {
    pub(super) fn is_utf8(&self) -> bool {
        // In most entries the key, the value and the length between them are ASCII. One look at all of it is faster
        // than two decodings.
        let Some(after_tag) = self.whole.get(1..) else { return false };
        after_tag.is_ascii() || (str::from_utf8(self.key).is_ok() && str::from_utf8(self.json).is_ok())
    }

    pub(super) fn is(&self, namespace: Namespace, key: &[u8]) -> bool {
        self.key == key && self.namespace() == namespace
    }

    pub(super) fn namespace(&self) -> Namespace {
        Namespace::of(self.tag, self.key)
    }
}

/// Splits the first entry off `bytes`. Returns `None` at the end, at padding, and where an entry is cut short.
pub(super) fn split_entry(bytes: &[u8]) -> Option<(RawEntry<'_>, &[u8])> {
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

pub(super) fn raw_entries(mut block: &[u8]) -> impl Iterator<Item = RawEntry<'_>> + Clone {
    std::iter::from_fn(move || {
        let (entry, rest) = split_entry(block)?;
        block = rest;
        Some(entry)
    })
}

/// The key of the CSRF token among the values of the format. No application can store a value under it.
pub(crate) const CSRF_KEY: &str = "~csrf";

/// The key of the entry that holds the generation of the subject: `"` + 16 hexadecimal digits + `"`.
pub(crate) const GENERATION_KEY: &str = "~gen";

/// The key of the entry that holds the idle timeout of this one session: whole seconds, in digits.
pub(crate) const IDLE_KEY: &str = "~idle";

/// The key of the entry that says to which device the session is bound: `"` + 22 characters of base64url + `"`.
#[cfg(feature = "dbsc")]
pub(crate) const BOUND_KEY: &str = "~bound";

/// The keys of values that no application can store.
pub(super) const RESERVED: &[&str] = &[
    CSRF_KEY,
    GENERATION_KEY,
    IDLE_KEY,
    #[cfg(feature = "dbsc")]
    BOUND_KEY,
];

const FLASH: u8 = 0x80;
pub(super) const KEY_LEN: u8 = 0x7f;
