//! [`Admitted`]: a session that every configured backend vouches for.

use super::owner::Owner;
use super::remembered::Vouched;
use super::store::{Record, Save, Tag};
use crate::codec::Opened;
use crate::time::UnixTime;

/// A session that may become the session of a request. Only this room makes one: `Questions::ask` does after it asked
/// the backends, and `Coordinator::admit_unasked` where there are none.
pub(crate) struct Admitted {
    opened: Opened,
    stored: Option<Stored>,
    owner: Owner,
    vouched: Vouched,
}

/// The state of a record, as it was read or written last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) tag: Tag,
    /// The time from which the store may remove the record.
    pub(crate) expires_at: UnixTime,
}

impl Admitted {
    pub(super) fn new(opened: Opened, stored: Option<Stored>, owner: Owner, vouched: Vouched) -> Self {
        Self { opened, stored, owner, vouched }
    }

    /// Returns the session.
    #[cfg(feature = "dbsc")]
    pub(crate) fn data(&self) -> &crate::data::SessionData {
        &self.opened.data
    }

    /// Returns the owner of the session.
    #[cfg(feature = "dbsc")]
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// True when the values of the session came from a record.
    #[cfg(feature = "dbsc")]
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// Returns the session, the record that its values came from, if they came from one, the owner, and whether the
    /// list was asked in this request.
    pub(crate) fn into_parts(self) -> (Opened, Option<Stored>, Owner, Vouched) {
        (self.opened, self.stored, self.owner, self.vouched)
    }
}

impl Stored {
    /// Returns the condition under which a record is written in the place of the one that was read, or where none was.
    pub(crate) fn save_over(stored: Option<Self>) -> Save {
        stored.map_or(Save::Create, |stored| Save::Replace(stored.tag))
    }

    pub(crate) fn of(record: &Record) -> Self {
        Self { tag: record.tag(), expires_at: record.expires_at() }
    }
}
