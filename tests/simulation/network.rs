//! The network between a node and its backends: each question and each answer takes a step of the schedule, and may be
//! lost.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use sealed_session::{BackendError, BackendErrorKind, SessionId};

use crate::event::{Footprint, Key, Names};
use crate::story::Story;
use crate::world::{Fate, State, Wait, World};

/// The number of seconds after which a load or a commit is given up, as in the library (`UNDER_WAY_SECONDS`).
pub(crate) const UNDER_WAY: u64 = 60;

impl World {
    /// Returns true when the load or the commit of a request began a minute ago or earlier. By the library's rule
    /// (`Questions::check_time`), the request then asks nothing more. The network keeps the same rule for a question
    /// that was asked in time and is still on its way: it has no effect.
    pub(crate) fn is_late(&self, request: usize) -> bool {
        self.time() - self.state().began[request] >= UNDER_WAY
    }

    /// Asks a backend: waits for its turn, lets the question have its effect, and waits for the answer. Anything else
    /// may happen at both waits: others ask, the question or the answer is lost, or the future is dropped.
    ///
    /// `effect` returns the answer, and how the story tells it.
    pub(crate) async fn ask<T>(
        &self,
        about: About<'_>,
        question: impl FnOnce(&mut Story) -> String,
        effect: impl FnOnce(&mut State) -> (T, String),
    ) -> Result<T, BackendError> {
        let runs = self.state().runs;
        let Some(request) = runs else { return Ok(effect(&mut self.state()).0) };
        let fate = self.wait(request, Wait::Effect).await;
        let is_late = self.is_late(request);
        if fate == Fate::Fail || is_late {
            let mut state = self.state();
            let why = if is_late { "it comes too late" } else { "the question is lost" };
            state.ledger.acts[request].is_disturbed_or_late = true;
            state.tell(request, |story| format!("{} -- {why}", question(story)));
            return Err(lost());
        }
        let answer = {
            let mut state = self.state();
            let step = state.step;
            state.ledger.acts[request].last_effect = step;
            state.touched = about.footprint(&mut state.names, request);
            let (answer, told) = effect(&mut state);
            state.tell(request, |story| format!("{} -> {told}", question(story)));
            answer
        };
        // An answer that nothing can happen to need not be waited for.
        if !self.state().is_answer_awaited {
            return Ok(answer);
        }
        if self.wait(request, Wait::Answer).await == Fate::Fail {
            self.state().ledger.acts[request].is_disturbed_or_late = true;
            self.tell(request, |_| "the answer is lost".to_owned());
            return Err(lost());
        }
        Ok(answer)
    }

    /// Waits until the scheduler chooses this request again, and returns the fate that the scheduler chose for it.
    pub(crate) async fn wait(&self, request: usize, wait: Wait) -> Fate {
        self.state().waits[request] = wait;
        Pause(false).await;
        let mut state = self.state();
        state.waits[request] = Wait::Handler;
        state.fate
    }

    /// Returns the result of a future, or `None` if the scheduler has the future dropped at one of its waits.
    pub(crate) fn unless_dropped<F: Future>(&self, future: F) -> UnlessDropped<'_, F> {
        UnlessDropped { world: self, future: Box::pin(future) }
    }
}

/// The record, mark or generation that a question is about. Each name says whether the question reads or writes it.
#[derive(Clone, Copy)]
pub(crate) enum About<'q> {
    ReadRecord(SessionId),
    WriteRecord(SessionId),
    ReadMark(SessionId),
    WriteMark(SessionId),
    ReadGeneration(&'q str),
    WriteGeneration(&'q str),
}

impl About<'_> {
    fn footprint(self, names: &mut Names, by: usize) -> Footprint {
        match self {
            Self::ReadRecord(id) => Footprint::Read(Key::Record(names.of(id, Some(by)))),
            Self::WriteRecord(id) => Footprint::Write(Key::Record(names.of(id, Some(by)))),
            Self::ReadMark(id) => Footprint::Read(Key::Mark(names.of(id, Some(by)))),
            Self::WriteMark(id) => Footprint::Write(Key::Mark(names.of(id, Some(by)))),
            Self::ReadGeneration(subject) => Footprint::Read(Key::Generation(subject.to_owned())),
            Self::WriteGeneration(subject) => Footprint::Write(Key::Generation(subject.to_owned())),
        }
    }
}

fn lost() -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, "the simulation lost it")
}

/// A future that is pending once.
struct Pause(bool);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

pub(crate) struct UnlessDropped<'w, F> {
    world: &'w World,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for UnlessDropped<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.world.state();
        if state.fate == Fate::Drop {
            state.fate = Fate::Good;
            return Poll::Ready(None);
        }
        drop(state);
        self.future.as_mut().poll(context).map(Some)
    }
}

/// Returns the result of a future that waits for nothing. No future waits while no request runs.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for something"),
    }
}
