//! Checks that any environment gives either a report that shows no value, or settings that build. Those settings must
//! make a cookie that browsers read as it was meant: printable ASCII, with the attributes that were asked for and no
//! other, each once.
//!
//! Every value that is not good carries a mark, which stands in no name and in no message.
#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sealed_session::{ConfigError, EnvReader, ProblemKind, SessionConfig, Status};
use sealed_session_fuzz::{FIRST_KEY, NOW, SECOND_KEY, THIRD_KEY, at, run};

#[derive(Arbitrary, Debug)]
struct Input {
    prefix: Prefix,
    /// True when a good key is set, so that the other variables decide the result.
    key: bool,
    vars: Vec<Var>,
}

#[derive(Arbitrary, Debug)]
enum Prefix {
    Usual,
    Other,
    None,
    Any(String),
}

#[derive(Arbitrary, Debug)]
struct Var {
    variable: u8,
    prefixed: bool,
    edit: Edit,
    value: Value,
}

/// A change of a variable's name. Most inputs leave the name as it is.
#[derive(Arbitrary, Debug)]
enum Edit {
    None,
    Same,
    Drop(u8),
    Insert(u8, char),
    Replace(u8, char),
    Cut(u8),
    Append(char),
    Lower,
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Value {
    /// A value that the variable takes.
    Good(u8),
    /// A value that another variable takes.
    Other(u8, u8),
    Number(u64),
    /// Text with the mark in one place. `Spread` has the mark behind every character.
    Marked(String, u8),
    Spread(String),
    /// A good value, spoiled by the mark.
    Spoiled(u8, u8),
    Bytes(Vec<u8>),
    Empty,
}

const MARK: &str = "qzj9";

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/files");

/// Every variable, with values that it takes, and with some keys that it refuses.
const VARIABLES: [(&str, &[&str]); 26] = [
    ("SESSION_BACKEND", &["cookie", " Cookie ", "in_memory", "file", "sqlite", "redis"]),
    ("SESSION_TTL_SECONDS", &["60", "1", "7200", "1099511627775"]),
    ("SESSION_COOKIE_NAME", &["sid", "__Host-sid", "__host-http-x", "__Secure-s", "!#$%&'*+-.^_`|~", "__HTTP-a"]),
    ("SESSION_COOKIE_PATH", &["/", "/app", "/a b=c, \"d\""]),
    ("SESSION_COOKIE_DOMAIN", &["example.com", ".example.com", "localhost", "com", "", "..", ".a-b."]),
    ("SESSION_COOKIE_SECURE", &["true", "0", "No", "on"]),
    ("SESSION_COOKIE_HTTP_ONLY", &["yes", "false", "OFF"]),
    ("SESSION_COOKIE_SAME_SITE", &["strict", "Lax", "NONE"]),
    ("SESSION_ENCRYPTION_KEY", &[FIRST_KEY, REPEATED_KEY, README_KEY]),
    ("SESSION_ENCRYPTION_KEY_FILE", &["key", "keys", "garbage", "none", ""]),
    ("SESSION_ALLOW_INSECURE_KEY", &["true", "false"]),
    ("SESSION_PREVIOUS_KEYS", &[SECOND_KEY, FIRST_KEY, TWO_KEYS, ""]),
    ("SESSION_PREVIOUS_KEYS_FILE", &["keys", "key", "garbage", "none", ""]),
    ("SESSION_ABSOLUTE_TIMEOUT_SECONDS", &["86400", "1", "1099511627775"]),
    ("SESSION_EXTEND_AFTER_SECONDS", &["0", "30", "86399"]),
    ("SESSION_NOT_BEFORE", &["2023-11-14T22:13:20Z", "2023-11-14T23:59:59.5+01:00", "9999-12-31T23:59:59Z"]),
    ("SESSION_AUDIENCE", &["shop", "", "é"]),
    ("SESSION_STORE_CA_FILE", &["key", "garbage", "none", ""]),
    ("SESSION_STORE_CERT_FILE", &["key", "garbage", "none", ""]),
    ("SESSION_STORE_KEY_FILE", &["key", "garbage", "none", ""]),
    ("SESSION_STORE_REPLICAS", &["0", "1", "4294967296"]),
    ("SESSION_STORE_URL", &["redis://127.0.0.1", "file:///nowhere/at/all", "/nowhere/at/all"]),
    ("SESSION_REVOCATIONS", &["none", "in_memory", " None ", "sqlite", "redis"]),
    ("SESSION_REVOCATIONS_URL", &["redis://127.0.0.1", "/nowhere/at/all"]),
    ("SESSION_SUBJECT", &["user_id", "a"]),
    ("SESSION_FORMER_COOKIES", &["sid", "sid=; Path=/app; Domain=example.com, __Host-b; Partitioned", "a; x", ";,="]),
];
const REPEATED_KEY: &str = "abababababababababababababababababababababababababababababababab";
const README_KEY: &str = "5ea1ed5e5510ca11ab1efacade0ff1ce5ea1ed5e5510ca11ab1efacade0ff1ce";
const TWO_KEYS: &str = "2b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfe, \
                        603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

impl Prefix {
    fn text(&self) -> String {
        match self {
            Self::Usual => "TIDEWAY_".to_owned(),
            Self::Other => "SHOP_".to_owned(),
            Self::None => String::new(),
            Self::Any(text) => text.replace(MARK, "_"),
        }
    }
}

/// Picks a place in a text at which a character begins.
fn place(text: &str, number: u8) -> usize {
    let places: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    places.get(usize::from(number) % places.len().max(1)).copied().unwrap_or(0)
}

impl Var {
    fn pool(&self) -> (&'static str, &'static [&'static str]) {
        VARIABLES[usize::from(self.variable) % VARIABLES.len()]
    }

    fn name(&self, prefix: &str) -> OsString {
        let prefix = if self.prefixed { prefix } else { "" };
        let mut name = format!("{prefix}{}", self.pool().0);
        match &self.edit {
            Edit::None | Edit::Same => (),
            Edit::Drop(number) => drop(name.remove(place(&name, *number))),
            Edit::Insert(number, character) => name.insert(place(&name, *number), *character),
            Edit::Replace(number, character) => {
                let start = place(&name, *number);
                name.remove(start);
                name.insert(start, *character);
            }
            Edit::Cut(number) => name.truncate(place(&name, *number)),
            Edit::Append(character) => name.push(*character),
            Edit::Lower => name.make_ascii_lowercase(),
            Edit::Bytes(bytes) => match String::from_utf8([name.as_bytes(), bytes].concat()) {
                Ok(text) => name = text,
                Err(error) => return OsString::from_vec(error.into_bytes()),
            },
        }
        name.replace(MARK, "_").into()
    }

    fn value(&self, is_file: bool) -> OsString {
        let good = |pool: &[&str], number: u8| pool[usize::from(number) % pool.len()].to_owned();
        let marked = |mut text: String, number: u8| {
            text.insert_str(place(&text, number), MARK);
            text
        };
        let text = match &self.value {
            Value::Good(number) => good(self.pool().1, *number),
            Value::Other(variable, number) => good(VARIABLES[usize::from(*variable) % VARIABLES.len()].1, *number),
            Value::Number(number) => number.to_string(),
            Value::Marked(text, number) => marked(text.clone(), *number),
            Value::Spread(text) => {
                text.chars().flat_map(|character| [character.to_string(), MARK.to_owned()]).collect()
            }
            Value::Spoiled(choice, number) => marked(good(self.pool().1, *choice), *number),
            Value::Bytes(bytes) if !is_file => return OsString::from_vec([MARK.as_bytes(), bytes].concat()),
            Value::Bytes(_) | Value::Empty => String::new(),
        };
        // A path never leads out of `FILES`, since another file of this machine may be a device without an end.
        if is_file && !text.is_empty() { format!("{FILES}/{}", text.replace(['/', '.'], "_")) } else { text }.into()
    }
}

/// Returns the parts of a value that a report must not show: the whole value, and the start of each key in it. Short
/// values have none, since a report may hold a short text for another reason.
fn secrets(value: &str) -> Vec<&str> {
    let starts = value.split(',').filter_map(|part| part.trim().get(..8)).filter(|_| value.len() > 20);
    starts.chain((value.len() > 15).then_some(value.trim())).collect()
}

/// An example that a report shows on its own.
const EXAMPLE: &str = "sid; Path=/app; Domain=example.com";

fn check_shows_no_value(text: &str, prefix: &str, vars: &[(OsString, OsString)]) {
    assert!(!text.contains(MARK), "{text}");
    // A value may consist of pieces of the names, which every report shows, with escapes.
    let names = VARIABLES.iter().map(|(name, _)| format!("{prefix}{name}"));
    let names = names.chain(vars.iter().map(|(name, _)| name.to_string_lossy().into_owned()));
    let names: Vec<String> = names.flat_map(|name| [name.escape_debug().to_string(), name]).collect();
    let in_a_name = |secret: &str| names.iter().any(|name| name.contains(secret)) || EXAMPLE.contains(secret);
    let values = vars.iter().map(|(_, value)| value.to_string_lossy());
    // The three keys stand in the files.
    for value in values.chain([FIRST_KEY, SECOND_KEY, THIRD_KEY].map(Into::into)) {
        for secret in secrets(&value) {
            assert!(!text.contains(secret) || in_a_name(secret), "{secret:?} in {text}");
        }
    }
}

fn check_report(error: &ConfigError, prefix: &str, vars: &[(OsString, OsString)]) {
    // The path of a file that can't be read is shown on purpose.
    let shown = error.problems().iter().fold(format!("{error} {error:?}"), |shown, problem| match problem.kind() {
        ProblemKind::File { path: Some(path), .. } => {
            // The message has a backslash of Windows as it is, and `Debug` doubles it.
            let doubled = path.escape_debug().to_string();
            shown.replace(&doubled, "").replace(&doubled.replace(r"\\", r"\"), "")
        }
        _ => shown,
    });
    check_shows_no_value(&shown, prefix, vars);
    let problems = error.problems();
    assert!(!problems.is_empty());
    for problem in problems {
        // A setting has one problem, but a list of keys may have one for each key.
        let is_key = matches!(problem.kind(), ProblemKind::PreviousKey { .. });
        let same = problems.iter().filter(|other| other.setting() == problem.setting()).count();
        assert!(is_key || same == 1, "{error}");
        let is_set = vars.iter().any(|(name, _)| name == problem.setting());
        match problem.kind() {
            ProblemKind::Missing { .. } => {
                let is_required =
                    ["ENCRYPTION_KEY", "STORE_URL", "REVOCATIONS_URL", "STORE_CERT_FILE", "STORE_KEY_FILE"]
                        .iter()
                        .any(|name| problem.setting().ends_with(name));
                // An empty variable is not set.
                let is_empty = |(name, value): &(OsString, OsString)| {
                    name == problem.setting() && value.to_str().is_some_and(|text| text.trim().is_empty())
                };
                assert!((!is_set || vars.iter().any(is_empty)) && is_required, "{error}");
            }
            ProblemKind::UnknownVariable { nearest } => {
                let is_known = |nearest: &String| VARIABLES.iter().any(|(name, _)| nearest.ends_with(name));
                assert!(is_set && nearest.as_ref().is_none_or(is_known));
            }
            // A variable need not be set: its default may break a rule between two settings, and the rule be reported
            // under it.
            ProblemKind::Conflict { .. } | ProblemKind::Invalid { .. } => {
                assert!(VARIABLES.iter().any(|(name, _)| problem.setting().ends_with(name)));
            }
            _ => assert!(is_set || problem.setting().contains("KEY"), "{error}"),
        }
    }
}

/// Returns the value of an attribute, and checks that the line has it at most once.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut found = line.split(';').skip(1).filter_map(|part| {
        let part = part.strip_prefix(' ').expect("a space");
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key == name).then_some(value)
    });
    let value = found.next();
    assert_eq!(found.next(), None, "{line}");
    value
}

