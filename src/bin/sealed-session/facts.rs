//! [`Facts`]: what a configuration does, learned from what it sends, so that no variable is interpreted twice.

use std::time::Duration;

use sealed_session::{SessionConfig, UnixTime};

use crate::outcome::{Failure, Result};

pub(crate) struct Facts {
    pub(crate) cookie_name: String,
    /// Everything in a Set-Cookie line from the first `;` on.
    pub(crate) attributes: String,
    /// Seconds.
    pub(crate) idle_timeout: u64,
    /// Seconds.
    pub(crate) absolute_timeout: u64,
}

impl Facts {
    /// Lives through a session that begins at the epoch, so that its ends are the timeouts.
    pub(crate) fn learn(config: SessionConfig) -> Result<Self> {
        let manager = config.clock(|| UnixTime::MIN).build()?;
        let session = manager.load(None::<&str>);
        session.set("a", 1).map_err(Failure::new)?;
        let idle_timeout = session.expires_at().as_secs();
        let line = manager.commit(&session).map_err(Failure::new)?.into_iter().next().unwrap_or_default();
        let absolute_timeout = session.destroy().map_or(idle_timeout, |retired| retired.expires_at.as_secs());
        let attributes = line.find(';').and_then(|start| line.get(start..)).unwrap_or_default().to_owned();
        Ok(Self { cookie_name: manager.codec().cookie_name().to_owned(), attributes, idle_timeout, absolute_timeout })
    }

    /// The value of an attribute, empty for one without a value.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.split(';').find_map(|attribute| {
            let (found, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            (found.trim() == name).then_some(value)
        })
    }
}

/// The longest timeout that the format can carry.
pub(crate) const ENDLESS: Duration = Duration::from_secs(UnixTime::MAX.as_secs());
