//! [`Record`]: the bytes that a store keeps for one session, and the [`Tag`] by which one state of it is told from the
//! next.

use std::fmt;

#[cfg(any(feature = "file", feature = "sqlite"))]
use crate::error::{BackendError, BackendErrorKind};
use crate::format::HEAD_LEN;
use crate::time::UnixTime;

/// The entry of a store for one session: bytes that only the manager can open, and the time when they may go.
///
/// ```
/// use sealed_session::{Record, UnixTime};
/// let record = Record::new(vec![1, 2, 3], UnixTime::from_secs(1_700_000_000).unwrap());
/// assert_eq!((record.bytes(), record.expires_at().as_secs()), ([1, 2, 3].as_slice(), 1_700_000_000));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    bytes: Vec<u8>,
    expires_at: UnixTime,
}

/// The most bytes of a record, with some to spare: the entries of a session have 65,535 bytes at most, the padding
/// 1,023, and the rest of the seal 78. A store refuses a longer record, and takes one that it finds for damage: it must
/// not read it whole, since somebody else put it there.
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) const MAX_RECORD_LEN: u32 = 67_000;

/// Returns the length of a record, or an error if it is too long to be one of this crate.
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) fn checked_len(record: &Record) -> Result<u32, BackendError> {
    let len = u32::try_from(record.bytes.len()).ok().filter(|len| *len <= MAX_RECORD_LEN);
    let too_long =
        || BackendError::new(BackendErrorKind::Full, format_args!("a record has at most {MAX_RECORD_LEN} bytes"));
    len.ok_or_else(too_long)
}

/// The text for a record that was found and is too long to be one of this crate.
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) const TOO_LONG: &str = "a record is longer than any that this crate writes";

impl Record {
    /// Makes a record as it was stored, out of what a store keeps.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// assert!(Record::new(Vec::new(), UnixTime::MAX).bytes().is_empty());
    /// ```
    #[must_use]
    pub fn new(bytes: Vec<u8>, expires_at: UnixTime) -> Self {
        Self { bytes, expires_at }
    }

    /// Returns the sealed values: at most 67,000 bytes, each of any value.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// assert_eq!(Record::new(vec![0xff], UnixTime::MAX).bytes(), [0xff]);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the time when the record may be removed: no session needs it from then on.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// assert_eq!(Record::new(Vec::new(), UnixTime::MAX).expires_at(), UnixTime::MAX);
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// Returns the first 29 bytes of the record, which no other state of the session begins with.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// let record = Record::new(vec![7; 100], UnixTime::MAX);
    /// assert_eq!(record.tag().as_bytes(), [7; 29]);
    /// ```
    #[must_use]
    pub fn tag(&self) -> Tag {
        Tag::of(&self.bytes)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("bytes", &self.bytes.len()).field("expires_at", &self.expires_at).finish()
    }
}

/// Tells one state of a record from every other: a tag is the first [`Tag::LEN`] bytes of the record.
///
/// A sealed record begins with its version, the id of its key and a random nonce, and no two seals have the same nonce.
/// So a caller that finds the tag of the record which it read knows that nobody wrote meanwhile.
///
/// A record that is shorter has all of its bytes as its tag: such as the 16 bytes by which the manager marks an ended
/// session. Two tags are equal only if they have the same length, so the tag of a short record is never that of a
/// longer one which begins with the same bytes. The manager keeps no record of fewer than 16 bytes, and the tag of an
/// empty one is good for nothing: a store need not know it again.
///
/// ```
/// use sealed_session::{Record, UnixTime};
/// let short = Record::new(vec![7; 16], UnixTime::MAX);
/// let long = Record::new(vec![7; 100], UnixTime::MAX);
/// assert_eq!(short.tag().as_bytes(), [7; 16]);
/// assert_ne!(short.tag(), long.tag());
/// assert_eq!(format!("{:?}", long.tag()), "Tag(07070707..)", "a log gets the start of it");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The bytes past `len` are 0, so that tags can be compared as they are.
    bytes: [u8; Tag::LEN],
    len: usize,
}

impl Tag {
    /// The number of bytes of a tag, unless its record is shorter.
    pub const LEN: usize = HEAD_LEN;

    /// Returns the tag of a record that begins with these bytes; those past the first 29 do not count.
    pub(crate) fn of(record: &[u8]) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes.iter_mut().zip(record).for_each(|(byte, first)| *byte = *first);
        Self { bytes, len: record.len().min(Self::LEN) }
    }

    /// Returns the bytes that a record must begin with to have this tag; of a record of fewer than 29 bytes, all of
    /// them.
    ///
    /// ```
    /// use sealed_session::{Record, Tag, UnixTime};
    /// let tag = Record::new((0..100).collect(), UnixTime::MAX).tag();
    /// assert_eq!(tag.as_bytes(), (0..29).collect::<Vec<_>>());
    /// assert_eq!(tag.as_bytes().len(), Tag::LEN);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// Shows the first eight digits only: the tag of a short record may be the id of a session.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.as_bytes().get(..4).unwrap_or_else(|| self.as_bytes());
        write!(f, "Tag({}..)", hex::encode(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_29_bytes_of_version_key_id_and_nonce() {
        assert_eq!(Tag::LEN, 1 + 4 + 24);
        let bytes: Vec<u8> = (0..100).collect();
        for len in 0..=100 {
            let tag = Tag::of(&bytes[..len]);
            assert_eq!(tag.as_bytes(), &bytes[..len.min(29)]);
            assert_eq!(tag == Tag::of(&bytes), len >= 29, "{len}");
        }
    }

    #[test]
    fn a_short_record_of_zeros_has_a_tag_of_its_own() {
        assert_ne!(Tag::of(&[]), Tag::of(&[0]));
        assert_ne!(Tag::of(&[0; 16]), Tag::of(&[0; 29]));
        assert_eq!(format!("{:?} {:?}", Tag::of(&[]), Tag::of(&[1, 2])), "Tag(..) Tag(0102..)");
    }
}
