//! [`KeepExpiry`]: says for a route that its requests keep no session alive.

use crate::error::Error;
use crate::session::Session;

/// Says that the requests of a route are no use of the session, as
/// [`Session::keep_expiry`](crate::Session::keep_expiry) says for one request. A handler takes it beside the session:
/// it is an extractor of axum and actix-web, and a request guard of Rocket. It concerns the sessions of all managers
/// around the route, and opens none of them.
///
/// In axum, `route_layer(axum::middleware::from_extractor::<KeepExpiry>())` says it for all routes of a router.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use sealed_session::{Error, KeepExpiry, Session};
///
/// async fn unread(_: KeepExpiry, session: Session) -> Result<String, Error> {
///     Ok(session.get::<u64>("unread")?.unwrap_or(0).to_string())
/// }
///
/// let app: Router = Router::new().route("/unread", get(unread));
/// # }
/// ```
#[cfg_attr(docsrs, doc(cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))))]
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KeepExpiry;

/// Says it of all sessions of a request.
///
/// # Errors
/// [`Error::NoLayer`] when the request has none.
pub(super) fn keep_all<'s>(sessions: impl Iterator<Item = &'s Session>) -> Result<KeepExpiry, Error> {
    let kept = sessions.map(Session::keep_expiry).count();
    if kept == 0 { Err(Error::NoLayer) } else { Ok(KeepExpiry) }
}
