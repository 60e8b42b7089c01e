//! Holds what all doubles share: the time, the request that asks at this moment, the fate of its question, and the
//! books.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use sealed_session::UnixTime;

use crate::event::{Footprint, Names};
use crate::ledger::Ledger;
use crate::setting::{Plan, Setting};
use crate::shelves::Shelves;
use crate::story::Story;

/// `START` is the time at which the first request may come, by a clock that is ahead of none.
pub(crate) use crate::helpers::{START, at};

pub(crate) struct World {
    pub(crate) setting: Setting,
    time: Arc<AtomicU64>,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) plans: Vec<Plan>,
    /// The request that runs at this moment. `None` while a world is prepared or looked at: then no question waits,
    /// none fails, and none is written down.
    pub(crate) runs: Option<usize>,
    /// The fate of the question that the running request waits for.
    pub(crate) fate: Fate,
    /// True when answers take a step of their own.
    pub(crate) is_answer_awaited: bool,
    /// For each request, the event that it waits for.
    pub(crate) waits: Vec<Wait>,
    /// For each request, the second at which it began to load or to commit. A question that it asks a minute later
    /// comes too late.
    pub(crate) began: Vec<u64>,
    /// The record, mark or generation that the question of this step touched.
    pub(crate) touched: Footprint,
    pub(crate) names: Names,
    /// The number of times that the scheduler chose.
    pub(crate) step: u64,
    pub(crate) shelves: Shelves,
    pub(crate) ledger: Ledger,
    pub(crate) story: Story,
}

/// The fate of a question in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Good,
    /// The question fails: before its effect or, if that is done already, after it.
    Fail,
    /// The request that asks goes away.
    Drop,
}

/// The event that a request waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The request waits for its handler.
    #[default]
    Handler,
    /// The request waits for its question to have an effect.
    Effect,
    /// The request waits for the answer to a question that has had its effect.
    Answer,
}

impl World {
    pub(crate) fn new(setting: Setting, is_told: bool) -> Arc<Self> {
        let requests = setting.plans.len();
        let time = Arc::new(AtomicU64::new(START));
        let state = State {
            plans: setting.plans.clone(),
            runs: None,
            fate: Fate::Good,
            is_answer_awaited: false,
            waits: vec![Wait::Handler; requests],
            began: vec![START; requests],
            touched: Footprint::Nothing,
            names: Names::default(),
            step: 0,
            shelves: Shelves::new(&time, setting.absolute),
            ledger: Ledger::new(requests, setting.absolute),
            story: Story::new(is_told),
        };
        Arc::new(Self { setting, time, state: Mutex::new(state) })
    }

    /// The books. Never held while a session or a manager is called: a clock needs no lock, but a double does.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The time that no node can read.
    pub(crate) fn time(&self) -> u64 {
        self.time.load(Ordering::Relaxed)
    }

    pub(crate) fn set_time(&self, seconds: u64) {
        self.time.store(seconds, Ordering::Relaxed);
    }

    /// The time by the clock that is most ahead.
    pub(crate) fn latest(&self) -> UnixTime {
        at(self.time() + self.setting.offsets.iter().max().unwrap())
    }

    /// The clock of a node, for its configuration.
    pub(crate) fn clock(&self, node: usize) -> impl Fn() -> UnixTime + Send + Sync + 'static {
        clock(&self.time, self.setting.offsets[node])
    }

    /// Tells of something that a request does or meets.
    pub(crate) fn tell(&self, request: usize, what: impl FnOnce(&mut Story) -> String) {
        self.state().tell(request, what);
    }
}

impl State {
    pub(crate) fn tell(&mut self, request: usize, what: impl FnOnce(&mut Story) -> String) {
        let step = self.step;
        let plan = self.plans[request];
        self.story.line(|story| {
            let what = what(story);
            format!("{step:>3}  request {} ({}, node {}): {what}", request + 1, plan.kind.name(), plan.node + 1)
        });
    }
}

pub(crate) fn clock(time: &Arc<AtomicU64>, offset: u64) -> impl Fn() -> UnixTime + Send + Sync + 'static {
    let time = Arc::clone(time);
    move || at(time.load(Ordering::Relaxed) + offset)
}
