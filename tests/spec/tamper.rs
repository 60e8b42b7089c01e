//! These tests try every bit, every length and every mix of a cookie, or of a record in a store, and none may open.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use sealed_session::{
    Codec, DecodeError, MemoryStore, Record, Save, SessionConfig, SessionId, SessionManager, SessionStore, UnixTime,
};

use crate::backends::{commit, load, overwrite, run};
use crate::common::{FIRST_KEY, SECOND_KEY, START, TestClock, at, cookie_of, key};

fn codec_of(digits: &str, name: &str, audience: &str) -> Codec {
    SessionConfig::new(key(digits)).cookie_name(name).audience(audience).clock(|| at(START)).build_codec().unwrap()
}

fn codec() -> Codec {
    codec_of(FIRST_KEY, "sid", "")
}

/// A value of 205 bytes, of which 45 stand around a plaintext of five blocks.
fn value(codec: &Codec) -> String {
    let mut data = codec.create().unwrap();
    data.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
    data.set("roles", ["editor", "billing", "support"]).unwrap();
    data.set_flash("notice", "Your profile has been saved.").unwrap();
    let value = codec.encode(&data).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(&value).unwrap().len(), 45 + 160);
    value
}

#[test]
fn every_single_bit_of_the_envelope_matters() {
    let codec = codec();
    let envelope = URL_SAFE_NO_PAD.decode(value(&codec)).unwrap();
    for bit in 0..envelope.len() * 8 {
        let mut flipped = envelope.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = match bit / 8 {
            0 => DecodeError::UnsupportedVersion { version: flipped[0] },
            1..5 => codec.decode(&URL_SAFE_NO_PAD.encode(&flipped)).unwrap_err(),
            _ => DecodeError::NotAuthentic,
        };
        assert!((1..5).contains(&(bit / 8)) == matches!(expected, DecodeError::UnknownKey { .. }));
        assert_eq!(codec.decode(&URL_SAFE_NO_PAD.encode(&flipped)), Err(expected), "bit {bit}");
    }
}

#[test]
fn every_truncation_and_every_extension_of_the_envelope_is_refused() {
    let codec = codec();
    let envelope = URL_SAFE_NO_PAD.decode(value(&codec)).unwrap();
    for end in 0..envelope.len() {
        let reason = codec.decode(&URL_SAFE_NO_PAD.encode(&envelope[..end])).unwrap_err();
        let expected = if end < 78 { DecodeError::Malformed } else { DecodeError::NotAuthentic };
        assert_eq!(reason, expected, "{end}");
    }
    for byte in 0..=255 {
        let longer = [&envelope[..], &[byte]].concat();
        assert_eq!(codec.decode(&URL_SAFE_NO_PAD.encode(longer)), Err(DecodeError::NotAuthentic), "{byte}");
    }
    for extra in 1..300 {
        let longer = [&envelope[..], &vec![0; extra]].concat();
        assert_eq!(codec.decode(&URL_SAFE_NO_PAD.encode(longer)), Err(DecodeError::NotAuthentic), "{extra}");
    }
}

#[test]
fn every_byte_at_every_position_of_the_text_is_refused_but_its_own() {
    let manager = SessionConfig::new(key(FIRST_KEY)).cookie_name("sid").clock(|| at(START)).build().unwrap();
    let text = value(manager.codec()).into_bytes();
    for position in 0..text.len() {
        for byte in 0..=255 {
            // A semicolon ends the value, and spaces around the value are cut off, so that another value is read.
            let is_outside = byte == b';' || (matches!(byte, b' ' | b'\t') && [0, text.len() - 1].contains(&position));
            if byte == text[position] || is_outside {
                continue;
            }
            let mut header = [b"sid=", &text[..]].concat();
            header[4 + position] = byte;
            assert!(manager.load([header]).rejected().is_some(), "{byte} at {position}");
        }
    }
}

#[test]
fn every_pair_of_name_audience_and_key_that_differs_is_refused() {
    let mut contexts = Vec::new();
    for digits in [FIRST_KEY, SECOND_KEY] {
        for name in ["sid", "sidx", "__Host-sid", "s"] {
            for audience in ["", "x", "shop", "idx", "id"] {
                contexts.push((digits, name, audience));
            }
        }
    }
    for sealed_in in &contexts {
        let codec = codec_of(sealed_in.0, sealed_in.1, sealed_in.2);
        let value = codec.encode(&codec.create().unwrap()).unwrap();
        for opened_in in &contexts {
            let result = codec_of(opened_in.0, opened_in.1, opened_in.2).decode(&value);
            match result {
                Ok(_) => assert_eq!(sealed_in, opened_in),
                Err(DecodeError::UnknownKey { .. }) => assert_ne!(sealed_in.0, opened_in.0),
                Err(reason) => assert_eq!((reason, sealed_in.0), (DecodeError::NotAuthentic, opened_in.0)),
            }
            assert!(sealed_in != opened_in || codec.decode(&value).is_ok());
        }
    }
}

