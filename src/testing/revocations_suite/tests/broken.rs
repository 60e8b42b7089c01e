//! A list with one fault, whichever is asked for.

use std::collections::HashMap;
use std::sync::Mutex;

use futures_lite::future::yield_now;

use super::fault::Fault;
use crate::{
    BackendError, BackendErrorKind, BoxFuture, Generation, Known, Mark, Only, Revocations, SessionId, UnixTime,
};

/// The time by the clock of the list.
pub(super) const START: UnixTime = match UnixTime::from_secs(1_700_000_000) {
    Some(time) => time,
    None => UnixTime::MAX,
};

/// A good list with one fault.
pub(super) struct Broken {
    fault: Fault,
    marks: Mutex<HashMap<[u8; 16], (Mark, UnixTime)>>,
    generations: Mutex<HashMap<String, (Generation, UnixTime)>>,
    last: Mutex<Known>,
    /// The marks that were put last, whichever stands.
    last_marks: Mutex<HashMap<[u8; 16], Mark>>,
}

impl Broken {
    pub(super) fn with(fault: Fault) -> Self {
        let (marks, generations, last, last_marks) = Default::default();
        Self { fault, marks, generations, last, last_marks }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn works(&self) -> Result<(), BackendError> {
        if self.is(Fault::Fails) { Err(BackendError::new(BackendErrorKind::Unavailable, "it fails")) } else { Ok(()) }
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

    /// Returns the mark that the list keeps in place of this one.
    fn mark(&self, mark: Mark) -> Mark {
        let mut bytes = mark.to_bytes();
        match self.fault {
            Fault::ForgetsSuccessors => bytes.fill(0),
            Fault::KeepsHalfASuccessor => bytes[8..].fill(0),
            Fault::SuccessorEndsAtZero => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(16);
                bytes[end..].fill(0);
            }
            Fault::EndsAreSuccessors if mark == Mark::Ended => bytes.fill(1),
            _ => {}
        }
        Mark::from_bytes(bytes)
    }

    /// Returns the generation that the list keeps in place of this one.
    fn generation(&self, generation: Generation) -> Generation {
        let mut bytes = generation.to_bytes();
        match self.fault {
            Fault::KeepsHalfAGeneration => bytes[4..].fill(0),
            Fault::GenerationEndsAtZero => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(8);
                bytes[end..].fill(0);
            }
            _ => {}
        }
        Generation::from_bytes(bytes)
    }

    /// Returns true when a generation is put, by a comparison that may be wrong.
    fn applies(&self, only: Only, found: Option<Generation>, to: Generation) -> bool {
        match (self.fault, only, found) {
            (Fault::OnlyIsIgnored, ..) | (Fault::OnlyNoneIsAny, Only::Of(None), _) => true,
            (Fault::FirstGenerationStands, Only::Any, Some(found)) => found == to,
            (Fault::CountsNoRepetition, Only::Any, Some(found)) => found != to,
            (Fault::OnlyNeedsAnEntry, Only::Of(expected), None) => expected.is_none(),
            (Fault::OnlyForgetsItself, Only::Of(expected), Some(_)) => found == expected,
            _ => only.applies_to(found, to),
        }
    }

    fn sweep(&self) {
        let (mut marks, mut generations) = (self.marks.lock().unwrap(), self.generations.lock().unwrap());
        if self.is(Fault::ForgetsWhenItIsFull) && marks.len() >= 400 {
            marks.clear();
        }
        if marks.len() >= 500 {
            marks.retain(|_, (_, until)| *until > START);
            generations.retain(|_, (_, until)| *until > START);
        }
    }
}

