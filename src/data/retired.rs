//! Holds [`Retired`], the id of a session that a request ended.

use super::lifetime::Lifetime;
use super::session_data::SessionData;
use super::session_id::SessionId;
use crate::time::UnixTime;

/// A session that the client's cookie held until a request ended it or replaced its id.
///
/// No server can take a cookie back. A copy of the cookie opens, and may be extended under the same id, until the
/// absolute timeout. To end the session sooner, configure a list of revocations
/// ([`SessionConfig::revocations`](crate::SessionConfig::revocations)), which holds the id until `expires_at`.
///
/// ```
/// use std::time::Duration;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
/// let (id, created_at) = (session.id()?, session.created_at());
/// let retired = session.destroy().unwrap();
/// assert_eq!(retired.id, id);
/// assert_eq!(Some(retired.expires_at), created_at.checked_add(Duration::from_secs(30 * 24 * 60 * 60)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retired {
    /// The id of the session.
    pub id: SessionId,
    /// The absolute timeout of the session. From then on no copy of its cookie opens, extended or not.
    pub expires_at: UnixTime,
}

impl Retired {
    pub(crate) fn new(data: &SessionData, lifetime: &Lifetime) -> Self {
        Self { id: data.id(), expires_at: lifetime.absolute_end(data.times()) }
    }
}
