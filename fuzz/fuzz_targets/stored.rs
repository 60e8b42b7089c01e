//! Checks sessions over a store, a list of revocations or both. Two requests of one browser are under way at once, and
//! any call of a backend may fail, after it did its work or before. A session must be what the store and the list then
//! hold. Values that were acknowledged must be there, an ended session must stay ended, and a failed request must leave
//! the old cookie good.
//!
//! The model opens no cookie and no record. It sees each call that reaches the backends, notes the session's values at
//! that time, and works out what every cookie so far must give.
//!
//! The input is three bytes of settings, then four bytes a step: the step, the request of the two that it belongs to,
//! the value, and the calls that fail.
#![no_main]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, Codec, DecodeError, EncodeError, FailurePolicy, Generation, Known, Mark,
    MemoryRevocations, MemoryStore, Only, Record, Revocations, Save, Session, SessionConfig, SessionId, SessionManager,
    SessionStore, UnixTime, ValueError,
};
use sealed_session_fuzz::{FIRST_KEY, MAX_ENTRIES_LEN, NAME, NOW, SECOND_KEY, at, entries_len, owned, ring, run};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Placement {
    Cookie,
    Store,
    Spill,
}

const PLACEMENTS: [Placement; 3] = [Placement::Spill, Placement::Store, Placement::Cookie];
const POLICIES: [FailurePolicy; 3] = [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit];
const NAMES: [&str; 3] = ["user", "a", "b"];
/// The most steps of a run. In a step a session goes on under one new id at most. So no session has the hundred
/// successors in a row after which an end gives up (`MAX_HOPS` in src/backend/end.rs). A call runs to its end before
/// the next one begins, so no write loses to another one eight times either (`MAX_TRIES`). That leaves one error of a
/// backend: the one that it was told to give.
const MOST_STEPS: usize = 60;

/// A step of a run, in which two requests go on side by side.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A request comes with a cookie. Cookie 0 is the one that the browser has, and cookie 1 is none.
    Next {
        server: usize,
        cookie: u8,
    },
    Set(&'static str, u8),
    SetLong(&'static str, usize),
    Discard(&'static str),
    Clear,
    Regenerate {
        is_emptied: bool,
    },
    Destroy,
    Commit,
    BeginLogin(u8),
    RevokeOthers,
    Revoke(u8),
    RevokeSubject(u8),
    ClearStore,
    CleanUp,
    Seconds(u8),
}

impl Step {
    fn of(number: u8, more: u8, value: u8) -> Self {
        let name = NAMES[usize::from(more) % 3];
        match number % 16 {
            0 | 1 => Self::Next { server: usize::from(more) % 2, cookie: value },
            2 | 3 => Self::Commit,
            4 => Self::Set(name, value % 4),
            5 => Self::SetLong(name, 64 * usize::from(value)),
            6 => Self::Discard(name),
            7 => Self::Clear,
            8 => Self::Regenerate { is_emptied: value % 2 == 1 },
            9 => Self::Destroy,
            10 => Self::Revoke(value),
            11 => Self::RevokeSubject(value % 4),
            12 => Self::Seconds(value),
            13 if value.is_multiple_of(2) => Self::CleanUp,
            13 => Self::ClearStore,
            14 => Self::BeginLogin(value % 4),
            _ => Self::RevokeOthers,
        }
    }
}

/// The faults of the next four calls of a step, two bits each. The calls after those go well.
type Faults = [Fault; 4];

fn faults(byte: u8) -> Faults {
    [0, 2, 4, 6].map(|shift| match byte >> shift & 3 {
        1 => Fault::Before,
        2 => Fault::After,
        _ => Fault::None,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The call was not done.
    Before,
    /// The call was done, and its answer got lost.
    After,
}

/// A call that reached a backend, with what came of it if it was done.
#[derive(Clone, Debug)]
enum Call {
    Load {
        id: SessionId,
        is_found: bool,
    },
    /// `mark` is the one of a tombstone.
    Save {
        id: SessionId,
        mark: Option<Mark>,
        expires_at: u64,
        wrote: bool,
    },
    Delete(SessionId),
    Look {
        id: Option<SessionId>,
        subject: Option<String>,
        known: Option<Known>,
    },
    /// `stands` is the mark that stands after it.
    Revoke {
        id: SessionId,
        stands: Option<Mark>,
        until: u64,
    },
    RevokeSubject {
        subject: String,
        to: Generation,
        applied: bool,
        until: u64,
    },
}

#[derive(Clone, Debug)]
struct Made {
    call: Call,
    is_done: bool,
    is_answered: bool,
}

#[derive(Default)]
struct Control {
    faults: VecDeque<Fault>,
    made: Vec<Made>,
}

/// A backend in memory whose calls fail as they are told, and are noted.
struct Faulty<T> {
    inner: T,
    control: Arc<Mutex<Control>>,
}

impl<T> Faulty<T> {
    async fn call<R>(
        &self,
        work: impl Future<Output = Result<R, BackendError>>,
        note: impl FnOnce(Option<&R>) -> Call,
    ) -> Result<R, BackendError> {
        let next = || self.control.lock().expect("no thread panics").faults.pop_front();
        let fault = next().unwrap_or(Fault::None);
        let done = if fault == Fault::Before { None } else { Some(work.await.expect("memory never fails")) };
        let made = Made { call: note(done.as_ref()), is_done: done.is_some(), is_answered: fault == Fault::None };
        self.control.lock().expect("no thread panics").made.push(made);
        done.filter(|_| fault == Fault::None).ok_or_else(broken)
    }
}

fn broken() -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, "told to fail")
}

impl SessionStore for Faulty<MemoryStore> {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        let note =
            move |found: Option<&Option<Record>>| Call::Load { id, is_found: found.is_some_and(Option::is_some) };
        Box::pin(self.call(self.inner.load(id), note))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        let expires_at = record.expires_at().as_secs();
        // A tombstone is a record of exactly 16 bytes.
        let mark = record.bytes().try_into().ok().map(Mark::from_bytes);
        Box::pin(self.call(self.inner.save(id, record, save), move |wrote| Call::Save {
            id,
            mark,
            expires_at,
            wrote: wrote == Some(&true),
        }))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.call(self.inner.delete(id), move |_| Call::Delete(id)))
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.inner.cleanup_expired(now)
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.inner.clear()
    }
}

