//! Holds [`KeyRing`]: the key that seals, and the previous keys, which still open.

use super::key::Key;
use crate::error::KeyError;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// The keys of a deployment. The primary key seals, and all keys open.
///
/// A rotation that logs nobody out has three steps. First list the new key as a previous one on every node. Then make
/// it the primary key on every node, with the old key as previous. Drop the old key when the last cookie that it sealed
/// is over.
///
/// ```
/// use sealed_session::{Key, KeyRing};
/// let (new, old) = (Key::generate()?, Key::generate()?);
/// let ring = KeyRing::new(new, vec![old])?;
/// assert_eq!(ring.ids().count(), 2);
/// # Ok::<(), sealed_session::KeyError>(())
/// ```
#[derive(Debug)]
pub struct KeyRing {
    pub(crate) primary: Key,
    pub(crate) previous: Vec<Key>,
    pub(crate) previous_until: UnixTime,
}

impl KeyRing {
    /// Makes a ring of one primary key and any number of previous keys.
    ///
    /// # Errors
    /// [`KeyError::Duplicate`] when two of the keys have the same id. Either one key is listed twice, or, once in four
    /// billion pairs, two keys can't be told apart; make a new key then.
    ///
    /// ```
    /// use sealed_session::{Key, KeyError, KeyRing};
    /// let digits = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";
    /// let twice = KeyRing::new(Key::from_hex(digits)?, vec![Key::from_hex(digits)?]);
    /// assert!(matches!(twice, Err(KeyError::Duplicate { .. })));
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    pub fn new(primary: Key, previous: Vec<Key>) -> Result<Self, KeyError> {
        let ring = Self { previous, ..Self::from(primary) };
        let mut seen = Vec::new();
        for id in ring.ids() {
            if seen.contains(&id) {
                return Err(KeyError::Duplicate { id });
            }
            seen.push(id);
        }
        Ok(ring)
    }

    /// Retires the previous keys at a time. From then on they open nothing, even where nobody has dropped them yet
    /// (NIST SP 800-57 part 1, section 5.3: a key has an end to its period of use).
    ///
    /// ```
    /// use sealed_session::{Key, KeyRing, UnixTime};
    /// let end_of_rotation = UnixTime::from_secs(1_800_000_000).unwrap();
    /// let ring = KeyRing::new(Key::generate()?, vec![Key::generate()?])?.retire_previous_at(end_of_rotation);
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn retire_previous_at(mut self, time: UnixTime) -> Self {
        self.previous_until = time;
        self
    }

    /// Returns the ids of the keys, the primary one first.
    ///
    /// ```
    /// use sealed_session::{Key, KeyRing};
    /// let (new, old) = (Key::generate()?, Key::generate()?);
    /// let ids = [new.id(), old.id()];
    /// let ring = KeyRing::new(new, vec![old])?;
    /// assert!(ring.ids().eq(ids));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        std::iter::once(&self.primary).chain(&self.previous).map(Key::id)
    }
}

/// Makes a ring of one key, without previous keys.
impl From<Key> for KeyRing {
    fn from(primary: Key) -> Self {
        Self { primary, previous: Vec::new(), previous_until: UnixTime::MAX }
    }
}
