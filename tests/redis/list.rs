//! The list of revocations in Redis: the suite that every list passes, and the rules that only this list has.

use std::sync::Arc;

use sealed_session::testing::check_revocations;
use sealed_session::{
    BackendErrorKind, Clock, RedisPool, RedisRevocations, Revocable, Revocations, SystemClock, UnixTime,
};

use crate::helpers::{at, new_id};
use crate::server::address;
use crate::{pool, raw};

#[tokio::test]
async fn it_keeps_to_every_rule() {
    let Some(pool) = pool("list") else { return };
    let list = RedisRevocations::new(&pool);
    check_revocations(&list, SystemClock.now()).await;
    check_revocations(&Arc::new(list), SystemClock.now()).await;
}

#[tokio::test]
async fn an_entry_goes_by_itself_a_minute_after_the_later_of_its_times() {
    let (Some(pool), Some(address)) = (pool("ttl"), address()) else { return };
    let pool = pool.prefix("ttl:");
    let (list, mut redis) = (RedisRevocations::new(&pool), raw(&address).await);
    let (id, subject) = (new_id(), format!("\"{}\"", new_id()));
    let now = SystemClock.now().as_secs();
    for until in [now + 100, now + 300, now + 200] {
        list.revoke(id, at(until)).await.unwrap();
        list.revoke_subject(&subject, UnixTime::MIN, at(until)).await.unwrap();
    }
    for key in [format!("ttl:revoked:{id}"), format!("ttl:subject:{subject}")] {
        let expires_at: u64 = redis::cmd("EXPIRETIME").arg(&key).query_async(&mut redis).await.unwrap();
        assert_eq!(expires_at, now + 360, "{key}");
    }
    // Redis keeps an entry for a minute after its time. It still takes one whose minute is not over, and no other.
    for (until, is_kept) in [(now - 50, true), (now - 61, false)] {
        let id = new_id();
        list.revoke(id, at(until)).await.unwrap();
        assert_eq!(list.is_revoked(Revocable::new(id, None, UnixTime::MIN)).await.unwrap(), is_kept);
    }
}

#[tokio::test]
async fn what_it_did_not_store_is_an_error_and_admits_nobody() {
    let (Some(_), Some(address)) = (pool("corrupt"), address()) else { return };
    let list = RedisRevocations::new(&RedisPool::open(&address).unwrap().prefix("corrupt:"));
    let mut redis = raw(&address).await;
    for garbage in ["", "7", "x 7", "-1 7", "1099511627776 7", "7\u{fffd} 7"] {
        let (id, subject) = (new_id(), new_id().to_string());
        for key in [format!("corrupt:revoked:{id}"), format!("corrupt:subject:{subject}")] {
            let () = redis::cmd("SET").arg(&key).arg(garbage).query_async(&mut redis).await.unwrap();
        }
        for session in [Revocable::new(id, None, at(7)), Revocable::new(new_id(), Some(&subject), at(7))] {
            let error = list.is_revoked(session).await.unwrap_err();
            assert_eq!(error.kind(), BackendErrorKind::Corrupt, "{garbage:?}");
        }
        // A write over garbage that looks like two numbers takes it for an entry. It is refused only when it is read.
        let written = list.revoke_subject(&subject, at(7), UnixTime::MAX).await;
        assert_eq!(written.err().map(|error| error.kind()), (garbage.len() < 10).then_some(BackendErrorKind::Corrupt));
        let session = Revocable::new(new_id(), Some(&subject), at(7));
        assert_ne!(list.is_revoked(session).await, Ok(false), "{garbage:?}");
    }
    let (id, subject) = (new_id(), new_id().to_string());
    for key in [format!("corrupt:revoked:{id}"), format!("corrupt:subject:{subject}")] {
        let () = redis::cmd("LPUSH").arg(&key).arg(7).query_async(&mut redis).await.unwrap();
    }
    for session in [Revocable::new(id, None, at(7)), Revocable::new(new_id(), Some(&subject), at(7))] {
        assert_eq!(list.is_revoked(session).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
    }
    assert_eq!(list.revoke(id, UnixTime::MAX).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
}

#[tokio::test]
async fn lists_with_two_prefixes_know_nothing_of_each_other() {
    let (Some(one), Some(other)) = (pool("one"), pool("other")) else { return };
    let (one, other) = (RedisRevocations::new(&one), RedisRevocations::new(&other));
    let id = new_id();
    one.revoke(id, UnixTime::MAX).await.unwrap();
    assert!(one.is_revoked(Revocable::new(id, None, UnixTime::MIN)).await.unwrap());
    assert!(!other.is_revoked(Revocable::new(id, None, UnixTime::MIN)).await.unwrap());
}

#[tokio::test]
async fn a_session_is_asked_about_in_one_round_trip() {
    let (Some(_), Some(address)) = (pool("round"), address()) else { return };
    // The test starts a server of its own, so that requests of other tests are not counted.
    let server = crate::server::Server::start(&[]);
    drop(address);
    let list = RedisRevocations::open(&server.address()).unwrap();
    let subject = new_id().to_string();
    let session = Revocable::new(new_id(), Some(&subject), UnixTime::MIN);
    list.is_revoked(session).await.unwrap();
    let mut redis = raw(&server.address()).await;
    let reads = async |redis: &mut redis::aio::MultiplexedConnection| {
        let info: String = redis::cmd("INFO").arg("stats").query_async(redis).await.unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).unwrap();
        line.parse::<u64>().unwrap()
    };
    let before = reads(&mut redis).await;
    for _ in 0..100 {
        list.is_revoked(session).await.unwrap();
    }
    // One of the reads is that of INFO itself.
    assert_eq!(reads(&mut redis).await - before - 1, 100);
}
