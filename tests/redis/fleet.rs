//! Several servers that belong together: a cluster, or a primary with a replica and Sentinels.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{PATIENCE, Place, Server};

pub(crate) struct Fleet {
    pub(crate) servers: Vec<Server>,
    /// The Sentinels; a cluster has none.
    pub(crate) sentinels: Vec<Server>,
    /// How `redis-cli` reaches them: the options for TLS.
    cli: Vec<String>,
}

/// Short times, so that a failover is soon.
const CLUSTER: [&str; 6] =
    ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-require-full-coverage", "no"];

impl Fleet {
    /// Starts a cluster with servers at these places. If it has replicas, the first half of the servers are primaries,
    /// and each of the others is the replica of one.
    pub(crate) fn cluster(places: &[Place], has_replicas: bool, options: &[&str], cli: &[&str]) -> Self {
        let options = [&CLUSTER[..], options].concat();
        let servers = places.iter().map(|place| Server::start_at(place, &options)).collect();
        let fleet = Self { servers, sentinels: Vec::new(), cli: cli.iter().map(|&option| option.to_owned()).collect() };
        let nodes: Vec<String> = fleet.servers.iter().map(Server::host_and_port).collect();
        let replicas = if has_replicas { "1" } else { "0" };
        let mut create = fleet.redis_cli();
        create.args(["--cluster", "create"]).args(&nodes).args(["--cluster-replicas", replicas, "--cluster-yes"]);
        assert!(create.stdout(Stdio::null()).status().unwrap().success(), "no cluster was made");
        let is_whole = |server: &Server| {
            let info = fleet.ask(server, &["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{}", nodes.len()))
        };
        wait("the cluster is whole", || fleet.servers.iter().all(is_whole));
        if has_replicas {
            let replicas = nodes.len() / 2;
            wait("each replica follows", || {
                fleet.servers.iter().filter(|server| fleet.follows(server)).count() == replicas
            });
        }
        fleet
    }

    /// Starts a primary, a replica and three Sentinels, which know the primary as `shop`.
    pub(crate) fn with_sentinels(places: &[Place], lines: &str, options: &[&str]) -> Self {
        Self::with_sentinels_over(places, lines, options, &[])
    }

    /// The same with the options by which `redis-cli` reaches the servers: those for TLS.
    pub(crate) fn with_sentinels_over(places: &[Place], lines: &str, options: &[&str], cli: &[&str]) -> Self {
        let [first, second, watchers @ ..] = places else { panic!("too few places") };
        let primary = Server::start_at(first, options);
        let (host, port) = (first.host.clone(), primary.host_and_port().rsplit(':').next().unwrap().to_owned());
        let follow = ["--replicaof", &format!("{host} {port}")];
        let replica = Server::start_at(second, &[&follow, options].concat());
        let times = "sentinel down-after-milliseconds shop 1000\nsentinel failover-timeout shop 5000";
        let monitor = format!("sentinel monitor shop {host} {port} 2\n{times}\n{lines}");
        let has_tls = !cli.is_empty();
        let sentinels = watchers.iter().map(|place| Server::start_sentinel(place, &monitor, has_tls)).collect();
        let cli = cli.iter().map(|&option| option.to_owned()).collect();
        let fleet = Self { servers: vec![primary, replica], sentinels, cli };
        wait("the replica follows", || fleet.follows(&fleet.servers[1]));
        fleet
    }

    /// Waits until each Sentinel knows the replica and the others.
    pub(crate) fn wait_for_sentinels(&self, login: &[&str]) {
        let others = format!("{}", self.sentinels.len() - 1);
        let knows = |sentinel: &Server| {
            let facts = self.ask(sentinel, &[login, &["SENTINEL", "MASTER", "shop"]].concat());
            let facts: Vec<&str> = facts.lines().collect();
            let is = |name, value| facts.windows(2).any(|pair| pair == [name, value]);
            is("num-slaves", "1") && is("num-other-sentinels", &others)
        };
        wait("the Sentinels know each other", || self.sentinels.iter().all(knows));
    }

    /// The URL with the hosts of two servers, as an operator writes it, who does not list all.
    pub(crate) fn cluster_url(&self) -> String {
        let hosts: Vec<_> = self.servers.iter().take(2).map(Server::host_and_port).collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    pub(crate) fn sentinel_url(&self, query: &str) -> String {
        let hosts: Vec<_> = self.sentinels.iter().map(Server::host_and_port).collect();
        format!("redis-sentinel://{}/shop{query}", hosts.join(","))
    }

    /// Sends a command by `redis-cli`, and returns what it prints.
    pub(crate) fn ask(&self, server: &Server, args: &[&str]) -> String {
        let node = server.host_and_port();
        let (host, port) = node.rsplit_once(':').unwrap();
        let output = self.redis_cli().args(["-h", host, "-p", port]).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    }

    pub(crate) fn redis_cli(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(&self.cli);
        command
    }

    pub(crate) fn follows(&self, server: &Server) -> bool {
        let info = self.ask(server, &["INFO", "replication"]);
        info.contains("role:slave") && info.contains("master_link_status:up")
    }

    pub(crate) fn is_primary(&self, server: &Server) -> bool {
        self.ask(server, &["INFO", "replication"]).contains("role:master")
    }

    /// Returns the number of primaries, `lost` not counted.
    pub(crate) fn primaries_beside(&self, lost: &Server) -> usize {
        self.beside(lost).filter(|server| self.is_primary(server)).count()
    }

    fn beside(&self, lost: &Server) -> impl Iterator<Item = &Server> {
        let lost = lost.host_and_port();
        self.servers.iter().filter(move |server| server.host_and_port() != lost)
    }

    /// Waits until there is one primary more than the `before` that were there beside the one that was lost, and until
    /// each Sentinel names it. A Sentinel that is held up in the middle of a failover gives it up. If the lost primary
    /// were back by then, that Sentinel would leave it in its place for good.
    pub(crate) fn wait_for_successor(&self, lost: &Server, before: usize) {
        let lost_place = lost.host_and_port().replace(':', "\n");
        let names_another = |sentinel: &Server| {
            let named = self.ask(sentinel, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"]);
            !named.trim().is_empty() && named.trim() != lost_place
        };
        wait("a replica took over, and each Sentinel names it", || {
            self.primaries_beside(lost) == before + 1 && self.sentinels.iter().all(names_another)
        });
    }

    /// Waits until the server that was lost follows its successor. On a machine under load the successor may be silent
    /// for the second after which it counts as lost, too: then the server that came back becomes the primary once more,
    /// and its successor follows.
    pub(crate) fn wait_until_whole(&self, lost: &Server, before: usize) {
        let serves = |server: &Server| self.is_primary(server) || self.follows(server);
        wait("the server that was lost follows, or is followed", || match self.primaries_beside(lost) {
            others if others == before => self.is_primary(lost) && self.beside(lost).all(serves),
            others => others == before + 1 && self.follows(lost),
        });
    }
}

/// Waits until something is so, as a machine under load may take long for it.
pub(crate) fn wait(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited for {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// As many places on this machine.
pub(crate) fn places(count: usize) -> Vec<Place> {
    vec![Place { host: "127.0.0.1".to_owned(), user: None }; count]
}
