//! [`MismatchPolicy`]: what becomes of a session whose values no longer make the type of a [`Typed`](crate::Typed).

/// The policy for a session whose values do not make the type of a [`Typed`](crate::Typed), as after a release that
/// changed the type. [docs/values.md](crate::_docs::values) shows what to try first.
///
/// ```
/// use sealed_session::{Key, MismatchPolicy, SessionConfig, Typed};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Deserialize, Serialize)]
/// #[serde(default)]
/// struct Visitor { visits: u32 }
///
/// let config = SessionConfig::new(Key::generate()?).on_mismatch(MismatchPolicy::BeginAnew);
/// # let manager = config.build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("visits", "twice")?; // as an older release stored it
/// let visitor = Typed::<Visitor>::new(session.clone())?;
/// assert_eq!(visitor.visits, 0);
/// assert!(session.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MismatchPolicy {
    /// [`Typed::new`](crate::Typed::new) returns the error, and the extractors and guards answer 500. The session stays
    /// as it is, so each of its requests gets this answer until the session ends.
    #[default]
    Fail,
    /// The session ends as by [`Session::destroy`](crate::Session::destroy), with its flash values and its CSRF token:
    /// whoever was logged in logs in again. The type is read from no values, and observers hear of
    /// [`Event::BegunAnew`](crate::Event::BegunAnew). A type that can't be read from no values, because a field without
    /// a default is missing, is an error as before, and its session stays.
    BeginAnew,
}
