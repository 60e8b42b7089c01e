//! [`Owner`]: the subject of a session, and whether the session is somebody's.

use super::coordinator::Coordinator;
use super::revocations::Generation;
use crate::data::{SessionData, json};
use crate::format::Namespace;

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

impl Coordinator {
    pub(crate) fn owner_of(&self, data: &SessionData) -> Owner {
        let subject = self.subject_of(data);
        let is_somebody = match self.subject {
            Some(_) => subject.is_some(),
            None => data.content().in_namespace(Namespace::Data).next().is_some(),
        };
        Owner { subject, generation: data.generation().and_then(Generation::from_hex), is_somebody }
    }

    fn subject_of(&self, data: &SessionData) -> Option<String> {
        let text = data.json(Namespace::Data, self.subject.as_deref()?)?;
        Some(json::canonical(text).into_owned())
    }
}
