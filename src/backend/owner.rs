//! [`Owner`]: the subject of a session, and whether the session is somebody's.

use super::revocations::Generation;

/// The owner of a session. The owner decides whether the session has one successor at most, and which revocations
/// concern it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    /// The canonical JSON text of the subject, where one is configured and the session has it.
    pub(crate) subject: Option<String>,
    /// The generation that the subject had when it logged in.
    pub(crate) generation: Option<Generation>,
    /// True when the session is somebody's: it has a subject, or, where none is configured, any value.
    pub(crate) is_somebody: bool,
}
