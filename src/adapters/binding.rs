//! The part of device binding that an adapter does in the place of the application: it answers the route, and a link on
//! another site to a session that has to be refreshed first. Feature `dbsc`.

use crate::device_binding::{BindingAnswer, BindingRequest, OwnedRequest};
use crate::manager::SessionManager;
use crate::session::Session;

/// A request that device binding may answer in the place of the handler, once the session is loaded.
pub(super) struct Interception {
    kind: Kind,
    request: OwnedRequest,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The request is to the route.
    Route,
    /// A link on another site led to the page.
    Link,
}

impl Interception {
    /// Returns `None` for a request that only the handler can answer. `find` returns the value of a header.
    pub(super) fn of<'h>(
        manager: &SessionManager,
        (method, path): (&str, &str),
        find: impl Fn(&'static str) -> Option<&'h str>,
    ) -> Option<Self> {
        let kind = if is_route(manager, (method, path)) {
            Kind::Route
        } else if method == "GET" && manager.binds_to_devices() {
            Kind::Link
        } else {
            return None;
        };
        let request = BindingRequest::from_headers(find);
        let is_one = kind == Kind::Route || request.is_cross_site_navigation();
        is_one.then(|| Self { kind, request: request.into_owned() })
    }

    /// Returns the answer, and `None` if the handler is to answer. The session is loaded.
    pub(super) async fn answer(self, manager: &SessionManager, session: &Session) -> Option<BindingAnswer> {
        let request = self.request.borrowed();
        match self.kind {
            Kind::Route => Some(manager.answer_binding(session, &request).await),
            Kind::Link => manager.binding_bounce(session, &request),
        }
    }
}

/// True for a request to the route of device binding.
pub(super) fn is_route(manager: &SessionManager, (method, path): (&str, &str)) -> bool {
    method == "POST" && manager.is_binding_path(path)
}

/// Logs that an adapter does not answer the browsers which bind their sessions, if device binding is configured. It
/// does so once for each manager, since axum makes a service of a layer for each route.
#[cfg(feature = "tower")]
pub(super) fn warn_that_nobody_answers(manager: &SessionManager) {
    if manager.is_first_without_answers() {
        log::warn!(
            target: "sealed_session",
            "device binding is configured, but no session will be bound: call device_binding() on the SessionLayer, unless the \
             application answers the route itself"
        );
    }
}
