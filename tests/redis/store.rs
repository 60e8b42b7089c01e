//! The store in Redis: the suite that every store passes, and the rules that only this store has.

use std::collections::HashMap;
use std::time::Instant;

use sealed_session::testing::{check_revocations, check_store};
use sealed_session::{
    BackendErrorKind, Clock, Generation, Mark, Only, Record, RedisRevocations, RedisStore, Revocations, Save,
    SessionConfig, SessionId, SessionStore, SystemClock, UnixTime,
};

use crate::helpers::{KEY, at, new_id};
use crate::server::{PATIENCE, Server, address};
use crate::{patient, pool, raw};

#[tokio::test]
async fn it_keeps_every_rule_of_a_store() {
    if address().is_some() {
        check_store(async || RedisStore::new(&pool("suite").unwrap())).await;
    }
}

#[tokio::test]
async fn the_environment_can_name_it() {
    let Some(address) = address() else { return };
    let vars =
        [("SHOP_SESSION_BACKEND", "redis"), ("SHOP_SESSION_STORE_URL", &address), ("SHOP_SESSION_ENCRYPTION_KEY", KEY)];
    let manager = SessionConfig::from_vars("SHOP_", vars).unwrap().build().unwrap();
    let session = manager.load_async(None::<&str>).await.unwrap();
    session.set("user_id", 42).unwrap();
    let cookies = manager.commit_async(&session).await.unwrap();
    assert_eq!(manager.load_async(cookies).await.unwrap().get("user_id"), Ok(Some(42)));
    assert!(manager.is_healthy().await);
}

#[tokio::test]
async fn what_a_save_acknowledged_a_load_returns() {
    let Some(pool) = pool("load") else { return };
    let store = RedisStore::new(&pool);
    let every_byte: Vec<u8> = (0..67_000_u32).map(|n| u8::try_from(n % 256).unwrap()).collect();
    for bytes in [Vec::new(), vec![0], b"\r\n$-1\r\n".to_vec(), every_byte] {
        for expires_at in [SystemClock.now(), UnixTime::MAX] {
            let (id, record) = (new_id(), Record::new(bytes.clone(), expires_at));
            assert_eq!(store.load(id).await.unwrap(), None);
            assert!(store.save(id, &record, Save::Create).await.unwrap());
            assert_eq!(store.load(id).await.unwrap(), Some(record));
        }
    }
}

#[tokio::test]
async fn a_record_is_created_where_there_is_none_and_replaced_where_its_tag_is() {
    let Some(pool) = pool("save") else { return };
    let store = RedisStore::new(&pool);
    let (id, first, second) = (new_id(), record(1), record(2));
    let (over_first, over_second) = (Save::Replace(first.tag()), Save::Replace(second.tag()));
    assert!(!store.save(id, &first, over_first).await.unwrap());
    assert_eq!(store.load(id).await.unwrap(), None);
    assert!(store.save(id, &first, Save::Create).await.unwrap());
    assert!(!store.save(id, &second, Save::Create).await.unwrap());
    assert!(!store.save(id, &second, over_second).await.unwrap());
    assert_eq!(store.load(id).await.unwrap(), Some(first.clone()));
    assert!(store.save(id, &second, over_first).await.unwrap());
    assert!(!store.save(id, &first, over_first).await.unwrap());
    assert_eq!(store.load(id).await.unwrap(), Some(second.clone()));
    store.delete(id).await.unwrap();
    store.delete(id).await.unwrap();
    assert!(!store.save(id, &second, over_second).await.unwrap());
    assert_eq!(store.load(id).await.unwrap(), None);
}

