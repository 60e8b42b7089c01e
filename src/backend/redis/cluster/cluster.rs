//! [`Cluster`]: finds the server of a key, and asks it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use redis::{FromRedisValue, Pipeline, RedisConnectionInfo, Value};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::slot::{SLOTS, slot};
use super::slot_map::SlotMap;
use crate::backend::redis::address::Address;
use crate::backend::redis::connector::Role;
use crate::backend::redis::deadline::{part_of, pause};
use crate::backend::redis::failure::{Failure, Redirection, unavailable};
use crate::backend::redis::node::{Node, Over};
use crate::backend::redis::nodes::Nodes;
use crate::backend::redis::tls::Tls;
use crate::error::BackendError;

/// A cluster: the servers that the URL names, and what is known of the others.
pub(in crate::backend::redis) struct Cluster {
    seeds: Vec<Address>,
    nodes: Arc<Nodes>,
    map: RwLock<Arc<SlotMap>>,
    /// The time at which a server last told the map. Whoever asks for the map holds the lock.
    told: Mutex<Option<Instant>>,
}

impl Cluster {
    pub(in crate::backend::redis) fn new(
        seeds: Vec<Address>,
        login: RedisConnectionInfo,
        tls: Option<&Tls>,
        max_connections: usize,
    ) -> Self {
        let tls = tls.map(|tls| tls.of_a_cluster(&seeds));
        let nodes = Arc::new(Nodes::new(login, tls, Role::Any, max_connections));
        Self { seeds, nodes, map: RwLock::default(), told: Mutex::new(None) }
    }

    pub(in crate::backend::redis) fn resize(&self, max_connections: usize) {
        self.nodes.resize(max_connections);
    }

