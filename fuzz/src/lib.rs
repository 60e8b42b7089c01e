//! Holds what the targets share: keys, times, a second reader of plaintexts and of base64url, and JSON values to store.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use arbitrary::Arbitrary;
use data_encoding::BASE64URL_NOPAD;
use sealed_session::{DecodeError, Key, KeyRing, UnixTime, ValueError};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name that the default configuration gives to the cookie.
pub const NAME: &str = "tideway_session";
/// The time of everything that happens, in seconds since the Unix epoch.
pub const NOW: u64 = 1_700_003_600;

/// The key of the known answers and of `tests/vectors/v1.json`.
pub const VECTOR_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Three keys that no cookie in the corpus was ever sealed under.
pub const FIRST_KEY: &str = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";
pub const SECOND_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfe";
pub const THIRD_KEY: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

/// The length of an envelope without its plaintext, in bytes: version, key id, nonce and tag.
pub const ENVELOPE_OVERHEAD: usize = 1 + 4 + 24 + 16;
/// The length of a plaintext without its entries, in bytes: flags, schema, id and times.
pub const FIXED_LEN: usize = 1 + 1 + 16 + 15;

pub fn key(digits: &str) -> Key {
    Key::from_hex(digits).expect("a good key")
}

pub fn ring(primary: &str, previous: &[&str]) -> KeyRing {
    KeyRing::new(key(primary), previous.iter().map(|digits| key(digits)).collect()).expect("a good ring")
}

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).expect("a time in range")
}

/// Returns how many characters `bytes` bytes take in base64url without padding.
pub fn text_len(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

/// Returns the length of a Set-Cookie text without the value, in bytes: the longest with the default attributes.
pub fn set_cookie_overhead(name: &str) -> usize {
    name.len() + "=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=34560000".len()
}

/// Pairs of a key and a JSON text, in the order in which the keys were first stored.
pub type Pairs = Vec<(String, String)>;

/// Puts a pair in the place of the pair with its key, or at the end. True when this changed something: an equal value,
/// whose objects have their fields in any order, does not.
pub fn put(pairs: &mut Pairs, key: &str, json: &str) -> bool {
    match pairs.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) if known == json || Tree::of(known) == Tree::of(json) => false,
        Some((_, known)) => {
            json.clone_into(known);
            true
        }
        None => {
            pairs.push((key.to_owned(), json.to_owned()));
            true
        }
    }
}

/// The most bytes that all entries of a session may have together.
pub const MAX_ENTRIES_LEN: usize = 65_535;

/// Returns the error for a pair that is wrong whatever else is stored.
pub fn problem(key: &str, json: &str) -> Option<ValueError> {
    if !(1..=127).contains(&key.len()) {
        return Some(ValueError::KeyLength { found: key.len() });
    }
    (json.len() > 65_535).then(|| ValueError::TooLong { key: key.to_owned(), found: json.len() })
}

/// A JSON value, of which only the fields of objects have no order.
#[derive(PartialEq)]
enum Tree {
    /// Whatever holds no other value, by its text.
    Leaf(String),
    List(Vec<Tree>),
    /// Sorted by keys. Of a key that stands twice, the order counts.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    fn of(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|_| Self::Leaf(json.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;

        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Leaf("null".to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Leaf(format!("float {:x}", value.to_bits())))
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Leaf(format!("text {text}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                std::iter::from_fn(|| list.next_element().transpose()).collect::<Result<_, _>>().map(Tree::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let pairs = std::iter::from_fn(|| map.next_entry::<String, Tree>().transpose());
                let mut pairs = pairs.collect::<Result<Vec<_>, _>>()?;
                pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
                Ok(Tree::Map(pairs))
            }
        }

        deserializer.deserialize_any(TreeVisitor)
    }
}

/// Stores a value as a session with these pairs and `others` must. The bool is true when this changed something. On an
/// error nothing is stored.
pub fn store(pairs: &mut Pairs, others: &Pairs, key: &str, value: &Json) -> Result<bool, ValueError> {
    let json = value.text();
    if value.has_non_finite() {
        return Err(ValueError::NonFinite { key: key.to_owned() });
    }
    if json == "null" {
        let before = pairs.len();
        pairs.retain(|(known, _)| known != key);
        return Ok(pairs.len() != before);
    }
    if let Some(problem) = value.problem(key).or(problem(key, &json)) {
        return Err(problem);
    }
    let rest = pairs.iter().filter(|(known, _)| known != key).chain(others);
    if entries_len(rest) + 3 + key.len() + json.len() > MAX_ENTRIES_LEN {
        return Err(ValueError::Full { key: key.to_owned() });
    }
    Ok(put(pairs, key, &json))
}

