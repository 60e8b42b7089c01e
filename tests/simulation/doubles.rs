//! The doubles of a store and of a list: what they hold, and each of their methods as questions over the network. Nothing else
//! here knows the two traits.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use sealed_session::{
    BackendError, BoxFuture, Record, Revocable, Revocations, Save, SessionId, SessionManager, SessionStore, UnixTime,
};

use crate::fleet;
use crate::ledger::Touch;
use crate::network::at_once;
use crate::setting::SKEW;
use crate::story::{Values, shown, values_of};
use crate::world::{State, World, clock};

/// The store that the nodes share.
pub(crate) struct StoreDouble(pub(crate) Arc<World>);

/// The list that they share.
pub(crate) struct ListDouble(pub(crate) Arc<World>);

/// What both hold.
pub(crate) struct Shelves {
    records: Vec<(SessionId, Record)>,
    ids: Vec<(SessionId, UnixTime)>,
    subjects: Vec<Subject>,
    reader: Reader,
}

struct Subject {
    name: String,
    cutoff: UnixTime,
    until: UnixTime,
}

impl Shelves {
    pub(crate) fn new(time: &Arc<AtomicU64>) -> Self {
        Self { records: Vec::new(), ids: Vec::new(), subjects: Vec::new(), reader: Reader::new(time) }
    }

    /// Removes all that is past its time.
    pub(crate) fn clean(&mut self, now: UnixTime) {
        self.records.retain(|(_, record)| record.expires_at() > now);
        self.ids.retain(|(_, until)| *until > now);
        self.subjects.retain(|subject| subject.until > now);
    }

    /// Spoils a record, so that nobody can read it.
    pub(crate) fn damage(&mut self, id: SessionId) {
        for (_, record) in self.records.iter_mut().filter(|(other, _)| *other == id) {
            let mut bytes = record.bytes().to_vec();
            bytes.iter_mut().skip(40).for_each(|byte| *byte ^= 1);
            *record = Record::new(bytes, record.expires_at());
        }
    }

    fn record(&self, id: SessionId) -> Option<&Record> {
        self.records.iter().find(|(other, _)| *other == id).map(|(_, record)| record)
    }

    /// The values that are stored under an id.
    pub(crate) fn values(&self, id: SessionId) -> Option<Values> {
        self.reader.read(id, self.record(id)?)
    }

    fn told(&self, id: SessionId) -> String {
        match self.record(id) {
            None => "nothing".to_owned(),
            Some(_) => self.values(id).map_or("an unreadable record".to_owned(), |values| shown(&values)),
        }
    }

    fn put(&mut self, id: SessionId, record: &Record) {
        self.records.retain(|(other, _)| *other != id);
        self.records.push((id, record.clone()));
    }

    fn save(&mut self, id: SessionId, record: &Record, save: Save) -> bool {
        let is_wanted = self.record(id).is_some() == (save == Save::Update);
        if is_wanted {
            self.put(id, record);
        }
        is_wanted
    }
}

impl SessionStore for StoreDouble {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(self.0.ask(
            move |story| format!("store: load {}", story.id(id)),
            move |state| (state.shelves.record(id).cloned(), state.shelves_told(id)),
        ))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(self.0.ask(
            move |story| format!("store: {} {}", if save == Save::Create { "create" } else { "update" }, story.id(id)),
            move |state| {
                let before = state.shelves.values(id);
                let is_written = state.shelves.save(id, record, save);
                if is_written {
                    state.note_save(id, before.as_ref());
                }
                let told = if is_written { state.shelves_told(id) } else { "no".to_owned() };
                (is_written, told)
            },
        ))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.0.ask(
            move |story| format!("store: delete {}", story.id(id)),
            move |state| {
                let before = state.shelves.values(id);
                state.shelves.records.retain(|(other, _)| *other != id);
                state.note_end(id, before);
                ((), "done".to_owned())
            },
        ))
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.0.state().shelves.clean(now);
        Box::pin(async { Ok(0) })
    }
}

