//! [`SessionOf`]: the session of one of several managers.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::session::Session;

/// The session of one of several managers of an application, such as one for the site and one for its administration.
/// `M` is a type of the application that names the manager: its layer, middleware or fairing gets the name by `of`, and
/// a handler takes `SessionOf<M>`. It is an extractor of axum and actix-web, a request guard of Rocket, and an
/// extension of any tower service.
///
/// A layer with a name gives its session to those alone who ask for it by the name. [`Session`] without a name is that
/// of the innermost layer without one (in Rocket, of the fairing without one that was attached last).
///
/// The two managers need cookies of different names, and should have keys of their own.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use sealed_session::{Error, Session, SessionConfig, SessionOf, tower::SessionLayer};
///
/// /// Names the manager of the administration. It has no value.
/// enum Admin {}
///
/// async fn greet(site: Session, admin: SessionOf<Admin>) -> Result<String, Error> {
///     let visits = site.get::<u64>("visits")?.unwrap_or(0);
///     Ok(format!("visits: {visits}, administrator: {}", admin.contains("admin_id")))
/// }
///
/// let config = |name| SessionConfig::new(sealed_session::Key::generate().unwrap()).cookie_name(name).build();
/// let app: Router = Router::new()
///     .route("/", get(greet))
///     .layer(SessionLayer::new(config("__Host-admin")?).of::<Admin>())
///     .layer(SessionLayer::new(config("__Host-site")?));
/// # }
/// # Ok::<(), sealed_session::Error>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))))]
pub struct SessionOf<M: ?Sized> {
    session: Session,
    name: PhantomData<fn() -> PhantomData<M>>,
}

impl<M: ?Sized> SessionOf<M> {
    pub(super) fn new(session: Session) -> Self {
        Self { session, name: PhantomData }
    }

    /// Returns the session without the name, such as for [`Typed::new`](crate::Typed::new).
    ///
    /// ```
    /// use sealed_session::{Error, SessionOf, Typed};
    /// # use std::collections::BTreeMap;
    /// enum Admin {}
    ///
    /// fn rights(admin: SessionOf<Admin>) -> Result<Typed<BTreeMap<String, bool>>, Error> {
    ///     Ok(Typed::new(admin.into_inner())?)
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> Session {
        self.session
    }
}

impl<M: ?Sized> Clone for SessionOf<M> {
    fn clone(&self) -> Self {
        Self::new(self.session.clone())
    }
}

impl<M: ?Sized> Deref for SessionOf<M> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

/// Shows no value and does not open the session.
impl<M: ?Sized> fmt::Debug for SessionOf<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionOf").field(&self.session).finish()
    }
}
