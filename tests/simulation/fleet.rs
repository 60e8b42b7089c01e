//! The nodes: one manager each, under the same key, over the same doubles.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{Key, SessionConfig, SessionManager, Status};

use crate::browser::value_of;
use crate::doubles::{ListDouble, StoreDouble};
use crate::helpers::KEY;
use crate::network::at_once;
use crate::setting::{EXTEND_AFTER, IDLE, Place, SKEW};
use crate::story::{Values, values_of};
use crate::world::World;

pub(crate) const COOKIE: &str = "tideway_session";

pub(crate) struct Fleet {
    world: Arc<World>,
    nodes: Vec<SessionManager>,
    /// Beside each node a manager that remembers no answer of the list, for looks that leave no trace.
    eyes: Vec<SessionManager>,
}

impl Fleet {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        let managers =
            |window| (0..world.setting.offsets.len()).map(|node| manager(world, node, window)).collect::<Vec<_>>();
        let (nodes, eyes) = (managers(world.setting.recheck_after), managers(0));
        Self { world: Arc::clone(world), nodes, eyes }
    }

    pub(crate) fn node(&self, node: usize) -> &SessionManager {
        &self.nodes[node]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Begins a node anew: what its process remembered is gone.
    pub(crate) fn restart(&mut self, node: usize) {
        self.nodes[node] = manager(&self.world, node, self.world.setting.recheck_after);
    }

    /// Returns the values that a cookie opens to at this moment by the clock of a node, if the list is asked; `None` if
    /// the cookie is refused.
    pub(crate) fn look(&self, node: usize, value: &str) -> Option<Values> {
        Self::look_by(&self.eyes[node], value)
    }

    /// Returns the values that a cookie opens to on a node, which may go by an answer that it remembers. A cookie that
    /// [`Fleet::look`] does not open leaves nothing to remember.
    pub(crate) fn recall(&self, node: usize, value: &str) -> Option<Values> {
        Self::look_by(&self.nodes[node], value)
    }

    fn look_by(manager: &SessionManager, value: &str) -> Option<Values> {
        let session = at_once(manager.load_async([format!("{COOKIE}={value}")])).ok()?;
        let is_admitted = session.status() == Status::Loaded;
        is_admitted.then(|| values_of(session.snapshot().unwrap().entries()))
    }

    /// Renews the session of a cookie on a node, and returns the values that the new cookie opens to.
    pub(crate) fn renew(&self, node: usize, value: &str) -> Option<Values> {
        let manager = &self.nodes[node];
        let session = at_once(manager.load_async([format!("{COOKIE}={value}")])).ok()?;
        session.regenerate().ok()?;
        let set_cookies = at_once(manager.commit_async(&session)).ok()?;
        self.look(node, value_of(set_cookies.iter().last()?))
    }

    /// Returns true when a cookie is authentic and alive, whatever the backends say.
    pub(crate) fn opens(&self, node: usize, value: &str) -> bool {
        self.nodes[node].codec().decode(value).is_ok()
    }
}

fn manager(world: &Arc<World>, node: usize, recheck_after: u64) -> SessionManager {
    let setting = &world.setting;
    let mut config = config(setting.absolute).clock(world.clock(node));
    match setting.place {
        Place::Cookie => {}
        Place::Store => config = config.store(StoreDouble(Arc::clone(world))),
        Place::Spill => config = config.spill(StoreDouble(Arc::clone(world))),
    }
    if setting.has_list {
        config = config.revocations(ListDouble(Arc::clone(world))).recheck_after(Duration::from_secs(recheck_after));
    }
    if setting.has_subject {
        config = config.subject("user_id");
    }
    config.build().unwrap()
}

/// Returns a node that keeps all values in the cookie, as nodes did before there was a store.
pub(crate) fn without_backends(world: &World) -> SessionManager {
    config(world.setting.absolute).clock(world.clock(0)).build().unwrap()
}

/// The settings of every node, but for its clock and its backends.
pub(crate) fn config(absolute: u64) -> SessionConfig {
    SessionConfig::new(Key::from_hex(KEY).unwrap())
        .cookie_name(COOKIE)
        .idle_timeout(Duration::from_secs(IDLE))
        .absolute_timeout(Duration::from_secs(absolute))
        .extend_after(Duration::from_secs(EXTEND_AFTER))
        .clock_skew(Duration::from_secs(SKEW))
}
