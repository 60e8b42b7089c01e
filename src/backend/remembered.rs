//! [`Remembered`]: the answers "not revoked" of a list that count for a while in this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::owner::Owner;
use super::revocations::Generation;
use crate::data::SessionId;
use crate::time::UnixTime;

/// The answers of the list that let a session in, each for one id, one subject and one generation. An answer that keeps
/// a session out is never remembered.
///
/// A revocation by this process counts here at once: the answers that it concerns are forgotten, and one that is still
/// on its way is not remembered, since the list may have given it before the revocation.
pub(crate) struct Remembered {
    /// The seconds for which an answer counts.
    window: u64,
    /// The answers, apart by the last byte of their ids, so that requests seldom wait for each other's lock.
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    answers: HashMap<SessionId, Answer>,
    /// The number of times that an answer was to be forgotten here.
    forgotten: u64,
}

struct Answer {
    subject: Option<Box<str>>,
    generation: Option<Generation>,
    /// The time before the list was asked.
    asked_at: UnixTime,
}

/// Says where a question stands that is about to be asked: its answer is remembered only if nothing was to be forgotten
/// since.
pub(crate) struct Ticket {
    forgotten: u64,
    asked_at: UnixTime,
}

/// The source of what is known of a session that the list has nothing against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// The list was asked in this request, or there is none.
    #[default]
    Now,
    /// The list was asked a while ago.
    Before,
}

impl Remembered {
    /// `window` is in seconds.
    pub(crate) fn new(window: u64) -> Self {
        Self { window, shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Returns nothing if the list let this session in within the window, and else a ticket for the question.
    ///
    /// An answer from the future counts for nothing: it was given before the clock went back, and nobody knows how long
    /// ago.
    pub(crate) fn recall(&self, id: SessionId, owner: &Owner, now: UnixTime) -> Option<Ticket> {
        let shard = self.shard(id);
        let counts = shard.answers.get(&id).is_some_and(|answer| {
            let is_of = answer.subject.as_deref() == owner.subject.as_deref() && answer.generation == owner.generation;
            is_of && self.is_fresh(answer, now)
        });
        (!counts).then_some(Ticket { forgotten: shard.forgotten, asked_at: now })
    }

    /// Remembers that the list let this session in.
    pub(crate) fn remember(&self, ticket: &Ticket, id: SessionId, owner: &Owner) {
        let subject = owner.subject.as_deref();
        if subject.is_some_and(|subject| subject.len() > LONGEST_SUBJECT) {
            return;
        }
        let mut shard = self.shard(id);
        if shard.forgotten != ticket.forgotten {
            return;
        }
        if shard.answers.len() >= LARGEST_SHARD {
            shard.answers.retain(|_, answer| self.is_fresh(answer, ticket.asked_at));
            // If few were too old, the next answers would look through all of them again and again.
            if shard.answers.len() > LARGEST_SHARD / 2 {
                shard.answers.clear();
            }
        }
        let (subject, generation) = (subject.map(Into::into), owner.generation);
        shard.answers.insert(id, Answer { subject, generation, asked_at: ticket.asked_at });
    }

    /// Forgets the answers about an id.
    pub(crate) fn forget(&self, id: SessionId) {
        let mut shard = self.shard(id);
        shard.answers.remove(&id);
        shard.forgotten = shard.forgotten.wrapping_add(1);
    }

    /// Forgets the answers about every session of a subject.
    pub(crate) fn forget_subject(&self, subject: &str) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.answers.retain(|_, answer| answer.subject.as_deref() != Some(subject));
            shard.forgotten = shard.forgotten.wrapping_add(1);
        }
    }

