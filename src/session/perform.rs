//! The way out where there are backends: what each plan asks of them, in which order, and why no order in between harms.
//!
//! Each question is an await: other requests go on meanwhile, and this one may be dropped. The rules are those of docs/stores.md.

use super::candidate::Candidate;
use super::commit::{delete, with_deletions};
use super::engine::Engine;
use super::held::{Content, Held};
use super::plan::Plan;
use super::shared::Shared;
use super::state::{Client, Login, Sealed, State};
use crate::backend::{
    Generation, MAX_TRIES, Mark, Placement, Questions, Record, Save, Stored, mark_of, never_wins, tombstone,
};
use crate::cookie::SetCookies;
use crate::data::{SessionData, SessionId};
use crate::error::{BackendError, EncodeError, ValueError};
use crate::format::{Entries, MAX_BLOCK};
use crate::observe::{Event, KeyRole, SealCause};

/// One commit, with a copy of the state that it set out with.
pub(super) struct Commit<'s> {
    shared: &'s Shared,
    engine: &'s Engine,
    questions: Questions<'s>,
    state: State,
}

/// What a commit came to.
pub(super) struct Sent {
    pub(super) set_cookies: SetCookies,
    pub(super) client: Client,
    pub(super) candidates: Vec<Candidate>,
    pub(super) sealed: Sealed,
    pub(super) event: Option<Event>,
}

impl<'s> Commit<'s> {
    pub(super) fn new(shared: &'s Shared, state: State) -> Self {
        let engine = &*shared.engine;
        let questions = Questions::new(&engine.backend, &engine.observers, engine.lifetime(), &*engine.clock);
        Self { shared, engine, questions, state }
    }

    /// Performs a plan; `None` when there is nothing to send.
    pub(super) async fn perform(&self, plan: Plan) -> Result<Option<Sent>, EncodeError> {
        match plan {
            Plan::Nothing => Ok(None),
            Plan::Destroy { begin } => self.destroy(begin).await.map(Some),
            Plan::Begin(cause) => self.begin(cause).await.map(Some),
            Plan::Again { cause, is_dispensable } => match &self.state.client.origin {
                super::state::Origin::Cookie(held) => self.again(held, cause, is_dispensable).await,
                _ => Ok(None),
            },
            Plan::Move(cause) => match &self.state.client.origin {
                super::state::Origin::Cookie(held) => self.move_on(held, cause).await,
                _ => Ok(None),
            },
        }
    }

    /// Ends every cookie of the request that opened, and whatever the ended ones became. A session that begins in their place is
    /// kept first.
    async fn destroy(&self, begin: Option<SealCause>) -> Result<Sent, EncodeError> {
        let begun = match begin {
            Some(cause) => Some(self.begin(cause).await?),
            None => None,
        };
        self.end_candidates(None).await?;
        for &successor in &self.state.successors {
            self.questions.end(self.questions.successor(successor, self.state.now), self.state.now).await?;
        }
        Ok(begun.unwrap_or_else(|| {
            let (set_cookies, event) = delete(&self.state, self.engine);
            Sent { set_cookies, client: Client::deleted(), candidates: Vec::new(), sealed: Sealed::No, event }
        }))
    }

    /// A session begins.
    async fn begin(&self, cause: SealCause) -> Result<Sent, EncodeError> {
        let mut data = self.sliding();
        self.put_generation(&mut data, None).await?;
        let is_stored = self.is_stored(&data, None);
        let set_cookies = self.lines(&data, is_stored)?;
        let stored = if is_stored { Some(self.put(&data).await?) } else { None };
        Ok(self.sent(set_cookies, data, stored, cause))
    }