/// Returns how many bytes entries take in a plaintext.
pub fn entries_len<'a>(pairs: impl IntoIterator<Item = &'a (String, String)>) -> usize {
    pairs.into_iter().map(|(key, json)| 3 + key.len() + json.len()).sum()
}

/// Returns how many characters a value with so many bytes of entries has.
pub fn value_len(entries_len: usize, padding_block: usize) -> usize {
    text_len(ENVELOPE_OVERHEAD + (FIXED_LEN + entries_len).next_multiple_of(padding_block))
}

/// Returns the most bytes of entries that fit under a limit on the Set-Cookie text.
pub fn room(name: &str, padding_block: usize, max_cookie_bytes: usize) -> usize {
    let fits = |entries_len: usize| {
        let chars = value_len(entries_len, padding_block);
        chars + set_cookie_overhead(name) <= max_cookie_bytes && chars + name.len() <= 4096
    };
    let (mut fitting, mut too_many) = (0, 4096);
    while too_many - fitting > 1 {
        let middle = (fitting + too_many) / 2;
        if fits(middle) { fitting = middle } else { too_many = middle }
    }
    fitting
}

/// Returns a text whose entry under the key `fill` takes `entry_len` bytes. `None` when no entry is that short.
pub fn filler(entry_len: usize) -> Option<String> {
    Some("x".repeat(entry_len.checked_sub(3 + "fill".len() + 2)?))
}

/// The parts of a plaintext.
#[derive(Debug)]
pub struct Parts {
    pub persistent: bool,
    pub schema: u8,
    pub id: [u8; 16],
    pub times: [u64; 3],
    pub data: Pairs,
    pub flash: Pairs,
    /// True when there is a CSRF token. In the format it is an entry, but the crate does not show it as a value. Nor
    /// does it show the generation of the subject, and with it alone a session counts as empty.
    pub has_token: bool,
}

/// Reads a plaintext byte by byte, as docs/wire-format.md says. Shares no code with the crate.
pub fn parts(plaintext: &[u8]) -> Option<Parts> {
    let fixed = plaintext.get(..FIXED_LEN)?;
    let time = |start: usize| fixed[start..start + 5].iter().fold(0, |time, byte| time << 8 | u64::from(*byte));
    let (flags, times) = (fixed[0], [time(18), time(23), time(28)]);
    if flags > 1 || times[0] > times[1] || times[1] > times[2] {
        return None;
    }
    let (mut data, mut flash, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut bytes = plaintext[FIXED_LEN..].iter().copied();
    while let Some(tag) = bytes.next() {
        let is_flash = tag >= 128;
        if tag % 128 == 0 {
            if tag != 0 || bytes.any(|byte| byte != 0) {
                return None;
            }
            break;
        }
        let mut text = |len: usize| {
            let text: Vec<u8> = bytes.by_ref().take(len).collect();
            (text.len() == len).then_some(text)
        };
        let key = String::from_utf8(text(usize::from(tag % 128))?).ok()?;
        let len = text(2)?;
        let json = String::from_utf8(text(usize::from(len[0]) * 256 + usize::from(len[1]))?).ok()?;
        if !seen.insert((is_flash, key.clone())) {
            return None;
        }
        if is_flash { &mut flash } else { &mut data }.push((key, json));
    }
    let has_token = data.iter().any(|(key, _)| key == "~csrf");
    data.retain(|(key, _)| !RESERVED.contains(&key.as_str()));
    let id = fixed[2..18].try_into().ok()?;
    Some(Parts { persistent: flags == 1, schema: fixed[1], id, times, data, flash, has_token })
}

/// Copies the pairs of a session.
pub fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Pairs {
    pairs.map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
}

/// Returns the output of a future that never waits, since everything it asks for is in memory.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("there was nothing to wait for"),
    }
}

/// Encodes base64url without padding (RFC 4648 section 5), with another crate than the one that is tested.
pub fn to_base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Decodes canonical base64url without padding. `None` for anything else.
pub fn from_base64url(text: &[u8]) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text).ok()
}

/// Cuts the white space off that may stand around a cookie and around its value.
pub fn trim(bytes: &[u8]) -> &[u8] {
    let is_other = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_other).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_other).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Splits several headers at CRLF, so that a lone CR or a lone LF may stand in a header.
pub fn split_headers(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut headers = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        headers.push(&bytes[..end]);
        bytes = &bytes[end + 2..];
    }
    headers.push(bytes);
    headers
}

/// True when a value is refused for this reason before its seal was found good.
pub fn is_before_the_seal(reason: DecodeError) -> bool {
    matches!(
        reason,
        DecodeError::Malformed
            | DecodeError::TooLong
            | DecodeError::UnsupportedVersion { .. }
            | DecodeError::UnknownKey { .. }
            | DecodeError::NotAuthentic
    )
}