impl Revocations for Faulty<MemoryRevocations> {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        let note = move |stands: Option<&Mark>| Call::Revoke { id, stands: stands.copied(), until: until.as_secs() };
        Box::pin(self.call(self.inner.revoke(id, mark, until), note))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        let note = move |applied: Option<&bool>| {
            let (subject, until) = (subject.to_owned(), until.as_secs());
            Call::RevokeSubject { subject, to, applied: applied == Some(&true), until }
        };
        Box::pin(self.call(self.inner.revoke_subject(subject, only, to, until), note))
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        let note = move |known: Option<&Known>| {
            let subject = subject.map(str::to_owned);
            Call::Look { id, subject, known: known.copied() }
        };
        Box::pin(self.call(self.inner.look(id, subject), note))
    }
}

/// Values and their keys. The order in which they were stored is not compared here.
type Values = BTreeMap<String, String>;

/// The content of a session.
#[derive(Clone, Debug, Default, PartialEq)]
struct Content {
    values: Values,
    /// The generation of its subject, and the number of the login that took it.
    generation: Option<Generation>,
    login: Option<usize>,
}

impl Content {
    fn user(&self) -> Option<&String> {
        self.values.get("user")
    }
}

/// A record of the store.
#[derive(Clone, Debug)]
enum Kept {
    Values(Content),
    Tombstone(Mark),
}

/// A cookie that was sent to the browser.
#[derive(Clone)]
struct Cookie {
    value: String,
    id: SessionId,
    created_at: u64,
    expires_at: u64,
    /// The content that is in the cookie. It has no values if they are in the store.
    content: Content,
}

/// The generation that a login takes, and the number of that login.
#[derive(Clone)]
struct Login {
    subject: String,
    generation: Option<Generation>,
    number: usize,
    /// True when the session takes it although its subject was there before.
    replaces: bool,
}

/// A cookie of a request that opened.
#[derive(Clone, Copy)]
struct Opened {
    id: SessionId,
    /// The absolute timeout of the session.
    end: u64,
    expires_at: u64,
    is_ended: bool,
}

/// A session during a request.
struct Request {
    number: usize,
    session: Session,
    server: usize,
    /// The content of the session when it was loaded or committed last, and the values that it holds now.
    base: Content,
    values: Values,
    is_cleared: bool,
    /// The values that commits which failed may have written.
    tried: Vec<Values>,
    /// The time of the first commit since the last one that succeeded.
    first_try: Option<u64>,
    /// The session that the client's cookie holds, and whether its values are in the store.
    held: Option<Opened>,
    from_store: bool,
    opened: Option<Opened>,
    /// The session that an ended session became.
    successor: Option<SessionId>,
    /// True when nobody could vouch for the session of the cookie.
    is_unsure: bool,
    login: Option<Login>,
    /// The generation in whose place this request put another one when it revoked the others, and the number of logins
    /// that there were then.
    revoked_at: Option<(Option<Generation>, usize)>,
    is_changed: bool,
    is_regenerated: bool,
    /// True when a session began that is sealed even if it is empty.
    is_begun: bool,
    is_destroyed: bool,
    /// True when the session was destroyed and the client was not told yet.
    is_deletion_due: bool,
}

struct World {
    managers: Vec<SessionManager>,
    /// Opens every cookie, and seals what fits.
    codec: Codec,
    control: Arc<Mutex<Control>>,
    clock: Arc<AtomicU64>,
    placement: Placement,
    has_list: bool,
    policy: FailurePolicy,
    idle: u64,
    absolute: u64,
    records: HashMap<SessionId, (Kept, u64)>,
    /// For each record, the request that wrote it last.
    writers: HashMap<SessionId, usize>,
    marks: HashMap<SessionId, (Mark, u64)>,
    generations: HashMap<String, (Generation, u64)>,
    /// Sessions whose end was acknowledged, and that must never be good again.
    over: HashSet<SessionId>,
    /// For each of somebody's sessions that went on under another id, that id.
    successors: HashMap<SessionId, SessionId>,
    /// The subject of each login, and the logins that an acknowledged revocation concerns.
    logins: Vec<String>,
    banned: HashSet<usize>,
    jar: Option<usize>,
    history: Vec<Cookie>,
    requests: [Option<Request>; 2],
    /// The number of requests that came.
    count: usize,
}

