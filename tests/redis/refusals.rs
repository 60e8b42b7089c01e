//! The meaning of each error of Redis, and of an answer that no Redis gives.

use sealed_session::{BackendErrorKind, Record, RedisStore, Save, SessionStore, UnixTime};

use crate::helpers::new_id;
use crate::patient;
use crate::scripted::Scripted;

fn record() -> Record {
    Record::new(vec![7], UnixTime::MAX)
}

/// The text of the error names the code alone, since the rest may repeat what was sent.
#[tokio::test]
async fn a_code_of_an_error_has_a_kind() {
    for (code, kind) in [
        ("OOM", BackendErrorKind::Full),
        ("MISCONF", BackendErrorKind::Full),
        ("WRONGTYPE", BackendErrorKind::Corrupt),
        ("CORRUPT", BackendErrorKind::Corrupt),
        ("ERR", BackendErrorKind::Unsupported),
        ("NOPERM", BackendErrorKind::Unsupported),
        ("READONLY", BackendErrorKind::Unavailable),
        ("NOAUTH", BackendErrorKind::Unavailable),
        ("BUSY", BackendErrorKind::Unavailable),
    ] {
        let server = Scripted::start(move |_| Some(format!("-{code} hunter2\r\n")));
        let store = RedisStore::new(&server.pool());
        let load = store.load(new_id()).await.unwrap_err();
        let save = store.save(new_id(), &record(), Save::Create).await.unwrap_err();
        for error in [load, save] {
            assert_eq!(error.kind(), kind, "{code}");
            assert!(error.to_string().ends_with(&format!(": redis answered {code}")), "{error}");
        }
    }
}

#[tokio::test]
async fn a_database_that_redis_does_not_have_is_told_by_the_code() {
    let server = Scripted::start(|_| Some("-ERR hunter2\r\n".to_owned()));
    let store = RedisStore::new(&patient(&format!("redis://127.0.0.1:{}/7", server.port)));
    let error = store.load(new_id()).await.unwrap_err();
    assert_eq!(error.to_string(), "session backend is unavailable: redis answered ERR");
}

#[tokio::test]
async fn a_command_that_is_refused_is_not_sent_again() {
    let server = Scripted::start(|_| Some("-NOPERM no\r\n".to_owned()));
    assert_eq!(server.store().load(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unsupported);
    assert_eq!(server.count("GET"), 1);
}

#[tokio::test]
async fn a_refusal_leaves_the_connections_as_they_are() {
    let server = Scripted::start(|command| match command[0].as_str() {
        "SET" => Some("-OOM no\r\n".to_owned()),
        "GET" => Some("-NOPERM no\r\n".to_owned()),
        _ => Some(":0\r\n".to_owned()),
    });
    let store = RedisStore::new(&server.pool());
    for _ in 0..2 {
        let error = store.save(new_id(), &record(), Save::Create).await.unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Full);
        assert_eq!(store.load(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unsupported);
        assert_eq!(store.delete(new_id()).await, Ok(()));
    }
    assert_eq!(server.connections("GET").len(), 1);
    assert_eq!(server.connections("SET").union(&server.connections("DEL")).count(), 1);
}

#[tokio::test]
async fn an_answer_that_belongs_to_another_command_is_told_apart_from_none() {
    for (answer, is_answer) in [(Some("*1\r\n+x\r\n"), true), (None, false)] {
        let server = Scripted::start(move |_| answer.map(str::to_owned));
        let store = RedisStore::new(&server.pool());
        let load = store.load(new_id()).await.unwrap_err();
        let save = store.save(new_id(), &record(), Save::Create).await.unwrap_err();
        for error in [load, save] {
            assert_eq!(error.kind(), BackendErrorKind::Unavailable);
            let told = error.to_string().ends_with("redis gave an answer that does not belong to the command");
            assert_eq!(told, is_answer, "{error}");
        }
    }
}

/// Any program may answer at the port of a Redis, and its answer may hold anything.
#[tokio::test]
async fn an_answer_that_is_none_of_redis_is_not_shown() {
    let server = Scripted::start(|_| Some("hunter2\r\n".to_owned()));
    // The connection begins with the password.
    let store = RedisStore::new(&patient(&format!("redis://:password@127.0.0.1:{}", server.port)));
    for error in [store.load(new_id()).await.unwrap_err(), store.delete(new_id()).await.unwrap_err()] {
        assert_eq!(error.to_string(), "session backend is unavailable: parse error");
    }
}
