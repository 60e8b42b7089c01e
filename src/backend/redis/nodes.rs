//! [`Nodes`]: the servers of a cluster, or behind Sentinel, each with its connections.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use redis::RedisConnectionInfo;

use super::address::Address;
use super::connector::{Connector, Role};
use super::node::Node;
use super::tls::Tls;

/// The servers of one Redis that were asked so far, and how to reach another one.
pub(super) struct Nodes {
    login: RedisConnectionInfo,
    tls: Option<Tls>,
    role: Role,
    known: Mutex<Known>,
}

struct Known {
    max_connections: usize,
    by_address: HashMap<Address, Node>,
}

impl Nodes {
    pub(super) fn new(login: RedisConnectionInfo, tls: Option<Tls>, role: Role, max_connections: usize) -> Self {
        Self { login, tls, role, known: Mutex::new(Known { max_connections, by_address: HashMap::new() }) }
    }

    /// Returns the server at an address, with no connection yet if it was not asked before. `None` for an address that
    /// nothing can connect to.
    pub(super) fn at(&self, address: &Address) -> Option<Node> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = known.by_address.get(address) {
            return Some(node.clone());
        }
        let connector = Connector::new(address.clone(), &self.login, self.tls.as_ref(), self.role).ok()?;
        let node = Node::new(connector, known.max_connections)?;
        known.by_address.insert(address.clone(), node.clone());
        Some(node)
    }

    /// Closes the connections to all other servers, once nobody uses them.
    pub(super) fn keep(&self, addresses: &BTreeSet<Address>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_address.retain(|address, _| addresses.contains(address));
    }

    pub(super) fn resize(&self, max_connections: usize) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.max_connections = max_connections;
        known.by_address.values().for_each(|node| node.resize(max_connections));
    }
}
