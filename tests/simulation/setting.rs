//! Describes a simulation: where sessions are kept, what the browsers hold when it starts, who asks for what, and what
//! may go wrong.

use crate::kind::Kind;

/// The place where the values of a session go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Cookie,
    Store,
    Spill,
}

/// The cookies that the first browser holds before anyone asks for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// No cookie.
    Nobody,
    /// A session with a value, of nobody.
    Anonymous,
    /// A session of user 1.
    User,
    /// Two sessions of user 1, each in a cookie of the same name.
    Twice,
    /// A session of user 1, and a newer cookie of the same name, of a session that was ended.
    Planted,
    /// A session of user 1 in a cookie with values, from before there was a store.
    Legacy,
    /// A session of user 1 whose record was damaged.
    Damaged,
    /// A session of user 1 that is too large for its cookie.
    Spilled,
    /// A session of user 1 whose idle timeout has passed.
    Expired,
    /// A session of user 1 in each of two browsers.
    Devices,
}

/// A request: what it does, to which node it comes and from which browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) node: usize,
    pub(crate) browser: usize,
    /// Says whether the handler changes its mind before it tries its commit again for the first time, and for the
    /// second.
    pub(crate) changes_mind: [bool; 2],
}

/// The number of things that may go wrong, of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    /// Questions to a backend that fail, before or after they had their effect.
    pub(crate) failures: usize,
    /// Futures that are dropped while a backend is asked; the request goes on and tries again.
    pub(crate) drops: usize,
    /// Commits that a request tries once more, each.
    pub(crate) retries: usize,
    /// Requests that end in the middle, as by a panic.
    pub(crate) crashes: usize,
    /// Nodes that end with all their requests, and begin anew.
    pub(crate) restarts: usize,
    /// Steps of the clock.
    pub(crate) ticks: usize,
    /// Removals of what is past its time, by the clock that is most ahead.
    pub(crate) cleanups: usize,
}

/// A whole simulation, but for its schedule.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Setting {
    pub(crate) place: Place,
    pub(crate) has_list: bool,
    pub(crate) has_subject: bool,
    pub(crate) start: Start,
    /// For how many seconds a node goes by an answer of the list; 0 if it asks about each session that comes.
    pub(crate) recheck_after: u64,
    /// How long a session lives at most, in seconds.
    pub(crate) absolute: u64,
    /// For how many seconds the first cookies have been out.
    pub(crate) age: u64,
    /// By how many seconds the clock of each node is ahead of the slowest that there may be.
    pub(crate) offsets: Vec<u64>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) trouble: Trouble,
    /// True when a browser gets all answers, in the order in which they were handed out.
    pub(crate) is_in_order: bool,
    /// True when an answer takes a step of its own, after its question had an effect.
    pub(crate) is_slow: bool,
    /// True when everything is looked at after each step, not only after someone was answered.
    pub(crate) is_watched: bool,
    /// The only invariant that is looked at, if there is one.
    pub(crate) only: Option<String>,
}

/// The idle timeout of a session, in seconds.
pub(crate) const IDLE: u64 = 600;
/// The age in seconds from which a cookie is sealed again when it is only read.
pub(crate) const EXTEND_AFTER: u64 = 60;
/// The number of seconds by which the clocks may differ.
pub(crate) const SKEW: u64 = 60;

impl Setting {
    /// Requests of one browser to two nodes in turn, whose clocks agree, where nothing goes wrong.
    pub(crate) fn calm((place, has_list): (Place, bool), has_subject: bool, start: Start, kinds: &[Kind]) -> Self {
        let plan =
            |(index, kind): (usize, &Kind)| Plan { kind: *kind, node: index % 2, browser: 0, changes_mind: [false; 2] };
        Self {
            place,
            has_list,
            has_subject: has_subject && has_list,
            start,
            recheck_after: 0,
            absolute: 1500,
            age: 200,
            offsets: vec![0, 0],
            plans: kinds.iter().enumerate().map(plan).collect(),
            trouble: Trouble::default(),
            is_in_order: false,
            is_slow: false,
            is_watched: true,
            only: None,
        }
    }

    pub(crate) fn is_wanted(&self, invariant: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == invariant)
    }

    /// Returns true when nobody becomes this user without a call of `begin_login`.
    pub(crate) fn asks_before_logins(&self, user: &str) -> bool {
        let is_lax = |kind: Kind| {
            kind.user().is_some_and(|other| other.to_string() == user) && !matches!(kind, Kind::StrictLogin(_))
        };
        !self.plans.iter().any(|plan| is_lax(plan.kind))
    }
}
