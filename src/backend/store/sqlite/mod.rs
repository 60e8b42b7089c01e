//! Records in a table of an SQLite database. Feature `sqlite`.

mod records;
mod sqlite_store;

pub use sqlite_store::SqliteStore;
