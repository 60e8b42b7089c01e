//! [`check_revocations`]: what every list of revocations must keep to.

use std::future::{self, Future};
use std::pin::Pin;
use std::task::Poll;

use crate::backend::{Revocable, Revocations};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::UnixTime;

/// Checks that a list keeps every rule of [`Revocations`].
///
/// `now` is the time by the clock of the list. The list need not be empty: ids and subjects are new each time. It gets some
/// 2,300 entries, of which about 100 live for a day after `now`, or for ever. It runs under any runtime, or none.
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
    let suite = Suite { list, now, far: now.saturating_add(DAY) };
    let checks: [(&'static str, Check<'_>); 12] = [
        ("a session that nobody revoked is not refused", Box::pin(suite.unknown())),
        ("a session that was revoked is refused", Box::pin(suite.revoked())),
        ("a session whose id differs in one bit is not refused", Box::pin(suite.neighbours())),
        ("a session revoked again keeps the later time", Box::pin(suite.revoked_again())),
        ("a subject's sessions are refused that began at the cut-off or before", Box::pin(suite.cutoff())),
        ("another subject, or none, is not refused", Box::pin(suite.other_subjects())),
        ("a subject is any JSON text, to its last byte", Box::pin(suite.any_subject())),
        ("the later cut-off of a subject stands", Box::pin(suite.later_cutoff())),
        ("the later time of a subject stands", Box::pin(suite.later_until())),
        ("the latest of many cut-offs at once stands", Box::pin(suite.cutoffs_at_once())),
        ("ids and subjects are apart, and either refuses", Box::pin(suite.apart())),
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

/// What was seen that must not be.
struct Seen(String);

impl From<BackendError> for Seen {
    fn from(error: BackendError) -> Self {
        Self(error.to_string())
    }
}

struct Suite<'a> {
    list: &'a dyn Revocations,
    now: UnixTime,
    /// An `until` that has not come.
    far: UnixTime,
}

