//! [`Placement`]: where the values of sessions are kept.

/// The places where a manager may keep the values of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placement {
    /// The values always go into the cookie.
    #[default]
    Cookie,
    /// The values always go into the store.
    Store,
    /// The values go into the cookie while they fit, else into the store.
    Spill,
}