#[tokio::test]
async fn ids_one_bit_apart_are_apart() {
    let Some(pool) = pool("bits") else { return };
    let store = RedisStore::new(&pool);
    let number = u128::from_be_bytes(new_id().to_bytes());
    let ids = (0..128).map(|bit| SessionId::from_bytes((number ^ (1 << bit)).to_be_bytes())).collect::<Vec<_>>();
    for (n, id) in (0..).zip(&ids) {
        assert!(store.save(*id, &record(n), Save::Create).await.unwrap());
    }
    for (n, id) in (0..).zip(&ids) {
        assert_eq!(store.load(*id).await.unwrap(), Some(record(n)));
    }
    assert_eq!(store.load(SessionId::from_bytes(number.to_be_bytes())).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_create_at_once_one_does() {
    let Some(pool) = pool("create") else { return };
    for _ in 0..20 {
        let id = new_id();
        let tasks = (0..16).map(|n| {
            let store = RedisStore::new(&pool);
            tokio::spawn(async move { store.save(id, &record(n), Save::Create).await.unwrap().then_some(n) })
        });
        let mut created = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            created.extend(task.await.unwrap());
        }
        assert_eq!(created.len(), 1);
        assert_eq!(RedisStore::new(&pool).load(id).await.unwrap(), Some(record(created[0])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_read_and_replace_lose_no_change() {
    let Some(pool) = pool("replace") else { return };
    let (store, id) = (RedisStore::new(&pool), new_id());
    // A counter, and a task's own number, so that no two states have one tag.
    let state = |count: u64, task: u64| {
        Record::new([count.to_be_bytes(), task.to_be_bytes(), [7; 8], [7; 8]].concat(), UnixTime::MAX)
    };
    assert!(store.save(id, &state(0, 0), Save::Create).await.unwrap());
    let tasks = (1..=8).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                loop {
                    let found = store.load(id).await.unwrap().unwrap();
                    let next = state(u64::from_be_bytes(*found.bytes().first_chunk().unwrap()) + 1, task);
                    if store.save(id, &next, Save::Replace(found.tag())).await.unwrap() {
                        break;
                    }
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let found = store.load(id).await.unwrap().unwrap();
    assert_eq!(u64::from_be_bytes(*found.bytes().first_chunk().unwrap()), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replace_that_races_a_delete_never_brings_the_record_back() {
    let Some(pool) = pool("race") else { return };
    for _ in 0..100 {
        let (id, store) = (new_id(), RedisStore::new(&pool));
        assert!(store.save(id, &record(1), Save::Create).await.unwrap());
        let updates = (0..4).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.save(id, &record(n), Save::Replace(record(1).tag())).await.unwrap() })
        });
        let updates: Vec<_> = updates.collect();
        store.delete(id).await.unwrap();
        for update in updates {
            update.await.unwrap();
        }
        assert_eq!(store.load(id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_record_goes_by_itself_a_minute_after_its_time() {
    let Some(address) = address() else { return };
    let prefix = format!("{}:", new_id());
    let (store, mut redis) = (RedisStore::new(&patient(&address).prefix(&prefix)), raw(&address).await);
    let now = SystemClock.now().as_secs();
    let id = new_id();
    let replace = Save::Replace(Record::new(vec![7], at(now)).tag());
    for (save, expires_at) in [(Save::Create, now + 300), (replace, now + 200)] {
        assert!(store.save(id, &Record::new(vec![7], at(expires_at)), save).await.unwrap());
        let key = format!("{prefix}session:{id}");
        let until: u64 = redis::cmd("EXPIRETIME").arg(&key).query_async(&mut redis).await.unwrap();
        assert_eq!(until, expires_at + 60);
    }
    for (expires_at, is_kept) in [(now - 50, true), (now - 61, false), (0, false)] {
        let id = new_id();
        store.save(id, &Record::new(vec![7], at(expires_at)), Save::Create).await.unwrap();
        assert_eq!(store.load(id).await.unwrap().is_some(), is_kept, "{expires_at}");
    }
    assert_eq!(store.cleanup_expired(UnixTime::MAX).await.unwrap(), 0);
    assert!(store.load(id).await.unwrap().is_some());
}

#[tokio::test]
async fn all_and_clear_see_the_records_under_the_prefix_and_nothing_else() {
    let Some(address) = address() else { return };
    let tag = new_id();
    let pools =
        [format!("{tag}*"), format!("{tag}[a]?\\"), format!("{tag}[a]x\\"), format!("{tag}a"), format!("{tag}")]
            .map(|prefix| patient(&address).prefix(&prefix));
    let mut expected = HashMap::new();
    for (pool, count) in pools.iter().zip([500, 1, 3, 2, 0]) {
        for n in 0..count {
            let (id, record) = (new_id(), record(n));
            assert!(RedisStore::new(pool).save(id, &record, Save::Create).await.unwrap());
            expected.entry(count).or_insert_with(HashMap::new).insert(id, record);
        }
        RedisRevocations::new(pool).revoke(SessionId::from_bytes([7; 16]), Mark::Ended, UnixTime::MAX).await.unwrap();
    }
    let [star, glob, _, plain, none] = pools.each_ref().map(RedisStore::new);
    let all = async |store: &RedisStore| store.all().await.unwrap().into_iter().collect::<HashMap<_, _>>();
    assert_eq!(all(&star).await, expected[&500]);
    assert_eq!(all(&glob).await, expected[&1]);
    assert_eq!(all(&none).await, HashMap::new());
    star.clear().await.unwrap();
    none.clear().await.unwrap();
    assert_eq!((all(&star).await, all(&glob).await), (HashMap::new(), expected[&1].clone()));
    assert_eq!(all(&plain).await, expected[&2]);
    for pool in &pools {
        let known = RedisRevocations::new(pool).look(Some(SessionId::from_bytes([7; 16])), None).await.unwrap();
        assert_eq!(known.mark, Some(Mark::Ended), "a revocation is no record");
    }
}

#[tokio::test]
async fn what_it_did_not_store_is_corrupt() {
    let Some(address) = address() else { return };
    let prefix = format!("{}:", new_id());
    let (store, mut redis) = (RedisStore::new(&patient(&address).prefix(&prefix)), raw(&address).await);
    let (short, list) = (new_id(), new_id());
    let () =
        redis::cmd("SET").arg(format!("{prefix}session:{short}")).arg("1234").query_async(&mut redis).await.unwrap();
    let () =
        redis::cmd("LPUSH").arg(format!("{prefix}session:{list}")).arg("12345").query_async(&mut redis).await.unwrap();
    for id in [short, list] {
        assert_eq!(store.load(id).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
        assert_eq!(store.all().await.unwrap_err().kind(), BackendErrorKind::Corrupt);
        let replace = Save::Replace(record(1).tag());
        assert_eq!(store.save(id, &record(2), replace).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
        store.delete(id).await.unwrap();
    }
    assert_eq!(store.all().await.unwrap(), []);
    let () = redis::cmd("SET").arg(format!("{prefix}session:7")).arg("1234567").query_async(&mut redis).await.unwrap();
    assert_eq!(store.all().await.unwrap_err().kind(), BackendErrorKind::Corrupt);
    store.clear().await.unwrap();
    assert_eq!(store.all().await.unwrap(), []);
}

#[tokio::test]
async fn a_full_redis_is_full_and_still_reads_and_deletes() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let pool = patient(&server.address());
    let (store, list, id) = (RedisStore::new(&pool), RedisRevocations::new(&pool), new_id());
    assert!(store.save(id, &record(1), Save::Create).await.unwrap());
    let mut redis = raw(&server.address()).await;
    let () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).query_async(&mut redis).await.unwrap();
    let error = store.save(id, &record(2), Save::Replace(record(1).tag())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (BackendErrorKind::Full, "session backend is full: redis answered OOM")
    );
    assert_eq!(list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap_err().kind(), BackendErrorKind::Full);
    assert_eq!(store.load(id).await.unwrap(), Some(record(1)));
    assert!(!store.is_healthy().await);
    store.delete(id).await.unwrap();
    let () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(0).query_async(&mut redis).await.unwrap();
    assert!(store.save(id, &record(2), Save::Create).await.unwrap());
}

#[tokio::test]
async fn a_redis_that_can_not_write_its_disk_is_full() {
    let Some(_) = address() else { return };
    // The name of the snapshot is that of the folder, so that no snapshot can be written. After one that failed, Redis
    // takes no writes.
    let server = Server::start(&["--save", "3600", "1", "--dbfilename", "."]);
    let store = RedisStore::new(&patient(&server.address()));
    let mut redis = raw(&server.address()).await;
    let () = redis::cmd("BGSAVE").query_async(&mut redis).await.unwrap();
    let start = Instant::now();
    let error = loop {
        match store.save(new_id(), &record(1), Save::Create).await {
            Ok(_) => assert!(start.elapsed() < PATIENCE, "the snapshot does not fail"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.to_string(), "session backend is full: redis answered MISCONF");
    assert!(store.all().await.is_ok());
}

#[tokio::test]
async fn a_user_who_may_not_is_told_so_without_the_values() {
    let Some(_) = address() else { return };
    let server = Server::start(&["--user", "default", "on", "nopass", "~*", "&*", "+@all", "-eval"]);
    let pool = patient(&server.address());
    let list = RedisRevocations::new(&pool);
    let generation = Generation::from_bytes([7; 8]);
    let error = list.revoke_subject("\"ada\"", Only::Any, generation, UnixTime::MAX).await.unwrap_err();
    assert_eq!(error.to_string(), "session backend does not support this: redis answered NOPERM");
}

#[tokio::test]
async fn a_user_who_may_what_the_documentation_of_the_pool_names_may_do_all() {
    let Some(_) = address() else { return };
    let may = ["+del", "+eval", "+get", "+getrange", "+ping", "+scan", "+set", "+unlink"];
    let options: Vec<&str> =
        ["--user", "default", "on", "nopass", "~sealed_session:*", "-@all"].into_iter().chain(may).collect();
    let server = Server::start(&options);
    let pool = patient(&server.address());
    check_store(async || {
        let store = RedisStore::new(&pool);
        store.clear().await.unwrap();
        store
    })
    .await;
    let list = RedisRevocations::new(&pool);
    check_revocations(&list, SystemClock.now()).await;
    assert!(RedisStore::new(&pool).is_healthy().await && list.is_healthy().await);
}

fn record(n: u64) -> Record {
    Record::new(n.to_be_bytes().to_vec(), UnixTime::MAX)
}
