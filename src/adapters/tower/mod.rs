//! The session of each request to any tower service: axum, hyper, tonic and others. Feature `tower`.
//!
//! ```
//! use axum::{Extension, Router, http::StatusCode, routing::get};
//! use sealed_session::tower::SessionLayer;
//! use sealed_session::{Error, Session, SessionConfig};
//!
//! fn count(session: &Session) -> Result<u64, Error> {
//!     let visits = session.get::<u64>("visits")?.unwrap_or(0) + 1;
//!     session.set("visits", visits)?;
//!     Ok(visits)
//! }
//!
//! async fn visits(Extension(session): Extension<Session>) -> Result<String, StatusCode> {
//!     // With the feature `axum`, the handler can return the `Error` itself.
//!     let visits = count(&session).map_err(|error| StatusCode::from_u16(error.status()).unwrap())?;
//!     Ok(format!("visit {visits}"))
//! }
//!
//! let manager = SessionConfig::new(sealed_session::Key::generate()?).build()?;
//! let app: Router = Router::new().route("/", get(visits)).layer(SessionLayer::new(manager));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// `layer` holds the layer that most applications need, and `binding` the one that also does device binding.

#[cfg(feature = "dbsc")]
mod binding;
mod layer;

#[cfg(feature = "dbsc")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
pub use binding::{DeviceBindingFuture, DeviceBindingLayer, DeviceBindingService};
pub use layer::{EmptyResponse, OnError, SessionFuture, SessionLayer, SessionService};
