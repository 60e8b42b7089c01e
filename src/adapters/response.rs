//! The headers that a session adds to a response, by one rule for every framework.
//!
//! 1. Each Set-Cookie becomes a header of its own. Where the session comes as a bearer token, the sealed text goes into
//!    a header for the token instead.
//! 2. No response with a Set-Cookie may be stored by a shared cache, which would hand one visitor's cookie to the next
//!    (RFC 9111 section 7.3). `caching.rs` says what that does to the handler's Cache-Control.
//! 3. A seal that is dispensable, such as an extension, is left out of a response that is meant to be shared. The seal
//!    goes out with another response.
//! 4. A response whose session was looked at gets `Vary: Cookie`, because its content may depend on the cookie; with a
//!    bearer token, `Vary: Authorization`. So does the error response in the place of a handler, to a request whose
//!    session could not be loaded: a request without a cookie would have got another one.
//! 5. The response to a login offers the browser to bind the session to its device, if the configuration says so
//!    (feature `dbsc`).
//! 6. A change of the session that comes after the response is told to the log and to observers, since it is lost.
//! 7. When the session could not be committed, an error response takes the place of the handler's response, and the
//!    reason goes to the log.
//!
//! The rule asks for no status and no method: a redirect, a 304 and the answer to a HEAD are stored, or change what is
//! stored.

use std::fmt::Display;

use super::caching::{self, Sharing};
use super::headers::ResponseHeaders;
use crate::cookie::SetCookies;
use crate::error::EncodeError;
use crate::session::{Dispensable, Session};

/// Says what the commit of a session does with a seal that is dispensable, if its cookie would go out with this
/// response.
pub(super) fn dispensable(response: &impl ResponseHeaders) -> Dispensable {
    if caching::sharing(response) == Sharing::Meant { Dispensable::LeaveOut } else { Dispensable::Send }
}

/// The headers in which a session comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// The session comes in a Cookie header and goes in Set-Cookie headers.
    Cookie,
    /// The session comes in an Authorization header as a bearer token and goes in [`TOKEN_HEADER`].
    #[cfg(feature = "tower")]
    Bearer,
}

/// The response header of a bearer token, in lower case.
#[cfg(feature = "tower")]
pub(super) const TOKEN_HEADER: &str = "session-token";

/// Applies the rule of this module to a response. `replace` puts the error response in the place of the handler's.
pub(super) fn finish<R: ResponseHeaders>(
    response: &mut R,
    transport: Transport,
    session: &Session,
    committed: Result<SetCookies, EncodeError>,
    replace: impl FnOnce(&mut R, &EncodeError),
) {
    match committed {
        Ok(set_cookies) => {
            if !set_cookies.is_empty() {
                caching::keep_from_others(response);
            }
            match transport {
                #[cfg(feature = "tower")]
                Transport::Bearer => {
                    if let Some(token) = session.bearer_of(&set_cookies) {
                        response.set_token(TOKEN_HEADER, token);
                    }
                }
                Transport::Cookie => {
                    for set_cookie in set_cookies {
                        response.append_set_cookie(set_cookie);
                    }
                    #[cfg(feature = "dbsc")]
                    if let Some((name, value)) = session.binding_offer() {
                        response.set(name, value.into());
                    }
                }
            }
        }
        Err(error) => {
            log_failure("kept", &error);
            replace(response, &error);
        }
    }
    if session.is_opened() {
        vary(response, transport);
    }
    session.note_response(log_late_change);
}

/// Says of a response that it depends on the header in which the session comes.
pub(super) fn vary(response: &mut impl ResponseHeaders, transport: Transport) {
    let header_name = match transport {
        Transport::Cookie => "Cookie",
        #[cfg(feature = "tower")]
        Transport::Bearer => "Authorization",
    };
    // Of two layers around each other, each may have said so.
    if !response.values("vary").any(|value| value == header_name.as_bytes()) {
        response.append_vary(header_name);
    }
}

/// Logs that a session was changed after its response.
fn log_late_change() {
    log::warn!(
        target: "sealed_session",
        "a session was changed after the headers of its response had gone out, and the change is lost: change it before the \
         response is returned, or keep it in a store and commit it by hand"
    );
}

/// Logs why a session was not `done`, which is "loaded" or "kept".
pub(super) fn log_failure(done: &str, error: &impl Display) {
    log::error!(target: "sealed_session", "session not {done}: {error}");
}

/// The status of the empty response to an error. A session that another request ended is a conflict between the two
/// requests, and no fault of the server.
pub(super) fn status_of(error: &EncodeError) -> u16 {
    if *error == EncodeError::Ended { 409 } else { 500 }
}
