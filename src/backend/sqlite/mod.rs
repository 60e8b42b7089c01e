//! The SQLite database in which a store, a list of revocations, or both keep their tables. Feature `sqlite`.

mod database;
mod error;
mod files;
mod open;
mod schema;

pub(super) use database::{Database, execute, in_transaction};
pub(super) use error::failed;
#[cfg(test)]
pub(super) use open::open as open_connection;
pub(super) use schema::Tables;
