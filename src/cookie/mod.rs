//! Cookies as HTTP has them: the Cookie header is read here, and Set-Cookie written.

pub(crate) mod header;
mod set_cookie;

pub(crate) use header::{Candidates, Seconds};
pub(crate) use set_cookie::SetCookieWriter;
pub use set_cookie::SetCookies;
#[cfg(feature = "import")]
pub(crate) use set_cookie::{blank, deletion_of};
