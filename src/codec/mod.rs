//! Turns a session into sealed text and back, and does nothing else: no HTTP, no backend, no observer, no clock of its own.

mod opened;
mod record;
mod settings;
mod text;

pub(crate) use opened::Opened;
pub(crate) use settings::{CodecSettings, Migrate};
pub(crate) use text::TextCodec;
