//! A store with one fault, whichever is asked for.

use std::collections::HashSet;
use std::sync::Mutex;

use futures_lite::future::yield_now;

use crate::backend::BoxFuture;
use crate::backend::{MemoryStore, Record, Save, SessionStore, Tag};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::testing::store_suite::{at, id, record};
use crate::time::UnixTime;

/// A good store with one fault.
pub(super) struct Broken {
    inner: MemoryStore,
    fault: Fault,
    deleted: Mutex<HashSet<SessionId>>,
    /// Tags that were good once.
    replaced: Mutex<HashSet<(SessionId, Tag)>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
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
    CreatesOverTheExpired,
    ReplacesNothing,
    ReplacesTheUnknown,
    ReplacesTheUnknownAndDenies,
    ReplacesWhateverIsThere,
    ReplacesWhateverIsThereAndDenies,
    ReplacesInPlace,
    ReplacesUnderEveryId,
    ReplacesNoneThatExpired,
    HidesTheExpired,
    ComparesAllOfTheRecord,
    ComparesTheStart,
    ComparesNotByte(usize),
    ComparesUpToZero,
    ComparesText,
    AcceptsTheTagBefore,
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
    LooksThenReplaces,
    DeniesWhenOvertaken,
    LooksThenDeletes,
    LooksThenCleans,
    WritesInTwo,
}

impl Broken {
    pub(super) fn with(fault: Fault) -> Self {
        // A time before all that the suite saves, but for its record of 1970.
        let now = if matches!(fault, Fault::GoesByItself) { EXPIRED } else { UnixTime::MIN };
        let (deleted, replaced) = (Mutex::default(), Mutex::default());
        Self { inner: MemoryStore::new().clock(move || now), fault, deleted, replaced }
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
            Fault::ReplacesInPlace => {
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

    /// Whether a replace writes, by a comparison that is wrong.
    fn applies(&self, tag: Tag, found: &Record) -> bool {
        let (tag, found_tag) = (tag.as_bytes(), found.tag());
        let found_tag = found_tag.as_bytes();
        let up_to_zero = |bytes: &[u8]| bytes.split(|byte| *byte == 0).next().unwrap().to_vec();
        match self.fault {
            Fault::ReplacesWhateverIsThere => true,
            Fault::ReplacesNoneThatExpired => tag == found_tag && found.expires_at() > EXPIRED,
            Fault::ComparesAllOfTheRecord => tag == found.bytes(),
            Fault::ComparesTheStart => found_tag.starts_with(tag),
            Fault::ComparesNotByte(ignored) => {
                let others = |bytes: &[u8]| {
                    bytes.iter().enumerate().all(|(place, byte)| place == ignored || tag.get(place) == Some(byte))
                };
                tag.len() == found_tag.len() && others(found_tag)
            }
            Fault::ComparesUpToZero => up_to_zero(tag) == up_to_zero(found_tag),
            Fault::ComparesText => String::from_utf8_lossy(tag) == String::from_utf8_lossy(found_tag),
            _ => tag == found_tag,
        }
    }

    async fn create(&self, id: SessionId, record: &Record, found: Option<Record>) -> Result<bool, BackendError> {
        match self.fault {
            Fault::CreatesOver => return self.put(id, record).await,
            Fault::CreatesOverAndDenies => {
                self.put(id, record).await?;
                return Ok(found.is_none());
            }
            Fault::CreatesNothing => return Ok(found.is_none()),
            Fault::CreatesOverTheExpired if found.as_ref().is_some_and(|found| found.expires_at() <= EXPIRED) => {
                return self.put(id, record).await;
            }
            Fault::LeavesATombstone if self.deleted.lock().unwrap().contains(&id) => return Ok(false),
            Fault::LooksThenCreates => {
                yield_now().await;
                return if found.is_none() { self.put(id, record).await } else { Ok(false) };
            }
            Fault::LosesTheOther => {
                let others = self.inner.all().await?;
                yield_now().await;
                let is_written = self.inner.save(id, record, Save::Create).await?;
                for (other, _) in self.inner.all().await? {
                    if other != id && others.iter().all(|(known, _)| *known != other) {
                        self.inner.delete(other).await?;
                    }
                }
                return Ok(is_written);
            }
            _ => {}
        }
        self.inner.save(id, record, Save::Create).await
    }

    async fn replace(
        &self,
        id: SessionId,
        record: &Record,
        tag: Tag,
        found: Option<Record>,
    ) -> Result<bool, BackendError> {
        let Some(found) = found else {
            return match self.fault {
                Fault::ReplacesTheUnknown => self.put(id, record).await,
                Fault::ReplacesTheUnknownAndDenies => self.put(id, record).await.map(|_| false),
                _ => Ok(false),
            };
        };
        let was_good = self.replaced.lock().unwrap().contains(&(id, tag));
        let applies = self.applies(tag, &found) || was_good && matches!(self.fault, Fault::AcceptsTheTagBefore);
        match self.fault {
            Fault::ReplacesNothing => return Ok(applies),
            Fault::ReplacesWhateverIsThereAndDenies => return self.put(id, record).await.map(|_| applies),
            Fault::LooksThenReplaces => yield_now().await,
            Fault::WritesInTwo if applies => {
                let (half, _) = record.bytes().split_at(record.bytes().len() / 2);
                self.put(id, &Record::new(half.to_vec(), record.expires_at())).await?;
                yield_now().await;
            }
            Fault::ReplacesUnderEveryId if applies => {
                for (other, found) in self.inner.all().await? {
                    if found.tag() == tag {
                        self.put(other, record).await?;
                    }
                }
            }
            _ => {}
        }
        if !applies {
            return Ok(false);
        }
        self.replaced.lock().unwrap().insert((id, tag));
        self.put(id, record).await?;
        if matches!(self.fault, Fault::DeniesWhenOvertaken) {
            yield_now().await;
            return Ok(self.inner.load(id).await?.is_some_and(|found| found.tag() == record.tag()));
        }
        Ok(true)
    }

    /// Writes whatever is there.
    async fn put(&self, id: SessionId, record: &Record) -> Result<bool, BackendError> {
        let found = self.inner.load(id).await?;
        self.inner.save(id, record, found.map_or(Save::Create, |found| Save::Replace(found.tag()))).await
    }
}

/// What has expired for stores that know the time.
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
                Fault::LoadsWithoutExpiry => found.map(|found| Record::new(found.bytes().to_vec(), UnixTime::MAX)),
                Fault::KeepsNoEmptyRecord => found.filter(|found| !found.bytes().is_empty()),
                Fault::LoadsOnce => {
                    // Gone for loads, there for saves.
                    if let Some(found) = &found {
                        self.put(id, &Record::new(Vec::new(), found.expires_at())).await?;
                    }
                    found
                }
                Fault::GoesByItself | Fault::HidesTheExpired => found.filter(|found| found.expires_at() > EXPIRED),
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
            let found = self.inner.load(id).await?;
            let record = &self.kept(record, found.as_ref());
            match save {
                Save::Create => self.create(id, record, found).await,
                Save::Replace(tag) => self.replace(id, record, tag, found).await,
            }
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
