//! The implementations in examples/interop, in Python and JavaScript, were made from docs/wire-format.md alone. Each of
//! the three reads what any other writes, and all refuse the same cookies for the same reasons.
//!
//! If Python with `cryptography`, or Node, is missing, a line on stderr says so and the tests leave that language out.
//! With `SEALED_SESSION_INTEROP=required` they fail instead.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::iter;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_lite::future::block_on;
use sealed_session::{
    BackendError, BoxFuture, Codec, Key, KeyRing, Record, Save, SessionConfig, SessionData, SessionId, SessionStore,
    Status, UnixTime,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::helpers::at;

#[path = "spec/foreign.rs"]
mod foreign;
mod helpers;

const ROUNDS: usize = 1000;

/// A session in the JSON form that all three implementations read and write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Session {
    id: String,
    persistent: bool,
    schema: u8,
    created_at: u64,
    issued_at: u64,
    expires_at: u64,
    data: Vec<(String, String)>,
    flash: Vec<(String, String)>,
}

impl Session {
    fn of(data: &SessionData) -> Self {
        let owned = |(key, json): (&str, &str)| (key.to_owned(), json.to_owned());
        Self {
            id: data.id().to_string(),
            persistent: data.is_persistent(),
            schema: data.schema(),
            created_at: data.created_at().as_secs(),
            issued_at: data.issued_at().as_secs(),
            expires_at: data.expires_at().as_secs(),
            data: data.entries().map(owned).collect(),
            flash: data.flash().map(owned).collect(),
        }
    }

    /// The session in the crate's own type. It stores flash values first, unlike the other implementations, so that the
    /// tests fail if the order matters.
    fn to_data(&self) -> SessionData {
        let mut data = SessionData::new(UnixTime::MIN, Duration::from_secs(1)).unwrap();
        let mut id = [0; 16];
        hex::decode_to_slice(&self.id, &mut id).unwrap();
        data.set_id(SessionId::from_bytes(id));
        data.set_times(at(self.created_at), at(self.issued_at), at(self.expires_at)).unwrap();
        data.set_schema(self.schema);
        data.set_persistent(self.persistent);
        for (key, json) in &self.flash {
            data.set_flash(key, RawValue::from_string(json.clone()).unwrap()).unwrap();
        }
        for (key, json) in &self.data {
            data.set(key, RawValue::from_string(json.clone()).unwrap()).unwrap();
        }
        data
    }
}

/// The configuration of a deployment. The crate gets it as a `SessionConfig`, and the other implementations as their
/// options.
#[derive(Clone, Debug)]
struct Deployment {
    keys: Vec<String>,
    name: String,
    audience: String,
    padding: usize,
    now: u64,
    clock_skew: u64,
    absolute_timeout: u64,
    not_before: u64,
}

impl Deployment {
    /// The crate's codec. An application chooses its schema freely, so the codec takes that of the session.
    fn codec(&self, schema: u8) -> Codec {
        self.config(schema).build_codec().unwrap()
    }

    fn config(&self, schema: u8) -> SessionConfig {
        let mut keys = self.keys.iter().map(|digits| Key::from_hex(digits).unwrap());
        let now = at(self.now);
        SessionConfig::new(KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap())
            .cookie_name(&self.name)
            .audience(&self.audience)
            .padding_block(self.padding)
            .max_cookie_bytes(usize::MAX)
            .schema(schema)
            .idle_timeout(Duration::from_secs(1))
            .absolute_timeout(Duration::from_secs(self.absolute_timeout))
            .clock_skew(Duration::from_secs(self.clock_skew))
            .not_before(at(self.not_before))
            .clock(move || now)
    }

    /// Seals the values of a session with the crate, in one cookie or in two.
    fn encode_cookies(&self, session: &Session) -> Option<Cookies> {
        // The manager's own session begins now and so differs in its times. Only the values are compared.
        let manager = self.config(session.schema).two_cookies(true).build().unwrap();
        let new = manager.load(None::<&str>);
        for (key, json) in &session.data {
            new.set(key, RawValue::from_string(json.clone()).unwrap()).unwrap();
        }
        let lines = manager.commit(&new).ok()?;
        let pair = |line: String| {
            let (name, rest) = line.split_once('=').unwrap();
            (name.to_owned(), rest.split(';').next().unwrap().to_owned())
        };
        Some(lines.into_iter().map(pair).collect())
    }

