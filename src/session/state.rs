//! What became of a session during one request: the rules, with no lock and no HTTP.

use std::time::Duration;

use crate::backend::Backend;
use crate::codec::{Codec, MAX_PAIRS, Opened};
use crate::cookie::Candidates;
use crate::data::{SessionData, SessionId};
use crate::error::{DecodeError, EncodeError, Refusal};
#[cfg(feature = "import")]
use crate::import::OldCookies;
use crate::observe::Event;
use crate::time::{Times, UnixTime};

/// What became of a session so far.
///
/// A new session that stayed empty is `New`, and one that got a value is `Changed`.
///
/// ```
/// use sealed_session::{DecodeError, Status};
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(["tideway_session=forged"]);
/// assert_eq!(session.status(), Status::Rejected(DecodeError::Malformed));
/// session.set("user_id", 42)?;
/// assert_eq!(session.status(), Status::Changed);
/// session.destroy();
/// assert_eq!(session.status(), Status::Destroyed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// No cookie came, and nothing is stored.
    New,
    /// It came in a cookie and is unchanged.
    Loaded,
    /// Something was stored, changed or removed, or the session was migrated from another schema or imported.
    Changed,
    /// It has a new id.
    Regenerated,
    /// It is over, and nothing was stored since.
    Destroyed,
    /// A cookie came and was refused, for this reason; nothing is stored.
    Rejected(DecodeError),
}

impl Status {
    /// A short, stable name, for logs and metrics.
    ///
    /// ```
    /// assert_eq!(sealed_session::Status::Loaded.as_str(), "loaded");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Loaded => "loaded",
            Self::Changed => "changed",
            Self::Regenerated => "regenerated",
            Self::Destroyed => "destroyed",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// A session that the client's cookie held until now.
///
/// No server can take a cookie back: a copy of it opens, and may be extended under the same id, until the absolute
/// timeout. To end it sooner, configure a list of revocations
/// ([`SessionConfig::revocations`](crate::SessionConfig::revocations)), which holds the id until `expires_at`.
///
/// ```
/// use std::time::Duration;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// let session = manager.load(manager.commit(&session)?); // the next request brings the cookie back
/// let (id, created_at) = (session.id()?, session.created_at());
/// let retired = session.destroy().unwrap();
/// assert_eq!(retired.id, id);
/// assert_eq!(Some(retired.expires_at), created_at.checked_add(Duration::from_secs(30 * 24 * 60 * 60)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retired {
    /// Its id.
    pub id: SessionId,
    /// When no copy of its cookie opens any more, extended or not: its absolute timeout.
    pub expires_at: UnixTime,
}

impl Retired {
    pub(crate) fn new(data: &SessionData, codec: &Codec) -> Self {
        Self { id: data.id(), expires_at: codec.lifetime().absolute_end(data.times()) }
    }
}

/// What the request brought.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    Nothing,
    Cookie(Retired),
    /// The cookie of another crate: our cookie never had it.
    #[cfg_attr(not(feature = "import"), expect(dead_code, reason = "only an import makes it"))]
    Imported,
    Refused(DecodeError),
    /// It was destroyed since.
    Destroyed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Untouched,
    Migrated,
    Changed,
    Regenerated,
}

/// An opened session.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about what the request brought or did")]
pub(crate) struct State {
    pub(super) data: SessionData,
    /// When it was opened, or last committed: the one time that all decisions in between are taken at.
    pub(super) now: UnixTime,
    pub(super) origin: Origin,
    pub(super) rejected: Option<DecodeError>,
    pub(super) progress: Progress,
    /// A new session draws its id when it is first needed, so that one that stays empty costs no random number.
    pub(super) has_id: bool,
    pub(super) is_stale: bool,
    pub(super) deletion_sent: bool,
    /// Whether the client holds a second cookie.
    pub(super) has_second: bool,
    /// Whether a store has a record under its id.
    pub(super) in_store: bool,
    /// The session that the client's cookie held, once this request has ended it, until a commit has told the backends.
    pub(super) ended: Option<Retired>,
    /// The session in a cookie that opened and that no backend could vouch for.
    pub(super) unsure: Option<Retired>,
    /// How many subjects this process had revoked when it was regenerated, if it was.
    pub(super) regenerated_at: Option<u64>,
    /// Whether anything was asked of it. A backend is asked before that.
    pub(super) is_looked_at: bool,
    /// Cookies to be deleted along with the next seal or the end of the session.
    #[cfg(feature = "import")]
    pub(super) old: OldCookies,
}