/// The result of a load with a cookie.
#[derive(Debug, PartialEq)]
enum Found {
    Session { content: Content, from_store: bool },
    Ended(Mark),
    Refused(&'static str),
    Failed,
}

impl World {
    fn new([choice, idle, more]: [u8; 3]) -> Self {
        let pick = |place: u8| usize::from(choice / place) % 3;
        let (placement, policy) = (PLACEMENTS[pick(1)], POLICIES[pick(3)]);
        let has_list = placement == Placement::Cookie || choice / 9 % 2 == 1;
        let clock = Arc::new(AtomicU64::new(NOW));
        let reader = |clock: &Arc<AtomicU64>| {
            let clock = Arc::clone(clock);
            move || at(clock.load(Ordering::Relaxed))
        };
        let control = Arc::new(Mutex::new(Control::default()));
        let idle = u64::from(idle) + 1;
        let absolute = idle + u64::from(more);
        let config = |keys: [&str; 2]| {
            SessionConfig::new(ring(keys[0], &keys[1..]))
                .clock(reader(&clock))
                .idle_timeout(Duration::from_secs(idle))
                .absolute_timeout(Duration::from_secs(absolute))
                .max_cookie_bytes(600)
        };
        let list = MemoryRevocations::new().clock(reader(&clock));
        let list = Arc::new(Faulty { inner: list, control: Arc::clone(&control) });
        let store = MemoryStore::new().clock(reader(&clock));
        let store = Arc::new(Faulty { inner: store, control: Arc::clone(&control) });
        let manager = |keys: [&str; 2]| {
            let config = config(keys).on_backend_failure(policy);
            let config = match placement {
                Placement::Cookie => config,
                Placement::Store => config.store(Arc::clone(&store)),
                Placement::Spill => config.spill(Arc::clone(&store)),
            };
            let config = if has_list { config.revocations(Arc::clone(&list)).subject("user") } else { config };
            config.build().expect("good settings")
        };
        let managers: Vec<SessionManager> = [[FIRST_KEY, SECOND_KEY], [SECOND_KEY, FIRST_KEY]].map(manager).into();
        let codec = managers[0].codec().clone();
        Self {
            managers,
            codec,
            control,
            clock,
            placement,
            has_list,
            policy,
            idle,
            absolute,
            records: HashMap::new(),
            writers: HashMap::new(),
            marks: HashMap::new(),
            generations: HashMap::new(),
            over: HashSet::new(),
            successors: HashMap::new(),
            logins: Vec::new(),
            banned: HashSet::new(),
            jar: None,
            history: Vec::new(),
            requests: [None, None],
            count: 0,
        }
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn has_store(&self) -> bool {
        self.placement != Placement::Cookie
    }

    fn set_faults(&self, faults: &[Fault]) {
        self.control.lock().expect("no thread panics").faults = faults.iter().copied().collect();
    }

    /// Returns the calls that were made since it was called last. No fault outlives its step.
    fn made(&self) -> Vec<Made> {
        let mut control = self.control.lock().expect("no thread panics");
        control.faults.clear();
        std::mem::take(&mut control.made)
    }

    fn mark(&self, id: SessionId) -> Option<Mark> {
        self.marks.get(&id).map(|(mark, _)| *mark)
    }

    fn generation(&self, subject: Option<&String>) -> Option<Generation> {
        self.generations.get(subject?).map(|(generation, _)| *generation)
    }

    /// Tells whether the list knows of a later generation of the subject than the one of the session.
    fn is_revoked(&self, content: &Content) -> bool {
        let generation = self.generation(content.user());
        generation.is_some() && generation != content.generation
    }

    /// Tells whose session it is: nobody's may have many successors.
    fn is_somebody(&self, content: &Content) -> bool {
        if self.has_list { content.user().is_some() } else { !content.values.is_empty() }
    }

    /// Works out what a cookie gives if these calls were made. It panics if any other call was due.
    fn expected(&self, cookie: &Cookie, made: &[Made]) -> Found {
        let mut made = made.iter();
        let mut asks =
            |wanted: fn(&Call) -> bool| made.next().filter(|made| wanted(&made.call)).expect("a call").is_answered;
        let now = self.now();
        let found = 'found: {
            if now >= cookie.created_at + self.absolute || now >= cookie.expires_at {
                break 'found Found::Refused("expired");
            }
            let unheard =
                if self.policy == FailurePolicy::Fail { Found::Failed } else { Found::Refused("unavailable") };
            let from_store = self.has_store() && cookie.content.values.is_empty();
            let content = if from_store {
                if !asks(|call| matches!(call, Call::Load { .. })) {
                    break 'found unheard;
                }
                match self.records.get(&cookie.id) {
                    Some((Kept::Tombstone(mark), expires_at)) if *expires_at > now => break 'found Found::Ended(*mark),
                    Some((Kept::Values(content), expires_at)) if *expires_at > now => content.clone(),
                    _ => break 'found Found::Refused("not_stored"),
                }
            } else {
                cookie.content.clone()
            };
            if self.has_list {
                let is_answered = asks(|call| matches!(call, Call::Look { .. }));
                if !is_answered && self.policy != FailurePolicy::Admit {
                    break 'found unheard;
                }
                if let Some(mark) = self.mark(cookie.id).filter(|_| is_answered) {
                    break 'found Found::Ended(mark);
                }
                if is_answered && self.is_revoked(&content) {
                    break 'found Found::Refused("revoked");
                }
            }
            Found::Session { content, from_store }
        };
        assert!(made.next().is_none(), "one question too many");
        found
    }

    /// Sends a cookie to a server, and compares what comes of it.
    fn load(&mut self, server: usize, cookie: Option<&Cookie>) -> (Option<Session>, Found) {
        let header = cookie.map(|cookie| format!("{NAME}={}", cookie.value));
        let loaded = run(self.managers[server].load_async(header));
        let made = self.made();
        self.note(&made, None, None);
        let found = match cookie {
            Some(cookie) => self.expected(cookie, &made),
            None => Found::Session { content: Content::default(), from_store: false },
        };
        let is_sure = made.iter().all(|made| made.is_answered);
        match (&loaded, &found) {
            (Err(error), Found::Failed) => assert_eq!(*error, broken()),
            (Ok(session), Found::Refused(_) | Found::Ended(_)) => {
                let reason = if let Found::Refused(reason) = found { reason } else { "revoked" };
                let rejected = session.rejected().expect("a refusal").as_str();
                assert!(rejected.starts_with(reason), "{rejected}, expected {reason}");
                assert!(session.is_empty());
            }
            (Ok(session), Found::Session { content, from_store }) => {
                assert_eq!(session.rejected(), None, "{made:?}");
                let snapshot = session.snapshot().expect("an id");
                assert_eq!(values(&snapshot), content.values);
                assert!(cookie.is_none_or(|cookie| snapshot.id() == cookie.id));
                // Without a list, nobody is asked about a cookie that holds its values.
                let is_asked = self.has_list || *from_store;
                let is_over = is_asked && cookie.is_some_and(|cookie| self.over.contains(&cookie.id));
                assert!(!is_over || !is_sure, "it came back");
                // Another request may have cleared the session of a login. It is nobody's then, and no subject concerns
                // it.
                let login = content.login.filter(|_| content.user().is_some());
                let is_banned = login.is_some_and(|login| self.banned.contains(&login));
                assert!(!is_banned || !is_sure, "its subject was revoked");
            }
            _ => panic!("{:?}, expected {found:?}", loaded.map(|session| session.status())),
        }
        (loaded.ok(), found)
    }