    /// The session is sealed under its id once more. In a store that is a compare-and-swap on its record: whoever was faster is
    /// read, and what this request wrote is done to what the other one left.
    async fn again(&self, held: &Held, cause: SealCause, is_dispensable: bool) -> Result<Option<Sent>, EncodeError> {
        let id = held.retired.id;
        let mut data = self.sliding();
        let changes_subject = self.put_generation(&mut data, Some(held)).await?;
        let is_stored = self.is_stored(&data, held.stored);
        let set_cookies = self.lines(&data, is_stored)?;
        let mut stored = held.stored;
        if is_stored {
            let mine = Content(data.content().clone());
            let mut tries = 0..MAX_TRIES;
            loop {
                if tries.next().is_none() {
                    return Err(never_wins().into());
                }
                let record = self.record(&data, held, stored)?;
                if self.questions.save(id, &record, replace(stored)).await? {
                    stored = Some(Stored::of(&record));
                    break;
                }
                if is_dispensable {
                    // Whoever wrote extended the session, and whoever ended it ended it.
                    return Ok(None);
                }
                let found = self.questions.load(id).await?.and_then(|record| self.read(&data, record));
                let (theirs, theirs_stored) = found.ok_or(EncodeError::Ended)?;
                data.set_content(self.merge(held, &mine, &theirs)?);
                stored = Some(theirs_stored);
            }
        }
        if self.questions.has_list()
            && (!is_stored || changes_subject)
            && !self.is_still_good(held, changes_subject).await?
        {
            return Err(EncodeError::Ended);
        }
        let sent = self.sent(set_cookies, data, stored.filter(|_| is_stored), cause);
        Ok(Some(sent))
    }

    /// The session goes on under a new id. The new record is kept first, so that at no time neither of the two is good; then the
    /// old id is marked with what it became, so that an end of it that comes later finds the new one.
    async fn move_on(&self, held: &Held, cause: SealCause) -> Result<Option<Sent>, EncodeError> {
        let (old, new) = (held.retired.id, self.state.data.id());
        // Nobody's session may have many successors: of a login that is clicked twice, both are good.
        let is_somebody = held.owner.is_somebody;
        let mark = if is_somebody { Mark::Became(new) } else { Mark::Ended };
        let mut data = self.sliding();
        let changes_subject = self.put_generation(&mut data, Some(held)).await?;
        let is_stored = self.is_stored(&data, None);
        self.check_size(&data, is_stored)?;
        let mut stored = if is_stored { Some(self.put(&data).await?) } else { None };
        let until = self.engine.lifetime().mark_end(held.retired.expires_at);
        if self.questions.has_list() {
            let stands = self.questions.revoke(old, mark, until).await?;
            if is_somebody && stands != mark {
                return self.lost(stored, new).await;
            }
        }
        if self.engine.backend.placement != Placement::Cookie {
            match self.bury(held, mark, &mut data, &mut stored).await? {
                Buried::Lost => return self.lost(stored, new).await,
                Buried::Done => {}
            }
        }
        self.end_candidates(Some(old)).await?;
        if self.questions.has_list() && changes_subject && held.owner.subject.is_some() {
            let known = self.questions.look(None, held.owner.subject.as_deref()).await;
            if !held.owner.is_of(self.questions.or_admit(known, Default::default())?) {
                self.take_back(stored, new).await;
                return Err(EncodeError::Ended);
            }
        }
        let set_cookies = self.lines(&data, is_stored)?;
        Ok(Some(self.sent(set_cookies, data, stored, cause)))
    }

    /// The record of the old id becomes a tombstone, if it still is what went into the new one. What other requests wrote to it
    /// meanwhile is taken over first.
    async fn bury(
        &self,
        held: &Held,
        mark: Mark,
        data: &mut SessionData,
        stored: &mut Option<Stored>,
    ) -> Result<Buried, EncodeError> {
        let old = held.retired.id;
        let mine = Content(data.content().clone());
        let until = self.engine.lifetime().mark_end(held.retired.expires_at);
        let has_list = self.questions.has_list();
        let is_somebody = held.owner.is_somebody;
        let mut tag = held.stored;
        // With a list a record that is not there needs no tombstone.
        let mut is_known = tag.is_some() || !has_list;
        for _ in 0..MAX_TRIES {
            if is_known && (tag.is_some() || held.holds_values) {
                let record = tombstone(mark, self.questions.tombstone_end(tag, until));
                if self.questions.save(old, &record, replace(tag)).await? {
                    return Ok(Buried::Done);
                }
            }
            is_known = true;
            let Some(record) = self.questions.load(old).await? else {
                if held.holds_values && !has_list {
                    tag = None;
                    continue;
                }
                // A record that was there and is gone was ended by other means.
                let is_lost = is_somebody && (held.stored.is_some() || !has_list);
                return Ok(if is_lost { Buried::Lost } else { Buried::Done });
            };
            if let Some(found) = mark_of(&record) {
                return Ok(if is_somebody && found != mark { Buried::Lost } else { Buried::Done });
            }
            tag = Some(Stored::of(&record));
            let Some((theirs, _)) = self.read(data, record) else { continue };
            let became_somebody = !is_somebody && self.engine.backend.owner_of(&theirs).is_somebody;
            if became_somebody && !self.says_whose(held) {
                return Ok(Buried::Lost);
            }
            data.set_content(self.merge(held, &mine, &theirs)?);
            if stored.is_some() {
                *stored = Some(self.put(data).await?);
            }
        }
        Err(never_wins().into())
    }

