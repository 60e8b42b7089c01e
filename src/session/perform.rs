//! The second half of a commit, if there are backends: what each plan asks of them, in which order, and why no other
//! request that comes in between does harm.
//!
//! Each question is an await: other requests go on meanwhile, and this one may be dropped. The rules are those of
//! docs/stores.md.

use std::sync::OnceLock;

use super::candidate::Candidate;
use super::engine::Engine;
use super::held::{Content, Held};
use super::plan::Plan;
use super::sending::{delete, with_deletions, with_other_forms};
use super::shared::Shared;
use super::state::{Client, Login, Origin, Sealed, State};
use crate::backend::{Ending, MAX_TRIES, Mark, Placement, Questions, Save, Stored, never_wins, tombstone};
use crate::cookie::SetCookies;
use crate::data::{SessionData, SessionId};
use crate::error::EncodeError;
use crate::observe::{Event, SealCause};

/// One commit, with a copy of the state at its start.
pub(super) struct Commit<'s> {
    pub(super) shared: &'s Shared,
    pub(super) engine: &'s Engine,
    pub(super) questions: Questions<'s>,
    pub(super) state: State,
    /// The login whose generation the session takes, if it takes one.
    pub(super) taken: OnceLock<Login>,
}

/// The result of a commit.
pub(super) struct Sent {
    pub(super) set_cookies: SetCookies,
    pub(super) client: Client,
    pub(super) candidates: Vec<Candidate>,
    /// The sessions that ended cookies of this request became, if the browser still has those cookies.
    pub(super) successors: Vec<SessionId>,
    pub(super) sealed: Sealed,
    pub(super) event: Option<Event>,
}

impl<'s> Commit<'s> {
    pub(super) fn new(shared: &'s Shared, state: State) -> Self {
        let engine = &*shared.engine;
        Self { shared, engine, questions: engine.questions(), state, taken: OnceLock::new() }
    }

    /// Performs a plan; `None` when there is nothing to send.
    pub(super) async fn perform(&self, plan: Plan) -> Result<Option<Sent>, EncodeError> {
        let sent = match plan {
            Plan::Nothing => None,
            Plan::Destroy { begin } => Some(self.destroy(begin).await?),
            Plan::Begin(cause) => Some(self.begin(cause, None).await?),
            Plan::Again { cause, is_dispensable } => match &self.state.client.origin {
                Origin::Cookie(held) => {
                    self.again(held, cause, is_dispensable).await?.map(|sent| self.beside_others(held, sent))
                }
                _ => None,
            },
            Plan::Move(cause) => match &self.state.client.origin {
                Origin::Cookie(held) => self.move_on(held, cause).await?,
                _ => None,
            },
        };
        Ok(sent.map(|sent| Sent { set_cookies: with_other_forms(sent.set_cookies, plan, self.engine), ..sent }))
    }

    /// Keeps the other cookies of the request, and what ended ones became, in mind. The browser still has them when the
    /// session was sealed under its id, so a logout by a later commit ends them, too.
    fn beside_others(&self, held: &Held, mut sent: Sent) -> Sent {
        let others = self.state.candidates.iter().filter(|candidate| candidate.ending.id != held.retired.id);
        sent.candidates.extend(others);
        sent.successors.clone_from(&self.state.successors);
        sent
    }

    /// Ends every cookie of the request that opened, and whatever the ended ones became. A session that begins in their
    /// place is kept first.
    async fn destroy(&self, begin: Option<SealCause>) -> Result<Sent, EncodeError> {
        let another = match begin {
            Some(cause) => Some(self.begin(cause, self.recorded()).await?),
            None => None,
        };
        self.end_candidates(&[]).await?;
        for &successor in &self.state.successors {
            self.questions.end(self.questions.successor(successor, self.state.now), self.state.now).await?;
        }
        Ok(another.unwrap_or_else(|| {
            let (set_cookies, event) = delete(&self.state, self.engine);
            let client = Client::deleted();
            Sent { set_cookies, client, candidates: Vec::new(), successors: Vec::new(), sealed: Sealed::No, event }
        }))
    }

    /// Keeps and seals a session that begins, in place of the session under the id `old` if there is one.
    async fn begin(&self, cause: SealCause, old: Option<SessionId>) -> Result<Sent, EncodeError> {
        let mut data = self.beginning();
        self.put_generation(&mut data, None).await?;
        let is_stored = self.is_stored(&data, None) || self.has_left_record(data.id()).await?;
        let set_cookies = self.lines(&data, is_stored)?;
        let stored = if is_stored { Some(self.put(&mut data, old, None).await?) } else { None };
        Ok(self.sent(set_cookies, data, stored, cause))
    }

