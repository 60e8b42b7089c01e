//! The store and the list are healthy only if a login could be kept and a logout recorded now.

use sealed_session::{Revocations, SessionStore};
use sealed_session_postgres::{PgRevocations, PgStore};
use sqlx::{Connection, PgConnection, query_scalar};

use crate::server::{self, patient};

async fn are_healthy(store: &PgStore) -> (bool, bool) {
    (store.is_healthy().await, PgRevocations::beside(store).is_healthy().await)
}

#[tokio::test]
async fn without_tables_nothing_is_healthy_and_with_them_all_is() {
    let Some(server) = server::shared().await else { return };
    let store = patient(&server.schema("bare").await);
    assert_eq!(are_healthy(&store).await, (false, false));
    store.migrate().await.unwrap();
    assert_eq!(are_healthy(&store).await, (true, true));
}

#[tokio::test]
async fn a_server_that_only_reads_is_not_healthy() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("only_reads").await;
    patient(&url).migrate().await.unwrap();
    let replica = patient(&format!("{url}&options[default_transaction_read_only]=on"));
    assert_eq!(replica.load(crate::id(1)).await, Ok(None));
    assert_eq!(are_healthy(&replica).await, (false, false));
}

#[tokio::test]
async fn a_look_at_the_health_leaves_nothing_behind() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("probed").await;
    let store = patient(&url);
    store.migrate().await.unwrap();
    assert_eq!(are_healthy(&store).await, (true, true));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let count = "SELECT (SELECT count(*) FROM sealed_sessions) + (SELECT count(*) FROM sealed_session_marks)";
    assert_eq!(query_scalar::<_, i64>(count).fetch_one(&mut connection).await.unwrap(), 0);
}
