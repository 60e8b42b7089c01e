//! How the tables are made, and brought up to date.

use sealed_session::{BackendErrorKind, Revocations, Save, SessionStore};
use sealed_session_postgres::PgRevocations;
use sqlx::{Connection, PgConnection, query_scalar};
use tokio::task::JoinSet;

use crate::server::patient;
use crate::{FAR, id, record, server};

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_make_the_tables_once() {
    let Some(server) = server::shared().await else { return };
    for round in 0..4 {
        let url = server.schema(&format!("start_{round}")).await;
        let mut starts = JoinSet::new();
        for _ in 0..8 {
            let store = patient(&url);
            starts.spawn(async move { store.migrate().await });
        }
        let outcomes = starts.join_all().await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let count = query_scalar("SELECT count(*) FROM sealed_session_migrations");
        let count: i64 = count.fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 2);
    }
}

#[tokio::test]
async fn tables_that_are_there_stay_as_they_are() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("again").await;
    store.save(id(1), &record([1], FAR), Save::Create).await.unwrap();
    store.migrate().await.unwrap();
    PgRevocations::beside(&store).migrate().await.unwrap();
    assert_eq!(store.load(id(1)).await.unwrap(), Some(record([1], FAR)));
}

#[tokio::test]
async fn a_table_from_before_there_were_migrations_is_taken_over() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("taken_over").await;
    server
        .run(
            "SET search_path = sealed_session_test_taken_over;
            CREATE TABLE sealed_sessions (id bytea PRIMARY KEY, record bytea NOT NULL, expires_at bigint NOT NULL);
            CREATE INDEX sealed_sessions_expires_at ON sealed_sessions (expires_at)",
        )
        .await;
    let store = patient(&url);
    store.save(id(1), &record([1], FAR), Save::Create).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(store.load(id(1)).await.unwrap(), Some(record([1], FAR)));
    assert!(PgRevocations::beside(&store).is_healthy().await);
}

#[tokio::test]
async fn tables_of_a_later_release_are_unsupported() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("later").await;
    server
        .run(
            "INSERT INTO sealed_session_test_later.sealed_session_migrations
            (version, description, success, checksum, execution_time) VALUES (1000, 'later', true, '', 0)",
        )
        .await;
    assert_eq!(store.migrate().await.unwrap_err().kind(), BackendErrorKind::Unsupported);
}

#[tokio::test]
async fn migrations_of_the_application_are_not_touched() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("beside").await;
    let sql = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL,
        installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL,
        execution_time bigint NOT NULL);
        INSERT INTO _sqlx_migrations VALUES (20260101000000, 'orders', now(), true, '', 0)";
    server.run(format!("SET search_path = sealed_session_test_beside; {sql}")).await;
    patient(&url).migrate().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let count: i64 = query_scalar("SELECT count(*) FROM _sqlx_migrations").fetch_one(&mut connection).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_migration_that_fails_keeps_no_lock_and_can_be_tried_again() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("tried_again").await;
    // A view of this name stands in the way of the index.
    server.run("CREATE VIEW sealed_session_test_tried_again.sealed_sessions AS SELECT 1 AS id").await;
    let failed = patient(&url);
    assert_eq!(failed.migrate().await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    server.run("DROP VIEW sealed_session_test_tried_again.sealed_sessions").await;
    // Another process, while the first one still has its pool.
    patient(&url).migrate().await.unwrap();
    failed.migrate().await.unwrap();
}
