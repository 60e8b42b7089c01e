//! The adapters: they give each request of a web framework its session, and send the session's cookie with the
//! response.
//!
//! Every adapter does four things, in this order:
//!
//! 1. It loads the session from the Cookie headers, before the handler runs. When a store or a list of revocations has
//!    to be asked about the session, the adapter waits for the answer here, because handlers look at a session without
//!    awaiting.
//! 2. It puts the session where the framework's handlers find it: the extensions of the request in tower, axum and
//!    actix-web, and the local cache of the request in Rocket.
//! 3. It commits the session when the handler has answered, whatever the status.
//! 4. It finishes the response by the rule in `response.rs`, which stands there once for all frameworks.
//!
//! One rule for all frameworks says when a session is kept:
//!
//! - **A response carries the session.** It does so whatever its status and whoever made it: a handler, an extractor or
//!   a guard that refused, a catcher, an inner layer, a layer or a framework that makes a response of a panic. An error
//!   that the framework turns into a response outside of the adapter (actix-web) is a response.
//! - **No response, nothing kept.** An error of a tower service and a panic that unwinds through the adapter are no
//!   response. Nothing is committed, and no store is told.
//! - **A handler that would get a session which could not be loaded does not run**
//!   ([`FailurePolicy::Fail`](crate::FailurePolicy::Fail)), and the client gets the error response. **A handler that
//!   ran is not answered for**, unless its own session can't be kept. In tower and actix-web no handler runs, as a
//!   layer can't know who will ask for the session. In Rocket those don't run whose guard it is.
//! - **One commit a request and manager.** A layer that finds a session of its own manager in the request uses it, and
//!   leaves the commit to the outer one (`nesting.rs`). In Rocket the first fairing to load a session does it for all.
//!
//! | file | what it holds |
//! |---|---|
//! | `tower/` | the layer, for axum, hyper, tonic and every other tower service |
//! | `axum.rs` | the extractors that go with the layer |
//! | `actix_web/` | the middleware and the extractors |
//! | `rocket/` | the fairing and the request guards |
//! | `binding.rs` | what an adapter does for device binding in the place of the application |
//! | `error_response.rs` | the response to an error of an extractor or of a handler |
//! | `headers.rs` | what these rules need of a framework's response |
//! | `keep_expiry.rs` | what says for a route that its requests keep no session alive |
//! | `session_of.rs` | the session of one of several managers, by a name |
//! | `nesting.rs` | which sessions stand in a request, where a layer is inside of another |
//! | `request.rs` | the asking, the handling and the committing as one future, for tower and actix-web |
//! | `response.rs` | what every response gets: Set-Cookie, Cache-Control, Vary, or an error in its place |
//! | `caching.rs` | who may store a response, and what keeps one that sets a cookie from shared caches |
//!
//! An adapter imports no other adapter, so that each is complete when its feature is the only one. It reaches the rest
//! of the crate by [`SessionManager`](crate::SessionManager), [`Session`](crate::Session) and [`Typed`](crate::Typed),
//! and knows nothing of codecs, keys and stores. A new adapter implements `ResponseHeaders` of `headers.rs` and, where
//! the framework's middleware is a service, `Middleware` of `request.rs` and `Request` of `nesting.rs`. It has to pass
//! the contract in `tests/adapters`, which is the same for every framework.

#[cfg(feature = "actix-web")]
pub mod actix_web;
#[cfg(feature = "axum")]
mod axum;
#[cfg(all(feature = "dbsc", any(feature = "tower", feature = "actix-web", feature = "rocket")))]
mod binding;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod caching;
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
mod error_response;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod headers;
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
mod keep_expiry;
#[cfg(any(feature = "tower", feature = "actix-web"))]
mod nesting;
#[cfg(any(feature = "tower", feature = "actix-web"))]
mod request;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod response;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
mod session_of;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub use keep_expiry::KeepExpiry;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub use session_of::SessionOf;