impl State {
    /// Opens the newest good candidate, and notes what there is to tell.
    pub(crate) fn open(candidates: &Candidates, codec: &Codec, event: &mut Option<Event>) -> Self {
        let now = codec.now();
        let found =
            newest(candidates, codec, now).and_then(|found| found.map(|found| codec.migrated(found)).transpose());
        Self::of(found, now, candidates, codec, event)
    }

    /// What was found in the cookies of a request, and what the backends say of it.
    pub(crate) fn of(
        found: Result<Option<Opened>, Refusal>,
        now: UnixTime,
        candidates: &Candidates,
        codec: &Codec,
        event: &mut Option<Event>,
    ) -> Self {
        let state = Self::of_newest(found, now, candidates, codec, event);
        Self {
            has_second: candidates.seconds().is_some(),
            #[cfg(feature = "import")]
            old: codec.imports().old_cookies(candidates),
            ..state
        }
    }

    fn of_newest(
        found: Result<Option<Opened>, Refusal>,
        now: UnixTime,
        candidates: &Candidates,
        codec: &Codec,
        event: &mut Option<Event>,
    ) -> Self {
        #[cfg(feature = "import")]
        let found = match found {
            Ok(Some(opened)) => Ok(Some(opened)),
            // What a backend keeps out does not come in by another door.
            Err(refusal) if refusal.reason.is_of_backend() => Err(refusal),
            none => match codec.imports().session(codec, candidates, now) {
                Ok(Some(data)) => {
                    return Self { progress: Progress::Migrated, ..Self::blank(data, now, Origin::Imported) };
                }
                Ok(None) => none,
                Err(reason) => Err(reason.into()),
            },
        };
        match found {
            Ok(Some(opened)) => {
                *event = codec.note_open(Ok(&opened), candidates.count());
                let Opened { data, is_stale, is_migrated, in_store, .. } = opened;
                let origin = Origin::Cookie(Retired::new(&data, codec));
                let progress = if is_migrated { Progress::Migrated } else { Progress::Untouched };
                Self { has_id: true, is_stale, progress, in_store, ..Self::blank(data, now, origin) }
            }
            Ok(None) => Self::blank(new_data(codec, now), now, Origin::Nothing),
            Err(refusal) => {
                *event = codec.note_open(Err(&refusal), candidates.count());
                let reason = refusal.reason;
                Self { rejected: Some(reason), ..Self::blank(new_data(codec, now), now, Origin::Refused(reason)) }
            }
        }
    }

    fn blank(data: SessionData, now: UnixTime, origin: Origin) -> Self {
        Self {
            data,
            now,
            origin,
            rejected: None,
            progress: Progress::Untouched,
            has_id: false,
            is_stale: false,
            deletion_sent: false,
            has_second: false,
            in_store: false,
            ended: None,
            unsure: None,
            regenerated_at: None,
            is_looked_at: false,
            #[cfg(feature = "import")]
            old: OldCookies::default(),
        }
    }

    /// A session that opened and that no backend could vouch for: should it be destroyed, it is this one that ends.
    pub(crate) fn with_unsure(self, known: Option<Retired>) -> Self {
        Self { unsure: known, ..self }
    }

    /// Puts off the beginning of a regenerated session, to be told from what its subject's revocation ended a moment ago.
    pub(crate) fn begin_after(&mut self, backend: &Backend) {
        let Some(cutoffs) = self.regenerated_at else { return };
        let earliest = backend.beginning(&self.data, cutoffs);
        let before = *self.data.times();
        if before.created_at < earliest {
            let issued_at = before.issued_at.max(earliest);
            let expires_at = before.expires_at.max(issued_at);
            self.data.put_times(Times { created_at: earliest, issued_at, expires_at });
        }
    }

    pub(crate) fn look_at(&mut self) {
        self.is_looked_at = true;
    }

    pub(crate) fn is_looked_at(&self) -> bool {
        self.is_looked_at
    }

    pub(crate) fn data(&self) -> &SessionData {
        &self.data
    }

    /// The id, drawn now if need be.
    pub(crate) fn id(&mut self) -> Result<SessionId, EncodeError> {
        if !self.has_id {
            self.data.set_id(SessionId::generate()?);
            self.has_id = true;
        }
        Ok(self.data.id())
    }