    /// Opens the cookies of a request with the crate.
    fn decode_cookies(&self, cookies: &Cookies, schema: u8) -> Result<Option<Session>, String> {
        let manager = self.config(schema).two_cookies(true).build().unwrap();
        let session = manager.load(cookies.iter().map(|(name, value)| format!("{name}={value}")));
        match session.status() {
            Status::New => Ok(None),
            Status::Rejected(reason) => Err(reason.as_str().to_owned()),
            _ => Ok(Some(Session::of(&session.snapshot().unwrap()))),
        }
    }

    /// Seals a session with these values into a cookie and a record. The session begins now.
    fn encode_record(&self, session: &Session) -> (Halves, Session) {
        let drawer = Drawer::default();
        let manager = self.config(session.schema).store(drawer.clone()).build().unwrap();
        let new = block_on(manager.load_async(None::<&str>)).unwrap();
        for (key, json) in &session.data {
            new.set(key, RawValue::from_string(json.clone()).unwrap()).unwrap();
        }
        for (key, json) in &session.flash {
            new.set_flash(key, RawValue::from_string(json.clone()).unwrap()).unwrap();
        }
        let line = block_on(manager.commit_async(&new)).unwrap().into_iter().next().unwrap();
        let cookie = line.split(['=', ';']).nth(1).unwrap().to_owned();
        let record = drawer.0.lock().unwrap().clone();
        (Halves { cookie, record }, Session::of(&new.snapshot().unwrap()))
    }

    /// Opens a cookie with the crate, where the store has this record for it.
    fn decode_record(&self, halves: &Halves, schema: u8) -> Result<Session, String> {
        let drawer = Drawer(Arc::new(Mutex::new(halves.record.clone())));
        let manager = self.config(schema).store(drawer).build().unwrap();
        let cookie = format!("{}={}", self.name, halves.cookie);
        let session = block_on(manager.load_async([cookie])).unwrap();
        match session.rejected() {
            Some(reason) => Err(reason.as_str().to_owned()),
            None => Ok(Session::of(&session.snapshot().unwrap())),
        }
    }

    /// Another server of the deployment, which has the key that seals here as the last of its ring.
    fn reader(&self) -> Self {
        Self { keys: self.keys.iter().rev().cloned().collect(), ..self.clone() }
    }

    /// Opens a value with the crate. The result is the session or the name of the reason for which it was refused.
    fn decode(&self, value: &str, schema: u8) -> Result<Session, String> {
        self.codec(schema).decode(value).map(|data| Session::of(&data)).map_err(|reason| reason.as_str().to_owned())
    }
}

/// An implementation in another language. It runs as long as the tests do, and answers each line with a line.
struct Peer {
    language: &'static str,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _child: Child,
}

static PYTHON: LazyLock<Option<Mutex<Peer>>> = LazyLock::new(|| {
    let needs = "import cryptography.hazmat.primitives.ciphers.algorithms as algorithms; algorithms.AES256";
    Peer::start("Python", &["python3", "python"], ["-c", needs], "sealed_session.py")
});

static NODE: LazyLock<Option<Mutex<Peer>>> = LazyLock::new(|| {
    let needs = "if (parseInt(process.versions.node) < 20) { console.error('older than 20'); process.exit(1); }";
    Peer::start("Node", &["node"], ["-e", needs], "sealed_session.mjs")
});

