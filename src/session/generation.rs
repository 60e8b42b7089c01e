//! Decides whose session a commit seals: it finds the generation of the subject, and checks that the list still has
//! nothing against it.

use super::engine::too_large;
use super::held::Held;
use super::perform::Commit;
use super::state::Login;
use crate::backend::{Generation, Known};
use crate::data::SessionData;
use crate::error::{BackendError, EncodeError};
use crate::format::Namespace;

impl Commit<'_> {
    /// Puts the generation of its subject into a session. Returns true when the session had a subject, and has not the
    /// same one now.
    pub(super) async fn put_generation(
        &self,
        data: &mut SessionData,
        held: Option<&Held>,
    ) -> Result<bool, EncodeError> {
        let owner = self.engine.backend.owner_of(data);
        let before = held.map(|held| &held.owner);
        let is_another = before.is_some_and(|before| before.subject.is_some() && before.subject != owner.subject);
        if !self.questions.has_list() {
            return Ok(is_another);
        }
        let generation = match (&owner.subject, &self.state.login) {
            (None, _) => None,
            (Some(subject), Some(login)) if login.replaces && login.subject == *subject => self.take(login),
            (Some(_), _) if before.is_some_and(|before| before.subject == owner.subject) => {
                before.and_then(|before| before.generation)
            }
            // A commit that is called again goes by the generation that its first try took.
            (Some(subject), Some(login)) if login.subject == *subject => self.take(login),
            (Some(subject), _) => self.take_generation(subject).await?,
        };
        let digits = generation.map(|generation| generation.to_string());
        data.set_generation(digits.as_deref()).map_err(|_| too_large(data))?;
        Ok(is_another)
    }

    /// Asks which generation the subject has, and notes the answer for a later try of this commit.
    async fn take_generation(&self, subject: &str) -> Result<Option<Generation>, BackendError> {
        let generation = self.questions.look(None, Some(subject)).await?.generation;
        let login = Login { subject: subject.to_owned(), generation, replaces: false };
        self.shared.note_login(&login, self.state.login.as_ref());
        Ok(self.take(&login))
    }

    /// Notes that the session takes the generation of this login, which is done with once the session is sent.
    fn take(&self, login: &Login) -> Option<Generation> {
        self.taken.get_or_init(|| login.clone()).generation
    }

    /// True when the list knows of no later generation of the subject than the one that the session came with, or than
    /// the one that this request put there itself when it revoked the subject's other sessions.
    pub(super) fn is_of(&self, held: &Held, known: Known) -> bool {
        let is_own = |login: &Login| {
            login.replaces
                && Some(&login.subject) == held.owner.subject.as_ref()
                && known.generation == login.generation
        };
        held.owner.is_of(known) || self.state.login.as_ref().is_some_and(is_own)
    }

    /// True when the list still has nothing against the session.
    #[cfg(feature = "dbsc")]
    pub(super) async fn is_still_good(&self, held: &Held) -> Result<bool, BackendError> {
        let known = self.look_again(held).await?;
        Ok(known.mark.is_none() && held.owner.is_of(known))
    }

    /// Asks the list about the session once more.
    pub(super) async fn look_again(&self, held: &Held) -> Result<Known, BackendError> {
        self.questions.look(Some(held.retired.id), held.owner.subject.as_deref()).await
    }

    /// True when this request said whose session it is, in this try of its commit, or in an earlier one that left
    /// `theirs`.
    pub(super) fn says_whose(&self, held: &Held, theirs: &SessionData) -> bool {
        match self.engine.backend.subject.as_deref() {
            Some(key) => {
                let subject = theirs.content().get(Namespace::Data, key);
                let has_tried = || self.state.tried.iter().any(|tried| tried.0.get(Namespace::Data, key) == subject);
                self.engine.backend.owner_of(&self.state.data).subject != held.owner.subject || has_tried()
            }
            None => self.state.aim.has_changed(),
        }
    }
}
