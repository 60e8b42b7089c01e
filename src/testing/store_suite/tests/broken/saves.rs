//! The faults of a broken store when it saves.

use std::sync::atomic::Ordering;

use futures_lite::future::yield_now;

use super::{Broken, EXPIRED};
use crate::backend::{Record, Save, SessionStore, Tag};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::testing::store_suite::tests::fault::Fault;
use crate::testing::store_suite::verdict::FAR;
use crate::time::UnixTime;

impl Broken {
    /// Returns true when the store says that it wrote the record, and does nothing.
    pub(super) fn ignores(&self, record: &Record, save: Save) -> bool {
        // The sessions of a manager live for a day, and no other record of the suite ends at such a time.
        let is_of_a_session =
            (FAR.saturating_add(1_000)..UnixTime::MAX.as_secs()).contains(&record.expires_at().as_secs());
        let is_end = record.bytes().len() == 16;
        is_of_a_session
            && match self.fault {
                Fault::IgnoresEnd(number) => is_end && self.ends.fetch_add(1, Ordering::Relaxed) == number,
                Fault::IgnoresChangesOfSessions => !is_end && save != Save::Create,
                _ => false,
            }
    }

    /// Returns the record that the store keeps in place of `record`, where `before` may be there already.
    pub(super) fn kept(&self, record: &Record, before: Option<&Record>) -> Record {
        let (mut bytes, mut expires_at) = (record.bytes().to_vec(), record.expires_at());
        match self.fault {
            Fault::CutsAt65536 => bytes.truncate(65_536),
            Fault::StopsAtZero => bytes = bytes.split(|byte| *byte == 0).next().unwrap().to_vec(),
            Fault::TranslatesLineEnds => {
                while let Some(place) = bytes.windows(2).position(|pair| pair == b"\r\n") {
                    bytes.remove(place);
                }
            }
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

    /// Returns true when a replace writes, by a comparison that is wrong.
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

    pub(super) async fn create(
        &self,
        id: SessionId,
        record: &Record,
        found: Option<Record>,
    ) -> Result<bool, BackendError> {
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
            Fault::ReplacesWhatWentByItself if found.as_ref().is_some_and(|found| found.expires_at() <= EXPIRED) => {
                return self.put(id, record).await;
            }
            Fault::DeniesBesideOthers => {
                let before = self.inner.len();
                yield_now().await;
                let is_written = self.inner.save(id, record, Save::Create).await?;
                return Ok(is_written && self.inner.len() <= before.saturating_add(1));
            }
            Fault::LooksThenCreatesAndDenies if found.is_none() => {
                yield_now().await;
                let is_first = self.inner.load(id).await?.is_none();
                return self.put(id, record).await.map(|_| is_first);
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

    pub(super) async fn replace(
        &self,
        id: SessionId,
        record: &Record,
        tag: Tag,
        found: Option<Record>,
    ) -> Result<bool, BackendError> {
        let Some(found) = found else {
            let is_of_another = async || -> Result<bool, BackendError> {
                Ok(self.inner.all().await?.iter().any(|(_, other)| other.tag() == tag))
            };
            let was_deleted = self.deleted.lock().unwrap().contains(&id);
            return match self.fault {
                Fault::AcceptsAZeroTag if tag.as_bytes().iter().all(|byte| *byte == 0) => self.put(id, record).await,
                Fault::CreatesByTheTagOfAnother if is_of_another().await? => self.put(id, record).await,
                Fault::CreatesByTheTagOfAnotherAndDenies if is_of_another().await? => {
                    self.put(id, record).await.map(|_| false)
                }
                Fault::RevivesTheDeleted if was_deleted => self.put(id, record).await,
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
            Fault::LooksThenReplacesAndDenies if applies => {
                yield_now().await;
                let is_first = self.inner.load(id).await?.is_some_and(|found| found.tag() == tag);
                return self.put(id, record).await.map(|_| is_first);
            }
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

    /// Writes the record, whatever is there.
    pub(super) async fn put(&self, id: SessionId, record: &Record) -> Result<bool, BackendError> {
        let found = self.inner.load(id).await?;
        self.inner.save(id, record, found.map_or(Save::Create, |found| Save::Replace(found.tag()))).await
    }
}
