//! Opens a session that came in two cookies.

use super::engine::Engine;
use crate::codec::Opened;
use crate::cookie::SecondParts;
use crate::error::{DecodeError, Refusal};
use crate::time::UnixTime;

/// Opens a first part with the second part that fits, if it is among those that came. `tries` is how many pairs may
/// still be tried, of [`MAX_PAIRS`] in one request.
pub(super) fn open_parts(
    engine: &Engine,
    first: &[u8],
    seconds: Option<&SecondParts>,
    tries: &mut usize,
    now: UnixTime,
) -> Result<Opened, Refusal> {
    let Engine { codec, cookies, .. } = engine;
    let max_part = cookies.max_part();
    if first.len() > max_part {
        return Err(DecodeError::TooLong.into());
    }
    for second in seconds.into_iter().flat_map(SecondParts::values).filter(|second| second.len() <= max_part) {
        let Some(left) = tries.checked_sub(1) else { return Err(DecodeError::TooManyCandidates.into()) };
        *tries = left;
        match codec.open_long(&[first, second].concat(), cookies.max_joined(), || now) {
            // Another second part may fit.
            Err(Refusal {
                reason: DecodeError::NotAuthentic | DecodeError::Malformed | DecodeError::TooLong, ..
            }) => {}
            outcome => return outcome,
        }
    }
    let is_cut = seconds.is_some_and(SecondParts::is_cut);
    Err(if is_cut { DecodeError::TooManyCandidates } else { DecodeError::Incomplete }.into())
}
