//! [`State`]: what became of a session during one request, as plain data without a lock and without HTTP.

use std::time::Duration;

use super::aim::{Aim, Progress};
#[cfg(feature = "dbsc")]
use super::binding_state::{BindingState, StaleSession};
use super::candidate::Candidate;
use super::engine::{Engine, too_large};
use super::held::{Content, Held};
use super::status::Status;
use crate::backend::Generation;
use crate::data::{Lifetime, Retired, SessionData, SessionId, end_of};
use crate::error::{DecodeError, EncodeError};
use crate::format::Entries;
use crate::import::OldCookies;
use crate::time::{Times, UnixTime};

/// The session as the handlers made it, beside what the client holds.
///
/// A handler changes `data` and `aim`. A commit changes `client`, once all is done: whatever it sent is what the client
/// holds from then on. So a commit that fails, or that is dropped, has nothing to undo.
#[derive(Clone)]
pub(super) struct State {
    pub(super) data: SessionData,
    /// The time of the load.
    pub(super) loaded_at: UnixTime,
    /// The time of the load, or of the last commit. Every decision in between is taken at this one time.
    pub(super) now: UnixTime,
    /// The cookie state of the client, as of the last commit.
    pub(super) client: Client,
    /// The steps that the handlers took since the last commit.
    pub(super) aim: Aim,
    /// The reason why the cookie of this request was refused; `None` when it was not refused.
    pub(super) rejected: Option<DecodeError>,
    /// The cookies of this request that opened, where there is a backend to end them.
    pub(super) candidates: Vec<Candidate>,
    /// The sessions that ended cookies of this request became.
    pub(super) successors: Vec<SessionId>,
    /// The generation that a login takes into its session, once it is known, until a commit has sent it.
    pub(super) login: Option<Login>,
    /// The generation that this request last asked the list to put in the place of a subject's own.
    pub(super) drawn: Option<Drawn>,
    /// The binding of this session to a device, as far as it is known.
    #[cfg(feature = "dbsc")]
    pub(super) binding: BindingState,
    /// The first session of the request that was refused because it has no mark and had to be bound by now. Its mark
    /// may be lost, and a refresh puts that back.
    #[cfg(feature = "dbsc")]
    pub(super) late: Option<Box<State>>,
    /// The values that commits of this session tried to write, since the last one that succeeded: a store may have kept
    /// them although the answer was lost.
    pub(super) tried: Vec<Content>,
    /// True when an earlier commit began since the last one that sealed the session. A store may have done any part of
    /// it.
    pub(super) has_tried: bool,
    /// The earliest end of the new sessions that commits since then were about to make; `None` if there was none.
    pub(super) new_end: Option<UnixTime>,
    /// True when the id is drawn. A new session draws it when it is first needed, so that one that stays empty costs no
    /// random number.
    has_id: bool,
    /// True when this request is not to keep the session alive: no seal of it moves the end of the session.
    pub(super) keeps_expiry: bool,
    /// The last step of the handlers that a commit decided about.
    decided: u64,
    /// Cookies of another crate, to be deleted along with the next seal or the end of the session.
    pub(super) old: OldCookies,
}

/// The part of the session that the client holds, as of the last commit.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) origin: Origin,
    /// True when the client holds a second cookie.
    pub(super) has_second: bool,
}

/// The result of opening the client's cookie, or of the commits since.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// The client sent no cookie.
    Nothing,
    /// The cookie holds this session.
    Cookie(Held),
    /// The session was imported from a cookie of another crate.
    Imported,
    /// The cookie was refused for this reason.
    Refused(DecodeError),
    /// The session was destroyed.
    Destroyed,
}

/// The generation that a login takes into its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// The canonical JSON text of the subject.
    pub(super) subject: String,
    pub(super) generation: Option<Generation>,
    /// True when the session takes the generation although its subject was there before: this request just revoked the
    /// subject's other sessions.
    pub(super) replaces: bool,
}

/// A generation that a request draws to revoke the other sessions of a subject.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    /// The canonical JSON text of the subject.
    pub(super) subject: String,
    /// The generation in whose place it is to be put.
    pub(super) expected: Option<Generation>,
    pub(super) generation: Generation,
}

impl State {
    /// The state of a request with this session, of this origin.
    pub(super) fn new(data: SessionData, origin: Origin, now: UnixTime) -> Self {
        let rejected = if let Origin::Refused(reason) = origin { Some(reason) } else { None };
        Self {
            data,
            loaded_at: now,
            now,
            aim: Aim::new(matches!(origin, Origin::Imported)),
            has_id: matches!(origin, Origin::Cookie(_)),
            client: Client { origin, has_second: false },
            rejected,
            candidates: Vec::new(),
            successors: Vec::new(),
            login: None,
            drawn: None,
            #[cfg(feature = "dbsc")]
            binding: BindingState::default(),
            #[cfg(feature = "dbsc")]
            late: None,
            tried: Vec::new(),
            has_tried: false,
            new_end: None,
            keeps_expiry: false,
            decided: 1,
            old: OldCookies::default(),
        }
    }

