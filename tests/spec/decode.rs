//! The codec alone. The tests say which values open, and which are refused for which reason.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{Codec, DecodeError, EncodeError, SessionConfig, SessionData, Timeout, UnixTime};

use crate::common::{FIRST_KEY, SECOND_KEY, START, TestClock, at, key, ring};
use crate::foreign;

fn codec_with(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (Codec, TestClock) {
    let clock = TestClock::new();
    let codec = change(SessionConfig::new(key(FIRST_KEY)).clock(clock.reader())).build_codec().unwrap();
    (codec, clock)
}

fn codec() -> Codec {
    codec_with(|config| config).0
}

fn session(codec: &Codec) -> SessionData {
    let mut data = codec.create().unwrap();
    data.set("user_id", "123").unwrap();
    data.set_flash("notice", "Welcome back").unwrap();
    data
}

/// Decodes the base64 text of a value.
fn envelope(value: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value).unwrap()
}

#[test]
fn what_was_encoded_decodes_to_the_same_session() {
    let codec = codec();
    let mut data = session(&codec);
    data.set_persistent(false);
    data.set_times(at(START - 50), at(START - 20), at(START + 10)).unwrap();
    assert_eq!(codec.decode(&codec.encode(&data).unwrap()), Ok(data));
}

#[test]
fn two_values_of_one_session_share_no_block() {
    let codec = codec();
    let data = session(&codec);
    let (first, second) = (envelope(&codec.encode(&data).unwrap()), envelope(&codec.encode(&data).unwrap()));
    assert_eq!(first[..5], second[..5]);
    for (one, other) in first[5..].chunks(16).zip(second[5..].chunks(16)).filter(|(one, _)| one.len() == 16) {
        assert_ne!(one, other);
    }
}

#[test]
fn a_value_shows_nothing_of_what_is_in_it() {
    let codec = codec();
    let mut data = session(&codec);
    data.set("note", "a plain text that would be seen").unwrap();
    let value = codec.encode(&data).unwrap();
    assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    let bytes = envelope(&value);
    for part in [&b"user_id"[..], b"123", b"plain", b"notice", b"Welcome"] {
        assert!(!bytes.windows(part.len()).any(|window| window == part));
    }
}

#[test]
fn a_value_of_another_key_name_or_audience_is_refused() {
    let codec = codec();
    let value = codec.encode(&session(&codec)).unwrap();
    let refused = |change: fn(SessionConfig) -> SessionConfig| codec_with(change).0.decode(&value).unwrap_err();
    assert_eq!(refused(|_| SessionConfig::new(key(SECOND_KEY))), DecodeError::UnknownKey { id: key(FIRST_KEY).id() });
    assert_eq!(refused(|config| config.cookie_name("other")), DecodeError::NotAuthentic);
    assert_eq!(refused(|config| config.audience("other")), DecodeError::NotAuthentic);
}

#[test]
fn every_changed_character_is_refused() {
    let codec = codec();
    let value = codec.encode(&session(&codec)).unwrap();
    for position in 0..value.len() {
        for other in ["A", "B", "_", "=", "~", " "] {
            let mut changed = value.clone();
            changed.replace_range(position..=position, other);
            let reason = codec.decode(&changed);
            match reason {
                Ok(_) => assert_eq!(changed, value),
                Err(DecodeError::UnsupportedVersion { .. }) => assert!(position < 2, "{position}"),
                Err(DecodeError::UnknownKey { .. }) => assert!((1..7).contains(&position), "{position}"),
                Err(DecodeError::NotAuthentic) => assert!(position > 5, "{position}"),
                Err(other) => assert_eq!(other, DecodeError::Malformed, "{position}"),
            }
        }
    }
}

#[test]
fn every_shorter_and_longer_value_is_refused() {
    let codec = codec();
    let value = codec.encode(&session(&codec)).unwrap();
    for end in 0..value.len() {
        assert!(codec.decode(&value[..end]).is_err(), "{end}");
    }
    for more in ["A", "AA", "=", "==", "\n", " ", "\0"] {
        assert!(codec.decode(&format!("{value}{more}")).is_err(), "{more:?}");
        assert!(codec.decode(&format!("{more}{value}")).is_err(), "{more:?}");
    }
    assert_eq!(codec.decode(&value.repeat(100)), Err(DecodeError::TooLong));
}

#[test]
fn a_value_is_tried_at_the_length_that_browsers_keep_and_refused_one_character_beyond() {
    let codec = codec();
    let value = |chars: usize| format!("AfV8ds5A{}", "A".repeat(chars - 8));
    let limit = 4096 - "tideway_session".len();
    assert_eq!(codec.decode(&value(limit + 1)), Err(DecodeError::TooLong));
    assert_ne!(codec.decode(&value(limit)), Err(DecodeError::TooLong));
}