/// A key of an entry. It is often one of a few keys, so that two operations meet.
#[derive(Arbitrary, Clone, Debug)]
pub enum EntryKey {
    A,
    B,
    Common(u8),
    Any(String),
    Long(u8),
}

/// The keys that the crate keeps for the CSRF token, for the generation of the subject, for the idle timeout of one
/// session, and for its binding to a device: `set` refuses them.
const RESERVED: [&str; 4] = ["~csrf", "~gen", "~idle", "~bound"];

impl EntryKey {
    pub fn text(&self) -> String {
        match self {
            Self::A => "a".to_owned(),
            Self::B => "b".to_owned(),
            Self::Common(number) => ["a", "b", "user_id", "é", "\"\\\0"][usize::from(*number) % 5].to_owned(),
            Self::Any(text) if RESERVED.contains(&text.as_str()) => text.replace('~', ""),
            Self::Any(text) => text.clone(),
            Self::Long(number) => "k".repeat(120 + usize::from(*number) % 16),
        }
    }
}

/// A value of an entry.
#[derive(Arbitrary, Clone, Debug)]
pub enum Json {
    Null,
    Bool(bool),
    Number(u64),
    Negative(i64),
    Float(f64),
    Text(String),
    /// A text of up to 4095 characters, as many as a cookie might hold.
    Long(char, u16),
    /// One in eight is a text of about the largest size that an entry can have: with a key of 127 bytes, or with a
    /// short one. The others are of about the size of a cookie, since a run with a large one takes ten times as long.
    Huge(u8),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Returns the JSON text. No serializer writes it when there is only one way to write it, so that the text does not
    /// come from the code that is tested.
    pub fn text(&self) -> String {
        self.published_text().unwrap_or_else(|| serde_json::to_string(self).expect("every such value has a JSON text"))
    }

    /// True when JSON has no text for a float in it.
    pub fn has_non_finite(&self) -> bool {
        match self {
            Self::Float(float) => !float.is_finite(),
            Self::List(list) => list.iter().any(Self::has_non_finite),
            Self::Map(map) => map.iter().any(|(_, value)| value.has_non_finite()),
            _ => false,
        }
    }

    /// How deep lists and maps lie in each other.
    fn depth(&self) -> usize {
        match self {
            Self::List(list) => 1 + list.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(map) => 1 + map.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Returns the error for a value that could not be read again.
    pub fn problem(&self, key: &str) -> Option<ValueError> {
        if self.has_non_finite() {
            return Some(ValueError::NonFinite { key: key.to_owned() });
        }
        (self.depth() > 127).then(|| ValueError::TooDeep { key: key.to_owned() })
    }

    /// Returns the text of `Long` and `Huge`.
    fn long(&self) -> String {
        match self {
            Self::Long(character, count) => character.to_string().repeat(usize::from(*count) % 4096),
            Self::Huge(more @ ..0xe0) => "x".repeat(4000 + usize::from(*more)),
            Self::Huge(more @ ..0xf0) => "x".repeat(65_396 + usize::from(*more - 0xe0)),
            Self::Huge(more) => "x".repeat(65_522 + usize::from(*more - 0xf0)),
            _ => String::new(),
        }
    }

    /// Writes the JSON text without a serializer. `None` when JSON has more than one way to write the value.
    fn published_text(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Negative(value) => Some(value.to_string()),
            Self::Float(_) => None,
            Self::Text(text) => quoted(text),
            Self::Long(character, _) => is_plain(*character).then(|| format!("\"{}\"", self.long())),
            Self::Huge(_) => Some(format!("\"{}\"", self.long())),
            Self::List(list) => {
                let parts: Option<Vec<_>> = list.iter().map(Self::published_text).collect();
                Some(format!("[{}]", parts?.join(",")))
            }
            Self::Map(map) => {
                let mut text = String::from("{");
                for (index, (key, value)) in map.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(text, "{comma}{}:{}", quoted(key)?, value.published_text()?).ok()?;
                }
                Some(text + "}")
            }
        }
    }
}

/// Writes a JSON string. `None` when a character in it could be escaped in two ways.
fn quoted(text: &str) -> Option<String> {
    text.chars().all(is_plain).then(|| format!("\"{text}\""))
}

/// True when a character stands in a JSON string as it is.
fn is_plain(character: char) -> bool {
    character >= ' ' && !matches!(character, '"' | '\\')
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Long(..) | Self::Huge(_) => serializer.serialize_str(&self.long()),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => serializer.collect_map(map.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// A value that has no JSON text: a map whose keys are lists.
#[derive(Debug)]
pub struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(vec![1], 1)])
    }
}

/// A type that can be read from no JSON text.
#[derive(Debug, PartialEq)]
pub enum Never {}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("there is none"))
    }
}
