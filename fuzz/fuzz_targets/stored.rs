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

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sealed_session::{
    BackendError, BackendErrorKind, BoxFuture, Codec, DecodeError, EncodeError, FailurePolicy, MemoryRevocations,
    MemoryStore, Record, Revocable, Revocations, Save, Session, SessionConfig, SessionId, SessionManager, SessionStore,
    UnixTime, ValueError,
};
use sealed_session_fuzz::{
    FIRST_KEY, MAX_ENTRIES_LEN, NAME, NOW, Pairs, SECOND_KEY, at, entries_len, owned, put, ring, run,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Placement {
    Cookie,
    Store,
    Spill,
}

const PLACEMENTS: [Placement; 3] = [Placement::Spill, Placement::Store, Placement::Cookie];
const POLICIES: [FailurePolicy; 3] = [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit];
const NAMES: [&str; 3] = ["user", "a", "b"];

/// A step. The two requests go on side by side.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A request comes with a cookie: 0 stands for the cookie that the browser has, 1 for none, and a higher number for
    /// an old cookie.
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
    Revoke(u8),
    RevokeSubject(u8),
    ClearStore,
    CleanUp,
    Seconds(u8),
}

impl Step {
    fn of(number: u8, more: u8, value: u8) -> Self {
        let name = NAMES[usize::from(more) % 3];
        match number % 14 {
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
            _ => {
                if value.is_multiple_of(2) {
                    Self::CleanUp
                } else {
                    Self::ClearStore
                }
            }
        }
    }
}

/// The faults of a step's first four calls, two bits each. All further calls succeed.
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
    /// The call fails before it does its work.
    Before,
    /// The call does its work, and its answer gets lost.
    After,
}

/// A call that reached a backend.
#[derive(Debug)]
enum Call {
    Load,
    IsRevoked,
    Save { id: SessionId, expires_at: u64, wrote: bool },
    Delete(SessionId),
    Revoke(SessionId),
    RevokeSubject(String, u64),
}

#[derive(Debug)]
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

/// A backend in memory. Its calls fail as [`Control`] says, and each of them is noted there.
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
        Box::pin(self.call(self.inner.load(id), |_| Call::Load))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        let expires_at = record.expires_at().as_secs();
        Box::pin(self.call(self.inner.save(id, record, save), move |wrote| Call::Save {
            id,
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
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.call(self.inner.revoke(id, until), move |_| Call::Revoke(id)))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        let note = move |_: Option<&()>| Call::RevokeSubject(subject.to_owned(), cutoff.as_secs());
        Box::pin(self.call(self.inner.revoke_subject(subject, cutoff, until), note))
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(self.call(self.inner.is_revoked(session), |_| Call::IsRevoked))
    }
}

/// A cookie that was sent to the browser.
#[derive(Clone)]
struct Cookie {
    value: String,
    id: SessionId,
    created_at: u64,
    expires_at: u64,
    /// The values that are in the cookie. Values in the store are not among them.
    data: Pairs,
}

/// A session during a request.
struct Request {
    session: Session,
    server: usize,
    data: Pairs,
    rejected: Option<DecodeError>,
    /// The session that the client's cookie holds.
    origin: Option<SessionId>,
    /// True when the values of the origin were in the store.
    from_store: bool,
    /// A session that opened, but for which the backends could not vouch because a call failed.
    unsure: Option<SessionId>,
    /// A session that this request ended, and whose end the backends were not told yet.
    ended: Option<SessionId>,
    is_changed: bool,
    is_regenerated: bool,
    is_destroyed: bool,
    /// True when the client was not told yet that the session was destroyed.
    is_deletion_due: bool,
}

