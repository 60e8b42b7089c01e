//! A fault, with the place where a reader finds it.

use std::fmt;

/// A fault of the house.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) rule: Rule,
    /// The fault in words.
    pub(crate) what: String,
}

/// The rules of `docs/architecture.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Every room is on the page, and every room of the page is in the house.
    Rooms,
    /// An import goes to a lower rank or stays in its room.
    Rank,
    /// Nothing comes through the root of the crate.
    Root,
    /// An outside thing is named only where it is met.
    Outside,
    /// The files of one room import each other in no circle.
    Circle,
    /// The file that names a room's files holds nothing else.
    Facade,
    /// The page names no file, type or function that is not there.
    Names,
}

impl Finding {
    pub(crate) fn new(file: &str, line: usize, rule: Rule, what: String) -> Self {
        Self { file: file.to_owned(), line, rule, what }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, what } = self;
        write!(f, "{file}:{line}: {rule:?}: {what}")
    }
}
