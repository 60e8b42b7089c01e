//! [`State`]: what became of a session during one request, as plain data without a lock and without HTTP.

use std::time::Duration;

use super::aim::{Aim, Progress};
use super::engine::Engine;
use super::status::Status;
use crate::codec::Opened;
use crate::data::{Lifetime, Retired, SessionData, SessionId};
use crate::error::{DecodeError, EncodeError};
use crate::import::OldCookies;
use crate::observe::KeyRole;
use crate::time::{Times, UnixTime};

/// The session as the handlers made it, beside what the client holds.
///
/// A handler changes `data` and `aim`, a commit changes `client`: whatever it sent is what the client holds from then on.
#[derive(Clone, PartialEq)]
pub(super) struct State {
    pub(super) data: SessionData,
    /// The time at which the session was opened, or last committed. Every decision in between is taken at this one time.
    pub(super) now: UnixTime,
    /// What the client and the store hold.
    pub(super) client: Client,
    /// What the handlers did since the last commit.
    pub(super) aim: Aim,
    /// Why the cookie of this request was refused, if it was.
    pub(super) rejected: Option<DecodeError>,
    /// The session of a cookie that opened while no backend could say anything about it. A logout ends it too.
    pub(super) unsure: Option<Retired>,
    /// True when the id is drawn. A new session draws it when it is first needed, so that one that stays empty costs no random
    /// number.
    has_id: bool,
    /// True when anything was asked of the session. A backend is asked before that.
    is_looked_at: bool,
    /// Cookies of another crate, to be deleted along with the next seal or the end of the session.
    pub(super) old: OldCookies,
}

/// What the client and the store hold of the session, as of the last commit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Client {
    pub(super) origin: Origin,
    /// The role of the key that the cookie is sealed under: one of a previous key is due for the primary one.
    pub(super) key: KeyRole,
    /// True when the client holds a second cookie.
    pub(super) has_second: bool,
    /// True when a store has a record under the id of the cookie.
    pub(super) in_store: bool,
    /// True when a commit sent a deletion.
    pub(super) deletion_sent: bool,
}

/// What the client's cookie came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    /// The client sent no cookie.
    Nothing,
    /// The cookie held this session, or a commit has sent one that holds it.
    Cookie(Retired),
    /// The session was imported from a cookie of another crate.
    Imported,
    /// The cookie was refused for this reason.
    Refused(DecodeError),
    /// A commit deleted the cookie of a session that was ended.
    Deleted,
}

impl State {
    /// The state of a request that brought no cookie.
    pub(super) fn new(data: SessionData, now: UnixTime) -> Self {
        let client = Client {
            origin: Origin::Nothing,
            key: KeyRole::Primary,
            has_second: false,
            in_store: false,
            deletion_sent: false,
        };
        Self {
            data,
            now,
            client,
            aim: Aim::new(false),
            rejected: None,
            unsure: None,
            has_id: false,
            is_looked_at: false,
            old: OldCookies::default(),
        }
    }

    /// The state of a request whose session was admitted.
    pub(super) fn admitted(opened: Opened, lifetime: &Lifetime, now: UnixTime) -> Self {
        let Opened { data, is_stale, is_migrated, in_store, .. } = opened;
        let origin = Origin::Cookie(Retired::new(&data, lifetime));
        let key = if is_stale { KeyRole::Previous } else { KeyRole::Primary };
        let blank = Self::new(data, now);
        Self {
            client: Client { origin, key, in_store, ..blank.client },
            aim: Aim::new(is_migrated),
            has_id: true,
            ..blank
        }
    }

    /// The state of a request whose session came out of a cookie of another crate.
    pub(super) fn imported(data: SessionData, now: UnixTime) -> Self {
        let blank = Self::new(data, now);
        Self { client: Client { origin: Origin::Imported, ..blank.client }, aim: Aim::new(true), ..blank }
    }

    /// The state of a request whose cookie was refused.
    pub(super) fn refused(data: SessionData, now: UnixTime, reason: DecodeError, unsure: Option<Retired>) -> Self {
        let blank = Self::new(data, now);
        let client = Client { origin: Origin::Refused(reason), ..blank.client };
        Self { client, rejected: Some(reason), unsure, ..blank }
    }

    pub(super) fn with_cookies(mut self, has_second: bool, old: OldCookies) -> Self {
        self.client.has_second = has_second;
        self.old = old;
        self
    }

    pub(super) fn look_at(&mut self) {
        self.is_looked_at = true;
    }

    pub(super) fn is_looked_at(&self) -> bool {
        self.is_looked_at
    }

    pub(super) fn data(&self) -> &SessionData {
        &self.data
    }

