//! `MemoryRevocations`: the suite that every list passes, and the time at which it forgets an entry.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::testing::{TestClock, check_revocations};
use sealed_session::{
    BackendError, BoxFuture, Clock, Generation, Known, Mark, MemoryRevocations, Only, Revocations, SessionId,
    SystemClock, UnixTime,
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
                0 => drop(list.revoke(id(second * 100 + n), Mark::Ended, until).await.unwrap()),
                _ => assert!(
                    list.revoke_subject(&(second * 100 + n).to_string(), Only::Any, FIRST, until).await.unwrap()
                ),
            }
        }
        for live in second.saturating_sub(59)..=second {
            let subject = (live * 100 + 1).to_string();
            let known = list.look(Some(id(live * 100)), Some(&subject)).await.unwrap();
            assert_eq!(known, Known::new(Some(Mark::Ended), Some(FIRST)), "{second} {live}");
        }
        // The list looks for entries that are over each time that it has doubled, so it holds at most twice as many as
        // were live.
        assert!(list.len() <= 12_000, "{} in second {second}", list.len());
    }
    assert_eq!(list.look(Some(id(2)), Some("1")).await, Ok(Known::default()), "the first have gone");
}

#[tokio::test]
async fn an_entry_may_go_at_its_time_and_not_a_second_before() {
    for (now, is_kept) in [(START - 1, true), (START, false), (START + 1, false)] {
        let clock = TestClock::fixed(at(START - 10));
        let list = MemoryRevocations::new().clock(clock.clone());
        list.revoke(id(0), Mark::Ended, at(START)).await.unwrap();
        list.revoke_subject("42", Only::Any, FIRST, at(START)).await.unwrap();
        clock.set(at(now));
        for n in 1..2000 {
            list.revoke(id(n), Mark::Ended, UnixTime::MAX).await.unwrap();
        }
        let known = list.look(Some(id(0)), Some("42")).await.unwrap();
        assert_eq!((known.mark.is_some(), known.generation.is_some()), (is_kept, is_kept), "{now}");
    }
}

#[tokio::test]
async fn many_live_entries_are_looked_through_seldom() {
    let clock = TestClock::stepping(at(START), Duration::from_secs(1));
    let list = MemoryRevocations::new().clock(clock.clone());
    for n in 0..100_000 {
        list.revoke(id(n), Mark::Ended, UnixTime::MAX).await.unwrap();
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
        list.revoke(id(n), Mark::Ended, at(START)).await.unwrap();
    }
    assert_eq!(list.len(), 1024);
    for n in 0..1000 {
        list.revoke(id(n), Mark::Ended, UnixTime::MAX).await.unwrap();
    }
    assert_eq!((list.len(), clock.now()), (1000, at(START + 1)), "it looked once");
}

#[tokio::test]
async fn without_a_clock_of_yours_it_goes_by_the_system_clock() {
    for list in [MemoryRevocations::new(), MemoryRevocations::default()] {
        for n in 0..3000 {
            list.revoke(id(n), Mark::Ended, at(START)).await.unwrap();
        }
        assert!(list.len() <= 1024, "{}", list.len());
    }
}

#[tokio::test]
async fn it_counts_what_it_holds_and_shows_nothing_of_it() {
    let list = MemoryRevocations::new();
    assert!(list.is_empty());
    for _ in 0..2 {
        list.revoke(id(7), Mark::Ended, UnixTime::MAX).await.unwrap();
        list.revoke_subject("\"ada@example.com\"", Only::Any, FIRST, UnixTime::MAX).await.unwrap();
        assert_eq!((list.len(), list.is_empty()), (2, false));
    }
    assert_eq!(format!("{list:?}"), "MemoryRevocations { len: 2, .. }");
}

#[tokio::test]
async fn an_entry_that_is_written_again_lives_until_the_later_of_its_times() {
    for [first, second] in [[START, START + 100], [START + 100, START]] {
        let clock = TestClock::fixed(at(START - 10));
        let list = MemoryRevocations::new().clock(clock.clone());
        let successor = Mark::Became(id(1_000_000));
        list.revoke(id(0), successor, at(first)).await.unwrap();
        assert_eq!(list.revoke(id(0), Mark::Ended, at(second)).await, Ok(successor));
        list.revoke_subject("42", Only::Any, FIRST, at(first)).await.unwrap();
        let second_generation = Generation::from_bytes([2; 8]);
        assert_eq!(list.revoke_subject("42", Only::Of(None), second_generation, UnixTime::MAX).await, Ok(false));
        assert_eq!(list.revoke_subject("42", Only::Of(Some(FIRST)), second_generation, at(second)).await, Ok(true));
        for (now, known) in [
            (START + 99, Known::new(Some(successor), Some(second_generation))),
            (START + 100, Known::default()), // what was refused moved no time
        ] {
            clock.set(at(now));
            for n in 1..3000 {
                list.revoke(id(n), Mark::Ended, at(START)).await.unwrap();
            }
            assert_eq!(list.look(Some(id(0)), Some("42")).await, Ok(known), "{first} {second} {now}");
        }
    }
}

const FIRST: Generation = Generation::from_bytes([1; 8]);

struct Sick;

impl Revocations for Sick {
    fn revoke(&self, _: SessionId, mark: Mark, _: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move { Ok(mark) })
    }

    fn revoke_subject<'a>(
        &'a self,
        _: &'a str,
        _: Only,
        _: Generation,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async { Ok(true) })
    }

    fn look<'a>(&'a self, _: Option<SessionId>, _: Option<&'a str>) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async { Ok(Known::default()) })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}
