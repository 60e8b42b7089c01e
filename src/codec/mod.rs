//! Turns a session into sealed text and back.

mod codec;
mod record;
mod two_cookies;

pub use codec::Codec;
pub(crate) use codec::Opened;
pub(crate) use two_cookies::{BOTH_LIMIT, MARK, MAX_PAIRS, SUFFIX};