    /// Another request ended the session, or moved it on, while this one did. Where this request wrote nothing, the answer of the
    /// other one has all there is to have.
    async fn lost(&self, stored: Option<Stored>, new: SessionId) -> Result<Option<Sent>, EncodeError> {
        self.take_back(stored, new).await;
        if self.state.aim.has_changed() { Err(EncodeError::Ended) } else { Ok(None) }
    }

    async fn take_back(&self, stored: Option<Stored>, new: SessionId) {
        if stored.is_some() {
            self.questions.take_back(new).await;
        }
    }

    /// Ends the cookies of this request that opened, but for those that were ended already, and but for `except`.
    async fn end_candidates(&self, except: Option<SessionId>) -> Result<(), EncodeError> {
        for candidate in self.state.candidates.iter().filter(|candidate| !candidate.is_ended) {
            let mut ending = candidate.ending;
            if Some(ending.id) == except {
                continue;
            }
            if let super::state::Origin::Cookie(held) = &self.state.client.origin
                && held.retired.id == ending.id
            {
                ending = held.ending(self.engine);
            }
            self.questions.end(ending, self.state.now).await?;
        }
        Ok(())
    }

    /// The session as it is to be sealed, with its times.
    fn sliding(&self) -> SessionData {
        let mut data = self.state.data.clone();
        let times = self.engine.lifetime().slide(self.state.now, data.times());
        data.put_times(times);
        data
    }

    /// Puts the generation of its subject into a session. Says whether the session is another subject's than it was.
    async fn put_generation(&self, data: &mut SessionData, held: Option<&Held>) -> Result<bool, EncodeError> {
        let owner = self.engine.backend.owner_of(data);
        let before = held.map(|held| &held.owner);
        let is_another = before.is_some_and(|before| before.subject.is_some() && before.subject != owner.subject);
        if !self.questions.has_list() {
            return Ok(is_another);
        }
        let generation = match (&owner.subject, &self.state.login) {
            (None, _) => None,
            (Some(subject), Some(login)) if login.replaces && login.subject == *subject => login.generation,
            (Some(_), _) if before.is_some_and(|before| before.subject == owner.subject) => {
                before.and_then(|before| before.generation)
            }
            // A commit that is called again goes by the generation that its first try took.
            (Some(subject), Some(login)) if login.subject == *subject => login.generation,
            (Some(subject), _) => self.take_generation(subject).await?,
        };
        let digits = generation.map(|generation| generation.to_string());
        data.set_generation(digits.as_deref()).map_err(|error| too_large(&error, data))?;
        Ok(is_another)
    }

    /// Asks which generation the subject has, and notes the answer for a later try of this commit.
    async fn take_generation(&self, subject: &str) -> Result<Option<Generation>, BackendError> {
        let known = self.questions.look(None, Some(subject)).await;
        let generation = self.questions.or_admit(known, Default::default())?.generation;
        self.shared.note_login(Login { subject: subject.to_owned(), generation, replaces: false });
        Ok(generation)
    }

    /// True when the list still has nothing against the session. The last question is the one that matters more: whose cookie is
    /// overwritten, or, when the session is made another subject's, who is refused.
    async fn is_still_good(&self, held: &Held, changes_subject: bool) -> Result<bool, BackendError> {
        let (id, subject) = (Some(held.retired.id), held.owner.subject.as_deref());
        let ask = async |id, subject| {
            let known = self.questions.look(id, subject).await;
            self.questions.or_admit(known, Default::default())
        };
        if changes_subject {
            return Ok(ask(id, None).await?.mark.is_none() && held.owner.is_of(ask(None, subject).await?));
        }
        let known = ask(id, subject).await?;
        Ok(known.mark.is_none() && held.owner.is_of(known))
    }

    /// True when this request said whose session it is.
    fn says_whose(&self, held: &Held) -> bool {
        match self.engine.backend.subject {
            Some(_) => self.engine.backend.owner_of(&self.state.data).subject != held.owner.subject,
            None => self.state.aim.has_changed(),
        }
    }

