//! Device binding without a framework: the route, the offer and the bounce.

#[cfg(feature = "tower")]
use std::sync::atomic::Ordering;

use super::manager::SessionManager;
use crate::device_binding::{BindingAnswer, BindingRequest};
use crate::session::Session;

/// For adapters.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
impl SessionManager {
    pub(crate) fn binds_to_devices(&self) -> bool {
        self.codec().live.borrow().binder.is_some()
    }

    /// True for the first caller, if device binding is configured.
    #[cfg(feature = "tower")]
    pub(crate) fn is_first_without_answers(&self) -> bool {
        let live = self.codec().live.borrow();
        live.binder.as_ref().is_some_and(|binder| !binder.is_told.swap(true, Ordering::Relaxed))
    }

    #[cfg(feature = "rocket")]
    pub(crate) fn binding_path(&self) -> Option<String> {
        self.codec().live.borrow().binder.as_ref().map(|binder| binder.path.clone())
    }

    pub(crate) fn is_binding_path(&self, path: &str) -> bool {
        self.codec().live.borrow().binder.as_ref().is_some_and(|binder| binder.path == path)
    }
}

impl SessionManager {
    /// Answers a POST to the route of [`DeviceBinding::path`](crate::DeviceBinding::path): a registration, or a
    /// refresh. The session is that of the request, loaded by [`SessionManager::load_async`], or by
    /// [`SessionManager::load`] without a backend. Feature `dbsc`.
    ///
    /// A call that returns an answer has committed whatever it changed. Neither a registration nor a refresh extends
    /// the session. If `load_async` fails, answer with a 5xx status. The status is 404 if no device binding is
    /// configured.
    ///
    /// ```
    /// use sealed_session::{BindingRequest, DeviceBinding, Key, SessionConfig};
    /// # futures_lite::future::block_on(async {
    /// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
    /// let headers = std::collections::HashMap::from([("cookie", "theme=dark")]); // of the request
    /// let session = manager.load_async(headers.get("cookie")).await?;
    /// let request = BindingRequest::from_headers(|name| headers.get(name).copied());
    /// let answer = manager.answer_binding(&session, &request).await;
    /// for (name, value) in answer.headers() {
    ///     println!("{name}: {value}");
    /// }
    /// # Ok::<(), sealed_session::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn answer_binding(&self, session: &Session, request: &BindingRequest<'_>) -> BindingAnswer {
        session.answer_binding(request).await
    }

    /// Returns the header that the response needs besides its Set-Cookie headers, as a name in lower case and a value:
    /// after a commit that sealed a login, the offer to bind the session. A login is a session that is somebody's and
    /// that [`Session::regenerate`] gave a new id. The adapters add this header by themselves. Feature `dbsc`.
    ///
    /// ```
    /// use sealed_session::{DeviceBinding, Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
    /// let session = manager.load(None::<&str>);
    /// session.regenerate()?;
    /// session.set("user_id", 42)?;
    /// let set_cookies = manager.commit(&session)?;
    /// let (name, value) = manager.binding_offer(&session).unwrap();
    /// assert_eq!(name, "secure-session-registration");
    /// assert!(value.starts_with(r#"(ES256);path="/device-binding";challenge=""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn binding_offer(&self, session: &Session) -> Option<(&'static str, String)> {
        session.binding_offer()
    }

    /// Returns the answer to a GET that came from a link on another site with a stale session, and `None` for any other
    /// request: send it in the place of the page. The adapters do that by themselves. Feature `dbsc`.
    ///
    /// A browser does not refresh a session for another site, so a visitor who follows a link from a mail would look
    /// logged out. The answer makes the browser load the page once more, now by itself: it refreshes the session first.
    /// The second request says that it comes from this site, so there is no third one. If binding is required
    /// ([`DeviceBinding::required_within`](crate::DeviceBinding::required_within)), a session that looks as if it had
    /// not been bound in time is answered like a stale one: a refresh may show that it was.
    ///
    /// ```
    /// use sealed_session::{BindingRequest, DeviceBinding, Key, SessionConfig};
    /// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
    /// let session = manager.load(None::<&str>);
    /// let request = BindingRequest::from_headers(|_| None);
    /// assert!(manager.binding_bounce(&session, &request).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn binding_bounce(&self, session: &Session, request: &BindingRequest<'_>) -> Option<BindingAnswer> {
        let may_refresh = request.is_cross_site_navigation() && session.may_be_refreshed();
        may_refresh.then(|| BindingAnswer::new(200).with("refresh", "0".to_owned()))
    }
}
