//! [`Topology`]: the servers of a Redis, and which of them to ask.

use std::sync::Arc;

use redis::{ConnectionAddr, FromRedisValue, Pipeline};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::connector::{Connector, Role};
use super::failure::Failure;
use super::node::{Node, Over};
use super::sentinels::Sentinels;
use super::tls::Tls;
use super::url::{RedisUrl, Servers};
use crate::error::BackendError;

/// The servers of a Redis. Cheap to clone.
#[derive(Clone)]
pub(super) enum Topology {
    One(Node),
    Cluster(Arc<Cluster>),
    Sentinels(Arc<Sentinels>),
}

impl Topology {
    /// Makes no connection yet. `None` for a URL whose addresses nothing can connect to.
    pub(super) fn new(url: RedisUrl, tls: Option<&Tls>, max_connections: usize) -> Option<Self> {
        let login = url.login;
        Some(match url.servers {
            Servers::One(address) => {
                Self::One(Node::new(Connector::new(address, &login, tls, Role::Any).ok()?, max_connections)?)
            }
            Servers::Socket(path) => {
                Self::One(Node::new(Connector::plain(ConnectionAddr::Unix(path), &login).ok()?, max_connections)?)
            }
            Servers::Cluster(seeds) => Self::Cluster(Arc::new(Cluster::new(seeds, login, tls, max_connections))),
            Servers::Sentinels(sentinels) => {
                Self::Sentinels(Arc::new(Sentinels::new(sentinels, login, tls, max_connections)?))
            }
        })
    }

    pub(super) fn resize(&self, max_connections: usize) {
        match self {
            Self::One(node) => node.resize(max_connections),
            Self::Cluster(cluster) => cluster.resize(max_connections),
            Self::Sentinels(sentinels) => sentinels.resize(max_connections),
        }
    }

    /// Sends commands about one key to the server that has it.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        over: Over,
        key: &[u8],
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<T, BackendError> {
        match self {
            Self::One(node) => node.ask(over, commands, deadline, deadline).await.map_err(Failure::error),
            Self::Cluster(cluster) => cluster.ask(over, key, commands, deadline).await,
            Self::Sentinels(sentinels) => sentinels.ask(over, commands, deadline).await,
        }
    }

    /// Returns the servers that have keys.
    pub(super) async fn primaries(&self, deadline: Instant) -> Result<Vec<Node>, BackendError> {
        match self {
            Self::One(node) => Ok(vec![node.clone()]),
            Self::Cluster(cluster) => cluster.primaries(deadline).await,
            Self::Sentinels(sentinels) => {
                let primary = sentinels.primary(deadline).await;
                Ok(vec![primary.ok_or_else(|| super::failure::unavailable("no Sentinel names a primary"))?])
            }
        }
    }

    /// Returns keys that begin with a text: for each server that has keys one that would be there.
    pub(super) async fn a_key_of_each(&self, start: &str, deadline: Instant) -> Result<Vec<String>, BackendError> {
        match self {
            Self::Cluster(cluster) => cluster.a_key_of_each(start, deadline).await,
            Self::One(_) | Self::Sentinels(_) => Ok(vec![start.to_owned()]),
        }
    }

    /// True if commands about several keys may go to one server in one piece.
    pub(super) fn has_one_server(&self) -> bool {
        !matches!(self, Self::Cluster(_))
    }
}