    fn is_fresh(&self, answer: &Answer, now: UnixTime) -> bool {
        answer.asked_at <= now && now.seconds_since(answer.asked_at) < self.window
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, Shard> {
        let [.., last] = id.to_bytes();
        let [first, rest @ ..] = &self.shards;
        lock(rest.get(usize::from(last) % SHARDS).unwrap_or(first))
    }
}

/// A panic elsewhere leaves the answers whole: each change is one call of the map.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;

/// The most answers of a shard, so that all shards hold 65,536: tables of some 8 MB, and 17 MB of subjects at most.
const LARGEST_SHARD: usize = 4096;

/// The bytes of the longest subject that is remembered. A session with a longer one is asked about each time.
const LONGEST_SUBJECT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds).unwrap()
    }

    fn id(number: u64) -> SessionId {
        SessionId::from_bytes(u128::from(number).to_be_bytes())
    }

    fn owner(subject: &str) -> Owner {
        Owner { subject: Some(subject.to_owned()), generation: None, is_somebody: true }
    }

    fn remember(remembered: &Remembered, number: u64, subject: &str, now: u64) {
        let ticket = remembered.recall(id(number), &owner(subject), at(now)).unwrap();
        remembered.remember(&ticket, id(number), &owner(subject));
    }

    fn counts(remembered: &Remembered, number: u64, subject: &str, now: u64) -> bool {
        remembered.recall(id(number), &owner(subject), at(now)).is_none()
    }

    fn len(remembered: &Remembered) -> usize {
        remembered.shards.iter().map(|shard| lock(shard).answers.len()).sum()
    }

    #[test]
    fn an_answer_counts_for_its_window_and_not_a_second_longer_nor_before_it_was_given() {
        let remembered = Remembered::new(10);
        remember(&remembered, 1, "42", 1_000);
        let counted = [999, 1_000, 1_009, 1_010, 9_999].map(|now| counts(&remembered, 1, "42", now));
        assert_eq!(counted, [false, true, true, false, false]);
    }

    #[test]
    fn an_answer_counts_for_its_id_its_subject_and_its_generation_alone() {
        let remembered = Remembered::new(10);
        remember(&remembered, 1, "42", 1_000);
        assert!(!counts(&remembered, 2, "42", 1_000));
        assert!(!counts(&remembered, 1, "43", 1_000));
        assert!(remembered.recall(id(1), &Owner::default(), at(1_000)).is_some(), "no subject is another one");
        let later = Owner { generation: Some(Generation::from_bytes([1; 8])), ..owner("42") };
        assert!(remembered.recall(id(1), &later, at(1_000)).is_some());
    }

    #[test]
    fn a_forgotten_answer_counts_no_more_and_one_that_is_on_its_way_is_not_remembered() {
        let forgets: [fn(&Remembered); 2] =
            [|remembered| remembered.forget(id(1)), |remembered| remembered.forget_subject("42")];
        for forget in forgets {
            let remembered = Remembered::new(10);
            remember(&remembered, 1, "42", 1_000);
            remember(&remembered, 18, "43", 1_000);
            forget(&remembered);
            assert!(!counts(&remembered, 1, "42", 1_000));
            assert!(counts(&remembered, 18, "43", 1_000), "another session stays known");

            let ticket = remembered.recall(id(1), &owner("42"), at(1_000)).unwrap();
            forget(&remembered);
            remembered.remember(&ticket, id(1), &owner("42"));
            assert!(!counts(&remembered, 1, "42", 1_000), "the list may have answered before the revocation");
            remember(&remembered, 1, "42", 1_000);
            assert!(counts(&remembered, 1, "42", 1_000), "the next answer is remembered again");
        }
    }

    #[test]
    fn memory_is_bounded_by_old_answers_first_and_then_by_all() {
        let remembered = Remembered::new(10);
        let most = u64::try_from(SHARDS * LARGEST_SHARD).unwrap();
        for number in 0..most {
            remember(&remembered, number, "42", if number / 16 % 4 == 0 { 1_009 } else { 1_000 });
        }
        assert_eq!(len(&remembered), SHARDS * LARGEST_SHARD);
        remember(&remembered, most, "42", 1_012);
        assert!(counts(&remembered, most - 64, "42", 1_012), "a fresh one stays, where old ones made room");
        for number in 0..3 * most {
            remember(&remembered, 10 * most + number, "42", 1_012);
            assert!(number % 1_000 != 0 || len(&remembered) <= SHARDS * LARGEST_SHARD);
        }
        assert!(counts(&remembered, 13 * most - 1, "42", 1_012), "the last one is always remembered");
        remember(&remembered, 1, &"x".repeat(LONGEST_SUBJECT + 1), 1_012);
        assert!(!counts(&remembered, 1, &"x".repeat(LONGEST_SUBJECT + 1), 1_012));
    }
}
