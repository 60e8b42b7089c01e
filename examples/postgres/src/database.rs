//! [`Database`]: the pool, the time limits, the tables, and what an error of PostgreSQL means.

use std::mem;
use std::time::Duration;

use sealed_session::{BackendError, BackendErrorKind, UnixTime};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Error, SqlSafeStr};
use tokio::time::timeout;

/// The connections that a store and a list share. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) pool: PgPool,
    /// True if nobody else has the pool, so that its options may change.
    is_own: bool,
    /// The time that a question of a request waits for its answer at most.
    limit: Duration,
}

impl Database {
    pub(crate) fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self::own(url.parse()?, LIMIT))
    }

    fn own(options: PgConnectOptions, limit: Duration) -> Self {
        let again = options.clone();
        let pool = PgPoolOptions::new()
            .acquire_timeout(limit)
            .after_release(move |connection, _| {
                let again = again.clone();
                Box::pin(async move {
                    match timeout(limit, connection.ping()).await {
                        Ok(pong) => pong.map(|()| true),
                        Err(_) => replace(connection, &again, limit).await.map(|()| true),
                    }
                })
            })
            .connect_lazy_with(options);
        Self { pool, is_own: true, limit }
    }

    /// The same over a pool that others have, too.
    pub(crate) fn shared(pool: PgPool) -> Self {
        Self { pool, is_own: false, limit: LIMIT }
    }

    pub(crate) fn beside(&self) -> Self {
        Self { is_own: false, ..self.clone() }
    }

    pub(crate) fn with_limit(self, limit: Duration) -> Self {
        if self.is_own { Self::own((*self.pool.connect_options()).clone(), limit) } else { Self { limit, ..self } }
    }

    /// Waits for an answer as long as a request may.
    pub(crate) async fn ask<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, BackendError> {
        within(self.limit, answer).await
    }

    /// Runs the migrations that the database has not seen yet.
    pub(crate) async fn migrate(&self) -> Result<(), BackendError> {
        // sqlx holds a lock for as long as its connection lives, if a migration fails or this call is dropped. A pool
        // of its own takes the connection with it.
        let options = (*self.pool.connect_options()).clone();
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(self.limit).connect_lazy_with(options);
        let migrated = timeout(MAINTENANCE, migrator().run(&own)).await;
        own.close().await;
        migrated.map_err(|_| too_late(MAINTENANCE))?.map_err(failed_migration)
    }
}

/// Puts a new connection in the place of one that went silent. sqlx would close it first, which over TLS waits for an
/// answer that never comes (sqlx 0.9 with rustls 0.23), so that its place in the pool would be lost until TCP gives up.
async fn replace(silent: &mut PgConnection, options: &PgConnectOptions, limit: Duration) -> Result<(), Error> {
    let new = timeout(limit, PgConnection::connect_with(options)).await.map_err(|_| Error::PoolTimedOut)??;
    drop(mem::replace(silent, new));
    Ok(())
}

/// The migrations, in a table of their own: the application may have some of sqlx, too.
fn migrator() -> Migrator {
    let migrations = [
        (1, "sessions", include_str!("../migrations/1_sessions.sql")),
        (2, "revocations", include_str!("../migrations/2_revocations.sql")),
    ];
    let migrations = migrations.map(|(version, what, sql)| {
        Migration::new(version, what.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name("sealed_session_migrations");
    migrator
}

/// The time that a question of a request waits at most, unless the application sets another.
const LIMIT: Duration = Duration::from_secs(1);

/// The time that a cleanup does, and everything else that concerns more than one session.
pub(crate) const MAINTENANCE: Duration = Duration::from_secs(60);

pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, BackendError> {
    timeout(limit, answer).await.map_err(|_| too_late(limit))?.map_err(failure)
}

fn too_late(limit: Duration) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, format_args!("no answer within {limit:?}"))
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

fn failed_migration(error: MigrateError) -> BackendError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failure(error),
        // The tables are of a later release, or not of this crate.
        error => BackendError::new(BackendErrorKind::Unsupported, error),
    }
}

/// Returns a time as PostgreSQL keeps it. It has 40 bits.
pub(crate) fn seconds(time: UnixTime) -> i64 {
    time.as_secs().cast_signed()
}