    /// Checks that every recent cookie gives what it must when no call fails.
    fn probe(&mut self) {
        let start = self.history.len().saturating_sub(4);
        for number in start..self.history.len() {
            let cookie = self.history[number].clone();
            self.load(number % 2, Some(&cookie));
        }
    }

    fn next(&mut self, slot: usize, server: usize, cookie: u8, faults: &Faults) {
        let cookie = match cookie {
            0 => self.jar,
            1 => None,
            old => usize::from(old).checked_rem(self.history.len()),
        };
        let cookie = cookie.map(|number| self.history[number].clone());
        self.set_faults(faults);
        let (session, found) = self.load(server, cookie.as_ref());
        self.count += 1;
        let number = self.count;
        self.requests[slot] = session.map(|session| {
            let rejected = session.rejected();
            let opened = cookie.map(|cookie| Opened {
                id: cookie.id,
                end: cookie.created_at + self.absolute,
                expires_at: cookie.expires_at,
                is_ended: matches!(found, Found::Ended(_)),
            });
            // An expired cookie does not open.
            let opened = opened.filter(|_| !rejected.is_some_and(|reason| reason.as_str().starts_with("expired")));
            let successor = if let Found::Ended(Mark::Became(successor)) = found { Some(successor) } else { None };
            let (base, from_store, is_good) = match found {
                Found::Session { content, from_store } => (content, from_store, true),
                _ => (Content::default(), false, false),
            };
            Request {
                number,
                session,
                server,
                values: base.values.clone(),
                base,
                is_cleared: false,
                tried: Vec::new(),
                first_try: None,
                held: opened.filter(|_| is_good),
                from_store,
                opened,
                successor,
                is_unsure: rejected == Some(DecodeError::Unavailable),
                login: None,
                revoked_at: None,
                is_changed: false,
                is_regenerated: false,
                is_begun: false,
                is_destroyed: false,
                is_deletion_due: false,
            }
        });
    }

    /// Takes note of what became of the backends, and of what a request learned from them. `theirs` becomes what other
    /// requests have written to its session.
    fn note(&mut self, made: &[Made], mut request: Option<&mut Request>, mut theirs: Option<&mut Option<Content>>) {
        let now = self.now();
        for Made { call, is_done, is_answered } in made {
            match call {
                Call::Load { id, is_found } if *is_done => {
                    let kept = self.records.get(id);
                    assert!(*is_found || kept.is_none_or(|(_, expires_at)| *expires_at <= now), "{id} was there");
                    if !is_found {
                        self.records.remove(id);
                    } else if let (Some(request), Some(theirs)) = (&request, &mut theirs)
                        && request.learns_from(*id, theirs.is_some())
                        && *is_answered
                        && let Some((Kept::Values(content), _)) = kept
                    {
                        **theirs = Some(content.clone());
                    }
                }
                Call::Look { id, subject, known } => {
                    if let Some(known) = known {
                        self.see(*id, subject.as_ref(), *known, now);
                    }
                    if let (None, Some(subject), Some(request)) = (id, subject, &mut request)
                        && (*is_answered || self.policy == FailurePolicy::Admit)
                        && request.takes_generation(subject)
                    {
                        let generation = known.filter(|_| *is_answered).and_then(|known| known.generation);
                        request.login = Some(self.log_in(subject, generation, false));
                    }
                }
                Call::Save { id, mark, expires_at, wrote: true } => {
                    let kept = match (mark, &request) {
                        (Some(mark), _) => Kept::Tombstone(*mark),
                        (None, Some(request)) => {
                            let theirs = theirs.as_ref().and_then(|theirs| theirs.as_ref());
                            Kept::Values(request.sealed(theirs, self.has_list))
                        }
                        (None, None) => panic!("values that nobody stored"),
                    };
                    self.records.insert(*id, (kept, *expires_at));
                    self.writers.extend(request.as_ref().map(|request| (*id, request.number)));
                }
                Call::Delete(id) if *is_done => drop(self.records.remove(id)),
                Call::Revoke { id, stands: Some(mark), until } => {
                    let kept = self.marks.entry(*id).or_insert((*mark, *until));
                    assert!(kept.0 == *mark || kept.1 <= now, "{id} had another mark");
                    *kept = (*mark, kept.1.max(*until));
                }
                Call::RevokeSubject { subject, to, applied: true, until } => {
                    let kept = self.generations.entry(subject.clone()).or_insert((*to, *until));
                    *kept = (*to, kept.1.max(*until));
                }
                _ => (),
            }
        }
    }

    /// Compares what the list knows with what was written. An entry may be gone once its time has passed.
    fn see(&mut self, id: Option<SessionId>, subject: Option<&String>, known: Known, now: u64) {
        if let Some(id) = id {
            if known.mark.is_none() && self.marks.get(&id).is_some_and(|(_, until)| *until <= now) {
                self.marks.remove(&id);
            }
            assert_eq!(known.mark, self.mark(id), "{id}");
        }
        if let Some(subject) = subject {
            if known.generation.is_none() && self.generations.get(subject).is_some_and(|(_, until)| *until <= now) {
                self.generations.remove(subject);
            }
            assert_eq!(known.generation, self.generation(Some(subject)), "{subject}");
        }
    }

