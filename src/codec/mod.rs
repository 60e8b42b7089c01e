//! Turns a session into sealed text and back, and does nothing else.
//!
//! This room may not know HTTP, backends, observers, imports, or which clock the time comes from. `text` holds the
//! codec of cookies, `record` what it does for the records of a store, and `part` what it does for the parts of a
//! binding to a device. `settings` holds its settings, and `opened` a session that came out of a text.

mod opened;
#[cfg(feature = "dbsc")]
mod part;
mod record;
mod settings;
mod text;

pub(crate) use opened::Opened;
pub(crate) use settings::{CodecSettings, Migrate};
pub(crate) use text::TextCodec;
