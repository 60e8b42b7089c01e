//! The published answers of the wire format and of records, sealed with the published nonce.

use super::Codec;
use crate::backend::Record;
use crate::config::SessionConfig;
use crate::crypto::Key;
use crate::data::{SessionData, SessionId};
use crate::error::DecodeError;
use crate::format::{Namespace, wire};
use crate::time::UnixTime;

const FIRST: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWiPWKZd7A0\
                     SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4ILuirQu3Z8m_hUtVkrl0Ys";
const SECOND: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld-xuZyQlDB3J8BiyQUkURDnrbM1zaL1k618V5njvKvqJUmR3ogKKwQ7O7Jaqjje\
                      uzw";

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}

fn config(now: u64) -> SessionConfig {
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    SessionConfig::new(key).clock(move || at(now))
}

fn session(times: [u64; 3]) -> SessionData {
    let mut data = SessionData::new(at(0), std::time::Duration::from_secs(1)).unwrap();
    data.set_id(SessionId::from_bytes((0xa0..=0xaf).collect::<Vec<_>>().try_into().unwrap()));
    data.set_times(at(times[0]), at(times[1]), at(times[2])).unwrap();
    data
}

fn first() -> (Codec, SessionData) {
    let mut data = session([1_700_000_000, 1_700_003_600, 1_700_090_000]);
    data.set("user_id", "123").unwrap();
    data.set("role", "admin").unwrap();
    data.set_flash("notice", "Welcome back").unwrap();
    (config(1_700_003_600).build_codec().unwrap(), data)
}

fn second() -> (Codec, SessionData) {
    let config = config(0).cookie_name("__Host-session").audience("shop").schema(7).padding_block(1);
    let mut data = session([0, 0, UnixTime::MAX.as_secs()]);
    data.set_persistent(false);
    data.set_schema(7);
    (config.build_codec().unwrap(), data)
}

/// The one place where a nonce is chosen.
fn seal_with_published_nonce(codec: &Codec, data: &SessionData) -> String {
    let mut envelope = codec.engine().codec.unsealed(data).unwrap();
    for (byte, value) in envelope[5..29].iter_mut().zip(0x40..) {
        *byte = value;
    }
    codec.engine().codec.sealer().primary().seal(&mut envelope).unwrap();
    let mut text = String::new();
    wire::write_text(&envelope, &mut text);
    text
}

#[test]
fn the_known_answers_open_to_their_sessions() {
    for ((codec, data), value) in [(first(), FIRST), (second(), SECOND)] {
        assert_eq!(codec.decode(value).as_ref(), Ok(&data));
    }
}

#[test]
fn the_known_answers_are_what_their_sessions_seal_to() {
    for ((codec, data), value) in [(first(), FIRST), (second(), SECOND)] {
        assert_eq!(seal_with_published_nonce(&codec, &data), value);
    }
}

/// The codec and the session that a vector describes.
fn of_vector(v: &serde_json::Value) -> (Codec, SessionData) {
    let number = |field: &str| v[field].as_u64().unwrap();
    let text = |field: &str| v[field].as_str().unwrap();
    let schema = u8::try_from(number("schema")).unwrap();
    let codec = config(number("now"))
        .cookie_name(text("cookie_name"))
        .audience(text("audience"))
        .schema(schema)
        .padding_block(usize::try_from(number("padding_block")).unwrap())
        .build_codec()
        .unwrap();
    let mut data = session(["created_at", "issued_at", "expires_at"].map(number));
    data.set_persistent(number("flags") == 1);
    data.set_schema(schema);
    // Put as they are, since a session of this crate holds no `null`, and vectors of other writers do.
    let mut entries = data.content().clone();
    for (field, namespace) in [("data", Namespace::Data), ("flash", Namespace::Flash)] {
        for pair in v[field].as_array().unwrap() {
            entries.put(namespace, pair[0].as_str().unwrap(), pair[1].as_str().unwrap()).unwrap();
        }
    }
    data.set_content(entries);
    (codec, data)
}

#[test]
fn every_accepted_vector_is_what_its_session_seals_to() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/vectors/v1.json")).unwrap();
    let mut count = 0;
    for v in vectors["accepted"].as_array().unwrap() {
        let text = |field: &str| v[field].as_str().unwrap();
        let (codec, data) = of_vector(v);
        assert_eq!(seal_with_published_nonce(&codec, &data), text("value"), "{}", text("name"));
        count += 1;
    }
    assert!(count >= 40);
}

/// The record of the first known answer.
const RECORD: &str = "AfV8ds5AQUJDREVGR0hJSktMTU5PUFFSU1RVVld_weZyQlDB3J8BiyQUkURDnrbMsmV61k7QoqF3cWgFB_pt-Llh2xShOWi\
                      PWKZd7A0SqzNclrxkKtOpMJyw5zl3FeqlxpHG6LCtDR6QE5kvQfOi5NVIsytzRGmXJB8d-4I_f0RJZj8lrrwpu7mV5NZd";

fn bytes(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap()
}

