//! Every way to change a cookie, tried in full.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{Codec, DecodeError, SessionConfig};

use crate::common::{FIRST_KEY, SECOND_KEY, START, at, key};

fn codec_of(digits: &str, name: &str, audience: &str) -> Codec {
    SessionConfig::new(key(digits)).cookie_name(name).audience(audience).clock(|| at(START)).build_codec().unwrap()
}

fn codec() -> Codec {
    codec_of(FIRST_KEY, "sid", "")
}

/// A value of 205 bytes: 45 around a plaintext of five blocks.
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
            // These end the value or stand around it, so that another value is read.
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
