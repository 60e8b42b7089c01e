//! The list of revocations in Redis: the suite that every list passes, and the rules that only this list has.

use std::sync::Arc;

use sealed_session::testing::check_revocations;
use sealed_session::{
    BackendErrorKind, Clock, Generation, Known, Mark, Only, RedisRevocations, Revocations, SessionId, SystemClock,
    UnixTime,
};

use crate::helpers::{at, new_id};
use crate::server::address;
use crate::{patient, pool, raw};

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
    for (until, number) in [(now + 100, 1), (now + 300, 2), (now + 200, 3)] {
        list.revoke(id, Mark::Became(SessionId::from_bytes([number; 16])), at(until)).await.unwrap();
        list.revoke_subject(&subject, Only::Any, generation(number), at(until)).await.unwrap();
    }
    // A revocation that is refused moves no time.
    assert!(!list.revoke_subject(&subject, Only::Of(None), generation(4), UnixTime::MAX).await.unwrap());
    let value: String = redis::cmd("GET").arg(format!("ttl:revoked:{id}")).query_async(&mut redis).await.unwrap();
    assert_eq!(value, format!("01010101010101010101010101010101 {}", now + 300));
    let value: String = redis::cmd("GET").arg(format!("ttl:subject:{subject}")).query_async(&mut redis).await.unwrap();
    assert_eq!(value, format!("0303030303030303 {}", now + 300));
    for key in [format!("ttl:revoked:{id}"), format!("ttl:subject:{subject}")] {
        let expires_at: u64 = redis::cmd("EXPIRETIME").arg(&key).query_async(&mut redis).await.unwrap();
        assert_eq!(expires_at, now + 360, "{key}");
    }
    // Redis keeps an entry for a minute after its time. It still takes one whose minute is not over, and no other.
    for (until, is_kept) in [(now - 50, true), (now - 61, false)] {
        let id = new_id();
        list.revoke(id, Mark::Ended, at(until)).await.unwrap();
        assert_eq!(list.look(Some(id), None).await.unwrap().mark.is_some(), is_kept);
    }
}