    /// Applies a change that can fail and says whether it changed anything.
    pub(crate) fn change<E>(&mut self, change: impl FnOnce(&mut SessionData) -> Result<bool, E>) -> Result<(), E> {
        let changed = change(&mut self.data)?;
        self.edit(|_| changed);
        Ok(())
    }

    /// Applies a change that says whether it changed anything, and says so too.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut SessionData) -> bool) -> bool {
        let changed = edit(&mut self.data);
        if changed {
            self.deletion_sent = false;
            if self.progress == Progress::Untouched {
                self.progress = Progress::Changed;
            }
        }
        changed
    }

    pub(crate) fn extend(&mut self, codec: &Codec, ttl: Duration) -> Result<(), EncodeError> {
        let before = *self.data.times();
        let expires_at = codec.lifetime().extend(self.now, &before, ttl)?;
        self.edit(|data| {
            data.put_times(Times { expires_at, ..before });
            expires_at != before.expires_at
        });
        Ok(())
    }

    /// Gives the session a new id and a new life.
    ///
    /// `cutoffs` is how many subjects this process had revoked until now.
    pub(crate) fn regenerate(&mut self, codec: &Codec, cutoffs: u64) -> Result<Option<Retired>, EncodeError> {
        self.data.set_id(SessionId::generate()?);
        self.has_id = true;
        self.data.put_times(codec.lifetime().start(self.now));
        self.regenerated_at = Some(cutoffs);
        self.progress = Progress::Regenerated;
        self.deletion_sent = false;
        Ok(self.retired())
    }

    /// Ends the session. What is stored after this begins another one.
    pub(crate) fn destroy(&mut self, codec: &Codec) -> Option<Retired> {
        let retired = self.retired();
        *self = Self {
            rejected: self.rejected,
            ended: self.ended.or(retired).or(self.unsure),
            has_second: self.has_second,
            is_looked_at: self.is_looked_at,
            #[cfg(feature = "import")]
            old: std::mem::take(&mut self.old),
            ..Self::blank(new_data(codec, self.now), self.now, Origin::Destroyed)
        };
        retired
    }

    /// The seconds since the session was created or regenerated; `None` of one that no cookie brought and no call regenerated.
    pub(crate) fn age(&self, codec: &Codec) -> Option<u64> {
        // A clock that went back since the session was opened makes it no younger.
        let now = self.now.max(codec.now());
        let is_known = matches!(self.origin, Origin::Cookie(_)) || self.progress == Progress::Regenerated;
        is_known.then(|| now.seconds_since(self.data.created_at()))
    }

    pub(crate) fn status(&self) -> Status {
        match (self.progress, self.origin) {
            (Progress::Changed | Progress::Migrated, _) if self.is_kept() => Status::Changed,
            (Progress::Regenerated, _) if self.is_kept() => Status::Regenerated,
            (_, Origin::Nothing) => Status::New,
            (_, Origin::Cookie(_) | Origin::Imported) => Status::Loaded,
            (_, Origin::Refused(reason)) => Status::Rejected(reason),
            (_, Origin::Destroyed) => Status::Destroyed,
        }
    }

    /// Why the cookie of this request was refused, if it was.
    pub(crate) fn rejected(&self) -> Option<DecodeError> {
        self.rejected
    }

    /// Whether there is a session to seal: one that came in a cookie may be empty, a new one may not.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.origin, Origin::Cookie(_) | Origin::Imported) || !self.data.is_empty()
    }

    pub(super) fn retired(&self) -> Option<Retired> {
        match self.origin {
            Origin::Cookie(retired) => Some(retired),
            _ => None,
        }
    }
}

/// A session without content. Its id is drawn later.
fn new_data(codec: &Codec, now: UnixTime) -> SessionData {
    codec.create_with(SessionId::from_bytes([0; 16]), now)
}

/// Of the candidates that are authentic and alive, the one issued last; else the refusal that says the most.
pub(crate) fn newest(candidates: &Candidates, codec: &Codec, now: UnixTime) -> Result<Option<Opened>, Refusal> {
    let mut best: Option<Opened> = None;
    let mut refusal: Option<Refusal> = candidates.is_cut().then_some(DecodeError::TooManyCandidates.into());
    let mut tries = MAX_PAIRS;
    for value in candidates.values() {
        let outcome = match codec.first_part(value) {
            None => codec.open(value, Some(now)),
            Some(part) => codec.open_parts(part, candidates.seconds(), &mut tries, now),
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
        (None, None) if candidates.seconds().is_some() => Err(DecodeError::Incomplete.into()),
        (None, None) => Ok(None),
    }
}
