//! The suite fails: a store is broken in one way after another, and the right rule catches each.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;

use futures_lite::future::{block_on, yield_now};

use super::*;
use crate::backend::MemoryStore;
use crate::error::BackendErrorKind;

/// A good store with one fault.
struct Broken {
    inner: MemoryStore,
    fault: Fault,
    deleted: Mutex<HashSet<SessionId>>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    // What a store may choose.
    ListsNothing,
    GoesByItself,
    // What it may not.
    SaysIll,
    LoadsTheUnknown,
    LoadsWithoutExpiry,
    LoadsOnce,
    CutsAt65536,
    StopsAtZero,
    KeepsNoEmptyRecord,
    LosesByte(u8),
    CreatesOver,
    CreatesOverAndDenies,
    CreatesNothing,
    UpdatesNothing,
    UpdatesTheUnknown,
    UpdatesTheUnknownAndDenies,
    UpdatesInPlace,
    KeepsTheExpiry,
    KeepsTheEarlierExpiry,
    DeletesNothing,
    DeletesAll,
    NeedsWhatItDeletes,
    LeavesATombstone,
    IgnoresBit(u32),
    CleansNothing,
    CleansBefore,
    CleansBeyond,
    CleansAll,
    CountsOneMore,
    CountsWhatIsLeft,
    MissesOne,
    ListsOneTwice,
    MixesUp,
    CantList,
    ClearsNothing,
    ClearsButOne,
    CantClear,
    ClearsOnce,
    LosesTheOther,
    LooksThenCreates,
    LooksThenUpdates,
    LooksThenDeletes,
    LooksThenCleans,
    WritesInTwo,
}

/// Every fault, and the rule that must catch it.
fn faults() -> Vec<(Fault, &'static str)> {
    let mut faults = vec![
        (Fault::SaysIll, "a_new_store_is_healthy"),
        (Fault::LoadsTheUnknown, "a_load_finds_nothing_where_nothing_was_saved"),
        (Fault::LoadsWithoutExpiry, "a_load_returns_what_was_saved"),
        (Fault::LoadsOnce, "a_load_returns_what_was_saved"),
        (Fault::CutsAt65536, "a_load_returns_what_was_saved"),
        (Fault::StopsAtZero, "a_load_returns_what_was_saved"),
        (Fault::KeepsNoEmptyRecord, "a_load_returns_what_was_saved"),
        (Fault::CreatesOver, "create_writes_only_where_there_is_no_record"),
        (Fault::CreatesOverAndDenies, "create_writes_only_where_there_is_no_record"),
        (Fault::CreatesNothing, "a_load_returns_what_was_saved"),
        (Fault::UpdatesNothing, "update_writes_only_where_there_is_a_record"),
        (Fault::UpdatesTheUnknown, "update_writes_only_where_there_is_a_record"),
        (Fault::UpdatesTheUnknownAndDenies, "update_writes_only_where_there_is_a_record"),
        (Fault::UpdatesInPlace, "update_writes_only_where_there_is_a_record"),
        (Fault::KeepsTheExpiry, "update_moves_the_expiry"),
        (Fault::KeepsTheEarlierExpiry, "update_moves_the_expiry"),
        (Fault::DeletesNothing, "delete_removes_the_record_and_needs_none"),
        (Fault::DeletesAll, "delete_removes_the_record_and_needs_none"),
        (Fault::NeedsWhatItDeletes, "delete_removes_the_record_and_needs_none"),
        (Fault::LeavesATombstone, "delete_removes_the_record_and_needs_none"),
        (Fault::CleansNothing, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansBefore, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansBeyond, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CleansAll, "update_moves_the_expiry"),
        (Fault::CountsOneMore, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::CountsWhatIsLeft, "cleanup_removes_what_is_due_and_nothing_else"),
        (Fault::MissesOne, "all_lists_every_record_or_is_unsupported"),
        (Fault::ListsOneTwice, "all_lists_every_record_or_is_unsupported"),
        (Fault::MixesUp, "all_lists_every_record_or_is_unsupported"),
        (Fault::CantList, "all_lists_every_record_or_is_unsupported"),
        (Fault::ClearsNothing, "clear_removes_every_record_or_is_unsupported"),
        (Fault::ClearsButOne, "clear_removes_every_record_or_is_unsupported"),
        (Fault::CantClear, "clear_removes_every_record_or_is_unsupported"),
        (Fault::ClearsOnce, "clear_removes_every_record_or_is_unsupported"),
        (Fault::LosesTheOther, "saves_at_once_are_all_kept"),
        (Fault::LooksThenCreates, "of_many_creates_one_writes"),
        (Fault::LooksThenUpdates, "an_update_never_revives_a_deleted_record"),
        (Fault::LooksThenDeletes, "an_update_never_revives_a_deleted_record"),
        (Fault::LooksThenCleans, "an_update_that_races_a_cleanup_is_kept_or_refused"),
        (Fault::WritesInTwo, "updates_at_once_leave_one_of_them_whole"),
    ];
    faults.extend((0..=u8::MAX).map(|byte| (Fault::LosesByte(byte), "a_load_returns_what_was_saved")));
    faults.extend((0..128).map(|bit| (Fault::IgnoresBit(bit), "ids_that_differ_in_one_bit_are_apart")));
    faults
}

