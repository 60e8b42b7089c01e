//! The bytes of a file, by which the store refuses a torn file, a changed file, and somebody else's.
//!
//! ```text
//! magic "SSES" (4) | version 0x01 (1) | session id (16) | expires_at u40 BE (5)
//! | length of the bytes u32 BE (4) | CRC-32 of the bytes u32 BE (4) | CRC-32 of all before this u32 BE (4) | the bytes
//! ```
//!
//! The head says by itself whether it is whole, so that cleaning reads no more of a file. The checksums find accidents:
//! whoever may write the file may write the checksums too, and then the seal of the bytes finds the change.

use crate::backend::store::record::{MAX_RECORD_LEN, TOO_LONG, checked_len};
use crate::backend::store::{Record, Tag};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

pub(super) const HEAD_LEN: usize = 38;

/// The head of a file that is whole.
pub(super) struct Head {
    pub(super) id: SessionId,
    pub(super) expires_at: UnixTime,
    pub(super) len: u32,
    crc: u32,
}

pub(super) fn write(id: SessionId, record: &Record) -> Result<Vec<u8>, BackendError> {
    let len = checked_len(record)?;
    let mut file = Vec::with_capacity(HEAD_LEN.saturating_add(record.bytes().len()));
    file.extend_from_slice(MAGIC);
    file.push(VERSION);
    file.extend_from_slice(&id.to_bytes());
    file.extend_from_slice(&record.expires_at().to_u40());
    file.extend_from_slice(&len.to_be_bytes());
    file.extend_from_slice(&crc32fast::hash(record.bytes()).to_be_bytes());
    file.extend_from_slice(&crc32fast::hash(&file).to_be_bytes());
    file.extend_from_slice(record.bytes());
    Ok(file)
}

/// Reads a head. Every version of this format has the checksum of the head in this place, so that another version is
/// told from damage.
///
/// # Errors
/// [`BackendErrorKind::Corrupt`] when the file is damaged; [`BackendErrorKind::Unsupported`] when it is whole and of
/// another version, so that nothing is removed which a later release of this crate wrote.
pub(super) fn read_head(head: &[u8; HEAD_LEN]) -> Result<Head, BackendError> {
    let Some((checked, crc)) = head.split_last_chunk::<4>() else { return Err(corrupt(TORN)) };
    let Some((version, rest)) = checked.strip_prefix(MAGIC).and_then(<[u8]>::split_first) else {
        return Err(corrupt("this is no file of this store"));
    };
    if crc32fast::hash(checked) != u32::from_be_bytes(*crc) {
        return Err(corrupt(TORN));
    }
    if *version != VERSION {
        return Err(BackendError::new(BackendErrorKind::Unsupported, "the version of this file is not known"));
    }
    read_fields(rest).map_err(corrupt)
}

fn read_fields(mut rest: &[u8]) -> Result<Head, &'static str> {
    Ok(Head {
        id: SessionId::from_bytes(take(&mut rest)?),
        expires_at: UnixTime::from_u40(take(&mut rest)?),
        len: u32::from_be_bytes(take(&mut rest)?),
        crc: u32::from_be_bytes(take(&mut rest)?),
    })
}

impl Head {
    /// Returns this head if it is the head of this session.
    pub(super) fn of(self, id: SessionId) -> Result<Self, &'static str> {
        if self.id == id { Ok(self) } else { Err("a file has the name of another session") }
    }

    /// Returns the length of the record, unless it is longer than any that this crate writes.
    pub(super) fn checked_len(&self) -> Result<u32, &'static str> {
        if self.len <= MAX_RECORD_LEN { Ok(self.len) } else { Err(TOO_LONG) }
    }

    /// Returns the record of a file if these are the bytes of the record.
    pub(super) fn record(&self, bytes: Vec<u8>) -> Result<Record, &'static str> {
        let is_whole = u32::try_from(bytes.len()) == Ok(self.len) && crc32fast::hash(&bytes) == self.crc;
        if is_whole { Ok(Record::new(bytes, self.expires_at)) } else { Err(TORN) }
    }

    /// Returns the tag of a file whose bytes begin with `start`: as many bytes as a tag has, or all.
    pub(super) fn tag(&self, start: &[u8]) -> Result<Tag, &'static str> {
        let all = usize::try_from(self.len).unwrap_or(usize::MAX);
        if start.len() == all.min(Tag::LEN) { Ok(Tag::of(start)) } else { Err(TORN) }
    }
}

pub(super) fn corrupt(what: &'static str) -> BackendError {
    BackendError::new(BackendErrorKind::Corrupt, what)
}

pub(super) const TORN: &str = "a file is torn or was changed";

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(TORN)?;
    *rest = left;
    Ok(*taken)
}

const MAGIC: &[u8; 4] = b"SSES";

const VERSION: u8 = 1;
