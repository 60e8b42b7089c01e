//! Where the values of a session go at a commit: into its cookie, or into the store.

use super::engine::Engine;
use crate::backend::{Placement, Record, Save, Saving};
use crate::cookie::SetCookies;
use crate::data::SessionData;
use crate::error::EncodeError;
use crate::time::UnixTime;

/// A session in its place: the lines for the response, and what the store must keep before they go out.
pub(super) struct Placed {
    pub(super) set_cookies: SetCookies,
    pub(super) saving: Option<Saving>,
    /// True when the values are in the store.
    pub(super) in_store: bool,
    /// True when the client holds a second cookie from then on.
    pub(super) has_second: bool,
}

/// What the client and the store hold already.
#[derive(Clone, Copy)]
pub(super) struct Held {
    /// True when the client holds a second cookie.
    pub(super) second: bool,
    /// True when the store has a record of this session.
    pub(super) record: bool,
}

impl Engine {
    /// Seals a session into its place.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`], [`EncodeError::Schema`], [`EncodeError::Random`] and [`EncodeError::Cipher`].
    pub(super) fn place(&self, data: &SessionData, held: Held, now: UnixTime) -> Result<Placed, EncodeError> {
        let placement = self.backend.placement;
        if placement == Placement::Cookie || placement == Placement::Spill && !data.is_empty() {
            match self.set_cookies(data, held.second) {
                Err(EncodeError::TooLarge { .. }) if placement == Placement::Spill => (),
                Err(error) => return Err(error),
                Ok(set_cookies) => {
                    let has_second = self.cookies.is_split(self.codec.chars(data));
                    let saving = if held.record { Some(self.left_behind(data, now)?) } else { None };
                    return Ok(Placed { set_cookies, saving, in_store: false, has_second });
                }
            }
        }
        let saves: &[Save] = match placement {
            // A record that is gone was ended by another request a moment ago.
            _ if held.record => &[Save::Update],
            // What a request moved into the cookie a moment ago may still be in the store.
            Placement::Spill => &[Save::Update, Save::Create],
            // The id is new and drawn at random: a record under it is this session's own, from a commit that came to nothing.
            _ => &[Save::Create, Save::Update],
        };
        let record = Record::new(self.codec.seal_record(data)?, data.expires_at());
        let set_cookies = self.set_cookies(&data.without_entries(), held.second)?;
        Ok(Placed { set_cookies, saving: Some(Saving { record, saves }), in_store: true, has_second: false })
    }

    /// The Set-Cookie lines of a session that is sealed as it stands.
    fn set_cookies(&self, data: &SessionData, has_second: bool) -> Result<SetCookies, EncodeError> {
        let chars = self.checked_chars(data)?;
        let max_age = data.is_persistent().then(|| data.expires_at().seconds_since(data.issued_at()));
        self.cookies.set(chars, max_age, has_second, |line| self.codec.seal(data, line))
    }

    /// The record of a session whose values move back into its cookie. Requests under way still carry the old cookie, so the
    /// record stays a little longer.
    fn left_behind(&self, data: &SessionData, now: UnixTime) -> Result<Saving, EncodeError> {
        let until = now.saturating_add(UNDER_WAY_SECONDS).min(data.expires_at());
        Ok(Saving { record: Record::new(self.codec.seal_record(data)?, until), saves: &[Save::Update] })
    }
}

/// How long a request that carries an old cookie may be under way.
const UNDER_WAY_SECONDS: u64 = 60;
