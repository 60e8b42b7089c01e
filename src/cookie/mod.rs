//! Reads Cookie headers, writes Set-Cookie headers, and knows how much fits into them.
//!
//! This room may not know what the value of a cookie means. [`Cookies`] asks its caller for the sealed text, and puts
//! the name and the attributes around it.
//!
//! `header` finds the values in a Cookie header and `candidates` keeps them. `cookies` makes the Set-Cookie lines, with
//! one `writer` for each cookie, and `set_cookies` carries them to the response. `budget` has the limits of their
//! lengths, and `split` the rules of a session in two cookies. `forms` finds the forms that the cookie had before.
//! `token` carries the same text as a bearer token. `bound` writes the cookie that binds a session to a device.
//! `syntax` holds names, paths and domains, and `attributes` what else a cookie has.

mod attributes;
#[cfg(feature = "dbsc")]
mod bound;
mod budget;
mod candidates;
mod cookies;
mod forms;
pub(crate) mod header;
mod set_cookies;
mod split;
pub(crate) mod syntax;
mod token;
mod writer;

pub(crate) use attributes::Attributes;
pub use attributes::SameSite;
#[cfg(feature = "dbsc")]
pub(crate) use bound::BoundCookie;
pub(crate) use candidates::{Candidates, SecondParts};
pub(crate) use cookies::{CookieSettings, Cookies};
pub(crate) use forms::Form;
pub use set_cookies::SetCookies;
pub(crate) use split::MAX_PAIRS;
pub(crate) use syntax::{CookieDomain, CookieName, CookiePath};
