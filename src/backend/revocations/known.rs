//! [`Known`]: the entries of a list of revocations about one session, and the [`Mark`] of a session that ended.

use super::Generation;
use crate::data::SessionId;

/// The reason why a session is over: every cookie of it is refused.
///
/// ```
/// use sealed_session::{Mark, SessionId};
/// let successor = SessionId::generate()?;
/// assert_ne!(Mark::Ended, Mark::Became(successor));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a list must keep both; a third would break every one of them")]
pub enum Mark {
    /// The session ended: by a logout, or from outside.
    Ended,
    /// The session goes on under this id, since it was regenerated: an end that comes late ends the session of this id,
    /// too.
    Became(SessionId),
}

impl Mark {
    /// Reads what [`Mark::to_bytes`] wrote. Every 16 bytes are a mark.
    ///
    /// ```
    /// use sealed_session::{Mark, SessionId};
    /// assert_eq!(Mark::from_bytes([0; 16]), Mark::Ended);
    /// assert_eq!(Mark::from_bytes([7; 16]), Mark::Became(SessionId::from_bytes([7; 16])));
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        // A constant function compares no arrays.
        if u128::from_be_bytes(bytes) == 0 { Self::Ended } else { Self::Became(SessionId::from_bytes(bytes)) }
    }

    /// The mark as 16 bytes, for a list that keeps bytes: the id of the successor, or zeros for [`Mark::Ended`]. No
    /// session has the id of zeros, for ids are drawn at random.
    ///
    /// ```
    /// use sealed_session::{Mark, SessionId};
    /// assert_eq!(Mark::Ended.to_bytes(), [0; 16]);
    /// assert_eq!(Mark::Became(SessionId::from_bytes([7; 16])).to_bytes(), [7; 16]);
    /// ```
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        match self {
            Self::Ended => [0; 16],
            Self::Became(successor) => successor.to_bytes(),
        }
    }
}

/// The entries of a list about the id and the subject that it was asked about.
///
/// ```
/// use sealed_session::{Known, Mark};
/// let known = Known::new(Some(Mark::Ended), None);
/// assert_eq!(known.mark, Some(Mark::Ended));
/// assert_eq!(Known::default(), Known::new(None, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// The mark that stands for the id. `None` where nobody put a mark, or no id was asked about.
    pub mark: Option<Mark>,
    /// The generation that stands for the subject. `None` where nobody revoked the subject, or no subject was asked
    /// about.
    pub generation: Option<Generation>,
}

impl Known {
    /// Makes the answer of a list.
    ///
    /// ```
    /// use sealed_session::{Generation, Known};
    /// let generation = Generation::from_bytes([7; 8]);
    /// assert_eq!(Known::new(None, Some(generation)).generation, Some(generation));
    /// ```
    #[must_use]
    pub const fn new(mark: Option<Mark>, generation: Option<Generation>) -> Self {
        Self { mark, generation }
    }
}
