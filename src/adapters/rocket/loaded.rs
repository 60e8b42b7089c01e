//! The sessions that fairings loaded for a request. They stand in the request's local cache, where guards find them.

use std::any::TypeId;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rocket::request::Request;

#[cfg(feature = "dbsc")]
use crate::device_binding::BindingAnswer;
use crate::error::BackendError;
use crate::session::Session;

/// The sessions of a request, in the order in which the fairings loaded them. Rocket hands out its cache by shared
/// reference, so the list grows at its end by cells that are set once. It is empty where no fairing has loaded a
/// session.
#[derive(Default)]
pub(super) struct Sessions(OnceLock<Box<(Loaded, Sessions)>>);

/// The session that one fairing gave to the request.
pub(super) struct Loaded {
    /// The name under which handlers ask for it, if it has one.
    pub(super) name: Option<TypeId>,
    pub(super) session: Session,
    pub(super) failure: Option<Arc<Failure>>,
    /// The answer of device binding, which takes the place of whatever Rocket answers.
    #[cfg(feature = "dbsc")]
    pub(super) answer: Option<BindingAnswer>,
}

/// The reason why the backends could not be asked about a session before the handler ran, under
/// [`FailurePolicy::Fail`](crate::FailurePolicy::Fail).
pub(super) struct Failure {
    pub(super) error: BackendError,
    /// True when a guard asked for the session, and failed.
    pub(super) is_asked_for: AtomicBool,
}

impl Sessions {
    pub(super) fn push(&self, loaded: Loaded) {
        let mut end = self;
        while let Some(node) = end.0.get() {
            end = &node.1;
        }
        end.0.get_or_init(|| Box::new((loaded, Sessions::default())));
    }
}

/// Returns the list of the sessions of the request, to which a fairing adds its own.
pub(super) fn sessions<'r>(request: &'r Request<'_>) -> &'r Sessions {
    request.local_cache(Sessions::default)
}

/// Returns the sessions of the request.
pub(super) fn all<'r>(request: &'r Request<'_>) -> impl Iterator<Item = &'r Loaded> {
    let first = sessions(request).0.get();
    std::iter::successors(first, |node| node.1.0.get()).map(|node| &node.0)
}
