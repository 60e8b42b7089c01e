//! Where the values of a session go at a commit: into its cookie, or into the store.

use crate::codec::Codec;
use crate::data::SessionData;
use crate::error::EncodeError;
use crate::set_cookie::SetCookies;
use crate::store::{Record, Save};
use crate::time::UnixTime;

/// Where values may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Into the cookie, always.
    #[default]
    Cookie,
    /// Into the store, always.
    Store,
    /// Into the cookie while they fit, else into the store.
    Spill,
}

/// Where values go, and what that takes.
pub(crate) struct Placed {
    pub(crate) set_cookies: SetCookies,
    pub(crate) saving: Option<Saving>,
    pub(crate) in_store: bool,
}

/// A record to keep before the cookie is sent.
pub(crate) struct Saving {
    pub(crate) record: Record,
    /// Each is tried until one writes.
    pub(crate) saves: &'static [Save],
}

impl Placement {
    /// Seals a session. A cookie without entries always has a record, so that a reader knows where to look.
    ///
    /// `was_in_store` says whether there is a record under its id.
    pub(crate) fn place(
        self,
        codec: &Codec,
        data: &SessionData,
        was_in_store: bool,
        now: UnixTime,
    ) -> Result<Placed, EncodeError> {
        if self == Self::Cookie || self == Self::Spill && !data.is_empty() {
            match codec.set_cookie(data) {
                Err(EncodeError::TooLarge { .. }) if self == Self::Spill => (),
                Err(error) => return Err(error),
                Ok(line) => {
                    let saving = if was_in_store { Some(Saving::shared(codec, data, now)?) } else { None };
                    return Ok(Placed { set_cookies: SetCookies::one(line), saving, in_store: false });
                }
            }
        }
        let saves: &[Save] = match self {
            // What a request moved into the cookie a moment ago may still be there.
            Self::Spill => &[Save::Update, Save::Create],
            _ if was_in_store => &[Save::Update],
            // The id is new and drawn at random: what is there is this session's own, from a commit that came to nothing.
            _ => &[Save::Create, Save::Update],
        };
        let saving = Some(Saving { record: codec.record(data)?, saves });
        Ok(Placed { set_cookies: SetCookies::one(codec.set_cookie(&data.without_entries())?), saving, in_store: true })
    }
}

impl Saving {
    /// The record of a session whose values move back into its cookie: for the requests under way that still carry the old one.
    fn shared(codec: &Codec, data: &SessionData, now: UnixTime) -> Result<Self, EncodeError> {
        let record = codec.record(data)?;
        let until = now.saturating_add(UNDER_WAY_SECONDS).min(data.expires_at());
        Ok(Self { record: Record::new(record.bytes().to_vec(), until), saves: &[Save::Update] })
    }
}

/// How long a request that carries an old cookie may be under way.
const UNDER_WAY_SECONDS: u64 = 60;
