//! Lists that each break one rule, and the checks that must see it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use futures_lite::future::block_on;

use super::{breaches, check_revocations};
use crate::{BackendError, BackendErrorKind, BoxFuture, Revocable, Revocations, SessionId, UnixTime};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Fails,
    RefusesAll,
    RefusesAnySubject,
    AdmitsAll,
    ForgetsIdOnceASubjectIsThere,
    ForgetsIdOfTheFuture,
    ComparesHalfAnId,
    LowersUntilOfId,
    KeepsFirstUntilOfId,
    ForgetsWhenItIsFull,
    CutoffExcluded,
    CutoffIsLater,
    CutoffRefusesAll,
    SubjectIgnoresCase,
    SubjectIsAPrefix,
    SubjectIsTrimmed,
    SubjectEndsAt1000Bytes,
    SubjectEndsAtZero,
    LastCutoffStands,
    FirstCutoffStands,
    LastUntilStands,
    FirstUntilStands,
    TimesStandTogether,
    ReadsThenWrites,
    IdsAreSubjects,
    SubjectAdmitsRevokedId,
    IsSick,
}

/// For each fault the check that must see it; others may, too.
const CAUGHT: [(Fault, &str); 27] = [
    (Fault::RefusesAll, "a session that nobody revoked is not refused"),
    (Fault::RefusesAnySubject, "a session that nobody revoked is not refused"),
    (Fault::AdmitsAll, "a session that was revoked is refused"),
    (Fault::ForgetsIdOnceASubjectIsThere, "a session that was revoked is refused"),
    (Fault::ForgetsIdOfTheFuture, "a session that was revoked is refused"),
    (Fault::ComparesHalfAnId, "a session whose id differs in one bit is not refused"),
    (Fault::LowersUntilOfId, "a session revoked again keeps the later time"),
    (Fault::KeepsFirstUntilOfId, "a session revoked again keeps the later time"),
    (Fault::ForgetsWhenItIsFull, "a session revoked again keeps the later time"),
    (Fault::CutoffExcluded, "a subject's sessions are refused that began at the cut-off or before"),
    (Fault::CutoffIsLater, "a subject's sessions are refused that began at the cut-off or before"),
    (Fault::CutoffRefusesAll, "a subject's sessions are refused that began at the cut-off or before"),
    (Fault::SubjectIgnoresCase, "another subject, or none, is not refused"),
    (Fault::SubjectIsAPrefix, "another subject, or none, is not refused"),
    (Fault::SubjectIsTrimmed, "another subject, or none, is not refused"),
    (Fault::SubjectEndsAt1000Bytes, "a subject is any JSON text, to its last byte"),
    (Fault::SubjectEndsAtZero, "a subject is any JSON text, to its last byte"),
    (Fault::LastCutoffStands, "the later cut-off of a subject stands"),
    (Fault::FirstCutoffStands, "the later cut-off of a subject stands"),
    (Fault::LastUntilStands, "the later time of a subject stands"),
    (Fault::FirstUntilStands, "the later time of a subject stands"),
    (Fault::TimesStandTogether, "the later time of a subject stands"),
    (Fault::ReadsThenWrites, "the latest of many cut-offs at once stands"),
    (Fault::IdsAreSubjects, "ids and subjects are apart, and either refuses"),
    (Fault::SubjectAdmitsRevokedId, "ids and subjects are apart, and either refuses"),
    (Fault::IsSick, "a list that works is healthy"),
    (Fault::Fails, "a list that works is healthy"),
];

#[test]
fn each_check_fails_for_a_list_that_breaks_its_rule() {
    for (fault, name) in CAUGHT {
        let failed = failed_by(fault);
        assert!(failed.iter().any(|(failed, _)| *failed == name), "{fault:?} was not caught: {failed:?}");
    }
    // A list that always fails passes no check: these are all of them, and each has a fault of its own above.
    let all: BTreeSet<_> = failed_by(Fault::Fails).iter().map(|(name, _)| *name).collect();
    assert_eq!(all, CAUGHT.iter().map(|(_, name)| *name).collect());
}

#[test]
fn the_list_that_they_are_made_of_breaks_none() {
    assert_eq!(failed_by(Fault::None), []);
}

#[test]
#[should_panic = "the list breaks rules: a subject's sessions are refused that began at the cut-off or before: not refused (at the \
                  cut-off), created at 0 s"]
fn a_broken_rule_is_a_panic_that_says_what_was_seen() {
    block_on(check_revocations(&broken(Fault::CutoffExcluded), at(START)));
}

#[test]
#[should_panic = "not refused: session backend is unavailable: it fails"]
fn a_list_that_fails_is_a_panic_that_says_how() {
    block_on(check_revocations(&broken(Fault::Fails), at(START)));
}

