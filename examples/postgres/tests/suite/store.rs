//! These tests show what the store does while all is well, and what it says when the server refuses.

use std::sync::atomic::{AtomicU64, Ordering};

use sealed_session::testing::check_store;
use sealed_session::{BackendError, BackendErrorKind, BoxFuture, Record, Save, SessionId, SessionStore, UnixTime};
use sealed_session_postgres::PgStore;

use crate::server::patient;
use crate::{FAR, id, record, server};

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_suite() {
    let Some(server) = server::shared().await else { return };
    let number = AtomicU64::new(0);
    check_store(async || server.store(&format!("one_{}", number.fetch_add(1, Ordering::Relaxed))).await).await;
}

/// Two processes: every call goes to the other one.
struct Two {
    stores: [PgStore; 2],
    calls: AtomicU64,
}

impl Two {
    fn next(&self) -> &PgStore {
        let [first, second] = &self.stores;
        if self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { first } else { second }
    }
}

impl SessionStore for Two {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.next().load(id)
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        self.next().save(id, record, save)
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.next().delete(id)
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.next().cleanup_expired(now)
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        self.next().all()
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.next().clear()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_over_one_table_pass_the_suite_too() {
    let Some(server) = server::shared().await else { return };
    let number = AtomicU64::new(0);
    check_store(async || {
        let url = server.schema(&format!("two_{}", number.fetch_add(1, Ordering::Relaxed))).await;
        let stores = [(); 2].map(|()| patient(&url));
        stores[0].migrate().await.unwrap();
        Two { stores, calls: AtomicU64::new(0) }
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_server_has_the_kind_that_it_calls_for() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("errors").await;
    for (code, kind) in [
        ("53100", BackendErrorKind::Full),        // disk_full
        ("53300", BackendErrorKind::Unavailable), // too_many_connections
        ("57P01", BackendErrorKind::Unavailable), // admin_shutdown
        ("25006", BackendErrorKind::Unavailable), // read_only_sql_transaction
        ("XX001", BackendErrorKind::Corrupt),     // data_corrupted
        ("XX002", BackendErrorKind::Corrupt),     // index_corrupted
    ] {
        server
            .run(format!(
                "SET search_path = sealed_session_test_errors;
                CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '{code}', DETAIL = 'a row'; END $$;
                CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON sealed_sessions EXECUTE FUNCTION fail()"
            ))
            .await;
        let error = store.save(id(1), &record([1], FAR), Save::Create).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.to_string().contains("it fails") && !error.to_string().contains("a row"), "{error}");
    }
}

#[tokio::test]
async fn a_row_that_no_session_has_is_corrupt() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("corrupt").await;
    let table = "sealed_session_test_corrupt.sealed_sessions";
    for expires_at in [-1_i64, 1 << 40] {
        server.run(format!("INSERT INTO {table} VALUES ('\\x{:032x}', '', {expires_at})", 1)).await;
        assert_eq!(store.load(id(1)).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
        assert_eq!(store.all().await.unwrap_err().kind(), BackendErrorKind::Corrupt);
        store.clear().await.unwrap();
    }
    server.run(format!("INSERT INTO {table} VALUES ('\\x0123', '', 1)")).await;
    assert_eq!(store.all().await.unwrap_err().kind(), BackendErrorKind::Corrupt);
}
