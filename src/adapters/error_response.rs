//! The response to an [`Error`](crate::Error) of an extractor or of a handler, by one rule for every framework.
//!
//! The client learns the status and nothing else, since the reason is for the operator: it goes to the log. One reason
//! is for the developer. A route that no session layer is around fails at the first try and for every visitor, so a
//! debug build of the application says it in the body as well.

use crate::error::Error;

/// The status of the response and its body, which is plain text and mostly empty. Writes the reason to the log.
pub(super) fn answer(error: &Error) -> (u16, String) {
    let status = error.status();
    // A server that is at fault needs an operator; a client that came too late, or with a forged text, does not.
    let level = if status >= 500 { log::Level::Error } else { log::Level::Info };
    log::log!(target: "sealed_session", level, "{error}");
    let is_for_the_developer = cfg!(debug_assertions) && *error == Error::NoLayer;
    (status, if is_for_the_developer { error.to_string() } else { String::new() })
}
