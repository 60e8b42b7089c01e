//! Redis is killed again and again under load. Afterwards all that it acknowledged is there, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sealed_session::{
    BackendError, BackendErrorKind, Record, RedisPool, RedisRevocations, RedisStore, Revocable, Revocations, Save,
    SessionId, SessionStore, UnixTime,
};

use crate::helpers::{at, new_id};
use crate::server::{Server, address};

const LIMIT: Duration = Duration::from_secs(1);
const KILLS: u64 = 6;
const TASKS: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_redis_is_killed_under_load() {
    let Some(_) = address() else { return };
    let mut server = Server::start(&[]);
    let pool = RedisPool::open(&server.address()).unwrap().timeout(LIMIT);
    let run = Arc::new(Run::default());
    let tasks = (0..TASKS).map(|n| tokio::spawn(Visitor::new(n, &pool, &run).work())).collect::<Vec<_>>();

    let mut recoveries = Vec::new();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(600)).await;
        tokio::task::block_in_place(|| server.kill());
        tokio::time::sleep(Duration::from_millis(100 * (kill % 3))).await;
        tokio::task::block_in_place(|| server.restart());
        let (start, before) = (Instant::now(), run.good.load(Ordering::SeqCst));
        while run.good.load(Ordering::SeqCst) < before + TASKS {
            assert!(start.elapsed() < Duration::from_secs(3), "no recovery");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        recoveries.push(start.elapsed().as_millis());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.is_over.store(true, Ordering::SeqCst);

    // Redis is killed once more. Then the clients from before and new ones check everything.
    let mut visitors = Vec::new();
    for task in tasks {
        visitors.push(task.await.unwrap());
    }
    tokio::task::block_in_place(|| {
        server.kill();
        server.restart();
    });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (mut records, mut revocations) = (0, 0);
    for pool in [pool, RedisPool::open(&server.address()).unwrap()] {
        (records, revocations) = (0, 0);
        for visitor in &mut visitors {
            let (visitor_records, visitor_revocations) = visitor.verify(&pool).await;
            records += visitor_records;
            revocations += visitor_revocations;
        }
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    eprintln!(
        "redis killed {} times: {} calls answered, {} unavailable, the slowest in {} ms; {} writes acknowledged; at the end \
         {records} records and {revocations} revocations were as acknowledged, 0 lost, 0 wrong; back in use {recoveries:?} ms \
         after each start",
        KILLS + 1,
        count(&run.good),
        count(&run.unavailable),
        count(&run.slowest),
        count(&run.acknowledged),
    );
    assert!(count(&run.unavailable) > 0, "no call met a killed Redis");
    assert!(records > 100 && revocations > 100, "{records} {revocations}");
    assert!(u128::from(count(&run.slowest)) < LIMIT.as_millis() + 1500, "{} ms", count(&run.slowest));
}

#[derive(Default)]
struct Run {
    is_over: AtomicBool,
    good: AtomicU64,
    unavailable: AtomicU64,
    acknowledged: AtomicU64,
    slowest: AtomicU64,
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

/// A session and the versions that its record may have. There is one after an acknowledged write, and there are two after one
/// that failed.
struct Kept {
    id: SessionId,
    may_be: Vec<Option<u64>>,
    is_revoked: bool,
}

struct Visitor {
    subject: String,
    store: RedisStore,
    list: RedisRevocations,
    run: Arc<Run>,
    kept: Vec<Kept>,
    /// The latest cut-off that was acknowledged, and the latest that was sent.
    cutoffs: (u64, u64),
}

impl Visitor {
    fn new(n: u64, pool: &RedisPool, run: &Arc<Run>) -> Self {
        let (store, list) = (RedisStore::new(pool), RedisRevocations::new(pool));
        Self { subject: n.to_string(), store, list, run: run.clone(), kept: Vec::new(), cutoffs: (0, 0) }
    }

    async fn work(mut self) -> Self {
        let mut version = 0_u64;
        while !self.run.is_over.load(Ordering::SeqCst) {
            version += 1;
            self.create(version).await;
            // The index is that of any earlier session, in an order on which nothing depends.
            let index = usize::try_from(version.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap() % self.kept.len();
            match version % 5 {
                0 => self.delete(index).await,
                1 => self.revoke(index).await,
                2 => self.cut_off(version).await,
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
        self.kept.push(Kept { id, may_be, is_revoked: false });
    }

    async fn update(&mut self, index: usize, version: u64) {
        let kept = &mut self.kept[index];
        let written = self.run.write(self.store.save(kept.id, &record(kept.id, version), Save::Update)).await;
        match written {
            Some(true) => {
                assert!(kept.may_be.iter().any(Option::is_some), "an update found what was not there");
                kept.may_be = vec![Some(version)];
            }
            Some(false) => {
                assert!(kept.may_be.contains(&None), "an update found nothing of {:?}", kept.may_be);
                kept.may_be = vec![None];
            }
            None if kept.may_be.iter().any(Option::is_some) => kept.may_be.push(Some(version)),
            None => {}
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
        if self.run.write(self.list.revoke(kept.id, UnixTime::MAX)).await.is_some() {
            kept.is_revoked = true;
        }
    }

    async fn cut_off(&mut self, cutoff: u64) {
        self.cutoffs.1 = cutoff;
        if self.run.write(self.list.revoke_subject(&self.subject, at(cutoff), UnixTime::MAX)).await.is_some() {
            self.cutoffs.0 = cutoff;
        }
    }

    async fn check(&mut self, index: usize) {
        let kept = &mut self.kept[index];
        if let Some(record) = self.run.call(self.store.load(kept.id)).await {
            kept.see(record);
        }
        let is_revoked = self.list.is_revoked(Revocable::new(kept.id, None, at(0)));
        if let Some(is_revoked) = self.run.call(is_revoked).await {
            assert!(is_revoked || !kept.is_revoked, "a revocation was lost");
        }
        let of_subject =
            |created_at| self.list.is_revoked(Revocable::new(new_id(), Some(&self.subject), at(created_at)));
        if self.cutoffs.0 > 0
            && let Some(is_revoked) = self.run.call(of_subject(self.cutoffs.0)).await
        {
            assert!(is_revoked, "a cut-off was lost");
        }
        if let Some(is_revoked) = self.run.call(of_subject(self.cutoffs.1 + 1)).await {
            assert!(!is_revoked, "a cut-off that nobody asked for");
        }
    }

    /// Checks everything with a store and a list of this pool. Each call must be answered.
    async fn verify(&mut self, pool: &RedisPool) -> (usize, usize) {
        (self.store, self.list) = (RedisStore::new(pool), RedisRevocations::new(pool));
        let (mut records, mut revocations) = (0, 0);
        for kept in &mut self.kept {
            kept.see(self.store.load(kept.id).await.unwrap());
            records += usize::from(kept.may_be != [None]);
            if kept.is_revoked {
                assert_eq!(self.list.is_revoked(Revocable::new(kept.id, None, at(0))).await, Ok(true));
                revocations += 1;
            }
        }
        let session = Revocable::new(new_id(), Some(&self.subject), at(self.cutoffs.0));
        assert_eq!(self.list.is_revoked(session).await, Ok(true));
        (records, revocations + 1)
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
}

/// A record of up to 3,000 bytes, which are made of the id of its session and of its version.
fn record(id: SessionId, version: u64) -> Record {
    let mut bytes = version.to_be_bytes().to_vec();
    for _ in 0..=version * 31 % 187 {
        bytes.extend(id.to_bytes());
    }
    Record::new(bytes, UnixTime::MAX)
}
