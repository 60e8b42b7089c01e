//! `MemoryRevocations`: the suite that every list passes, and the time at which it forgets an entry.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::testing::{TestClock, check_revocations};
use sealed_session::{
    BackendError, BoxFuture, Clock, MemoryRevocations, Revocable, Revocations, SessionId, SystemClock, UnixTime,
};

use crate::helpers::{START, at, id};

#[tokio::test]
async fn it_keeps_to_every_rule_by_the_system_clock_and_by_another() {
    check_revocations(&MemoryRevocations::default(), SystemClock.now()).await;
    for now in [UnixTime::MIN.checked_add(Duration::from_secs(5000)).unwrap(), at(START)] {
        check_revocations(&MemoryRevocations::new().clock(TestClock::fixed(now)), now).await;
    }
}

#[tokio::test]
async fn shared_it_keeps_to_every_rule_as_well() {
    check_revocations(&Arc::new(MemoryRevocations::new()), SystemClock.now()).await;
}

#[tokio::test]
async fn a_shared_list_says_itself_whether_it_is_healthy() {
    assert!(!Arc::new(Sick).is_healthy().await);
}

#[tokio::test]
async fn entries_go_by_themselves_and_none_before_its_time() {
    let clock = TestClock::fixed(at(START));
    let list = MemoryRevocations::new().clock(clock.clone());
    // There are 100 new entries a second, each for 60 seconds. So 6,000 of them are live after the first minute.
    for second in 0..300_u64 {
        clock.set(at(START + second));
        for n in 0..100 {
            let until = at(START + second + 60);
            match n % 2 {
                0 => list.revoke(id(second * 100 + n), until).await.unwrap(),
                _ => list.revoke_subject(&(second * 100 + n).to_string(), at(START), until).await.unwrap(),
            }
        }
        for live in second.saturating_sub(59)..=second {
            assert!(list.is_revoked(Revocable::new(id(live * 100), None, at(START))).await.unwrap(), "{second} {live}");
            let subject = (live * 100 + 1).to_string();
            assert!(
                list.is_revoked(Revocable::new(id(0), Some(&subject), at(START))).await.unwrap(),
                "{second} {live}"
            );
        }
        // The list looks for entries that are over each time that it has doubled, so it holds at most twice as many as were
        // live.
        assert!(list.len() <= 12_000, "{} in second {second}", list.len());
    }
    assert!(!list.is_revoked(Revocable::new(id(2), None, at(START))).await.unwrap(), "the first have gone");
    assert!(!list.is_revoked(Revocable::new(id(u64::MAX), Some("1"), at(START))).await.unwrap(), "and subjects");
}

#[tokio::test]
async fn an_entry_may_go_at_its_time_and_not_a_second_before() {
    for (now, is_kept) in [(START - 1, true), (START, false), (START + 1, false)] {
        let clock = TestClock::fixed(at(START - 10));
        let list = MemoryRevocations::new().clock(clock.clone());
        list.revoke(id(0), at(START)).await.unwrap();
        list.revoke_subject("42", at(START), at(START)).await.unwrap();
        clock.set(at(now));
        for n in 1..2000 {
            list.revoke(id(n), UnixTime::MAX).await.unwrap();
        }
        let by_id = list.is_revoked(Revocable::new(id(0), None, at(START))).await.unwrap();
        let by_subject = list.is_revoked(Revocable::new(id(u64::MAX), Some("42"), at(START))).await.unwrap();
        assert_eq!((by_id, by_subject), (is_kept, is_kept), "{now}");
    }
}

#[tokio::test]
async fn many_live_entries_are_looked_through_seldom() {
    let clock = TestClock::stepping(at(START), Duration::from_secs(1));
    let list = MemoryRevocations::new().clock(clock.clone());
    for n in 0..100_000 {
        list.revoke(id(n), UnixTime::MAX).await.unwrap();
    }
    // The list asked the clock when it had 1,024 entries, and each time that they had doubled since.
    assert_eq!(clock.now(), at(START + 7));
    assert_eq!(list.len(), 100_000);
}

#[tokio::test]
async fn few_entries_are_looked_through_when_there_are_1024() {
    let clock = TestClock::stepping(at(START), Duration::from_secs(1));
    let list = MemoryRevocations::new().clock(clock.clone());
    for n in 0..1024 {
        list.revoke(id(n), at(START)).await.unwrap();
    }
    assert_eq!(list.len(), 1024);
    for n in 0..1000 {
        list.revoke(id(n), UnixTime::MAX).await.unwrap();
    }
    assert_eq!((list.len(), clock.now()), (1000, at(START + 1)), "it looked once");
}

#[tokio::test]
async fn without_a_clock_of_yours_it_goes_by_the_system_clock() {
    for list in [MemoryRevocations::new(), MemoryRevocations::default()] {
        for n in 0..3000 {
            list.revoke(id(n), at(START)).await.unwrap();
        }
        assert!(list.len() <= 1024, "{}", list.len());
    }
}

#[tokio::test]
async fn it_counts_what_it_holds_and_shows_nothing_of_it() {
    let list = MemoryRevocations::new();
    assert!(list.is_empty());
    for _ in 0..2 {
        list.revoke(id(7), UnixTime::MAX).await.unwrap();
        list.revoke_subject("\"ada@example.com\"", UnixTime::MIN, UnixTime::MAX).await.unwrap();
        assert_eq!((list.len(), list.is_empty()), (2, false));
    }
    assert_eq!(format!("{list:?}"), "MemoryRevocations { len: 2, .. }");
}

struct Sick;

impl Revocations for Sick {
    fn revoke(&self, _: SessionId, _: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async { Ok(()) })
    }

    fn revoke_subject<'a>(&'a self, _: &'a str, _: UnixTime, _: UnixTime) -> BoxFuture<'a, Result<(), BackendError>> {
        Box::pin(async { Ok(()) })
    }

    fn is_revoked<'a>(&'a self, _: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async { Ok(false) })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}
