//! The session of each request, in the frameworks.

#[cfg(feature = "actix-web")]
pub mod actix_web;
#[cfg(feature = "axum")]
mod axum;
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
mod extract_error;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub use extract_error::ExtractError;
