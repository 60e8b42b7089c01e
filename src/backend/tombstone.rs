//! Tombstones: records of exactly 16 bytes that stand in the place of the record of a session that ended.
//!
//! The bytes are the id of the session that took the place of the ended one, or zeros. A sealed record is always
//! longer, so the two can't be taken for one another, and a store need not know of tombstones.

use super::revocations::Mark;
use super::store::Record;
use crate::time::UnixTime;

/// Makes the tombstone of a session, for a store to keep until this time.
pub(crate) fn tombstone(mark: Mark, until: UnixTime) -> Record {
    Record::new(mark.to_bytes().to_vec(), until)
}

/// Returns the mark of a tombstone; `None` of any other record.
pub(crate) fn mark_of(record: &Record) -> Option<Mark> {
    record.bytes().try_into().ok().map(Mark::from_bytes)
}
