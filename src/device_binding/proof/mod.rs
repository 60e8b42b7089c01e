//! Reads the two request headers by which a browser proves that it holds the key of a device:
//! `Secure-Session-Response`, which carries a signed proof, and `Sec-Secure-Session-Id`, which names the session.
//!
//! The source is the W3C draft "Device Bound Session Credentials" of 2026-02-17, section "DBSC Proof JWT Syntax". This
//! part knows neither sessions nor challenges: it says what a proof contains, and whether a key signed it.
//!
//! `jwt` reads the proof, and `members` the JSON objects in it. `header_value` takes the text out of both headers.
//! `public_key` holds a point of the curve P-256. `verifier` chooses who checks a signature: the `p256` crate
//! (`rust_crypto`), or AWS-LC (`aws_lc`) if the feature `aws-lc` is on. `error` says what is wrong with a proof. For
//! tests, `device` signs proofs as a browser does.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(test)]
pub(crate) mod device;
mod error;
mod header_value;
mod jwt;
mod members;
mod public_key;
#[cfg(any(not(feature = "aws-lc"), test))]
mod rust_crypto;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod verifier;

pub(crate) use error::ProofError;
pub(crate) use header_value::session_id;
pub(crate) use jwt::Proof;
pub(crate) use public_key::PublicKey;
