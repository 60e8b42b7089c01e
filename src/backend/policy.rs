//! [`FailurePolicy`]: whether a request goes on while a backend fails.

/// The policy for a request while a backend fails: the choice between keeping everyone out and letting everyone in
/// (OWASP ASVS 5.0, 16.5.3, asks that it be made, and that failing open is never the default).
///
/// ```
/// use sealed_session::FailurePolicy;
/// assert_eq!(FailurePolicy::default(), FailurePolicy::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// The session is empty and [`DecodeError::Unavailable`](crate::DecodeError::Unavailable) says why; the cookie
    /// stays, so that the next request may find the session again. Storing something in such a session is refused with
    /// [`EncodeError::Backend`](crate::EncodeError::Backend), and so is its end.
    #[default]
    Refuse,
    /// The request gets an error: [`SessionManager::load_async`](crate::SessionManager::load_async) fails, and the
    /// adapters answer 500 (or what `on_error` says) without asking the handler.
    Fail,
    /// A session that opens is admitted although nobody could say whether it was revoked, and a logout that can't be
    /// put on the list still deletes the cookie. Values that the store can't give are refused all the same.
    Admit,
}