    /// True when the values of the session are kept in the store. A spilled session stays there.
    fn is_stored(&self, data: &SessionData, stored: Option<Stored>) -> bool {
        match self.engine.backend.placement {
            Placement::Cookie => false,
            Placement::Store => true,
            Placement::Spill => stored.is_some() || data.is_empty() || !self.engine.fits(data),
        }
    }

    fn lines(&self, data: &SessionData, is_stored: bool) -> Result<SetCookies, EncodeError> {
        let has_second = self.state.client.has_second;
        if is_stored {
            self.engine.set_cookies(&data.without_entries(), has_second)
        } else {
            self.engine.set_cookies(data, has_second)
        }
    }

    /// Checks that the session fits into its place before anything is done.
    fn check_size(&self, data: &SessionData, is_stored: bool) -> Result<(), EncodeError> {
        if is_stored { Ok(()) } else { self.engine.checked_chars(data).map(drop) }
    }

    /// The record of a session under its id. It outlives its cookie, and never goes sooner than it was to go before. The first one
    /// of a session whose cookie held the values stays as long as such a cookie opens.
    fn record(&self, data: &SessionData, held: &Held, stored: Option<Stored>) -> Result<Record, EncodeError> {
        let lifetime = self.engine.lifetime();
        let usual = lifetime.record_end(data.expires_at());
        let until = match stored {
            Some(stored) => usual.max(stored.expires_at),
            None if !self.questions.has_list() => usual.max(lifetime.mark_end(held.retired.expires_at)),
            None => usual,
        };
        Ok(Record::new(self.engine.codec.seal_record(data)?, until))
    }

    /// Keeps the record of an id that this request drew. A record that is there is its own, from a commit that was given up.
    async fn put(&self, data: &SessionData) -> Result<Stored, EncodeError> {
        let until = self.engine.lifetime().record_end(data.expires_at());
        let record = Record::new(self.engine.codec.seal_record(data)?, until);
        let mut save = Save::Create;
        for _ in 0..MAX_TRIES {
            if self.questions.save(data.id(), &record, save).await? {
                return Ok(Stored::of(&record));
            }
            save = match self.questions.load(data.id()).await? {
                Some(found) if mark_of(&found).is_some() => return Err(EncodeError::Ended),
                Some(found) => Save::Replace(found.tag()),
                None => Save::Create,
            };
        }
        Err(never_wins().into())
    }

    /// The session of a record that was found in place of the one that was expected; `None` when it is over.
    fn read(&self, data: &SessionData, record: Record) -> Option<(SessionData, Stored)> {
        self.questions.read(&self.engine.codec, data.without_entries(), self.state.now, record)
    }

    fn merge(&self, held: &Held, mine: &Content, theirs: &SessionData) -> Result<Entries, EncodeError> {
        let nothing = Content(Entries::default());
        let base = held.content.as_ref().unwrap_or(&nothing);
        let merged = Entries::merge(&base.0, &mine.0, theirs.content(), self.state.aim.has_cleared());
        merged.map_err(|error| too_large(&error, theirs))
    }

    /// What is sent of a session that was sealed, and what the client holds from then on.
    fn sent(&self, set_cookies: SetCookies, data: SessionData, stored: Option<Stored>, cause: SealCause) -> Sent {
        let Self { engine, state, .. } = self;
        let has_second = stored.is_none() && engine.takes_two(&data);
        let event = match stored {
            Some(_) => engine.note_seal(&data.without_entries(), cause),
            None => engine.note_seal(&data, cause),
        };
        let held = Held::new(engine, &data, KeyRole::Primary, stored.is_none(), stored);
        let candidates = vec![Candidate { ending: held.ending(engine), is_ended: false }];
        Sent {
            set_cookies: with_deletions(set_cookies, state, engine),
            client: Client::holding(held, has_second),
            candidates,
            sealed: Sealed::As { data, before: Content(state.data.content().clone()) },
            event,
        }
    }
}

enum Buried {
    Done,
    Lost,
}

fn replace(stored: Option<Stored>) -> Save {
    stored.map_or(Save::Create, |stored| Save::Replace(stored.tag))
}

/// Values that do not fit together into one session.
fn too_large(_: &ValueError, data: &SessionData) -> EncodeError {
    let size = data.content().as_bytes().len();
    EncodeError::TooLarge { size, limit: MAX_BLOCK, largest: data.largest(3) }
}
