//! [`PgStore`]: sessions in a table of PostgreSQL. This file is all of it: copy it, with sqlx and tokio.

use std::time::Duration;

use sealed_session::{BackendError, BackendErrorKind, BoxFuture, Record, Save, SessionId, SessionStore, UnixTime};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, Error, query, query_as, raw_sql};
use tokio::time::timeout;

pub mod app;

/// Keeps sessions in the table `sealed_sessions`, for as many processes as the server has connections for.
#[derive(Clone, Debug)]
pub struct PgStore {
    pool: PgPool,
}

impl PgStore {
    /// Returns a store over a pool of its own. The pool connects when it is first asked, and again whenever that is
    /// needed.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let pool = PgPoolOptions::new()
            .acquire_timeout(REQUEST)
            // A connection that went silent has its place given to a new one; sqlx alone would wait for TCP to give up.
            .after_release(|connection, _| {
                Box::pin(async {
                    let pong = timeout(REQUEST, connection.ping()).await;
                    pong.unwrap_or(Err(Error::PoolTimedOut)).map(|()| true)
                })
            })
            .connect_lazy(url)?;
        Ok(Self::new(pool))
    }

    /// Returns a store over a pool that the application has already; the two settings of [`PgStore::connect`] suit it
    /// too.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Makes the table where there is none.
    pub async fn migrate(&self) -> Result<(), BackendError> {
        within(MAINTENANCE, async { raw_sql(TABLE).execute(&self.pool).await.map(drop) }).await
    }
}

impl SessionStore for PgStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        let select = query_as("SELECT record, expires_at FROM sealed_sessions WHERE id = $1").bind(id.to_bytes());
        Box::pin(async move {
            let row = within(REQUEST, select.fetch_optional(&self.pool)).await?;
            row.map(|(bytes, expires_at)| record(bytes, expires_at)).transpose()
        })
    }

    // Each save is one statement, so that the server decides and writes at once. Of two saves that replace one tag, the
    // second waits for the first and looks again. An expired record stays in the way of a Create: only the manager's
    // clock says what has expired.
    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        const INSERT: &str =
            "INSERT INTO sealed_sessions (id, record, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        const UPDATE: &str =
            "UPDATE sealed_sessions SET record = $2, expires_at = $3 WHERE id = $1 AND substr(record, 1, 29) = $4";
        Box::pin(async move {
            let write = |statement| {
                query(statement).bind(id.to_bytes()).bind(record.bytes()).bind(seconds(record.expires_at()))
            };
            let write = match &save {
                Save::Create => write(INSERT),
                Save::Replace(tag) => write(UPDATE).bind(tag.as_bytes()),
            };
            Ok(within(REQUEST, write.execute(&self.pool)).await?.rows_affected() == 1)
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        let delete = query("DELETE FROM sealed_sessions WHERE id = $1").bind(id.to_bytes());
        Box::pin(async move { within(REQUEST, delete.execute(&self.pool)).await.map(drop) })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        let delete = query("DELETE FROM sealed_sessions WHERE expires_at <= $1").bind(seconds(now));
        Box::pin(async move { Ok(within(MAINTENANCE, delete.execute(&self.pool)).await?.rows_affected()) })
    }

    // Asks for the table, not only for the server.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        let select = query("SELECT FROM sealed_sessions LIMIT 1");
        Box::pin(async move { within(REQUEST, select.execute(&self.pool)).await.is_ok() })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        let select = query_as("SELECT id, record, expires_at FROM sealed_sessions");
        Box::pin(async move {
            let rows = within(MAINTENANCE, select.fetch_all(&self.pool)).await?.into_iter();
            rows.map(|(id, bytes, expires_at)| Ok((SessionId::from_bytes(id), record(bytes, expires_at)?))).collect()
        })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async {
            within(MAINTENANCE, query("DELETE FROM sealed_sessions").execute(&self.pool)).await.map(drop)
        })
    }
}

/// The time that a question of a request waits for its answer at most, and the time that a cleanup does.
const REQUEST: Duration = Duration::from_secs(1);
const MAINTENANCE: Duration = Duration::from_secs(60);

/// These statements are one transaction. Of two processes that start at once, one would fail without the lock.
const TABLE: &str = "
    SELECT pg_advisory_xact_lock(hashtext('sealed_sessions'));
    CREATE TABLE IF NOT EXISTS sealed_sessions (id bytea PRIMARY KEY, record bytea NOT NULL, expires_at bigint NOT NULL);
    CREATE INDEX IF NOT EXISTS sealed_sessions_expires_at ON sealed_sessions (expires_at);";

async fn within<T>(limit: Duration, answer: impl Future<Output = Result<T, Error>>) -> Result<T, BackendError> {
    let silence = |_| BackendError::new(BackendErrorKind::Unavailable, format_args!("no answer within {limit:?}"));
    timeout(limit, answer).await.map_err(silence)?.map_err(failure)
}

/// PostgreSQL's appendix A lists the codes. The message has no value of a row: those are in the detail, which is left
/// out.
fn failure(error: Error) -> BackendError {
    let code = error.as_database_error().and_then(|error| error.code());
    let kind = match (code.as_deref(), &error) {
        (Some("53100"), _) => BackendErrorKind::Full, // disk_full
        (Some("XX001" | "XX002"), _) | (_, Error::ColumnDecode { .. }) => BackendErrorKind::Corrupt,
        _ => BackendErrorKind::Unavailable,
    };
    BackendError::new(kind, error)
}

fn record(bytes: Vec<u8>, expires_at: i64) -> Result<Record, BackendError> {
    let expires_at = u64::try_from(expires_at).ok().and_then(UnixTime::from_secs);
    let corrupt = || BackendError::new(BackendErrorKind::Corrupt, "expires_at is no time of a session");
    Ok(Record::new(bytes, expires_at.ok_or_else(corrupt)?))
}

/// A time has 40 bits.
fn seconds(time: UnixTime) -> i64 {
    time.as_secs().cast_signed()
}
