//! Says which sessions stand in a request, for the frameworks whose middlewares can stand around each other: tower and
//! actix-web.
//!
//! A layer can be around another one of its manager: one around the whole application and one around a nested router. Then the
//! inner one finds the session of the outer one in the request, uses it, and leaves the commit to the outer one. Two commits of
//! two sessions would send two Set-Cookie headers, of which the browser keeps the one that knows nothing of the other.
//!
//! The layers of two managers have nothing to do with each other. Handlers get the session of the innermost one, and the session
//! of each other manager stands beside it, for a layer of that manager further inside to find.

use crate::manager::SessionManager;
use crate::session::Session;

/// The sessions of the managers around the one whose session handlers get. They are in a request only if the application has more
/// than one manager, so that any other pays nothing for them.
#[derive(Clone, Default)]
pub(super) struct Others(Vec<Session>);

/// The extensions of a framework's request.
pub(super) trait Extensions {
    /// The session that handlers get.
    fn session(&self) -> Option<&Session>;

    /// Makes this session the one that handlers get.
    fn put_session(&mut self, session: Session);

    /// Takes the other sessions out.
    fn take_others(&mut self) -> Option<Others>;

    /// Puts the other sessions in.
    fn put_others(&mut self, others: Others);
}

/// Finds the session that an outer layer of this manager put into the request, and makes it the one that handlers get.
/// If there is no such session, the caller has to load one and put it in.
pub(super) fn find(extensions: &mut impl Extensions, manager: &SessionManager) -> Option<Session> {
    let innermost = extensions.session()?.clone();
    if manager.has_loaded(&innermost) {
        return Some(innermost);
    }
    let Others(mut others) = extensions.take_others().unwrap_or_default();
    let place = others.iter().position(|other| manager.has_loaded(other));
    let found = place.map(|place| others.swap_remove(place));
    others.push(innermost);
    extensions.put_others(Others(others));
    if let Some(found) = &found {
        extensions.put_session(found.clone());
    }
    found
}
