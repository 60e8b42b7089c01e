//! Cookies as HTTP has them: the Cookie header is read here, and Set-Cookie lines are written.
//!
//! Nothing here knows what is sealed in a cookie. [`Cookies`] asks its caller for the sealed text and puts the name and the
//! attributes around it, in one cookie or in two, and knows how long a text may be.

mod attributes;
mod budget;
mod candidates;
mod cookies;
pub(crate) mod header;
mod set_cookies;
mod split;
pub(crate) mod syntax;
mod writer;

pub(crate) use attributes::Attributes;
pub use attributes::SameSite;
pub(crate) use candidates::{Candidates, Seconds};
pub(crate) use cookies::{CookieSettings, Cookies};
pub use set_cookies::SetCookies;
pub(crate) use split::MAX_PAIRS;
pub(crate) use syntax::{CookieDomain, CookieName, CookiePath};
