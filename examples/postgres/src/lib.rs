//! Sessions and revocations in PostgreSQL, for the crate [`sealed_session`].
//!
//! - [`PgStore`] keeps the values that a cookie has no room for, or all of them.
//! - [`PgRevocations`] remembers which sessions ended, so that a logout ends every copy of a cookie.
//!
//! Both take a pool of sqlx, their own or the application's, and both are told to make their tables by `migrate`.
//!
//! ```no_run
//! use sealed_session::SessionConfig;
//! use sealed_session_postgres::{PgRevocations, PgStore};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PgStore::connect("postgres://shop:password@localhost/shop")?;
//! store.migrate().await?;
//! let list = PgRevocations::beside(&store);
//! let manager = SessionConfig::from_env()?.spill(store).revocations(list).subject("user_id").build()?;
//! # let _ = manager;
//! # Ok(())
//! # }
//! ```
//!
//! # What both do
//! - **A time limit.** A request waits a second for its answer at most, and `migrate`, `cleanup_expired`, `all` and
//!   `clear` a minute. What takes longer is [`Unavailable`](sealed_session::BackendErrorKind::Unavailable).
//! - **Errors.** A full disk is [`Full`](sealed_session::BackendErrorKind::Full), a damaged table
//!   [`Corrupt`](sealed_session::BackendErrorKind::Corrupt), and every other error of PostgreSQL `Unavailable`. The
//!   error has the message of PostgreSQL, and no value of a row.
//! - **One statement for each change**, so that PostgreSQL decides and writes at once. The isolation must be READ
//!   COMMITTED, which is PostgreSQL's default: under a stricter one, requests of one session fail when they run side by
//!   side.
//! - **TLS** is the feature `tls`, and `?sslmode=verify-full` in the URL: sqlx encrypts without verifying otherwise. It
//!   trusts Mozilla's list of authorities, or that of `&sslrootcert=/path/ca.pem`.

mod database;
mod revocations;
mod store;

pub use revocations::PgRevocations;
pub use store::PgStore;

/// The program of README.md compiles.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
