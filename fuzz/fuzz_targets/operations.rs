//! Checks sessions over many requests of one user, in which the application does anything with its session. After every
//! step the session must be what a plain model says: two ordered lists of pairs, and the rules of the documentation.
//!
//! The model opens no cookie. It knows what it put into each cookie, and works out which server may open it at which
//! time.
#![no_main]

use std::cell::LazyCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sealed_session::{
    DecodeError, EncodeError, KeyId, Retired, Session, SessionConfig, SessionId, SessionManager, Status, Timeout,
    ValueError,
};
use sealed_session_fuzz::{
    EntryKey, FIRST_KEY, FIXED_LEN, Json, MAX_ENTRIES_LEN, NAME, NOW, Pairs, SECOND_KEY, THIRD_KEY, Unserializable, at,
    entries_len, key, problem, put, ring, set_cookie_overhead, store, value_len,
};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input {
    settings: Settings,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
struct Settings {
    start: Start,
    idle: Span,
    more: Span,
    extend_after: Option<u16>,
    clock_skew: u8,
    persistent: bool,
    padding_block: u8,
    max_cookie_bytes: u16,
    /// The time after the start, in seconds, at which servers retire their previous keys.
    retires: Option<u16>,
}

#[derive(Arbitrary, Debug)]
enum Span {
    Seconds(u16),
    Days(u16),
}

impl Span {
    fn seconds(&self) -> u64 {
        match self {
            Self::Seconds(seconds) => u64::from(*seconds),
            Self::Days(days) => 86_400 * u64::from(*days),
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Start {
    Usual,
    Early(u8),
    Late(u16),
}

#[derive(Arbitrary, Debug)]
enum Step {
    Get(EntryKey),
    Set(EntryKey, Json),
    SetUnserializable(EntryKey),
    Replace(EntryKey, Json, Type),
    Remove(EntryKey, Type),
    Discard(EntryKey),
    Clear,
    SetFlash(EntryKey, Json),
    TakeFlash(EntryKey, Type),
    Flashes(Type),
    SetData(Vec<(EntryKey, Json)>),
    SetDataToList(Vec<u8>),
    Regenerate,
    RegenerateEmpty,
    Destroy,
    Extend(Ttl),
    SetPersistent(bool),
    Id,
    Clock(Move),
    Commit,
    Next { commit: bool, server: u8, send: Send },
}

/// The type as which a value is read.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Type {
    Any,
    Number,
    Text,
}

#[derive(Arbitrary, Debug)]
enum Ttl {
    Seconds(u32),
    Millis(u16),
    Any(u64),
}

#[derive(Arbitrary, Debug)]
enum Move {
    Seconds(u8),
    Minutes(u16),
    Back(u8),
    Any(u64),
}

/// The cookies that the browser sends, or somebody else who holds its cookies.
#[derive(Arbitrary, Debug)]
enum Send {
    Jar,
    Nothing,
    /// A cookie of the past.
    Old(u8),
    JarAndOld(u8, bool),
    JarAndGarbage(bool),
    Garbage,
    Tampered,
    Foreign,
    ForeignAndGarbage,
}

/// A server: the keys that it opens, the primary one first, and the settings in which it differs from the others.
struct Server {
    /// Made when the first request comes, since most runs need one or two of the managers only.
    manager: LazyCell<SessionManager, Box<dyn FnOnce() -> SessionManager>>,
    keys: &'static [&'static str],
    max_cookie_bytes: usize,
    schema: u8,
    retires: u64,
}

struct World {
    servers: Vec<Server>,
    clock: Arc<AtomicU64>,
    idle: u64,
    absolute: u64,
    extend_after: u64,
    clock_skew: u64,
    persistent: bool,
    padding_block: usize,
}

/// The session that a cookie holds.
#[derive(Clone, Debug)]
struct Record {
    /// `None` until the session draws its id.
    id: Option<SessionId>,
    created_at: u64,
    issued_at: u64,
    expires_at: u64,
    persistent: bool,
    schema: u8,
    data: Pairs,
    flash: Pairs,
}

#[derive(Clone, Debug)]
enum Content {
    Sealed { key: &'static str, record: Record },
    Tampered { key: &'static str },
    Garbage,
}

#[derive(Clone, Debug)]
struct Cookie {
    value: String,
    content: Content,
}

#[derive(Default)]
struct Browser {
    jar: Option<Cookie>,
    /// The time at which the browser drops the cookie. `None` when it keeps the cookie until it is closed.
    until: Option<u64>,
    history: Vec<Cookie>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    Nothing,
    /// The session of a cookie: its id, and the time at which it ends whatever is done to it.
    Cookie(SessionId, u64),
    Refused(DecodeError),
    Destroyed,
}

/// The model of a session that was opened, because the application asked something of it.
struct Open {
    /// The time of the load.
    loaded_at: u64,
    now: u64,
    record: Record,
    origin: Origin,
    rejected: Option<DecodeError>,
    /// The time at which the cookie of the client was sealed.
    sealed_at: u64,
    is_changed: bool,
    is_migrated: bool,
    is_regenerated: bool,
    /// True when a session began in the place of another one, so that it is sealed even if it is empty.
    is_begun: bool,
    is_stale: bool,
    /// True when a session was destroyed and no deletion was sent since.
    is_deletion_due: bool,
}

struct Request {
    session: Session,
    server: usize,
    cookies: Vec<Cookie>,
    open: Option<Open>,
}

struct Run {
    world: World,
    browser: Browser,
    request: Request,
    ids: HashSet<SessionId>,
}

const MAX: u64 = (1 << 40) - 1;
const ATTRIBUTES: &str = "; HttpOnly; SameSite=Lax; Secure; Path=/";

static FOREIGN: LazyLock<(String, KeyId)> = LazyLock::new(|| {
    let codec = SessionConfig::new(key(THIRD_KEY)).clock(|| at(NOW)).build_codec().expect("good settings");
    (codec.encode(&codec.create().expect("an id")).expect("small"), key(THIRD_KEY).id())
});
static IDS: LazyLock<[(&str, KeyId); 3]> =
    LazyLock::new(|| [FIRST_KEY, SECOND_KEY, THIRD_KEY].map(|digits| (digits, key(digits).id())));

fn id_of(digits: &str) -> KeyId {
    IDS.iter().find(|(known, _)| *known == digits).expect("one of ours").1
}

impl World {
    fn new(settings: &Settings) -> Self {
        let start = match settings.start {
            Start::Usual => NOW,
            Start::Early(seconds) => seconds.into(),
            Start::Late(seconds) => MAX - u64::from(seconds),
        };
        let clock = Arc::new(AtomicU64::new(start));
        let idle = settings.idle.seconds() + 1;
        let absolute = idle + settings.more.seconds();
        let extend_after = settings.extend_after.map(|age| u64::from(age) % idle);
        let padding_block = usize::from(settings.padding_block) + 1;
        let max_cookie_bytes = 700 + usize::from(settings.max_cookie_bytes);
        let retires = settings.retires.map_or(MAX, |after| (start + u64::from(after)).min(MAX));
        let (clock_skew, persistent) = (u64::from(settings.clock_skew), settings.persistent);
        let server = |keys: &'static [&'static str], max_cookie_bytes: usize, schema: u8| {
            let clock = Arc::clone(&clock);
            let make = move || {
                let ring = ring(keys[0], &keys[1..]).retire_previous_at(at(retires));
                let config = SessionConfig::new(ring)
                    .clock(move || at(clock.load(Ordering::Relaxed)))
                    .idle_timeout(Duration::from_secs(idle))
                    .absolute_timeout(Duration::from_secs(absolute))
                    .clock_skew(Duration::from_secs(clock_skew))
                    .persistent(persistent)
                    .padding_block(padding_block)
                    .max_cookie_bytes(max_cookie_bytes)
                    .schema(schema)
                    .migrate(|from, data| match from {
                        0 => data.set("migrated", true).map(drop).map_err(Into::into),
                        _ => Err("from the future".into()),
                    });
                let config = match extend_after {
                    Some(age) => config.extend_after(Duration::from_secs(age)),
                    None => config,
                };
                config.build().expect("good settings")
            };
            Server { manager: LazyCell::new(Box::new(make)), keys, max_cookie_bytes, schema, retires }
        };
        let servers = vec![
            server(&[FIRST_KEY], max_cookie_bytes, 0),
            server(&[SECOND_KEY, FIRST_KEY], max_cookie_bytes, 0),
            server(&[FIRST_KEY, SECOND_KEY], 700, 0),
            server(&[SECOND_KEY, FIRST_KEY], max_cookie_bytes, 1),
        ];
        Self {
            servers,
            clock,
            idle,
            absolute,
            // The default is a tenth of the idle timeout, but a minute at least, and half at most.
            extend_after: extend_after.unwrap_or_else(|| (idle / 10).max(60).min(idle / 2)),
            clock_skew,
            persistent,
            padding_block,
        }
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn new_record(&self, server: &Server, now: u64) -> Record {
        Record {
            id: None,
            created_at: now,
            issued_at: now,
            expires_at: (now + self.idle).min(MAX),
            persistent: self.persistent,
            schema: server.schema,
            data: Pairs::new(),
            flash: Pairs::new(),
        }
    }

    /// Opens a cookie as a server must. The bool is true when the cookie was sealed under a previous key.
    fn judge<'c>(&self, server: &Server, now: u64, cookie: &'c Cookie) -> Result<(&'c Record, bool), DecodeError> {
        let known = |digits: &str| {
            let place = server.keys.iter().position(|known| *known == digits);
            match place {
                Some(0) => Ok(false),
                Some(_) if now < server.retires => Ok(true),
                _ => Err(DecodeError::UnknownKey { id: id_of(digits) }),
            }
        };
        let (record, is_stale) = match &cookie.content {
            Content::Garbage => return Err(DecodeError::Malformed),
            Content::Tampered { key } => return known(key).and(Err(DecodeError::NotAuthentic)),
            Content::Sealed { key, record } => (record, known(key)?),
        };
        if record.issued_at > now + self.clock_skew {
            return Err(DecodeError::NotYetValid { now: at(now), issued_at: at(record.issued_at) });
        }
        for (timeout, end) in [(Timeout::Absolute, self.end(record)), (Timeout::Idle, record.expires_at)] {
            if now >= end {
                return Err(DecodeError::Expired { timeout, now: at(now), expires_at: at(end) });
            }
        }
        Ok((record, is_stale))
    }

    /// Opens a session as a server must when something is first asked of it. `reported` is the reason that the session
    /// gave. If there are several reasons, the session may report any of them.
    fn open(&self, server: &Server, cookies: &[Cookie], reported: Option<DecodeError>) -> Open {
        let now = self.now();
        let blank = |record: Record, origin: Origin, rejected: Option<DecodeError>| Open {
            loaded_at: now,
            now,
            sealed_at: record.issued_at,
            record,
            origin,
            rejected,
            is_changed: false,
            is_migrated: false,
            is_regenerated: false,
            is_begun: false,
            is_stale: false,
            is_deletion_due: false,
        };
        let refused = |reason| blank(self.new_record(server, now), Origin::Refused(reason), Some(reason));
        let mut good: Vec<(&Record, bool)> = Vec::new();
        let mut reasons = Vec::new();
        for cookie in cookies {
            match self.judge(server, now, cookie) {
                Ok(found) => good.push(found),
                Err(reason) => reasons.push(reason),
            }
        }
        // The sort is stable, so the first counts of two that were issued in the same second.
        good.sort_by_key(|(record, _)| std::cmp::Reverse(record.issued_at));
        // The newest one of a known schema counts, whatever newer ones hold.
        let is_known = |record: &Record| record.schema == server.schema || record.schema == 0;
        match good.iter().find(|(record, _)| is_known(record)).or(good.first()).copied() {
            Some((record, _)) if !is_known(record) => refused(DecodeError::UnsupportedSchema { schema: record.schema }),
            Some((record, is_stale)) => {
                let is_old = record.schema != server.schema;
                let mut record = record.clone();
                if is_old {
                    put(&mut record.data, "migrated", "true");
                    record.schema = server.schema;
                }
                let origin = Origin::Cookie(record.id.expect("sealed"), self.end(&record));
                Open { is_stale, is_migrated: is_old, ..blank(record, origin, None) }
            }
            None if reasons.is_empty() => blank(self.new_record(server, now), Origin::Nothing, None),
            None => {
                let reason = reported.expect("a reason");
                assert!(reasons.contains(&reason), "{reason:?} {reasons:?}");
                let is_kept = reasons.iter().any(DecodeError::may_open_elsewhere);
                assert_eq!(reason.may_open_elsewhere(), is_kept, "{reason:?} {reasons:?}");
                refused(reason)
            }
        }
    }

    /// Returns the time of the absolute timeout, at which a session ends whatever is done to it.
    fn end(&self, record: &Record) -> u64 {
        (record.created_at + self.absolute).min(MAX)
    }

    /// Returns `issued_at` and `expires_at` of a session that is sealed at `now`.
    fn slid(&self, now: u64, record: &Record) -> (u64, u64) {
        let issued_at = now.max(record.created_at);
        let wanted = record.expires_at.max(now + self.idle);
        (issued_at, wanted.min(self.end(record)).max(issued_at))
    }
}

#[derive(Debug, PartialEq)]
enum Plan {
    Nothing,
    Seal,
    Delete,
    /// Something was written to a session that has outlived its absolute timeout meanwhile.
    Ended,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.record.data.is_empty() && self.record.flash.is_empty()
    }

    fn is_kept(&self) -> bool {
        matches!(self.origin, Origin::Cookie(..)) || self.is_begun || !self.is_empty()
    }

    fn changed(&mut self, changed: bool) {
        self.is_changed |= changed;
    }

    fn retired(&self) -> Option<(SessionId, u64)> {
        match self.origin {
            Origin::Cookie(id, expires_at) => Some((id, expires_at)),
            _ => None,
        }
    }

    fn status(&self) -> Status {
        match self.origin {
            _ if self.is_kept() && self.is_regenerated => Status::Regenerated,
            _ if self.is_kept() && (self.is_changed || self.is_migrated) => Status::Changed,
            Origin::Nothing => Status::New,
            Origin::Cookie(..) => Status::Loaded,
            Origin::Refused(reason) => Status::Rejected(reason),
            Origin::Destroyed => Status::Destroyed,
        }
    }

    fn plan(&self, world: &World) -> Plan {
        let age = self.now.saturating_sub(self.record.issued_at);
        let is_due = age >= world.extend_after && world.slid(self.now, &self.record).1 > self.record.expires_at;
        match self.origin {
            // A session that is regenerated begins anew.
            Origin::Cookie(..) if self.is_regenerated => Plan::Seal,
            Origin::Cookie(_, end) if self.now >= end && self.is_changed => Plan::Ended,
            Origin::Cookie(_, end) if self.now >= end => Plan::Nothing,
            Origin::Cookie(..) if self.is_changed => Plan::Seal,
            Origin::Cookie(..) if self.is_late(world) => Plan::Nothing,
            Origin::Cookie(..) if is_due || self.is_stale || self.is_migrated => Plan::Seal,
            Origin::Cookie(..) => Plan::Nothing,
            _ if self.is_kept() => Plan::Seal,
            Origin::Destroyed if self.is_deletion_due => Plan::Delete,
            Origin::Destroyed | Origin::Refused(_) | Origin::Nothing => Plan::Nothing,
        }
    }

    /// A session that begins in a request which outlived the absolute timeout begins at its commit.
    fn begin_if_late(&mut self, plan: &Plan, world: &World) {
        let begins = self.is_regenerated || !matches!(self.origin, Origin::Cookie(..));
        if *plan == Plan::Seal && begins && self.now >= world.end(&self.record) {
            (self.record.created_at, self.record.issued_at) = (self.now, self.now);
            self.record.expires_at = (self.now + world.idle).min(MAX);
        }
    }

    /// A request that took two seconds leaves out a seal that can be done without, since its answer might replace the
    /// cookie of a login that happened meanwhile.
    fn is_late(&self, world: &World) -> bool {
        let is_young = self.now.saturating_sub(self.sealed_at) * 2 < world.idle;
        self.now.saturating_sub(self.loaded_at) >= 2 && is_young
    }
}

/// Serializes fields in the order of the input. Some of them may stand twice.
struct Fields<'a>(&'a [(String, &'a Json)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Turns a value of any type into JSON, so that it can be compared.
fn read<T: DeserializeOwned + Serialize>(result: Result<Option<T>, ValueError>) -> Result<Option<Value>, ValueError> {
    Ok(result?.map(|value| serde_json::to_value(value).expect("read from JSON")))
}

/// Reads a JSON text as a type. `None` when the text is not of this type.
fn expected(json: &str, kind: Type) -> Option<Value> {
    match kind {
        Type::Any => serde_json::from_str(json).ok(),
        Type::Number => serde_json::from_str::<u64>(json).ok().map(Value::from),
        Type::Text => serde_json::from_str::<String>(json).ok().map(Value::from),
    }
}

fn find<'p>(pairs: &'p Pairs, key: &str) -> Option<&'p str> {
    pairs.iter().find(|(known, _)| known == key).map(|(_, json)| json.as_str())
}

/// Compares the value that was read under a key with the value that the model has there.
fn check_read(found: &Result<Option<Value>, ValueError>, pairs: &Pairs, key: &str, kind: Type) {
    match (found, find(pairs, key).map(|json| expected(json, kind))) {
        (Ok(found), None) => assert_eq!(*found, None, "{key:?}"),
        (Ok(found), Some(expected)) => assert!(*found == expected && found.is_some(), "{found:?} {expected:?}"),
        (Err(ValueError::Deserialize { key: named, .. }), Some(None)) => assert_eq!(named, key),
        (found, expected) => panic!("{found:?}, expected {expected:?}"),
    }
}

impl Run {
    fn new(settings: &Settings) -> Self {
        let world = World::new(settings);
        let session = world.servers[0].manager.load(None::<&str>);
        let request = Request { session, server: 0, cookies: Vec::new(), open: None };
        Self { world, browser: Browser::default(), request, ids: HashSet::new() }
    }

    fn server(&self) -> &Server {
        &self.world.servers[self.request.server]
    }

    /// Returns the session and its model. Opens the model if it is not open yet.
    fn open(&mut self) -> (&Session, &mut Open) {
        let Request { session, server, cookies, open } = &mut self.request;
        let server = &self.world.servers[*server];
        let world = &self.world;
        let open = open.get_or_insert_with(|| world.open(server, cookies, session.rejected()));
        (session, open)
    }

    /// Notes the id of the session, and checks that no id is drawn twice.
    fn drawn(&mut self) {
        let (session, open) = self.open();
        let id = session.id().expect("a random number");
        let is_new = open.record.id.is_none();
        assert_eq!(*open.record.id.get_or_insert(id), id);
        assert!(!is_new || self.ids.insert(id), "{id}");
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Clock(by) => return self.turn_clock(by),
            Step::Commit => return self.commit(),
            Step::Next { commit, server, send } => {
                if *commit {
                    self.commit();
                    self.check();
                }
                return self.next(*server, send);
            }
            Step::Id => return self.drawn(),
            Step::Regenerate | Step::RegenerateEmpty => return self.regenerate(matches!(step, Step::RegenerateEmpty)),
            Step::Destroy => return self.destroy(),
            Step::Extend(ttl) => return self.extend(ttl),
            _ => (),
        }
        let (session, open) = self.open();
        let (data, flash) = (&mut open.record.data, &mut open.record.flash);
        let changed = match step {
            Step::Get(key) => {
                let key = key.text();
                check_read(&read(session.get::<Value>(&key)), data, &key, Type::Any);
                check_read(&read(session.get::<u64>(&key)), data, &key, Type::Number);
                assert_eq!(session.contains(&key), find(data, &key).is_some());
                false
            }
            Step::Set(key, value) => {
                let stored = store(data, flash, &key.text(), value);
                assert_eq!(session.set(&key.text(), value), stored.clone().map(drop));
                stored.unwrap_or(false)
            }
            Step::SetFlash(key, value) => {
                let stored = store(flash, data, &key.text(), value);
                assert_eq!(session.set_flash(&key.text(), value), stored.clone().map(drop));
                stored.unwrap_or(false)
            }
            Step::SetUnserializable(key) => {
                let key = key.text();
                assert_eq!(session.set(&key, Unserializable), Err(ValueError::Serialize { key }));
                false
            }
            Step::Replace(key, value, kind) => {
                let key = key.text();
                let found = match kind {
                    Type::Any => read(session.replace::<Value, _>(&key, value)),
                    Type::Number => read(session.replace::<u64, _>(&key, value)),
                    Type::Text => read(session.replace::<String, _>(&key, value)),
                };
                if find(data, &key).is_some_and(|json| expected(json, *kind).is_none()) {
                    // The new value is serialized before the old one is read.
                    match &found {
                        Err(ValueError::NonFinite { key: named }) if value.has_non_finite() => assert_eq!(*named, key),
                        found => check_read(found, data, &key, *kind),
                    }
                    false
                } else {
                    let before = data.clone();
                    let stored = store(data, flash, &key, value);
                    match &stored {
                        Ok(_) => check_read(&found, &before, &key, *kind),
                        Err(error) => assert_eq!(found.as_ref(), Err(error)),
                    }
                    stored.unwrap_or(false)
                }
            }
            Step::Remove(key, kind) | Step::TakeFlash(key, kind) => {
                let key = key.text();
                let is_flash = matches!(step, Step::TakeFlash(..));
                let found = match (kind, is_flash) {
                    (Type::Any, false) => read(session.remove::<Value>(&key)),
                    (Type::Number, false) => read(session.remove::<u64>(&key)),
                    (Type::Text, false) => read(session.remove::<String>(&key)),
                    (Type::Any, true) => read(session.take_flash::<Value>(&key)),
                    (Type::Number, true) => read(session.take_flash::<u64>(&key)),
                    (Type::Text, true) => read(session.take_flash::<String>(&key)),
                };
                let pairs = if is_flash { flash } else { data };
                check_read(&found, pairs, &key, *kind);
                let before = pairs.len();
                pairs.retain(|(known, _)| found.is_err() || *known != key);
                pairs.len() != before
            }
            Step::Discard(key) => {
                let (key, before) = (key.text(), data.len());
                data.retain(|(known, _)| *known != key);
                assert_eq!(session.discard(&key), data.len() != before);
                data.len() != before
            }
            Step::Clear => {
                session.clear();
                !std::mem::take(data).is_empty()
            }
            Step::Flashes(kind) => {
                let all: Option<Vec<(String, Value)>> =
                    flash.iter().map(|(key, json)| Some((key.clone(), expected(json, *kind)?))).collect();
                let values = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(key, text)| (key, text.into()));
                let numbers = |pairs: Vec<(String, u64)>| pairs.into_iter().map(|(key, number)| (key, number.into()));
                let found: Result<Vec<(String, Value)>, ValueError> = match kind {
                    Type::Any => session.flashes(),
                    Type::Number => session.flashes().map(|pairs| numbers(pairs).collect()),
                    Type::Text => session.flashes().map(|pairs| values(pairs).collect()),
                };
                assert_eq!(found.ok(), all);
                all.is_some() && !std::mem::take(flash).is_empty()
            }
            Step::SetData(fields) => {
                let fields: Vec<(String, &Json)> = fields.iter().map(|(key, value)| (key.text(), value)).collect();
                // Of a field that stands twice, the last value counts. One that is null is not there.
                let mut wanted = Pairs::new();
                for (key, value) in &fields {
                    wanted.retain(|(other, _)| other != key);
                    wanted.push((key.clone(), value.text()));
                }
                wanted.retain(|(_, json)| json != "null");
                let mut next: Pairs = data.iter().filter(|(key, _)| find(&wanted, key).is_some()).cloned().collect();
                for (key, json) in &wanted {
                    put(&mut next, key, json);
                }

                let mut problems: Vec<_> = wanted.iter().filter_map(|(key, json)| problem(key, json)).collect();
                problems.extend(fields.iter().filter_map(|(key, value)| value.problem(key)));
                let is_full = entries_len(next.iter().chain(&*flash)) > MAX_ENTRIES_LEN;
                let stored = session.set_data(&Fields(&fields));
                assert_eq!(stored.is_ok(), problems.is_empty() && !is_full);
                match stored {
                    Ok(()) => std::mem::replace(data, next.clone()) != next,
                    Err(ValueError::Full { .. }) => {
                        assert!(is_full);
                        false
                    }
                    Err(error) => {
                        assert!(problems.contains(&error), "{error:?} {problems:?}");
                        false
                    }
                }
            }
            Step::SetDataToList(list) => {
                assert!(matches!(session.set_data(list), Err(ValueError::NotAMap { .. })));
                false
            }
            Step::SetPersistent(persistent) => {
                session.set_persistent(*persistent);
                std::mem::replace(&mut open.record.persistent, *persistent) != *persistent
            }
            _ => unreachable!("done above"),
        };
        open.changed(changed);
    }

    fn turn_clock(&mut self, by: &Move) {
        let now = self.world.now();
        let next = match by {
            Move::Seconds(seconds) => now + u64::from(*seconds),
            Move::Minutes(minutes) => now + 60 * u64::from(*minutes),
            Move::Back(seconds) => now.saturating_sub(u64::from(*seconds)),
            Move::Any(seconds) => *seconds & MAX,
        };
        self.world.clock.store(next.min(MAX), Ordering::Relaxed);
    }

    fn check_retired(found: Option<Retired>, expected: Option<(SessionId, u64)>) {
        assert_eq!(found.map(|retired| (retired.id, retired.expires_at.as_secs())), expected);
    }

    fn regenerate(&mut self, empty: bool) {
        let idle = self.world.idle;
        let (session, open) = self.open();
        let retired = if empty { session.regenerate_empty() } else { session.regenerate() };
        Self::check_retired(retired.expect("a random number"), open.retired());
        let was_kept = open.is_kept();
        if empty {
            open.record.data.clear();
            open.record.flash.clear();
        }
        let now = open.now;
        let times =
            Record { created_at: now, issued_at: now, expires_at: (now + idle).min(MAX), ..open.record.clone() };
        // The id that an earlier call drew stays as long as no cookie was sealed with it.
        let is_drawn = open.is_regenerated && !empty;
        open.record = if is_drawn { times } else { Record { id: None, ..times } };
        if empty {
            open.is_begun |= was_kept;
            if matches!(open.origin, Origin::Cookie(..)) {
                // The session is destroyed, and another one begins.
                (open.origin, open.is_changed, open.is_migrated) = (Origin::Destroyed, false, false);
                open.is_deletion_due = true;
            }
        }
        open.is_regenerated = true;
        self.drawn();
    }

    fn destroy(&mut self) {
        let (session, open) = self.open();
        Self::check_retired(session.destroy(), open.retired());
        self.destroyed();
    }

    fn destroyed(&mut self) {
        let Open { loaded_at, now, sealed_at, rejected, .. } = *self.open().1;
        let record = self.world.new_record(self.server(), now);
        self.request.open = Some(Open {
            loaded_at,
            now,
            record,
            origin: Origin::Destroyed,
            rejected,
            sealed_at,
            is_changed: false,
            is_migrated: false,
            is_regenerated: false,
            is_begun: false,
            is_stale: false,
            is_deletion_due: true,
        });
    }

    fn extend(&mut self, ttl: &Ttl) {
        let ttl = match ttl {
            Ttl::Seconds(seconds) => Duration::from_secs((*seconds).into()),
            Ttl::Millis(millis) => Duration::from_millis((*millis).into()),
            Ttl::Any(seconds) => Duration::from_secs(*seconds),
        };
        let absolute = self.world.absolute;
        let (session, open) = self.open();
        let end = open.now.checked_add(ttl.as_secs()).filter(|end| *end <= MAX && ttl.as_secs() > 0);
        let Some(end) = end else {
            assert_eq!(session.extend(ttl), Err(EncodeError::TimeOutOfRange));
            return;
        };
        assert_eq!(session.extend(ttl), Ok(()));
        let record = &mut open.record;
        let latest = (record.created_at + absolute).min(MAX);
        let expires_at = record.expires_at.max(end).min(latest).max(record.issued_at);
        let changed = std::mem::replace(&mut record.expires_at, expires_at) != expires_at;
        open.changed(changed);
    }

    fn commit(&mut self) {
        let mut plan = Plan::Nothing;
        if let Some(open) = &mut self.request.open {
            open.now = open.now.max(self.world.now());
            plan = open.plan(&self.world);
            open.begin_if_late(&plan, &self.world);
        }
        let committed = self.server().manager.commit(&self.request.session);
        let line = committed.as_ref().ok().and_then(|lines| lines.iter().next());
        match plan {
            Plan::Nothing => assert!(committed.as_ref().is_ok_and(|lines| lines.is_empty()), "{committed:?}"),
            Plan::Ended => assert_eq!(committed.as_ref().err(), Some(&EncodeError::Ended)),
            Plan::Delete => {
                let deletion = format!("{NAME}={ATTRIBUTES}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
                assert_eq!(line, Some(deletion.as_str()));
                let open = self.open().1;
                (open.is_deletion_due, open.is_changed, open.is_regenerated) = (false, false, false);
                self.browser.jar = None;
            }
            Plan::Seal if self.is_too_large() => {
                let open = self.open().1;
                let is_held = matches!(open.origin, Origin::Cookie(..));
                let excused = is_held && !open.is_changed && !open.is_regenerated;
                match &committed {
                    Ok(lines) => assert!(excused && lines.is_empty()),
                    Err(EncodeError::TooLarge { size, limit, .. }) => assert!(!excused && size > limit),
                    Err(error) => panic!("{error:?}"),
                }
            }
            Plan::Seal => {
                let line = line.expect("a sealed cookie").to_owned();
                self.sealed(&line);
            }
        }
    }

    fn is_too_large(&mut self) -> bool {
        let max_cookie_bytes = self.server().max_cookie_bytes;
        let padding_block = self.world.padding_block;
        let record = &self.open().1.record;
        let chars = value_len(entries_len(record.data.iter().chain(&record.flash)), padding_block);
        chars + set_cookie_overhead(NAME) > max_cookie_bytes || chars + NAME.len() > 4096
    }

    /// Checks the line of a cookie that was sealed, and gives the cookie to the browser.
    fn sealed(&mut self, line: &str) {
        self.drawn();
        let Open { now, record, .. } = self.open().1;
        let (now, record) = (*now, record.clone());
        let (issued_at, expires_at) = self.world.slid(now, &record);
        let record = Record { issued_at, expires_at, ..record };
        let value = line.strip_prefix(NAME).and_then(|rest| rest.strip_prefix('=')?.split(';').next());
        let value = value.expect("a value").to_owned();
        let max_age = (expires_at - issued_at).min(400 * 86_400);
        let suffix = if record.persistent { format!("; Max-Age={max_age}") } else { String::new() };
        assert_eq!(line, format!("{NAME}={value}{ATTRIBUTES}{suffix}"));

        let key = self.server().keys[0];
        let cookie = Cookie { value, content: Content::Sealed { key, record: record.clone() } };
        self.browser.jar = Some(cookie.clone());
        self.browser.until = record.persistent.then_some(self.world.now() + max_age);
        self.browser.history.push(cookie);

        let end = self.world.end(&record);
        let open = self.open().1;
        open.origin = Origin::Cookie(record.id.expect("sealed"), end);
        (open.sealed_at, open.record) = (record.issued_at, record);
        (open.is_changed, open.is_migrated, open.is_regenerated) = (false, false, false);
        (open.is_begun, open.is_stale, open.is_deletion_due) = (false, false, false);
    }

    fn next(&mut self, server: u8, send: &Send) {
        if self.browser.until.is_some_and(|until| self.world.now() >= until) {
            self.browser.jar = None;
        }
        let jar = self.browser.jar.iter().cloned();
        let old = |number: u8| {
            let history = &self.browser.history;
            history.get(usize::from(number) % history.len().max(1)).cloned()
        };
        let garbage = || Cookie { value: "garbage".to_owned(), content: Content::Garbage };
        let foreign = || Cookie { value: FOREIGN.0.clone(), content: Content::Tampered { key: THIRD_KEY } };
        let mut cookies: Vec<Cookie> = match send {
            Send::Nothing => Vec::new(),
            Send::Jar => jar.collect(),
            Send::Old(number) => old(*number).into_iter().collect(),
            Send::JarAndOld(number, _) => jar.chain(old(*number)).collect(),
            Send::JarAndGarbage(_) => jar.chain([garbage()]).collect(),
            Send::Garbage => vec![garbage()],
            Send::Tampered => jar.map(tampered).collect(),
            Send::Foreign => vec![foreign()],
            Send::ForeignAndGarbage => vec![foreign(), garbage()],
        };
        if matches!(send, Send::JarAndOld(_, true) | Send::JarAndGarbage(true)) {
            cookies.reverse();
        }
        let header: String = cookies.iter().map(|cookie| format!("{NAME}={}; ", cookie.value)).collect();
        let server = usize::from(server) % self.world.servers.len();
        let session = self.world.servers[server].manager.load([format!("a=1; {header}b=\"2\"")]);
        self.request = Request { session, server, cookies, open: None };
    }

    /// Compares everything that can be asked of the session with the model.
    fn check(&mut self) {
        let Self { world, request, .. } = self;
        let Request { session, server, cookies, open } = request;
        assert_eq!(session.candidates(), cookies.len());
        assert_eq!(session.is_opened(), open.is_some());
        let Some(open) = open else { return };
        let record = &open.record;
        assert_eq!(session.status(), open.status());
        assert_eq!(session.rejected(), open.rejected);
        assert!(session.keys().iter().eq(record.data.iter().map(|(key, _)| key)));
        assert_eq!((session.len(), session.is_empty()), (record.data.len(), open.is_empty()));
        let times = [session.created_at(), session.issued_at(), session.expires_at()].map(|time| time.as_secs());
        assert_eq!(times, [record.created_at, record.issued_at, record.expires_at]);
        assert_eq!(session.is_persistent(), record.persistent);
        let entries = entries_len(record.data.iter().chain(&record.flash));
        assert_eq!(session.cookie_bytes(), NAME.len() + value_len(entries, world.padding_block));
        check_room(session, entries, world.padding_block, world.servers[*server].max_cookie_bytes);
        if let Some(id) = record.id {
            let snapshot = session.snapshot().expect("it has an id");
            let own = |(key, json): (&str, &str)| (key.to_owned(), json.to_owned());
            assert_eq!((snapshot.id(), snapshot.schema()), (id, record.schema));
            assert_eq!(snapshot.entries().map(own).collect::<Pairs>(), record.data);
            assert_eq!(snapshot.flash().map(own).collect::<Pairs>(), record.flash);
        }
    }
}

/// Checks that as many more bytes of entries fit as `remaining_bytes` says, and not one more.
fn check_room(session: &Session, entries: usize, padding_block: usize, max_cookie_bytes: usize) {
    let fits = |entries: usize| {
        let chars = value_len(entries, padding_block);
        chars + set_cookie_overhead(NAME) <= max_cookie_bytes && chars + NAME.len() <= 4096
    };
    let room = session.remaining_bytes();
    assert!(room == 0 || fits(entries + room), "{room}");
    assert!(!fits(entries + room + 1), "{room}");
    assert!(entries + room + FIXED_LEN <= 4096 || room == 0, "{room}");
}

/// Changes a character in the middle of a cookie.
fn tampered(mut cookie: Cookie) -> Cookie {
    let other = if cookie.value.as_bytes()[60] == b'A' { "B" } else { "A" };
    cookie.value.replace_range(60..61, other);
    let Content::Sealed { key, .. } = cookie.content else { unreachable!("the jar holds what was sealed") };
    Cookie { content: Content::Tampered { key }, ..cookie }
}

fuzz_target!(|input: Input| {
    let mut run = Run::new(&input.settings);
    for step in &input.steps {
        run.step(step);
        run.check();
    }
});
