//! `PgStore`, `PgRevocations` and the application over them, against a real PostgreSQL. `./run` starts one for this;
//! without a server in DATABASE_URL nothing is checked, and each test says so.

mod app;
mod health;
mod list;
mod migrations;
mod network;
mod outage;
mod program;
mod server;
#[path = "../../examples/site/app.rs"]
mod site;
mod store;
#[cfg(feature = "tls")]
mod tls;

use sealed_session::{Record, SessionId, UnixTime};

/// In the year 2096.
const FAR: u64 = 4_000_000_000;

fn id(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), UnixTime::from_secs(expires_at).unwrap())
}