    /// Seals the session once more under its id. In a store that is a compare-and-swap on its record: if another
    /// request was faster, its record is read, and what this request wrote is done to that.
    async fn again(&self, held: &Held, cause: SealCause, is_dispensable: bool) -> Result<Option<Sent>, EncodeError> {
        #[cfg(feature = "dbsc")]
        if self.state.is_renamed(held) {
            return self.rename(held, cause).await.map(Some);
        }
        let id = held.retired.id;
        let mut data = self.state.data.clone();
        self.slide(&mut data, held.stored);
        self.put_generation(&mut data, Some(held)).await?;
        let is_stored = self.is_stored(&data, held.stored) || self.has_left_record(id).await?;
        let mut set_cookies = self.lines(&data, is_stored)?;
        // If the session had a record, and the list was asked in this request, the save succeeds only if nobody ended
        // the session. Otherwise only the list knows whether the session of this cookie has ended.
        let is_save_enough = is_stored && held.stored.is_some() && !held.must_be_asked_about();
        let asks_list = self.questions.has_list() && !is_save_enough;
        let (mut stored, mut is_first) = (held.stored, held.stored.is_none());
        if is_stored {
            let mine = Content(data.content().clone());
            let mut tries = 0..MAX_TRIES;
            loop {
                if tries.next().is_none() {
                    return Err(never_wins().into());
                }
                let record = self.record(&data, held, stored)?;
                if self.questions.save(id, &record, Stored::save_over(stored)).await? {
                    stored = Some(Stored::of(&record));
                    break;
                }
                if is_dispensable {
                    // The other request extended the session when it wrote to it, or it ended the session.
                    return Ok(None);
                }
                let found = self.questions.load(id).await?;
                if let Some(record) = found.as_ref().filter(|record| self.is_forgotten(held, record)) {
                    stored = Some(Stored::of(record));
                    continue;
                }
                let found = found.and_then(|record| self.read(id, &data, record));
                let (theirs, theirs_stored) = found.ok_or(EncodeError::Ended)?;
                #[cfg(feature = "dbsc")]
                if cause == SealCause::Bound && theirs.is_marked() && theirs.bound() != data.bound() {
                    // Another registration of the same session was faster. Its binding stands. A mark of this very
                    // binding was put back by another request, as this one does.
                    return Err(EncodeError::Ended);
                }
                data.set_content(self.merge(held, &mine, &theirs)?);
                self.slide(&mut data, Some(theirs_stored));
                set_cookies = self.lines(&data, is_stored)?;
                (stored, is_first) = (Some(theirs_stored), false);
            }
        }
        if asks_list {
            let known = self.look_again(held).await?;
            if let (Some(mark), Some(stored)) = (known.mark, stored) {
                self.leave(held, mark, stored, is_first).await?;
            }
            if known.mark.is_some() || !held.owner.is_of(known) {
                return Err(EncodeError::Ended);
            }
        }
        #[cfg(feature = "dbsc")]
        if self.has_ended_by_its_previous_id(held).await? {
            return Err(EncodeError::Ended);
        }
        let sent = self.sent(set_cookies, data, stored.filter(|_| is_stored), cause);
        Ok(Some(sent))
    }

    /// Leaves the record that was just written of a session that is over. If the session was ended, a tombstone takes
    /// the place of the record. If it went on under another id, the request that moved it is about to take over what is
    /// in the record, unless the record is this request's alone. What the session became is as good as before.
    async fn leave(&self, held: &Held, mark: Mark, stored: Stored, is_first: bool) -> Result<(), EncodeError> {
        let ending = Ending { stored: Some(stored), ..held.ending(self.engine) };
        match mark {
            Mark::Ended => self.questions.end(ending, self.state.now).await,
            Mark::Became(_) if is_first => {
                let record = tombstone(mark, self.questions.tombstone_end(Some(stored), ending.until));
                // The list keeps the session out without the tombstone, too.
                if let Err(error) = self.questions.save(ending.id, &record, Save::Replace(stored.tag)).await {
                    self.engine.observers.tell_of(&error);
                }
                Ok(())
            }
            Mark::Became(_) => Ok(()),
        }
    }