const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}

fn broken(fault: Fault) -> Broken {
    Broken { fault, ids: Mutex::default(), subjects: Mutex::default() }
}

fn failed_by(fault: Fault) -> Vec<(&'static str, String)> {
    block_on(breaches(&broken(fault), at(START)))
}

struct Broken {
    fault: Fault,
    ids: Mutex<HashMap<[u8; 16], UnixTime>>,
    subjects: Mutex<HashMap<String, (UnixTime, UnixTime)>>,
}

impl Broken {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn id(&self, id: SessionId) -> [u8; 16] {
        let mut bytes = id.to_bytes();
        if self.is(Fault::ComparesHalfAnId) {
            bytes[8..].fill(0);
        }
        bytes
    }

    fn subject(&self, subject: &str) -> String {
        match self.fault {
            Fault::SubjectIgnoresCase => subject.to_lowercase(),
            Fault::SubjectIsAPrefix => subject.trim_matches(['*', '"']).to_owned(),
            Fault::SubjectIsTrimmed => subject.trim().to_owned(),
            Fault::SubjectEndsAt1000Bytes => subject.chars().take(1000).collect(),
            Fault::SubjectEndsAtZero => subject.split('\0').next().unwrap_or_default().to_owned(),
            _ => subject.to_owned(),
        }
    }

    fn works(&self) -> Result<(), BackendError> {
        if self.is(Fault::Fails) { Err(BackendError::new(BackendErrorKind::Unavailable, "it fails")) } else { Ok(()) }
    }
}

impl Revocations for Broken {
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.works()?;
            let mut ids = self.ids.lock().unwrap();
            let kept = ids.entry(self.id(id)).or_insert(until);
            match self.fault {
                Fault::LowersUntilOfId => *kept = until,
                Fault::KeepsFirstUntilOfId => {}
                _ => *kept = until.max(*kept),
            }
            if self.is(Fault::ForgetsWhenItIsFull) && ids.len() >= 400 {
                ids.clear();
            }
            if ids.len() >= 500 {
                ids.retain(|_, until| *until > at(START));
                self.subjects.lock().unwrap().retain(|_, (_, until)| *until > at(START));
            }
            if self.is(Fault::IdsAreSubjects) {
                self.subjects.lock().unwrap().insert(id.to_string(), (UnixTime::MAX, until));
            }
            Ok(())
        })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        Box::pin(async move {
            self.works()?;
            let subject = self.subject(subject);
            let before = self.subjects.lock().unwrap().get(&subject).copied();
            if self.is(Fault::ReadsThenWrites) {
                tokio::task::yield_now().await;
            }
            let (kept_cutoff, kept_until) = before.unwrap_or((cutoff, until));
            let after = match self.fault {
                Fault::LastCutoffStands => (cutoff, until.max(kept_until)),
                Fault::FirstCutoffStands => (kept_cutoff, until.max(kept_until)),
                Fault::LastUntilStands => (cutoff.max(kept_cutoff), until),
                Fault::FirstUntilStands => (cutoff.max(kept_cutoff), kept_until),
                Fault::TimesStandTogether if cutoff > kept_cutoff => (cutoff, until),
                _ => (cutoff.max(kept_cutoff), until.max(kept_until)),
            };
            self.subjects.lock().unwrap().insert(subject, after);
            Ok(())
        })
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            self.works()?;
            let is_revoked = self.ids.lock().unwrap().contains_key(&self.id(session.id));
            let kept = session.subject.and_then(|text| self.subjects.lock().unwrap().get(&self.subject(text)).copied());
            let is_before = kept.is_some_and(|(cutoff, _)| match self.fault {
                Fault::CutoffExcluded => session.created_at < cutoff,
                Fault::CutoffIsLater => {
                    session.created_at <= cutoff.checked_add(Duration::from_secs(1)).unwrap_or(cutoff)
                }
                Fault::CutoffRefusesAll => true,
                _ => session.created_at <= cutoff,
            });
            Ok(match self.fault {
                Fault::RefusesAll => true,
                Fault::AdmitsAll => false,
                Fault::RefusesAnySubject => is_revoked || session.subject.is_some(),
                Fault::ForgetsIdOnceASubjectIsThere => is_before || (is_revoked && session.subject.is_none()),
                Fault::ForgetsIdOfTheFuture => is_before || (is_revoked && session.created_at <= at(START)),
                Fault::SubjectAdmitsRevokedId => kept.map_or(is_revoked, |_| is_before),
                _ => is_revoked || is_before,
            })
        })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { !self.is(Fault::IsSick) })
    }
}
