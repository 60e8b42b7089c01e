//! [`PgStore`]: records in a table.

use std::time::Duration;

use sealed_session::{BackendError, BackendErrorKind, BoxFuture, Record, Save, SessionId, SessionStore, UnixTime};
use sqlx::postgres::PgPool;
use sqlx::{Error, query, query_as, raw_sql};

use crate::database::{Database, MAINTENANCE, seconds, within};

/// Keeps sessions in the table `sealed_sessions`, for as many processes as the server has connections for.
///
/// A row holds the id of a session, its sealed values, which nobody opens without the key of the application, and the
/// time at which [`SessionStore::cleanup_expired`] removes it, in Unix seconds.
///
/// ```no_run
/// use sealed_session::{Record, Save, SessionId, SessionStore, UnixTime};
/// use sealed_session_postgres::PgStore;
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PgStore::connect("postgres://shop:password@localhost/shop")?;
/// store.migrate().await?;
/// let (id, record) = (SessionId::generate()?, Record::new(vec![1, 2, 3], UnixTime::MAX));
/// assert!(store.save(id, &record, Save::Create).await?);
/// assert_eq!(store.load(id).await?, Some(record));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PgStore {
    pub(crate) database: Database,
}

impl PgStore {
    /// Returns a store over a pool of its own. The pool connects when it is first asked, and again whenever that is
    /// needed.
    ///
    /// # Errors
    /// [`Error`] when `url` is no URL of a PostgreSQL.
    ///
    /// ```
    /// use sealed_session_postgres::PgStore;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert!(PgStore::connect("postgres://shop:password@localhost/shop").is_ok());
    /// assert!(PgStore::connect("localhost").is_err());
    /// # }
    /// ```
    pub fn connect(url: &str) -> Result<Self, Error> {
        Database::connect(url).map(|database| Self { database })
    }

    /// Returns a store over a pool that the application has already. Give that pool an `acquire_timeout` of about a
    /// second, or requests wait for a connection for as long as the pool says.
    ///
    /// ```
    /// use sealed_session_postgres::PgStore;
    /// use sqlx::postgres::PgPoolOptions;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let pool = PgPoolOptions::new().connect_lazy("postgres://shop:password@localhost/shop")?;
    /// let store = PgStore::new(pool);
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { database: Database::shared(pool) }
    }

    /// Sets the time that a question of a request waits for its answer at most: one second, if this is not called. A
    /// question that takes longer is [`BackendErrorKind::Unavailable`]. A store of [`PgStore::connect`] gets a new
    /// pool, in which a request waits for a connection no longer than that either, so call this before the store is
    /// used. The pool of [`PgStore::new`] keeps its own `acquire_timeout`, which is a part of this time. Cleanups,
    /// migrations, [`SessionStore::all`] and [`SessionStore::clear`] have a minute in any case.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session_postgres::PgStore;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let store = PgStore::connect("postgres://localhost/shop")?.timeout(Duration::from_millis(300));
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        Self { database: self.database.with_limit(limit) }
    }

    /// Makes the tables of the store and of the list, or brings those of an earlier release up to date. Every process
    /// may call it when it starts, also several at once. The migrations that were done stand in the table
    /// `sealed_session_migrations`.
    ///
    /// An application that may not create tables leaves the call out, and its operator runs the files of the folder
    /// `migrations` by hand, each once.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] when the tables are of a later release of this crate, and
    /// [`BackendErrorKind::Unavailable`] or [`BackendErrorKind::Full`] when PostgreSQL does not make them.
    ///
    /// ```no_run
    /// # async fn start(store: sealed_session_postgres::PgStore) -> Result<(), sealed_session::BackendError> {
    /// store.migrate().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn migrate(&self) -> Result<(), BackendError> {
        self.database.migrate().await
    }

    fn pool(&self) -> &PgPool {
        &self.database.pool
    }
}

impl SessionStore for PgStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        let select = query_as("SELECT record, expires_at FROM sealed_sessions WHERE id = $1").bind(id.to_bytes());
        Box::pin(async move {
            let row = self.database.ask(select.fetch_optional(self.pool())).await?;
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
            Ok(self.database.ask(write.execute(self.pool())).await?.rows_affected() == 1)
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        let delete = query("DELETE FROM sealed_sessions WHERE id = $1").bind(id.to_bytes());
        Box::pin(async move { self.database.ask(delete.execute(self.pool())).await.map(drop) })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        let delete = query("DELETE FROM sealed_sessions WHERE expires_at <= $1").bind(seconds(now));
        Box::pin(async move { Ok(within(MAINTENANCE, delete.execute(self.pool())).await?.rows_affected()) })
    }

    /// Writes a record under a random id and removes it again, as one transaction, so that a server that only reads
    /// shows, and so do a full disk, a lock and a table that is not there.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        const PROBE: &str = "
            INSERT INTO sealed_sessions (id, record, expires_at) VALUES (uuid_send(gen_random_uuid()), '', -1);
            DELETE FROM sealed_sessions WHERE expires_at = -1";
        Box::pin(async { self.database.ask(raw_sql(PROBE).execute(self.pool())).await.is_ok() })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        let select = query_as("SELECT id, record, expires_at FROM sealed_sessions");
        Box::pin(async move {
            let rows = within(MAINTENANCE, select.fetch_all(self.pool())).await?.into_iter();
            rows.map(|(id, bytes, expires_at)| Ok((SessionId::from_bytes(id), record(bytes, expires_at)?))).collect()
        })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async {
            within(MAINTENANCE, query("DELETE FROM sealed_sessions").execute(self.pool())).await.map(drop)
        })
    }
}

fn record(bytes: Vec<u8>, expires_at: i64) -> Result<Record, BackendError> {
    let expires_at = u64::try_from(expires_at).ok().and_then(UnixTime::from_secs);
    let corrupt = || BackendError::new(BackendErrorKind::Corrupt, "expires_at is no time of a session");
    Ok(Record::new(bytes, expires_at.ok_or_else(corrupt)?))
}
