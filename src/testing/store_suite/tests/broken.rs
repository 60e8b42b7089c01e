//! [`Broken`]: a good store with one [`Fault`], whichever is asked for.

mod saves;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use futures_lite::future::yield_now;

use super::fault::Fault;
use crate::backend::{BoxFuture, MemoryStore, Record, Save, SessionStore, Tag};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::testing::store_suite::verdict::{at, id, record};
use crate::time::UnixTime;

/// A good store with one fault.
pub(super) struct Broken {
    inner: MemoryStore,
    fault: Fault,
    deleted: Mutex<HashSet<SessionId>>,
    /// The tags that were good once.
    replaced: Mutex<HashSet<(SessionId, Tag)>>,
    /// The number of sessions that were ended.
    ends: AtomicUsize,
}

impl Broken {
    pub(super) fn with(fault: Fault) -> Self {
        // This time is before the expiry of all that the suite saves, but for its record of 1970.
        let now = if matches!(fault, Fault::GoesByItself) { EXPIRED } else { UnixTime::MIN };
        let (deleted, replaced) = (Mutex::default(), Mutex::default());
        Self { inner: MemoryStore::new().clock(move || now), fault, deleted, replaced, ends: AtomicUsize::new(0) }
    }

    fn key(&self, id: SessionId) -> SessionId {
        match self.fault {
            Fault::IgnoresBit(bit) => {
                SessionId::from_bytes((u128::from_be_bytes(id.to_bytes()) & !1_u128.rotate_left(bit)).to_be_bytes())
            }
            _ => id,
        }
    }
}

fn no_such_record() -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, "no such record")
}

/// The time by which a record of 1970 has expired, for stores that know the time.
const EXPIRED: UnixTime = match UnixTime::from_secs(1_000) {
    Some(time) => time,
    None => UnixTime::MIN,
};

impl SessionStore for Broken {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            let found = self.inner.load(id).await?;
            Ok(match self.fault {
                Fault::LoadsTheUnknown => found.or(Some(record([], 0))),
                Fault::LoadsFromAnEmptyStore if self.inner.is_empty() => Some(record([], 0)),
                Fault::LoadsAnother => found.or(self.inner.all().await?.into_iter().next().map(|(_, other)| other)),
                Fault::LoadsWithoutExpiry => found.map(|found| Record::new(found.bytes().to_vec(), UnixTime::MAX)),
                // The store takes the tombstone of a session that ended for an empty place.
                Fault::LosesTombstones => found.filter(|found| found.bytes() != [0; 16]),
                Fault::KeepsNoEmptyRecord => found.filter(|found| !found.bytes().is_empty()),
                Fault::LoadsOnce => {
                    // The record is gone for loads, and there for saves.
                    if let Some(found) = &found {
                        self.put(id, &Record::new(Vec::new(), found.expires_at())).await?;
                    }
                    found
                }
                Fault::GoesByItself | Fault::HidesTheExpired | Fault::ReplacesWhatWentByItself => {
                    found.filter(|found| found.expires_at() > EXPIRED)
                }
                _ => found,
            })
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            if matches!(self.fault, Fault::GoesByItself) {
                self.inner.cleanup_expired(EXPIRED).await?;
            }
            if self.ignores(record, save) {
                return Ok(true);
            }
            let found = self.inner.load(id).await?;
            let record = &self.kept(record, found.as_ref());
            match save {
                Save::Create => self.create(id, record, found).await,
                Save::Replace(tag) => self.replace(id, record, tag, found).await,
            }
        })
    }

    fn create_in_place_of<'a>(
        &'a self,
        old: SessionId,
        id: SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            match self.fault {
                Fault::CreatesNothingInPlace => return Ok(true),
                Fault::CreatesOverInPlace => return self.put(id, record).await,
                Fault::CreatesOverInPlaceAndDenies => {
                    let is_there = self.inner.load(id).await?.is_some();
                    return self.put(id, record).await.map(|_| !is_there);
                }
                Fault::ClaimsToCreateInPlace if self.inner.load(id).await?.is_some() => return Ok(true),
                Fault::DeniesWhenTheOtherIsThere if self.inner.load(old).await?.is_some() => {
                    return self.save(id, record, Save::Create).await.map(|_| false);
                }
                Fault::EndsTheOther => self.inner.delete(old).await?,
                Fault::NeedsTheOther if self.inner.load(old).await?.is_none() => return Ok(false),
                _ => {}
            }
            self.save(id, record, Save::Create).await
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let id = self.key(id);
            let found = self.inner.load(id).await?;
            let was_deleted = self.deleted.lock().unwrap().contains(&id);
            match self.fault {
                Fault::DeletesNothing => return Ok(()),
                Fault::DeletesAll => return self.inner.clear().await,
                Fault::NeedsWhatItDeletes if found.is_none() => return Err(no_such_record()),
                Fault::NeedsToHaveHadWhatItDeletes if found.is_none() && !was_deleted => return Err(no_such_record()),
                Fault::DeletesOnce if was_deleted => return Err(no_such_record()),
                Fault::DeletesNothingAmongMany if self.inner.len() > 100 => return Ok(()),
                Fault::DeletesNeighbour(mask) => {
                    let neighbour = u128::from_be_bytes(id.to_bytes()) ^ mask;
                    self.inner.delete(SessionId::from_bytes(neighbour.to_be_bytes())).await?;
                }
                Fault::LooksThenDeletes => {
                    // The store deletes by the content of the record, not by its id: a record that is updated in
                    // between stays.
                    yield_now().await;
                    if self.inner.load(id).await? != found {
                        return Ok(());
                    }
                }
                _ => {}
            }
            if found.is_some() {
                self.deleted.lock().unwrap().insert(id);
            }
            self.inner.delete(id).await
        })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async move {
            let seconds = now.as_secs();
            match self.fault {
                Fault::CleansNothing | Fault::GoesByItself => Ok(0),
                Fault::CleansBefore => self.inner.cleanup_expired(at(seconds.saturating_sub(1))).await,
                Fault::CleansBeyondAndDenies => {
                    let removed = self.inner.cleanup_expired(at(seconds.saturating_add(1))).await?;
                    Ok(removed.min(2))
                }
                Fault::CountsOneLess => {
                    let removed = self.inner.cleanup_expired(now).await?;
                    Ok(if removed > 1 { removed.saturating_sub(1) } else { removed })
                }
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
