//! Another implementation, in Python, wrote tests/vectors/v1.json. Each of its vectors opens or is refused as the file
//! says.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{
    Codec, MemoryStore, Record, Save, Session, SessionConfig, SessionData, SessionId, SessionStore, UnixTime,
};
use serde::Deserialize;

use crate::backends::{load, run};
use crate::common::{at, key};

#[derive(Deserialize)]
struct Vectors {
    key: String,
    session_id: String,
    clock_skew: u64,
    absolute_timeout: u64,
    accepted: Vec<Accepted>,
    refused: Vec<Refused>,
    /// Sessions with entries that no application sees.
    reserved: Vec<Accepted>,
    two_cookies: TwoCookies,
    records: Records,
}

#[derive(Deserialize)]
struct Records {
    accepted: Vec<Stored>,
    refused: Vec<Refused>,
    /// Sessions with a tombstone in the place of their record.
    ended: Vec<Refused>,
}

/// A session whose cookie has none of its entries.
#[derive(Deserialize)]
struct Stored {
    #[serde(flatten)]
    session: Accepted,
    /// The file leaves out a record that is too long, and the test skips it.
    record: Option<String>,
    cookie: String,
}

#[derive(Deserialize)]
struct TwoCookies {
    accepted: Vec<InCookies>,
    refused: Vec<InCookies>,
}

