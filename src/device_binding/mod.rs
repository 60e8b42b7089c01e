//! Binds a session to the device of its browser, by Device Bound Session Credentials (W3C draft `webappsec-dbsc`).
//! Feature `dbsc`.
//!
//! A browser that supports it makes a key pair which its device keeps, registers the public key after a login, and
//! proves every few minutes that it still has the private key. The server keeps nothing: what it must remember of a
//! binding is sealed and handed to the browser.
//!
//! This room may not know the state of a request, backends and frameworks. `device_binding` holds the settings, and
//! `binder` what is made of them. `parts` seals what the browser keeps. `judge` says by the session and its bound
//! cookie what a request may count on. `exchange` holds the request and the answer of the route, and `instructions`
//! writes what a browser is told. `binding` and `outcome` name the results. `proof` reads and verifies what the browser
//! signs.

mod binder;
mod binding;
mod device_binding;
mod exchange;
mod instructions;
mod judge;
mod parts;
pub(crate) mod proof;
#[cfg(test)]
mod tests;

pub(crate) use binder::Binder;
pub use binding::Binding;
pub use device_binding::DeviceBinding;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub(crate) use exchange::OwnedRequest;
pub use exchange::{BindingAnswer, BindingRequest};
pub(crate) use instructions::{CHALLENGE, OFFER};
pub(crate) use judge::{Judged, judge};
pub(crate) use parts::{Bound, Identifier, PartError, Parts};