impl Revocations for Broken {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move {
            self.works()?;
            if self.is(Fault::FailsWhenItIsFull) && self.marks.lock().unwrap().len() >= 400 {
                return Err(BackendError::new(BackendErrorKind::Full, "it is full"));
            }
            let key = self.id(id);
            self.last_marks.lock().unwrap().insert(key, mark);
            let found = self.marks.lock().unwrap().get(&key).copied();
            if self.is(Fault::LooksThenMarks) {
                yield_now().await;
            }
            let mark = self.mark(mark);
            let (first, first_until) = found.unwrap_or((mark, until));
            let stands = match (self.fault, mark) {
                (Fault::LastMarkStands, _)
                | (Fault::EndedStands, Mark::Ended)
                | (Fault::SuccessorStands, Mark::Became(_)) => mark,
                _ => first,
            };
            let until = match self.fault {
                Fault::LowersUntilOfId => until,
                Fault::LowersUntilByAnotherMark if mark != first => until,
                Fault::LowersUntilByTheSameMark if mark == first => until,
                Fault::KeepsFirstUntilOfId => first_until,
                _ => until.max(first_until),
            };
            self.marks.lock().unwrap().insert(key, (stands, until));
            if self.is(Fault::IdsAreSubjects) {
                let generation = Generation::from_bytes([0; 8]);
                self.generations.lock().unwrap().insert(id.to_string(), (generation, until));
            }
            self.sweep();
            Ok(match self.fault {
                Fault::ReturnsWhatWasPut => mark,
                Fault::RepeatedMarkIsAnEnd if found.is_some() && mark == first => Mark::Ended,
                _ => stands,
            })
        })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            self.works()?;
            let (subject, to) = (self.subject(subject), self.generation(to));
            let found = self.generations.lock().unwrap().get(&subject).copied();
            if self.is(Fault::LooksThenReplaces) || self.is(Fault::LooksThenReplacesWhatIsThere) && found.is_some() {
                yield_now().await;
            }
            let (first, first_until) = found.unwrap_or((to, until));
            let applies = self.applies(only, found.map(|(generation, _)| generation), to);
            if !applies && !self.is(Fault::OnlyRefusesAndWrites) {
                // A list with this fault takes the generation that stands first for the one that was put.
                return Ok(self.is(Fault::FirstGenerationStands) && only == Only::Any);
            }
            if self.is(Fault::OnlyWritesNothing) && only != Only::Any {
                return Ok(true);
            }
            let stands = match self.fault {
                Fault::GreatestGenerationStands => Generation::from_bytes(to.to_bytes().max(first.to_bytes())),
                _ => to,
            };
            let until = match self.fault {
                Fault::LastUntilOfSubject => until,
                Fault::FirstUntilOfSubject => first_until,
                Fault::UntilGoesWithItsGeneration if to != first => until,
                _ => until.max(first_until),
            };
            self.generations.lock().unwrap().insert(subject.clone(), (stands, until));
            if self.is(Fault::ForgetsWhenOvertaken) {
                yield_now().await;
                let mut generations = self.generations.lock().unwrap();
                if generations.get(&subject).is_some_and(|(kept, _)| *kept != to) {
                    generations.remove(&subject);
                }
            }
            if self.is(Fault::DeniesWhenOvertaken) {
                yield_now().await;
                return Ok(self.generations.lock().unwrap().get(&subject).is_some_and(|(kept, _)| *kept == to));
            }
            Ok(applies)
        })
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            self.works()?;
            let mark = id.and_then(|id| self.marks.lock().unwrap().get(&self.id(id)).map(|(mark, _)| *mark));
            let kept = |text| self.generations.lock().unwrap().get(&self.subject(text)).map(|(kept, _)| *kept);
            let known = Known::new(mark, subject.and_then(kept));
            if self.is(Fault::ForgetsWhatWasRead) {
                id.map(|id| self.marks.lock().unwrap().remove(&self.id(id)));
                subject.map(|subject| self.generations.lock().unwrap().remove(&self.subject(subject)));
            }
            let any = subject.map(|_| Generation::from_bytes([0; 8]));
            let last = std::mem::replace(&mut *self.last.lock().unwrap(), known);
            Ok(match self.fault {
                Fault::KnowsAnyId => Known::new(known.mark.or(id.map(|_| Mark::Ended)), known.generation),
                Fault::KnowsAnySubject => Known::new(known.mark, known.generation.or(any)),
                Fault::KnowsAnySubjectAlone if id.is_none() => Known::new(None, known.generation.or(any)),
                Fault::KnowsAnySubjectBesideAnId if id.is_some() => Known::new(mark, known.generation.or(any)),
                Fault::KnowsNothing => Known::default(),
                Fault::ShowsTheLastMark => {
                    let last = id.and_then(|id| self.last_marks.lock().unwrap().get(&self.id(id)).copied());
                    Known::new(last, known.generation)
                }
                Fault::LongSubjectIsUnknown if subject.is_some_and(|subject| subject.len() > 1000) => {
                    Known::new(mark, None)
                }
                Fault::MarkNeedsItsSubject if any.is_some() && known.generation.is_none() => Known::default(),
                Fault::GenerationNeedsItsId if id.is_some() && mark.is_none() => Known::default(),
                Fault::IdAloneIsUnknown if subject.is_none() => Known::default(),
                Fault::SubjectAloneIsUnknown if id.is_none() => Known::default(),
                Fault::MarkHidesGeneration if mark.is_some() => Known::new(mark, None),
                Fault::GenerationHidesMark if known.generation.is_some() => Known::new(None, known.generation),
                Fault::AnswersTheLastQuestion if subject.is_none() => Known::new(mark, last.generation),
                _ => known,
            })
        })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { !self.is(Fault::IsSick) })
    }
}
