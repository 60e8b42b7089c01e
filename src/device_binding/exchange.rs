//! Holds [`BindingRequest`] and [`BindingAnswer`]: what the route of device binding gets and gives, without a
//! framework.

use std::fmt;

/// The headers of a request that [`SessionManager::answer_binding`] and [`SessionManager::binding_bounce`] read.
///
/// [`SessionManager::binding_bounce`]: crate::SessionManager::binding_bounce
/// [`SessionManager::answer_binding`]: crate::SessionManager::answer_binding
///
/// ```
/// use sealed_session::BindingRequest;
/// let headers = [("sec-secure-session-id", "an identifier")];
/// let find = |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
/// let request = BindingRequest::from_headers(find);
/// ```
#[derive(Clone, Copy)]
pub struct BindingRequest<'h> {
    pub(crate) proof: Option<&'h str>,
    pub(crate) session_id: Option<&'h str>,
    mode: Option<&'h str>,
    site: Option<&'h str>,
}

impl<'h> BindingRequest<'h> {
    /// Takes the headers out of a request. `find` gets the name of a header in lower case, and returns its value if the
    /// request has it once; of a header that came several times it may return any one.
    ///
    /// ```
    /// use sealed_session::BindingRequest;
    /// let request = BindingRequest::from_headers(|_| None); // what a browser never sends
    /// ```
    pub fn from_headers(find: impl Fn(&'static str) -> Option<&'h str>) -> Self {
        Self { proof: find(PROOF), session_id: find(SESSION_ID), mode: find(MODE), site: find(SITE) }
    }

    /// Copies the headers, for an answer that outlives the request.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(crate) fn into_owned(self) -> OwnedRequest {
        let [proof, session_id, mode, site] =
            [self.proof, self.session_id, self.mode, self.site].map(|value| value.map(str::to_owned));
        OwnedRequest { proof, session_id, mode, site }
    }

    /// True for the request of a page that another site led to (Fetch Metadata).
    pub(crate) fn is_cross_site_navigation(&self) -> bool {
        self.mode == Some("navigate") && self.site == Some("cross-site")
    }
}

/// Shows which headers came, and no value: a proof can be sent again while its challenge lives.
impl fmt::Debug for BindingRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindingRequest")
            .field("has_proof", &self.proof.is_some())
            .field("has_session_id", &self.session_id.is_some())
            .finish()
    }
}

/// The headers of a request to the route, copied.
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) struct OwnedRequest {
    proof: Option<String>,
    session_id: Option<String>,
    mode: Option<String>,
    site: Option<String>,
}

#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
impl OwnedRequest {
    pub(crate) fn borrowed(&self) -> BindingRequest<'_> {
        BindingRequest {
            proof: self.proof.as_deref(),
            session_id: self.session_id.as_deref(),
            mode: self.mode.as_deref(),
            site: self.site.as_deref(),
        }
    }
}

/// The answer of the route of device binding: a status, headers and a body of JSON or of no bytes. Send it as it is:
/// the browser ends the binding, and with it the session of the user, when another status comes.
///
/// ```
/// use sealed_session::{BindingRequest, DeviceBinding, Key, SessionConfig};
/// # futures_lite::future::block_on(async {
/// let manager = SessionConfig::new(Key::generate()?).device_binding(DeviceBinding::new()).build()?;
/// let session = manager.load_async(None::<&str>).await?;
/// let answer = manager.answer_binding(&session, &BindingRequest::from_headers(|_| None)).await;
/// assert_eq!((answer.status(), answer.body()), (400, ""));
/// # Ok::<(), sealed_session::Error>(())
/// # }).unwrap();
/// ```
#[must_use = "the browser waits for this answer"]
#[derive(Clone, PartialEq, Eq)]
pub struct BindingAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl BindingAnswer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: vec![("cache-control", "no-store".to_owned())], body: String::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn with_json(mut self, body: String) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = body;
        self
    }

    /// Returns the status.
    ///
    /// | status | meaning |
    /// |--:|---|
    /// | 200 | the session is bound, or its proof counts anew, or the browser is told that there is nothing left to bind |
    /// | 403 | the browser is asked to sign another challenge; without one, this session can't be bound |
    /// | 400 | the proof is none |
    /// | 503 | a backend or a key is missing at the moment, and the browser will try again |
    ///
    /// ```
    /// # use sealed_session::BindingAnswer;
    /// fn is_refused(answer: &BindingAnswer) -> bool {
    ///     answer.status() >= 400
    /// }
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers, names in lower case and values in printable ASCII. `set-cookie` may be there more than
    /// once: add each as a header of its own.
    ///
    /// ```
    /// # use sealed_session::BindingAnswer;
    /// fn print(answer: &BindingAnswer) {
    ///     for (name, _) in answer.headers() {
    ///         println!("{name}");
    ///     }
    /// }
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns the body: JSON, or nothing.
    ///
    /// ```
    /// # use sealed_session::BindingAnswer;
    /// fn body(answer: BindingAnswer) -> Vec<u8> {
    ///     answer.body().as_bytes().to_vec()
    /// }
    /// ```
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Shows the status and the names of the headers: their values are cookies and challenges.
impl fmt::Debug for BindingAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("BindingAnswer").field("status", &self.status).field("headers", &names).finish_non_exhaustive()
    }
}

const PROOF: &str = "secure-session-response";
const SESSION_ID: &str = "sec-secure-session-id";
const MODE: &str = "sec-fetch-mode";
const SITE: &str = "sec-fetch-site";
