//! [`Facts`]: learns the effects of a configuration from the cookie that it sends, so that this command need not
//! interpret the variables again.

use std::time::Duration;

use sealed_session::{SessionConfig, UnixTime};

use crate::outcome::{Failure, Result};

pub(crate) struct Facts {
    pub(crate) cookie_name: String,
    /// The attributes of a Set-Cookie line: everything from its first `;` on.
    pub(crate) attributes: String,
    /// In seconds.
    pub(crate) idle_timeout: u64,
    /// In seconds.
    pub(crate) absolute_timeout: u64,
}

impl Facts {
    /// Begins and ends a session under this configuration. The session begins at the Unix epoch, so the seconds at
    /// which it ends are the timeouts.
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

    /// Returns the value of an attribute. It is empty for an attribute without a value, such as Secure.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.split(';').find_map(|attribute| {
            let (found, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            (found.trim() == name).then_some(value)
        })
    }
}

/// The longest timeout that the wire format can carry.
pub(crate) const ENDLESS: Duration = Duration::from_secs(UnixTime::MAX.as_secs());
