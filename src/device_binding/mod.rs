//! Binds a session to a device by Device Bound Session Credentials (W3C draft), so that a copied cookie stops working.
//! Feature `dbsc`.
//!
//! `proof` reads what a browser says of its key.

#[allow(dead_code, unused_imports, reason = "the layer that uses it is not in this branch yet")]
pub(crate) mod proof;
