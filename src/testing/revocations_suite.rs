//! [`check_revocations`]: the rules that every list of revocations must keep.

mod generations;
mod marks;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;

use super::at_once::at_once;
use crate::backend::{Generation, Known, Mark, Only, Revocations};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::UnixTime;

/// Checks that a list keeps every rule of [`Revocations`].
///
/// `now` is the time by the clock of the list. The list need not be empty: ids and subjects are new each time. The
/// suite puts some 2,500 entries on the list, of which about 300 live for a day after `now`, or for ever. The suite
/// runs under any runtime, or none.
///
/// # Panics
/// When the list breaks a rule, or answers with an error. The message names each such rule and says what was seen.
///
/// ```
/// use sealed_session::testing::check_revocations;
/// use sealed_session::{Clock, MemoryRevocations, SystemClock};
///
/// # futures_lite::future::block_on(async {
/// check_revocations(&MemoryRevocations::new(), SystemClock.now()).await;
/// # });
/// ```
pub async fn check_revocations(list: &dyn Revocations, now: UnixTime) {
    let broken: Vec<String> = breaches(list, now).await.iter().map(|(name, seen)| format!("{name}: {seen}")).collect();
    assert!(broken.is_empty(), "the list breaks rules: {}", broken.join("; "));
}

/// The rules that a list breaks, and what was seen of each.
async fn breaches(list: &dyn Revocations, now: UnixTime) -> Vec<(&'static str, String)> {
    let suite = Suite { list, far: now.saturating_add(DAY) };
    let checks: [(&'static str, Check<'_>); 16] = [
        ("an id and a subject that nobody revoked are unknown", Box::pin(suite.unknown())),
        ("a mark that was put is known", Box::pin(suite.marked())),
        ("an id that differs in one bit has no mark", Box::pin(suite.neighbours())),
        ("of two marks of an id the first stands", Box::pin(suite.marked_again())),
        ("of many marks at once all are told which stands", Box::pin(suite.marks_at_once())),
        ("the later time of a mark stands", Box::pin(suite.later_mark())),
        ("a generation that was put is known", Box::pin(suite.revoked())),
        ("another subject, or none, has no generation", Box::pin(suite.other_subjects())),
        ("a subject is any JSON text, to its last byte", Box::pin(suite.any_subject())),
        ("a generation replaces any other", Box::pin(suite.replaced())),
        ("a generation that must replace one replaces that one, none or itself", Box::pin(suite.replaced_only())),
        ("the later time of a generation stands", Box::pin(suite.later_generation())),
        ("of many that replace one generation one does", Box::pin(suite.replacements_at_once())),
        ("of many generations at once one stands", Box::pin(suite.generations_at_once())),
        ("ids and subjects are apart, and a look answers what it is asked", Box::pin(suite.apart())),
        ("a list that works is healthy", Box::pin(suite.healthy())),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        if let Err(Seen(seen)) = check.await {
            failed.push((name, seen));
        }
    }
    failed
}

type Check<'a> = Pin<Box<dyn Future<Output = Result<(), Seen>> + Send + 'a>>;

/// The behavior that was seen and that breaks a rule.
struct Seen(String);

impl From<BackendError> for Seen {
    fn from(error: BackendError) -> Self {
        Self(error.to_string())
    }
}

struct Suite<'a> {
    list: &'a dyn Revocations,
    /// An `until` that has not come.
    far: UnixTime,
}

impl Suite<'_> {
    async fn unknown(&self) -> Result<(), Seen> {
        self.marks("no subject", new_id()?, None).await?;
        self.has("a subject", &new_subject()?, None).await?;
        self.knows("both", Some(new_id()?), Some(&new_subject()?), Known::default()).await?;
        self.knows("neither", None, None, Known::default()).await
    }

    async fn apart(&self) -> Result<(), Seen> {
        let (id, subject) = (new_id()?, new_subject()?);
        self.puts("the first mark", id, Mark::Ended, self.far, Mark::Ended).await?;
        self.has("an id as a subject", &id.to_string(), None).await?;
        self.knows("the subject is unknown", Some(id), Some(&subject), Known::new(Some(Mark::Ended), None)).await?;
        self.replaces("the first generation", &subject, Only::Any, generation(3), self.far, true).await?;
        let (mark, generation) = (Some(Mark::Ended), Some(generation(3)));
        self.knows("both are known", Some(id), Some(&subject), Known::new(mark, generation)).await?;
        self.knows("the id is unknown", Some(new_id()?), Some(&subject), Known::new(None, generation)).await?;
        self.knows("the id alone", Some(id), None, Known::new(mark, None)).await?;
        self.knows("the subject alone", None, Some(&subject), Known::new(None, generation)).await?;
        self.knows("neither", None, None, Known::default()).await
    }

    async fn healthy(&self) -> Result<(), Seen> {
        self.list.revoke(new_id()?, Mark::Ended, self.far).await?;
        if self.list.is_healthy().await { Ok(()) } else { Err(Seen("is_healthy says no".to_owned())) }
    }

    /// Adds many entries whose time has passed: enough that a list which ever looks for such, does.
    async fn fill(&self) -> Result<(), Seen> {
        for _ in 0..11 {
            let ids = (0..100).map(|_| new_id()).collect::<Result<Vec<_>, _>>()?;
            let marks = at_once(ids.into_iter().map(|id| self.list.revoke(id, Mark::Ended, PASSED))).await;
            marks.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }

    /// Puts a mark and checks that the list answers that `stands` does.
    async fn puts(&self, case: &str, id: SessionId, mark: Mark, until: UnixTime, stands: Mark) -> Result<(), Seen> {
        let told = self.list.revoke(id, mark, until).await?;
        must(told == stands, || {
            format!("{mark:?} was put ({case}), {stands:?} should stand, and {told:?} was returned")
        })
    }

    /// Puts a generation and checks the answer of the list, true when it was put.
    async fn replaces(
        &self,
        case: &str,
        subject: &str,
        only: Only,
        to: Generation,
        until: UnixTime,
        is_done: bool,
    ) -> Result<(), Seen> {
        let told = self.list.revoke_subject(subject, only, to, until).await?;
        must(told == is_done, || format!("{to:?} was put with {only:?} ({case}), and {told} was returned"))
    }

    async fn marks(&self, case: &str, id: SessionId, mark: Option<Mark>) -> Result<(), Seen> {
        self.knows(case, Some(id), None, Known::new(mark, None)).await
    }

    async fn has(&self, case: &str, subject: &str, generation: Option<Generation>) -> Result<(), Seen> {
        self.knows(case, None, Some(subject), Known::new(None, generation)).await
    }

    async fn knows(
        &self,
        case: &str,
        id: Option<SessionId>,
        subject: Option<&str>,
        expected: Known,
    ) -> Result<(), Seen> {
        let known = self.list.look(id, subject).await?;
        must(known == expected, || format!("{known:?} is known ({case}), and should be {expected:?}"))
    }
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Seen> {
    if holds { Ok(()) } else { Err(Seen(otherwise())) }
}

fn generation(number: u8) -> Generation {
    Generation::from_bytes([number; 8])
}

fn new_id() -> Result<SessionId, Seen> {
    SessionId::generate().map_err(|error| Seen(error.to_string()))
}

fn new_subject() -> Result<String, Seen> {
    Ok(format!("\"{}\"", new_id()?))
}

/// An `until` that has passed.
const PASSED: UnixTime = UnixTime::MIN;
const DAY: u64 = 24 * 60 * 60;
