//! Says which sessions stand in a request, for the frameworks whose middlewares can stand around each other: tower and
//! actix-web.
//!
//! A layer can be around another one of its manager: one around the whole application and one around a nested router. Then the
//! inner one finds the session of the outer one in the request, uses it, and leaves the commit to the outer one. Two commits of
//! two sessions would send two Set-Cookie headers, of which the browser keeps the one that knows nothing of the other.
//!
//! The layers of two managers have nothing to do with each other. Handlers get the session of the innermost one, and the session
//! of each other manager stands beside it, for a layer of that manager further inside to find.

use super::request::Committer;
use crate::manager::SessionManager;
use crate::session::Session;

/// The sessions of the managers around the one whose session handlers get. They are in a request only if the application has more
/// than one manager, so that any other pays nothing for them.
#[derive(Clone, Default)]
pub(super) struct Others(Vec<Session>);

/// A framework's request, which has the sessions in its extensions.
pub(super) trait Request {
    /// Loads a session from the Cookie headers.
    fn load(&self, manager: &SessionManager) -> Session;

    /// The session that handlers get.
    fn session(&self) -> Option<Session>;

    /// Makes this session the one that handlers get.
    fn put_session(&mut self, session: Session);

    /// Takes the other sessions out.
    fn take_others(&mut self) -> Option<Others>;

    /// Puts the other sessions in.
    fn put_others(&mut self, others: Others);
}

/// Returns the session of this manager, which handlers get from now on, and says which layer commits it. The session is the
/// one that an outer layer of this manager put into the request. If there is no such session, this function loads one and puts
/// it in.
pub(super) fn enter(request: &mut impl Request, manager: &SessionManager) -> (Session, Committer) {
    if let Some(session) = find(request, manager) {
        return (session, Committer::Outer);
    }
    let session = request.load(manager);
    request.put_session(session.clone());
    (session, Committer::This)
}

fn find(request: &mut impl Request, manager: &SessionManager) -> Option<Session> {
    let innermost = request.session()?;
    if manager.has_loaded(&innermost) {
        return Some(innermost);
    }
    let Others(mut others) = request.take_others().unwrap_or_default();
    let place = others.iter().position(|other| manager.has_loaded(other));
    let found = place.map(|place| others.swap_remove(place));
    others.push(innermost);
    request.put_others(Others(others));
    if let Some(found) = &found {
        request.put_session(found.clone());
    }
    found
}
