//! The doubles of a store and of a list: each of their methods is a question over the network. Nothing else here knows
//! the two traits.

use std::sync::Arc;

use sealed_session::{
    BackendError, BoxFuture, Generation, Known, Mark, Only, Record, Revocations, Save, SessionId, SessionStore,
    UnixTime,
};

use crate::network::About;
use crate::reader::OneRecord;
use crate::shelves::{Entry, told_generation, told_mark};
use crate::world::World;

/// The store that the nodes share.
pub(crate) struct StoreDouble(pub(crate) Arc<World>);

/// The list that they share.
pub(crate) struct ListDouble(pub(crate) Arc<World>);

impl SessionStore for StoreDouble {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(self.0.ask(
            About::ReadRecord(id),
            move |story| format!("store: load {}", story.id(id)),
            move |state| (state.shelves.record(id).cloned(), state.told_record(id)),
        ))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(self.0.ask(
            About::WriteRecord(id),
            move |story| format!("store: {} {}", if save == Save::Create { "create" } else { "replace" }, story.id(id)),
            move |state| {
                if !save.applies_to(state.shelves.record(id).map(Record::tag)) {
                    return (false, format!("no, there is {}", state.told_record(id)));
                }
                let before = state.shelves.values(id);
                state.shelves.put(id, record);
                state.note_save(id, before);
                (true, state.told_record(id))
            },
        ))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.0.ask(
            About::WriteRecord(id),
            move |story| format!("store: delete {}", story.id(id)),
            move |state| {
                let before = state.shelves.values(id);
                state.shelves.remove(id);
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
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(self.0.ask(
            About::WriteMark(id),
            move |story| format!("list: put {}, {}", story.id(id), told_mark(story, Some(mark))),
            move |state| {
                let marks = &mut state.shelves.marks;
                let stands = if let Some(entry) = marks.iter_mut().find(|entry| entry.key == id) {
                    entry.until = until.max(entry.until);
                    entry.value
                } else {
                    marks.push(Entry { key: id, value: mark, until });
                    mark
                };
                state.note_end(id, None);
                (stands, told_mark(&mut state.story, Some(stands)))
            },
        ))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(self.0.ask(
            About::WriteGeneration(subject),
            move |story| {
                let to = told_generation(story, Some(to));
                match only {
                    Only::Any => format!("list: {subject} gets the generation {to}"),
                    Only::Of(of) => format!("list: {subject} gets {to} in the place of {}", told_generation(story, of)),
                }
            },
            move |state| {
                let generations = &mut state.shelves.generations;
                let found = generations.iter_mut().find(|entry| entry.key == subject);
                let is_new = found.as_ref().is_none_or(|entry| entry.value != to);
                if !only.applies_to(found.as_ref().map(|entry| entry.value), to) {
                    return (false, "no".to_owned());
                }
                match found {
                    Some(entry) => *entry = Entry { value: to, until: until.max(entry.until), key: subject.to_owned() },
                    None => generations.push(Entry { key: subject.to_owned(), value: to, until }),
                }
                if is_new {
                    state.note_revocation();
                }
                (true, "done".to_owned())
            },
        ))
    }

    /// Reads twice, the generation first. Between the two reads, others may write.
    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            let generation = match subject {
                None => None,
                Some(subject) => {
                    let generation = self.0.ask(
                        About::ReadGeneration(subject),
                        move |_| format!("list: the generation of {subject}?"),
                        move |state| {
                            if id.is_none() {
                                state.note_taken(subject);
                            }
                            let entry = state.shelves.generations.iter().find(|entry| entry.key == subject);
                            let generation = entry.map(|entry| entry.value);
                            (generation, told_generation(&mut state.story, generation))
                        },
                    );
                    generation.await?
                }
            };
            let mark = match id {
                None => None,
                Some(id) => {
                    let mark = self.0.ask(
                        About::ReadMark(id),
                        move |story| format!("list: the mark of {}?", story.id(id)),
                        move |state| {
                            let mark =
                                state.shelves.marks.iter().find(|entry| entry.key == id).map(|entry| entry.value);
                            (mark, told_mark(&mut state.story, mark))
                        },
                    );
                    mark.await?
                }
            };
            Ok(Known::new(mark, generation))
        })
    }
}

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
