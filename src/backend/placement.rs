//! Where the values of a session go at a commit: into its cookie, or into the store.

use crate::backend::store::Record;
use crate::codec::Codec;
use crate::cookie::SetCookies;
use crate::data::SessionData;
use crate::error::EncodeError;
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
    pub(crate) has_second: bool,
}

/// What there is of a session until now.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    /// A second cookie of the client.
    pub(crate) second: bool,
    /// A record under its id.
    pub(crate) record: bool,
}

/// A record to keep before the cookie is sent.
pub(crate) struct Saving {
    pub(crate) record: Record,
    /// Each is tried until one writes.
    pub(crate) ways: &'static [Way],
}

/// How a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Create,
    Update,
}

impl Placement {
    /// Seals a session. A cookie without entries always has a record, so that a reader knows where to look.
    pub(crate) fn place(
        self,
        codec: &Codec,
        data: &SessionData,
        held: Held,
        now: UnixTime,
    ) -> Result<Placed, EncodeError> {
        if self == Self::Cookie || self == Self::Spill && !data.is_empty() {
            match codec.set_cookies(data, held.second) {
                Err(EncodeError::TooLarge { .. }) if self == Self::Spill => (),
                Err(error) => return Err(error),
                Ok(set_cookies) => {
                    let saving = if held.record { Some(Saving::shared(codec, data, now)?) } else { None };
                    return Ok(Placed { set_cookies, saving, in_store: false, has_second: codec.takes_two(data) });
                }
            }
        }
        let ways: &[Way] = match self {
            // Gone means ended: by another request, a moment ago.
            _ if held.record => &[Way::Update],
            // What a request moved into the cookie a moment ago may still be there.
            Self::Spill => &[Way::Update, Way::Create],
            // The id is new and drawn at random: what is there is this session's own, from a commit that came to nothing.
            _ => &[Way::Create, Way::Update],
        };
        let saving = Some(Saving { record: codec.record(data)?, ways });
        let set_cookies = codec.set_cookies(&data.without_entries(), held.second)?;
        Ok(Placed { set_cookies, saving, in_store: true, has_second: false })
    }
}

impl Saving {
    /// The record of a session whose values move back into its cookie: for the requests under way that still carry the old one.
    fn shared(codec: &Codec, data: &SessionData, now: UnixTime) -> Result<Self, EncodeError> {
        let record = codec.record(data)?;
        let until = now.saturating_add(UNDER_WAY_SECONDS).min(data.expires_at());
        Ok(Self { record: Record::new(record.into_bytes(), until), ways: &[Way::Update] })
    }
}

/// How long a request that carries an old cookie may be under way.
const UNDER_WAY_SECONDS: u64 = 60;
