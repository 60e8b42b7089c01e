//! Someone logs in with the old application, as its crate does it, and goes on with sealed-session.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod actix;
mod axum_extra;
mod browser;
mod cookie_rs;
mod rocket;
mod tideway;
