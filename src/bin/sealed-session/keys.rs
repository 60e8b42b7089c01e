//! [`Digits`]: keys as text. The library never prints a key, but `keygen` and `rotate` must.

use rand::TryRng;
use rand::rngs::SysRng;
use sealed_session::{Key, KeyError, KeyId};
use zeroize::Zeroizing;

use crate::outcome::{Failure, Result};
use crate::vars::{Found, KEY, PREVIOUS_KEYS, Vars, trimmed};

/// A key that the library has taken, as its 64 hexadecimal digits.
#[derive(Clone)]
pub(crate) struct Digits {
    pub(crate) text: Zeroizing<String>,
    pub(crate) id: KeyId,
}

impl Digits {
    /// Makes a fresh key.
    pub(crate) fn generate() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; Key::LEN]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| Failure::new(KeyError::Random))?;
        Self::new(&Zeroizing::new(hex::encode(*bytes))).map_err(Failure::new)
    }

    fn new(text: &str) -> Result<Self, KeyError> {
        let text = trimmed(text);
        Ok(Self { id: Key::from_hex(text)?.id(), text: Zeroizing::new(text.to_owned()) })
    }
}

/// The keys of a configuration that the library has taken, and the variables or files in which they were found.
pub(crate) struct Keys {
    pub(crate) primary: Option<(Digits, Found)>,
    pub(crate) previous: Vec<Digits>,
    pub(crate) previous_found: Option<Found>,
}

impl Keys {
    pub(crate) fn of(vars: &Vars) -> Self {
        let primary = vars.text_or_file(KEY).and_then(|found| Some((Digits::new(&found.text).ok()?, found)));
        let previous_found = vars.text_or_file(PREVIOUS_KEYS);
        let texts = previous_found.iter().flat_map(|found| found.text.split([',', '\n']));
        let previous = texts.filter_map(|text| Digits::new(text).ok()).collect();
        Self { primary, previous, previous_found }
    }

    /// Says which role the key with this id has in this configuration: `primary`, `previous` or `unknown`.
    pub(crate) fn role(&self, id: &str) -> &'static str {
        let is = |key: &Digits| key.id.to_string() == id;
        match () {
            () if self.primary.as_ref().is_some_and(|(key, _)| is(key)) => "primary",
            () if self.previous.iter().any(is) => "previous",
            () => "unknown",
        }
    }
}