fn record_with_published_nonce(codec: &Codec, data: &SessionData) -> Record {
    let mut envelope = codec.engine().codec.unsealed(data).unwrap();
    for (byte, value) in envelope[5..29].iter_mut().zip(0x40..) {
        *byte = value;
    }
    codec.engine().codec.sealer().primary().seal_record(&data.id().to_bytes(), &mut envelope).unwrap();
    Record::new(envelope, data.expires_at())
}

/// Returns the session that a cookie without entries and a record make.
fn filled(codec: &Codec, cookie: &str, record: &Record) -> Result<SessionData, DecodeError> {
    let Ok(opened) = codec.engine().codec.open(cookie.as_bytes(), 4096, || codec.now()) else { panic!("{cookie}") };
    assert!(opened.data.is_empty());
    codec
        .engine()
        .codec
        .fill(opened, record.clone().into_bytes())
        .map(|opened| opened.data)
        .map_err(|refusal| refusal.reason)
}

#[test]
fn the_known_answer_of_a_record_is_what_its_session_seals_to() {
    let (codec, data) = first();
    assert_eq!(record_with_published_nonce(&codec, &data).bytes(), bytes(RECORD));
    let cookie = codec.encode(&data.without_entries()).unwrap();
    let record = Record::new(bytes(RECORD), data.expires_at());
    assert_eq!(filled(&codec, &cookie, &record), Ok(data));
}

#[test]
fn every_vector_of_a_record_is_what_its_session_seals_to_and_opens_beside_its_cookie() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/vectors/v1.json")).unwrap();
    let mut count = 0;
    for v in vectors["records"]["accepted"].as_array().unwrap() {
        let (name, number) = (&v["name"], |field: &str| v[field].as_u64().unwrap());
        let text = |field: &str| v[field].as_str().unwrap();
        let (codec, mut data) = of_vector(v);
        if let Some(fill) = v["fill"].as_object() {
            let chars = usize::try_from(fill["count"].as_u64().unwrap()).unwrap();
            data.set(fill["key"].as_str().unwrap(), "x".repeat(chars)).unwrap();
        }
        // The fields of a record besides its content may be of another time than its cookie.
        let mut sealed = data.clone();
        if let Some(other) = v["sealed"].as_object() {
            let number = |field: &str| at(other[field].as_u64().unwrap());
            sealed.set_times(number("created_at"), number("issued_at"), number("expires_at")).unwrap();
            sealed.set_persistent(other["flags"] == 1);
        }
        let record = record_with_published_nonce(&codec, &sealed);
        if v["fill"].is_object() {
            assert_eq!(u64::try_from(record.bytes().len()), Ok(number("length")), "{name}");
            assert!(hex::encode(record.bytes()).ends_with(text("tag")), "{name}");
        } else {
            assert_eq!(record.bytes(), bytes(text("record")), "{name}");
        }
        assert_eq!(filled(&codec, text("cookie"), &record).as_ref(), Ok(&data), "{name}");
        count += 1;
    }
    assert!(count >= 13);
}

#[test]
fn every_refused_vector_of_a_record_is_refused_for_its_reason() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/vectors/v1.json")).unwrap();
    let mut count = 0;
    for v in vectors["records"]["refused"].as_array().unwrap() {
        let text = |field: &str| v[field].as_str().unwrap();
        let config = config(v["now"].as_u64().unwrap()).cookie_name(text("cookie_name")).audience(text("audience"));
        let codec = config.build_codec().unwrap();
        let filled = filled(&codec, text("cookie"), &Record::new(bytes(text("record")), UnixTime::MAX));
        assert_eq!(filled.unwrap_err().as_str(), text("reason"), "{}", v["name"]);
        count += 1;
    }
    assert!(count >= 26);
}

#[test]
fn an_authentic_plaintext_that_is_no_session_is_malformed() {
    let (codec, data) = first();
    let engine = codec.engine();
    let key = engine.codec.sealer().primary();
    let mut plaintext = Vec::new();
    data.write_plaintext(&mut plaintext);
    let sealed = |plaintext: &[u8]| {
        let mut envelope = key.begin(0).unwrap();
        envelope.extend_from_slice(plaintext);
        key.seal(&mut envelope).unwrap();
        let mut text = String::new();
        wire::write_text(&envelope, &mut text);
        codec.decode(&text)
    };
    assert_eq!(sealed(&plaintext).as_ref(), Ok(&data));
    // Every cut but the three that fall between entries.
    let whole = (0..plaintext.len()).filter(|cut| sealed(&plaintext[..*cut]).is_ok());
    assert_eq!(whole.collect::<Vec<_>>(), [33, 48, 62]);
    for cut in 0..33 {
        assert_eq!(sealed(&plaintext[..cut]), Err(DecodeError::Malformed), "{cut}");
    }
    assert_eq!(sealed(&[&plaintext[..], b"\0\x01"].concat()), Err(DecodeError::Malformed));
    plaintext[0] = 2;
    assert_eq!(sealed(&plaintext), Err(DecodeError::Malformed));
}

#[test]
fn a_session_of_another_schema_is_sealed_neither_as_a_cookie_nor_as_a_record() {
    let (codec, mut data) = first();
    data.set_schema(7);
    let refused = codec.encode(&data).unwrap_err();
    assert_eq!(refused.as_str(), "schema");
    assert_eq!(codec.engine().codec.seal_record(&data), Err(refused));
}