fn check_line(line: &str, cookie_name: &str, vars: &[(OsString, OsString)]) {
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
    assert!(line.len() <= 3500);
    assert!(line.starts_with(&format!("{cookie_name}=")));
    for part in line.split(';').skip(1) {
        let key = part.split('=').next().unwrap_or_default();
        let known = [" HttpOnly", " SameSite", " Secure", " Path", " Domain", " Max-Age", " Expires"];
        assert!(known.contains(&key), "{line}");
    }
    let names = |name: &str| vars.iter().any(|(known, _)| known.to_str().is_some_and(|known| known.ends_with(name)));
    let secure = attribute(line, "Secure").is_some();
    let http_only = attribute(line, "HttpOnly").is_some();
    assert!(secure || names("SESSION_COOKIE_SECURE"), "{line}");
    assert!(http_only || names("SESSION_COOKIE_HTTP_ONLY"), "{line}");
    assert!(matches!(attribute(line, "SameSite"), Some("Strict" | "Lax" | "None")), "{line}");
    assert!(secure || attribute(line, "SameSite") != Some("None"), "{line}");
    assert!(attribute(line, "Path").is_some_and(|path| path.starts_with('/')), "{line}");
    assert!(attribute(line, "Domain").is_none_or(|domain| !domain.is_empty()), "{line}");

    let lower = cookie_name.to_ascii_lowercase();
    let is_host = lower.starts_with("__host-");
    assert!(!is_host || attribute(line, "Path") == Some("/") && attribute(line, "Domain").is_none(), "{line}");
    assert!(secure || !is_host && !lower.starts_with("__secure-") && !lower.starts_with("__http-"), "{line}");
    assert!(http_only || !lower.starts_with("__http-") && !lower.starts_with("__host-http-"), "{line}");
}

