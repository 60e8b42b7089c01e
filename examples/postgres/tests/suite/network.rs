//! These tests show what becomes of requests when connections hang, and when requests are dropped.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use sealed_session::{BackendError, BackendErrorKind, Known, Revocations, Save, SessionStore};
use sealed_session_postgres::{PgRevocations, PgStore};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, query_scalar, raw_sql};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::server::PATIENCE;
use crate::{FAR, id, record, server};

/// The time limit of an answer, which a silent server lets pass.
const LIMIT: Duration = Duration::from_secs(3);

/// A way to the server that can go silent: what is sent is swallowed, and nothing is closed.
#[derive(Clone, Default)]
struct Network {
    silence: Arc<Notify>,
    is_silent: Arc<AtomicBool>,
}

impl Network {
    /// A URL that leads through here.
    async fn between(&self, url: &str) -> String {
        let server: PgConnectOptions = url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = server.clone().host("127.0.0.1").port(listener.local_addr().unwrap().port());
        let network = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((server.get_host(), server.get_port())).await.unwrap();
                tokio::spawn(network.clone().carry(client, server));
            }
        });
        // `to_url_lossy` leaves the schema out.
        let (_, query) = url.split_once('?').unwrap();
        format!("{}?{query}", through.to_url_lossy().as_str().split('?').next().unwrap())
    }

    async fn carry(self, mut client: TcpStream, mut server: TcpStream) {
        let silence = self.silence.notified();
        if !self.is_silent.load(Ordering::SeqCst) {
            select! {
                _ = copy_bidirectional(&mut client, &mut server) => return,
                () = silence => (),
            }
        }
        pending().await
    }

    /// Silences what is connected now; and what connects from now on, or not.
    fn silence(&self, for_new_ones_too: bool) {
        self.is_silent.store(for_new_ones_too, Ordering::SeqCst);
        self.silence.notify_waiters();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_silent_costs_a_request_the_time_limit_and_no_restart() {
    let Some(server) = server::shared().await else { return };
    let network = Network::default();
    let url = network.between(&server.schema("silent").await).await;
    let store = PgStore::connect(&url).unwrap().timeout(LIMIT);
    let list = PgRevocations::connect(&url).unwrap().timeout(LIMIT);
    store.migrate().await.unwrap();
    assert!(store.save(id(1), &record([1], FAR), Save::Create).await.unwrap());

    network.silence(true);
    let mut requests = JoinSet::new();
    for _ in 0..30 {
        let store = store.clone();
        requests.spawn(async move {
            let begin = Instant::now();
            (store.load(id(1)).await.unwrap_err().kind(), begin.elapsed())
        });
    }
    for (kind, took) in timeout(PATIENCE, requests.join_all()).await.expect("no request hangs") {
        assert_eq!(kind, BackendErrorKind::Unavailable);
        assert!(took >= LIMIT, "{took:?}");
    }
    let begin = Instant::now();
    assert_eq!(list.look(Some(id(1)), None).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    assert!(begin.elapsed() >= LIMIT);
    assert!(!store.is_healthy().await);

    network.silence(false);
    assert_eq!(store.load(id(1)).await.unwrap(), Some(record([1], FAR)));
    assert_eq!(list.look(Some(id(1)), None).await.unwrap(), Known::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_went_silent_in_the_middle_of_an_answer_are_replaced() {
    silence_in_the_middle("disable").await;
}

/// sqlx would wait for a last answer when it closes such a connection.
#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread")]
async fn connections_over_tls_that_went_silent_in_the_middle_of_an_answer_are_replaced() {
    silence_in_the_middle("require").await;
}

async fn silence_in_the_middle(sslmode: &str) {
    let Some(server) = server::shared().await else { return };
    let (network, is_over) = (Network::default(), Arc::new(AtomicBool::new(false)));
    let url = format!("{}&sslmode={sslmode}", server.schema(&format!("replaced_{sslmode}")).await);
    let store = PgStore::connect(&network.between(&url).await).unwrap().timeout(LIMIT);
    store.migrate().await.unwrap();
    assert!(store.save(id(1), &record([1], FAR), Save::Create).await.unwrap());

    // Somebody holds the row, so that every connection of the pool waits for the server.
    let [mut holder, mut watcher] =
        [PgConnection::connect(&url).await.unwrap(), PgConnection::connect(&url).await.unwrap()];
    raw_sql("BEGIN; SELECT FROM sealed_sessions FOR UPDATE").execute(&mut holder).await.unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (store, is_over) = (store.clone(), Arc::clone(&is_over));
        requests.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let replace = Save::Replace(record([1], FAR).tag());
                let refused = store.save(id(1), &record([2], FAR), replace).await.unwrap_err();
                assert_eq!(refused.kind(), BackendErrorKind::Unavailable);
            }
        });
    }
    // The other test does the same at the same time, in a schema of its own.
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE relation = 'sealed_sessions'::regclass AND wait_event_type = 'Lock'";
    let all_wait = async { while query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() < 10 {} };
    timeout(PATIENCE, all_wait).await.expect("every connection waits");
    network.silence(false);
    is_over.store(true, Ordering::SeqCst);
    timeout(PATIENCE, requests.join_all()).await.expect("no request hangs");
    holder.close().await.unwrap();
    // Each is asked once more, for the time limit; then there is room for new ones.
    let begin = Instant::now();
    while store.load(id(1)).await.is_err() {
        assert!(begin.elapsed() < PATIENCE, "the pool is stuck");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_dropped_leave_no_answer_to_those_after_them() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("dropped").await;
    for number in 0..16 {
        store.save(id(number), &record(number.to_string(), FAR), Save::Create).await.unwrap();
    }
    let mut tasks = JoinSet::new();
    for task in 0..8_u64 {
        let store = store.clone();
        tasks.spawn(async move {
            let (mut dropped, mut answered) = (0, 0);
            for call in 0..200_u64 {
                let number = (task + call) % 16;
                let expected = record(number.to_string(), FAR);
                // A client that goes away: the server drops its handler wherever that is.
                let request = async {
                    assert!(store.save(id(number), &expected, Save::Replace(expected.tag())).await?);
                    assert_eq!(store.load(id(number)).await?, Some(expected));
                    Ok::<(), BackendError>(())
                };
                match at_most(call % 20, request).await {
                    None => dropped += 1,
                    Some(Ok(())) => answered += 1,
                    // A machine that is busy may be late, but it must not answer what nobody asked.
                    Some(Err(error)) => assert_eq!(error.kind(), BackendErrorKind::Unavailable),
                }
            }
            (dropped, answered)
        });
    }
    let (dropped, answered) = tasks.join_all().await.into_iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    assert!(dropped > 100 && answered > 100, "{dropped} dropped, {answered} answered");
}

/// Returns the answer of a request that is ready when it is polled so many times and once more. Any other request is
/// dropped.
async fn at_most<T>(polls: u64, request: impl Future<Output = T>) -> Option<T> {
    let (mut request, mut left) = (pin!(request), polls);
    poll_fn(|context| match request.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
