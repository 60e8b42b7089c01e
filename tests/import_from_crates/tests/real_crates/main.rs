//! A visitor logs in to an old application, whose crate seals the cookie, and goes on with sealed-session, which
//! imports it.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod actix;
mod axum_extra;
mod browser;
mod cookie_rs;
mod rocket;
mod tideway;