    fn log_in(&mut self, subject: &str, generation: Option<Generation>, replaces: bool) -> Login {
        self.logins.push(subject.to_owned());
        Login { subject: subject.to_owned(), generation, number: self.logins.len() - 1, replaces }
    }

    /// Checks a session of which a server said that it is over.
    fn check_over(&mut self, id: SessionId, made: &[Made]) {
        let failed = |made: &Made| matches!(made.call, Call::Revoke { .. }) && !made.is_answered;
        if self.has_list {
            if self.mark(id).is_some() {
                self.over.insert(id);
            } else {
                assert!(self.policy == FailurePolicy::Admit && made.iter().any(failed), "{id} goes on: {made:?}");
            }
            return;
        }
        match self.records.get(&id) {
            Some((Kept::Tombstone(_), _)) => drop(self.over.insert(id)),
            Some((Kept::Values(_), expires_at)) => assert!(*expires_at <= self.now(), "{id} goes on: {made:?}"),
            // The store was cleared then. A session whose values are all in the store is over; where a cookie may hold
            // them, only a tombstone ends the session.
            None if self.placement == Placement::Store => drop(self.over.insert(id)),
            None => (),
        }
    }

    /// Checks a session whose end was acknowledged: whatever it became is over, too.
    fn check_ended(&mut self, id: SessionId, end: u64, made: &[Made]) {
        self.check_over(id, made);
        // The mark of a session may be gone once the session is past its end.
        if self.now() < end && (self.policy != FailurePolicy::Admit || made.iter().all(|made| made.is_answered)) {
            let mut id = id;
            while let Some(&successor) = self.successors.get(&id) {
                self.check_over(successor, made);
                id = successor;
            }
        }
    }

    /// Tells whether something other than this request ended its session.
    fn is_gone(&self, held: &Opened, base: &Content, own: SessionId) -> bool {
        let is_marked = |mark: Option<Mark>| mark.is_some_and(|mark| mark != Mark::Became(own));
        let is_kept_out = match self.records.get(&held.id) {
            Some((Kept::Tombstone(mark), _)) => is_marked(Some(*mark)),
            Some((Kept::Values(_), _)) => false,
            None => self.has_store(),
        };
        self.now() >= held.end || is_marked(self.mark(held.id)) || self.is_revoked(base) || is_kept_out
    }

    /// Tells whether another request made somebody's what was nobody's session, while this one moves it on and does not
    /// say whose it is.
    fn is_taken(&self, held: &Opened, request: &Request) -> bool {
        let is_theirs =
            matches!(self.records.get(&held.id), Some((Kept::Values(theirs), _)) if request.is_others(theirs));
        let is_nobodys = request.base.user().is_none() && !request.values.contains_key("user");
        self.has_list && request.is_regenerated && is_nobodys && is_theirs
    }

    fn commit(&mut self, slot: usize, faults: &Faults) {
        let Some(mut request) = self.requests[slot].take() else { return };
        let id = request.session.snapshot().expect("an id").id();
        let now = self.now();
        let is_kept = request.held.is_some() || request.is_begun || !request.values.is_empty();
        let is_due = is_kept && (request.is_changed || request.is_regenerated || request.is_begun);
        request.note_try();
        // What the first try took over from others was in its new record, which may be gone again.
        let first_try = *request.first_try.get_or_insert(now);
        let has_outlived_it = self.has_store() && now >= first_try + self.idle;
        self.set_faults(faults);
        let committed = run(self.managers[request.server].commit_async(&request.session));
        let made = self.made();
        // Somebody's session that becomes another user's, or nobody's, goes on under a new id, which its first try
        // draws.
        let was_of = request.base.user();
        let is_another = self.has_list && was_of.is_some() && was_of != request.values.get("user");
        let drawn = request.session.snapshot().expect("an id").id();
        assert!(drawn == id || is_another && request.held.is_some_and(|held| held.id == id));
        let id = drawn;
        let mut theirs = None;
        self.note(&made, Some(&mut request), Some(&mut theirs));
        let content = request.sealed(theirs.as_ref(), self.has_list);
        let line = match &committed {
            Ok(lines) => lines.iter().next().map(str::to_owned),
            Err(error) => {
                match error {
                    EncodeError::Backend(_) if request.is_unsure => assert!(made.is_empty() && is_due),
                    // No call but one that was told to fail does: see `MOST_STEPS`.
                    EncodeError::Backend(error) => {
                        assert_eq!(*error, broken());
                        assert!(made.iter().any(|made| !made.is_answered));
                    }
                    EncodeError::Ended => {
                        let is_own_over =
                            self.mark(id).is_some() || matches!(self.records.get(&id), Some((Kept::Tombstone(_), _)));
                        let is_gone = match (&request.held, &request.opened) {
                            (Some(held), _) => self.is_gone(held, &request.base, id) || self.is_taken(held, &request),
                            (None, Some(opened)) => now >= opened.expires_at,
                            // A login whose generation an earlier try took does not begin past its absolute timeout.
                            (None, None) => {
                                let begun = request.session.snapshot().expect("an id").created_at().as_secs();
                                request.login.is_some() && now >= begun + self.absolute
                            }
                        };
                        assert!(is_gone || is_own_over || has_outlived_it, "{made:?}");
                        assert!(is_due || request.is_destroyed);
                    }
                    EncodeError::TooLarge { .. } => {
                        let is_question = |made: &Made| matches!(made.call, Call::Look { .. });
                        assert!(self.placement == Placement::Cookie && made.iter().all(is_question), "{made:?}");
                    }
                    error => panic!("{error}"),
                }
                let after = request.session.snapshot().expect("an id");
                assert_eq!((after.id(), values(&after)), (id, request.values.clone()));
                self.requests[slot] = Some(request);
                return;
            }
        };
        match line {
            None => {
                // A session whose generation an earlier call took does not begin past its absolute timeout. Every
                // cookie that it follows is past its own by then.
                let begun = request.session.snapshot().expect("an id").created_at().as_secs();
                let is_too_late = request.held.is_none() && request.login.is_some() && !request.is_changed;
                let is_too_late = is_too_late && now >= begun + self.absolute;
                assert!(!is_too_late || request.opened.is_none_or(|opened| now >= opened.end), "{made:?}");
                assert!(!request.is_deletion_due || is_too_late, "nothing says that it was ended: {made:?}");
                let is_lost = |held: &Opened| {
                    let is_overtaken = !self.is_somebody(&request.base) || self.is_gone(held, &request.base, id);
                    now >= held.end || request.is_regenerated && (is_overtaken || has_outlived_it)
                };
                let is_lost = request.held.as_ref().is_some_and(is_lost) && !request.is_changed;
                assert!(!is_due || is_lost || is_too_late, "nothing says that it was kept: {made:?}");
            }
            Some(line) if line.contains("; Max-Age=0; Expires") => {
                assert!(request.is_destroyed, "{line}");
                self.jar = None;
                self.check_destroyed(&request, &made);
                request.values.clear();
                request.committed(None, false, Content::default());
            }
            Some(line) => {
                if request.is_destroyed && request.held.is_none() && request.is_deletion_due {
                    self.check_destroyed(&request, &made);
                }
                let old = request.held.filter(|held| held.id != id);
                if let Some(old) = old {
                    self.check_over(old.id, &made);
                    if self.is_somebody(&request.base) && made.iter().all(|made| made.is_answered) {
                        self.successors.insert(old.id, id);
                    }
                } else if let (Some(held), true) = (request.held, self.has_list && !content.values.is_empty()) {
                    let is_asked = self.placement == Placement::Cookie && self.policy != FailurePolicy::Admit;
                    let is_good = self.mark(held.id).is_none() && !self.is_revoked(&request.base);
                    assert!(is_good || !is_asked, "a cookie of a session that is over: {made:?}");
                }
                self.sealed(&mut request, &line, content);
            }
        }
        self.requests[slot] = Some(request);
    }