    /// Ends the cookies of this request that opened, but for those that were ended already, and but for `except`.
    pub(super) async fn end_candidates(&self, except: &[Option<SessionId>]) -> Result<(), EncodeError> {
        for candidate in self.state.candidates.iter().filter(|candidate| !candidate.is_ended) {
            let mut ending = candidate.ending;
            if except.contains(&Some(ending.id)) {
                continue;
            }
            if let Origin::Cookie(held) = &self.state.client.origin
                && held.retired.id == ending.id
            {
                ending = held.ending(self.engine);
            }
            self.questions.end(ending, self.state.now).await?;
        }
        Ok(())
    }

    /// Returns the id of the session that the client's cookie holds, if that session has a record.
    fn recorded(&self) -> Option<SessionId> {
        match &self.state.client.origin {
            Origin::Cookie(held) => held.stored.map(|_| held.retired.id),
            _ => None,
        }
    }

    /// Returns the session as it is to be sealed under an id that no cookie has yet: with the times of a session that
    /// was used just now.
    pub(super) fn beginning(&self) -> SessionData {
        let mut data = self.state.data.clone();
        let times = *data.times();
        if times == self.engine.lifetime().start(times.created_at) {
            // Nobody asked for a longer life. What the session holds, and so how long it lives, is known only now.
            let lifetime = self.engine.lifetime_of(&data, self.is_stored(&data, None));
            data.put_times(lifetime.start(times.created_at));
        }
        self.slide(&mut data, None);
        data
    }

    /// Moves the end of a session that is sealed now, unless this request is no use of it. `stored` is its record, if
    /// it has one. What others wrote may give the session a longer life, so this is called again after each merge.
    pub(super) fn slide(&self, data: &mut SessionData, stored: Option<Stored>) {
        let lifetime = self.engine.lifetime_of(data, self.is_stored(data, stored));
        let times = self.state.times_to_seal(data, &lifetime);
        data.put_times(times);
    }

    /// True when the values of the session are kept in the store. A spilled session stays there.
    pub(super) fn is_stored(&self, data: &SessionData, stored: Option<Stored>) -> bool {
        match self.engine.backend.placement {
            Placement::Cookie => false,
            Placement::Store => true,
            Placement::Spill => stored.is_some() || data.is_empty() || !self.engine.fits(data),
        }
    }

    /// True when the session may fit into its cookie, but an earlier try of this commit may have put it into a record.
    /// The values of that try would come back from there, so the session stays in the store.
    async fn has_left_record(&self, id: SessionId) -> Result<bool, EncodeError> {
        let may_have = self.state.has_tried && self.engine.backend.placement == Placement::Spill;
        Ok(may_have && self.questions.load(id).await?.is_some())
    }

    pub(super) fn lines(&self, data: &SessionData, is_stored: bool) -> Result<SetCookies, EncodeError> {
        let has_second = self.state.client.has_second;
        if is_stored {
            self.engine.set_cookies(&data.without_entries(), has_second)
        } else {
            self.engine.set_cookies(data, has_second)
        }
    }

    /// Checks that the session fits into its place before anything is done.
    pub(super) fn check_size(&self, data: &SessionData, is_stored: bool) -> Result<(), EncodeError> {
        if is_stored { Ok(()) } else { self.engine.checked_chars(data).map(drop) }
    }

    /// Returns the result of a commit that sealed the session: the cookies to send, and what the client then holds.
    pub(super) fn sent(
        &self,
        set_cookies: SetCookies,
        data: SessionData,
        stored: Option<Stored>,
        cause: SealCause,
    ) -> Sent {
        let Self { engine, state, .. } = self;
        let has_second = stored.is_none() && engine.takes_two(&data);
        let event = match stored {
            Some(_) => engine.note_seal(&data.without_entries(), cause),
            None => engine.note_seal(&data, cause),
        };
        let owner = engine.backend.owner_of(&data);
        let key = engine.codec.sealer().primary().id();
        let held = Held::new(engine, &data, owner, key, stored.is_none(), stored);
        let candidates = vec![Candidate { ending: held.ending(engine), is_ended: false }];
        Sent {
            set_cookies: with_deletions(set_cookies, state, engine),
            client: Client::holding(held, has_second),
            candidates,
            successors: Vec::new(),
            sealed: Sealed::As { data, before: Content(state.data.content().clone()) },
            event,
        }
    }
}