#[test]
fn every_other_version_is_refused() {
    let codec = codec();
    let mut envelope = URL_SAFE_NO_PAD.decode(value(&codec)).unwrap();
    for version in (0..=255).filter(|version| *version != 1) {
        envelope[0] = version;
        let value = URL_SAFE_NO_PAD.encode(&envelope);
        assert_eq!(codec.decode(&value), Err(DecodeError::UnsupportedVersion { version }));
    }
}

/// A store whose record for a session can be replaced, and a cookie without entries that belongs to it.
struct Shelf {
    store: Arc<MemoryStore>,
    id: SessionId,
    cookie: String,
    record: Record,
}

impl Shelf {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new().clock(|| at(START)));
        let manager = over(&store, FIRST_KEY, "sid", "");
        let session = load(&manager, "");
        session.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
        session.set_flash("notice", "Your profile has been saved.").unwrap();
        let cookie = cookie_of(&commit(&manager, &session).unwrap());
        let [(id, record)] = &run(store.all()).unwrap()[..] else { panic!() };
        Self { id: *id, cookie, record: record.clone(), store: Arc::clone(&store) }
    }

    /// Puts these bytes into the store and loads the cookie. The result is the reason of the refusal, if there is one.
    fn refused(&self, manager: &SessionManager, cookie: &str, bytes: Vec<u8>) -> Option<DecodeError> {
        let record = Record::new(bytes, self.record.expires_at());
        assert_eq!(overwrite(&self.store, self.id, &record), Ok(true));
        let session = load(manager, cookie);
        assert!(session.rejected().is_none() || session.is_empty());
        session.rejected()
    }
}

fn over(store: &Arc<MemoryStore>, digits: &str, name: &str, audience: &str) -> SessionManager {
    let config = SessionConfig::new(key(digits)).cookie_name(name).audience(audience).clock(|| at(START));
    config.store(Arc::clone(store)).build().unwrap()
}

#[test]
fn every_single_bit_of_a_record_matters() {
    let shelf = Shelf::new();
    let manager = over(&shelf.store, FIRST_KEY, "sid", "");
    let good = shelf.record.bytes();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let version = flipped[0];
        match (bit / 8, shelf.refused(&manager, &shelf.cookie, flipped)) {
            (0, Some(reason)) => assert_eq!(reason, DecodeError::UnsupportedVersion { version }),
            (1..5, Some(reason)) => assert!(matches!(reason, DecodeError::UnknownKey { .. }), "bit {bit}"),
            (_, reason) => assert_eq!(reason, Some(DecodeError::NotStored), "bit {bit}"),
        }
    }
    assert_eq!(shelf.refused(&manager, &shelf.cookie, good.to_vec()), None);
}

#[test]
fn every_truncation_and_every_extension_of_a_record_is_refused() {
    let shelf = Shelf::new();
    let manager = over(&shelf.store, FIRST_KEY, "sid", "");
    let good = shelf.record.bytes();
    for end in 0..good.len() {
        let cut = good[..end].to_vec();
        // A record that is cut to the length of a tombstone says that the session is over, and opens nothing either.
        let reason = if end == 16 { DecodeError::Revoked } else { DecodeError::NotStored };
        assert_eq!(shelf.refused(&manager, &shelf.cookie, cut), Some(reason), "{end}");
    }
    for byte in 0..=255 {
        let longer = [good, &[byte]].concat();
        assert_eq!(shelf.refused(&manager, &shelf.cookie, longer), Some(DecodeError::NotStored), "{byte}");
    }
}