    /// Notes that a commit decides about all that the handlers did until now.
    pub(super) fn note_decision(&mut self) {
        self.decided = self.aim.step();
    }

    /// True when a handler did something that no commit has decided about.
    pub(super) fn has_uncommitted_change(&self) -> bool {
        self.aim.step() > self.decided
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

    /// Removes all values. If there is a store, the values that another request stores meanwhile go, too.
    pub(super) fn clear(&mut self) {
        if self.data.clear() || self.is_stored() {
            self.aim.clear();
        }
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

    /// Gives this session an idle timeout of its own, from now on. One that is not longer than the configured one is
    /// none.
    pub(super) fn set_idle_timeout(&mut self, engine: &Engine, timeout: Duration) -> Result<(), EncodeError> {
        end_of(self.now, timeout)?;
        let (now, seconds, is_stored) = (self.now, timeout.as_secs(), self.is_stored());
        self.change(|data| {
            let changed = if seconds > engine.lifetime().idle {
                data.set_idle_timeout(seconds).map_err(|_| too_large(data))?
            } else {
                data.remove_idle_timeout()
            };
            if changed {
                // To set the same timeout again is no use of the session: it slides as every other does.
                let lifetime = engine.lifetime_of(data, is_stored);
                data.put_times(lifetime.restart(now, data.times(), data.idle_timeout(&lifetime)));
            }
            Ok(changed)
        })
    }

    /// Returns the idle timeout of this session in seconds.
    pub(super) fn idle_timeout(&self, engine: &Engine) -> u64 {
        self.data.idle_timeout(&engine.lifetime_of(&self.data, self.is_stored()))
    }

    /// True when the session that the client holds has a record.
    fn is_stored(&self) -> bool {
        self.held().is_some_and(|held| held.stored.is_some())
    }

    /// Returns the times with which `data`, the session as it is to be sealed, is sealed now: those of a session that
    /// was used just now, unless this request does not count as a use. `lifetime` has the timeouts of this session
    /// ([`Engine::lifetime_of`]).
    pub(super) fn times_to_seal(&self, data: &SessionData, lifetime: &Lifetime) -> Times {
        if self.keeps_expiry {
            lifetime.reissue(self.now, data.times())
        } else {
            lifetime.slide(self.now, data.times(), data.idle_timeout(lifetime))
        }
    }

    /// Gives the session a new id and a new life. The id that an earlier call drew stays, as long as no commit sent it:
    /// two commits of one login are one login. So does the id that a commit drew for another subject and may have told
    /// the list.
    pub(super) fn regenerate(&mut self, lifetime: &Lifetime) -> Result<Option<Retired>, EncodeError> {
        let has_left = self.has_tried && self.held().is_some_and(|held| held.retired.id != self.data.id());
        if self.aim.progress() != Progress::Regenerated && !has_left {
            self.data.set_id(SessionId::generate()?);
            self.has_id = true;
        }
        self.data.put_times(lifetime.start(self.now));
        // Every login chooses anew how long it is remembered.
        self.data.remove_idle_timeout();
        self.aim.regenerate();
        Ok(self.retired())
    }

    /// Ends the session, and begins an empty one in its place.
    pub(super) fn regenerate_empty(&mut self, engine: &Engine) -> Result<Option<Retired>, EncodeError> {
        let (is_kept, persistent, retired) = (self.is_kept(), self.data.is_persistent(), self.retired());
        let id = SessionId::generate()?;
        let has_cookie = self.held().is_some() || !self.candidates.is_empty();
        self.data = engine.blank(self.now);
        self.data.set_id(id);
        self.data.set_persistent(persistent);
        self.has_id = true;
        if has_cookie {
            self.aim.destroy();
        }
        self.aim.regenerate();
        if is_kept {
            self.aim.begin();
        }
        Ok(retired)
    }

    /// Ends the session. A value that is stored after this begins another session.
    pub(super) fn destroy(&mut self, engine: &Engine) -> Option<Retired> {
        let retired = self.retired();
        self.data = engine.blank(self.now);
        self.has_id = false;
        self.aim.destroy();
        retired
    }

    /// The seconds since the session was created or regenerated; `None` of one that no cookie brought and no call
    /// regenerated.
    pub(super) fn age(&self, engine: &Engine) -> Option<u64> {
        // A clock that went back since the session was opened makes it no younger.
        let now = self.now.max(engine.now());
        let came = self.held().is_some() && !self.aim.is_imported();
        let is_known = came || self.aim.progress() == Progress::Regenerated;
        is_known.then(|| now.seconds_since(self.data.created_at()))
    }

    pub(super) fn status(&self) -> Status {
        match (self.aim.progress(), self.origin()) {
            (Progress::Changed | Progress::Migrated, _) if self.is_kept() => Status::Changed,
            (Progress::Regenerated, _) if self.is_kept() => Status::Regenerated,
            (_, Origin::Nothing) => Status::New,
            (_, Origin::Cookie(_) | Origin::Imported) => Status::Loaded,
            (_, Origin::Refused(reason)) => Status::Rejected(*reason),
            (_, Origin::Destroyed) => Status::Destroyed,
        }
    }

    /// Returns the origin of the session. After a handler destroyed the session, that is [`Origin::Destroyed`].
    pub(super) fn origin(&self) -> &Origin {
        if self.aim.is_destroyed() { &Origin::Destroyed } else { &self.client.origin }
    }

    /// The session of the client's cookie, unless a handler destroyed it.
    pub(super) fn held(&self) -> Option<&Held> {
        if let Origin::Cookie(held) = self.origin() { Some(held) } else { None }
    }

    /// True when there is a session to seal. A session that came in a cookie may be empty, a new session may not.
    pub(super) fn is_kept(&self) -> bool {
        let came = matches!(self.origin(), Origin::Cookie(_) | Origin::Imported);
        came || self.aim.has_begun() || !self.data.is_empty()
    }

    /// The session that a new id or an end retires.
    fn retired(&self) -> Option<Retired> {
        self.held().map(|held| held.retired)
    }

    /// Returns the state with which a commit sets out, and notes for the next one what this one may do in part, among
    /// it the values that it is about to write to a record.
    pub(super) fn set_out(&mut self) -> Self {
        let state = self.clone();
        self.has_tried = true;
        let is_known = self.tried.iter().any(|tried| tried.0 == *self.data.content());
        if self.held().is_some_and(|held| held.content.is_some()) && !is_known {
            self.tried.push(Content(self.data.content().clone()));
        }
        state
    }

    /// Draws another id for a session that is to be moved and still has the id of the client's cookie. `latest` is the
    /// time of the load, or of the last commit: a regeneration by a handler would have begun the session then.
    pub(super) fn leave_sent_id(&mut self, latest: UnixTime) -> Result<(), EncodeError> {
        if self.held().is_some_and(|held| held.retired.id == self.data.id()) {
            self.data.set_id(SessionId::generate()?);
            // A clock that is ahead may have begun the session, and no session begins after the clock of its own node.
            // An earlier commit of this request may have begun it long after the load.
            let times = *self.data.times();
            self.data.put_times(Times { created_at: times.created_at.min(latest), ..times });
        }
        Ok(())
    }

    /// Takes on what a commit did: what it sent is what the client holds. Changes that came while it waited for a
    /// backend stay changes.
    pub(super) fn adopt(&mut self, done: Adopted) {
        let Adopted { client, candidates, successors, sealed, aim, taken } = done;
        let is_unchanged = self.aim == aim;
        if !matches!(sealed, Sealed::No) {
            (self.has_tried, self.new_end) = (false, None);
        }
        match sealed {
            Sealed::With(times) => self.data.put_times(times),
            Sealed::As { data, .. } if is_unchanged => self.data = data,
            // The session was destroyed while the commit waited, so the values that another request stored go with it.
            Sealed::As { .. } if self.aim.was_destroyed_since(aim.step()) => {}
            Sealed::As { data, before } => {
                let cleared = self.aim.was_cleared_since(aim.step());
                let merged = Entries::merge(&before.0, self.data.content(), data.content(), cleared);
                // When both do not fit together, the next commit returns the error.
                if let Ok(merged) = merged {
                    self.data.set_content(merged);
                }
            }
            Sealed::No => {}
        }
        self.client = client;
        self.candidates = candidates;
        self.successors = successors;
        // What a clone began while the commit waited, and a login that this commit did not do, are for the next one.
        self.login.take_if(|login| taken.as_ref() == Some(login));
        self.tried.clear();
        #[cfg(feature = "dbsc")]
        {
            self.binding.offer = None;
        }
        self.old = OldCookies::default();
        self.aim.commit(aim.step());
    }
}

/// The sessions that a load refused for their binding.
#[cfg(feature = "dbsc")]
#[derive(Default)]
pub(super) struct Unproven {
    pub(super) stale: Vec<StaleSession>,
    pub(super) late: Option<Box<State>>,
}

/// The result of a commit, for [`State::adopt`].
pub(super) struct Adopted {
    /// The part of the session that the client holds now.
    pub(super) client: Client,
    /// The cookies that open now.
    pub(super) candidates: Vec<Candidate>,
    /// The sessions that ended cookies became, if the browser still has those cookies.
    pub(super) successors: Vec<SessionId>,
    pub(super) sealed: Sealed,
    /// The aim that the commit set out with.
    pub(super) aim: Aim,
    /// The login whose generation the session took, if it took one.
    pub(super) taken: Option<Login>,
}

impl Adopted {
    /// The result of a commit that asked no backend.
    pub(super) fn alone(client: Client, sealed: Sealed, aim: Aim) -> Self {
        Self { client, candidates: Vec::new(), successors: Vec::new(), sealed, aim, taken: None }
    }
}

/// The change that a commit made to the session that the handlers see.
pub(super) enum Sealed {
    /// The session was sealed as it is, with these times.
    With(Times),
    /// The session was sealed with values that other requests stored. Before the commit, its entries were `before`.
    As { data: SessionData, before: Content },
    /// The session was not sealed.
    No,
}
