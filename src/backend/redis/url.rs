//! [`RedisUrl`]: reads the URL of a Redis.
//!
//! The `redis` crate reads user, password, host, port and database. It also knows ways to ask for TLS that depend on
//! the features which any crate of the application turned on in it, and one of them verifies nothing (`#insecure`). So
//! this file reads the scheme itself, refuses every fragment, and takes no address for which `redis` would do TLS.

use std::path::PathBuf;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

use super::address::Address;
use crate::error::ProblemKind;

/// What a URL says about a Redis.
pub(super) struct RedisUrl {
    pub(super) servers: Servers,
    pub(super) has_tls: bool,
    /// The user, the password, the database and the protocol.
    pub(super) login: RedisConnectionInfo,
}

pub(super) enum Servers {
    One(Address),
    Socket(PathBuf),
}

impl RedisUrl {
    /// Reads a URL. No part of it is in an error, for it may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, ProblemKind> {
        let wrong = ProblemKind::Invalid { takes: TAKES };
        let (scheme, rest) = text.split_once("://").ok_or(wrong.clone())?;
        let scheme = scheme.to_ascii_lowercase();
        let (has_tls, plain) = match scheme.as_str() {
            "redis" | "valkey" => (false, "redis"),
            "rediss" | "valkeys" => (true, "redis"),
            "unix" | "redis+unix" | "valkey+unix" => (false, "unix"),
            _ => return Err(wrong),
        };
        let info = connection_info(plain, rest).ok_or(wrong.clone())?;
        let servers = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Servers::One(Address { host: host.clone(), port: *port }),
            ConnectionAddr::Unix(path) => Servers::Socket(path.clone()),
            _ => return Err(wrong),
        };
        Ok(Self { servers, has_tls, login: info.redis_settings().clone() })
    }
}

/// Reads a URL of one server. A query that would be passed over is refused: `?ssl_cert_reqs=none`, which other clients
/// take, must not seem to be heard.
fn connection_info(scheme: &str, rest: &str) -> Option<ConnectionInfo> {
    let url = redis::parse_redis_url(&format!("{scheme}://{rest}"))?;
    let known: &[&str] = if scheme == "unix" { &["db", "user", "pass", "protocol"] } else { &["protocol"] };
    let is_known = url.query_pairs().all(|(name, _)| known.contains(&&*name));
    let is_one = !url.host_str().is_some_and(|host| host.contains(','));
    (is_known && is_one && url.fragment().is_none() && url.scheme() == scheme)
        .then(|| url.into_connection_info().ok())?
}

pub(super) const TAKES: &str = "redis[s]://[user:password@]host[:port][/database] or unix:///path[?db=database]";
