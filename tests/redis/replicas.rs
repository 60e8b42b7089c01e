//! A pool that waits for replicas asks for them after each write, and acknowledges no write that too few of them have.

use sealed_session::{
    Generation, Mark, Only, Record, RedisRevocations, RedisStore, Revocations, Save, SessionStore, UnixTime,
};

use crate::helpers::new_id;
use crate::scripted::Scripted;

/// A server that does everything, and that so many replicas follow.
fn followed_by(replicas: u32) -> Scripted {
    Scripted::start(move |command| match (command[0].as_str(), command[1].as_str()) {
        ("WAIT", _) => Some(format!(":{replicas}\r\n")),
        ("SET", _) => Some("+OK\r\n".to_owned()),
        ("EVAL", script) if script.contains("'DEL'") => Some(":1\r\n".to_owned()),
        ("EVAL", _) => Some("+1099511627775\r\n".to_owned()),
        _ => Some("$-1\r\n".to_owned()),
    })
}

#[tokio::test]
async fn a_write_is_acknowledged_if_as_many_replicas_have_it_as_the_pool_waits_for() {
    let (record, generation) = (Record::new(vec![7], UnixTime::MAX), Generation::from_bytes([7; 8]));
    for (replicas, waits_for, is_enough) in [(2, 2, true), (3, 2, true), (1, 2, false), (0, 1, false)] {
        let server = followed_by(replicas);
        let pool = server.pool().wait_for_replicas(waits_for);
        let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
        let (id, until) = (new_id(), UnixTime::MAX);
        let errors = [
            store.save(id, &record, Save::Create).await.err(),
            store.save(id, &record, Save::Replace(record.tag())).await.err(),
            store.delete(id).await.err(),
            list.revoke(id, Mark::Ended, until).await.err(),
            list.revoke_subject("7", Only::Any, generation, until).await.err(),
        ];
        let message = format!("session backend is unavailable: {replicas} of {waits_for} replicas have the write");
        for error in errors {
            assert_eq!(error.map(|error| error.to_string()), (!is_enough).then(|| message.clone()));
        }
        assert_eq!(server.count("WAIT"), 5);
        assert_eq!((store.is_healthy().await, list.is_healthy().await), (is_enough, is_enough));
        assert_eq!(store.load(id).await, Ok(None), "a read waits for nobody");
        assert_eq!(server.count("WAIT"), 7);
    }
}

#[tokio::test]
async fn a_pool_that_waits_for_no_replicas_does_not_ask_for_them() {
    let server = followed_by(0);
    let store = RedisStore::new(&server.pool());
    assert_eq!(store.save(new_id(), &Record::new(vec![7], UnixTime::MAX), Save::Create).await, Ok(true));
    assert!(store.is_healthy().await);
    assert_eq!(server.count("WAIT"), 0);
}
