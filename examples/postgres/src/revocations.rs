//! [`PgRevocations`]: marks and generations, in two tables.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    BackendError, BoxFuture, Clock, Generation, Known, Mark, Only, Revocations, SessionId, SystemClock, UnixTime,
};
use sqlx::postgres::PgPool;
use sqlx::{Error, query, query_as, query_scalar, raw_sql};

use crate::PgStore;
use crate::database::{Database, seconds};

/// A list of revocations in the tables `sealed_session_marks` and `sealed_session_generations`, for as many processes
/// as the server has connections for.
///
/// A subject stands there as the SHA-256 digest of its text, so that nobody reads an e-mail address off the table;
/// whoever can guess the subject can still look it up.
///
/// Entries whose time has passed go by themselves: each revocation removes up to eight. The clock says only which
/// entries may go. If it runs ahead of the clocks that open cookies, an entry may go while a cookie of it still opens,
/// so give the list the clock of the manager. The two are the same clock unless you changed one.
///
/// The list must be asked where it is written: never over a replica, which may lag behind.
///
/// ```no_run
/// use sealed_session::{Mark, Revocations, SessionId, UnixTime};
/// use sealed_session_postgres::PgRevocations;
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let list = PgRevocations::connect("postgres://shop:password@localhost/shop")?;
/// list.migrate().await?;
/// let id = SessionId::generate()?;
/// list.revoke(id, Mark::Ended, UnixTime::MAX).await?;
/// assert_eq!(list.look(Some(id), None).await?.mark, Some(Mark::Ended));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PgRevocations {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl PgRevocations {
    /// Returns a list over a pool of its own, as [`PgStore::connect`] makes it.
    ///
    /// # Errors
    /// [`Error`] when `url` is no URL of a PostgreSQL.
    ///
    /// ```
    /// use sealed_session_postgres::PgRevocations;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert!(PgRevocations::connect("postgres://shop:password@localhost/shop").is_ok());
    /// assert!(PgRevocations::connect("localhost").is_err());
    /// # }
    /// ```
    pub fn connect(url: &str) -> Result<Self, Error> {
        Database::connect(url).map(Self::over)
    }

    /// Returns a list over a pool that the application has already, as [`PgStore::new`] does a store.
    ///
    /// ```
    /// use sealed_session_postgres::PgRevocations;
    /// use sqlx::postgres::PgPoolOptions;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let list = PgRevocations::new(PgPoolOptions::new().connect_lazy("postgres://shop:password@localhost/shop")?);
    /// # let _ = list;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::over(Database::shared(pool))
    }

    /// Returns a list over the connections of a store.
    ///
    /// ```
    /// use sealed_session_postgres::{PgRevocations, PgStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let store = PgStore::connect("postgres://shop:password@localhost/shop")?;
    /// let list = PgRevocations::beside(&store);
    /// # let _ = list;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn beside(store: &PgStore) -> Self {
        Self::over(store.database.beside())
    }

    /// Sets the time that a question waits for its answer at most, as [`PgStore::timeout`] does.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sealed_session_postgres::PgRevocations;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let list = PgRevocations::connect("postgres://localhost/shop")?.timeout(Duration::from_millis(300));
    /// # let _ = list;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        Self { database: self.database.with_limit(limit), ..self }
    }

    fn over(database: Database) -> Self {
        Self { database, clock: Arc::new(SystemClock) }
    }

    /// Sets the clock of the list: the one that the manager's `SessionConfig::clock` was given.
    ///
    /// ```
    /// use sealed_session::UnixTime;
    /// use sealed_session_postgres::PgRevocations;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sqlx::Error> {
    /// let list = PgRevocations::connect("postgres://localhost/shop")?;
    /// let list = list.clock(|| UnixTime::from_secs(1_700_000_000).unwrap());
    /// # let _ = list;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Does what [`PgStore::migrate`] does: the tables of both are made at once.
    ///
    /// # Errors
    /// As for [`PgStore::migrate`].
    ///
    /// ```no_run
    /// # async fn start(list: sealed_session_postgres::PgRevocations) -> Result<(), sealed_session::BackendError> {
    /// list.migrate().await?;
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

impl std::fmt::Debug for PgRevocations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgRevocations").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Revocations for PgRevocations {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        // The removal skips what another process removes or writes, and the entry that this statement is about.
        const PUT: &str = "
            WITH due AS (DELETE FROM sealed_session_marks WHERE id IN
                (SELECT id FROM sealed_session_marks WHERE until <= $4 AND id <> $1 LIMIT 8 FOR UPDATE SKIP LOCKED))
            INSERT INTO sealed_session_marks AS kept (id, mark, until) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET until = GREATEST(kept.until, excluded.until) RETURNING mark";
        let put = query_scalar(PUT).bind(id.to_bytes()).bind(mark.to_bytes()).bind(seconds(until));
        let put = put.bind(seconds(self.clock.now()));
        Box::pin(async move { self.database.ask(put.fetch_one(self.pool())).await.map(Mark::from_bytes) })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        // `IN` is null, which counts as false, where it compares with nothing but the null of a session without a
        // generation.
        const PUT: &str = "
            WITH due AS (DELETE FROM sealed_session_generations WHERE subject_sha256 IN
                (SELECT subject_sha256 FROM sealed_session_generations
                 WHERE until <= $6 AND subject_sha256 <> sha256($1) LIMIT 8 FOR UPDATE SKIP LOCKED))
            INSERT INTO sealed_session_generations AS kept (subject_sha256, generation, until) VALUES (sha256($1), $2, $3)
            ON CONFLICT (subject_sha256) DO UPDATE
                SET generation = excluded.generation, until = GREATEST(kept.until, excluded.until)
                WHERE $4 OR kept.generation IN ($5, excluded.generation)";
        let (is_any, expected) = match only {
            Only::Any => (true, None),
            Only::Of(expected) => (false, expected.map(Generation::to_bytes)),
        };
        let put = query(PUT).bind(subject.as_bytes()).bind(to.to_bytes()).bind(seconds(until));
        let put = put.bind(is_any).bind(expected).bind(seconds(self.clock.now()));
        Box::pin(async move { Ok(self.database.ask(put.execute(self.pool())).await?.rows_affected() == 1) })
    }

    /// Reads both entries in one statement, and so as they stood at one moment.
    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        const SELECT: &str = "SELECT (SELECT mark FROM sealed_session_marks WHERE id = $1),
            (SELECT generation FROM sealed_session_generations WHERE subject_sha256 = sha256($2))";
        let select = query_as(SELECT).bind(id.map(SessionId::to_bytes)).bind(subject.map(str::as_bytes));
        Box::pin(async move {
            let (mark, generation): (Option<[u8; 16]>, Option<[u8; 8]>) =
                self.database.ask(select.fetch_one(self.pool())).await?;
            Ok(Known::new(mark.map(Mark::from_bytes), generation.map(Generation::from_bytes)))
        })
    }

    /// Puts a mark on a random id and takes it away again, as one transaction, as the store does with a record.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        const PROBE: &str = "
            INSERT INTO sealed_session_marks (id, mark, until) VALUES (uuid_send(gen_random_uuid()), '', -1);
            DELETE FROM sealed_session_marks WHERE until = -1";
        Box::pin(async { self.database.ask(raw_sql(PROBE).execute(self.pool())).await.is_ok() })
    }
}
