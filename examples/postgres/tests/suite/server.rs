//! The server that the tests ask for, and a schema of its own for each of them.

use std::env;
use std::io::{self, Write};
use std::time::Duration;

use sealed_session_postgres::PgStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Whoever stops the server has it alone.
static TURN: RwLock<()> = RwLock::const_new(());

pub struct Server<Turn = RwLockReadGuard<'static, ()>> {
    url: String,
    _turn: Turn,
}

/// The server, beside other tests; `None` where there is none.
pub async fn shared() -> Option<Server> {
    Some(Server { url: variable("DATABASE_URL")?, _turn: TURN.read().await })
}

/// The server alone, and the start of a command that `start` and `stop` follow.
pub async fn alone() -> Option<(Server<RwLockWriteGuard<'static, ()>>, String)> {
    let (url, control) = (variable("DATABASE_URL")?, variable("SEALED_SESSION_PG_CTL")?);
    Some((Server { url, _turn: TURN.write().await }, control))
}

/// The server, and the file with the authority of its certificate.
#[cfg(feature = "tls")]
pub async fn with_tls() -> Option<(Server, String)> {
    let ca = variable("SEALED_SESSION_POSTGRES_CA")?;
    Some((shared().await?, ca))
}

impl<Turn> Server<Turn> {
    pub async fn run(&self, sql: impl Into<String>) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        raw_sql(AssertSqlSafe(sql.into())).execute(&mut connection).await.unwrap();
    }

    /// A URL that leads into an empty schema of this name.
    pub async fn schema(&self, name: &str) -> String {
        let name = format!("sealed_session_test_{name}");
        self.run(format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")).await;
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}options[search_path]={name}", self.url)
    }

    /// A store in a schema of this name, with empty tables.
    pub async fn store(&self, name: &str) -> PgStore {
        let store = patient(&self.schema(name).await);
        store.migrate().await.unwrap();
        store
    }
}

/// The store of a test in which the server answers: it waits for a machine under load.
pub fn patient(url: &str) -> PgStore {
    PgStore::connect(url).unwrap().timeout(PATIENCE)
}

/// How long a test waits for what comes within a second or a few on a machine that has nothing else to do.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Returns a variable. The line that says it is not set avoids `eprintln!`, which a test that passes does not show.
fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok();
    if value.is_none() {
        assert!(env::var_os("SEALED_SESSION_POSTGRES").is_none_or(|it| it != "required"), "{name} is not set");
        let mut stderr = io::stderr();
        writeln!(stderr, "{name} is not set: skipped. examples/postgres/run sets it").unwrap();
    }
    value
}