struct World {
    managers: Vec<SessionManager>,
    /// A codec without backends. It opens every cookie, and seals what fits into one.
    codec: Codec,
    control: Arc<Mutex<Control>>,
    clock: Arc<AtomicU64>,
    placement: Placement,
    has_list: bool,
    policy: FailurePolicy,
    absolute: u64,
    records: HashMap<SessionId, (Pairs, u64)>,
    revoked: HashSet<SessionId>,
    subjects: HashMap<String, u64>,
    /// The sessions that a server said are over, and whose record is gone: no request may write it again.
    gone: HashSet<SessionId>,
    jar: Option<usize>,
    history: Vec<Cookie>,
    requests: [Option<Request>; 2],
}

/// The result of loading a cookie.
#[derive(Debug, PartialEq)]
enum Found {
    Session { data: Pairs, from_store: bool },
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
        let managers = [[FIRST_KEY, SECOND_KEY], [SECOND_KEY, FIRST_KEY]].map(manager).into();
        let codec = config([FIRST_KEY, SECOND_KEY]).build_codec().expect("good settings");
        Self {
            managers,
            codec,
            control,
            clock,
            placement,
            has_list,
            policy,
            absolute,
            records: HashMap::new(),
            revoked: HashSet::new(),
            subjects: HashMap::new(),
            gone: HashSet::new(),
            jar: None,
            history: Vec::new(),
            requests: [None, None],
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

    /// Takes the calls since the last look, and drops the faults that no call met, since they hold for one step only.
    fn made(&self) -> Vec<Made> {
        let mut control = self.control.lock().expect("no thread panics");
        control.faults.clear();
        std::mem::take(&mut control.made)
    }

    /// Works out what a cookie must give if the calls went as in `made`, and checks that no other call was made.
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
            let from_store = self.has_store() && cookie.data.is_empty();
            let data = if from_store {
                if !asks(|call| matches!(call, Call::Load)) {
                    break 'found unheard;
                }
                match self.records.get(&cookie.id) {
                    Some((data, expires_at)) if *expires_at > now => data.clone(),
                    _ => break 'found Found::Refused("not_stored"),
                }
            } else {
                cookie.data.clone()
            };
            if self.has_list {
                let is_answered = asks(|call| matches!(call, Call::IsRevoked));
                if !is_answered && self.policy != FailurePolicy::Admit {
                    break 'found unheard;
                }
                let user = data.iter().find(|(key, _)| key == "user").and_then(|(_, user)| self.subjects.get(user));
                if is_answered
                    && (self.revoked.contains(&cookie.id) || user.is_some_and(|cutoff| cookie.created_at <= *cutoff))
                {
                    break 'found Found::Refused("revoked");
                }
            }
            Found::Session { data, from_store }
        };
        assert!(made.next().is_none(), "one question too many");
        found
    }

    /// Sends a cookie to a server, and compares the result with the model.
    fn load(&self, server: usize, cookie: Option<&Cookie>) -> (Option<Session>, Found) {
        let header = cookie.map(|cookie| format!("{NAME}={}", cookie.value));
        let loaded = run(self.managers[server].load_async(header));
        let made = self.made();
        let found = match cookie {
            Some(cookie) => self.expected(cookie, &made),
            None => Found::Session { data: Pairs::new(), from_store: false },
        };
        match (&loaded, &found) {
            (Err(error), Found::Failed) => assert_eq!(*error, broken()),
            (Ok(session), Found::Refused(reason)) => {
                let rejected = session.rejected().expect("a refusal").as_str();
                assert!(rejected.starts_with(reason), "{rejected}, expected {reason}");
                assert!(session.is_empty());
            }
            (Ok(session), Found::Session { data, .. }) => {
                assert_eq!(session.rejected(), None, "{made:?}");
                let snapshot = session.snapshot().expect("an id");
                assert_eq!(owned(snapshot.entries()), *data);
                assert!(cookie.is_none_or(|cookie| snapshot.id() == cookie.id));
            }
            _ => panic!("{:?}, expected {found:?}", loaded.map(|session| session.status())),
        }
        (loaded.ok(), found)
    }

    /// Checks that each of the last four cookies gives what it must when no call fails.
    fn probe(&self) {
        let start = self.history.len().saturating_sub(4);
        for (number, cookie) in self.history.iter().enumerate().skip(start) {
            self.load(number % 2, Some(cookie));
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
        self.requests[slot] = session.map(|session| {
            let id = cookie.map(|cookie| cookie.id);
            let rejected = session.rejected();
            let unsure = id.filter(|_| rejected == Some(DecodeError::Unavailable));
            let (data, origin, from_store) = match found {
                Found::Session { data, from_store } => (data, id, from_store),
                _ => (Pairs::new(), None, false),
            };
            Request {
                session,
                server,
                data,
                rejected,
                origin,
                from_store,
                unsure,
                ended: None,
                is_changed: false,
                is_regenerated: false,
                is_destroyed: false,
                is_deletion_due: false,
            }
        });
    }

    /// Notes what the calls did to the backends while a session held `data`. `may_recreate` allows a save for a session
    /// that is over.
    fn note(&mut self, made: &[Made], data: &Pairs, may_recreate: bool) {
        for Made { call, is_done, .. } in made {
            match call {
                Call::Save { id, expires_at, wrote: true } => {
                    assert!(!self.gone.remove(id) || may_recreate, "it was over");
                    self.records.insert(*id, (data.clone(), *expires_at));
                }
                Call::Delete(id) if *is_done => drop(self.records.remove(id)),
                Call::Revoke(id) if *is_done => drop(self.revoked.insert(*id)),
                Call::RevokeSubject(subject, cutoff) if *is_done => {
                    let kept = self.subjects.entry(subject.clone()).or_insert(*cutoff);
                    *kept = (*kept).max(*cutoff);
                }
                _ => (),
            }
        }
    }

    /// Checks that a session is over, after a server said so.
    fn check_over(&mut self, id: SessionId, made: &[Made]) {
        let is_listed = self.revoked.contains(&id);
        let failed = |made: &Made| matches!(made.call, Call::Revoke(of) if of == id) && !made.is_answered;
        if self.has_list {
            assert!(is_listed || self.policy == FailurePolicy::Admit && made.iter().any(failed), "{made:?}");
        } else {
            assert!(!self.records.contains_key(&id), "{made:?}");
        }
        if !self.records.contains_key(&id) {
            self.gone.insert(id);
        }
    }

    fn commit(&mut self, slot: usize, faults: &Faults) {
        let Some(mut request) = self.requests[slot].take() else { return };
        let before = request.session.snapshot().expect("an id");
        let id = before.id();
        let is_kept = request.origin.is_some() || !request.data.is_empty();
        let is_due = is_kept && (request.is_changed || request.is_regenerated);
        let is_over = self.now() >= before.created_at().as_secs() + self.absolute;
        self.set_faults(faults);
        let committed = run(self.managers[request.server].commit_async(&request.session));
        let made = self.made();
        // Values that came in a cookie may be written into the store for the first time. Values that came from the
        // store may only replace their record: if it is gone, the session was ended, and the save must fail.
        let may_recreate = self.placement == Placement::Spill && !(request.from_store && request.origin == Some(id));
        self.note(&made, &request.data, may_recreate);

        let old = request.ended.or(request.origin.filter(|old| *old != id));
        let mut has_ended = false;
        for Made { call, is_answered, .. } in &made {
            match call {
                Call::Save { id: saved, .. } => assert!(*saved == id && !has_ended, "kept first: {made:?}"),
                // Any other deletion takes back the new record of a login that failed.
                Call::Delete(gone) | Call::Revoke(gone) if Some(*gone) == old => has_ended = true,
                Call::Delete(gone) => assert!(*gone == id && committed.is_err() && has_ended, "{made:?}"),
                call => panic!("{call:?}"),
            }
            if committed.is_err() && matches!(call, Call::Revoke(gone) | Call::Delete(gone) if Some(*gone) == old) {
                assert!(!is_answered, "it was ended, and that is no error: {made:?}");
            }
        }
        let is_kept_in_vain =
            committed.is_err() && has_ended && made.iter().any(|made| matches!(made.call, Call::Save { .. }));
        let is_taken_back = made.iter().any(|made| matches!(made.call, Call::Delete(gone) if gone == id));
        assert_eq!(is_kept_in_vain, is_taken_back, "{made:?}");
        let line = match &committed {
            Ok(lines) => lines.iter().next().map(str::to_owned),
            Err(error) => {
                match error {
                    EncodeError::Backend(_) if request.is_unsure() => assert!(made.is_empty() && is_due),
                    EncodeError::Backend(error) => assert_eq!(*error, broken()),
                    EncodeError::Ended => {
                        assert!(is_due && !self.records.contains_key(&id), "{made:?}");
                        assert!(request.from_store && !request.is_regenerated, "only what was in the store is missed");
                    }
                    EncodeError::TooLarge { .. } => assert!(self.placement == Placement::Cookie && made.is_empty()),
                    error => panic!("{error}"),
                }
                let after = request.session.snapshot().expect("an id");
                assert_eq!((after.id(), owned(after.entries())), (id, request.data.clone()));
                self.requests[slot] = Some(request);
                return;
            }
        };
        match line {
            None => {
                assert!(!is_due && !request.is_deletion_due, "nothing says that it was kept: {made:?}");
                self.requests[slot] = Some(request);
                return;
            }
            Some(line) if line.contains("; Max-Age=0") => {
                let is_refused = request.rejected.is_some_and(|reason| reason.as_str().starts_with("expired"));
                assert!(request.is_destroyed || is_over || is_refused, "{line}");
                self.jar = None;
                request.data.clear();
                (request.origin, request.from_store) = (None, false);
                (request.is_changed, request.is_regenerated) = (false, false);
                (request.is_destroyed, request.is_deletion_due) = (true, false);
                // A session that ended by its timeout is not reported to the backends.
                let old = if is_over && is_due { None } else { request.ended };
                old.into_iter().for_each(|old| self.check_over(old, &made));
            }
            Some(line) => {
                self.sealed(&mut request, &line);
                old.into_iter().for_each(|old| self.check_over(old, &made));
            }
        }
        request.ended = None;
        self.requests[slot] = Some(request);
    }

    /// Checks a cookie that was sent: its values are in it, or in the store for as long as the cookie lives.
    fn sealed(&mut self, request: &mut Request, line: &str) {
        let value = line.split(['=', ';']).nth(1).expect("a value").to_owned();
        let snapshot = request.session.snapshot().expect("an id");
        let data = self.codec.decode(&value).expect("sealed now");
        assert_eq!((data.id(), data.created_at()), (snapshot.id(), snapshot.created_at()));
        assert_eq!(owned(snapshot.entries()), request.data);
        let (in_cookie, expires_at) = (owned(data.entries()), data.expires_at().as_secs());
        let from_store = self.has_store() && in_cookie.is_empty();
        if from_store {
            let (kept, until) = &self.records[&data.id()];
            assert!(*kept == request.data && *until >= expires_at, "what was acknowledged is there");
            let fits = self.codec.encode(&snapshot).is_ok();
            assert!(self.placement == Placement::Store || request.data.is_empty() || !fits);
        } else {
            assert!(in_cookie == request.data && self.placement != Placement::Store);
        }
        let created_at = data.created_at().as_secs();
        self.jar = Some(self.history.len());
        self.history.push(Cookie { value, id: data.id(), created_at, expires_at, data: in_cookie });
        (request.origin, request.from_store) = (Some(data.id()), from_store);
        (request.is_changed, request.is_regenerated) = (false, false);
        (request.is_destroyed, request.is_deletion_due) = (false, false);
    }

    fn revoke(&mut self, number: u8, faults: &Faults) {
        let Some(number) = usize::from(number).checked_rem(self.history.len()) else { return };
        let Cookie { id, created_at, .. } = self.history[number];
        self.set_faults(faults);
        let revoked = run(self.managers[number % 2].revoke(id, at(created_at + self.absolute)));
        let made = self.made();
        self.note(&made, &Pairs::new(), false);
        match revoked {
            Ok(()) => self.check_over(id, &made),
            Err(error) if error.kind() == BackendErrorKind::Unsupported => {
                assert!(made.is_empty() && !self.has_list && self.placement == Placement::Spill);
            }
            Err(error) => assert!(error == broken() && made.iter().any(|made| !made.is_answered)),
        }
    }

    fn revoke_subject(&mut self, user: u8, faults: &Faults) {
        self.set_faults(faults);
        let revoked = run(self.managers[usize::from(user) % 2].revoke_subject(&user));
        let made = self.made();
        self.note(&made, &Pairs::new(), false);
        match revoked {
            Ok(()) => assert!(self.subjects[&user.to_string()] >= self.now()),
            Err(error) if error.kind() == BackendErrorKind::Unsupported => assert!(!self.has_list),
            Err(error) => assert_eq!(error, broken()),
        }
    }

    fn step(&mut self, [number, request, value, failing]: [u8; 4]) {
        let (slot, faults) = (usize::from(request) % 2, faults(failing));
        match Step::of(number, request / 2, value) {
            Step::Next { server, cookie } => return self.next(slot, server, cookie, &faults),
            Step::Commit => self.commit(slot, &faults),
            Step::Revoke(number) => self.revoke(number, &faults),
            Step::RevokeSubject(user) => self.revoke_subject(user, &faults),
            Step::Seconds(seconds) => drop(self.clock.fetch_add(u64::from(seconds), Ordering::Relaxed)),
            Step::ClearStore => {
                assert_eq!(run(self.managers[0].clear()).is_ok(), self.has_store());
                self.records.clear();
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

impl Request {
    /// True when the request stands for a session for which the backends could not vouch.
    fn is_unsure(&self) -> bool {
        self.unsure.is_some() && self.origin.is_none() && self.ended.is_none()
    }

    fn step(&mut self, step: Step) {
        let Self { session, data, .. } = self;
        match step {
            Step::Set(name, value) => {
                session.set(name, value).expect("there is room");
                self.is_changed |= put(data, name, &value.to_string());
            }
            Step::SetLong(name, chars) => {
                let text = "x".repeat(chars);
                match session.set(name, &text) {
                    Ok(()) => self.is_changed |= put(data, name, &format!("\"{text}\"")),
                    Err(ValueError::Full { .. } | ValueError::TooLong { .. }) => {
                        let others = data.iter().filter(|(key, _)| key != name);
                        assert!(entries_len(others) + 3 + name.len() + text.len() + 2 > MAX_ENTRIES_LEN);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Discard(name) => {
                let before = data.len();
                data.retain(|(key, _)| key != name);
                assert_eq!(session.discard(name), data.len() < before);
                self.is_changed |= data.len() < before;
            }
            Step::Clear => {
                session.clear();
                self.is_changed |= !std::mem::take(data).is_empty();
            }
            Step::Regenerate { is_emptied } => {
                let retired = if is_emptied { session.regenerate_empty() } else { session.regenerate() };
                assert_eq!(retired.expect("an id").map(|retired| retired.id), self.origin);
                if is_emptied {
                    data.clear();
                }
                self.is_regenerated = true;
            }
            Step::Destroy => {
                assert_eq!(session.destroy().map(|retired| retired.id), self.origin);
                data.clear();
                self.ended = self.ended.or(self.origin).or(self.unsure);
                (self.origin, self.from_store, self.unsure) = (None, false, None);
                (self.is_changed, self.is_regenerated) = (false, false);
                (self.is_destroyed, self.is_deletion_due) = (true, true);
            }
            _ => unreachable!("of the world"),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((settings, steps)) = bytes.split_first_chunk() else { return };
    let mut world = World::new(*settings);
    steps.as_chunks().0.iter().take(60).for_each(|step| world.step(*step));
});
