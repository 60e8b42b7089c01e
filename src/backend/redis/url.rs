//! [`RedisUrl`]: reads the URL of a Redis.
//!
//! The `redis` crate reads user, password, host, port and database. It also knows ways to ask for TLS that depend on
//! the features which any crate of the application turned on in it, and one of them verifies nothing (`#insecure`). So
//! this file reads the scheme itself, refuses every fragment, and takes no address for which `redis` would do TLS.

use std::path::PathBuf;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};

use super::address::Address;
use super::sentinels::SentinelUrl;
use crate::error::ProblemKind;

/// The content of the URL of a Redis.
pub(super) struct RedisUrl {
    pub(super) servers: Servers,
    pub(super) has_tls: bool,
    /// The user, the password, the database and the protocol.
    pub(super) login: RedisConnectionInfo,
}

pub(super) enum Servers {
    One(Address),
    Socket(PathBuf),
    /// Some servers of a cluster, at least one.
    Cluster(Vec<Address>),
    Sentinels(SentinelUrl),
}

impl RedisUrl {
    /// Reads a URL. No part of it is in an error, for it may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, ProblemKind> {
        read(text).ok_or(ProblemKind::Invalid { takes: TAKES })
    }
}

fn read(text: &str) -> Option<RedisUrl> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (protocol, kind) = scheme.split_once('-').map_or((&*scheme, None), |(protocol, kind)| (protocol, Some(kind)));
    let has_tls = match protocol {
        "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => false,
        "rediss" | "valkeys" => true,
        _ => return None,
    };
    let is_socket = protocol.ends_with("unix");
    let (servers, login) = match kind {
        None if is_socket => socket(rest)?,
        None => one(rest)?,
        Some("cluster") if !is_socket => cluster(rest)?,
        Some("sentinel") if !is_socket => sentinels(rest)?,
        Some(_) => return None,
    };
    Some(RedisUrl { servers, has_tls, login })
}

fn socket(rest: &str) -> Option<(Servers, RedisConnectionInfo)> {
    let url = OneUrl::read("unix", rest, &["db", "user", "pass", "protocol"])?;
    let ConnectionAddr::Unix(path) = url.info.addr() else { return None };
    Some((Servers::Socket(path.clone()), url.login()))
}

fn one(rest: &str) -> Option<(Servers, RedisConnectionInfo)> {
    let url = OneUrl::read("redis", rest, &["protocol"])?;
    Some((Servers::One(url.address(6379)?), url.login()))
}

/// A cluster has one database, whose number is 0.
fn cluster(rest: &str) -> Option<(Servers, RedisConnectionInfo)> {
    let (urls, tail) = each(rest);
    let urls: Vec<_> =
        urls.iter().map(|url| OneUrl::read("redis", &format!("{url}{tail}"), &["protocol"])).collect::<Option<_>>()?;
    let seeds = urls.iter().map(|url| url.address(6379)).collect::<Option<_>>()?;
    let login = urls.first()?.login();
    (login.db() == 0).then_some((Servers::Cluster(seeds), login))
}

fn sentinels(rest: &str) -> Option<(Servers, RedisConnectionInfo)> {
    let (urls, tail) = each(rest);
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let (name, database) = path.strip_prefix('/')?.split_once('/').unwrap_or((path.strip_prefix('/')?, ""));
    // Sentinel takes no other name.
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let known = ["protocol", "sentinel_username", "sentinel_password"];
    let read = |url| OneUrl::read("redis", &format!("{url}/{database}?{query}"), &known);
    let urls: Vec<_> = urls.iter().map(read).collect::<Option<_>>()?;
    let sentinels = urls.iter().map(|url| url.address(26379)).collect::<Option<_>>()?;
    let first = urls.first()?;
    let mut login = RedisConnectionInfo::default();
    if let Some(user) = first.query("sentinel_username") {
        login = login.set_username(user);
    }
    if let Some(password) = first.query("sentinel_password") {
        login = login.set_password(password);
    }
    let is_good = is_name && is_login(&login);
    let url = SentinelUrl { sentinels, name: name.to_owned(), login };
    is_good.then(|| (Servers::Sentinels(url), first.login()))
}

/// Splits what follows `://` into what stands for each host, with the user and the password before it, and what follows
/// the hosts.
fn each(rest: &str) -> (Vec<String>, &str) {
    let (servers, tail) = rest.find(['/', '?', '#']).map_or((rest, ""), |end| rest.split_at(end));
    let (login, hosts) = servers.rsplit_once('@').map_or(("", servers), |(login, hosts)| (login, hosts));
    let at = if login.is_empty() { "" } else { "@" };
    (hosts.split(',').map(|host| format!("{login}{at}{host}")).collect(), tail)
}

/// False for a user without a password, since the `redis` crate then logs nobody in and says nothing, and for a
/// database that no Redis has.
fn is_login(login: &RedisConnectionInfo) -> bool {
    (login.username().is_none() || login.password().is_some()) && login.db() >= 0
}

/// The URL of one server, as the `redis` crate reads it.
struct OneUrl {
    info: ConnectionInfo,
    has_port: bool,
    query: Vec<(String, String)>,
}

