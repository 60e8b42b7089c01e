//! Keeps the entries of the doubles of a store and of a list, and notes in the books when an entry changes.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sealed_session::{Generation, Mark, Record, SessionId, UnixTime};

use crate::ledger::Touch;
use crate::reader::Reader;
use crate::story::{Story, Values, shown};
use crate::world::State;

pub(crate) struct Shelves {
    records: Vec<(SessionId, Record)>,
    pub(crate) marks: Vec<Entry<SessionId, Mark>>,
    pub(crate) generations: Vec<Entry<String, Generation>>,
    pub(crate) reader: Reader,
}

/// An entry of the list: it may go at `until`.
pub(crate) struct Entry<K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
    pub(crate) until: UnixTime,
}

impl Shelves {
    pub(crate) fn new(time: &Arc<AtomicU64>, absolute: u64) -> Self {
        Self { records: Vec::new(), marks: Vec::new(), generations: Vec::new(), reader: Reader::new(time, absolute) }
    }

    /// Removes all that is past its time.
    pub(crate) fn clean(&mut self, now: UnixTime) {
        self.records.retain(|(_, record)| record.expires_at() > now);
        self.marks.retain(|entry| entry.until > now);
        self.generations.retain(|entry| entry.until > now);
    }

    /// Returns true when a cleanup would remove anything.
    pub(crate) fn has_expired(&self, now: UnixTime) -> bool {
        self.records.iter().any(|(_, record)| record.expires_at() <= now)
            || self.marks.iter().any(|entry| entry.until <= now)
            || self.generations.iter().any(|entry| entry.until <= now)
    }

    /// Spoils a record, so that nobody can read it.
    pub(crate) fn damage(&mut self, id: SessionId) {
        for (_, record) in self.records.iter_mut().filter(|(other, _)| *other == id) {
            let mut bytes = record.bytes().to_vec();
            bytes.iter_mut().skip(40).for_each(|byte| *byte ^= 1);
            *record = Record::new(bytes, record.expires_at());
        }
    }

    pub(crate) fn record(&self, id: SessionId) -> Option<&Record> {
        self.records.iter().find(|(other, _)| *other == id).map(|(_, record)| record)
    }

    pub(crate) fn put(&mut self, id: SessionId, record: &Record) {
        self.remove(id);
        self.records.push((id, record.clone()));
    }

    pub(crate) fn remove(&mut self, id: SessionId) {
        self.records.retain(|(other, _)| *other != id);
    }

    /// The values that are stored under an id.
    pub(crate) fn values(&self, id: SessionId) -> Option<Values> {
        self.reader.read(id, self.record(id)?)
    }

    /// The mark that a tombstone says.
    fn tombstone(&self, id: SessionId) -> Option<Mark> {
        Some(Mark::from_bytes(self.record(id)?.bytes().try_into().ok()?))
    }
}

/// Returns a mark in the words of the story.
pub(crate) fn told_mark(story: &mut Story, mark: Option<Mark>) -> String {
    match mark {
        None => "nothing".to_owned(),
        Some(Mark::Ended) => "ended".to_owned(),
        Some(Mark::Became(id)) => format!("became {}", story.id(id)),
    }
}

/// Returns a generation in the words of the story.
pub(crate) fn told_generation(story: &mut Story, generation: Option<Generation>) -> String {
    generation.map_or("none".to_owned(), |generation| story.generation(generation.to_bytes()))
}

impl State {
    /// Returns in the words of the story what is stored under an id; nothing if no story is told.
    pub(crate) fn told_record(&mut self, id: SessionId) -> String {
        if !self.story.is_told() {
            return String::new();
        }
        if self.shelves.record(id).is_none() {
            return "nothing".to_owned();
        }
        match (self.shelves.tombstone(id), self.shelves.values(id)) {
            (Some(mark), _) => format!("tombstone: {}", told_mark(&mut self.story, Some(mark))),
            (None, Some(values)) => shown(&values),
            (None, None) => "an unreadable record".to_owned(),
        }
    }

    fn touch(&mut self, id: SessionId, is_end: bool) -> Option<usize> {
        let by = self.runs?;
        self.ledger.is_changed = true;
        self.ledger.touches.push(Touch { by, id, is_end });
        Some(by)
    }

    /// Notes a save, and checks that it changes only the keys which its request wrote. A tombstone is noted as an end.
    pub(crate) fn note_save(&mut self, id: SessionId, before: Option<Values>) {
        if self.shelves.tombstone(id).is_some() {
            return self.note_end(id, before);
        }
        let Some(by) = self.touch(id, false) else { return };
        let is_out = self.ledger.cookies.iter().any(|cookie| cookie.id == id);
        if is_out && self.ledger.acts[by].wrote.contains(&"login") {
            // From now on the cookies of this session are of another login, whether or not the request is answered.
            self.ledger.logins[by + 1].done = Some(self.step);
        }
        let (Some(before), Some(after), true) = (before, self.shelves.values(id), is_out) else { return };
        if let Some(key) = self.ledger.lost_key(by, &before, &after) {
            let id = self.story.id(id);
            let what = format!("request {} saves {id} and undoes what another one wrote to {key:?}", by + 1);
            self.ledger.break_it("I4", what);
        }
    }

    /// Notes that the end of a session was asked for, whose record held these values, if it had one.
    pub(crate) fn note_end(&mut self, id: SessionId, before: Option<Values>) {
        let Some(by) = self.touch(id, true) else { return };
        if self.ledger.acts[by].has_destroyed {
            return;
        }
        let act = &mut self.ledger.acts[by];
        if act.loaded.as_ref().is_some_and(|loaded| loaded.id == id) && before.is_some() {
            act.buried = before;
        }
    }

    /// Notes that a login asked for the generation of its own subject, without a session.
    pub(crate) fn note_taken(&mut self, subject: &str) {
        let Some(by) = self.runs else { return };
        if self.plans[by].kind.user().is_some_and(|user| user.to_string() == subject) {
            self.ledger.logins[by + 1].took = Some(self.step);
        }
    }

    /// Notes that a subject has a new generation.
    pub(crate) fn note_revocation(&mut self) {
        let step = self.step;
        let Some(by) = self.runs else { return };
        self.ledger.is_changed = true;
        for revocation in self.ledger.revocations.iter_mut().filter(|revocation| revocation.by == by) {
            revocation.had_effect = Some(step);
        }
    }
}
