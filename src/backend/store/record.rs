//! [`Record`]: what a store keeps of one session.

use std::fmt;

use crate::time::UnixTime;

/// What a store keeps for one session: bytes that only the manager can open, and when they may go.
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

impl Record {
    /// A record as it was stored: a store makes one from what it keeps.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// assert!(Record::new(Vec::new(), UnixTime::MAX).bytes().is_empty());
    /// ```
    #[must_use]
    pub fn new(bytes: Vec<u8>, expires_at: UnixTime) -> Self {
        Self { bytes, expires_at }
    }

    /// The sealed values: at most 67,000 bytes, any of the 256 among them.
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

    /// When it may be removed: no session needs it from then on.
    ///
    /// ```
    /// use sealed_session::{Record, UnixTime};
    /// assert_eq!(Record::new(Vec::new(), UnixTime::MAX).expires_at(), UnixTime::MAX);
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("bytes", &self.bytes.len()).field("expires_at", &self.expires_at).finish()
    }
}
