//! Records in a table of an SQLite database. Feature `sqlite`.

mod database;
mod error;
mod files;
mod schema;
mod sqlite_store;

pub use sqlite_store::SqliteStore;
