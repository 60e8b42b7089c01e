//! Requests that cross. Two or more requests of one session, or of one user, go on in turns, one question to a backend
//! at a time. The rules that must hold afterwards hold for every order of the questions.

use std::pin::pin;
use std::sync::Arc;

use futures_lite::future::poll_once;
use sealed_session::{MemoryRevocations, MemoryStore, Session, SessionConfig, SessionManager};

use crate::backends::{Watched, answer, commit, load, run};
use crate::common::{TestClock, is_deletion, manager_with};

mod before_the_store;
mod beside_a_commit;
mod between_tries;
mod candidates;
mod clones;
mod ends;
mod late;
mod late_writes;
mod merges;
mod others;
mod questions;
mod renewals;
mod retries;
mod revocations;
mod slow;
mod taken_over;
mod writes;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// The place of a session's values, and the backends that know what has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Bare,
    List,
    Store,
    StoreAndList,
    Spill,
    SpillAndList,
}

use Place::{Bare, List, Spill, SpillAndList, Store, StoreAndList};

/// The places where the server knows of the end of a session.
const KNOWN: [Place; 5] = [List, Store, StoreAndList, Spill, SpillAndList];

/// The places where the server knows of the end of all sessions of a user.
const LISTED: [Place; 3] = [List, StoreAndList, SpillAndList];

/// The places where the values of these tests are in a store.
const STORED: [Place; 3] = [Store, StoreAndList, Spill];

/// A clock, and the backends that all nodes of a site share.
struct Site {
    place: Place,
    clock: TestClock,
    store: Arc<Watched<MemoryStore>>,
    list: Arc<Watched<MemoryRevocations>>,
}

impl Site {
    fn new(place: Place) -> Self {
        let clock = TestClock::new();
        let store = Watched::new(MemoryStore::new().clock(clock.reader()));
        let list = Watched::new(MemoryRevocations::new().clock(clock.reader()));
        Self { place, clock, store, list }
    }

    /// Returns a site of this place, and its first node.
    fn with_node(place: Place) -> (Self, SessionManager) {
        let site = Self::new(place);
        let node = site.node();
        (site, node)
    }

    fn node(&self) -> SessionManager {
        self.node_with(|config| config)
    }

    fn node_with(&self, change: impl FnOnce(SessionConfig) -> SessionConfig) -> SessionManager {
        let (store, list) = (Arc::clone(&self.store), Arc::clone(&self.list));
        manager_with(|config| {
            let config = config.clock(self.clock.reader());
            change(match self.place {
                Bare => config,
                List => config.revocations(list).subject("user_id"),
                Store => config.store(store).subject("user_id"),
                StoreAndList => config.store(store).revocations(list).subject("user_id"),
                Spill => config.spill(store).subject("user_id"),
                SpillAndList => config.spill(store).revocations(list).subject("user_id"),
            })
        })
        .0
    }

    /// Makes each question wait for its turn.
    fn step(&self) {
        self.store.step();
        self.list.step();
    }

    /// Returns the number of questions that were asked since the last call, of the store and of the list.
    fn asked(&self) -> usize {
        self.store.calls().len() + self.list.calls().len()
    }

    /// Returns the number of sessions that the store has, tombstones left out.
    fn stored(&self) -> usize {
        run(self.node().all()).map_or(0, |sessions| sessions.len())
    }
}

/// Logs this user in without a session before. If a small session would be in its cookie alone, this one is large.
fn login(site: &Site, node: &SessionManager, user: u64) -> String {
    let session = load(node, "");
    session.set("user_id", user).unwrap();
    if site.place == Spill {
        session.set("draft", "x".repeat(10_000)).unwrap();
    }
    commit(node, &session).unwrap()
}

/// A session that is nobody's.
fn visit(site: &Site, node: &SessionManager) -> String {
    let session = load(node, "");
    session.set_flash("notice", if site.place == Spill { "x".repeat(10_000) } else { "Hello".to_owned() }).unwrap();
    commit(node, &session).unwrap()
}

fn logout(node: &SessionManager, session: &Session) {
    session.destroy();
    assert!(is_deletion(&commit(node, session).unwrap()));
}

/// The order in which two requests take steps, one question each. A turn is true if the second request takes it.
#[derive(Clone, Debug, Default)]
struct Schedule {
    turns: Vec<bool>,
    taken: usize,
}

impl Schedule {
    fn of(turns: impl IntoIterator<Item = bool>) -> Self {
        Self { turns: turns.into_iter().collect(), taken: 0 }
    }

    fn next(&mut self) -> bool {
        if self.taken == self.turns.len() {
            self.turns.push(false);
        }
        self.taken += 1;
        self.turns[self.taken - 1]
    }
}

/// Runs a scene once for each order in which its two requests can ask their questions.
fn in_every_order(mut scene: impl FnMut(&mut Schedule)) {
    let mut schedule = Schedule::default();
    loop {
        schedule.taken = 0;
        scene(&mut schedule);
        schedule.turns.truncate(schedule.taken);
        while schedule.turns.last() == Some(&true) {
            schedule.turns.pop();
        }
        let Some(last) = schedule.turns.last_mut() else { return };
        *last = true;
    }
}

/// Runs two requests in turns.
fn cross<A, B>(schedule: &mut Schedule, first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    while one.is_none() || other.is_none() {
        let takes_second = one.is_some() || (other.is_none() && schedule.next());
        if takes_second { other = run(poll_once(second.as_mut())) } else { one = run(poll_once(first.as_mut())) }
    }
    (one.unwrap(), other.unwrap())
}

/// Runs any number of requests in turns, one question each.
fn in_turns<A>(requests: impl IntoIterator<Item = impl Future<Output = A>>) -> Vec<A> {
    let mut requests: Vec<_> = requests.into_iter().map(Box::pin).collect();
    let mut answers: Vec<Option<A>> = requests.iter().map(|_| None).collect();
    while answers.iter().any(Option::is_none) {
        for (request, answer) in requests.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                *answer = run(poll_once(request.as_mut()));
            }
        }
    }
    answers.into_iter().flatten().collect()
}

fn is_good(node: &SessionManager, cookie: &str) -> bool {
    load(node, cookie).rejected().is_none()
}