    /// The id, drawn now if need be.
    pub(super) fn id(&mut self) -> Result<SessionId, EncodeError> {
        if !self.has_id {
            self.data.set_id(SessionId::generate()?);
            self.has_id = true;
        }
        Ok(self.data.id())
    }

    /// Applies a change that can fail and that says whether it changed anything.
    pub(super) fn change<E>(&mut self, change: impl FnOnce(&mut SessionData) -> Result<bool, E>) -> Result<(), E> {
        let changed = change(&mut self.data)?;
        self.edit(|_| changed);
        Ok(())
    }

    /// Applies a change that says whether it changed anything, and says so too.
    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut SessionData) -> bool) -> bool {
        let changed = edit(&mut self.data);
        if changed {
            self.aim.change();
        }
        changed
    }

    pub(super) fn extend(&mut self, lifetime: &Lifetime, ttl: Duration) -> Result<(), EncodeError> {
        let before = *self.data.times();
        let expires_at = lifetime.extend(self.now, &before, ttl)?;
        self.edit(|data| {
            data.put_times(Times { expires_at, ..before });
            expires_at != before.expires_at
        });
        Ok(())
    }

    /// Gives the session a new id and a new life. `revoked_before` is how many subjects this process had revoked until now.
    pub(super) fn regenerate(
        &mut self,
        lifetime: &Lifetime,
        revoked_before: u64,
    ) -> Result<Option<Retired>, EncodeError> {
        self.data.set_id(SessionId::generate()?);
        self.has_id = true;
        self.data.put_times(lifetime.start(self.now));
        self.aim.regenerate(revoked_before);
        Ok(self.retired())
    }

    /// Ends the session. What is stored after this begins another one.
    pub(super) fn destroy(&mut self, engine: &Engine) -> Option<Retired> {
        let retired = self.retired();
        self.data = engine.blank(self.now);
        self.has_id = false;
        self.aim.destroy();
        retired
    }

    /// The seconds since the session was created or regenerated; `None` of one that no cookie brought and no call regenerated.
    pub(super) fn age(&self, engine: &Engine) -> Option<u64> {
        // A clock that went back since the session was opened makes it no younger.
        let now = self.now.max(engine.now());
        let is_known = matches!(self.origin(), Origin::Cookie(_)) || self.aim.progress() == Progress::Regenerated;
        is_known.then(|| now.seconds_since(self.data.created_at()))
    }

    pub(super) fn status(&self) -> Status {
        match (self.aim.progress(), self.origin()) {
            (Progress::Changed | Progress::Migrated, _) if self.is_kept() => Status::Changed,
            (Progress::Regenerated, _) if self.is_kept() => Status::Regenerated,
            (_, Origin::Nothing) => Status::New,
            (_, Origin::Cookie(_) | Origin::Imported) => Status::Loaded,
            (_, Origin::Refused(reason)) => Status::Rejected(reason),
            (_, Origin::Deleted) => Status::Destroyed,
        }
    }

    /// What the session came from: nothing that a handler destroyed counts.
    pub(super) fn origin(&self) -> Origin {
        if self.aim.is_destroyed() { Origin::Deleted } else { self.client.origin }
    }

    /// True when there is a session to seal: one that came in a cookie may be empty, a new one may not.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.origin(), Origin::Cookie(_) | Origin::Imported) || !self.data.is_empty()
    }

    /// The session that a new id or an end would retire.
    fn retired(&self) -> Option<Retired> {
        self.origin().retired()
    }

    /// Takes on what a commit did: what it sent is what the client holds. Changes that came while it waited for a backend stay
    /// changes.
    pub(super) fn adopt(&mut self, done: Adopted) {
        let Adopted { client, sealed, aim } = done;
        self.client = client;
        self.old = OldCookies::default();
        if aim.is_destroyed() {
            self.unsure = None;
        }
        if self.aim == aim {
            match sealed {
                Sealed::With(times) => self.data.put_times(times),
                Sealed::No => {}
                Sealed::NoMore(blank) => (self.data, self.has_id) = (blank, false),
            }
        }
        self.aim.commit(aim.step());
    }
}

/// What a commit came to, for [`State::adopt`].
pub(super) struct Adopted {
    /// What the client and the store hold now.
    pub(super) client: Client,
    pub(super) sealed: Sealed,
    /// The aim that the commit set out with.
    pub(super) aim: Aim,
}

/// What a commit did to the session that the handlers see.
pub(super) enum Sealed {
    /// It was sealed with these times.
    With(Times),
    /// It was not sealed.
    No,
    /// It was past its absolute timeout, and is empty now.
    NoMore(SessionData),
}

impl Origin {
    /// The session of the cookie, if it held one.
    pub(super) fn retired(self) -> Option<Retired> {
        match self {
            Self::Cookie(retired) => Some(retired),
            _ => None,
        }
    }
}
