//! Clients that work on a store and a list, and hold each answer against a ledger of what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sealed_session::{
    BackendError, BackendErrorKind, Generation, Mark, Only, Record, RedisPool, RedisRevocations, RedisStore,
    Revocations, Save, SessionId, SessionStore, UnixTime,
};

use crate::new_id;

#[derive(Default)]
pub(crate) struct Run {
    pub(crate) is_over: AtomicBool,
    pub(crate) good: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) slowest: AtomicU64,
}

impl Run {
    async fn call<T>(&self, answer: impl Future<Output = Result<T, BackendError>>) -> Option<T> {
        let start = Instant::now();
        let answer = answer.await;
        self.slowest.fetch_max(u64::try_from(start.elapsed().as_millis()).unwrap(), Ordering::SeqCst);
        match answer {
            Ok(answer) => {
                self.good.fetch_add(1, Ordering::SeqCst);
                Some(answer)
            }
            Err(error) => {
                assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
                self.unavailable.fetch_add(1, Ordering::SeqCst);
                // A visitor waits a moment, too, before a new try.
                tokio::time::sleep(Duration::from_millis(5)).await;
                None
            }
        }
    }

    async fn write<T>(&self, answer: impl Future<Output = Result<T, BackendError>>) -> Option<T> {
        let answer = self.call(answer).await;
        self.acknowledged.fetch_add(u64::from(answer.is_some()), Ordering::SeqCst);
        answer
    }
}

/// A session and the versions that its record may have. There is one after an acknowledged write, and there are two
/// after one that failed.
struct Kept {
    id: SessionId,
    may_be: Vec<Option<u64>>,
    /// The mark that was seen, and all that were put.
    mark: Option<Mark>,
    tried: Vec<Mark>,
}

pub(crate) struct Visitor {
    subject: String,
    store: RedisStore,
    list: RedisRevocations,
    run: Arc<Run>,
    kept: Vec<Kept>,
    /// The generations that the subject may have.
    generations: Vec<Option<Generation>>,
}

impl Visitor {
    pub(crate) fn new(n: u64, pool: &RedisPool, run: &Arc<Run>) -> Self {
        let (store, list) = (RedisStore::new(pool), RedisRevocations::new(pool));
        Self { subject: n.to_string(), store, list, run: run.clone(), kept: Vec::new(), generations: vec![None] }
    }

    pub(crate) async fn work(mut self) -> Self {
        let mut version = 0_u64;
        while !self.run.is_over.load(Ordering::SeqCst) {
            version += 1;
            self.create(version).await;
            // The index is that of any earlier session, in an order on which nothing depends.
            let index = usize::try_from(version.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap() % self.kept.len();
            match version % 5 {
                0 => self.delete(index).await,
                1 => self.revoke(index).await,
                2 => self.revoke_subject(version).await,
                _ => self.update(index, version + 1_000_000).await,
            }
            self.check(index).await;
        }
        self
    }

    async fn create(&mut self, version: u64) {
        let id = new_id();
        let written = self.run.write(self.store.save(id, &record(id, version), Save::Create)).await;
        let may_be = match written {
            Some(is_written) => {
                assert!(is_written, "a new id was there");
                vec![Some(version)]
            }
            None => vec![None, Some(version)],
        };
        self.kept.push(Kept { id, may_be, mark: None, tried: Vec::new() });
    }

    async fn update(&mut self, index: usize, version: u64) {
        let kept = &mut self.kept[index];
        let Some(found) = self.run.call(self.store.load(kept.id)).await else { return };
        kept.see(found.clone());
        let Some(found) = found else { return };
        let replace = Save::Replace(found.tag());
        match self.run.write(self.store.save(kept.id, &record(kept.id, version), replace)).await {
            Some(is_written) => {
                assert!(is_written, "the record that was loaded was not there, and nobody else writes");
                kept.may_be = vec![Some(version)];
            }
            None => kept.may_be.push(Some(version)),
        }
    }

    async fn delete(&mut self, index: usize) {
        let kept = &mut self.kept[index];
        match self.run.write(self.store.delete(kept.id)).await {
            Some(()) => kept.may_be = vec![None],
            None => kept.may_be.push(None),
        }
    }

    async fn revoke(&mut self, index: usize) {
        let kept = &mut self.kept[index];
        let mark = Mark::Became(new_id());
        kept.tried.push(mark);
        if let Some(stands) = self.run.write(self.list.revoke(kept.id, mark, UnixTime::MAX)).await {
            kept.see_mark(Some(stands));
        }
    }

    async fn revoke_subject(&mut self, version: u64) {
        let to = Generation::from_bytes(version.to_be_bytes());
        let only = if let [known] = self.generations[..] { Only::Of(known) } else { Only::Any };
        match self.run.write(self.list.revoke_subject(&self.subject, only, to, UnixTime::MAX)).await {
            Some(is_done) => {
                assert!(is_done, "the generation that was there was not, and nobody else puts one");
                self.generations = vec![Some(to)];
            }
            None => self.generations.push(Some(to)),
        }
    }

    async fn check(&mut self, index: usize) {
        let kept = &mut self.kept[index];
        if let Some(record) = self.run.call(self.store.load(kept.id)).await {
            kept.see(record);
        }
        if let Some(known) = self.run.call(self.list.look(Some(kept.id), Some(&self.subject))).await {
            kept.see_mark(known.mark);
            self.see_generation(known.generation);
        }
    }

    fn see_generation(&mut self, seen: Option<Generation>) {
        assert!(self.generations.contains(&seen), "{seen:?} is there, which may be {:?}", self.generations);
        self.generations = vec![seen];
    }

    /// Checks everything by this client. Each call must be answered.
    pub(crate) async fn verify(&mut self, pool: &RedisPool) -> (usize, usize) {
        (self.store, self.list) = (RedisStore::new(pool), RedisRevocations::new(pool));
        let (mut records, mut revocations) = (0, 0);
        for kept in &mut self.kept {
            kept.see(self.store.load(kept.id).await.unwrap());
            records += usize::from(kept.may_be != [None]);
            kept.see_mark(self.list.look(Some(kept.id), None).await.unwrap().mark);
            revocations += usize::from(kept.mark.is_some());
        }
        let known = self.list.look(None, Some(&self.subject)).await.unwrap();
        self.see_generation(known.generation);
        (records, revocations + usize::from(known.generation.is_some()))
    }
}

impl Kept {
    /// Checks a record that was loaded. From now on the record must stay as it was seen.
    fn see(&mut self, seen: Option<Record>) {
        let version = seen.map(|seen| {
            let version = u64::from_be_bytes(*seen.bytes().first_chunk().unwrap());
            assert_eq!(seen, record(self.id, version), "a record is not whole, or another's");
            version
        });
        assert!(self.may_be.contains(&version), "{version:?} is there, which may be {:?}", self.may_be);
        self.may_be = vec![version];
    }

    /// The first mark that was seen stands for good.
    fn see_mark(&mut self, seen: Option<Mark>) {
        match self.mark {
            Some(mark) => assert_eq!(seen, Some(mark), "a mark was lost or replaced"),
            None => assert!(seen.is_none_or(|seen| self.tried.contains(&seen)), "a mark that nobody put"),
        }
        self.mark = seen;
    }
}

/// A record of up to 3,000 bytes, which are made of the id of its session and of its version.
fn record(id: SessionId, version: u64) -> Record {
    let mut bytes = version.to_be_bytes().to_vec();
    for _ in 0..=version * 31 % 187 {
        bytes.extend(id.to_bytes());
    }
    Record::new(bytes, UnixTime::MAX)
}