impl Revocations for ListDouble {
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.0.ask(
            move |story| format!("list: put {}", story.id(id)),
            move |state| {
                let ids = &mut state.shelves.ids;
                match ids.iter_mut().find(|(other, _)| *other == id) {
                    Some((_, kept)) => *kept = until.max(*kept),
                    None => ids.push((id, until)),
                }
                state.note_end(id, None);
                ((), "done".to_owned())
            },
        ))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        Box::pin(self.0.ask(
            move |_| format!("list: cut {subject} off at {}", told(cutoff)),
            move |state| {
                let subjects = &mut state.shelves.subjects;
                match subjects.iter_mut().find(|other| other.name == subject) {
                    Some(kept) => {
                        kept.cutoff = cutoff.max(kept.cutoff);
                        kept.until = until.max(kept.until);
                    }
                    None => subjects.push(Subject { name: subject.to_owned(), cutoff, until }),
                }
                state.note_revocation();
                ((), "done".to_owned())
            },
        ))
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let has_id = self.0.ask(
                move |story| format!("list: is {} there?", story.id(session.id)),
                move |state| yes_or_no(state.shelves.ids.iter().any(|(id, _)| *id == session.id)),
            );
            if has_id.await? {
                return Ok(true);
            }
            let Some(subject) = session.subject else { return Ok(false) };
            let is_cut_off = self.0.ask(
                move |_| format!("list: is {subject} of {} cut off?", told(session.created_at)),
                move |state| {
                    let of = |kept: &&Subject| kept.name == subject && session.created_at <= kept.cutoff;
                    yes_or_no(state.shelves.subjects.iter().find(of).is_some())
                },
            );
            is_cut_off.await
        })
    }
}

fn yes_or_no(answer: bool) -> (bool, String) {
    (answer, if answer { "yes" } else { "no" }.to_owned())
}

/// A time, as seconds since the start.
fn told(time: UnixTime) -> String {
    format!("{:+} s", i128::from(time.as_secs()) - i128::from(crate::world::START))
}

/// What the books note of each question that changes something.
impl State {
    fn shelves_told(&self, id: SessionId) -> String {
        if self.story.is_told() { self.shelves.told(id) } else { String::new() }
    }

    fn touch(&mut self, id: SessionId, is_end: bool) -> Option<usize> {
        let by = self.runs?;
        self.ledger.is_changed = true;
        self.ledger.touches.push(Touch { by, id, is_end });
        Some(by)
    }

    /// A save is for the keys that its request wrote: of all others it keeps what is there.
    fn note_save(&mut self, id: SessionId, before: Option<&Values>) {
        let Some(by) = self.touch(id, false) else { return };
        let (Some(before), Some(after)) = (before, self.shelves.values(id)) else { return };
        if let Some(key) = self.ledger.lost_key(by, before, &after) {
            let id = self.story.id(id);
            let what = format!("request {} saves {id} and undoes what another one wrote to {key:?}", by + 1);
            self.ledger.break_it("I4", what);
        }
    }

    fn note_end(&mut self, id: SessionId, before: Option<Values>) {
        let Some(by) = self.touch(id, true) else { return };
        if self.plans[by].kind.is_destroying() {
            return;
        }
        let act = &mut self.ledger.acts[by];
        if act.loaded.as_ref().is_some_and(|loaded| loaded.id == id) && before.is_some() {
            act.buried = before;
        }
    }

    fn note_revocation(&mut self) {
        let step = self.step;
        let Some(by) = self.runs else { return };
        self.ledger.is_changed = true;
        for revocation in self.ledger.revocations.iter_mut().filter(|revocation| revocation.by == by) {
            revocation.had_effect = Some(step);
        }
    }
}

/// Opens records, for the books and for the story.
struct Reader {
    manager: SessionManager,
    shelf: Arc<OneRecord>,
}

impl Reader {
    fn new(time: &Arc<AtomicU64>) -> Self {
        let shelf = Arc::new(OneRecord::default());
        let config = fleet::config().clock(clock(time, SKEW / 2)).store(Arc::clone(&shelf));
        Self { manager: config.build().unwrap(), shelf }
    }

    fn read(&self, id: SessionId, record: &Record) -> Option<Values> {
        *self.shelf.0.lock().unwrap() = Some((id, Record::new(record.bytes().to_vec(), UnixTime::MAX)));
        let all = at_once(self.manager.all()).unwrap();
        all.first().map(|data| values_of(data.entries()))
    }
}

#[derive(Default)]
struct OneRecord(Mutex<Option<(SessionId, Record)>>);

impl SessionStore for OneRecord {
    fn load(&self, _: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async { Ok(None) })
    }

    fn save<'a>(&'a self, _: SessionId, _: &'a Record, _: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async { Ok(false) })
    }

    fn delete(&self, _: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async { Ok(()) })
    }

    fn cleanup_expired(&self, _: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async { Ok(0) })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async { Ok(self.0.lock().unwrap().iter().cloned().collect()) })
    }
}
