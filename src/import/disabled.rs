//! Holds [`Imports`] without the feature `import`: the same calls as in `enabled.rs`, which find no old cookie.

#![expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "these are the calls of the other half")]

use crate::codec::TextCodec;
use crate::cookie::{Candidates, Cookies};
use crate::data::SessionData;
use crate::error::DecodeError;
use crate::time::UnixTime;

/// Stands for the imports of a configuration, of which there are none.
#[derive(Default)]
pub(crate) struct Imports;

/// Stands for the old cookies of a request, which nobody looks for.
#[derive(Clone, Default)]
pub(crate) struct OldCookies(());

impl OldCookies {
    pub(crate) fn is_empty(&self) -> bool {
        true
    }
}

impl Imports {
    pub(crate) fn are_there(&self) -> bool {
        false
    }

    pub(crate) fn collect(&self, _: &[u8], _: &mut OldCookies) {}

    pub(crate) fn session(
        &self,
        _: &TextCodec,
        _: &Cookies,
        _: (&Candidates, &OldCookies),
        _: UnixTime,
    ) -> Result<Option<SessionData>, DecodeError> {
        Ok(None)
    }

    pub(crate) fn to_delete(&self, _: &Candidates, _: &OldCookies) -> OldCookies {
        OldCookies(())
    }

    pub(crate) fn deletions(&self, _: &OldCookies, _: UnixTime) -> Vec<String> {
        Vec::new()
    }
}
