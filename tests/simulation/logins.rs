//! Notes who logged in when and who was revoked when, and says which sessions a revocation ends.

use crate::ledger::Ledger;

/// A revocation of a subject.
pub(crate) struct Revocation {
    pub(crate) by: usize,
    pub(crate) subject: String,
    /// True when nobody may log in as this subject any more.
    pub(crate) is_ban: bool,
    pub(crate) began: u64,
    pub(crate) had_effect: Option<u64>,
    pub(crate) returned: Option<u64>,
    /// The time of that step.
    pub(crate) returned_at: u64,
}

/// The books of a login: a request that made a session somebody's. Each session holds the number of its login, as a
/// value.
#[derive(Clone, Default)]
pub(crate) struct Login {
    /// The user whose session it is from then on.
    pub(crate) user: String,
    /// The step at which its cookie was handed out.
    pub(crate) answered: Option<u64>,
    /// The login before it in the same session.
    pub(crate) before: Option<usize>,
    /// The step at which the request asked for the generation of its subject, if it did.
    pub(crate) took: Option<u64>,
    /// The step at which the session became its subject's.
    pub(crate) done: Option<u64>,
}

impl Login {
    /// Returns true when the session of this login is one that the revocation ends.
    fn is_before(&self, revocation: &Revocation) -> bool {
        let was_out = self.answered.is_some_and(|answered| answered < revocation.began);
        let had_asked = self.took.is_some_and(|took| revocation.had_effect.is_some_and(|effect| took < effect));
        was_out || had_asked
    }
}

impl Ledger {
    /// The revocation that ended the session of a login, if there is one: of its subject or, before the session became
    /// another subject's, of the one that it had. Only the revocations that `counts` returns true for are looked at.
    pub(crate) fn revocation_of(&self, login: usize, counts: impl Fn(&Revocation) -> bool) -> Option<&Revocation> {
        let mut until = u64::MAX;
        let (mut next, mut line) = (Some(login), Vec::new());
        while let Some(login) = next {
            // The login after it decides what a revocation of another subject means from then on.
            if let Some(after) = line
                .last()
                .map(|after: &usize| &self.logins[*after])
                .filter(|after| after.user != self.logins[login].user)
            {
                until = after.done.unwrap_or(u64::MAX);
                line.clear();
            }
            line.push(login);
            let ended = self.revocations.iter().find(|revocation| {
                revocation.subject == self.logins[login].user
                    && revocation.returned.is_some_and(|returned| returned < until)
                    && line.iter().all(|login| *login != revocation.by + 1)
                    && self.logins[login].is_before(revocation)
                    && counts(revocation)
            });
            if ended.is_some() {
                return ended;
            }
            next = self.logins[login].before;
        }
        None
    }
}
