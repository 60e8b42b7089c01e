//! The way in, second half: the cookies that came are opened, the newest good one is admitted, and it becomes the state of the
//! request.

use super::engine::Engine;
use super::shared::Shared;
use super::state::State;
use crate::backend::Admitted;
use crate::codec::Opened;
use crate::cookie::{Candidates, MAX_PAIRS, SecondParts};
use crate::data::Retired;
use crate::error::{BackendError, DecodeError, Refusal};
use crate::observe::Event;
use crate::time::UnixTime;

/// The state of a request, and what observers are to be told of it.
pub(super) type Loaded = (State, Option<Event>);

impl Shared {
    /// True when the backends must be asked before the session can be known.
    pub(super) fn must_ask(&self) -> bool {
        self.engine.backend.exists() && self.candidates.count() > 0
    }

    /// Opens the session where no backend has to be asked. Where one has to be, and was not, the session is refused: an adapter
    /// that forgot to ask must not let in whom the backend would have kept out.
    pub(super) fn open(&self) -> Loaded {
        let Self { engine, candidates, .. } = self;
        let now = engine.now();
        if self.must_ask() {
            return self.state(Err(DecodeError::NotAsked.into()), now, None);
        }
        let opened = newest(candidates, engine, now)
            .and_then(|found| found.map(|found| engine.codec.migrate(found)).transpose())
            .and_then(|found| found.map(|found| engine.backend.admit_unasked(found)).transpose());
        self.state(opened, now, None)
    }

    /// Opens the session, and asks the backends whether it is admitted.
    pub(super) async fn open_and_ask(&self) -> Result<Loaded, BackendError> {
        let Self { engine, candidates, .. } = self;
        let now = engine.now();
        let (found, known) = match newest(candidates, engine, now) {
            Ok(Some(opened)) => {
                let known = Retired::new(&opened.data, engine.lifetime());
                let admitted = engine.backend.admit(&engine.codec, &engine.observers, opened).await?;
                (admitted.map(Some), Some(known))
            }
            Ok(None) => (Ok(None), None),
            Err(refusal) => (Err(refusal), None),
        };
        let is_unsure = matches!(&found, Err(refusal) if refusal.reason.is_unsure());
        Ok(self.state(found, now, known.filter(|_| is_unsure)))
    }

    /// The state that an admission comes to, or an import where no cookie of ours opened. `unsure` is the session of a cookie
    /// that opened while no backend could say anything about it.
    fn state(&self, found: Result<Option<Admitted>, Refusal>, now: UnixTime, unsure: Option<Retired>) -> Loaded {
        let Self { engine, candidates, old, .. } = self;
        let found = match found {
            Ok(Some(admitted)) => Ok(Some(admitted)),
            // A session that a backend keeps out does not come in by another door.
            Err(refusal) if refusal.reason.is_of_backend() => Err(refusal),
            none => match engine.imports.session(&engine.codec, &engine.cookies, (candidates, old), now) {
                Ok(Some(data)) => return (self.with_cookies(State::imported(data, now)), None),
                Ok(None) => none,
                Err(reason) => Err(reason.into()),
            },
        };
        let (state, event) = match found {
            Ok(Some(admitted)) => {
                let opened = admitted.into_opened();
                let event = engine.note_open(Ok(&opened), candidates.count());
                (State::admitted(opened, engine.lifetime(), now), event)
            }
            Ok(None) => (State::new(engine.blank(now), now), None),
            Err(refusal) => {
                let event = engine.note_open(Err(&refusal), candidates.count());
                (State::refused(engine.blank(now), now, refusal.reason, unsure), event)
            }
        };
        (self.with_cookies(state), event)
    }

    /// Notes which cookies the client holds besides the first one.
    fn with_cookies(&self, state: State) -> State {
        let old = self.engine.imports.to_delete(&self.candidates, &self.old);
        state.with_cookies(self.candidates.second_parts().is_some(), old)
    }
}

/// Of the candidates that are authentic and alive, the one issued last; else the refusal that says the most.
fn newest(candidates: &Candidates, engine: &Engine, now: UnixTime) -> Result<Option<Opened>, Refusal> {
    let Engine { codec, cookies, .. } = engine;
    let mut best: Option<Opened> = None;
    let mut refusal: Option<Refusal> = candidates.is_cut().then_some(DecodeError::TooManyCandidates.into());
    let mut tries = MAX_PAIRS;
    for value in candidates.values() {
        let outcome = match cookies.first_part(value) {
            None => codec.open(value, cookies.max_value(), || now),
            Some(part) => open_parts(engine, part, candidates.second_parts(), &mut tries, now),
        };
        match outcome {
            Ok(opened) => {
                if best.as_ref().is_none_or(|best| opened.data.issued_at() > best.data.issued_at()) {
                    best = Some(opened);
                }
            }
            Err(refused) => refusal = Some(refusal.map_or(refused, |refusal| refusal.or_weightier(refused))),
        }
    }
    match (best, refusal) {
        (Some(best), _) => Ok(Some(best)),
        (None, Some(refusal)) => Err(refusal),
        (None, None) if candidates.second_parts().is_some() => Err(DecodeError::Incomplete.into()),
        (None, None) => Ok(None),
    }
}

/// Opens a first part with the second part that fits, if it is among those that came. `tries` is how many pairs may still be
/// tried, of [`MAX_PAIRS`] in one request.
fn open_parts(
    engine: &Engine,
    first: &[u8],
    second_parts: Option<&SecondParts>,
    tries: &mut usize,
    now: UnixTime,
) -> Result<Opened, Refusal> {
    let Engine { codec, cookies, .. } = engine;
    let max_part = cookies.max_part();
    if first.len() > max_part {
        return Err(DecodeError::TooLong.into());
    }
    for second in second_parts.into_iter().flat_map(SecondParts::values).filter(|second| second.len() <= max_part) {
        let Some(left) = tries.checked_sub(1) else { return Err(DecodeError::TooManyCandidates.into()) };
        *tries = left;
        match codec.open_long(&[first, second].concat(), cookies.max_joined(), || now) {
            // Another second part may fit.
            Err(Refusal {
                reason: DecodeError::NotAuthentic | DecodeError::Malformed | DecodeError::TooLong, ..
            }) => {}
            outcome => return outcome,
        }
    }
    let is_cut = second_parts.is_some_and(SecondParts::is_cut);
    Err(if is_cut { DecodeError::TooManyCandidates } else { DecodeError::Incomplete }.into())
}