#[test]
fn each_broken_store_is_caught_by_the_rule_that_it_breaks() {
    for (fault, rule) in faults() {
        let breach = block_on(first_breach(async || Broken::with(fault)));
        assert_eq!(breach.as_ref().map(|(name, _)| *name), Some(rule), "{fault:?}: {breach:?}");
    }
}

#[test]
fn each_rule_catches_a_broken_store() {
    let rules: BTreeSet<_> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(faults().into_iter().map(|(_, rule)| rule).collect::<BTreeSet<_>>(), rules);
}

#[test]
fn a_store_may_list_nothing_and_its_records_may_go_by_themselves() {
    for fault in [Fault::None, Fault::ListsNothing, Fault::GoesByItself] {
        block_on(check_store(async || Broken::with(fault)));
    }
}

#[test]
#[should_panic(expected = "the store breaks the rule a_new_store_is_healthy: it says that it can't be used")]
fn the_panic_names_the_rule() {
    block_on(check_store(async || Broken::with(Fault::SaysIll)));
}

impl Broken {
    fn with(fault: Fault) -> Self {
        // A time before all that the suite saves, but for its record of 1970.
        let now = if matches!(fault, Fault::GoesByItself) { at(1_000) } else { at(0) };
        Self { inner: MemoryStore::new().clock(move || now), fault, deleted: Mutex::default() }
    }

    fn key(&self, id: SessionId) -> SessionId {
        match self.fault {
            Fault::IgnoresBit(bit) => {
                SessionId::from_bytes((u128::from_be_bytes(id.to_bytes()) & !1_u128.rotate_left(bit)).to_be_bytes())
            }
            _ => id,
        }
    }

    /// What is kept of a record, in the place of one that may be there already.
    fn kept(&self, record: &Record, before: Option<&Record>) -> Record {
        let (mut bytes, mut expires_at) = (record.bytes().to_vec(), record.expires_at());
        match self.fault {
            Fault::CutsAt65536 => bytes.truncate(65_536),
            Fault::StopsAtZero => bytes = bytes.split(|byte| *byte == 0).next().unwrap().to_vec(),
            Fault::LosesByte(lost) if bytes == [lost] => bytes.clear(),
            Fault::UpdatesInPlace => {
                let tail = before.map(Record::bytes).and_then(|before| before.get(bytes.len()..)).unwrap_or_default();
                bytes.extend_from_slice(tail);
            }
            Fault::KeepsTheExpiry => expires_at = before.map_or(expires_at, Record::expires_at),
            Fault::KeepsTheEarlierExpiry => {
                expires_at = before.map_or(expires_at, |before| before.expires_at().min(expires_at));
            }
            _ => {}
        }
        Record::new(bytes, expires_at)
    }

    async fn put(&self, id: SessionId, record: &Record) -> Result<bool, BackendError> {
        Ok(self.inner.save(id, record, Save::Create).await? || self.inner.save(id, record, Save::Update).await?)
    }
}

