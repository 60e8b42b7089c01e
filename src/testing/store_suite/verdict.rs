//! [`Verdict`]: the result of a rule, and the questions that each rule asks.

use std::fmt;

use crate::backend::{Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::Error;
use crate::time::UnixTime;

pub(super) type Verdict = Result<(), Breach>;

/// The behavior of a store that was seen and that breaks a rule.
#[derive(Debug)]
pub(super) struct Breach(pub(super) String);

/// An error of the store, or of a session that is kept in it.
impl<E: Into<Error>> From<E> for Breach {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

/// The length of the longest record that a store must keep.
pub(super) const LONGEST: usize = 67_000;

/// A time in the year 2096, so that nothing expires while the suite looks at it.
pub(super) const FAR: u64 = 4_000_000_000;

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap_or(UnixTime::MAX)
}

pub(super) fn id(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

pub(super) fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), at(expires_at))
}

pub(super) fn must(holds: bool, otherwise: impl fmt::Display) -> Verdict {
    if holds { Ok(()) } else { Err(Breach(otherwise.to_string())) }
}

pub(super) async fn must_write(store: &dyn SessionStore, id: SessionId, record: &Record, save: Save) -> Verdict {
    must(store.save(id, record, save).await?, format_args!("{save:?} by {record:?} said that it wrote nothing"))
}

pub(super) async fn must_refuse(store: &dyn SessionStore, id: SessionId, record: &Record, save: Save) -> Verdict {
    must(!store.save(id, record, save).await?, format_args!("{save:?} by {record:?} said that it wrote"))
}

pub(super) async fn must_load(store: &dyn SessionStore, id: SessionId, expected: &Record) -> Verdict {
    let loaded = store.load(id).await?;
    let differs = match &loaded {
        Some(loaded) if loaded.expires_at() == expected.expires_at() => "their bytes differ",
        Some(_) => "their times differ",
        None => "there is no record",
    };
    must(loaded.as_ref() == Some(expected), format_args!("{expected:?} is kept, {loaded:?} was loaded: {differs}"))
}

pub(super) async fn must_be_gone(store: &dyn SessionStore, id: SessionId) -> Verdict {
    let loaded = store.load(id).await?;
    must(loaded.is_none(), format_args!("no record should be there, {loaded:?} was loaded"))
}
