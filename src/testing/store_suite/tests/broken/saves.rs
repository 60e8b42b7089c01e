//! The faults of a broken store when it saves.

use futures_lite::future::yield_now;

use super::{Broken, EXPIRED};
use crate::backend::{Record, Save, SessionStore, Tag};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::testing::store_suite::tests::fault::Fault;

impl Broken {
    /// Returns the record that the store keeps in place of `record`, where `before` may be there already.
    pub(super) fn kept(&self, record: &Record, before: Option<&Record>) -> Record {
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

    /// Writes the record, whatever is there.
    pub(super) async fn put(&self, id: SessionId, record: &Record) -> Result<bool, BackendError> {
        let found = self.inner.load(id).await?;
        self.inner.save(id, record, found.map_or(Save::Create, |found| Save::Replace(found.tag()))).await
    }
}