fn check_settings(config: SessionConfig, vars: &[(OsString, OsString)]) {
    // Only the end of the name counts, since a prefix may be any text.
    let is_for_a_key = |name: &OsString| {
        ["_KEY", "_KEYS", "_KEY_FILE", "_KEYS_FILE"].iter().any(|end| name.to_string_lossy().ends_with(end))
    };
    let shown = format!("{config:?}");
    for key in [FIRST_KEY, SECOND_KEY, THIRD_KEY] {
        // The input may have put a key into a variable that is not for keys, such as the cookie's name, which may be
        // shown.
        let start = &key[..8];
        let is_public = vars.iter().any(|(name, value)| !is_for_a_key(name) && value.to_string_lossy().contains(start));
        assert!(is_public || !shown.contains(start), "{shown}");
    }
    let allows = vars.iter().any(|(name, _)| name.to_string_lossy().ends_with("SESSION_ALLOW_INSECURE_KEY"));
    assert!(allows || !config.has_insecure_key());

    let manager = config.clock(|| at(NOW)).build().expect("every rule is checked at reading");
    let name = manager.codec().cookie_name();
    let commit = |session: &sealed_session::Session| -> String {
        let mut lines: Vec<String> = run(manager.commit_async(session)).expect("small").into_iter().collect();
        let line = lines.pop().expect("something to send");
        // The other forms of the cookie are deleted before the cookie itself is set or deleted.
        assert!(lines.iter().all(|other| attribute(other, "Max-Age") == Some("0")), "{lines:?}");
        line
    };
    let session = run(manager.load_async(None::<&str>)).expect("in this process");
    session.set("a", 1).expect("a good value");
    let line = commit(&session);
    check_line(&line, name, vars);
    let cookie = line.split(';').next().unwrap_or_default();
    let loaded = run(manager.load_async([cookie])).expect("in this process");
    match loaded.status() {
        Status::Loaded => assert_eq!((loaded.get("a"), loaded.id()), (Ok(Some(1)), session.id())),
        Status::Rejected(reason) => {
            assert_eq!(reason.as_str(), "before_cutoff");
            assert!(vars.iter().any(|(name, _)| name.to_string_lossy().ends_with("SESSION_NOT_BEFORE")));
        }
        status => panic!("{status:?}"),
    }
    loaded.destroy();
    let deletion = commit(&loaded);
    check_line(&deletion, name, vars);
    for attribute_name in ["Path", "Domain", "Secure", "SameSite", "HttpOnly"] {
        assert_eq!(attribute(&deletion, attribute_name), attribute(&line, attribute_name));
    }
    assert_eq!(attribute(&deletion, "Max-Age"), Some("0"));
}

fuzz_target!(|input: Input| {
    let prefix = input.prefix.text();
    let mut vars: Vec<(OsString, OsString)> = Vec::new();
    if input.key {
        vars.push((format!("{prefix}SESSION_ENCRYPTION_KEY").into(), FIRST_KEY.into()));
    }
    for var in &input.vars {
        let name = var.name(&prefix);
        let value = var.value(name.to_string_lossy().ends_with("_FILE"));
        vars.push((name, value));
    }
    let reader = EnvReader::new(&*prefix);
    for reader in [reader.clone(), reader.or_bare()] {
        match reader.read_vars(vars.iter().cloned()) {
            Ok(config) => check_settings(config, &vars),
            Err(error) => check_report(&error, &prefix, &vars),
        }
    }
});
