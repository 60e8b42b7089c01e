//! A Redis is healthy only if a login could be kept in it and a logout recorded: a Redis that only answers is not.

use sealed_session::{RedisRevocations, RedisStore, Revocations, SessionStore};

use crate::server::{Server, address};
use crate::{patient, pool, raw};

/// Asks the store and the list. Redis answers a PING each time, so that a check which sends no more than that says yes.
async fn health(server: &Server) -> [bool; 2] {
    let pong: String = redis::cmd("PING").query_async(&mut raw(&server.address()).await).await.unwrap();
    assert_eq!(pong, "PONG");
    let pool = patient(&server.address());
    [RedisStore::new(&pool).is_healthy().await, RedisRevocations::new(&pool).is_healthy().await]
}

async fn send(server: &Server, command: &[&str]) {
    let mut redis = raw(&server.address()).await;
    let () = redis::cmd(command[0]).arg(&command[1..]).query_async(&mut redis).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_not_healthy_until_it_takes_them_again() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    for (breaks, mends) in [
        (["REPLICAOF", "127.0.0.1", "1"].as_slice(), ["REPLICAOF", "NO", "ONE"].as_slice()),
        (&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"]),
        (&["CONFIG", "SET", "min-replicas-to-write", "1"], &["CONFIG", "SET", "min-replicas-to-write", "0"]),
    ] {
        assert_eq!(health(&server).await, [true; 2], "before {breaks:?}");
        send(&server, breaks).await;
        assert_eq!(health(&server).await, [false; 2], "{breaks:?}");
        send(&server, mends).await;
        assert_eq!(health(&server).await, [true; 2], "{mends:?}");
    }
}

#[tokio::test]
async fn a_user_who_lacks_one_command_of_a_login_or_a_logout_is_not_healthy() {
    let Some(_) = address() else { return };
    for (lacks, expected) in [
        ("-set", [false, false]),
        ("-eval", [false, false]),
        ("-get", [false, false]),
        ("-getrange", [false, true]),
        ("-del", [false, true]),
    ] {
        let server = Server::start(&["--user", "default", "on", "nopass", "~*", "&*", "+@all", lacks]);
        assert_eq!(health(&server).await, expected, "{lacks}");
    }
    let elsewhere = Server::start(&["--user", "default", "on", "nopass", "~other:*", "&*", "+@all"]);
    assert_eq!(health(&elsewhere).await, [false; 2], "another prefix");
}

#[tokio::test]
async fn a_health_check_leaves_nothing_behind() {
    let Some(pool) = pool("health") else { return };
    let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    for _ in 0..2 {
        assert!(store.is_healthy().await && list.is_healthy().await);
    }
    let prefix = format!("{pool:?}").split('"').nth(1).unwrap().to_owned();
    let mut redis = raw(&address().unwrap()).await;
    let left: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut redis).await.unwrap();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(store.all().await, Ok(vec![]));
}
