//! [`Coordinator`]: the backends of a manager, and what is configured about them.

use std::fmt;
use std::sync::Arc;

use super::admitted::Admitted;
use super::owner::Owner;
use super::placement::Placement;
use super::policy::FailurePolicy;
use super::remembered::{Remembered, Vouched};
use super::revocations::{Generation, Revocations};
use super::store::SessionStore;
use crate::codec::Opened;
use crate::data::{SessionData, json};
use crate::error::{BackendError, BackendErrorKind, DecodeError, Refusal};
use crate::format::Namespace;

/// The backends of a manager, and what is configured about them.
#[derive(Default)]
pub(crate) struct Coordinator {
    pub(crate) placement: Placement,
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    /// The key of the entry that names the subject.
    pub(crate) subject: Option<String>,
    pub(crate) policy: FailurePolicy,
    /// The answers of the list that count for a while, if any do.
    pub(crate) remembered: Option<Remembered>,
    /// True when old cookies are imported: then a copy of one makes a session of the same id, and with a life of its
    /// own, long after the first one of that id ended.
    pub(crate) imports: bool,
}

impl Coordinator {
    pub(crate) fn exists(&self) -> bool {
        self.store.is_some() || self.revocations.is_some()
    }

    /// Admits a session if there is no backend to ask. If there is one, the call fails closed, so that code which
    /// forgot to ask lets nobody in whom a backend would have kept out.
    ///
    /// # Errors
    /// [`DecodeError::NotAsked`] where a backend is configured.
    pub(crate) fn admit_unasked(&self, opened: Opened) -> Result<Admitted, Refusal> {
        if self.exists() {
            Err(DecodeError::NotAsked.into())
        } else {
            Ok(Admitted::new(opened, None, Owner::default(), Vouched::Now))
        }
    }

    /// Returns the owner of a session with these values.
    pub(crate) fn owner_of(&self, data: &SessionData) -> Owner {
        let subject = self.subject_of(data);
        let is_somebody = match self.subject {
            Some(_) => subject.is_some(),
            None => data.has_values(),
        };
        Owner { subject, generation: data.generation().and_then(Generation::from_hex), is_somebody }
    }

    fn subject_of(&self, data: &SessionData) -> Option<String> {
        let text = data.json(Namespace::Data, self.subject.as_deref()?)?;
        Some(json::canonical(text).into_owned())
    }

    /// Returns the store.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] where none is configured.
    pub(crate) fn store(&self) -> Result<&dyn SessionStore, BackendError> {
        self.store.as_deref().ok_or_else(|| unsupported("no store is configured"))
    }

    /// Returns the list of revocations.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] where none is configured.
    pub(crate) fn list(&self) -> Result<&dyn Revocations, BackendError> {
        self.revocations.as_deref().ok_or_else(|| unsupported("no list of revocations is configured"))
    }

    /// True when every session ends with its record.
    pub(crate) fn is_in_store(&self) -> bool {
        self.placement == Placement::Store
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("placement", &self.placement)
            .field("revocations", &self.revocations.is_some())
            .field("subject", &self.subject)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

pub(crate) fn unsupported(text: &str) -> BackendError {
    BackendError::new(BackendErrorKind::Unsupported, text)
}