#[test]
fn lifetimes_are_checked_one_second_either_side() {
    let (codec, clock) = codec_with(|config| {
        config.idle_timeout(Duration::from_secs(1000)).absolute_timeout(Duration::from_secs(5000)).not_before(at(START))
    });
    let decode = |created: u64, issued: u64, expires: u64| {
        let mut data = session(&codec);
        data.set_times(at(created), at(issued), at(expires)).unwrap();
        codec.decode(&codec.encode(&data).unwrap()).map(|_| ())
    };
    clock.set(500);
    let now = at(START + 500);
    assert_eq!(decode(START, START, START + 501), Ok(()));
    assert_eq!(
        decode(START, START, START + 500),
        Err(DecodeError::Expired { timeout: Timeout::Idle, now, expires_at: now })
    );
    assert_eq!(decode(START + 560, START + 560, START + 900), Ok(()));
    assert_eq!(
        decode(START + 561, START + 561, START + 900),
        Err(DecodeError::NotYetValid { now, issued_at: at(START + 561) })
    );
    assert_eq!(
        decode(START - 1, START, START + 900),
        Err(DecodeError::BeforeCutoff { created_at: at(START - 1), not_before: at(START) })
    );
    clock.set(5000);
    assert_eq!(decode(START + 1, START + 4500, START + 9000), Ok(()));
    let now = at(START + 5000);
    assert_eq!(
        decode(START, START + 4500, START + 9000),
        Err(DecodeError::Expired { timeout: Timeout::Absolute, now, expires_at: now })
    );
}

#[test]
fn the_clock_skew_is_configured() {
    let (ahead, clock) = codec_with(|config| config);
    clock.set(10);
    let value = ahead.encode(&session(&ahead)).unwrap();
    let behind = |skew| codec_with(|config| config.clock_skew(Duration::from_secs(skew))).0.decode(&value);
    assert!(behind(10).is_ok());
    assert!(matches!(behind(9), Err(DecodeError::NotYetValid { .. })));
}

#[test]
fn an_authentic_value_from_another_writer_is_read_by_the_rules() {
    let codec = codec();
    let plaintext = |flags: u8, created: u64, issued: u64, entries: &[u8]| {
        let mut bytes = vec![flags, 0];
        bytes.extend_from_slice(&[9; 16]);
        for time in [created, issued, START + 100] {
            bytes.extend_from_slice(&time.to_be_bytes()[3..]);
        }
        bytes.extend_from_slice(entries);
        codec.decode(&foreign::seal(FIRST_KEY, "tideway_session", "", &bytes))
    };
    let good = plaintext(0, START, START, b"\x01a\x00\x011").unwrap();
    assert_eq!(good.get("a"), Ok(Some(1)));
    assert!(!good.is_persistent());
    for (refused, why) in [
        (plaintext(2, START, START, b""), "an unknown flag"),
        (plaintext(0, START + 1, START, b""), "issued before it was created"),
        (plaintext(0, START, START + 101, b""), "issued after its expiry"),
        (plaintext(0, START, START, b"\x02a\x00\x011"), "a key that is cut short"),
        (plaintext(0, START, START, b"\x01a\x00\x021"), "a value that is cut short"),
        (plaintext(0, START, START, b"\x01\xff\x00\x011"), "a key that is not UTF-8"),
        (plaintext(0, START, START, b"\x01a\x00\x01\xff"), "a value that is not UTF-8"),
        (plaintext(0, START, START, b"\x01a\x00\x011\x01a\x00\x012"), "a key twice"),
        (plaintext(0, START, START, b"\0\0\x01"), "padding that is not zero"),
        (plaintext(0, START, START, b"\x80\0"), "a flash tag without a key"),
    ] {
        assert_eq!(refused, Err(DecodeError::Malformed), "{why}");
    }
}

#[test]
fn any_padding_of_another_writer_is_read() {
    let codec = codec();
    let mut plaintext = vec![0, 0];
    plaintext.extend_from_slice(&[9; 16]);
    for time in [START, START, START + 100] {
        plaintext.extend_from_slice(&time.to_be_bytes()[3..]);
    }
    for _ in 0..100 {
        let value = foreign::seal(FIRST_KEY, "tideway_session", "", &plaintext);
        assert!(codec.decode(&value).is_ok_and(|data| data.is_empty()));
        plaintext.push(0);
    }
}

#[test]
fn a_previous_key_opens_and_the_primary_one_seals() {
    let (old, _) = codec_with(|config| config);
    let value = old.encode(&session(&old)).unwrap();
    let rotated = SessionConfig::new(ring(SECOND_KEY, &[FIRST_KEY])).clock(|| at(START)).build_codec().unwrap();
    let data = rotated.decode(&value).unwrap();
    let id = key(SECOND_KEY).id();
    assert_eq!(old.decode(&rotated.encode(&data).unwrap()), Err(DecodeError::UnknownKey { id }));
}

