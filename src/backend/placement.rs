//! [`Placement`]: where the values of sessions are kept.

/// Where values may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Into the cookie, always.
    #[default]
    Cookie,
    /// Into the store, always.
    Store,
    /// Into the cookie while they fit, else into the store.
    Spill,
}
