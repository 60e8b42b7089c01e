//! These tests show what the list does while all is well, and how its entries go.

use std::sync::atomic::{AtomicU64, Ordering};

use sealed_session::testing::{TestClock, check_revocations};
use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, Clock, Generation, Known, Mark, Only, Revocations, SessionId,
    SystemClock, UnixTime,
};
use sealed_session_postgres::PgRevocations;
use sqlx::{Connection, PgConnection, query_scalar};

use crate::server::PATIENCE;
use crate::{id, server};

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_suite() {
    let Some(server) = server::shared().await else { return };
    let list = PgRevocations::beside(&server.store("list").await);
    check_revocations(&list, SystemClock.now()).await;
}

/// Two processes: every call goes to the other one.
struct Two {
    lists: [PgRevocations; 2],
    calls: AtomicU64,
}

impl Two {
    fn next(&self) -> &PgRevocations {
        let [first, second] = &self.lists;
        if self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { first } else { second }
    }
}

impl Revocations for Two {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        self.next().revoke(id, mark, until)
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        self.next().revoke_subject(subject, only, to, until)
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        self.next().look(id, subject)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_over_one_table_pass_the_suite_too() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("two_lists").await;
    let lists = [(); 2].map(|()| PgRevocations::connect(&url).unwrap().timeout(PATIENCE));
    lists[0].migrate().await.unwrap();
    check_revocations(&Two { lists, calls: AtomicU64::new(0) }, SystemClock.now()).await;
}

#[tokio::test]
async fn entries_whose_time_has_passed_go_with_the_next_revocations_and_no_others_do() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("due").await;
    let clock = TestClock::fixed(time(1000));
    let list = PgRevocations::connect(&url).unwrap().timeout(PATIENCE).clock(clock.clone());
    list.migrate().await.unwrap();
    let generation = Generation::from_bytes([7; 8]);
    for number in 0..20 {
        list.revoke(id(number), Mark::Ended, time(1000 + number)).await.unwrap();
        let subject = number.to_string();
        assert!(list.revoke_subject(&subject, Only::Any, generation, time(1000 + number)).await.unwrap());
    }
    clock.set(time(1000 + 15));
    // One entry is due and revoked again: it stays, as its new time says.
    for number in [0, 100, 101, 102] {
        list.revoke(id(number), Mark::Ended, time(2000)).await.unwrap();
        let subject = number.to_string();
        assert!(list.revoke_subject(&subject, Only::Any, generation, time(2000)).await.unwrap());
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for table in ["sealed_session_marks", "sealed_session_generations"] {
        let count = |what: &str| sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE {what}"));
        let due: i64 = query_scalar(count("until <= 1015")).fetch_one(&mut connection).await.unwrap();
        let others: i64 = query_scalar(count("until > 1015")).fetch_one(&mut connection).await.unwrap();
        assert_eq!((due, others), (0, 4 + 4), "{table}");
    }
}

#[tokio::test]
async fn a_subject_may_be_of_any_length_and_of_any_character_and_its_text_is_not_kept() {
    let Some(server) = server::shared().await else { return };
    let url = server.schema("subjects").await;
    let list = PgRevocations::connect(&url).unwrap().timeout(PATIENCE);
    list.migrate().await.unwrap();
    let long = "a person".repeat(8_000);
    for (number, subject) in [long.as_str(), "", "\0", "Straße", "STRASSE"].into_iter().enumerate() {
        let generation = Generation::from_bytes([u8::try_from(number).unwrap(); 8]);
        assert!(list.revoke_subject(subject, Only::Of(None), generation, UnixTime::MAX).await.unwrap());
        assert_eq!(list.look(None, Some(subject)).await.unwrap().generation, Some(generation));
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let longest = "SELECT max(length(subject_sha256)) FROM sealed_session_generations";
    assert_eq!(query_scalar::<_, i32>(longest).fetch_one(&mut connection).await.unwrap(), 32);
}

#[tokio::test]
async fn an_entry_that_is_none_is_corrupt_and_never_absent() {
    let Some(server) = server::shared().await else { return };
    let list = PgRevocations::beside(&server.store("damaged").await);
    let schema = "sealed_session_test_damaged";
    server
        .run(format!(
            "INSERT INTO {schema}.sealed_session_marks VALUES ('\\x{:032x}', '\\x01', 4000000000);
            INSERT INTO {schema}.sealed_session_generations VALUES (sha256('7'), '\\x01', 4000000000)",
            1
        ))
        .await;
    for (id, subject) in [(Some(id(1)), None), (None, Some("7"))] {
        assert_eq!(list.look(id, subject).await.unwrap_err().kind(), BackendErrorKind::Corrupt);
    }
}

fn time(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs).unwrap()
}
