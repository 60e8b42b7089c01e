//! The session of each request, in the frameworks.

#[cfg(feature = "actix-web")]
pub mod actix_web;
#[cfg(feature = "axum")]
mod axum;
#[cfg(any(feature = "tower", feature = "actix-web"))]
mod request;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod response;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(feature = "tower")]
pub mod tower;