#[test]
fn a_record_opens_under_its_own_id_name_audience_and_key_only() {
    let shelf = Shelf::new();
    let good = shelf.record.bytes();
    for (digits, name, audience) in [
        (SECOND_KEY, "sid", ""),
        (FIRST_KEY, "sidr", ""),
        (FIRST_KEY, "si", ""),
        (FIRST_KEY, "sid", "record"),
        (FIRST_KEY, "sid", "shop"),
    ] {
        let manager = over(&shelf.store, digits, name, audience);
        // The cookie has the same id and times, so that nothing but the record is out of place.
        let mut data = codec().decode(shelf.cookie.strip_prefix("sid=").unwrap()).unwrap();
        data.clear();
        let cookie = format!("{name}={}", manager.codec().encode(&data).unwrap());
        let reason = shelf.refused(&manager, &cookie, good.to_vec());
        let is_refused = match reason {
            Some(DecodeError::UnknownKey { .. }) => digits == SECOND_KEY,
            reason => reason == Some(DecodeError::NotStored) && digits == FIRST_KEY,
        };
        assert!(is_refused, "{name} {audience}: {reason:?}");
    }
    let manager = over(&shelf.store, FIRST_KEY, "sid", "");
    for bit in 0..128 {
        let mut id = shelf.id.to_bytes();
        id[bit / 8] ^= 1 << (bit % 8);
        let other = SessionId::from_bytes(id);
        assert_eq!(run(shelf.store.save(other, &shelf.record, Save::Create)), Ok(true));
        let mut data = codec().decode(shelf.cookie.strip_prefix("sid=").unwrap()).unwrap();
        data.set_id(other);
        let session = load(&manager, &format!("sid={}", manager.codec().encode(&data).unwrap()));
        assert_eq!(session.rejected(), Some(DecodeError::NotStored), "bit {bit}");
    }
    assert_eq!(shelf.refused(&manager, &shelf.cookie, good.to_vec()), None);
}

#[test]
fn an_older_record_gives_older_content_and_no_longer_life() {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new().clock(clock.reader()));
    let config = SessionConfig::new(key(FIRST_KEY)).clock(clock.reader()).idle_timeout(Duration::from_secs(1000));
    let manager = config.absolute_timeout(Duration::from_secs(1500)).store(Arc::clone(&store)).build().unwrap();
    let session = load(&manager, "");
    session.set("role", "admin").unwrap();
    let first = commit(&manager, &session).unwrap();
    let id = session.id().unwrap();
    let older = run(store.load(id)).unwrap().unwrap();
    clock.set(600);
    session.set("role", "guest").unwrap();
    let second = commit(&manager, &session).unwrap();
    // Whoever can write to the store can put back an older record, and can say that it never expires.
    let forever = Record::new(older.bytes().to_vec(), UnixTime::MAX);
    assert_eq!(overwrite(&store, id, &forever), Ok(true));
    clock.set(999);
    assert_eq!(load(&manager, &first).get("role"), Ok(Some("admin".to_owned())));
    clock.set(1000);
    assert!(matches!(load(&manager, &first).rejected(), Some(DecodeError::Expired { .. })));
    clock.set(1499);
    let session = load(&manager, &second);
    assert_eq!((session.get("role"), session.expires_at()), (Ok(Some("admin".to_owned())), at(START + 1500)));
    clock.set(1500);
    assert!(matches!(load(&manager, &second).rejected(), Some(DecodeError::Expired { .. })));
}

proptest! {
    #[test]
    fn no_record_of_any_content_is_a_cookie_and_no_cookie_a_record(text in ".{0,200}", block in 1_usize..300) {
        let config = SessionConfig::new(key(FIRST_KEY)).cookie_name("sid").padding_block(block).clock(|| at(START));
        let shelf = Shelf::new();
        let manager = config.store(Arc::clone(&shelf.store)).build().unwrap();
        let session = load(&manager, &shelf.cookie);
        session.set("text", &text).unwrap();
        prop_assert!(commit(&manager, &session).is_some());
        let record = run(shelf.store.load(shelf.id)).unwrap().unwrap();
        let as_cookie = URL_SAFE_NO_PAD.encode(record.bytes());
        prop_assert_eq!(manager.codec().decode(&as_cookie), Err(DecodeError::NotAuthentic));

        let cookie = manager.codec().encode(&session.snapshot().unwrap()).unwrap();
        let as_record = URL_SAFE_NO_PAD.decode(cookie).unwrap();
        prop_assert_eq!(as_record.len(), record.bytes().len());
        prop_assert_eq!(shelf.refused(&manager, &shelf.cookie, as_record), Some(DecodeError::NotStored));
        let own = URL_SAFE_NO_PAD.decode(shelf.cookie.strip_prefix("sid=").unwrap()).unwrap();
        prop_assert_eq!(shelf.refused(&manager, &shelf.cookie, own), Some(DecodeError::NotStored));
    }
}
