//! A list of revocations in two tables of an SQLite database. Feature `sqlite`.

mod entries;
mod sqlite_revocations;

pub use sqlite_revocations::SqliteRevocations;