    /// Sends commands about one key to the primary of its slot. Asks another server, or the same once more, only where
    /// nothing can have happened: when nothing was sent, and when the server said that it did nothing.
    pub(in crate::backend::redis) async fn ask<T: FromRedisValue>(
        &self,
        over: Over,
        key: &[u8],
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<T, BackendError> {
        let slot = slot(key);
        let mut next = self.primary(slot).map(|address| (address, false));
        let mut error = unavailable("no server of the cluster has the slot of this key");
        while Instant::now() < deadline {
            let mut redirection = None;
            if let Some((address, asks)) = &next {
                let failure = match self.ask_at(over, address, *asks, commands, deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                };
                match failure {
                    Failure::Refused(error) | Failure::Lost(error) => return Err(error),
                    Failure::NotSent(reason) => error = reason,
                    Failure::Elsewhere { code, to } => {
                        error = unavailable(format_args!("redis answered {code}"));
                        redirection = to.and_then(|to| to.address(&address.host));
                    }
                }
            }
            // ASK concerns one question, during a move of the slot, and the map stays as it is.
            if !matches!(redirection, Some((_, true))) {
                self.refresh(deadline).await;
            }
            let before = next;
            next = redirection.or_else(|| self.primary(slot).map(|address| (address, false)));
            if next == before && !pause(deadline).await {
                break;
            }
        }
        Err(error)
    }

    async fn ask_at<T: FromRedisValue>(
        &self,
        over: Over,
        address: &Address,
        asks: bool,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let node = self.nodes.at(address).ok_or_else(|| Failure::NotSent(unavailable("no connection")))?;
        // A server that does not answer must leave time to ask who took its place.
        let connected_by = part_of(deadline);
        if !asks {
            return node.ask(over, commands, connected_by, deadline).await;
        }
        let mut with_asking = redis::pipe();
        for command in commands.cmd_iter() {
            // ASKING counts for the next command only.
            with_asking.cmd("ASKING").ignore().add_command(command.clone());
        }
        node.ask(over, &with_asking, connected_by, deadline).await
    }

    fn map(&self) -> Arc<SlotMap> {
        Arc::clone(&self.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn primary(&self, slot: u16) -> Option<Address> {
        self.map().primary(slot).cloned()
    }

    /// Returns every primary, as the cluster tells now.
    ///
    /// # Errors
    /// Returns an error when a slot has none.
    pub(in crate::backend::redis) async fn primaries(&self, deadline: Instant) -> Result<Vec<Node>, BackendError> {
        let map = self.whole_map(deadline).await?;
        map.primaries().iter().map(|at| self.nodes.at(at).ok_or_else(|| unavailable("no connection"))).collect()
    }

    /// Returns keys that begin with a text: for each primary one whose slot it has.
    ///
    /// # Errors
    /// Returns an error when a slot has no primary.
    pub(in crate::backend::redis) async fn a_key_of_each(
        &self,
        start: &str,
        deadline: Instant,
    ) -> Result<Vec<String>, BackendError> {
        let map = self.whole_map(deadline).await?;
        let mut left = map.primaries();
        let keys = (0..tries(start)).map(|number| format!("{start}{number}"));
        let mut found = Vec::new();
        for key in keys {
            if left.is_empty() {
                break;
            }
            if map.primary(slot(key.as_bytes())).is_some_and(|primary| left.remove(primary)) {
                found.push(key);
            }
        }
        Ok(found)
    }

    async fn whole_map(&self, deadline: Instant) -> Result<Arc<SlotMap>, BackendError> {
        self.refresh(deadline).await;
        let map = self.map();
        if map.is_whole() { Ok(map) } else { Err(unavailable("the cluster does not cover all slots")) }
    }

    /// Asks every known server for the map, all at once, and believes the first that answers. Of several who want to
    /// know at once, one asks.
    async fn refresh(&self, deadline: Instant) {
        let wanted = Instant::now();
        let limit = part_of(deadline);
        let Ok(mut told) = timeout_at(limit, self.told.lock()).await else { return };
        if told.is_some_and(|told| told >= wanted) {
            return;
        }
        let known: BTreeSet<Address> = self.map().primaries().into_iter().chain(self.seeds.iter().cloned()).collect();
        let mut asked = JoinSet::new();
        for address in known {
            let nodes = Arc::clone(&self.nodes);
            asked.spawn(async move {
                let node = nodes.at(&address)?;
                let mut commands = redis::pipe();
                commands.cmd("CLUSTER").arg("SLOTS");
                let (answer,): (Value,) = node.ask(Over::Own, &commands, limit, limit).await.ok()?;
                SlotMap::read(&answer, &address)
            });
        }
        while let Some(answer) = asked.join_next().await {
            let Ok(Some(map)) = answer else { continue };
            let known: BTreeSet<Address> = map.primaries().into_iter().chain(self.seeds.iter().cloned()).collect();
            self.nodes.keep(&known);
            *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
            *told = Some(Instant::now());
            return;
        }
    }
}

/// Returns the number of keys with this start that are tried until each primary has one. If the start has a hash tag
/// (`{shop}`), all keys have one slot, so one key is enough; to try the others would keep a thread busy for nothing.
fn tries(start: &str) -> u32 {
    let slot_of = |end: u32| slot(format!("{start}{end}").as_bytes());
    let has_tag = (1..10).all(|end| slot_of(end) == slot_of(0));
    if has_tag { 1 } else { u32::from(SLOTS).saturating_mul(64) }
}

impl Redirection {
    /// Returns the server to ask, and whether it must be told that the question was sent to it by `ASK`.
    fn address(&self, asked: &str) -> Option<(Address, bool)> {
        Some((Address::of_redirection(&self.to, asked)?, self.is_ask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_keys_that_have_one_slot_by_a_hash_tag_one_is_tried() {
        for (start, has_tag) in [
            ("{shop}:probe:health", true),
            ("a{shop}:probe:health", true),
            ("shop:probe:health", false),
            ("{}:probe:health", false),
            ("{shop:probe:health", false),
        ] {
            assert_eq!(tries(start) == 1, has_tag, "{start}");
        }
    }
}
