//! [`KeyWatch`]: looks every second whether the keys in files changed, and hands a running manager the new ones.
//!
//! This file can be copied into an application. It asks for nothing but this crate and a thread.

use std::thread;
use std::time::Duration;

use sealed_session::{ConfigError, EnvReader, KeyId, KeyRing, SessionManager};

/// The keys of a manager, and what is in the files that `TIDEWAY_SESSION_ENCRYPTION_KEY_FILE` and
/// `TIDEWAY_SESSION_PREVIOUS_KEYS_FILE` name.
///
/// It reads the files and does not wait for a notice of the file system: Kubernetes replaces a mounted secret by
/// renaming a link to its folder, so that neither the file nor the folder of the path is ever written, and a network
/// file system sends no notices at all. To read two small files every second costs nothing that could be measured.
pub(crate) struct KeyWatch {
    manager: SessionManager,
    /// The ids of the keys that the manager has.
    ids: Vec<KeyId>,
    /// The error of the last look, so that it is told once and not every second.
    refused: Option<ConfigError>,
}

/// The result of one look at the files.
enum Look {
    Same,
    Changed(KeyRing),
    Refused(ConfigError),
}

impl KeyWatch {
    /// Gives the manager the keys that are in the files now, which may have changed since it was built.
    ///
    /// # Errors
    /// The reason why there are no keys to watch.
    pub(crate) fn new(manager: SessionManager) -> Result<Self, ConfigError> {
        let keys = EnvReader::default().read_keys()?;
        let ids = keys.ids().collect();
        manager.set_keys(keys);
        Ok(Self { manager, ids, refused: None })
    }

    /// Looks at the files until the process ends, on a thread of its own.
    pub(crate) fn start(mut self) {
        thread::spawn(move || {
            loop {
                thread::sleep(EVERY);
                self.look();
            }
        });
    }

    /// Takes keys that changed. Keys that can't be read, or are refused, change nothing: the manager keeps those that
    /// it has.
    fn look(&mut self) {
        match self.read() {
            Look::Same => self.refused = None,
            Look::Changed(keys) => {
                self.ids = keys.ids().collect();
                self.manager.set_keys(keys);
                self.refused = None;
                let ids: Vec<_> = self.ids.iter().map(KeyId::to_string).collect();
                eprintln!("the keys changed: {} (the first one seals)", ids.join(", "));
            }
            Look::Refused(error) if self.refused.as_ref() != Some(&error) => {
                eprintln!("the keys stay as they are, since {error}");
                self.refused = Some(error);
            }
            Look::Refused(_) => {}
        }
    }

    fn read(&self) -> Look {
        match EnvReader::default().read_keys() {
            // Keys with the same ids in the same order are the same keys.
            Ok(keys) if keys.ids().eq(self.ids.iter().copied()) => Look::Same,
            Ok(keys) => Look::Changed(keys),
            Err(error) => Look::Refused(error),
        }
    }
}

const EVERY: Duration = Duration::from_secs(1);
