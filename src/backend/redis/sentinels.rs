//! [`Sentinels`]: servers that watch a primary and its replicas, and say which of them is the primary now.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::{FromRedisValue, Pipeline, RedisConnectionInfo};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::address::Address;
use super::connector::Role;
use super::deadline::{part_of, pause};
use super::failure::{Failure, unavailable};
use super::node::{Node, Over};
use super::nodes::Nodes;
use super::tls::Tls;
use crate::error::BackendError;

/// The Sentinels of a URL, and the primary that they name.
pub(super) struct Sentinels {
    watchers: Vec<Node>,
    /// The name under which the Sentinels know the primary and its replicas.
    name: String,
    nodes: Nodes,
    primary: RwLock<Option<Primary>>,
    /// The task that asks the Sentinels holds it.
    asking: Mutex<()>,
}

#[derive(Clone)]
struct Primary {
    address: Address,
    told: Instant,
}

/// The content of a `redis-sentinel://` URL.
pub(super) struct SentinelUrl {
    pub(super) sentinels: Vec<Address>,
    pub(super) name: String,
    /// The user and the password at the Sentinels, which are others than those at the primary.
    pub(super) login: RedisConnectionInfo,
}

impl Sentinels {
    /// Makes no connection yet. `None` when the address of a Sentinel is none.
    pub(super) fn new(
        url: SentinelUrl,
        login: RedisConnectionInfo,
        tls: Option<&Tls>,
        max_connections: usize,
    ) -> Option<Self> {
        // One question is asked at a time.
        let at_watchers = Nodes::new(url.login, tls.cloned(), Role::Any, 1);
        let watchers = url.sentinels.iter().map(|address| at_watchers.at(address)).collect::<Option<_>>()?;
        let nodes = Nodes::new(login, tls.cloned(), Role::Primary, max_connections);
        Some(Self { watchers, name: url.name, nodes, primary: RwLock::new(None), asking: Mutex::new(()) })
    }

    pub(super) fn resize(&self, max_connections: usize) {
        self.nodes.resize(max_connections);
    }

    /// Sends commands to the primary. Asks again only where nothing can have happened: when nothing was sent, and when
    /// the server said that it did nothing.
    pub(super) async fn ask<T: FromRedisValue>(
        self: &Arc<Self>,
        over: Over,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<T, BackendError> {
        let mut error = unavailable("no Sentinel names a primary");
        while Instant::now() < deadline {
            if let Some(node) = self.primary(deadline).await {
                match node.ask(over, commands, part_of(deadline), deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Refused(error)) => return Err(error),
                    Err(Failure::Lost(error)) => {
                        self.doubt();
                        return Err(error);
                    }
                    Err(failure) => error = failure.error(),
                }
                self.doubt();
            }
            if !pause(deadline).await {
                break;
            }
        }
        Err(error)
    }

    /// Returns the primary. What the Sentinels said within the last second holds; then they are asked again, beside the
    /// questions that go on. A question waits for the Sentinels only if it has been long since, or there is a doubt.
    pub(super) async fn primary(self: &Arc<Self>, deadline: Instant) -> Option<Node> {
        let wanted = Instant::now();
        let known = self.known();
        let age = known.as_ref().map(|known| wanted.saturating_duration_since(known.told));
        match age {
            Some(age) if age < TRUSTED => {}
            Some(age) if age < STALE => {
                let this = Arc::clone(self);
                tokio::spawn(async move {
                    if let Ok(_asking) = this.asking.try_lock() {
                        this.look(wanted).await;
                    }
                });
            }
            _ => {
                let _asking = timeout_at(part_of(deadline), self.asking.lock()).await.ok()?;
                // Another question may have asked them while this one waited.
                if self.known().is_none_or(|known| known.told < wanted) {
                    self.look(wanted).await;
                }
            }
        }
        self.nodes.at(&self.known()?.address)
    }

    fn known(&self) -> Option<Primary> {
        self.primary.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the next question wait for the Sentinels.
    fn doubt(&self) {
        *self.primary.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks all Sentinels at once, and believes the one that knows of the latest failover, by its number: a Sentinel
    /// that is cut off together with an old primary still names that one. Of those that know the same number, the
    /// Sentinel that leads the failover is believed least: it names the old primary until the other replicas follow the
    /// new one.
    async fn look(&self, now: Instant) {
        let limit = now.checked_add(PATIENCE).unwrap_or(now);
        let mut commands = redis::pipe();
        commands.cmd("SENTINEL").arg("MASTER").arg(&self.name);
        let mut asked = JoinSet::new();
        for sentinel in &self.watchers {
            let (sentinel, commands) = (sentinel.clone(), commands.clone());
            asked.spawn(async move {
                let (facts,): (HashMap<String, String>,) =
                    sentinel.ask(Over::Own, &commands, limit, limit).await.ok()?;
                let epoch: u64 = facts.get("config-epoch")?.parse().ok()?;
                let address = Address { host: facts.get("ip")?.clone(), port: facts.get("port")?.parse().ok()? };
                let leads = facts.get("flags").is_some_and(|flags| flags.contains("failover_in_progress"));
                Some((epoch, !leads, address))
            });
        }
        let mut latest = None;
        while let Some(answer) = asked.join_next().await {
            latest = latest.max(answer.ok().flatten());
        }
        let Some((_, _, address)) = latest else { return };
        self.nodes.keep(&BTreeSet::from([address.clone()]));
        *self.primary.write().unwrap_or_else(PoisonError::into_inner) = Some(Primary { address, told: Instant::now() });
    }
}

/// The time for which an answer of the Sentinels is not asked for again.
const TRUSTED: Duration = Duration::from_secs(1);

/// The age at which an answer of the Sentinels is not used any more.
const STALE: Duration = Duration::from_secs(3);

/// The time that the Sentinels have for their answer. The slowest of them is waited for, since it may know more.
const PATIENCE: Duration = Duration::from_millis(300);
