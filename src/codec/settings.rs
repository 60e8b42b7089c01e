//! Holds [`CodecSettings`], of which a codec is made. The configuration has checked each setting.

use std::error::Error;
use std::sync::Arc;

use crate::crypto::{KeyRing, Sealer};
use crate::data::{Lifetime, SessionData};

/// The function of the application that changes a session of another schema to the configured one.
pub(crate) type Migrate = Arc<dyn Fn(u8, &mut SessionData) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync>;

/// The settings of a codec.
pub(crate) struct CodecSettings {
    /// The keys, bound to the name of the cookie and to the audience.
    pub(crate) sealer: Sealer,
    pub(crate) lifetime: Lifetime,
    /// The plaintext is padded to a multiple of this many bytes, 1 to 1024.
    pub(crate) padding_block: usize,
    /// True when the cookie of a new session outlives the browser.
    pub(crate) persistent: bool,
    pub(crate) schema: u8,
    pub(crate) migrate: Option<Migrate>,
}

impl CodecSettings {
    /// Returns the same settings with other keys.
    pub(crate) fn with_keys(&self, keys: &KeyRing) -> Self {
        Self {
            sealer: self.sealer.with_keys(keys),
            lifetime: self.lifetime.clone(),
            padding_block: self.padding_block,
            persistent: self.persistent,
            schema: self.schema,
            migrate: self.migrate.clone(),
        }
    }
}