    /// Checks what a logout must have ended.
    fn check_destroyed(&mut self, request: &Request, made: &[Made]) {
        if !request.is_deletion_due {
            return;
        }
        if let Some(opened) = request.opened.filter(|opened| self.now() < opened.expires_at) {
            if opened.is_ended {
                request.successor.into_iter().for_each(|successor| self.check_over(successor, made));
            } else {
                self.check_ended(opened.id, opened.end, made);
            }
        }
    }

    /// Checks a cookie that was sent: its values are in it, or in the store for as long as the cookie lives.
    fn sealed(&mut self, request: &mut Request, line: &str, content: Content) {
        let value = line.split(['=', ';']).nth(1).expect("a value").to_owned();
        let snapshot = request.session.snapshot().expect("an id");
        let end = snapshot.created_at().as_secs() + self.absolute;
        if self.now() >= end {
            // The request outlived the session that began in it.
            let held = Opened { id: snapshot.id(), end, expires_at: end, is_ended: false };
            self.jar = None;
            return request.committed(Some(held), self.has_store() && self.records.contains_key(&held.id), content);
        }
        let data = self.codec.decode(&value).expect("sealed now");
        assert_eq!((data.id(), data.created_at()), (snapshot.id(), snapshot.created_at()));
        assert_eq!(values(&snapshot), content.values, "{content:?}");
        let expires_at = data.expires_at().as_secs();
        let in_cookie = values(&data);
        let from_store = self.has_store() && in_cookie.is_empty();
        if from_store {
            let (kept, until) = &self.records[&data.id()];
            let is_kept = matches!(kept, Kept::Values(kept) if *kept == content);
            assert!(is_kept && *until >= expires_at, "what was acknowledged is there: {kept:?}, not {content:?}");
        } else {
            assert!(in_cookie == content.values && self.placement != Placement::Store);
            let kept = self.records.get(&data.id()).filter(|(_, expires_at)| *expires_at > self.now());
            let is_own = self.writers.get(&data.id()) == Some(&request.number);
            let is_left = is_own && matches!(kept, Some((Kept::Values(_), _)));
            assert!(!is_left, "an earlier try left its values in the store: {kept:?}");
        }
        let created_at = data.created_at().as_secs();
        self.jar = Some(self.history.len());
        let in_cookie = if from_store { Content::default() } else { content.clone() };
        self.history.push(Cookie { value, id: data.id(), created_at, expires_at, content: in_cookie });
        let held = Opened { id: data.id(), end: created_at + self.absolute, expires_at, is_ended: false };
        request.committed(Some(held), from_store, content);
    }

    fn revoke(&mut self, number: u8, faults: &Faults) {
        let Some(number) = usize::from(number).checked_rem(self.history.len()) else { return };
        let Cookie { id, created_at, .. } = self.history[number];
        let end = created_at + self.absolute;
        self.set_faults(faults);
        let revoked = run(self.managers[number % 2].revoke(id, at(end)));
        let made = self.made();
        self.note(&made, None, None);
        match revoked {
            Ok(()) => self.check_ended(id, end, &made),
            Err(error) if error.kind() == BackendErrorKind::Unsupported => {
                assert!(made.is_empty() && !self.has_list && self.placement == Placement::Spill);
            }
            Err(error) => {
                assert_eq!(error, broken());
                assert!(made.iter().any(|made| !made.is_answered));
            }
        }
    }