/// Each implementation that this machine can run, locked for the caller.
fn peers() -> impl Iterator<Item = MutexGuard<'static, Peer>> {
    let started = [&PYTHON, &NODE].into_iter().filter_map(|peer| peer.as_ref());
    started.map(|peer| peer.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Peer {
    /// Starts the implementation with the first of `programs` that runs `needs`.
    fn start(language: &'static str, programs: &[&str], needs: [&str; 2], script: &str) -> Option<Mutex<Self>> {
        let mut reasons = Vec::new();
        for program in programs {
            match Command::new(program).args(needs).output() {
                Ok(output) if output.status.success() => {
                    let script = format!("{}/examples/interop/{script}", env!("CARGO_MANIFEST_DIR"));
                    let piped = Command::new(program).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
                    let mut child = piped.unwrap();
                    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                    return Some(Mutex::new(Self { language, stdin, stdout: BufReader::new(stdout), _child: child }));
                }
                Ok(output) => {
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    reasons.push(format!("{program}: {}", stderr.lines().last().unwrap_or_default()));
                }
                Err(error) => reasons.push(format!("{program}: {error}")),
            }
        }
        let reasons = reasons.join("; ");
        match env::var("SEALED_SESSION_INTEROP").unwrap_or_default().as_str() {
            "" => {}
            "required" => panic!("SEALED_SESSION_INTEROP=required, and {language} can't be run: {reasons}"),
            other => panic!("SEALED_SESSION_INTEROP takes `required`, found `{other}`"),
        }
        let skipped = format!("\nskipped: interop with {language}, which can't be run: {reasons}\n");
        // `eprint!` would show the line only when a test fails.
        io::stderr().write_all(skipped.as_bytes()).unwrap();
        None
    }

    fn ask(&mut self, question: &Value) -> Answer {
        writeln!(self.stdin, "{question}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{} ended; its stderr says why", self.language);
        serde_json::from_str(&line).unwrap()
    }

    fn decode(&mut self, value: &str, deployment: &Deployment) -> Result<Session, String> {
        let Deployment { keys, name, audience, now, clock_skew, absolute_timeout, not_before, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "decode", "value": value, "keys": keys, "name": name, "audience": audience, "now": now,
            "clock_skew": clock_skew, "absolute_timeout": absolute_timeout, "not_before": not_before,
        }));
        answer.refused.map_or_else(|| Ok(answer.session.unwrap()), Err)
    }

    fn encode(&mut self, session: &Session, deployment: &Deployment, nonce: Option<&str>) -> Result<String, String> {
        let Deployment { keys, name, audience, padding, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "encode", "session": session, "keys": keys, "name": name, "audience": audience, "padding": padding,
            "nonce": nonce,
        }));
        answer.refused.map_or_else(|| Ok(answer.value.unwrap()), Err)
    }

    fn encode_record(
        &mut self,
        session: &Session,
        deployment: &Deployment,
        nonce: Option<&str>,
    ) -> Result<Halves, String> {
        let Deployment { keys, name, audience, padding, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "encode_record", "session": session, "keys": keys, "name": name, "audience": audience,
            "padding": padding, "nonce": nonce,
        }));
        let halves = |answer: Answer| Halves {
            cookie: answer.value.unwrap(),
            record: hex::decode(answer.record.unwrap()).unwrap(),
        };
        answer.refused.clone().map_or_else(|| Ok(halves(answer)), Err)
    }

    fn decode_record(&mut self, halves: &Halves, deployment: &Deployment) -> Result<Session, String> {
        let Deployment { keys, name, audience, now, clock_skew, absolute_timeout, not_before, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "decode_record", "value": halves.cookie, "record": hex::encode(&halves.record), "keys": keys, "name": name,
            "audience": audience, "now": now, "clock_skew": clock_skew, "absolute_timeout": absolute_timeout,
            "not_before": not_before,
        }));
        answer.refused.map_or_else(|| Ok(answer.session.unwrap()), Err)
    }

    fn decode_cookies(&mut self, cookies: &Cookies, deployment: &Deployment) -> Result<Option<Session>, String> {
        let Deployment { keys, name, audience, now, clock_skew, absolute_timeout, not_before, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "decode_cookies", "cookies": cookies, "keys": keys, "name": name, "audience": audience, "now": now,
            "clock_skew": clock_skew, "absolute_timeout": absolute_timeout, "not_before": not_before,
        }));
        answer.refused.map_or(Ok(answer.session), Err)
    }

    fn encode_cookies(&mut self, session: &Session, deployment: &Deployment) -> Result<Cookies, String> {
        let Deployment { keys, name, audience, padding, .. } = deployment;
        let answer = self.ask(&json!({
            "op": "encode", "session": session, "keys": keys, "name": name, "audience": audience, "padding": padding,
            "two_cookies": true,
        }));
        answer.refused.map_or_else(|| Ok(answer.cookies.unwrap()), Err)
    }
}

/// A cookie without values, and the record that has them.
#[derive(Clone, Debug, PartialEq)]
struct Halves {
    cookie: String,
    record: Vec<u8>,
}

/// A store with one record, which it returns for any id. Only the seal of the record shows to which session it belongs.
#[derive(Clone, Default)]
struct Drawer(Arc<Mutex<Vec<u8>>>);

impl SessionStore for Drawer {
    fn load(&self, _: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async { Ok(Some(Record::new(self.0.lock().unwrap().clone(), UnixTime::MAX))) })
    }

    fn save<'a>(&'a self, _: SessionId, record: &'a Record, _: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        record.bytes().clone_into(&mut self.0.lock().unwrap());
        Box::pin(async { Ok(true) })
    }

    fn delete(&self, _: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async { Ok(()) })
    }

    fn cleanup_expired(&self, _: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async { Ok(0) })
    }
}

/// The cookies that a response sets, as pairs of a name and a value.
type Cookies = Vec<(String, String)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    value: Option<String>,
    cookies: Option<Vec<(String, String)>>,
    record: Option<String>,
    session: Option<Session>,
    refused: Option<String>,
}