impl Suite<'_> {
    async fn unknown(&self) -> Result<(), Seen> {
        self.admits("no subject", new_id()?, None, self.now).await?;
        self.admits("a subject", new_id()?, Some(&new_subject()?), self.now).await?;
        self.admits("the earliest session", new_id()?, Some(&new_subject()?), UnixTime::MIN).await
    }

    async fn revoked(&self) -> Result<(), Seen> {
        for until in [self.far, UnixTime::MAX] {
            let id = new_id()?;
            self.list.revoke(id, until).await?;
            for created_at in [UnixTime::MIN, self.now, UnixTime::MAX] {
                self.refuses("no subject", id, None, created_at).await?;
                self.refuses("a subject", id, Some(&new_subject()?), created_at).await?;
            }
        }
        Ok(())
    }

    async fn neighbours(&self) -> Result<(), Seen> {
        let id = new_id()?;
        self.list.revoke(id, self.far).await?;
        let number = u128::from_be_bytes(id.to_bytes());
        for bit in 0..u128::BITS {
            let neighbour = SessionId::from_bytes((number ^ 1_u128.rotate_left(bit)).to_be_bytes());
            self.admits(&format!("bit {bit}"), neighbour, None, self.now).await?;
        }
        Ok(())
    }

    async fn revoked_again(&self) -> Result<(), Seen> {
        let (lowered, raised) = (new_id()?, new_id()?);
        self.list.revoke(lowered, self.far).await?;
        self.list.revoke(lowered, PASSED).await?;
        self.list.revoke(raised, PASSED).await?;
        self.list.revoke(raised, self.far).await?;
        self.fill().await?;
        self.refuses("far, then passed", lowered, None, self.now).await?;
        self.refuses("passed, then far", raised, None, self.now).await
    }

    async fn cutoff(&self) -> Result<(), Seen> {
        for cutoff in [UnixTime::MIN, self.now, UnixTime::MAX] {
            let subject = new_subject()?;
            self.list.revoke_subject(&subject, cutoff, self.far).await?;
            self.refuses("at the cut-off", new_id()?, Some(&subject), cutoff).await?;
            self.refuses("at the earliest time", new_id()?, Some(&subject), UnixTime::MIN).await?;
            if cutoff < UnixTime::MAX {
                let after = cutoff.saturating_add(1);
                self.admits("a second after the cut-off", new_id()?, Some(&subject), after).await?;
                self.admits("at the latest time", new_id()?, Some(&subject), UnixTime::MAX).await?;
            }
        }
        Ok(())
    }

    async fn other_subjects(&self) -> Result<(), Seen> {
        let tag = new_id()?;
        let revoke = format!("\"{tag} Ada*\"");
        self.list.revoke_subject(&revoke, UnixTime::MAX, self.far).await?;
        self.admits("no subject", new_id()?, None, self.now).await?;
        let others = [
            format!("\"{tag} Ada\""),
            format!("\"{tag} Ada**\""),
            format!("\"{tag} Adam\""),
            format!("\"{tag} ada*\""),
            format!("\"{tag} Ada* \""),
            format!("{tag} Ada*"),
            format!(" {revoke}"),
            "\"\"".to_owned(),
            String::new(),
        ];
        for other in others {
            self.admits(&other, new_id()?, Some(&other), self.now).await?;
        }
        Ok(())
    }

    async fn any_subject(&self) -> Result<(), Seen> {
        let tag = new_id()?;
        let subjects = [
            format!("\"{tag}@example.com\""),
            format!("\"{tag} \u{0} \\u0000 \\r\\n : * ? [a-z] {{0}} %00 ' \\\" \u{10ffff}\""),
            format!("{{\"tenant\": 7, \"user\": \"{tag}\"}}"),
            // The longest value that an entry can have.
            format!("\"{tag}{}\"", "x".repeat(65_535 - 34)),
        ];
        for subject in &subjects {
            self.list.revoke_subject(subject, self.now, self.far).await?;
        }
        for subject in subjects {
            let shown = subject.get(..50).unwrap_or(&subject);
            self.refuses(shown, new_id()?, Some(&subject), self.now).await?;
            let shorter = subject.get(..subject.len().saturating_sub(1)).unwrap_or_default();
            self.admits(shown, new_id()?, Some(shorter), self.now).await?;
        }
        Ok(())
    }

    async fn later_cutoff(&self) -> Result<(), Seen> {
        let early = UnixTime::MIN.saturating_add(1000);
        for [first, second] in [[early, self.now], [self.now, early]] {
            let subject = new_subject()?;
            self.list.revoke_subject(&subject, first, self.far).await?;
            self.list.revoke_subject(&subject, second, self.far).await?;
            let order = format!("{} s, then {} s", first.as_secs(), second.as_secs());
            self.refuses(&order, new_id()?, Some(&subject), self.now).await?;
            self.admits(&order, new_id()?, Some(&subject), self.now.saturating_add(1)).await?;
        }
        Ok(())
    }

    async fn later_until(&self) -> Result<(), Seen> {
        let (lowered, raised, passed) = (new_subject()?, new_subject()?, new_subject()?);
        self.list.revoke_subject(&lowered, self.now, self.far).await?;
        self.list.revoke_subject(&lowered, self.now, PASSED).await?;
        self.list.revoke_subject(&raised, self.now, PASSED).await?;
        self.list.revoke_subject(&raised, self.now, self.far).await?;
        // The later cut-off comes with the earlier time.
        self.list.revoke_subject(&passed, UnixTime::MIN, self.far).await?;
        self.list.revoke_subject(&passed, self.now, PASSED).await?;
        self.fill().await?;
        self.refuses("far, then passed", new_id()?, Some(&lowered), self.now).await?;
        self.refuses("passed, then far", new_id()?, Some(&raised), self.now).await?;
        self.refuses("a later cut-off with an earlier time", new_id()?, Some(&passed), self.now).await
    }

    async fn cutoffs_at_once(&self) -> Result<(), Seen> {
        let subject = new_subject()?;
        // Neither the first nor the last of them is the latest.
        let cutoffs = (0..64_u64).map(|n| UnixTime::MIN.saturating_add(n.wrapping_mul(37).wrapping_add(20) % 64));
        let calls = cutoffs.map(|cutoff| self.list.revoke_subject(&subject, cutoff, self.far));
        all(calls).await.into_iter().collect::<Result<(), _>>()?;
        let latest = UnixTime::MIN.saturating_add(63);
        self.refuses("of 64", new_id()?, Some(&subject), latest).await?;
        self.admits("of 64", new_id()?, Some(&subject), latest.saturating_add(1)).await
    }

    async fn apart(&self) -> Result<(), Seen> {
        let (id, subject) = (new_id()?, new_subject()?);
        self.list.revoke(id, self.far).await?;
        self.admits("an id as a subject", new_id()?, Some(&id.to_string()), UnixTime::MIN).await?;
        self.list.revoke_subject(&subject, self.now, self.far).await?;
        self.refuses("revoked, and begun after the cut-off", id, Some(&subject), UnixTime::MAX).await?;
        self.refuses("not revoked, and begun before the cut-off", new_id()?, Some(&subject), self.now).await?;
        self.admits("neither", new_id()?, Some(&subject), UnixTime::MAX).await
    }

    async fn healthy(&self) -> Result<(), Seen> {
        self.list.revoke(new_id()?, self.far).await?;
        if self.list.is_healthy().await { Ok(()) } else { Err(Seen("is_healthy says no".to_owned())) }
    }

    /// Adds so many entries whose time has passed that a list which ever looks for such, does.
    async fn fill(&self) -> Result<(), Seen> {
        for _ in 0..11 {
            let ids = (0..100).map(|_| new_id()).collect::<Result<Vec<_>, _>>()?;
            all(ids.into_iter().map(|id| self.list.revoke(id, PASSED))).await.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(())
    }

    async fn refuses(&self, case: &str, id: SessionId, subject: Option<&str>, at: UnixTime) -> Result<(), Seen> {
        if self.list.is_revoked(Revocable::new(id, subject, at)).await? {
            return Ok(());
        }
        Err(Seen(format!("not refused ({case}), created at {} s", at.as_secs())))
    }

    async fn admits(&self, case: &str, id: SessionId, subject: Option<&str>, at: UnixTime) -> Result<(), Seen> {
        if !self.list.is_revoked(Revocable::new(id, subject, at)).await? {
            return Ok(());
        }
        Err(Seen(format!("refused ({case}), created at {} s", at.as_secs())))
    }
}

fn new_id() -> Result<SessionId, Seen> {
    SessionId::generate().map_err(|error| Seen(error.to_string()))
}

fn new_subject() -> Result<String, Seen> {
    Ok(format!("\"{}\"", new_id()?))
}

/// Waits for all of them, which run at once, on any runtime.
async fn all<F: Future + Unpin>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Some(future), None)).collect();
    future::poll_fn(|context| {
        for (future, output) in &mut running {
            if let Some(Poll::Ready(value)) = future.as_mut().map(|future| Pin::new(future).poll(context)) {
                *output = Some(value);
                *future = None;
            }
        }
        if running.iter().all(|(future, _)| future.is_none()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

/// An `until` that has passed.
const PASSED: UnixTime = UnixTime::MIN;
const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests;