    fn revoke_subject(&mut self, user: u8, faults: &Faults) {
        self.set_faults(faults);
        let revoked = run(self.managers[usize::from(user) % 2].revoke_subject(&user));
        let made = self.made();
        self.note(&made, None, None);
        match revoked {
            Ok(()) => self.ban(&user.to_string(), self.logins.len()),
            Err(error) if error.kind() == BackendErrorKind::Unsupported => assert!(!self.has_list),
            Err(error) => assert_eq!(error, broken()),
        }
    }

    /// Notes that every login of the subject up to this number is over.
    fn ban(&mut self, subject: &str, count: usize) {
        assert!(self.generations.contains_key(subject));
        let logins = self.logins.iter().take(count).enumerate().filter(|(_, of)| *of == subject);
        self.banned.extend(logins.map(|(number, _)| number));
    }

    fn begin_login(&mut self, slot: usize, user: u8, faults: &Faults) {
        let Some(mut request) = self.requests[slot].take() else { return };
        self.set_faults(faults);
        let begun = run(self.managers[request.server].begin_login(&request.session, &user));
        let made = self.made();
        self.note(&made, None, None);
        match begun {
            Ok(()) => {
                let [Made { call: Call::Look { known, .. }, is_answered, .. }] = &made[..] else { panic!("{made:?}") };
                assert!(*is_answered || self.policy == FailurePolicy::Admit);
                let generation = known.filter(|_| *is_answered).and_then(|known| known.generation);
                request.login = Some(self.log_in(&user.to_string(), generation, false));
            }
            Err(error) if error.kind() == BackendErrorKind::Unsupported => assert!(!self.has_list),
            Err(error) => assert_eq!(error, broken()),
        }
        self.requests[slot] = Some(request);
    }

    fn revoke_others(&mut self, slot: usize, faults: &Faults) {
        let Some(mut request) = self.requests[slot].take() else { return };
        let subject = request.base.user().filter(|_| request.held.is_some() && self.has_list).cloned();
        let is_revoked = self.is_revoked(&request.base);
        // A call that is made again for the same session is the same revocation.
        let earlier = request.login.as_ref().filter(|login| login.replaces && Some(&login.subject) == subject.as_ref());
        let expected = earlier.map_or(request.base.generation, |login| login.generation);
        request.revoked_at.take_if(|(of, _)| *of != expected);
        let (_, count) = *request.revoked_at.get_or_insert((expected, self.logins.len()));
        self.set_faults(faults);
        let revoked = run(self.managers[request.server].revoke_others(&request.session));
        let made = self.made();
        self.note(&made, None, None);
        match (revoked, subject) {
            (Ok(()), Some(subject)) => {
                self.ban(&subject, count);
                let generation = self.generation(Some(&subject));
                request.login = Some(self.log_in(&subject, generation, true));
                request.is_regenerated = true;
            }
            // An earlier try of its own may have been done.
            (Err(EncodeError::Ended), Some(_)) => assert!(is_revoked),
            (Err(EncodeError::Backend(error)), None) => assert_eq!(error.kind(), BackendErrorKind::Unsupported),
            (Err(EncodeError::Backend(error)), Some(_)) => assert_eq!(error, broken()),
            (other, subject) => panic!("{other:?} {subject:?}"),
        }
        self.requests[slot] = Some(request);
    }

    fn step(&mut self, [number, request, value, failing]: [u8; 4]) {
        let (slot, faults) = (usize::from(request) % 2, faults(failing));
        match Step::of(number, request / 2, value) {
            Step::Next { server, cookie } => return self.next(slot, server, cookie, &faults),
            Step::Commit => self.commit(slot, &faults),
            Step::BeginLogin(user) => self.begin_login(slot, user, &faults),
            Step::RevokeOthers => self.revoke_others(slot, &faults),
            Step::Revoke(number) => self.revoke(number, &faults),
            Step::RevokeSubject(user) => self.revoke_subject(user, &faults),
            Step::Seconds(seconds) => drop(self.clock.fetch_add(u64::from(seconds), Ordering::Relaxed)),
            Step::ClearStore => {
                assert_eq!(run(self.managers[0].clear()).is_ok(), self.has_store());
                self.records.clear();
                if !self.has_list && self.placement == Placement::Spill {
                    // A cookie that holds its values is good again without its tombstone.
                    self.over.clear();
                }
                if !self.has_list {
                    self.successors.clear();
                }
            }
            Step::CleanUp => {
                let now = self.now();
                assert!(run(self.managers[0].cleanup_expired()).is_ok());
                self.records.retain(|_, (_, expires_at)| *expires_at > now);
            }
            step => {
                self.requests[slot].as_mut().into_iter().for_each(|request| request.step(step));
                return;
            }
        }
        self.probe();
    }
}

fn values(data: &sealed_session::SessionData) -> Values {
    owned(data.entries()).into_iter().collect()
}

impl Request {
    /// Tells whether a commit does what this request did to the content of this record: the record of the session that
    /// the client holds, or else the record under the new id that an earlier try of the commit wrote. That try may have
    /// taken over what other requests wrote before it put a tombstone in the place of their record.
    fn learns_from(&self, id: SessionId, has_learned: bool) -> bool {
        let own = || self.session.snapshot().expect("an id").id();
        self.held.is_some_and(|held| held.id == id || !has_learned && own() == id)
    }

    /// Tells whether a commit has to ask for the generation of this subject.
    fn takes_generation(&self, subject: &String) -> bool {
        self.values.get("user") == Some(subject)
            && !(self.held.is_some() && self.base.user() == Some(subject))
            && self.login.as_ref().is_none_or(|login| login.subject != *subject)
    }