impl SessionStore for Broken {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            let found = self.inner.load(id).await?;
            Ok(match self.fault {
                Fault::LoadsTheUnknown => found.or(Some(record([], 0))),
                Fault::LoadsWithoutExpiry => found.map(|found| Record::new(found.bytes().to_vec(), UnixTime::MAX)),
                Fault::KeepsNoEmptyRecord => found.filter(|found| !found.bytes().is_empty()),
                Fault::LoadsOnce => {
                    // Gone for loads, there for saves.
                    if let Some(found) = &found {
                        let read = Record::new(Vec::new(), found.expires_at());
                        self.inner.save(id, &read, Save::Update).await?;
                    }
                    found
                }
                Fault::GoesByItself => found.filter(|found| found.expires_at() > at(1_000)),
                _ => found,
            })
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            let before = self.inner.load(id).await?;
            let record = &self.kept(record, before.as_ref());
            match (self.fault, save) {
                (Fault::CreatesOver, Save::Create) | (Fault::UpdatesTheUnknown, Save::Update) => {
                    return self.put(id, record).await;
                }
                (Fault::CreatesOverAndDenies, Save::Create) | (Fault::UpdatesTheUnknownAndDenies, Save::Update) => {
                    self.put(id, record).await?;
                    return Ok(before.is_some() == (save == Save::Update));
                }
                (Fault::CreatesNothing, Save::Create) | (Fault::UpdatesNothing, Save::Update) => {
                    return Ok(before.is_some() == (save == Save::Update));
                }
                (Fault::LeavesATombstone, Save::Create) if self.deleted.lock().unwrap().contains(&id) => {
                    return Ok(false);
                }
                (Fault::LooksThenCreates, Save::Create) | (Fault::LooksThenUpdates, Save::Update) => {
                    yield_now().await;
                    let is_wanted = before.is_some() == (save == Save::Update);
                    return if is_wanted { self.put(id, record).await } else { Ok(false) };
                }
                (Fault::WritesInTwo, Save::Update) if before.is_some() => {
                    let (half, _) = record.bytes().split_at(record.bytes().len() / 2);
                    let half = Record::new(half.to_vec(), record.expires_at());
                    self.inner.save(id, &half, Save::Update).await?;
                    yield_now().await;
                }
                (Fault::LosesTheOther, _) => {
                    let others = self.inner.all().await?;
                    yield_now().await;
                    let is_written = self.inner.save(id, record, save).await?;
                    for (other, _) in self.inner.all().await? {
                        if other != id && others.iter().all(|(known, _)| *known != other) {
                            self.inner.delete(other).await?;
                        }
                    }
                    return Ok(is_written);
                }
                _ => {}
            }
            self.inner.save(id, record, save).await
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            match self.fault {
                Fault::DeletesNothing => return Ok(()),
                Fault::DeletesAll => return self.inner.clear().await,
                Fault::NeedsWhatItDeletes if self.inner.load(id).await?.is_none() => {
                    return Err(BackendError::new(BackendErrorKind::Unavailable, "no such record"));
                }
                Fault::LooksThenDeletes => {
                    // By what the record is, not by its id: an update in between escapes it.
                    let before = self.inner.load(id).await?;
                    yield_now().await;
                    if self.inner.load(id).await? != before {
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.deleted.lock().unwrap().insert(id);
            self.inner.delete(id).await
        })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async move {
            let seconds = now.as_secs();
            match self.fault {
                Fault::CleansNothing | Fault::GoesByItself => Ok(0),
                Fault::CleansBefore => self.inner.cleanup_expired(at(seconds.saturating_sub(1))).await,
                Fault::CleansBeyond => self.inner.cleanup_expired(at(seconds.saturating_add(1))).await,
                Fault::CleansAll => self.inner.cleanup_expired(UnixTime::MAX).await,
                Fault::CountsOneMore => Ok(self.inner.cleanup_expired(now).await?.saturating_add(1)),
                Fault::CountsWhatIsLeft => {
                    let removed = self.inner.cleanup_expired(now).await?;
                    Ok(if removed == 0 { self.inner.len().try_into().unwrap() } else { removed })
                }
                Fault::LooksThenCleans => {
                    let mut due = self.inner.all().await?;
                    due.retain(|(_, record)| record.expires_at() <= now);
                    yield_now().await;
                    for (id, _) in &due {
                        self.inner.delete(*id).await?;
                    }
                    Ok(due.len().try_into().unwrap())
                }
                _ => self.inner.cleanup_expired(now).await,
            }
        })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move { !matches!(self.fault, Fault::SaysIll) })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async move {
            let mut all = self.inner.all().await?;
            match self.fault {
                Fault::ListsNothing => return Err(BackendError::new(BackendErrorKind::Unsupported, "none")),
                Fault::CantList => return Err(BackendError::new(BackendErrorKind::Unavailable, "none")),
                Fault::MissesOne => drop(all.pop()),
                Fault::ListsOneTwice => {
                    if let (Some(first), Some(last)) = (all.first().cloned(), all.last_mut()) {
                        *last = first;
                    }
                }
                Fault::MixesUp => {
                    if let [(one, _), (other, _), ..] = all.as_mut_slice() {
                        std::mem::swap(one, other);
                    }
                }
                _ => {}
            }
            Ok(all)
        })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            match self.fault {
                Fault::ListsNothing => Err(BackendError::new(BackendErrorKind::Unsupported, "none")),
                Fault::CantClear => Err(BackendError::new(BackendErrorKind::Unavailable, "none")),
                Fault::ClearsNothing => Ok(()),
                Fault::ClearsButOne => {
                    for (one, _) in self.inner.all().await? {
                        if one != id(9) {
                            self.inner.delete(one).await?;
                        }
                    }
                    Ok(())
                }
                Fault::ClearsOnce if self.inner.is_empty() => {
                    Err(BackendError::new(BackendErrorKind::Unavailable, "nothing to clear"))
                }
                _ => self.inner.clear().await,
            }
        })
    }
}
