//! Lists what may happen at a step, and what each step touches.

use sealed_session::SessionId;

use crate::world::Fate;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A request begins or goes on; or its question or its answer is lost, or it goes away.
    Step(usize, Fate),
    /// A request ends in the middle.
    Crash(usize),
    /// The answer to a request reaches its browser.
    Deliver(usize),
    /// A node ends with all its requests, and begins anew.
    Restart(usize),
    /// Time passes.
    Tick,
    /// A cleanup removes what is past its time.
    Clean,
}

/// The things that a step concerned, by which it is known which other steps it can change places with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Footprint {
    /// Nothing that others see.
    Nothing,
    Read(Key),
    Write(Key),
    /// A promise, time, or more than one thing.
    Everything,
}

impl Footprint {
    /// Returns true when two steps come to the same in either order, and meet no state in one order that they do not
    /// meet in the other: so at most one of them changes anything.
    pub(crate) fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) | (Self::Write(_), Self::Write(_)) => false,
            (Self::Read(one), Self::Write(another)) | (Self::Write(one), Self::Read(another)) => one != another,
            _ => true,
        }
    }
}

/// The record, mark or generation that a question is about. An id is named by the request that brought it, since each
/// run draws its own ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Record(Name),
    Mark(Name),
    Generation(String),
}

/// The request that first asked about an id, and how many it had named before; `None` for those of the start.
pub(crate) type Name = (Option<usize>, usize);

/// The ids of a run.
#[derive(Default)]
pub(crate) struct Names(Vec<(SessionId, Name)>);

impl Names {
    pub(crate) fn of(&mut self, id: SessionId, by: Option<usize>) -> Name {
        if let Some((_, name)) = self.0.iter().find(|(known, _)| *known == id) {
            return *name;
        }
        let name = (by, self.0.iter().filter(|(_, (other, _))| *other == by).count());
        self.0.push((id, name));
        name
    }
}