    /// Returns what a commit seals: what this request did, done to what other requests left.
    fn sealed(&self, theirs: Option<&Content>, has_subject: bool) -> Content {
        let user = self.values.get("user");
        let login = self.login.as_ref().filter(|login| Some(&login.subject) == user);
        let is_same = self.held.is_some() && self.base.user() == user && user.is_some();
        let (generation, number) = match login {
            Some(login) if login.replaces || !is_same => (login.generation, Some(login.number)),
            _ if is_same => (self.base.generation, self.base.login),
            _ => (None, None),
        };
        let mine = Content { values: self.values.clone(), generation, login: number };
        let Some(theirs) = theirs else { return mine };
        let base = &self.base;
        let mut merged = if self.is_cleared { mine.clone() } else { theirs.clone() };
        merged.values.retain(|key, _| !base.values.contains_key(key) || mine.values.contains_key(key));
        for (key, json) in mine.values.iter().filter(|(key, json)| base.values.get(*key) != Some(*json)) {
            merged.values.insert(key.clone(), json.clone());
        }
        // A key that still is as an earlier try wrote it has the value that this request gave it since.
        let mut wrote_user = base.user() != user;
        for tried in &self.tried {
            let keys = base.values.keys().chain(tried.keys()).filter(|key| base.values.get(*key) != tried.get(*key));
            for key in keys.filter(|key| theirs.values.get(*key) == tried.get(*key)) {
                wrote_user |= key == "user";
                match mine.values.get(key) {
                    Some(json) => drop(merged.values.insert(key.clone(), json.clone())),
                    None => drop(merged.values.remove(key)),
                }
            }
        }
        let is_same_user = merged.user() == mine.user();
        let is_mine = has_subject && wrote_user || generation != base.generation && is_same_user;
        let of = if is_mine { &mine } else { theirs };
        Content { values: merged.values, generation: of.generation, login: of.login }
    }

    /// Tells whether the user of this record is not one that an earlier try of this request's commit put there.
    fn is_others(&self, theirs: &Content) -> bool {
        theirs.user().is_some() && !self.tried.iter().any(|tried| tried.get("user") == theirs.user())
    }

    /// Notes the values that a commit is about to write.
    fn note_try(&mut self) {
        if self.held.is_some() {
            self.tried.push(self.values.clone());
        }
    }

    /// Notes what the client holds after a commit.
    fn committed(&mut self, held: Option<Opened>, from_store: bool, content: Content) {
        // The commit took the login of the user that this request left, whatever another request's record made of that.
        let user = self.values.get("user").cloned();
        let was_same = self.held.is_some() && self.base.user() == user.as_ref();
        self.values = content.values.clone();
        self.base = content;
        // A login that this commit did not do is for a later one.
        self.login.take_if(|login| Some(&login.subject) == user.as_ref() && (login.replaces || !was_same));
        (self.held, self.opened, self.from_store, self.successor) = (held, held, from_store, None);
        (self.is_cleared, self.is_changed, self.is_regenerated, self.is_begun) = (false, false, false, false);
        (self.is_destroyed, self.is_deletion_due) = (self.is_destroyed && held.is_none(), false);
        self.is_unsure = false;
        self.tried.clear();
        self.first_try = None;
    }

    /// Notes that the session ended, and that what comes is another one.
    fn destroyed(&mut self) {
        (self.base, self.held, self.from_store) = (Content::default(), None, false);
        self.values.clear();
        (self.is_cleared, self.is_changed, self.is_regenerated, self.is_begun) = (false, false, false, false);
        (self.is_destroyed, self.is_deletion_due, self.is_unsure) = (true, true, false);
    }

    fn step(&mut self, step: Step) {
        let id = self.held.map(|held| held.id);
        match step {
            Step::Set(name, value) => {
                self.session.set(name, value).expect("there is room");
                let before = self.values.insert(name.to_owned(), value.to_string());
                self.is_changed |= before != Some(value.to_string());
            }
            Step::SetLong(name, chars) => {
                let json = format!("\"{}\"", "x".repeat(chars));
                match self.session.set(name, "x".repeat(chars)) {
                    Ok(()) => self.is_changed |= self.values.insert(name.to_owned(), json.clone()) != Some(json),
                    Err(ValueError::Full { .. } | ValueError::TooLong { .. }) => {
                        let others: Vec<_> = self.values.clone().into_iter().filter(|(key, _)| key != name).collect();
                        // The generation of the subject and the like take some bytes, too.
                        assert!(entries_len(&others) + 3 + name.len() + json.len() + 64 > MAX_ENTRIES_LEN);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Discard(name) => {
                let is_there = self.values.remove(name).is_some();
                assert_eq!(self.session.discard(name), is_there);
                self.is_changed |= is_there;
            }
            Step::Clear => {
                self.session.clear();
                if !std::mem::take(&mut self.values).is_empty() || self.from_store && self.held.is_some() {
                    (self.is_changed, self.is_cleared) = (true, true);
                }
            }
            Step::Regenerate { is_emptied: false } => {
                let retired = self.session.regenerate();
                assert_eq!(retired.expect("an id").map(|retired| retired.id), id);
                self.is_regenerated = true;
            }
            Step::Regenerate { is_emptied: true } => {
                let is_kept = self.held.is_some() || self.is_begun || !self.values.is_empty();
                let retired = self.session.regenerate_empty();
                assert_eq!(retired.expect("an id").map(|retired| retired.id), id);
                // Every cookie of the request that opened ends with the session.
                if self.held.is_some() || self.opened.is_some() {
                    self.destroyed();
                }
                self.values.clear();
                self.is_regenerated = true;
                self.is_begun |= is_kept;
            }
            Step::Destroy => {
                assert_eq!(self.session.destroy().map(|retired| retired.id), id);
                self.destroyed();
            }
            _ => unreachable!("of the world"),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((settings, steps)) = bytes.split_first_chunk() else { return };
    let mut world = World::new(*settings);
    steps.as_chunks().0.iter().take(MOST_STEPS).for_each(|step| world.step(*step));
});