#[test]
fn previous_keys_retire_at_their_time_and_the_primary_one_does_not() {
    let (old, _) = codec_with(|config| config);
    let value = old.encode(&session(&old)).unwrap();
    let clock = TestClock::new();
    let ring = ring(SECOND_KEY, &[FIRST_KEY]).retire_previous_at(at(START + 10));
    let rotated = SessionConfig::new(ring).clock(clock.reader()).build_codec().unwrap();
    let ours = rotated.encode(&session(&rotated)).unwrap();
    clock.set(9);
    assert!(rotated.decode(&value).is_ok());
    clock.set(10);
    assert_eq!(rotated.decode(&value), Err(DecodeError::UnknownKey { id: key(FIRST_KEY).id() }));
    assert!(rotated.decode(&ours).is_ok());
}

#[test]
fn create_and_extend_follow_the_configured_timeouts() {
    let (codec, clock) = codec_with(|config| {
        config.idle_timeout(Duration::from_secs(1000)).absolute_timeout(Duration::from_secs(1500)).schema(3)
    });
    let mut data = codec.create().unwrap();
    assert_eq!(data.schema(), 3);
    assert_eq!([data.created_at(), data.issued_at(), data.expires_at()], [at(START), at(START), at(START + 1000)]);
    clock.set(400);
    codec.extend(&mut data);
    assert_eq!(
        [data.created_at(), data.issued_at(), data.expires_at()],
        [at(START), at(START + 400), at(START + 1400)]
    );
    clock.set(900);
    codec.extend(&mut data);
    assert_eq!(data.expires_at(), at(START + 1500));
}

#[test]
fn a_session_of_another_schema_than_its_codec_is_an_error_and_no_lost_cookie() {
    let (codec, _) = codec_with(|config| config.schema(1));
    let mut data = SessionData::new(at(START), Duration::from_secs(10)).unwrap();
    assert_eq!(codec.encode(&data), Err(EncodeError::Schema { found: 0, expected: 1 }));
    data.set_schema(1);
    assert!(codec.decode(&codec.encode(&data).unwrap()).is_ok());
}

#[test]
fn a_session_without_a_codec_takes_any_life_and_refuses_what_overflows() {
    let mut data = SessionData::new(at(START), Duration::from_secs(10)).unwrap();
    assert!(!data.is_expired(at(START + 9)));
    assert!(data.is_expired(at(START + 10)));
    data.extend(at(START + 5), Duration::from_secs(10)).unwrap();
    assert!(!data.is_expired(at(START + 14)));
    assert_eq!(data.extend(at(START - 1), Duration::from_secs(10)), Err(EncodeError::TimesOutOfOrder));
    for ttl in [Duration::MAX, Duration::ZERO, Duration::from_secs(1 << 40)] {
        assert_eq!(SessionData::new(at(START), ttl), Err(EncodeError::TimeOutOfRange));
        assert_eq!(data.extend(at(START + 5), ttl), Err(EncodeError::TimeOutOfRange));
    }
    assert_eq!(data.set_times(at(2), at(1), at(3)), Err(EncodeError::TimesOutOfOrder));
    assert_eq!(data.set_times(at(1), at(3), at(2)), Err(EncodeError::TimesOutOfOrder));
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for now in [UnixTime::MIN, UnixTime::MAX] {
        let codec = SessionConfig::new(key(FIRST_KEY)).clock(move || now).build_codec().unwrap();
        let value = codec.encode(&codec.create().unwrap()).unwrap();
        let is_good = codec.decode(&value).is_ok();
        assert_eq!(is_good, now == UnixTime::MIN);
    }
}

#[test]
fn a_reason_says_in_words_what_was_compared() {
    let (now, then) = (at(START + 10), at(START));
    for (reason, text) in [
        (
            DecodeError::Expired { timeout: Timeout::Idle, now, expires_at: then },
            "session is past its idle timeout: ended 2023-11-14T22:13:20Z, now 2023-11-14T22:13:30Z",
        ),
        (
            DecodeError::Expired { timeout: Timeout::Absolute, now, expires_at: then },
            "session is past its absolute timeout: ended 2023-11-14T22:13:20Z, now 2023-11-14T22:13:30Z",
        ),
        (
            DecodeError::UnknownKey { id: key(FIRST_KEY).id() },
            "session cookie is sealed under the unknown key f57c76ce",
        ),
    ] {
        assert_eq!(reason.to_string(), text);
    }
    assert_eq!(format!("{:?}", key(FIRST_KEY).id()), "KeyId(f57c76ce)");
}

#[test]
fn every_reason_has_a_name_and_a_text_without_a_value() {
    let codec = codec();
    for value in ["", "garbage", &"A".repeat(200), &"A".repeat(5000), &format!("AfV8ds5A{}", "A".repeat(200))] {
        let reason = codec.decode(value).unwrap_err();
        assert!(!reason.is_expired());
        assert!(reason.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert!(!reason.to_string().contains("AAAA"));
    }
}