impl OneUrl {
    /// Reads what follows `://`. A query that would be passed over is refused: `?ssl_cert_reqs=none`, which other
    /// clients take, must not seem to be heard.
    fn read(scheme: &str, rest: &str, known: &[&str]) -> Option<Self> {
        let url = redis::parse_redis_url(&format!("{scheme}://{rest}"))?;
        let query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let is_known = query.iter().all(|(name, _)| known.contains(&&**name));
        let is_one = !url.host_str().is_some_and(|host| host.contains(','));
        let is_read = is_known && is_one && url.fragment().is_none() && url.scheme() == scheme;
        let has_port = url.port().is_some();
        let info = url.into_connection_info().ok().filter(|info| is_read && is_login(info.redis_settings()))?;
        Some(Self { info, has_port, query })
    }

    /// `None` for an address of another kind, such as one for which the `redis` crate would do TLS.
    fn address(&self, default_port: u16) -> Option<Address> {
        let ConnectionAddr::Tcp(host, port) = self.info.addr() else { return None };
        Some(Address { host: host.clone(), port: if self.has_port { *port } else { default_port } })
    }

    fn login(&self) -> RedisConnectionInfo {
        self.info.redis_settings().clone()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

pub(super) const TAKES: &str = "redis[s]://[user:password@]host[:port][/database], \
    redis[s]-cluster://[user:password@]host[:port][,host[:port]], \
    redis[s]-sentinel://[user:password@]host[:port][,host[:port]]/name[/database][?sentinel_password=..] \
    or unix:///path[?db=database]";

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the kind of a URL, its hosts and ports, and who logs in.
    fn shown(text: &str) -> Option<String> {
        let url = read(text)?;
        let tls = if url.has_tls { "tls " } else { "" };
        let list = |addresses: &[Address]| addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(" ");
        let who = |login: &RedisConnectionInfo| {
            format!("{}:{}", login.username().unwrap_or("-"), login.password().unwrap_or("-"))
        };
        let servers = match &url.servers {
            Servers::One(address) => format!("one {address}"),
            Servers::Socket(path) => format!("socket {}", path.display()),
            Servers::Cluster(seeds) => format!("cluster {}", list(seeds)),
            Servers::Sentinels(url) => format!("{} at {} as {}", url.name, list(&url.sentinels), who(&url.login)),
        };
        Some(format!("{tls}{servers}, {} in {}", who(&url.login), url.login.db()))
    }

    #[test]
    fn every_form_of_a_url_is_understood() {
        for (text, expected) in [
            ("redis://h", "one h:6379, -:- in 0"),
            ("valkey://h:1/2", "one h:1, -:- in 2"),
            ("redis://[::1]:7/1", "one [::1]:7, -:- in 1"),
            ("redis://ada:s%2Fc%40t@h", "one h:6379, ada:s/c@t in 0"),
            ("REDISS://:secret@h:1?protocol=resp3", "tls one h:1, -:secret in 0"),
            ("unix:///run/redis.sock?db=3&user=ada&pass=x", "socket /run/redis.sock, ada:x in 3"),
            ("redis+unix:///run/redis.sock", "socket /run/redis.sock, -:- in 0"),
            ("redis-cluster://h", "cluster h:6379, -:- in 0"),
            ("redis-cluster://a,b:2,[::1]:3/", "cluster a:6379 b:2 [::1]:3, -:- in 0"),
            ("rediss-cluster://ada:s,c@a:1,b/0", "tls cluster a:1 b:6379, ada:s,c in 0"),
            ("valkeys-cluster://a?protocol=resp3", "tls cluster a:6379, -:- in 0"),
            ("redis-sentinel://a/shop", "shop at a:26379 as -:-, -:- in 0"),
            ("redis-sentinel://a:1,b,[::1]/my-shop_1.x/2", "my-shop_1.x at a:1 b:26379 [::1]:26379 as -:-, -:- in 2"),
            (
                "rediss-sentinel://ada:x@a,b:6379/shop?sentinel_username=eve&sentinel_password=p%2F%40",
                "tls shop at a:26379 b:6379 as eve:p/@, ada:x in 0",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_url_that_is_none_or_says_what_nobody_hears_is_refused() {
        for text in [
            "h",
            "://h",
            "redis:h",
            "redis://",
            "redis-cluster://",
            "redis-cluster:///0",
            "redis-cluster://a,",
            "redis-cluster://,a",
            "redis-cluster://a,,b",
            "redis-cluster://a/1",
            "redis-cluster://a/x",
            "redis-cluster://a#insecure",
            "redis-cluster://a?db=0",
            "redis-cluster://a:70000",
            "redis-cluster://0.0.0.0",
            "redis-sentinel://a",
            "redis-sentinel://a/",
            "redis-sentinel:///shop",
            "redis-sentinel://a//0",
            "redis-sentinel://a/two words",
            "redis-sentinel://a/sh%6fp",
            "redis-sentinel://a/shop/x",
            "redis-sentinel://a/shop/0/1",
            "redis-sentinel://a/shop#insecure",
            "redis-sentinel://a/shop?sentinel_pasword=x",
            "redis-sentinel://a,/shop",
            "redis-ring://a",
            "unix-cluster:///a",
            "unix-cluster://a",
            "redis+unix-sentinel://a/shop",
            "redis-cluster-x://a",
            "redis://ada@a",
            "redis-cluster://ada@a,b",
            "redis-sentinel://ada@a/shop",
            "redis-sentinel://a/shop?sentinel_username=eve",
            "unix:///a?user=ada",
            "redis://a/-1",
            "redis://a,b",
            "redis://a?db=1",
            "redis://a?ssl_cert_reqs=none",
            "redis://a#insecure",
            "rediss://a#",
            "unix:///a?x=1",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