#[tokio::test]
async fn what_it_did_not_store_is_an_error_and_admits_nobody() {
    let (Some(_), Some(address)) = (pool("corrupt"), address()) else { return };
    let list = RedisRevocations::new(&patient(&address).prefix("corrupt:"));
    let mut redis = raw(&address).await;
    let no_time = format!("{:032x} x", 7);
    let no_space = format!("{:032x}7", 7);
    let too_long = format!("{:034x} 7", 7);
    for garbage in [
        "",
        "7",
        "x 7",
        "-1 7",
        "07 7",
        "179567200 7",
        "17956720001234 7",
        "7\u{fffd} 7",
        " 7",
        &no_time,
        &no_space,
        &too_long,
    ] {
        let (id, subject) = (new_id(), new_id().to_string());
        for key in [format!("corrupt:revoked:{id}"), format!("corrupt:subject:{subject}")] {
            let () = redis::cmd("SET").arg(&key).arg(garbage).query_async(&mut redis).await.unwrap();
        }
        let errors = [
            list.look(Some(id), None).await.unwrap_err(),
            list.look(None, Some(&subject)).await.unwrap_err(),
            list.look(Some(id), Some(&subject)).await.unwrap_err(),
            list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap_err(),
            list.revoke_subject(&subject, Only::Any, generation(7), UnixTime::MAX).await.unwrap_err(),
            list.revoke_subject(&subject, Only::Of(None), generation(7), UnixTime::MAX).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), BackendErrorKind::Corrupt, "{garbage:?}");
        }
    }
    let (id, subject) = (new_id(), new_id().to_string());
    for key in [format!("corrupt:revoked:{id}"), format!("corrupt:subject:{subject}")] {
        let () = redis::cmd("LPUSH").arg(&key).arg(7).query_async(&mut redis).await.unwrap();
    }
    for (id, subject) in [(Some(id), None), (None, Some(subject.as_str()))] {
        assert_eq!(list.look(id, subject).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
    }
    assert_eq!(list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
}

#[tokio::test]
async fn an_entry_of_version_0_1_ends_what_it_ended_there_and_makes_way_for_a_generation() {
    let (Some(_), Some(address)) = (pool("of_0_1"), address()) else { return };
    let list = RedisRevocations::new(&patient(&address));
    let mut redis = raw(&address).await;
    let (id, subject) = (new_id(), format!("\"{}\"", new_id()));
    let (mark, cutoff) = (format!("sealed_session:revoked:{id}"), format!("sealed_session:subject:{subject}"));
    for (key, value) in [(&mark, "1099511627775 4000000000"), (&cutoff, "1795672000 4000000000")] {
        let () = redis::cmd("SET").arg(key).arg(value).query_async(&mut redis).await.unwrap();
    }
    let of_0_1 = Generation::from_bytes(1_795_672_000_u64.to_be_bytes());
    assert_eq!(list.look(Some(id), Some(&subject)).await, Ok(Known::new(Some(Mark::Ended), Some(of_0_1))));
    // The mark stays, with the later time, and 0.1 still knows it.
    assert_eq!(list.revoke(id, Mark::Became(new_id()), at(4_100_000_000)).await, Ok(Mark::Ended));
    let value: String = redis::cmd("GET").arg(&mark).query_async(&mut redis).await.unwrap();
    assert_eq!(value, "1099511627775 4100000000");
    // The cut-off is a generation like any other: a session without one does not replace it, and whoever has it does.
    assert!(!list.revoke_subject(&subject, Only::Of(None), generation(7), UnixTime::MAX).await.unwrap());
    assert!(list.revoke_subject(&subject, Only::Of(Some(of_0_1)), generation(7), at(3_900_000_000)).await.unwrap());
    let value: String = redis::cmd("GET").arg(&cutoff).query_async(&mut redis).await.unwrap();
    assert_eq!(value, "0707070707070707 4000000000", "the later of both times");
}

#[tokio::test]
async fn a_session_that_ended_is_written_as_version_0_1_reads_it() {
    let (Some(_), Some(address)) = (pool("for_0_1"), address()) else { return };
    let (list, mut redis) = (RedisRevocations::new(&patient(&address)), raw(&address).await);
    let id = new_id();
    list.revoke(id, Mark::Ended, at(4_000_000_000)).await.unwrap();
    let value: String =
        redis::cmd("GET").arg(format!("sealed_session:revoked:{id}")).query_async(&mut redis).await.unwrap();
    // A time after which no session began, a space, and the time until which the entry is kept.
    assert_eq!(value, "1099511627775 4000000000");
}

#[tokio::test]
async fn lists_with_two_prefixes_know_nothing_of_each_other() {
    let (Some(one), Some(other)) = (pool("one"), pool("other")) else { return };
    let (one, other) = (RedisRevocations::new(&one), RedisRevocations::new(&other));
    let id = new_id();
    one.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap();
    one.revoke_subject("42", Only::Any, generation(7), UnixTime::MAX).await.unwrap();
    let known = Known::new(Some(Mark::Ended), Some(generation(7)));
    assert_eq!(one.look(Some(id), Some("42")).await, Ok(known));
    assert_eq!(other.look(Some(id), Some("42")).await, Ok(Known::default()));
}

#[tokio::test]
async fn a_mark_that_stands_is_told_even_while_redis_is_full() {
    let Some(_) = address() else { return };
    let server = crate::server::Server::start(&[]);
    let list = RedisRevocations::new(&patient(&server.address()));
    let (id, mark) = (new_id(), Mark::Became(new_id()));
    list.revoke(id, mark, at(4_000_000_000)).await.unwrap();
    let mut redis = raw(&server.address()).await;
    let () = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).query_async(&mut redis).await.unwrap();
    assert_eq!(list.revoke(id, Mark::Ended, at(4_000_000_000)).await, Ok(mark));
    assert_eq!(list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap_err().kind(), BackendErrorKind::Full);
    assert_eq!(list.look(Some(id), None).await, Ok(Known::new(Some(mark), None)));
}

#[tokio::test]
async fn a_session_is_asked_about_in_one_round_trip() {
    let (Some(_), Some(address)) = (pool("round"), address()) else { return };
    // The test starts a server of its own, so that requests of other tests are not counted.
    let server = crate::server::Server::start(&[]);
    drop(address);
    let list = RedisRevocations::new(&patient(&server.address()));
    let subject = new_id().to_string();
    let id = new_id();
    list.look(Some(id), Some(&subject)).await.unwrap();
    let mut redis = raw(&server.address()).await;
    let reads = async |redis: &mut redis::aio::MultiplexedConnection| {
        let info: String = redis::cmd("INFO").arg("stats").query_async(redis).await.unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).unwrap();
        line.parse::<u64>().unwrap()
    };
    let before = reads(&mut redis).await;
    for _ in 0..100 {
        list.look(Some(id), Some(&subject)).await.unwrap();
    }
    // A look without an id and without a subject asks the server nothing.
    list.look(None, None).await.unwrap();
    // One of the reads is INFO's own.
    assert_eq!(reads(&mut redis).await - before - 1, 100);
}

fn generation(number: u8) -> Generation {
    Generation::from_bytes([number; 8])
}
