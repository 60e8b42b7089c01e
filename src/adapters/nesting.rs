//! Says which sessions stand in a request, for the frameworks whose middlewares can stand around each other: tower and
//! actix-web.
//!
//! A layer can be around another one of its manager: one around the whole application and one around a nested router.
//! Then the inner one finds the session of the outer one in the request, uses it, and leaves the commit to the outer
//! one. Two commits of two sessions would send two Set-Cookie headers, of which the browser keeps the one that knows
//! nothing of the other.
//!
//! The layers of two managers have nothing to do with each other. Handlers that ask for no name get the session of the
//! innermost layer without a name. The sessions of all other layers stand beside it, for a layer of their manager
//! further inside to find. A layer with a name ([`SessionOf`](crate::SessionOf)) puts its session under that name as
//! well.

use super::request::Committer;
use crate::manager::SessionManager;
use crate::session::Session;

/// The sessions of a request besides the one that handlers get who ask for no name. They are in a request only if the
/// application has more than one manager or gives a name, so that any other pays nothing for them.
#[derive(Clone, Default)]
pub(super) struct Others(pub(super) Vec<Session>);

/// A framework's request, which has the sessions in its extensions.
pub(super) trait Request {
    /// The framework's type of extensions.
    type Extensions;

    /// The session that handlers get who ask for no name.
    fn session(&self) -> Option<Session>;

    /// Makes this session the one that handlers get who ask for no name.
    fn put_session(&mut self, session: Session);

    /// Takes the other sessions out.
    fn take_others(&mut self) -> Option<Others>;

    /// Puts the other sessions in.
    fn put_others(&mut self, others: Others);

    /// Puts this session under a name.
    fn put_under_name(&mut self, put: PutUnderName<Self::Extensions>, session: Session);
}

/// Puts a session into the extensions as the [`SessionOf`](crate::SessionOf) of one name.
pub(super) type PutUnderName<E> = fn(&mut E, Session);

/// Returns the session of this manager, which handlers get from now on, and says which layer commits it. The session is
/// the one that an outer layer of this manager put into the request. If there is no such session, this function has
/// `load` load one and puts it in.
pub(super) fn enter<R: Request>(
    request: &mut R,
    manager: &SessionManager,
    name: Option<PutUnderName<R::Extensions>>,
    load: impl FnOnce(&R) -> Session,
) -> (Session, Committer) {
    let unnamed = request.session();
    let Others(mut others) = request.take_others().unwrap_or_default();
    let found = unnamed.iter().chain(&others).find(|session| manager.has_loaded(session)).cloned();
    let committer = if found.is_some() { Committer::Outer } else { Committer::This };
    let session = found.unwrap_or_else(|| load(request));
    match name {
        None => {
            others.extend(unnamed);
            request.put_session(session.clone());
        }
        Some(name) => {
            if committer == Committer::This {
                others.push(session.clone());
            }
            request.put_under_name(name, session.clone());
        }
    }
    if !others.is_empty() {
        request.put_others(Others(others));
    }
    (session, committer)
}
