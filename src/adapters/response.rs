//! What a session adds to a response: one rule for every framework.
//!
//! 1. Each Set-Cookie becomes a header of its own.
//! 2. A response with a Set-Cookie gets `Cache-Control: private, no-store`, unless the handler set a Cache-Control,
//!    because a shared cache that stored the response would hand one visitor's cookie to the next (RFC 9111 section
//!    7.3).
//! 3. A response whose session was looked at gets `Vary: Cookie`, because its content may depend on the cookie.
//! 4. When the session could not be committed, an error response takes the place of the handler's response, and the
//!    reason goes to the log.

use std::fmt::Display;

use crate::cookie::SetCookies;
use crate::error::EncodeError;
use crate::session::Session;

/// The headers of a framework's response, as far as the rule of this module needs them.
pub(super) trait ResponseHeaders {
    /// Adds one Set-Cookie header, marked as sensitive where the framework can do that.
    fn append_set_cookie(&mut self, set_cookie: String);

    /// Sets Cache-Control, unless the response has one.
    fn set_default_cache_control(&mut self, directives: &'static str);

    /// Adds one Vary header.
    fn append_vary(&mut self, header_name: &'static str);
}

/// Applies the rule of this module to a response. `replace` puts the error response in the place of the handler's.
pub(super) fn finish<R: ResponseHeaders>(
    response: &mut R,
    session: &Session,
    committed: Result<SetCookies, EncodeError>,
    replace: impl FnOnce(&mut R, &EncodeError),
) {
    match committed {
        Ok(set_cookies) => {
            for set_cookie in set_cookies {
                response.append_set_cookie(set_cookie);
                response.set_default_cache_control("private, no-store");
            }
        }
        Err(error) => {
            log_failure("kept", &error);
            replace(response, &error);
        }
    }
    if session.is_opened() {
        response.append_vary("Cookie");
    }
}

/// Logs why a session was not `done`, which is "loaded" or "kept".
pub(super) fn log_failure(done: &str, error: &impl Display) {
    log::error!(target: "sealed_session", "session not {done}: {error}");
}

/// The status of the empty response to an error. A session that another request ended is a conflict between the two requests, and
/// no fault of the server.
pub(super) fn status_of(error: &EncodeError) -> u16 {
    if *error == EncodeError::Ended { 409 } else { 500 }
}
