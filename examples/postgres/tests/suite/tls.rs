//! TLS to a real server, whose certificate is of an authority of the test's own.

use sealed_session::{BackendErrorKind, SessionStore};
use sqlx::{Connection, PgConnection, query_scalar};

use crate::server::patient;
use crate::{id, server};

#[tokio::test]
async fn a_certificate_of_the_named_authority_is_taken_and_the_connection_is_encrypted() {
    let Some((server, ca)) = server::with_tls().await else { return };
    let url = format!("{}&sslmode=verify-full&sslrootcert={ca}", server.schema("tls").await);
    let store = patient(&url);
    store.migrate().await.unwrap();
    assert_eq!(store.load(id(1)).await, Ok(None));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let is_encrypted = query_scalar::<_, bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    assert!(is_encrypted.fetch_one(&mut connection).await.unwrap());
}

#[tokio::test]
async fn a_certificate_of_nobody_and_one_for_another_name_are_refused() {
    let Some((server, ca)) = server::with_tls().await else { return };
    let url = server.schema("tls_refused").await;
    for (url, reason) in [
        (format!("{url}&sslmode=verify-full"), "UnknownIssuer"),
        (format!("{}&sslmode=verify-full&sslrootcert={ca}", url.replace("127.0.0.1", "localhost")), "NotValidForName"),
    ] {
        let error = patient(&url).load(id(1)).await.unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains(reason) || text.contains("not valid for name"), "{text}");
    }
}