#[derive(Deserialize)]
struct InCookies {
    name: String,
    cookie_name: String,
    audience: String,
    now: u64,
    cookies: Vec<(String, String)>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    issued_at: u64,
    #[serde(default)]
    data: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Accepted {
    name: String,
    cookie_name: String,
    audience: String,
    flags: u8,
    schema: u8,
    created_at: u64,
    issued_at: u64,
    expires_at: u64,
    data: Vec<(String, String)>,
    flash: Vec<(String, String)>,
    now: u64,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Refused {
    name: String,
    reason: String,
    cookie_name: String,
    audience: String,
    now: u64,
    #[serde(default)]
    value: String,
    #[serde(default)]
    record: String,
    #[serde(default)]
    cookie: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/v1.json")).unwrap()
}

fn codec(vectors: &Vectors, cookie_name: &str, audience: &str, schema: u8, now: u64) -> Codec {
    config(vectors, cookie_name, audience, schema, now).build_codec().unwrap()
}

fn config(vectors: &Vectors, cookie_name: &str, audience: &str, schema: u8, now: u64) -> SessionConfig {
    SessionConfig::new(key(&vectors.key))
        .cookie_name(cookie_name)
        .audience(audience)
        .schema(schema)
        .clock_skew(Duration::from_secs(vectors.clock_skew))
        .absolute_timeout(Duration::from_secs(vectors.absolute_timeout))
        .max_cookie_bytes(4096)
        .clock(move || at(now))
}

impl Accepted {
    fn check(&self, vectors: &Vectors, data: &SessionData) {
        let v = self;
        let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Vec<(String, String)> {
            pairs.map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
        };
        assert_eq!(pairs(&mut data.entries()), v.data, "{}", v.name);
        assert_eq!(pairs(&mut data.flash()), v.flash, "{}", v.name);
        assert_eq!(u8::from(data.is_persistent()), v.flags, "{}", v.name);
        assert_eq!(data.schema(), v.schema, "{}", v.name);
        assert_eq!(data.id().to_string(), vectors.session_id, "{}", v.name);
        let times = [data.created_at(), data.issued_at(), data.expires_at()].map(UnixTime::as_secs);
        assert_eq!(times, [v.created_at, v.issued_at, v.expires_at], "{}", v.name);
    }
}

#[test]
fn every_accepted_vector_opens_to_its_session() {
    let vectors = vectors();
    assert!(vectors.accepted.len() >= 40);
    for v in &vectors.accepted {
        let codec = codec(&vectors, &v.cookie_name, &v.audience, v.schema, v.now);
        let data = codec.decode(&v.value).unwrap_or_else(|reason| panic!("{}: {reason}", v.name));
        v.check(&vectors, &data);
        // A vector that opened is sealed again, and must open to the same session.
        assert_eq!(codec.decode(&codec.encode(&data).unwrap()), Ok(data), "{}", v.name);
    }
}

#[test]
fn a_reserved_entry_is_read_from_any_place_shown_to_nobody_and_sealed_again() {
    let mut vectors = vectors();
    let reserved = std::mem::take(&mut vectors.reserved);
    assert!(reserved.len() >= 6);
    for mut v in reserved {
        let codec = codec(&vectors, &v.cookie_name, &v.audience, v.schema, v.now);
        let data = codec.decode(&v.value).unwrap_or_else(|reason| panic!("{}: {reason}", v.name));
        v.data.retain(|(key, _)| !["~csrf", "~gen", "~idle"].contains(&key.as_str()));
        v.check(&vectors, &data);
        for key in ["~csrf", "~gen", "~idle"] {
            assert!(data.clone().set(key, 1).is_err(), "{}: {key}", v.name);
        }
        // The two sessions are compared with the entries that nobody sees.
        assert_eq!(codec.decode(&codec.encode(&data).unwrap()), Ok(data), "{}", v.name);
    }
}

#[test]
fn every_refused_vector_is_refused_for_its_reason() {
    let vectors = vectors();
    assert!(vectors.refused.len() >= 20);
    for v in &vectors.refused {
        let codec = codec(&vectors, &v.cookie_name, &v.audience, 0, v.now);
        assert_eq!(codec.decode(&v.value).unwrap_err().as_str(), v.reason, "{}", v.name);
    }
}

impl InCookies {
    fn load(&self, vectors: &Vectors) -> Session {
        let config = config(vectors, &self.cookie_name, &self.audience, 0, self.now);
        let manager = config.two_cookies(true).build().unwrap();
        manager.load(self.cookies.iter().map(|(name, value)| format!("{name}={value}")))
    }
}

#[test]
fn every_vector_of_two_cookies_opens_to_its_session() {
    let vectors = vectors();
    assert!(vectors.two_cookies.accepted.len() >= 12);
    for v in &vectors.two_cookies.accepted {
        let session = v.load(&vectors);
        assert_eq!(session.rejected(), None, "{}", v.name);
        assert_eq!(session.issued_at(), at(v.issued_at), "{}", v.name);
        let data = session.snapshot().unwrap();
        assert!(data.entries().eq(v.data.iter().map(|(key, json)| (key.as_str(), json.as_str()))), "{}", v.name);
    }
}

#[test]
fn every_vector_of_parts_that_make_no_session_is_refused_for_its_reason() {
    let vectors = vectors();
    assert!(vectors.two_cookies.refused.len() >= 20);
    for v in &vectors.two_cookies.refused {
        assert_eq!(v.load(&vectors).rejected().unwrap().as_str(), v.reason, "{}", v.name);
    }
}

/// Loads a session where the store has this record for the session id of the vectors, and the request has this cookie.
fn load_stored(vectors: &Vectors, config: SessionConfig, record: &str, cookie: &str) -> Session {
    let mut id = [0; 16];
    hex::decode_to_slice(&vectors.session_id, &mut id).unwrap();
    let record = Record::new(URL_SAFE_NO_PAD.decode(record).unwrap(), UnixTime::MAX);
    let store = MemoryStore::new();
    assert_eq!(run(store.save(SessionId::from_bytes(id), &record, Save::Create)), Ok(true));
    let manager = config.store(store).build().unwrap();
    load(&manager, &format!("{}={cookie}", manager.codec().cookie_name()))
}

#[test]
fn every_vector_of_a_record_gives_its_session_beside_its_cookie() {
    let vectors = vectors();
    let mut count = 0;
    for Stored { session: v, record, cookie } in &vectors.records.accepted {
        let Some(record) = record else { continue };
        let config = config(&vectors, &v.cookie_name, &v.audience, v.schema, v.now);
        let session = load_stored(&vectors, config, record, cookie);
        assert_eq!(session.rejected(), None, "{}", v.name);
        v.check(&vectors, &session.snapshot().unwrap());
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn every_refused_vector_of_a_record_is_no_session_and_only_a_reason_of_another_server_is_given_to_the_cookie() {
    let vectors = vectors();
    assert!(vectors.records.refused.len() >= 26);
    for v in &vectors.records.refused {
        let config = config(&vectors, &v.cookie_name, &v.audience, 0, v.now);
        let session = load_stored(&vectors, config, &v.record, &v.cookie);
        let reason = match v.reason.as_str() {
            "malformed" | "not_authentic" => "not_stored",
            reason => reason,
        };
        assert_eq!(session.rejected().map(|reason| reason.as_str()), Some(reason), "{}", v.name);
        assert!(session.is_empty(), "{}", v.name);
    }
}

#[test]
fn every_vector_of_a_tombstone_is_the_end_of_its_session() {
    let vectors = vectors();
    assert!(vectors.records.ended.len() >= 3);
    for v in &vectors.records.ended {
        let config = config(&vectors, &v.cookie_name, &v.audience, 0, v.now);
        let session = load_stored(&vectors, config, &v.record, &v.cookie);
        assert_eq!(session.rejected().map(|reason| reason.as_str()), Some(v.reason.as_str()), "{}", v.name);
        assert!(session.is_empty(), "{}", v.name);
    }
}