/// A generator whose numbers are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn size(&mut self, end: usize) -> usize {
        usize::try_from(self.below(u64::try_from(end).unwrap())).unwrap()
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.size(list.len())]
    }

    fn pick_char(&mut self, chars: &str) -> char {
        chars.chars().nth(self.size(chars.chars().count())).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn hex(&mut self, bytes: usize) -> String {
        hex::encode((0..bytes).map(|_| self.byte()).collect::<Vec<_>>())
    }

    /// A text of at most `bytes` bytes out of `SCRIPTS`.
    fn text(&mut self, bytes: usize) -> String {
        let mut text: String = (0..self.size(16)).map(|_| self.pick_char(SCRIPTS)).collect();
        while text.len() > bytes {
            text.pop();
        }
        text
    }

    /// A key that `pairs` do not have yet.
    fn key(&mut self, pairs: &[(String, String)]) -> String {
        let awkward = ["__proto__", "constructor", "10", "2", "-1", "", "length", "user_id", "\u{feff}a"];
        loop {
            let key = match self.below(10) {
                0..3 => self.pick(&awkward).to_owned(),
                3 => "k".repeat(1 + self.size(127)),
                _ => self.text(127),
            };
            if !key.is_empty() && pairs.iter().all(|(other, _)| *other != key) {
                return key;
            }
        }
    }

    /// A random JSON text without white space around it.
    fn json(&mut self, depth: u8) -> String {
        match self.below(if depth == 0 { 3 } else { 5 }) {
            0 => self.pick(&JSON.split('|').collect::<Vec<_>>()).to_owned(),
            1 => self.next().to_string(),
            2 => serde_json::to_string(&self.text(60)).unwrap(),
            3 => {
                let items: Vec<_> = (0..self.size(4)).map(|_| self.json(depth - 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let field = |random: &mut Self| {
                    format!("{}:{}", serde_json::to_string(&random.text(20)).unwrap(), random.json(depth - 1))
                };
                let fields: Vec<_> = (0..self.size(4)).map(|_| field(self)).collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }

    fn pairs(&mut self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for _ in 0..self.size(6) {
            let key = self.key(&pairs);
            let json = self.json(3);
            pairs.push((key, json));
        }
        pairs
    }

    /// A random deployment, and a session that is good there.
    fn good(&mut self) -> (Deployment, Session) {
        let created_at = if self.one_in(20) { 0 } else { self.below((1 << 40) - (1 << 30)) };
        let issued_at = created_at + self.below(1 << 28);
        let expires_at = if self.one_in(20) { (1 << 40) - 1 } else { issued_at + 1 + self.below(1 << 28) };
        let clock_skew = self.below(1000);
        let now = match self.below(4) {
            0 => issued_at.saturating_sub(clock_skew),
            1 => issued_at,
            2 => expires_at - 1,
            _ => issued_at + self.below(expires_at - issued_at),
        };
        let absolute_timeout = now.saturating_sub(created_at) + 1 + self.below(2);
        let mut name = self.pick(&["", "", "__Host-", "__Secure-"]).to_owned();
        let longest = self.pick(&[40, 40, 40, 240]);
        name.extend((0..=self.size(longest)).map(|_| self.pick_char(TOKEN)));
        let audience = if self.one_in(50) { self.text(40).repeat(1000) } else { self.text(40) };
        let deployment = Deployment {
            keys: (0..=self.size(3)).map(|_| self.hex(32)).collect(),
            name,
            audience,
            padding: if self.one_in(2) { 32 } else { 1 + self.size(1024) },
            now,
            clock_skew,
            absolute_timeout,
            not_before: self.pick(&[0, created_at]),
        };
        let session = Session {
            id: self.hex(16),
            persistent: self.one_in(2),
            schema: self.byte(),
            created_at,
            issued_at,
            expires_at,
            data: self.pairs(),
            flash: self.pairs(),
        };
        (deployment, session)
    }

    /// A copy of the value with a small change.
    fn changed(&mut self, value: &str) -> String {
        let mut chars: Vec<char> = value.chars().collect();
        let place = if self.one_in(2) { self.size(chars.len()) } else { self.size(9) };
        let letter = self.pick_char("AABQg9-_+/=~ \0\né\u{2028}🔑");
        match self.below(5) {
            0 => chars.insert(place, letter),
            1 => drop(chars.remove(place)),
            2 => chars.truncate(self.size(chars.len())),
            3 => chars.extend(iter::repeat_n(letter, 1 + self.size(4))),
            _ => chars[place] = letter,
        }
        chars.into_iter().collect()
    }

    /// A plaintext that may be a session. It has small numbers, so that each possible fault of a plaintext is frequent.
    fn plaintext(&mut self) -> Vec<u8> {
        let mut plaintext = vec![u8::from(self.one_in(2)), 0];
        if self.one_in(10) {
            plaintext[0] = self.byte();
        }
        plaintext.extend_from_slice(&[9; 16]);
        let mut times = [self.below(9), self.below(9), self.below(9)];
        if !self.one_in(10) {
            times.sort_unstable();
        }
        plaintext.extend(times.iter().flat_map(|time| time.to_be_bytes().into_iter().skip(3)));
        for _ in 0..self.size(4) {
            let keys = [&b"a"[..], b"b", b"ab", b"\xc3\xa9", b"\xef\xbb\xbf", b"\0", b"k\0", b"\xff"];
            let values = [&b"1"[..], b"", b" 1 ", b"not JSON", b"\xef\xbb\xbf1", b"\0", b"\xe9", b"\xed\xa0\x80"];
            let (keys, values) = if self.one_in(8) { (&keys[..], &values[..]) } else { (&keys[..7], &values[..6]) };
            let (key, value) = (self.pick(keys), self.pick(values));
            plaintext.push(u8::try_from(key.len()).unwrap() | self.pick(&[0, 0x80]));
            plaintext.extend_from_slice(key);
            plaintext.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
            plaintext.extend_from_slice(value);
        }
        match self.below(12) {
            0 => plaintext.truncate(self.size(plaintext.len() + 1)),
            1 => plaintext.extend_from_slice(&[0, self.pick(&[0, 1, 0x80])]),
            2 => plaintext.push(self.pick(&[0x80, 1, 0x7f, 0xff])),
            _ => plaintext.resize(plaintext.len() + self.size(40), 0),
        }
        plaintext
    }
}

/// Characters of several scripts, of one to four bytes, and those over which JSON, line readers and decoders stumble.
const SCRIPTS: &str = "aZ7_ \"\\/\0\n\r\u{7f}\u{85}é\u{301}ключمفتاحक鍵キー키🔑👩\u{200d}💻\
                       \u{2028}\u{2029}\u{feff}\u{fffd}\u{ffff}\u{10ffff}";

/// JSON texts. Some of them would change if a parser read them and a writer wrote them again.
const JSON: &str = r#"[null]|true|0|-0|0.1|1.50E+2|1e400|12345678901234567890123|""|"\u00e9\ud83d\ude00\/"|[ ]|{ "a" : 1 }|{"a":1,"a":2}"#;

const TOKEN: &str = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+-.^_`|~";

#[derive(Deserialize)]
struct Vectors {
    key: String,
    nonce: String,
    session_id: String,
    clock_skew: u64,
    absolute_timeout: u64,
    accepted: Vec<Vector>,
    refused: Vec<Vector>,
    /// Sessions with entries that the crate shows to no application.
    reserved: Vec<Vector>,
    two_cookies: Both,
    records: Both,
}

#[derive(Deserialize)]
struct Both {
    accepted: Vec<Vector>,
    refused: Vec<Vector>,
    /// Sessions with a tombstone in the place of their record.
    #[serde(default)]
    ended: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    reason: Option<String>,
    cookie_name: String,
    audience: String,
    now: u64,
    #[serde(default)]
    value: String,
    #[serde(default)]
    cookies: Cookies,
    #[serde(default)]
    record: String,
    #[serde(default)]
    cookie: String,
    fill: Option<Fill>,
    #[serde(default)]
    length: usize,
    #[serde(default)]
    tag: String,
    padding_block: Option<usize>,
    flags: Option<u8>,
    #[serde(flatten)]
    rest: Value,
}

/// The vectors say only the length of a value that is too long to write down. It consists of so many `x`.
#[derive(Deserialize)]
struct Fill {
    key: String,
    count: usize,
}

impl Vectors {
    fn read() -> Self {
        serde_json::from_str(include_str!("vectors/v1.json")).unwrap()
    }

    fn deployment(&self, vector: &Vector) -> Deployment {
        Deployment {
            keys: vec![self.key.clone()],
            name: vector.cookie_name.clone(),
            audience: vector.audience.clone(),
            padding: vector.padding_block.unwrap_or(32),
            now: vector.now,
            clock_skew: self.clock_skew,
            absolute_timeout: self.absolute_timeout,
            not_before: 0,
        }
    }

    fn session(&self, vector: &Vector) -> Session {
        let mut session = vector.rest.clone();
        session["id"] = self.session_id.clone().into();
        session["persistent"] = (vector.flags == Some(1)).into();
        let mut session: Session = serde_json::from_value(session).unwrap();
        session
            .data
            .extend(vector.fill.iter().map(|fill| (fill.key.clone(), format!("\"{}\"", "x".repeat(fill.count)))));
        session
    }
}

#[test]
fn every_accepted_vector_opens_to_its_session_and_seals_to_its_value_in_every_language() {
    let vectors = Vectors::read();
    assert!(vectors.accepted.len() >= 40 && vectors.reserved.len() >= 4);
    for mut peer in peers() {
        for vector in vectors.accepted.iter().chain(&vectors.reserved) {
            let (deployment, session) = (vectors.deployment(vector), vectors.session(vector));
            let sealed = peer.encode(&session, &deployment, Some(&vectors.nonce));
            assert_eq!(peer.decode(&vector.value, &deployment), Ok(session), "{}: {}", peer.language, vector.name);
            assert_eq!(sealed.as_ref(), Ok(&vector.value), "{}: {}", peer.language, vector.name);
        }
    }
}

#[test]
fn every_refused_vector_is_refused_for_its_reason_in_every_language() {
    let vectors = Vectors::read();
    assert!(vectors.refused.len() >= 20);
    for mut peer in peers() {
        for vector in &vectors.refused {
            let refused = peer.decode(&vector.value, &vectors.deployment(vector));
            assert_eq!(refused.err(), vector.reason, "{}: {}", peer.language, vector.name);
        }
    }
}

#[test]
fn every_vector_of_two_cookies_is_taken_or_refused_as_it_says_in_every_language() {
    let vectors = Vectors::read();
    let Both { accepted, refused, .. } = &vectors.two_cookies;
    assert!(accepted.len() >= 12 && refused.len() >= 20);
    for mut peer in peers() {
        for vector in accepted {
            let opened = peer.decode_cookies(&vector.cookies, &vectors.deployment(vector));
            assert_eq!(opened, Ok(Some(vectors.session(vector))), "{}: {}", peer.language, vector.name);
        }
        for vector in refused {
            let opened = peer.decode_cookies(&vector.cookies, &vectors.deployment(vector));
            assert_eq!(opened.err(), vector.reason, "{}: {}", peer.language, vector.name);
        }
    }
}

#[test]
fn every_vector_of_a_record_is_taken_or_refused_as_it_says_in_every_language() {
    let vectors = Vectors::read();
    let Both { accepted, refused, ended } = &vectors.records;
    assert!(accepted.len() >= 13 && refused.len() >= 26 && ended.len() >= 3);
    for mut peer in peers() {
        for vector in accepted {
            let (deployment, session) = (vectors.deployment(vector), vectors.session(vector));
            let mut sealed = session.clone();
            if let Some(other) = vector.rest["sealed"].as_object() {
                let number = |field: &str| other[field].as_u64().unwrap();
                sealed.persistent = number("flags") == 1;
                [sealed.created_at, sealed.issued_at, sealed.expires_at] =
                    ["created_at", "issued_at", "expires_at"].map(number);
            }
            let Halves { record, .. } = peer.encode_record(&sealed, &deployment, Some(&vectors.nonce)).unwrap();
            if vector.fill.is_some() {
                assert_eq!(record.len(), vector.length, "{}: {}", peer.language, vector.name);
                assert!(hex::encode(&record).ends_with(&vector.tag), "{}: {}", peer.language, vector.name);
            } else {
                assert_eq!(URL_SAFE_NO_PAD.encode(&record), vector.record, "{}: {}", peer.language, vector.name);
            }
            let opened = peer.decode_record(&Halves { cookie: vector.cookie.clone(), record }, &deployment);
            assert_eq!(opened, Ok(session), "{}: {}", peer.language, vector.name);
        }
        for vector in refused.iter().chain(ended) {
            let record = URL_SAFE_NO_PAD.decode(&vector.record).unwrap();
            let halves = Halves { cookie: vector.cookie.clone(), record };
            let opened = peer.decode_record(&halves, &vectors.deployment(vector));
            assert_eq!(opened.err(), vector.reason, "{}: {}", peer.language, vector.name);
        }
    }
}

#[test]
fn what_the_crate_or_a_language_stores_is_read_by_the_others_for_its_own_session_only() {
    let mut random = Random(8);
    for round in 0..200 {
        let (deployment, mut session) = random.good();
        let reader = deployment.reader();
        session.data.push(("long".to_owned(), format!("\"{}\"", "x".repeat(random.size(20_000)))));
        let (by_crate, stored) = deployment.encode_record(&session);
        let new = Deployment { not_before: 0, ..reader.clone() };
        for mut peer in peers() {
            let what = format!("{} {round}: {reader:?}", peer.language);
            assert_eq!(peer.decode_record(&by_crate, &new).as_ref(), Ok(&stored), "{what}");
            let by_peer = peer.encode_record(&session, &deployment, None).unwrap();
            assert_eq!(reader.decode_record(&by_peer, session.schema).as_ref(), Ok(&session), "{what}");
            let mixed = Halves { record: by_crate.record.clone(), ..by_peer };
            assert_eq!(peer.decode_record(&mixed, &reader), Err("not_authentic".to_owned()), "{what}");
            assert_eq!(reader.decode_record(&mixed, session.schema), Err("not_stored".to_owned()), "{what}");
        }
    }
}

#[test]
fn two_cookies_that_the_crate_or_a_language_sets_open_in_the_others() {
    let mut random = Random(7);
    let mut in_two = 0;
    for round in 0..100 {
        let (deployment, mut session) = random.good();
        let deployment = Deployment { name: deployment.name.chars().take(40).collect(), ..deployment };
        session.data.push(("long".to_owned(), format!("\"{}\"", "x".repeat(random.size(5000)))));
        let reader = deployment.reader();
        let by_crate = deployment.encode_cookies(&session);
        for mut peer in peers() {
            let what = format!("{} {round}: {reader:?}", peer.language);
            if let Some(cookies) = &by_crate {
                in_two += usize::from(cookies.len() == 2);
                // The session of the crate began when it was sealed, so its times differ and only the values are
                // compared.
                let opened = peer.decode_cookies(cookies, &reader).map(|session| session.unwrap().data);
                assert_eq!(opened.as_ref(), Ok(&session.data), "{what}");
            }
            if let Ok(cookies) = peer.encode_cookies(&session, &deployment) {
                assert_eq!(reader.decode_cookies(&cookies, session.schema), Ok(Some(session.clone())), "{what}");
            }
        }
    }
    assert!(in_two > 20 || peers().count() == 0, "{in_two}");
}

#[test]
fn what_the_crate_seals_opens_to_the_same_session_in_every_language() {
    let mut random = Random(1);
    for round in 0..ROUNDS {
        let (deployment, session) = random.good();
        let data = session.to_data();
        assert_eq!(Session::of(&data), session, "the crate keeps each JSON text as it is");
        let value = deployment.codec(session.schema).encode(&data).unwrap();
        let reader = deployment.reader();
        for mut peer in peers() {
            let opened = peer.decode(&value, &reader);
            assert_eq!(opened.as_ref(), Ok(&session), "{} {round}: {value} {reader:?}", peer.language);
        }
    }
}

#[test]
fn what_every_language_seals_opens_to_the_same_session_in_the_crate() {
    let mut random = Random(2);
    for round in 0..ROUNDS {
        let (deployment, session) = random.good();
        let reader = deployment.reader();
        for mut peer in peers() {
            let value = peer.encode(&session, &deployment, None).unwrap();
            let opened = reader.decode(&value, session.schema);
            assert_eq!(opened.as_ref(), Ok(&session), "{} {round}: {value} {reader:?}", peer.language);
        }
    }
}

#[test]
fn two_values_of_one_session_differ_in_every_language() {
    let (deployment, session) = Random(3).good();
    for mut peer in peers() {
        let nonces = [(); 2].map(|()| peer.encode(&session, &deployment, None).unwrap()[8..38].to_owned());
        assert_ne!(nonces[0], nonces[1], "{}", peer.language);
    }
}

#[test]
fn no_language_writes_what_it_could_not_read() {
    let vectors = Vectors::read();
    // The session has neither padding nor entries, so that a byte less is a byte too few.
    let (deployment, good) = (vectors.deployment(&vectors.accepted[1]), vectors.session(&vectors.accepted[1]));
    let good = Session { created_at: 5, issued_at: 6, expires_at: 7, ..good };
    let entry = |key: &str| vec![(key.to_owned(), "1".to_owned())];
    for mut peer in peers() {
        for bad in [
            Session { issued_at: good.created_at - 1, ..good.clone() },
            Session { expires_at: good.issued_at - 1, ..good.clone() },
            Session { id: "a0".repeat(15), ..good.clone() },
            Session { data: entry(""), ..good.clone() },
            Session { data: entry(&"k".repeat(128)), ..good.clone() },
            Session { flash: entry(&"é".repeat(64)), ..good.clone() },
        ] {
            let refused = peer.encode(&bad, &deployment, None);
            assert_eq!(refused, Err("malformed".to_owned()), "{}: {bad:?}", peer.language);
        }
    }
}

#[test]
fn the_longest_session_that_fits_is_the_same_in_every_language() {
    let mut random = Random(4);
    for (name_len, padding) in [(16, 1), (17, 1), (18, 1), (19, 1), (16, 31), (16, 32), (16, 1024)] {
        let deployment = Deployment { name: "n".repeat(name_len), padding, now: 0, ..random.good().0 };
        let with_value = |length: usize| Session {
            id: "a0".repeat(16),
            expires_at: 1,
            data: vec![("k".to_owned(), format!("\"{}\"", "x".repeat(length)))],
            ..Session::default()
        };
        let seal = |length: usize| deployment.codec(0).encode(&with_value(length).to_data());
        let lengths: Vec<usize> = (0..4096).collect();
        let too_long = lengths.partition_point(|length| seal(*length).is_ok());
        for mut peer in peers() {
            let opened = peer.decode(&seal(too_long - 1).unwrap(), &Deployment { not_before: 0, ..deployment.clone() });
            assert_eq!(opened, Ok(with_value(too_long - 1)), "{} {name_len} {padding}", peer.language);
            let sealed = peer.encode(&with_value(too_long - 1), &deployment, None);
            assert!(sealed.is_ok(), "{} {name_len} {padding}", peer.language);
            let refused = peer.encode(&with_value(too_long), &deployment, None);
            assert_eq!(refused, Err("too_long".to_owned()), "{} {name_len} {padding}", peer.language);
        }
    }
}

#[test]
fn a_value_with_more_than_one_fault_is_refused_for_the_same_reason_in_every_language() {
    let vectors = Vectors::read();
    let deployment = vectors.deployment(&vectors.accepted[1]);
    let limit = 4096 - deployment.name.len();
    for (value, reason) in [
        ("A".repeat(103), "malformed"),
        ("A".repeat(104), "unsupported_version"),
        (format!("AAAAAAAA{}", "=".repeat(96)), "malformed"),
        (format!("AfV8ds9A{}=", "A".repeat(96)), "malformed"),
        (format!("AfV8ds9A{}B", "A".repeat(97)), "malformed"),
        (format!("AfV8ds9A{}", "A".repeat(96)), "unknown_key"),
        (format!("AfV8ds5A{}", "=".repeat(96)), "malformed"),
        (format!("AfV8ds5A{}", "A".repeat(limit - 8)), "not_authentic"),
        (format!("AfV8ds5A{}", "A".repeat(limit - 7)), "too_long"),
        ("é".repeat(limit / 2), "malformed"),
        ("é".repeat(limit / 2 + 1), "too_long"),
        (format!("AAAAAAAA{}", "é".repeat(48)), "malformed"),
    ] {
        assert_eq!(deployment.decode(&value, 0), Err(reason.to_owned()), "{value:.20}");
        for mut peer in peers() {
            assert_eq!(peer.decode(&value, &deployment), Err(reason.to_owned()), "{}: {value:.20}", peer.language);
        }
    }
}

#[test]
fn a_changed_value_is_refused_for_the_same_reason_in_every_language() {
    let mut random = Random(5);
    let (deployment, session) = random.good();
    let value = deployment.codec(session.schema).encode(&session.to_data()).unwrap();
    for _ in 0..ROUNDS {
        let changed = random.changed(&value);
        let expected = deployment.decode(&changed, session.schema);
        for mut peer in peers() {
            assert_eq!(peer.decode(&changed, &deployment), expected, "{}: {changed:?}", peer.language);
        }
    }
}

#[test]
fn an_authentic_plaintext_is_taken_or_refused_for_the_same_reason_in_every_language() {
    let mut random = Random(6);
    let (deployment, _) = random.good();
    let (mut taken, mut reasons) = (0, BTreeSet::new());
    for _ in 0..ROUNDS {
        let deployment = Deployment {
            now: random.below(8),
            clock_skew: random.below(6),
            absolute_timeout: 1 + random.below(20),
            not_before: random.below(2),
            ..deployment.clone()
        };
        let plaintext = random.plaintext();
        let value = foreign::seal(&deployment.keys[0], &deployment.name, &deployment.audience, &plaintext);
        let expected = deployment.decode(&value, 0);
        for mut peer in peers() {
            let found = peer.decode(&value, &deployment);
            assert_eq!(found, expected, "{}: {plaintext:02x?} {deployment:?}", peer.language);
        }
        match expected {
            Ok(_) => taken += 1,
            Err(reason) => drop(reasons.insert(reason)),
        }
    }
    assert!(taken >= ROUNDS / 5, "{taken}");
    let all = ["before_cutoff", "expired_absolute", "expired_idle", "malformed", "not_yet_valid"];
    assert!(reasons.iter().eq(&all), "{reasons:?}");
}
